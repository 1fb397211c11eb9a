"""Dates: months and years that clamp to the month's end, and working days by the State Council's notices."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache, cached_property, lru_cache
from hashlib import sha256
from zoneinfo import ZoneInfo

import chinese_calendar

from lifecycle.festivals import festivals

SHANGHAI = ZoneInfo("Asia/Shanghai")
"""The time zone all days are counted in, wherever the server stands."""

_SATURDAY = 5

_DIGEST_FROM, _DIGEST_UNTIL = 2015, 2040
"""Years whose days off matter to what is kept of duties."""


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

    ``loaded`` are days an agency has loaded itself (True: offices work); they come before what Keguan knows.
    Of the years in ``complete`` it has loaded the whole notice: they go by what was loaded and by weekends.
    """

    loaded: Mapping[date, bool] = field(default_factory=dict)
    complete: frozenset[int] = frozenset()

    @cached_property
    def years(self) -> frozenset[int]:
        """The years of which days were loaded."""
        return frozenset(day.year for day in self.loaded)

    def is_estimated(self, year: int) -> bool:
        """Whether the year's days off are only worked out, its notice not being known."""
        return year not in self.complete and not is_announced(year)

    def is_working(self, day: date) -> bool:
        """Whether offices work on ``day``; in years whose notice is not known, by festivals and weekends."""
        known = self.loaded.get(day)
        if known is not None:
            return known
        on_weekdays = day.weekday() < _SATURDAY
        if day.year in self.complete:
            return on_weekdays
        if is_announced(day.year):
            return bool(chinese_calendar.is_workday(day))
        return on_weekdays and day not in festivals(day.year)

    def last_on_or_before(self, day: date) -> date:
        """Return ``day`` itself where offices work on it, else the working day before it."""
        kept = self._last.get(day)
        if kept is None:
            kept = day
            while not self.is_working(kept):
                kept -= timedelta(days=1)
            self._last[day] = kept
        return kept

    def doubt(self, year: int) -> str:
        """Return in words that the year's days off are only worked out; nothing where its notice is known."""
        if not self.is_estimated(year):
            return ""
        return f"{year} 年放假安排尚未公布，按法定节假日和周末推算，以国务院办公厅通知为准"

    def doubt_of(self, due: date) -> str:
        """Return the same of the day on which a deadline is announced."""
        return self.doubt(due.year) or self.doubt(self.last_on_or_before(due).year)

    def before_day_off(self, due: date) -> date | None:
        """Return the working day before a deadline on a day off, by when it is announced; else ``None``."""
        announced = self.last_on_or_before(due)
        return None if announced == due else announced

    @cached_property
    def _last(self) -> dict[date, date]:
        return {}


ANNOUNCED_DAYS = WorkingDays()
"""As known to Keguan itself."""


@lru_cache(maxsize=256)
def is_announced(year: int) -> bool:
    """Whether Keguan itself knows the State Council's notice of the year."""
    try:
        chinese_calendar.is_workday(date(year, 1, 1))
    except NotImplementedError:
        return False
    return True


@cache
def calendar_digest() -> str:
    """Return what tells Keguan's own days off from those of another version, which may know one year more."""
    first = date(_DIGEST_FROM, 1, 1)
    days = (first + timedelta(many) for many in range((date(_DIGEST_UNTIL, 1, 1) - first).days))
    return sha256(bytes(ANNOUNCED_DAYS.is_working(day) for day in days)).hexdigest()
