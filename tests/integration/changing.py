"""Changes on their way: who takes which step, for the tests of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.calendar import add_months
from lifecycle.changes.applying import confirm, consent, send
from lifecycle.changes.deciding import approve, propose, record_conference
from lifecycle.changes.drafting import Draft, draft
from lifecycle.changes.versions import terms_in_force
from lifecycle.filekinds import PDF, StoredFile
from lifecycle.models import AgreementVersion, ChangeRequest, ChangeState, Project
from lifecycle.record import (
    BudgetLine,
    BudgetUse,
    ChangeKind,
    Direction,
    IndicatorCategory,
    ProjectRecord,
    Source,
)
from lifecycle.records import load_record
from lifecycle.refusals import Refusal
from lifecycle.roles import Actor, Role
from lifecycle.terms import IndicatorTerm, Member, Terms
from tests.integration.ledgers import everything
from tests.integration.paying import TODAY, WAN, a_bureau
from tests.web.site import People, store_project

MAJOR = "沙坪坝区科技攻关重大专项"
KEY = "沙坪坝区科技攻关重点专项"
REASON = "主要设备交付延迟四个月，试验无法按期完成。"
OPINION = "情况属实，同意按申请变更。"
NUMBER = "沙科局函〔2026〕12号"
MINUTES = (StoredFile("0" * 64, "联席会议纪要.pdf", PDF.media_type, 1000),)
NEW_END = date(2028, 6, 30)


@dataclass(frozen=True)
class Office:
    """A bureau with the people of its projects."""

    session: Session
    people: People

    def actor(self, role: Role) -> Actor:
        """Return who holds a role."""
        return self.people.a[role].actor

    def other(self, role: Role) -> Actor:
        """Return the same role's holder in another agency."""
        return self.people.b[role].actor

    def project(self, number: str = "沙-1", **fields: Any) -> str:
        """Store a signed joint key project that holds every rule; return its number."""
        usual: dict[str, Any] = {"programme": KEY, "district": 10 * WAN}
        store_project(self.session, self.people.agency_a, number, **(usual | fields))
        return number

    def id_of(self, number: str) -> int:
        """Return a project's id."""
        query = select(Project.id).where(Project.number == number)
        return self._asked(lambda: self.session.scalars(query).one())

    def record(self, number: str) -> ProjectRecord:
        """Return a project's record."""
        project_id = self.id_of(number)
        return self._asked(lambda: load_record(self.session, project_id))

    def request(self, request_id: int) -> ChangeRequest:
        """Return a request as it stands."""
        self.session.rollback()
        return self.session.get_one(ChangeRequest, request_id)

    def state(self, request_id: int) -> ChangeState:
        """Return where a request stands."""
        return self._asked(lambda: self.session.get_one(ChangeRequest, request_id).state)

    def versions(self, number: str) -> list[tuple[int, str]]:
        """Return a project's versions: number and state."""
        query = (
            select(AgreementVersion.number, AgreementVersion.state)
            .where(AgreementVersion.project_id == self.id_of(number))
            .order_by(AgreementVersion.number)
        )
        return self._asked(lambda: [tuple(row) for row in self.session.execute(query)])

    def terms(self, number: str) -> Terms:
        """Return what is agreed."""
        project_id, record = self.id_of(number), self.record(number)
        return self._asked(lambda: terms_in_force(self.session, project_id, record))

    def _asked(self, ask: Callable[[], Any]) -> Any:
        self.session.rollback()
        answer = ask()
        self.session.rollback()
        return answer

    def draft(
        self,
        number: str,
        kind: ChangeKind = ChangeKind.EXTENSION,
        *,
        by: Role = Role.PI,
        self_decided: bool = False,
        today: date = TODAY,
        **terms: Any,
    ) -> int:
        """Draft a request; without terms one that makes sense for its kind."""
        now = self.terms(number)
        new = replace(now, **(terms or a_change(kind, now)))
        text = "项目联系人改为王工。" if kind is ChangeKind.OTHER else ""
        return draft(
            self.session, self.actor(by), number, kind, Draft(new, REASON, text, self_decided), today
        )

    def revision(self, request_id: int) -> int:
        """Return a request's revision."""
        return self._asked(lambda: self.session.get_one(ChangeRequest, request_id).revision)

    def send(self, request_id: int, today: date = TODAY) -> None:
        """Let the pi send a request to the unit."""
        send(self.session, self.actor(Role.PI), request_id, self.revision(request_id), today)

    def confirm(self, request_id: int, today: date = TODAY, **reasons: str) -> None:
        """Let the unit confirm."""
        revision = self.revision(request_id)
        confirm(self.session, self.actor(Role.UNIT_MANAGER), request_id, revision, today, reasons)

    def consent(self, request_id: int, today: date = TODAY) -> None:
        """Let the joint unit consent."""
        consent(self.session, self.actor(Role.JOINT_UNIT), request_id, today)

    def propose(self, request_id: int, today: date = TODAY, reasons: dict[str, str] | None = None) -> None:
        """Let the handler propose approval."""
        propose(self.session, self.actor(Role.HANDLER), request_id, OPINION, reasons or {}, today)

    def conference(self, request_id: int, held_on: date = TODAY, today: date = TODAY) -> None:
        """Let the handler record the conference."""
        handler = self.actor(Role.HANDLER)
        record_conference(self.session, handler, request_id, held_on, "", MINUTES, today)

    def approve(self, request_id: int, today: date = TODAY) -> None:
        """Let the approver approve."""
        approve(self.session, self.actor(Role.APPROVER), request_id, NUMBER, today)

    def approved(self, number: str, kind: ChangeKind = ChangeKind.EXTENSION, **terms: Any) -> int:
        """Lead a request of a joint project to its approval."""
        request_id = self.draft(number, kind, **terms)
        self.send(request_id)
        self.confirm(request_id)
        self.consent(request_id)
        self.propose(request_id)
        if self.state(request_id) is ChangeState.WITH_CONFERENCE:
            self.conference(request_id)
        self.approve(request_id)
        return request_id


def an_office(session: Session) -> Office:
    """Store two bureaus and everybody in them."""
    return Office(session, a_bureau(session).people)


def a_change(kind: ChangeKind, now: Terms) -> dict[str, Any]:
    """Return what a sensible change of a kind makes different."""
    indicator = IndicatorTerm(
        "授权发明专利",
        IndicatorCategory.TECHNICAL,
        Direction.AT_LEAST,
        "件",
        None,
        f"{len(now.indicators) + 2}",
        None,
        None,
    )
    member = Member(f"成员{len(now.members)}", "渝州大学", "副教授", "数据分析")
    use = BudgetUse.LABOUR if not now.budget or now.budget[0].use != BudgetUse.LABOUR else BudgetUse.INDIRECT
    lines = tuple(BudgetLine(source, use, now.funds(source)) for source in Source if now.funds(source))
    return {
        ChangeKind.TITLE: {"title": now.title + "（调整）"},
        ChangeKind.UNIT: {"lead_place": "四川省" if now.lead_place == "重庆市" else "重庆市"},
        ChangeKind.PI: {"pi_name": now.pi_name + "工"},
        ChangeKind.EXTENSION: {"end": add_months(now.end, 12)},
        ChangeKind.INDICATOR: {"indicators": (indicator,)},
        ChangeKind.BUDGET: {"budget": lines},
        ChangeKind.CONTENT: {"goals": now.goals + "增加一项对比试验。"},
        ChangeKind.MEMBERS: {"members": (*now.members, member)},
        ChangeKind.OTHER: {},
    }[kind]


def refused(office: Office, act: Callable[[], Any], kind: type[Refusal], says: str = "") -> Refusal:
    """Return the refusal of ``act``, having seen that not one row of any table changed."""
    before = everything(office.session)
    with pytest.raises(kind) as refusal:
        act()
    assert refusal.type is kind
    assert says in refusal.value.message
    assert everything(office.session) == before
    return refusal.value
