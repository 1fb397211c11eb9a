"""The steps of a duty: when each comes, which one is told, and that none is told twice or too late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.calendar import is_working_day
from lifecycle.reminding import next_step_on, step_at

WORKDAY = date(2026, 9, 16)
SATURDAY = date(2026, 1, 31)
"""The Friday before it is a working day."""


@pytest.mark.parametrize(
    ("due", "day", "label"),
    [
        (WORKDAY, date(2026, 8, 16), None),
        (WORKDAY, date(2026, 8, 17), "T-30"),
        (WORKDAY, date(2026, 8, 31), "T-30"),
        (WORKDAY, date(2026, 9, 1), "T-15"),
        (WORKDAY, date(2026, 9, 9), "T-7"),
        (WORKDAY, date(2026, 9, 13), "T-3"),
        (WORKDAY, date(2026, 9, 15), "T-1"),
        (WORKDAY, date(2026, 9, 16), "T"),
        (WORKDAY, date(2026, 9, 22), "T"),
        (WORKDAY, date(2026, 9, 23), "T+7"),
        (WORKDAY, date(2026, 10, 6), "T+14"),
        (SATURDAY, date(2025, 12, 30), None),
        (SATURDAY, date(2025, 12, 31), "T-30"),
        (SATURDAY, date(2026, 1, 29), "T-1"),
        (SATURDAY, date(2026, 1, 30), "T"),
        (SATURDAY, date(2026, 2, 6), "T"),
        (SATURDAY, date(2026, 2, 7), "T+7"),
    ],
)
def test_the_newest_step_of_a_day(due: date, day: date, label: str | None) -> None:
    step = step_at(due, day)
    assert (step.label if step else None) == label


def every_step(due: date) -> Iterator[tuple[str, date]]:
    """Yield each step and its day, as one would write them down with a calendar at hand."""
    announced = due
    while not is_working_day(announced):
        announced -= timedelta(days=1)
    for ahead in (30, 15, 7, 3, 1):
        yield f"T-{ahead}", announced - timedelta(days=ahead)
    yield "T", announced
    for week in range(1, 80):
        yield f"T+{7 * week}", due + timedelta(weeks=week)


def told_by_hand(due: date, since: date, settled: date | None, days: list[date]) -> list[tuple[date, str]]:
    """Return what must be told: on each day the newest step, unless it has been told or nothing is owed."""
    told: list[tuple[date, str]] = []
    for day in days:
        come = [label for label, step_day in every_step(due) if step_day <= day]
        owed = since <= day and (settled is None or day < settled)
        if owed and come and come[-1] not in [label for _, label in told]:
            told.append((day, come[-1]))
    return told


FIRST = date(2025, 6, 1)
days_of_a_year = st.integers(0, 400).map(lambda number: FIRST + timedelta(days=number))


@given(
    due=days_of_a_year,
    since=days_of_a_year,
    settled=st.none() | days_of_a_year,
    days=st.sets(days_of_a_year, max_size=60).map(sorted)
    | st.just([FIRST + timedelta(number) for number in range(401)]),
    restated=st.sets(st.integers(0, 400)),
)
def test_each_step_is_told_once_whatever_days_are_left_out(
    due: date, since: date, settled: date | None, days: list[date], restated: set[int]
) -> None:
    told: list[tuple[date, str]] = []
    following = next_step_on(due, since, settled, None)
    for number, day in enumerate(days):
        if following is not None and following <= day and (settled is None or day < settled):
            step = step_at(due, day)
            assert step is not None
            told.append((day, step.label))
            following = next_step_on(due, since, settled, day)
        if number in restated:
            following = next_step_on(due, since, settled, told[-1][0] if told else None)
    assert told == told_by_hand(due, since, settled, days)
    assert len({label for _, label in told}) == len(told)


def test_a_duty_settled_before_its_first_step_is_never_spoken_of() -> None:
    assert next_step_on(WORKDAY, FIRST, date(2026, 8, 17), None) is None
    assert next_step_on(WORKDAY, FIRST, date(2026, 8, 18), None) == date(2026, 8, 17)


def test_a_duty_that_arises_late_is_spoken_of_on_that_day() -> None:
    assert next_step_on(WORKDAY, date(2026, 9, 10), None, None) == date(2026, 9, 10)
