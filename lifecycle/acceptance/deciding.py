"""Deciding: the conference deliberates, the government decides, an approver concludes, it is filed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from lifecycle.acceptance.cases import (
    SUBJECT,
    Found,
    bring_on,
    day_within,
    find_case,
    keep_acceptance,
    move_stage,
    person,
    still_to_file,
    tell,
    text_of,
)
from lifecycle.acceptance.checking import as_concluded, conclude_check
from lifecycle.acceptance.states import OutOfOrder, demand_step
from lifecycle.acceptance.way import Step, StepKey
from lifecycle.aftermath import follow_conclusion
from lifecycle.attachments import StoredFile, attach, names_and_digests
from lifecycle.command import Work, command
from lifecycle.judging import to_keep
from lifecycle.models import AcceptanceCase, AcceptanceState, Project
from lifecycle.record import Conclusion
from lifecycle.refusals import IllegalTransition, InvalidInput, SamePerson
from lifecycle.roles import Permission
from lifecycle.stages import Stage

_STAGES = {
    Conclusion.PASSED: Stage.CLOSED,
    Conclusion.FAILED: Stage.NOT_PASSED,
    Conclusion.TERMINATED: Stage.TERMINATED,
}


@command("acceptance.conference", Permission.HANDLE_ACCEPTANCE)
def record_conference(
    work: Work,
    case_id: int,
    day: date | None,
    note: str,
    files: Sequence[StoredFile],
    today: date,
    *,
    agreed: bool = True,
) -> None:
    """Record that the joint conference deliberated, with its minutes; what it did not agree to goes back.

    Raises ``NotFound``, ``OutOfOrder``, ``IllegalTransition`` and ``InvalidInput`` (``day``, ``note``).
    """
    found = find_case(work.session, work.actor, case_id)
    step = demand_step(found.case, found.record, StepKey.CONFERENCE)
    on = day_within("day", day, found.case.accepted_on, today, step.label)
    words = text_of("note", note, "请填写会议纪要文号或审议意见。")
    _attach(work, found, files, "联席会议纪要")
    if not agreed:
        _back_to_review(work, found, step, on, words, today)
        return
    found.case.conference_note = words
    found = keep_acceptance(work, found, conference_on=on)
    bring_on(work, found, AcceptanceState.WITH_GOVERNMENT, today)
    _tell_authority(work, found, step, "联席会议审议日期", on, words, files)


@command("acceptance.government", Permission.HANDLE_ACCEPTANCE)
def record_government(
    work: Work,
    case_id: int,
    day: date | None,
    note: str,
    files: Sequence[StoredFile],
    today: date,
    *,
    agreed: bool = True,
) -> None:
    """Record that the district government decided, on the conference's day or later (SPB 32).

    Raises ``NotFound``, ``OutOfOrder``, ``IllegalTransition`` and ``InvalidInput`` (``day``, ``note``).
    """
    found = find_case(work.session, work.actor, case_id)
    step = demand_step(found.case, found.record, StepKey.GOVERNMENT)
    conference = found.record.acceptance.conference_on if found.record.acceptance else None
    if day is not None and conference is not None and day < conference:
        words = f"应先由联席会议审议、再由区政府审定，日期不能早于 {conference}（{step.citation}）。"
        raise InvalidInput({"day": words})
    on = day_within("day", day, conference, today, step.label)
    words = text_of("note", note, "请填写批复文号或审定意见。")
    _attach(work, found, files, "区政府审定文件")
    if not agreed:
        _back_to_review(work, found, step, on, words, today)
        return
    found.case.government_note = words
    found = keep_acceptance(work, found, government_on=on)
    bring_on(work, found, AcceptanceState.WITH_APPROVER, today)
    _tell_authority(work, found, step, "区政府审定日期", on, words, files)


def _attach(work: Work, found: Found, files: Sequence[StoredFile], title: str) -> None:
    if files:
        attach(work, found.project.id, SUBJECT, found.case.id, files, title)


def _tell_authority(
    work: Work,
    found: Found,
    step: Step,
    field: str,
    on: date,
    words: str,
    files: Sequence[StoredFile],
) -> None:
    tell(
        work,
        found,
        f"登记{step.label}：{on}，同意",
        citation=step.citation,
        note=words,
        changes=[{"field": field, "old": None, "new": on.isoformat()}],
        files=names_and_digests(files),
    )


def _back_to_review(work: Work, found: Found, step: Step, on: date, words: str, today: date) -> None:
    found.case.note = f"{step.label}（{on}）未同意：{words}"
    _clear_proposal(found)
    found = keep_acceptance(work, found, conference_on=None, government_on=None)
    bring_on(work, found, AcceptanceState.IN_REVIEW, today)
    tell(work, found, f"登记{step.label}：{on}，未同意，退回重新提出结论", citation=step.citation, note=words)


def _clear_proposal(found: Found) -> None:
    case = found.case
    case.proposed = case.proposed_by_id = case.proposed_on = None
    case.conference_note = case.government_note = None


@command("acceptance.reconsider", Permission.CONCLUDE_ACCEPTANCE)
def reconsider(work: Work, case_id: int, note: str, today: date) -> None:
    """Send a proposed conclusion back to its handler, saying why; later authorities are asked anew.

    Raises ``NotFound``, ``OutOfOrder``, ``IllegalTransition`` and ``InvalidInput`` (``note``).
    """
    found = find_case(work.session, work.actor, case_id)
    step = demand_step(found.case, found.record, StepKey.CONCLUDE)
    found.case.note = text_of("note", note, "请写明退回原因。")
    _clear_proposal(found)
    found = keep_acceptance(work, found, conference_on=None, government_on=None)
    bring_on(work, found, AcceptanceState.IN_REVIEW, today)
    tell(work, found, "退回验收结论，请重新提出", citation=step.citation, note=found.case.note)


@command("acceptance.conclude", Permission.CONCLUDE_ACCEPTANCE)
def conclude(work: Work, case_id: int, today: date) -> Conclusion:
    """Make the conclusion that somebody else has put forward; what follows from it opens by itself.

    Raises ``NotFound``, ``OutOfOrder``, ``IllegalTransition``, ``SamePerson``, ``Obstructed`` and
    ``VerdictRefused`` (SPB 32; 山西 一).
    """
    found = find_case(work.session, work.actor, case_id)
    step = demand_step(found.case, found.record, StepKey.CONCLUDE)
    case = found.case
    if case.proposed is None:
        raise OutOfOrder(f"还没有提出验收结论（{step.basis}）。")
    if case.proposed_by_id == person(work):
        raise SamePerson("验收结论由您本人提出，须由其他人作出（本局不相容岗位分离要求）。")
    if found.record.concluded_on is not None:
        raise IllegalTransition("已有结论", step.label)
    check = conclude_check(case, found.record, today)
    check.demand()
    acceptance = as_concluded(case, found.record, today)
    case.verdict = to_keep(check.verdict)
    case.decided_by_id, case.decided_on, case.note = person(work), today, None
    if case.proposed is Conclusion.PASSED:
        case.certificate_number = _next_certificate(work, today)
    conclusion = case.proposed
    move_stage(found, _STAGES[conclusion])
    values = ("conclusion", "concluded_on", "own_fault", "goals_met", "technical", "financial")
    found = keep_acceptance(work, found, **{name: getattr(acceptance, name) for name in values})
    opened = follow_conclusion(work, found.project.id, today)
    to_file = bool(still_to_file(found.record))
    bring_on(work, found, AcceptanceState.TO_FILE if to_file else AcceptanceState.DONE, today)
    more = f"；{'；'.join(opened.words)}" if opened.words else ""
    tell(
        work,
        found,
        f"作出验收结论：{conclusion}{more}",
        citation=step.citation,
        note=case.certificate_number and f"验收证书 {case.certificate_number}",
        changes=[{"field": "验收结论", "old": None, "new": conclusion.value}],
    )
    return conclusion


def _next_certificate(work: Work, today: date) -> str:
    """Return the agency's next number of the year; commands of an agency run one after another."""
    head = f"{today.year}-"
    query = (
        select(AcceptanceCase.certificate_number)
        .join(Project, Project.id == AcceptanceCase.project_id)
        .where(Project.agency_id == work.actor.agency_id)
        .where(AcceptanceCase.certificate_number.startswith(head))
    )
    numbers = [int(number.removeprefix(head)) for number in work.session.scalars(query) if number]
    return f"{head}{max(numbers, default=0) + 1:04d}"


@command("acceptance.platform", Permission.HANDLE_ACCEPTANCE)
def record_platform_filing(work: Work, case_id: int, day: date | None, today: date) -> None:
    """Record that the result was filed on the municipal platform (EA 17).

    Raises ``NotFound``, ``OutOfOrder``, ``IllegalTransition`` and ``InvalidInput`` (``day``).
    """
    found = find_case(work.session, work.actor, case_id)
    step = demand_step(found.case, found.record, StepKey.PLATFORM)
    if StepKey.PLATFORM not in still_to_file(found.record):
        raise IllegalTransition("已登记平台备案", step.label)
    on = day_within("day", day, found.record.concluded_on, today, "平台备案")
    found = keep_acceptance(work, found, platform_filed_on=on)
    end_filing(work, found, today)
    tell(
        work,
        found,
        f"登记平台备案：{on}",
        citation=step.citation,
        changes=[{"field": "平台备案日期", "old": None, "new": on.isoformat()}],
    )


def end_filing(work: Work, found: Found, today: date) -> None:
    """Close a case of which everything is filed; else say what is still to be filed."""
    if not still_to_file(found.record):
        bring_on(work, found, AcceptanceState.DONE, today)
