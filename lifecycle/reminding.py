"""When a duty is spoken of: 30, 15, 7, 3 and 1 days before, on the day, then every week until it is settled.

A deadline on a day off is announced on the last working day before, so the steps up to the day count from
that working day; lateness counts from the deadline itself. Everything is worked out from dates alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from lifecycle.calendar import last_working_day_on_or_before

BEFORE = (30, 15, 7, 3, 1, 0)
"""Days before the announced day on which a duty is spoken of."""

WEEK = 7

ANNOUNCED = "T"
"""How the label of every step of the clock begins."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a duty's reminders and the day it falls on.

    ``offset`` is days after the deadline, or, where negative, before the announced day.
    """

    offset: int
    day: date

    @property
    def label(self) -> str:
        """The step as it is written: ``T-30``, ``T``, ``T+7``."""
        return f"{ANNOUNCED}{self.offset:+d}" if self.offset else ANNOUNCED


def step_at(due: date, day: date) -> Step | None:
    """Return the newest step of a duty owed by ``due`` that has come by ``day``; ``None`` before the first.

    After a standstill this is the only one told: older ones have been overtaken.
    """
    if day >= due + timedelta(WEEK):
        offset = (day - due).days // WEEK * WEEK
        return Step(offset, due + timedelta(offset))
    announced = last_working_day_on_or_before(due)
    come = [ahead for ahead in BEFORE if announced - timedelta(ahead) <= day]
    return Step(-come[-1], announced - timedelta(come[-1])) if come else None


def next_step_day(due: date, after: date | None) -> date:
    """Return the day of the first step that falls after ``after`` (the very first where it is ``None``)."""
    announced = last_working_day_on_or_before(due)
    if after is None:
        return announced - timedelta(BEFORE[0])
    for ahead in BEFORE:
        day = announced - timedelta(ahead)
        if day > after:
            return day
    weeks = max(1, (after - due).days // WEEK + 1)
    return due + timedelta(weeks * WEEK)


def next_step_on(due: date, since: date, settled_on: date | None, told_on: date | None) -> date | None:
    """Return the day on which the clock must next speak of a duty, or ``None`` when never again.

    ``told_on`` is the day for which it last spoke. A duty that arises after a step's day is told of at once.
    """
    day = max(next_step_day(due, told_on), since)
    return None if settled_on is not None and day >= settled_on else day
