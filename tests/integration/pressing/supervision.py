"""Inspections and what they order: things put right, in time or not, and money that waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

from lifecycle import measures
from lifecycle.models import (
    Inspection,
    InspectionState,
    IntegrityAct,
    IntegrityEntry,
    IntegrityState,
    Measure,
    MeasureState,
    Outcome,
)
from lifecycle.record import MeasureKind
from lifecycle.roles import Role
from lifecycle.supervision import agree, amend_inspection, record_inspection, send_back
from tests.integration.overseeing import ANSWER, draft
from tests.integration.pressing.place import PAPER, WHY, Place, Press, Presses, choose

OUTCOMES = (Outcome.RECTIFY, Outcome.RECTIFY, Outcome.RECTIFY, Outcome.HOLD, Outcome.NOTHING)
STANDS = {
    InspectionState.PROPOSED: ("agree", "agree", "agree", "send an inspection back"),
    InspectionState.RECORDED: ("amend",),
    InspectionState.DECIDED: (),
}
NEXT = {
    (MeasureKind.RECTIFICATION, MeasureState.ORDERED): ("answer", "answer", "answer", "give more time"),
    (MeasureKind.RECTIFICATION, MeasureState.ANSWERED): ("verify", "verify", "not put right"),
    (MeasureKind.HOLD, MeasureState.ORDERED): ("propose lifting",),
    (MeasureKind.HOLD, MeasureState.ANSWERED): ("lift", "lift", "keep"),
}


def presses(place: Place, day: date, *, wild: bool) -> list[Press]:
    """Return what may be pressed of a project's supervision."""
    ways: list[Callable[[], list[Press]]] = []
    for one in place.rows(Inspection):
        too_late = one.state is InspectionState.PROPOSED and one.due is not None and one.due <= day
        names = ("send an inspection back",) if too_late else STANDS[one.state]
        if names or wild:
            ways.append(partial(_choose, place, one, day, names, wild))
    for row in place.rows(Measure):
        names = NEXT.get((row.kind, row.state), ())
        if names or wild:
            ways.append(partial(_choose, place, row, day, names, wild))
    if not ways and (wild or not place.is_ending(day)):
        return [("inspect", lambda: _inspect(place, day))]
    return place.shuffle.choice(ways)() if ways else []


def _choose(
    place: Place, row: Inspection | Measure, day: date, names: tuple[str, ...], wild: bool
) -> list[Press]:
    every = _decide(place, row, day) if isinstance(row, Inspection) else _go_on(place, row, day)
    return choose(every, names, wild=wild)


def _outcome(place: Place) -> Outcome:
    return Outcome.TERMINATE if place.shuffle.random() < 0.01 else place.shuffle.choice(OUTCOMES)


def _inspect(place: Place, day: date) -> None:
    outcome = _outcome(place)
    wanted = draft(outcome, due=_due(place, outcome, day), inspected_on=place.when(day))
    record_inspection(place.session, place.bureau.handler, place.number, wanted, (), day)


def _due(place: Place, outcome: Outcome, day: date) -> date | None:
    if outcome is Outcome.RECTIFY or (outcome is Outcome.HOLD and place.shuffle.random() < 0.5):
        return day + timedelta(place.shuffle.randrange(25, 100))
    return None


def _decide(place: Place, row: Inspection, day: date) -> Presses:
    one, handler, approver = place.session, place.bureau.handler, place.bureau.approver
    due = _due(place, row.outcome, day)
    wanted = draft(row.outcome, due=due, inspected_on=row.inspected_on)
    return {
        "agree": lambda: agree(one, approver, row.id, day),
        "send an inspection back": lambda: send_back(one, approver, row.id, WHY, day),
        "amend": lambda: amend_inspection(one, handler, row.id, wanted, (), day),
    }


def _go_on(place: Place, row: Measure, day: date) -> Presses:
    one, handler, approver = place.session, place.bureau.handler, place.bureau.approver
    answerer = place.actor(place.shuffle.choice((Role.PI, Role.UNIT_MANAGER)))
    later = day + timedelta(place.shuffle.randrange(10, 90))
    return {
        "answer": lambda: measures.answer(one, answerer, row.id, ANSWER, PAPER, day),
        "give more time": lambda: measures.extend(one, approver, row.id, later, WHY, day),
        "verify": lambda: measures.verify(one, handler, row.id, day),
        "not put right": lambda: measures.send_back(one, handler, row.id, WHY, day),
        "propose lifting": lambda: measures.propose_lifting(one, handler, row.id, WHY, (), day),
        "lift": lambda: measures.lift(one, approver, row.id, day),
        "keep": lambda: measures.keep(one, approver, row.id, WHY, day),
    }


def is_to_be_entered(place: Place) -> bool:
    """Whether an approver is to decide what is entered of a failure by somebody's own fault."""
    where = (IntegrityEntry.act == IntegrityAct.OWN_FAULT, IntegrityEntry.state == IntegrityState.PROPOSED)
    return bool(place.rows(IntegrityEntry, *where))
