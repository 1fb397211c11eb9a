"""Changes applied for, confirmed, consented to, examined, decided and filed: extensions above all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from lifecycle.calendar import add_months
from lifecycle.changes import applying, deciding, drafting
from lifecycle.changes.checking import EDITABLE
from lifecycle.changes.versions import terms_in_force
from lifecycle.models import ChangeRequest, ChangeState
from lifecycle.record import ChangeKind
from lifecycle.roles import Role
from tests.integration.changing import NUMBER, OPINION, REASON, a_change
from tests.integration.pressing.place import PAPER, WHY, Place, Press, Presses, choose

OVER = (ChangeState.DONE, ChangeState.REJECTED, ChangeState.WITHDRAWN)
NEXT = {
    ChangeState.DRAFT: ("send",),
    ChangeState.RETURNED: ("send", "send", "send", "withdraw"),
    ChangeState.WITH_UNIT: ("confirm", "confirm", "confirm", "send back", "withdraw"),
    ChangeState.WITH_JOINT_UNIT: ("consent", "consent", "consent", "decline"),
    ChangeState.WITH_BUREAU: ("propose", "propose", "propose", "propose", "return", "reject"),
    ChangeState.WITH_CONFERENCE: ("conference", "conference", "conference", "return"),
    ChangeState.WITH_APPROVER: ("approve", "approve", "approve", "approve", "refuse"),
    ChangeState.TO_FILE: ("file",),
}
_EXTENSION = {"approve": "approve an extension"}
OTHERS = (ChangeKind.TITLE, ChangeKind.CONTENT, ChangeKind.BUDGET, ChangeKind.MEMBERS, ChangeKind.OTHER)


def presses(place: Place, day: date, *, wild: bool) -> list[Press]:
    """Return what may be pressed of a project's changes."""
    known = place.rows(ChangeRequest)
    open_ = [one for one in known if one.state not in OVER]
    if known and wild:
        return choose(_of(place, place.shuffle.choice(known), day), (), wild=True)
    if open_:
        names = NEXT[open_[-1].state]
        if place.is_ending(day) and open_[-1].state in EDITABLE:
            names = ("withdraw",)
        if open_[-1].kind is ChangeKind.EXTENSION:
            names = tuple(_EXTENSION.get(name, name) for name in names)
        return choose(_of(place, open_[-1], day), names, wild=False)
    if place.is_ending(day) and not wild:
        return []
    kind = place.shuffle.choice((ChangeKind.EXTENSION, ChangeKind.EXTENSION, place.shuffle.choice(OTHERS)))
    act = "draft an extension" if kind is ChangeKind.EXTENSION else "draft another"
    return [(act, lambda: _draft(place, kind, day))]


def _draft(place: Place, kind: ChangeKind, day: date) -> None:
    now = terms_in_force(place.session, place.id, place.record)
    place.session.rollback()
    wanted = a_change(kind, now)
    if kind is ChangeKind.EXTENSION:
        wanted = {"end": add_months(now.end, place.shuffle.choice((2, 4, 6)))}
    new = drafting.Draft(replace(now, **wanted), REASON, "联系人改为王工。", self_decided=False)
    drafting.draft(place.session, place.actor(Role.PI), place.number, kind, new, day)


def _of(place: Place, request: ChangeRequest, day: date) -> Presses:
    one, id_, revision = place.session, request.id, request.revision
    pi, unit, joint = (place.actor(role) for role in (Role.PI, Role.UNIT_MANAGER, Role.JOINT_UNIT))
    handler, approver, on = place.bureau.handler, place.bureau.approver, place.when(day)

    def approve() -> None:
        deciding.approve(one, approver, id_, NUMBER, day)

    return {
        "send": lambda: applying.send(one, pi, id_, revision, day),
        "withdraw": lambda: applying.withdraw(one, pi, id_, "", day),
        "confirm": lambda: applying.confirm(one, unit, id_, revision, day, place.excuses),
        "send back": lambda: applying.send_back(one, unit, id_, WHY, day),
        "consent": lambda: applying.consent(one, joint, id_, day),
        "decline": lambda: applying.decline(one, joint, id_, WHY, day),
        "propose": lambda: deciding.propose(one, handler, id_, OPINION, place.excuses, day),
        "return": lambda: deciding.return_(one, handler, id_, WHY, day),
        "reject": lambda: deciding.reject(one, handler, id_, WHY, day),
        "conference": lambda: deciding.record_conference(one, handler, id_, on, "", PAPER, day),
        **dict.fromkeys(("approve", "approve an extension"), approve),
        "refuse": lambda: deciding.refuse(one, approver, id_, WHY, day),
        "file": lambda: deciding.record_filing(one, handler, id_, on, day),
    }


def taken_on_by(place: Place, number: str) -> Role | None:
    """Return who decides a change that the handler has examined."""
    where = (ChangeRequest.number == int(number), ChangeRequest.state == ChangeState.WITH_APPROVER)
    return Role.APPROVER if place.rows(ChangeRequest, *where) else None
