"""Dates: months and years that clamp to the month's end, and working days by the State Council's notices."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from functools import lru_cache
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


@lru_cache(maxsize=256)
def is_estimated(year: int) -> bool:
    """Whether the year's days off are only worked out from weekends, its notice not being known."""
    try:
        chinese_calendar.is_workday(date(year, 1, 1))
    except NotImplementedError:
        return True
    return False


def is_working_day(day: date) -> bool:
    """Whether offices work on ``day``; in years whose notice is not known, Monday to Friday."""
    if is_estimated(day.year):
        return day.weekday() < _SATURDAY
    return bool(chinese_calendar.is_workday(day))


@lru_cache(maxsize=4096)
def last_working_day_on_or_before(day: date) -> date:
    """Return ``day`` itself where offices work on it, else the working day before it."""
    while not is_working_day(day):
        day -= timedelta(days=1)
    return day
