"""The contract's table of the Shapingba document, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from lifecycle.record import (
    AnnualReport,
    Conclusion,
    Direction,
    Nature,
    Review,
    Signatory,
    Source,
)
from tests.unit.rules.facts import (
    MAJOR,
    MILLION,
    Facts,
    is_fiscal,
    months_after,
    years_after,
)

Hit = tuple[str, str]


def spb(facts: Facts) -> Iterator[Hit]:
    """Yield rule and subject of every finding."""
    yield from _spb_agreement(facts)
    yield from _spb_money(facts)
    yield from _spb_reports(facts)
    yield from _spb_changes(facts)
    yield from _spb_end(facts)


def floor(facts: Facts, rule: str) -> Iterator[Hit]:
    for row in facts.record.indicators:
        if row.agreed_number is None or row.guide_number is None:
            continue
        if row.direction == Direction.AT_LEAST and row.agreed_number < row.guide_number:
            yield rule, row.name
        if row.direction == Direction.AT_MOST and row.agreed_number > row.guide_number:
            yield rule, row.name


def _spb_agreement(facts: Facts) -> Iterator[Hit]:
    record = facts.record
    least, most = (10, 30) if record.programme == MAJOR else (5, 10)
    not_self = not record.self_established
    if not_self and not least * MILLION <= facts.fiscal <= most * MILLION:
        yield "spb-4-amount", ""
    if record.self_established and facts.fiscal > 0:
        yield "spb-11-self-financed", ""
    if facts.agreed_end > years_after(record.start, 3):
        yield "spb-16-period", ""
    yield from floor(facts, "spb-22-indicator-floor")
    lacks = facts.lacks(Signatory.DISTRICT, Signatory.UNIT)
    if facts.joint:
        lacks = lacks or facts.lacks(Signatory.JOINT_UNIT)
    if not_self and facts.signed and lacks:
        yield "spb-22-parties", ""
    if facts.signed and facts.signed < date(2024, 1, 19):
        yield "spb-36-effective", ""


def _spb_money(facts: Facts) -> Iterator[Hit]:
    record, as_of = facts.record, facts.as_of
    if facts.signed and record.separate_account is False:
        yield "spb-29-separate-account", ""
    for row in record.tranches:
        if facts.signed and row.source == Source.JOINT and row.planned_on and row.planned_on < as_of:
            paid = row.paid > 0 and row.paid_on is not None
            if not paid or (row.paid_on is not None and row.paid_on > row.planned_on):
                yield "spb-23-joint-payment", str(row.number)
    if record.self_established:
        return
    if facts.fiscal > 0 and facts.signed:
        deadline = facts.signed + timedelta(days=30)
        days = [day for _, day in facts.fiscal_payments]
        if (days and min(days) > deadline) or (not days and as_of > deadline):
            yield "spb-23-payment-deadline", ""
    first = [row for row in record.tranches if is_fiscal(row.source) and row.number == 1]
    if facts.fiscal > 0 and first:
        amount = sum(row.paid if row.paid > 0 and row.paid_on else row.planned for row in first)
        if record.nature == Nature.RESEARCH and amount * 10 < facts.fiscal * 7:
            yield "spb-23-first-ratio", ""
        if record.nature == Nature.TRANSFORMATION and amount * 2 > facts.fiscal:
            yield "spb-23-first-ratio", ""
    for number in {row.number for row, _ in facts.fiscal_payments if row.number >= 2}:
        day = min(on for row, on in facts.fiscal_payments if row.number == number)
        spent = sum(row.amount for row in record.spending if is_fiscal(row.source) and row.on <= day)
        paid_before = sum(row.paid for row, on in facts.fiscal_payments if row.number < number and on <= day)
        if spent * 10 < paid_before * 8:
            yield "spb-29-spend-gate", str(number)


def _spb_reports(facts: Facts) -> Iterator[Hit]:
    record, as_of = facts.record, facts.as_of
    if record.self_established:
        return
    for report in record.annual_reports:
        if report.submitted_on and not report.with_accounts:
            yield "spb-26-annual-accounts", str(report.year)
        if report.submitted_on and record.programme == MAJOR and not report.to_government_on:
            yield "spb-26-annual-to-government", str(report.year)
    if not facts.signed:
        return
    acceptance = record.acceptance
    concluded_on = acceptance.concluded_on if acceptance and facts.concluded(*Conclusion) else None
    for year in range(record.start.year, record.end.year + 1):
        last = date(year + 1, 1, 31)
        if not facts.signed <= last < as_of:
            continue
        if year == record.start.year and months_after(record.start, 3) > date(year + 1, 1, 1):
            continue
        if concluded_on and concluded_on <= last:
            continue
        if not _handed_in_by(record.annual_reports, year, last):
            yield "spb-26-annual-report", str(year)
    for row in record.milestones:
        if not record.milestone_managed or as_of <= row.planned_on:
            continue
        if concluded_on and concluded_on <= row.planned_on:
            continue
        if row.reported_on is None or row.reported_on > row.planned_on:
            yield "spb-26-stage-report", str(row.number)


def _handed_in_by(reports: tuple[AnnualReport, ...], year: int, last: date) -> bool:
    return any(row.year == year and row.submitted_on and row.submitted_on <= last for row in reports)


def _spb_changes(facts: Facts) -> Iterator[Hit]:
    record = facts.record
    for row in record.changes:
        if record.self_established or row.self_decided:
            continue
        if facts.joint and _out_of_order(row.joint_consent_on, row.applied_on):
            yield "spb-28-joint-consent", str(row.number)
        if record.programme == MAJOR and _out_of_order(row.conference_on, row.approved_on):
            yield "spb-28-major-conference", str(row.number)


def _out_of_order(earlier: date | None, later: date | None) -> bool:
    return later is not None and (earlier is None or earlier > later)


def _spb_end(facts: Facts) -> Iterator[Hit]:
    record, acceptance = facts.record, facts.record.acceptance
    if acceptance is None:
        return
    if facts.concluded(Conclusion.PASSED, Conclusion.FAILED):
        conference, government = acceptance.conference_on, acceptance.government_on
        reviews = (acceptance.technical, acceptance.financial)
        if not record.self_established:
            if record.programme == MAJOR and (not conference or not government or conference > government):
                yield "spb-32-authority", ""
            passed = acceptance.conclusion == Conclusion.PASSED
            if None in reviews or (passed and reviews != (Review.PASSED, Review.PASSED)):
                yield "spb-32-merged", ""
            if facts.joint and not acceptance.joint_unit_took_part:
                yield "spb-32-joint-organiser", ""
        elif not acceptance.filed_on:
            yield "spb-32-filing", ""
    if facts.concluded(Conclusion.FAILED, Conclusion.TERMINATED) and acceptance.own_fault:
        if not record.self_established and not acceptance.cleared_on:
            yield "spb-33-clearing", ""
        if not acceptance.integrity_on:
            yield "spb-33-integrity", ""
