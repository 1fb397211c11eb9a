"""Dates: months and years that clamp to the month's end, and working days by the State Council's notices."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

import chinese_calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
"""The time zone all days are counted in, wherever the server stands."""

_SATURDAY = 5


def add_months(day: date, months: int) -> date:
    """Return the same day ``months`` later (or earlier), the month's last day where there is no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    if day.day <= 28:
        return date(year, month, day.day)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def add_years(day: date, years: int) -> date:
    """Return the same day ``years`` later; from 29 February in a common year, 28 February."""
    return add_months(day, 12 * years)


@dataclass(frozen=True)
class WorkingDays:
    """On which days offices work: as the State Council's notices say, as far as they are known.

    ``loaded`` are days an agency has loaded itself (True: offices work). They come before what Keguan knows,
    and a year of which any day was loaded counts as announced.
    """

    loaded: Mapping[date, bool] = field(default_factory=dict)

    @cached_property
    def years(self) -> frozenset[int]:
        """The years of which days were loaded."""
        return frozenset(day.year for day in self.loaded)

    def is_estimated(self, year: int) -> bool:
        """Whether the year's days off are only worked out from weekends, its notice not being known."""
        return year not in self.years and not _is_announced(year)

    def is_working(self, day: date) -> bool:
        """Whether offices work on ``day``; in years whose notice is not known, Monday to Friday."""
        known = self.loaded.get(day)
        if known is not None:
            return known
        if _is_announced(day.year):
            return bool(chinese_calendar.is_workday(day))
        return day.weekday() < _SATURDAY

    def last_on_or_before(self, day: date) -> date:
        """Return ``day`` itself where offices work on it, else the working day before it."""
        kept = self._last.get(day)
        if kept is None:
            kept = day
            while not self.is_working(kept):
                kept -= timedelta(days=1)
            self._last[day] = kept
        return kept

    @cached_property
    def _last(self) -> dict[date, date]:
        return {}


ANNOUNCED_DAYS = WorkingDays()
"""As known to Keguan itself."""


@lru_cache(maxsize=256)
def _is_announced(year: int) -> bool:
    try:
        chinese_calendar.is_workday(date(year, 1, 1))
    except NotImplementedError:
        return False
    return True
