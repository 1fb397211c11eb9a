"""A request on its way to the bureau: sent, confirmed or settled by the unit, consented to, taken back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from lifecycle.changes.checking import EDITABLE, Case, check_case, row_once_made
from lifecycle.changes.effect import take_effect
from lifecycle.changes.requests import (
    DECIDED,
    drop_row,
    find_request,
    load_case,
    renumber_if_taken,
    write_row,
)
from lifecycle.changes.routing import OWN_REQUIREMENT, Step
from lifecycle.changes.stepping import CHANGE_TRANSITIONS, end, go_on, hand_over, take
from lifecycle.changes.wording import act_told, differences_told
from lifecycle.command import Work, command
from lifecycle.judging import MOST_TEXT, given_reasons
from lifecycle.models import ChangeRequest, ChangeState
from lifecycle.refusals import IllegalTransition, InvalidInput, NotTheirs, OutOfDate, VerdictRefused
from lifecycle.roles import Permission, Role
from lifecycle.stages import advance
from lifecycle.visibility import acting_as, demand_acting_as


@command("change.send", Permission.APPLY_CHANGE)
def send(work: Work, request_id: int, revision: int, today: date) -> None:
    """Send a draft to the unit for its confirmation.

    Raises ``NotFound``, ``NotTheirs``, ``IllegalTransition``, ``OutOfDate``, ``InvalidInput`` (what is
    missing), ``Obstructed`` and ``VerdictRefused``.
    """
    request, project = find_request(work.session, work.actor, request_id)
    demand_acting_as(work.session, work.actor, project.id, Role.PI, Role.UNIT_MANAGER)
    if request.state not in EDITABLE:
        raise IllegalTransition(request.state, ChangeState.WITH_UNIT)
    _demand_ready(load_case(work.session, request), revision, today)
    now, request.state = (
        request.state,
        advance(CHANGE_TRANSITIONS, request.state, ChangeState.WITH_UNIT),
    )
    request.note = None
    request.revision += 1
    hand_over(work, request, today)
    work.record(
        act_told(request, "提交承担单位确认"),
        project_id=project.id,
        citation=OWN_REQUIREMENT,
        details={"request": request.id, "old": now.value, "new": request.state.value},
    )


@command("change.confirm", Permission.CONFIRM_CHANGE)
def confirm(
    work: Work, request_id: int, revision: int, today: date, reasons: Mapping[str, str] | None = None
) -> None:
    """Confirm a request for the unit, or settle it where it is the unit's own to decide.

    What is to be decided by the bureau goes to the joint unit first where there is one, else to the bureau.
    Raises as ``send`` does, and for what is settled ``ReasonNeeded`` and ``InvalidInput`` by rule id.
    """
    request, project = find_request(work.session, work.actor, request_id)
    demand_acting_as(work.session, work.actor, project.id, Role.UNIT_MANAGER)
    step = Step.SETTLE if request.self_decided else Step.CONFIRM
    taking = take(work, request_id, step, *EDITABLE)
    _demand_ready(taking.case, revision, today)
    request.confirmed_by_id, request.confirmed_on = work.actor.user_id, today
    request.note = None
    told = {"changes": differences_told(taking.case.now, taking.case.wanted), "reason": request.reason}
    if request.self_decided:
        request.applied_on = today
        renumber_if_taken(work, request)
        take_effect(work, taking.case, today, given_reasons(reasons or {}))
        go_on(work, taking, "承担单位自行办理", today, told)
        return
    if taking.then is ChangeState.WITH_BUREAU:
        _hand_to_bureau(work, request, today)
    go_on(work, taking, "承担单位确认", today, told)


@command("change.consent", Permission.CONSENT_CHANGE)
def consent(work: Work, request_id: int, today: date) -> None:
    """Consent to a request for the joint unit, which hands it to the bureau (SPB 28).

    Raises ``NotFound``, ``NotTheirs``, ``Obstructed``, ``IllegalTransition`` and ``VerdictRefused``.
    """
    _, project = find_request(work.session, work.actor, request_id)
    demand_acting_as(work.session, work.actor, project.id, Role.JOINT_UNIT)
    taking = take(work, request_id, Step.CONSENT)
    request = taking.request
    _demand_no_refusal(taking.case, today)
    request.consented_by_id, request.consented_on = work.actor.user_id, today
    _hand_to_bureau(work, request, today)
    go_on(work, taking, "联合实施单位同意", today)


@command("change.send_back", Permission.CONFIRM_CHANGE)
def send_back(work: Work, request_id: int, note: str, today: date) -> None:
    """Send a request back to its drafter instead of confirming it. Raises as ``decline`` does."""
    _, project = find_request(work.session, work.actor, request_id)
    demand_acting_as(work.session, work.actor, project.id, Role.UNIT_MANAGER)
    _back(work, request_id, ChangeState.WITH_UNIT, "承担单位退回", note, today)


@command("change.decline", Permission.CONSENT_CHANGE)
def decline(work: Work, request_id: int, note: str, today: date) -> None:
    """Do not consent: the request goes back to its drafter with the joint unit's reasons.

    Raises ``NotFound``, ``NotTheirs``, ``IllegalTransition`` and ``InvalidInput`` (``note``).
    """
    _, project = find_request(work.session, work.actor, request_id)
    demand_acting_as(work.session, work.actor, project.id, Role.JOINT_UNIT)
    _back(work, request_id, ChangeState.WITH_JOINT_UNIT, "联合实施单位不同意，退回", note, today)


@command("change.withdraw", Permission.APPLY_CHANGE)
def withdraw(work: Work, request_id: int, note: str, today: date) -> None:
    """Take a request back as long as nobody has decided on it: its drafter, or the unit.

    Raises ``NotFound``, ``NotTheirs``, ``IllegalTransition`` and ``InvalidInput`` (``note`` too long).
    """
    request, project = find_request(work.session, work.actor, request_id)
    demand_acting_as(work.session, work.actor, project.id, Role.PI, Role.UNIT_MANAGER)
    for_unit = acting_as(work.session, work.actor, project.id, Role.UNIT_MANAGER)
    if not for_unit and request.drafted_by_id != work.actor.user_id:
        raise NotTheirs((Role.UNIT_MANAGER,))
    if request.state in DECIDED:
        raise IllegalTransition(request.state, ChangeState.WITHDRAWN)
    note = note.strip()
    if len(note) > MOST_TEXT:
        raise InvalidInput({"note": f"最多 {MOST_TEXT} 字。"})
    drop_row(work, request)
    end(work, request, ChangeState.WITHDRAWN, "撤回", today, note)


def _back(work: Work, request_id: int, state: ChangeState, act: str, note: str, today: date) -> None:
    request, _ = find_request(work.session, work.actor, request_id)
    note = demand_note(note)
    if request.state is not state:
        raise IllegalTransition(request.state, ChangeState.RETURNED)
    begin_anew(request)
    end(work, request, ChangeState.RETURNED, act, today, note)


def demand_note(note: str) -> str:
    """Return a note that says something, trimmed. Raises ``InvalidInput`` (``note``)."""
    note = note.strip()
    if not note or len(note) > MOST_TEXT:
        raise InvalidInput({"note": f"请写明原因，不超过 {MOST_TEXT} 字。"})
    return note


def begin_anew(request: ChangeRequest) -> None:
    """Forget the steps of a request that goes back to its drafter: they are taken anew afterwards."""
    request.confirmed_by_id = request.consented_by_id = request.proposed_by_id = None
    request.confirmed_on = request.consented_on = request.applied_on = None
    request.proposed_on = request.conference_on = None
    request.opinion = request.conference_note = None
    request.reasons, request.verdict = {}, []


def _hand_to_bureau(work: Work, request: ChangeRequest, today: date) -> None:
    renumber_if_taken(work, request)
    request.applied_on = today
    work.session.flush()
    write_row(work, request)


def _demand_ready(case: Case, revision: int, today: date) -> None:
    """Demand that a request is complete, is what its sender saw, and breaks no rule that must be held."""
    request = case.request
    if request.revision != revision:
        raise OutOfDate
    missing = case.missing
    if missing:
        raise InvalidInput(missing)
    _demand_no_refusal(case, today)


def _demand_no_refusal(case: Case, today: date) -> None:
    """Demand that nothing refuses a change; the reasons for usual rules are asked of whoever decides."""
    found = check_case(case, row_once_made(case, today), today)
    if found.obstacles:
        found.demand()
    if found.verdict.refused:
        raise VerdictRefused(found.verdict)
