"""The rulebook against the second reading of the contract, on any record and any day."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lifecycle.record import ProjectRecord
from lifecycle.rulebook import rulebook
from lifecycle.rules.base import DutyKind
from tests.unit.rules import oracle
from tests.unit.rules.facts import PROGRAMMES
from tests.unit.rules.records import records

QUICK = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def days_of(value: object) -> set[date]:
    """Return every date in a record."""
    if isinstance(value, date):
        return {value}
    if isinstance(value, tuple):
        return {day for item in value for day in days_of(item)}
    if is_dataclass(value):
        return {day for field in fields(value) for day in days_of(getattr(value, field.name))}
    return set()


def telling_days(record: ProjectRecord) -> list[date]:
    """Return the days on and around which a finding can begin or end."""
    duties = {duty.due for duty in rulebook().duties(record)}
    marked = days_of(record) | duties | {date(2026, 6, 30)}
    near = {day + timedelta(days=shift) for day in marked for shift in (-1, 0, 1)}
    return sorted(near)


def judged(record: ProjectRecord, day: date) -> dict[tuple[str, str], str | None]:
    """Return what the rulebook finds on a day, with the reasons, in the shape of the oracle's answer."""
    standing = rulebook().findings(record, day)
    found = {(finding.rule.id, finding.subject): finding.reason_on(day) for finding in standing}
    assert len(found) == len(standing), "a rule and subject stand twice on one day"
    assert list(found) == sorted(found)
    return found


@pytest.mark.parametrize("programme", PROGRAMMES)
@QUICK
@given(data=st.data())
def test_findings_of_any_day_are_those_of_the_contract(programme: str, data: st.DataObject) -> None:
    record = data.draw(records((programme,)))
    for day in telling_days(record):
        assert judged(record, day) == oracle.findings(record, day), day


@QUICK
@given(records(PROGRAMMES[:3]))
def test_what_is_late_is_a_finding_and_what_is_in_time_is_none(record: ProjectRecord) -> None:
    duties = [duty for duty in rulebook().duties(record) if duty.rule.judges]
    lateness = {
        (finding.rule.id, finding.subject, day)
        for day in telling_days(record)
        for finding in rulebook().findings(record, day)
        if isinstance(finding.rule.kind, DutyKind)
    }
    expected = {
        (duty.rule.id, duty.subject, day)
        for duty in duties
        for day in telling_days(record)
        if _is_late(duty.since, duty.due, duty.done_on, day)
        and not (duty.rule.kind.closing_excuses and duty.closed_on is not None and duty.closed_on <= duty.due)
    }
    assert lateness == expected


def _is_late(since: date, due: date, done_on: date | None, day: date) -> bool:
    """Whether something due counts as late on a day: the day has passed and it was not done by then."""
    return since <= day and day > due and (done_on is None or done_on > due)
