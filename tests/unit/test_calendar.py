"""Months that clamp and days on which offices work."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.calendar import ANNOUNCED_DAYS, WorkingDays, add_months, add_years

is_working_day = ANNOUNCED_DAYS.is_working
is_estimated = ANNOUNCED_DAYS.is_estimated
last_working_day_on_or_before = ANNOUNCED_DAYS.last_on_or_before

days = st.dates(date(1990, 1, 1), date(2100, 12, 31))


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2025, 11, 30), 3, date(2026, 2, 28)),
        (date(2025, 10, 2), 3, date(2026, 1, 2)),
        (date(2026, 1, 31), -1, date(2025, 12, 31)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2025, 12, 15), 12, date(2026, 12, 15)),
    ],
)
def test_a_month_without_that_day_gives_its_last(day: date, months: int, later: date) -> None:
    assert add_months(day, months) == later


def test_leap_day_becomes_28_february_in_a_common_year() -> None:
    assert add_years(date(2024, 2, 29), 1) == date(2025, 2, 28)
    assert add_years(date(2024, 2, 29), 4) == date(2028, 2, 29)
    assert add_years(date(2096, 2, 29), 4) == date(2100, 2, 28)


@given(days, st.integers(-600, 600))
def test_months_land_in_the_month_meant(day: date, months: int) -> None:
    later = add_months(day, months)
    assert later.year * 12 + later.month == day.year * 12 + day.month + months
    assert later.day <= day.day


def test_a_working_weekend_is_worked_and_a_holiday_is_not() -> None:
    assert not is_working_day(date(2026, 10, 1))
    assert is_working_day(date(2025, 1, 26))
    assert not is_working_day(date(2025, 1, 25))


def test_years_without_a_notice_go_by_weekends() -> None:
    assert not is_estimated(2025)
    assert is_estimated(2060)
    assert is_working_day(date(2060, 10, 1))
    assert not is_working_day(date(2060, 10, 2))


def test_a_deadline_on_a_day_off_is_announced_on_the_working_day_before() -> None:
    assert last_working_day_on_or_before(date(2026, 1, 31)) == date(2026, 1, 30)
    assert last_working_day_on_or_before(date(2025, 10, 8)) == date(2025, 9, 30)
    assert last_working_day_on_or_before(date(2026, 6, 30)) == date(2026, 6, 30)


@given(days)
def test_the_working_day_before_is_worked_and_near(day: date) -> None:
    found = last_working_day_on_or_before(day)
    assert is_working_day(found)
    assert 0 <= (day - found).days <= 10


def test_days_an_agency_has_loaded_come_first_and_make_their_year_known() -> None:
    loaded = WorkingDays({date(2060, 10, 1): False, date(2060, 10, 9): True, date(2026, 9, 16): False})
    assert not loaded.is_estimated(2060)
    assert loaded.is_estimated(2061)
    assert not loaded.is_working(date(2060, 10, 1))
    assert loaded.is_working(date(2060, 10, 9))  # a Saturday
    assert not loaded.is_working(date(2060, 10, 10))
    assert not loaded.is_working(date(2026, 9, 16))
    assert not loaded.is_working(date(2026, 10, 1))  # what is known of the year besides still holds
    assert loaded.last_on_or_before(date(2060, 10, 1)) == date(2060, 9, 30)
