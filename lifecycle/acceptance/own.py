"""The acceptance of self-established projects: by the unit, its papers handed to the bureau (SPB 32)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from lifecycle.acceptance.cases import (
    SUBJECT,
    bring_on,
    day_within,
    find_case,
    keep_acceptance,
    move_stage,
    person,
    still_to_file,
    tell,
    text_of,
    waits_to_file,
)
from lifecycle.acceptance.deciding import end_filing
from lifecycle.acceptance.states import demand_step
from lifecycle.acceptance.way import StepKey
from lifecycle.aftermath import follow_conclusion
from lifecycle.attachments import StoredFile, attach, attachments_of, names_and_digests
from lifecycle.command import Work, command
from lifecycle.models import AcceptanceState, TurnKind
from lifecycle.record import Conclusion, Review
from lifecycle.refusals import IllegalTransition, InvalidInput, Obstructed
from lifecycle.roles import Permission, Role
from lifecycle.rules.time_limits import FilingWithin
from lifecycle.stages import Stage
from lifecycle.turns import DutyOf, Waits, hand_on
from lifecycle.visibility import demand_acting_as

PAPERS = "自行验收资料"
"""What the papers of a unit's own acceptance are called."""


@dataclass(frozen=True, slots=True)
class OwnConclusion:
    """What a unit found of its own project, and when."""

    conclusion: Conclusion
    day: date | None
    opinion: str
    technical: Review | None = None
    financial: Review | None = None
    own_fault: bool = False


@command("acceptance.conclude_oneself", Permission.ACCEPT_ONESELF)
def conclude_oneself(
    work: Work, case_id: int, own: OwnConclusion, papers: Sequence[StoredFile], today: date
) -> None:
    """Record what the unit's own acceptance came to and hand its papers to the bureau (SPB 32).

    Raises ``NotFound``, ``NotTheirs``, ``OutOfOrder``, ``IllegalTransition`` and ``InvalidInput`` (``day``,
    ``opinion``, ``papers``, ``conclusion``).
    """
    found = find_case(work.session, work.actor, case_id)
    demand_acting_as(work.session, work.actor, found.project.id, Role.UNIT_MANAGER)
    step = demand_step(found.case, found.record, StepKey.SELF_CONCLUDE)
    on = day_within("day", own.day, found.case.confirmed_on, today, "验收")
    opinion = text_of("opinion", own.opinion, "请写明验收意见。")
    if not papers:
        raise InvalidInput({"papers": f"请上传验收资料，交区科技局备查（{step.basis}）。"})
    if own.conclusion is Conclusion.PASSED and Review.FAILED in (own.technical, own.financial):
        raise InvalidInput({"conclusion": "技术验收或财务验收不通过的，结论不能为通过。"})
    attach(work, found.project.id, SUBJECT, found.case.id, papers, PAPERS)
    case = found.case
    case.technical, case.financial, case.proposed = own.technical, own.financial, own.conclusion
    case.own_fault = own.own_fault and own.conclusion is not Conclusion.PASSED
    case.opinion, case.note = opinion, None
    case.decided_by_id, case.decided_on = person(work), today
    found = keep_acceptance(
        work,
        found,
        conclusion=own.conclusion,
        concluded_on=on,
        technical=own.technical,
        financial=own.financial,
        own_fault=case.own_fault,
    )
    follow_conclusion(work, found.project.id, today)
    bring_on(work, found, AcceptanceState.TO_FILE, today)
    tell(
        work,
        found,
        f"单位自行验收：{own.conclusion}（{on}），资料交区科技局备查",
        citation=step.citation,
        note=opinion,
        changes=[{"field": "验收结论", "old": None, "new": own.conclusion.value}],
        files=names_and_digests(papers),
    )


@command("acceptance.ask_papers", Permission.HANDLE_ACCEPTANCE)
def ask_papers(work: Work, case_id: int, note: str, today: date) -> None:
    """Ask the unit for papers that are missing. Raises as ``confirm_filing``, ``InvalidInput`` (``note``)."""
    found = find_case(work.session, work.actor, case_id)
    step = demand_step(found.case, found.record, StepKey.FILING)
    found.case.note = text_of("note", note, "请写明还缺哪些验收资料。")
    unit = Waits(Role.UNIT_MANAGER, "补交验收资料", duty=DutyOf(FilingWithin))
    waits = [unit, *waits_to_file(found.record, StepKey.FILING)]
    hand_on(work, found.project.id, TurnKind.ACCEPTANCE, case_id, waits, today)
    tell(work, found, "通知承担单位补交验收资料", citation=step.citation, note=found.case.note)


@command("acceptance.hand_papers", Permission.ACCEPT_ONESELF)
def hand_papers(work: Work, case_id: int, papers: Sequence[StoredFile], today: date) -> None:
    """Hand more papers to the bureau.

    Raises ``NotFound``, ``NotTheirs``, ``OutOfOrder``, ``IllegalTransition``, ``InvalidInput`` (``papers``).
    """
    found = find_case(work.session, work.actor, case_id)
    demand_acting_as(work.session, work.actor, found.project.id, Role.UNIT_MANAGER)
    step = demand_step(found.case, found.record, StepKey.FILING)
    if not papers:
        raise InvalidInput({"papers": "请选择要补交的验收资料。"})
    attach(work, found.project.id, SUBJECT, found.case.id, papers, PAPERS)
    found.case.note = None
    waits = waits_to_file(found.record)
    hand_on(work, found.project.id, TurnKind.ACCEPTANCE, case_id, waits, today)
    tell(work, found, "补交验收资料", citation=step.citation, files=names_and_digests(papers))


@command("acceptance.file", Permission.HANDLE_ACCEPTANCE)
def confirm_filing(work: Work, case_id: int, day: date | None, today: date) -> None:
    """Confirm that a unit's papers have come in for reference (备查).

    Raises ``NotFound``, ``OutOfOrder``, ``IllegalTransition``, ``Obstructed`` and ``InvalidInput`` (``day``).
    """
    found = find_case(work.session, work.actor, case_id)
    step = demand_step(found.case, found.record, StepKey.FILING)
    if StepKey.FILING not in still_to_file(found.record):
        raise IllegalTransition("已备查", step.label)
    if not any(
        one.title == PAPERS for one in attachments_of(work.session, found.project.id, SUBJECT, case_id)
    ):
        raise Obstructed([f"承担单位还没有提交验收资料（{step.basis}）"])
    on = day_within("day", day, found.record.concluded_on, today, "备查")
    move_stage(found, Stage.FILED)
    found = keep_acceptance(work, found, filed_on=on)
    found.case.note = None
    end_filing(work, found, today)
    tell(
        work,
        found,
        f"收到验收资料，已备查：{on}",
        citation=step.citation,
        changes=[{"field": "备查日期", "old": None, "new": on.isoformat()}],
    )
