"""When a duty is spoken of: some days before, on the day, then every week or so until it is settled.

A deadline on a day off is announced on the last working day before, so the steps up to the day count from
that working day; lateness counts from the deadline itself. Everything is worked out from dates alone.
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
    """From how many days after the deadline on each of these is told too."""
    days: WorkingDays = ANNOUNCED_DAYS

    def step_at(self, due: date, day: date) -> Step | None:
        """Return the newest step of a duty owed by ``due`` that has come by ``day``; ``None`` before any.

        After a standstill this is the only one told: older ones have been overtaken.
        """
        if day >= due + timedelta(self.every):
            offset = (day - due).days // self.every * self.every
            return Step(offset, due + timedelta(offset))
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
        times = max(1, (after - due).days // self.every + 1)
        return due + timedelta(times * self.every)


USUAL = Clockwork()
"""What holds where an agency has set nothing."""
