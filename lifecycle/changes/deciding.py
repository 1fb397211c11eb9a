"""A request at the bureau: examined, brought before the joint conference, approved or not, filed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from lifecycle.addresses import turn_path
from lifecycle.at_once import tell
from lifecycle.attachments import attach, names_and_digests
from lifecycle.changes.applying import begin_anew, demand_note
from lifecycle.changes.checking import check_case, row_once_made
from lifecycle.changes.effect import take_effect
from lifecycle.changes.requests import drop_row, find_request, load_case, write_row
from lifecycle.changes.routing import Step, decision_of
from lifecycle.changes.stepping import demand_other_hand, end, go_on, take
from lifecycle.changes.wording import differences_told, name_of
from lifecycle.command import Work, command
from lifecycle.filekinds import StoredFile
from lifecycle.judging import MOST_TEXT, demand_reasons, given_reasons, newly_excused, to_keep
from lifecycle.models import ChangeRequest, ChangeState, Project, TurnKind
from lifecycle.refusals import IllegalTransition, InvalidInput, Obstructed
from lifecycle.roles import Permission, Role
from lifecycle.visibility import demand_acting_as

MOST_NUMBER = 60
"""Characters of an approval's number."""

_AT_BUREAU = frozenset({ChangeState.WITH_BUREAU, ChangeState.WITH_CONFERENCE, ChangeState.WITH_APPROVER})


@command("change.propose", Permission.HANDLE_CHANGE)
def propose(work: Work, request_id: int, opinion: str, reasons: Mapping[str, str], today: date) -> None:
    """Examine a request and propose that it be approved; ``reasons`` are for usual rules, by rule id.

    Raises ``NotFound``, ``Obstructed``, ``IllegalTransition``, ``VerdictRefused``, ``ReasonNeeded`` and
    ``InvalidInput`` (``opinion``, or rule ids).
    """
    taking = take(work, request_id, Step.EXAMINE)
    request, case = taking.request, taking.case
    opinion = opinion.strip()
    if not opinion or len(opinion) > MOST_TEXT:
        raise InvalidInput({"opinion": f"请写明审查意见，不超过 {MOST_TEXT} 字。"})
    found = check_case(case, row_once_made(case, today), today, given_reasons(reasons))
    found.demand()
    excused = newly_excused(case.record, found.verdict)
    used = {line.rule.id: line.reason for line in excused if line.reason}
    demand_reasons(used)
    request.reasons, request.verdict = used, to_keep(found.verdict)
    request.opinion = opinion
    request.proposed_by_id, request.proposed_on = work.actor.user_id, today
    go_on(work, taking, "审查通过", today, {"opinion": opinion, "reasons": used})


@command("change.conference", Permission.HANDLE_CHANGE)
def record_conference(
    work: Work, request_id: int, held_on: date, note: str, minutes: Sequence[StoredFile], today: date
) -> None:
    """Record that the joint conference has decided for a change, with its minutes (SPB 28).

    Raises ``NotFound``, ``Obstructed``, ``IllegalTransition`` and ``InvalidInput`` (``held_on``, ``minutes``,
    ``note``).
    """
    taking = take(work, request_id, Step.CONFERENCE)
    request = taking.request
    errors = dict(_about_day("held_on", "会议日期", held_on, request.applied_on, "报科技局", today))
    if not minutes:
        errors["minutes"] = "请上传会议纪要。"
    if len(note.strip()) > MOST_TEXT:
        errors["note"] = f"最多 {MOST_TEXT} 字。"
    if errors:
        raise InvalidInput(errors)
    request.conference_on, request.conference_note = held_on, note.strip() or None
    attach(work, request.project_id, "change", request.id, minutes, "联席会议纪要")
    work.session.flush()
    write_row(work, request)
    told = {"held_on": held_on, "note": request.conference_note, "files": names_and_digests(minutes)}
    go_on(work, taking, f"登记联席会议 {held_on} 审定", today, told)


@command("change.approve", Permission.APPROVE_CHANGE)
def approve(work: Work, request_id: int, approval_number: str, today: date) -> None:
    """Approve a change: the next agreement version is in force from today.

    Raises ``NotFound``, ``Obstructed``, ``IllegalTransition``, ``SamePerson``, ``VerdictRefused``,
    ``ReasonNeeded`` (a usual rule came to be broken: it must be returned) and ``InvalidInput``.
    """
    taking = take(work, request_id, Step.APPROVE)
    request, case = taking.request, taking.case
    demand_other_hand(work, request, "批准")
    approval_number = approval_number.strip()
    if not approval_number or len(approval_number) > MOST_NUMBER:
        raise InvalidInput({"approval_number": f"请填写批复文号，不超过 {MOST_NUMBER} 字。"})
    told: dict[str, Any] = {
        "changes": differences_told(case.now, case.wanted),
        "approval_number": approval_number,
        "reasons": dict(request.reasons),
    }
    request.decided_by_id, request.decided_on = work.actor.user_id, today
    request.approval_number = approval_number
    take_effect(work, case, today, request.reasons)
    go_on(work, taking, f"批准（{approval_number}）", today, told)
    _tell_unit(work, request, f"{name_of(request)}已批准", today)


@command("change.reject", Permission.HANDLE_CHANGE)
def reject(work: Work, request_id: int, note: str, today: date) -> None:
    """Decide at the examination, or after a conference that was against it, that a change is not made.

    Raises ``NotFound``, ``IllegalTransition`` and ``InvalidInput`` (``note``).
    """
    request, _ = find_request(work.session, work.actor, request_id)
    if request.state not in {ChangeState.WITH_BUREAU, ChangeState.WITH_CONFERENCE}:
        raise IllegalTransition(request.state, ChangeState.REJECTED)
    _reject(work, request, note, today)


@command("change.refuse", Permission.APPROVE_CHANGE)
def refuse(work: Work, request_id: int, note: str, today: date) -> None:
    """Do not approve what was proposed.

    Raises ``NotFound``, ``IllegalTransition``, ``SamePerson`` and ``InvalidInput`` (``note``).
    """
    request, _ = find_request(work.session, work.actor, request_id)
    if request.state is not ChangeState.WITH_APPROVER:
        raise IllegalTransition(request.state, ChangeState.REJECTED)
    demand_other_hand(work, request, "决定")
    _reject(work, request, note, today)


@command("change.return", Permission.HANDLE_CHANGE)
def return_(work: Work, request_id: int, note: str, today: date) -> None:
    """Return a request to its drafter with what is to be put right, as long as it is not decided.

    Raises ``NotFound``, ``IllegalTransition`` and ``InvalidInput`` (``note``).
    """
    request, _ = find_request(work.session, work.actor, request_id)
    note = demand_note(note)
    if request.state not in _AT_BUREAU:
        raise IllegalTransition(request.state, ChangeState.RETURNED)
    drop_row(work, request)
    begin_anew(request)
    end(work, request, ChangeState.RETURNED, "科技局退回", today, note)


@command("change.file", Permission.HANDLE_CHANGE)
def record_filing(work: Work, request_id: int, filed_on: date, today: date) -> None:
    """Record when an approved change was filed on the platform (EA 17).

    Raises ``NotFound``, ``NotTheirs``, ``Obstructed``, ``IllegalTransition`` and ``InvalidInput``
    (``filed_on``).
    """
    _file(work, request_id, filed_on, today)


@command("change.file_own", Permission.CONFIRM_CHANGE)
def record_own_filing(work: Work, request_id: int, filed_on: date, today: date) -> None:
    """Record when the unit filed a change of its own on the platform (EA 17). Raises as the bureau's does."""
    request, project = find_request(work.session, work.actor, request_id)
    demand_acting_as(work.session, work.actor, project.id, Role.UNIT_MANAGER)
    if not request.self_decided:
        basis = decision_of(load_case(work.session, request).record, request.kind).citation
        raise Obstructed([f"这项变更报科技局办理，平台备案由科技局经办登记（{basis}）。"])
    _file(work, request_id, filed_on, today)


def _file(work: Work, request_id: int, filed_on: date, today: date) -> None:
    taking = take(work, request_id, Step.FILE)
    request = taking.request
    made_on = request.applied_on if request.self_decided else request.decided_on
    errors = dict(_about_day("filed_on", "备案日期", filed_on, made_on, "办理变更", today))
    if errors:
        raise InvalidInput(errors)
    request.filed_on = filed_on
    work.session.flush()
    write_row(work, request)
    go_on(work, taking, f"登记平台备案（{filed_on}）", today)


def _about_day(
    field: str, name: str, day: date, not_before: date | None, what: str, today: date
) -> Sequence[tuple[str, str]]:
    if day > today:
        return [(field, f"{name}不能晚于今天。")]
    if not_before is not None and day < not_before:
        return [(field, f"{name}不能早于{what}的日期 {not_before}。")]
    return []


def _reject(work: Work, request: ChangeRequest, note: str, today: date) -> None:
    note = demand_note(note)
    request.decided_by_id, request.decided_on = work.actor.user_id, today
    drop_row(work, request)
    end(work, request, ChangeState.REJECTED, "不予批准", today, note)
    _tell_unit(work, request, f"{name_of(request)}不予批准", today)


def _tell_unit(work: Work, request: ChangeRequest, title: str, today: date) -> None:
    project = work.session.get_one(Project, request.project_id)
    for user_id in {request.drafted_by_id, request.confirmed_by_id} - {None, work.actor.user_id}:
        if user_id is not None:
            path = turn_path(TurnKind.CHANGE, request.id)
            tell(work, user_id, project, title, today, path=path)
