"""What is asked of a project before it applies for acceptance is asked of the day on which it applies."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from lifecycle.record import AnnualReport, BudgetUse, ProjectRecord, Source, Spending
from lifecycle.rulebook import Mark, rulebook
from lifecycle.rules.base import Act
from tests.unit.rules.facts import MAJOR
from tests.unit.rules.records import WAN, record, tranche

SIGNED = date(2024, 6, 10)


def mark(given: ProjectRecord, rule: str, day: date) -> Mark:
    """Return how a rule stands in the checklist of an application on a day."""
    lines = rulebook().checklist(given, Act.APPLY, day).lines
    return next(line.mark for line in lines if line.rule.id == rule)


@pytest.mark.parametrize(
    ("day", "wanted"),
    [
        (date(2025, 1, 31), Mark.HELD),
        (date(2025, 2, 1), Mark.NOT_HELD),
        (date(2025, 2, 9), Mark.NOT_HELD),
        (date(2025, 2, 10), Mark.HELD),
        (date(2026, 1, 31), Mark.HELD),
        (date(2026, 2, 1), Mark.NOT_HELD),
    ],
)
def test_a_report_that_has_fallen_due_is_missing_until_it_is_in(day: date, wanted: Mark) -> None:
    given = record(
        MAJOR, signed_on=SIGNED, annual_reports=(AnnualReport(2024, date(2025, 2, 10), True, None),)
    )
    assert mark(given, "spb-26-reports-in", day) is wanted


def test_money_that_was_to_arrive_by_the_day_has_to_be_there() -> None:
    plan = tranche(1, Source.OWN, 5 * WAN, planned_on=date(2025, 3, 1))
    given = record(MAJOR, signed_on=SIGNED, tranches=(plan,))
    assert mark(given, "spb-23-money-arrived", date(2025, 2, 28)) is Mark.HELD
    assert mark(given, "spb-23-money-arrived", date(2025, 3, 1)) is Mark.NOT_HELD
    there = replace(plan, paid=5 * WAN, paid_on=date(2025, 3, 1))
    assert mark(replace(given, tranches=(there,)), "spb-23-money-arrived", date(2025, 3, 1)) is Mark.HELD


def test_public_money_needs_spending_entered_by_the_day() -> None:
    paid = tranche(1, Source.DISTRICT, WAN, WAN, paid_on=date(2024, 7, 1))
    spent = Spending(date(2025, 3, 1), Source.DISTRICT, BudgetUse.LABOUR, WAN, None, None)
    given = record(MAJOR, signed_on=SIGNED, tranches=(paid,), spending=(spent,))
    assert mark(given, "spb-29-spending", date(2025, 2, 28)) is Mark.NOT_HELD
    assert mark(given, "spb-29-spending", date(2025, 3, 1)) is Mark.HELD
