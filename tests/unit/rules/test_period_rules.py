"""Rules about periods and days in force: the day before, at and after, leap days and ends of months."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.unit.rules import facts
from tests.unit.rules.asking import stands
from tests.unit.rules.facts import EA, MAJOR, SC1_GENERAL, SC1_KEY, SC2, SX
from tests.unit.rules.records import record

DAY = timedelta(days=1)
LEAP = date(2024, 2, 29)


@pytest.mark.parametrize(
    ("programme", "rule", "start", "last"),
    [
        (MAJOR, "spb-16-period", date(2024, 6, 1), date(2027, 6, 1)),
        (MAJOR, "spb-16-period", LEAP, date(2027, 2, 28)),
        (EA, "ea-16-period", date(2025, 3, 31), date(2027, 3, 31)),
        (EA, "ea-16-period", LEAP, date(2026, 2, 28)),
        (SX, "sx-2-period", date(2025, 1, 1), date(2028, 1, 1)),
        (SX, "sx-2-period", LEAP, date(2027, 2, 28)),
    ],
)
def test_the_period_first_agreed_may_reach_the_anniversary(
    programme: str, rule: str, start: date, last: date
) -> None:
    assert not stands(record(programme, start=start, end=last), rule)
    assert stands(record(programme, start=start, end=last + DAY), rule)
    extended = record(programme, start=start, end=last + 300 * DAY, original_end=last)
    assert not stands(extended, rule)


@pytest.mark.parametrize(
    ("start", "earliest"),
    [
        (date(2025, 1, 1), date(2026, 12, 31)),
        (LEAP, date(2026, 2, 27)),
        (date(2025, 3, 1), date(2027, 2, 28)),
    ],
)
def test_shanxi_periods_last_two_years_to_the_day(start: date, earliest: date) -> None:
    assert not stands(record(SX, start=start, end=earliest), "sx-2-period")
    assert stands(record(SX, start=start, end=earliest - DAY), "sx-2-period")


@pytest.mark.parametrize(
    ("programme", "start", "first", "last"),
    [
        (SC1_KEY, date(2024, 1, 1), date(2025, 12, 1), date(2026, 1, 1)),
        (SC1_KEY, date(2024, 1, 31), date(2025, 12, 31), date(2026, 1, 31)),
        (SC1_GENERAL, date(2024, 1, 15), date(2024, 12, 15), date(2025, 1, 15)),
    ],
)
def test_academy_projects_end_within_the_last_month(
    programme: str, start: date, first: date, last: date
) -> None:
    def found(end: date) -> bool:
        return stands(record(programme, start=start, end=end), "sc-1-period")

    assert [found(first - DAY), found(first), found(last), found(last + DAY)] == [True, False, False, True]


@pytest.mark.parametrize("start", [date(2023, 12, 31), date(2024, 2, 1)])
def test_sichuan_projects_start_in_january_2024(start: date) -> None:
    assert stands(record(SC1_KEY, start=start, end=start + 720 * DAY), "sc-1-period")
    assert stands(record(SC2, start=start, end=date(2025, 12, 31)), "sc-2-period")
    assert stands(record(facts.SC3_KEY, start=start, end=date(2025, 12, 31)), "sc-3-period")


@pytest.mark.parametrize(("programme", "rule"), [(SC2, "sc-2-period"), (facts.SC3_REGION, "sc-3-period")])
def test_regional_and_foreign_projects_end_in_december_2025(programme: str, rule: str) -> None:
    def found(end: date, start: date = date(2024, 1, 31)) -> bool:
        return stands(record(programme, start=start, end=end), rule)

    ends = [date(2025, 11, 30), date(2025, 12, 1), date(2025, 12, 31), date(2026, 1, 1)]
    assert [found(end) for end in ends] == [True, False, False, True]
    assert not found(ends[1], start=date(2024, 1, 1))


@pytest.mark.parametrize(
    ("programme", "rule", "signed", "found"),
    [
        (MAJOR, "spb-36-effective", date(2024, 1, 18), True),
        (MAJOR, "spb-36-effective", date(2024, 1, 19), False),
        (MAJOR, "spb-36-effective", None, False),
        (EA, "ea-22-effective", date(2025, 1, 15), True),
        (EA, "ea-22-effective", date(2025, 1, 16), False),
        (EA, "ea-22-effective", date(2027, 12, 30), False),
        (EA, "ea-22-effective", date(2027, 12, 31), True),
        (EA, "ea-22-effective", None, False),
    ],
)
def test_agreements_are_signed_while_the_document_is_in_force(
    programme: str, rule: str, signed: date | None, found: bool
) -> None:
    project = record(programme, signed_on=signed)
    assert stands(project, rule) is found
    if found and signed is not None:
        assert stands(project, rule, on=signed)
        assert not stands(project, rule, on=signed - DAY)
