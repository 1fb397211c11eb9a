"""One step of a change after the other: whose turn it is, what a short cut is told, and who is told next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from lifecycle.changes.checking import Case
from lifecycle.changes.requests import find_request, load_case
from lifecycle.changes.routing import OWN_REQUIREMENT, STATES, RouteStep, Step
from lifecycle.changes.wording import act_told, name_of
from lifecycle.command import Work
from lifecycle.models import AuditEntry, ChangeRequest, ChangeState, TurnKind
from lifecycle.refusals import IllegalTransition, Obstructed, SamePerson
from lifecycle.roles import Role
from lifecycle.rules.time_limits import ChangeDecision, PlatformFiling
from lifecycle.stages import advance
from lifecycle.turns import DutyOf, Waits, hand_on

_WAY = frozenset(STATES.values())
_ENDS = frozenset({ChangeState.RETURNED, ChangeState.REJECTED, ChangeState.WITHDRAWN})

CHANGE_TRANSITIONS: Mapping[ChangeState, frozenset[ChangeState]] = {
    ChangeState.DRAFT: _WAY - {ChangeState.WITH_CONFERENCE, ChangeState.WITH_APPROVER}
    | {ChangeState.DONE, ChangeState.WITHDRAWN},
    ChangeState.RETURNED: _WAY - {ChangeState.WITH_CONFERENCE, ChangeState.WITH_APPROVER}
    | {ChangeState.DONE, ChangeState.WITHDRAWN},
    ChangeState.WITH_UNIT: frozenset(
        {
            *(ChangeState.WITH_JOINT_UNIT, ChangeState.WITH_BUREAU, ChangeState.TO_FILE, ChangeState.DONE),
            *(ChangeState.RETURNED, ChangeState.WITHDRAWN),
        }
    ),
    ChangeState.WITH_JOINT_UNIT: frozenset(
        {ChangeState.WITH_BUREAU, ChangeState.RETURNED, ChangeState.WITHDRAWN}
    ),
    ChangeState.WITH_BUREAU: _ENDS | {ChangeState.WITH_CONFERENCE, ChangeState.WITH_APPROVER},
    ChangeState.WITH_CONFERENCE: _ENDS | {ChangeState.WITH_APPROVER},
    ChangeState.WITH_APPROVER: _ENDS | {ChangeState.TO_FILE, ChangeState.DONE},
    ChangeState.TO_FILE: frozenset({ChangeState.DONE}),
    ChangeState.DONE: frozenset(),
    ChangeState.REJECTED: frozenset(),
    ChangeState.WITHDRAWN: frozenset(),
}
"""Where a request may go from each state."""


@dataclass(frozen=True, slots=True)
class Taking:
    """A step that is being taken: the case, and where it goes from there."""

    case: Case
    step: RouteStep
    then: ChangeState

    @property
    def request(self) -> ChangeRequest:
        """The request."""
        return self.case.request


def take(work: Work, request_id: int, step: Step, *states: ChangeState) -> Taking:
    """Return a request on which the actor takes ``step``, which may be taken from ``states`` too.

    Raises ``NotFound``, ``Obstructed`` where an earlier step has not been taken (with its article) or the way
    has no such step, ``IllegalTransition`` where it has been taken already or nothing happens any more.
    """
    request, _ = find_request(work.session, work.actor, request_id)
    case = load_case(work.session, request)
    found = next((one for one in case.route if one.step is step), None)
    if found is None:
        raise Obstructed([f"{name_of(request)}不经过“{step}”这一步。"])
    if request.state is not STATES[step] and request.state not in states:
        _refuse_short_cut(case, step)
    return Taking(case, found, advance(CHANGE_TRANSITIONS, request.state, state_after(case, step)))


def state_after(case: Case, step: Step) -> ChangeState:
    """Return where a request stands once ``step`` has been taken."""
    steps = [one.step for one in case.route]
    place = steps.index(step) + 1
    return STATES[steps[place]] if place < len(steps) else ChangeState.DONE


def _refuse_short_cut(case: Case, step: Step) -> None:
    state, steps = case.request.state, [one.step for one in case.route]
    waiting = [one for one in case.route if STATES[one.step] is state]
    first = steps.index(waiting[0].step) if waiting else (0 if state in _DRAFTS else len(steps))
    skipped = case.route[first : steps.index(step)]
    if not skipped:
        raise IllegalTransition(state, STATES[step])
    raise Obstructed([f"应先办理“{one.step}”：{one.words}（{one.citation}）" for one in skipped])


_DRAFTS = frozenset({ChangeState.DRAFT, ChangeState.RETURNED})


def go_on(
    work: Work,
    taking: Taking,
    act: str,
    today: date,
    details: Mapping[str, Any] | None = None,
    citation: str | None = None,
) -> None:
    """Bring a request to where it stands after the step, say whose turn it is, and write the history."""
    request = taking.request
    now, request.state = request.state, taking.then
    request.revision += 1
    work.session.flush()
    hand_over(work, request, today)
    work.record(
        act_told(request, act),
        project_id=request.project_id,
        citation=citation or taking.step.citation,
        details={"request": request.id, "old": now.value, "new": request.state.value, **(details or {})},
    )


def end(work: Work, request: ChangeRequest, then: ChangeState, act: str, today: date, note: str) -> None:
    """Return, reject or withdraw a request, saying why. Raises ``IllegalTransition``."""
    now, request.state = request.state, advance(CHANGE_TRANSITIONS, request.state, then)
    request.note = note or None
    request.revision += 1
    hand_over(work, request, today)
    work.record(
        act_told(request, act),
        project_id=request.project_id,
        citation=OWN_REQUIREMENT,
        details={"request": request.id, "old": now.value, "new": then.value, "note": note},
    )


_TURNS: Mapping[ChangeState, tuple[Role, str]] = {
    ChangeState.WITH_UNIT: (Role.UNIT_MANAGER, "确认"),
    ChangeState.WITH_JOINT_UNIT: (Role.JOINT_UNIT, "同意"),
    ChangeState.WITH_BUREAU: (Role.HANDLER, "审查"),
    ChangeState.WITH_CONFERENCE: (Role.HANDLER, "登记联席会议审定"),
    ChangeState.WITH_APPROVER: (Role.APPROVER, "批准"),
    ChangeState.TO_FILE: (Role.HANDLER, "登记平台备案"),
    ChangeState.RETURNED: (Role.UNIT_MANAGER, "修改被退回的"),
}


def hand_over(work: Work, request: ChangeRequest, today: date) -> None:
    """Say whose turn it is with a request."""
    waits: list[Waits] = []
    if request.state in _TURNS:
        role, words = _TURNS[request.state]
        user_id = None
        if request.state is ChangeState.RETURNED:
            role, user_id = (Role.PI, request.drafted_by_id) if request.drafted_by_id else (role, None)
        if request.state is ChangeState.TO_FILE and request.self_decided:
            role = Role.UNIT_MANAGER
        waits = [Waits(role, f"{words}{name_of(request)}", user_id, duty=_duty_of(request))]
    hand_on(work, request.project_id, TurnKind.CHANGE, request.id, waits, today)


_WITH_BUREAU = {ChangeState.WITH_BUREAU, ChangeState.WITH_CONFERENCE, ChangeState.WITH_APPROVER}


def _duty_of(request: ChangeRequest) -> DutyOf | None:
    if request.state in _WITH_BUREAU:
        return DutyOf(ChangeDecision, str(request.number))
    return DutyOf(PlatformFiling, str(request.number)) if request.state is ChangeState.TO_FILE else None


def demand_other_hand(work: Work, request: ChangeRequest, act: str) -> None:
    """Demand that whoever decides has had no hand in the request. Raises ``SamePerson``."""
    me = work.actor.user_id
    if me is None:
        return
    hands = {request.drafted_by_id, request.confirmed_by_id, request.consented_by_id, request.proposed_by_id}
    entries = select(AuditEntry.user_id, AuditEntry.details).where(
        AuditEntry.project_id == request.project_id, AuditEntry.action == "change.conference"
    )
    rows = work.session.execute(entries)
    hands |= {user_id for user_id, details in rows if details.get("request") == request.id}
    if me in hands:
        raise SamePerson(f"您本人起草或办理过这项变更，须由其他人{act}（本局不相容岗位分离要求）。")
