"""The steps of a duty: when each comes, which one is told, and that none is told twice or too late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.calendar import ANNOUNCED_DAYS, WorkingDays
from lifecycle.reminding import USUAL, Clockwork, Step
from lifecycle.roles import Role

is_working_day = ANNOUNCED_DAYS.is_working

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
        (WORKDAY, date(2026, 9, 30), "T+14"),
        (WORKDAY, date(2026, 10, 1), "T+15"),
        (WORKDAY, date(2026, 10, 6), "T+15"),
        (WORKDAY, date(2026, 10, 7), "T+21"),
        (SATURDAY, date(2025, 12, 30), None),
        (SATURDAY, date(2025, 12, 31), "T-30"),
        (SATURDAY, date(2026, 1, 29), "T-1"),
        (SATURDAY, date(2026, 1, 30), "T"),
        (SATURDAY, date(2026, 2, 6), "T"),
        (SATURDAY, date(2026, 2, 7), "T+7"),
    ],
)
def test_the_newest_step_of_a_day(due: date, day: date, label: str | None) -> None:
    step = USUAL.step_at(due, day)
    assert (step.label if step else None) == label


def every_step(due: date, of: Clockwork = USUAL) -> Iterator[tuple[str, date]]:
    """Yield each step and its day, as one would write them down with a calendar at hand."""
    announced = due
    while not of.days.is_working(announced):
        announced -= timedelta(days=1)
    for ahead in of.before[:-1]:
        yield f"T-{ahead}", announced - timedelta(days=ahead)
    yield "T", announced
    for late in range(1, 560):
        if late % of.every == 0 or late in of.escalation.values():
            yield f"T+{late}", due + timedelta(days=late)


def told_by_hand(
    due: date, since: date, settled: date | None, days: list[date], of: Clockwork
) -> list[tuple[date, str]]:
    """Return what must be told: on each day the newest step, unless it has been told or nothing is owed."""
    told: list[tuple[date, str]] = []
    for day in days:
        come = [label for label, step_day in every_step(due, of) if step_day <= day]
        owed = since <= day and (settled is None or day < settled)
        if owed and come and come[-1] not in [label for _, label in told]:
            told.append((day, come[-1]))
    return told


FIRST = date(2025, 6, 1)
days_of_a_year = st.integers(0, 400).map(lambda number: FIRST + timedelta(days=number))
clockworks = st.builds(
    Clockwork,
    before=st.sets(st.integers(1, 90), max_size=5).map(lambda days: (*sorted(days, reverse=True), 0)),
    every=st.integers(1, 30),
    escalation=st.fixed_dictionaries(
        {Role.UNIT_MANAGER: st.integers(1, 30), Role.APPROVER: st.integers(1, 60)}
    ),
    days=st.dictionaries(days_of_a_year, st.booleans(), max_size=20).map(WorkingDays),
)
"""Steps as an agency may have set them, with days off of its own."""


@given(
    due=days_of_a_year,
    since=days_of_a_year,
    settled=st.none() | days_of_a_year,
    days=st.sets(days_of_a_year, max_size=60).map(sorted)
    | st.just([FIRST + timedelta(number) for number in range(401)]),
    restated=st.sets(st.integers(0, 400)),
    of=st.just(USUAL) | clockworks,
)
def test_each_step_is_told_once_whatever_days_are_left_out(
    due: date, since: date, settled: date | None, days: list[date], restated: set[int], of: Clockwork
) -> None:
    told: list[tuple[date, str]] = []
    following = of.next_step_on(due, since, settled, None)
    for number, day in enumerate(days):
        if following is not None and following <= day and (settled is None or day < settled):
            step = of.step_at(due, day)
            assert step is not None
            told.append((day, step.label))
            following = of.next_step_on(due, since, settled, day)
        if number in restated:
            following = of.next_step_on(due, since, settled, told[-1][0] if told else None)
    assert told == told_by_hand(due, since, settled, days, of)
    assert len({label for _, label in told}) == len(told)


@given(due=days_of_a_year, of=st.just(USUAL) | clockworks)
def test_whoever_is_told_of_lateness_is_first_told_on_the_very_day_that_was_set(
    due: date, of: Clockwork
) -> None:
    steps = list(steps_of_every_day(due, of))
    for role, days in of.escalation.items():
        first = next(step for step in steps if step.offset >= days)
        assert (first.offset, first.day) == (days, due + timedelta(days)), role


@given(due=days_of_a_year, of=st.just(USUAL) | clockworks)
def test_steps_rise_strictly_and_no_two_fall_on_a_day(due: date, of: Clockwork) -> None:
    steps = list(steps_of_every_day(due, of))
    assert all(one.offset < other.offset and one.day < other.day for one, other in pairwise(steps))
    assert [(step.label, step.day) for step in steps] == [
        step for step in every_step(due, of) if step[1] <= due + timedelta(80)
    ]


@given(due=days_of_a_year, still=st.tuples(st.integers(-99, 80), st.integers(1, 60)), of=clockworks)
def test_after_a_standstill_only_the_newest_step_is_told(
    due: date, still: tuple[int, int], of: Clockwork
) -> None:
    last, back = due + timedelta(still[0]), due + timedelta(sum(still))
    following = of.next_step_on(due, FIRST - timedelta(400), None, last)
    missed = [step for step in steps_of_every_day(due, of, sum(still)) if step.day > last]
    assert (following is not None and following <= back) == bool(missed)
    if missed:
        assert (following, of.step_at(due, back)) == (missed[0].day, missed[-1])


def steps_of_every_day(due: date, of: Clockwork, until: int = 80) -> Iterator[Step]:
    """Yield every step that is told where the clock runs each day until so many days after the deadline."""
    told_on = None
    while (day := of.next_step_on(due, date.min, None, told_on)) and day <= due + timedelta(until):
        step = of.step_at(due, day)
        assert step is not None
        assert step.day == day
        yield step
        told_on = day


def test_a_duty_settled_before_its_first_step_is_never_spoken_of() -> None:
    assert USUAL.next_step_on(WORKDAY, FIRST, date(2026, 8, 17), None) is None
    assert USUAL.next_step_on(WORKDAY, FIRST, date(2026, 8, 18), None) == date(2026, 8, 17)


def test_a_duty_that_arises_late_is_spoken_of_on_that_day() -> None:
    assert USUAL.next_step_on(WORKDAY, date(2026, 9, 10), None, None) == date(2026, 9, 10)
