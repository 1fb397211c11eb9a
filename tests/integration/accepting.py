"""Leading an acceptance by the commands people use: projects that are ready, experts, each step in order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from sqlalchemy import select

from lifecycle.acceptance.applying import Filled, confirm, file_application, save, start, take_up
from lifecycle.acceptance.checking import Proposed
from lifecycle.acceptance.deciding import conclude, record_conference, record_government
from lifecycle.acceptance.reviewing import name_panel, propose
from lifecycle.attachments import StoredFile
from lifecycle.database import begin_write
from lifecycle.models import AcceptanceCase, AcceptanceState, MemberField, PanelMember, PanelSubject, Project
from lifecycle.panels import Named, joint_opinion, panel_of
from lifecycle.record import (
    AnnualReport,
    BudgetUse,
    Conclusion,
    Direction,
    Indicator,
    IndicatorCategory,
    Nature,
    Review,
    Source,
    Spending,
)
from lifecycle.record import Tranche as Plan
from lifecycle.reviews import submit
from lifecycle.roles import Actor, Role
from tests.integration.paying import WAN, Bureau, ea_fields
from tests.web.site import JOINT_UNIT, Account, add_account

DAY = date(2027, 11, 15)
"""The day on which everything of these tests happens: a month and a half before the projects end."""

MAJOR, KEY = "沙坪坝区科技攻关重大专项", "沙坪坝区科技攻关重点专项"
SHANXI = "山西省科技合作交流专项（2024）"
NASTY = "A&B ‹关键>"
SCORES: dict[str, int | None] = {"tasks": 36, "indicators": 18, "money": 18, "management": 16}


def a_file(name: str = "材料.pdf") -> StoredFile:
    """Return what is known of a stored file; its content is nowhere."""
    return StoredFile(sha256(name.encode()).hexdigest(), name, "application/pdf", 10)


def an_indicator(name: str) -> Indicator:
    """Return an indicator of which nothing is reached yet."""
    return Indicator(name, IndicatorCategory.TECHNICAL, Direction.AT_LEAST, "项", "2", "3", None, None, None)


def ready(**more: Any) -> dict[str, Any]:
    """Return the fields of a district project that may apply on ``DAY``."""
    return {
        "programme": KEY,
        "nature": Nature.RESEARCH,
        "district": 10 * WAN,
        "joint_unit": None,
        "indicators": (an_indicator("发明专利"), an_indicator(NASTY)),
        "tranches": (Plan(1, Source.DISTRICT, 10 * WAN, date(2026, 2, 10), 10 * WAN, date(2026, 2, 10)),),
        "spending": (
            Spending(date(2026, 9, 1), Source.DISTRICT, BudgetUse.EQUIPMENT, 6 * WAN, "记-1", None),
            Spending(date(2027, 3, 1), Source.DISTRICT, BudgetUse.LABOUR, 2 * WAN, "记-2", None),
        ),
        "annual_reports": (AnnualReport(2026, date(2027, 1, 20), True, date(2027, 1, 25)),),
        **more,
    }


def ready_ea(**more: Any) -> dict[str, Any]:
    """Return the fields of an enterprise plan project that may apply on ``DAY``."""
    plans = (
        Plan(1, Source.PROVINCIAL, 20 * WAN, date(2026, 2, 10), 20 * WAN, date(2026, 2, 10)),
        Plan(1, Source.DISTRICT, 20 * WAN, date(2026, 2, 10), 20 * WAN, date(2026, 2, 10)),
        Plan(1, Source.OWN, 60 * WAN, date(2026, 2, 10), 60 * WAN, date(2026, 2, 10)),
    )
    return ea_fields(**(ready() | {"programme": "企业科技攻关联合行动计划", "tranches": plans} | EA | more))


EA: dict[str, Any] = {"provincial": 20 * WAN, "district": 20 * WAN, "own": 60 * WAN}

WAYS: dict[str, dict[str, Any]] = {
    "key": ready(),
    "joint": ready(joint_unit=JOINT_UNIT),
    "major": ready(programme=MAJOR, district=20 * WAN),
    "major-joint": ready(programme=MAJOR, joint_unit=JOINT_UNIT),
    "ea": ready_ea(),
    "shanxi": ready(programme=SHANXI),
    "self": ready(self_established=True, district=0, tranches=(), own=10 * WAN, spending=()),
}
"""Projects of each way an acceptance can go."""

PASSES = Proposed(Review.PASSED, Review.PASSED, Conclusion.PASSED, opinion="完成任务书约定的全部考核指标。")
FAILS = Proposed(Review.FAILED, Review.PASSED, Conclusion.FAILED, own_fault=True, opinion="主要指标未完成。")


@dataclass(frozen=True)
class Accepting:
    """A bureau with three experts, leading acceptances."""

    bureau: Bureau
    experts: tuple[Account, ...]

    def actor(self, role: Role) -> Actor:
        """Return who holds a role."""
        return self.bureau.actor(role)

    def project(self, way: str = "key", number: str = "沙-1", **more: Any) -> int:
        """Store a project of a way; return its id."""
        return self.bureau.project(number, **(WAYS[way] | more))

    def begun(self, way: str = "key", number: str = "沙-1", **more: Any) -> int:
        """Return the case of a new project, begun by its pi."""
        self.project(way, number, **more)
        return start(self.bureau.session, self.actor(Role.PI), number, DAY)

    def case(self, case_id: int) -> AcceptanceCase:
        """Return a case as it stands."""
        self.bureau.session.rollback()
        return self.bureau.session.get_one(AcceptanceCase, case_id)

    def state(self, case_id: int) -> AcceptanceState:
        """Return where a case stands."""
        found = self.case(case_id).state
        self.bureau.session.rollback()
        return found

    def project_of(self, case_id: int) -> Project:
        """Return a case's project."""
        return self.bureau.session.get_one(Project, self.case(case_id).project_id)

    def filled(self, case_id: int, **more: Any) -> Filled:
        """Return an application in which nothing is missing."""
        record = self.bureau.record(self.case(case_id).project_id)
        names = [one.name for one in record.indicators]
        usual: dict[str, Any] = {
            "summary": f"项目完成了任务书约定的研究内容，{NASTY}。",
            "values": dict.fromkeys(names, "4"),
            "evidence": {name: [a_file(f"佐证-{place}.pdf")] for place, name in enumerate(names)},
            "report": [a_file("验收总结报告.pdf")],
            "goals": dict.fromkeys(("technology", "transfer", "people", "results"), "已完成，见报告第三章。"),
        }
        return Filled(**(usual | more))

    def save(self, case_id: int, **more: Any) -> None:
        """Fill the application in."""
        filled = self.filled(case_id, **more)
        revision = self.case(case_id).revision
        save(self.bureau.session, self.actor(Role.PI), case_id, revision, filled, DAY)

    def submitted(self, way: str = "key", number: str = "沙-1", *, filled: Any = None, **more: Any) -> int:
        """Return a case that waits for its unit."""
        case_id = self.begun(way, number, **more)
        self.save(case_id, **(filled or {}))
        file_application(self.bureau.session, self.actor(Role.PI), case_id, DAY)
        return case_id

    def confirmed(self, way: str = "key", number: str = "沙-1", **more: Any) -> int:
        """Return a case that its unit has confirmed."""
        case_id = self.submitted(way, number, **more)
        confirm(self.bureau.session, self.actor(Role.UNIT_MANAGER), case_id, DAY)
        return case_id

    def taken_up(self, way: str = "key", number: str = "沙-1", **more: Any) -> int:
        """Return a case that the bureau has taken up."""
        case_id = self.confirmed(way, number, **more)
        take_up(self.bureau.session, self.actor(Role.HANDLER), case_id, DAY)
        return case_id

    @property
    def members(self) -> list[Named]:
        """The experts as they are named: two technical, one financial."""
        fields = (MemberField.TECHNICAL, MemberField.FINANCIAL, MemberField.TECHNICAL)
        return [Named(one.id, field) for one, field in zip(self.experts, fields, strict=True)]

    def with_panel(self, way: str = "key", number: str = "沙-1", **more: Any) -> int:
        """Return a case whose experts are named."""
        case_id = self.taken_up(way, number, **more)
        name_panel(self.bureau.session, self.actor(Role.HANDLER), case_id, self.members, None, DAY)
        return case_id

    def hear(self, case_id: int, *verdicts: Review) -> None:
        """Let every expert hand in an opinion."""
        wanted = verdicts or (Review.PASSED,) * len(self.experts)
        query = select(PanelMember.id, PanelMember.user_id)
        query = query.where(PanelMember.panel_id == self._panel(case_id))
        places = {row.user_id: row.id for row in self.bureau.session.execute(query)}
        self.bureau.session.rollback()
        for one, verdict in zip(self.experts, wanted, strict=True):
            opinion = f"{one.name}认为项目{verdict}。"
            submit(self.bureau.session, one.actor, places[one.id], DAY, True, SCORES, verdict, opinion)

    def hear_joint(self, case_id: int) -> None:
        """Let the joint unit say what it thinks."""
        joint_opinion(
            self.bureau.session, self.actor(Role.JOINT_UNIT), self._panel(case_id), "同意通过验收。", DAY
        )

    def _panel(self, case_id: int) -> int:
        case = self.case(case_id)
        panel = panel_of(self.bureau.session, case.project_id, PanelSubject.ACCEPTANCE, case_id)
        self.bureau.session.rollback()
        assert panel is not None
        return panel.id

    def heard(self, way: str = "key", number: str = "沙-1", *verdicts: Review, **more: Any) -> int:
        """Return a case of which everybody has been heard."""
        case_id = self.with_panel(way, number, **more)
        self.hear(case_id, *verdicts)
        if self.bureau.record(self.case(case_id).project_id).joint_unit:
            self.hear_joint(case_id)
        return case_id

    def proposed(
        self, way: str = "key", number: str = "沙-1", proposal: Proposed = PASSES, **more: Any
    ) -> int:
        """Return a case with a conclusion put forward, of a mind with the experts."""
        passes = proposal.conclusion is Conclusion.PASSED
        verdicts = (Review.PASSED if passes else Review.FAILED,) * len(self.experts)
        case_id = self.heard(way, number, *verdicts, **more)
        propose(self.bureau.session, self.actor(Role.HANDLER), case_id, proposal, DAY)
        return case_id

    def agreed(self, case_id: int) -> int:
        """Let the conference and the government agree."""
        handler, session = self.actor(Role.HANDLER), self.bureau.session
        record_conference(session, handler, case_id, DAY, "区科技联席会纪要〔2027〕3号", [], DAY)
        record_government(session, handler, case_id, DAY, "区政府批复〔2027〕18号", [], DAY)
        return case_id

    def concluded(
        self, way: str = "key", number: str = "沙-1", proposal: Proposed = PASSES, **more: Any
    ) -> int:
        """Return a case that has been concluded."""
        case_id = self.proposed(way, number, proposal, **more)
        if self.state(case_id) is AcceptanceState.WITH_CONFERENCE:
            self.agreed(case_id)
        conclude(self.bureau.session, self.actor(Role.APPROVER), case_id, DAY)
        return case_id


def accepting(bureau: Bureau) -> Accepting:
    """Add three experts to a bureau."""
    begin_write(bureau.session)
    made = tuple(
        add_account(bureau.session, f"expert{place}", {bureau.people.agency_a: [Role.EXPERT]})
        for place in (1, 2, 3)
    )
    bureau.session.commit()
    return Accepting(bureau, made)
