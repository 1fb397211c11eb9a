"""Months that clamp and days on which offices work."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.calendar import ANNOUNCED_DAYS, WorkingDays, add_months, add_years
from lifecycle.festivals import festivals

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


@pytest.mark.parametrize("year", [2027, 2030, 2046, 2060])
def test_years_without_a_notice_go_by_weekends_and_the_festivals_that_are_law(year: int) -> None:
    assert is_estimated(year)
    assert "推算，以国务院办公厅通知为准" in ANNOUNCED_DAYS.doubt(year)
    for month, day in ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)):
        assert not is_working_day(date(year, month, day))
    weekdays = [date(year, 1, 1) + timedelta(many) for many in range(365)]
    off = [day for day in weekdays if day.weekday() < 5 and not is_working_day(day)]
    assert len(off) <= 13  # the festivals are thirteen days; swapped days are nobody's guess


def test_a_deadline_after_new_year_is_announced_before_it_although_no_notice_is_known() -> None:
    assert last_working_day_on_or_before(date(2027, 1, 3)) == date(2026, 12, 31)
    assert last_working_day_on_or_before(date(2027, 2, 6)) == date(2027, 2, 4)  # the eve, too, is off
    assert last_working_day_on_or_before(date(2027, 4, 5)) == date(2027, 4, 2)
    assert last_working_day_on_or_before(date(2027, 6, 9)) == date(2027, 6, 8)
    assert last_working_day_on_or_before(date(2027, 9, 15)) == date(2027, 9, 14)
    assert "2027" in ANNOUNCED_DAYS.doubt_of(date(2027, 1, 3))
    assert ANNOUNCED_DAYS.doubt_of(date(2026, 1, 3)) == ""


@pytest.mark.parametrize("year", range(2027, 2047))
def test_the_moving_festivals_fall_into_their_seasons(year: int) -> None:
    spring = [day for day in festivals(year) if day.month < 3 and day != date(year, 1, 1)]
    assert len(spring) == 4
    assert date(year, 1, 20) <= min(spring)
    assert max(spring) <= date(year, 2, 23)
    assert len([day for day in festivals(year) if day.month == 4]) == 1
    assert len([day for day in festivals(year) if date(year, 5, 25) <= day <= date(year, 6, 25)]) == 1
    assert len([day for day in festivals(year) if date(year, 9, 7) <= day]) in (3, 4)  # some lie in 国庆节


def test_a_deadline_on_a_day_off_is_announced_on_the_working_day_before() -> None:
    assert last_working_day_on_or_before(date(2026, 1, 31)) == date(2026, 1, 30)
    assert last_working_day_on_or_before(date(2025, 10, 8)) == date(2025, 9, 30)
    assert last_working_day_on_or_before(date(2026, 6, 30)) == date(2026, 6, 30)


@given(days)
def test_the_working_day_before_is_worked_and_near(day: date) -> None:
    found = last_working_day_on_or_before(day)
    assert is_working_day(found)
    assert 0 <= (day - found).days <= 10


def test_days_an_agency_has_loaded_lie_over_what_is_known_or_worked_out() -> None:
    loaded = WorkingDays({date(2060, 1, 4): False, date(2060, 10, 9): True, date(2026, 9, 16): False})
    assert loaded.is_estimated(2060)  # a day or two are no notice
    assert not loaded.is_working(date(2060, 1, 4))
    assert loaded.is_working(date(2060, 10, 9))  # a Saturday
    assert not loaded.is_working(date(2060, 10, 1))
    assert not loaded.is_working(date(2026, 9, 16))
    assert not loaded.is_working(date(2026, 10, 1))  # what is known of the year besides still holds


def test_a_year_loaded_whole_goes_by_what_was_loaded_alone() -> None:
    loaded = WorkingDays({date(2060, 10, 4): False, date(2026, 9, 16): False}, frozenset({2060, 2026}))
    assert not loaded.is_estimated(2060)
    assert not loaded.is_working(date(2060, 10, 4))
    assert loaded.is_working(date(2060, 10, 1))  # a Friday
    assert loaded.is_working(date(2026, 10, 1))
    assert loaded.last_on_or_before(date(2060, 10, 4)) == date(2060, 10, 1)
