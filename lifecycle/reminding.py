"""When a duty is spoken of: some days before, on the day, then every week or so until it is settled.

The days from which on somebody else is told of lateness are steps of their own beside the weekly ones, so
that nobody hears of it later than was promised. A deadline on a day off is announced on the last working
day before, so the steps up to the day count from that working day; lateness counts from the deadline itself.
Everything is worked out from dates alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType

from lifecycle.calendar import ANNOUNCED_DAYS, WorkingDays
from lifecycle.roles import Role

ANNOUNCED = "T"
"""How the label of every step of the clock begins."""

_SOME_DAY = date(2026, 9, 16)
"""A working day far from any festival."""


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


@dataclass(frozen=True, slots=True)
class Clockwork:
    """An agency's steps: when a duty is spoken of, who is told as it grows late, and which days are off."""

    before: tuple[int, ...] = (30, 15, 7, 3, 1, 0)
    """Days before the announced day, falling; the last is the day itself."""
    every: int = 7
    """From how many days after the deadline on, and how many days apart, lateness is spoken of."""
    escalation: Mapping[Role, int] = field(
        default_factory=lambda: MappingProxyType({Role.UNIT_MANAGER: 7, Role.APPROVER: 15})
    )
    """From how many days after the deadline on each of these is told too; each such day is a step."""
    days: WorkingDays = ANNOUNCED_DAYS

    @property
    def digest(self) -> str:
        """What tells what it says, by these settings and this code, apart from what any other says."""
        steps = (self.step_at(_SOME_DAY, _SOME_DAY + timedelta(many)) for many in range(-100, 101))
        return "".join(step.label if step else "-" for step in steps)

    def step_at(self, due: date, day: date) -> Step | None:
        """Return the newest step of a duty owed by ``due`` that has come by ``day``; ``None`` before any.

        After a standstill this is the only one told: older ones have been overtaken.
        """
        late = self._latest_until((day - due).days)
        if late is not None:
            return Step(late, due + timedelta(late))
        announced = self.days.last_on_or_before(due)
        come = [ahead for ahead in self.before if announced - timedelta(ahead) <= day]
        return Step(-come[-1], announced - timedelta(come[-1])) if come else None

    def next_step_on(
        self, due: date, since: date, settled_on: date | None, told_on: date | None
    ) -> date | None:
        """Return the day on which the clock must next speak of a duty, or ``None`` when never again.

        ``told_on`` is the day for which it last spoke. A duty that arises after a step's day is told of at
        once.
        """
        day = max(self._next_step_day(due, told_on), since)
        return None if settled_on is not None and day >= settled_on else day

    def _next_step_day(self, due: date, after: date | None) -> date:
        """Return the day of the first step after ``after`` (the very first where it is ``None``)."""
        announced = self.days.last_on_or_before(due)
        if after is None:
            return announced - timedelta(self.before[0])
        for ahead in self.before:
            day = announced - timedelta(ahead)
            if day > after:
                return day
        return due + timedelta(self._first_after((after - due).days))

    def _latest_until(self, days: int) -> int | None:
        """Return the newest of the late steps that comes ``days`` after the deadline or sooner."""
        regular = days // self.every * self.every
        come = [one for one in (regular, *self.escalation.values()) if 0 < one <= days]
        return max(come, default=None)

    def _first_after(self, days: int) -> int:
        """Return the first of the late steps that comes more than ``days`` after the deadline."""
        regular = max(0, days // self.every) * self.every + self.every
        return min([regular, *(one for one in self.escalation.values() if one > max(0, days))])


USUAL = Clockwork()
"""What holds where an agency has set nothing."""
