"""A second, plain reading of the contract, to hold the rulebook against.

It shares no code with the rules: first everything dated after the day is struck out of the record, then each
line of the contract's tables is applied as it is written. It knows nothing of spans of days, files or kinds.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from lifecycle.record import (
    Change,
    ChangeKind,
    Conclusion,
    IndicatorCategory,
    ProjectRecord,
    Signatory,
    Source,
    Subcategory,
)
from tests.unit.rules.facts import (
    CY,
    DAY,
    EA,
    KEY,
    MAJOR,
    MILLION,
    PROVINCES,
    REGIONS,
    SC1_GENERAL,
    SC1_KEY,
    SC2,
    SC3_GENERAL,
    SC3_KEY,
    SC3_REGION,
    SX,
    SX_AID,
    USUAL,
    Facts,
    happened,
    months_after,
    years_after,
)
from tests.unit.rules.oracle_spb import Hit, floor, spb

BIG = (ChangeKind.UNIT, ChangeKind.PI, ChangeKind.EXTENSION)


def findings(record: ProjectRecord, as_of: date) -> dict[Hit, str | None]:
    """Return rule and subject of every finding, with the reason given for it."""
    known = happened(record, as_of)
    hits = set(_of_programme(Facts(known, as_of)))
    reasons = {(note.rule, note.subject): note.reason for note in known.exceptions}
    return {hit: reasons.get(hit) if hit[0] in USUAL else None for hit in hits}


def _of_programme(facts: Facts) -> Iterator[Hit]:
    programme = facts.record.programme
    if programme in (MAJOR, KEY):
        yield from spb(facts)
    elif programme == EA:
        yield from _ea_agreement(facts)
        yield from _ea_money(facts)
        yield from _ea_end(facts)
    elif programme == CY:
        yield from _cy(facts)
    elif programme in (SC1_KEY, SC1_GENERAL):
        yield from _sc1(facts)
    elif programme == SC2:
        yield from _sc2(facts)
    elif programme in (SC3_KEY, SC3_GENERAL, SC3_REGION):
        yield from _sc3(facts)
    else:
        assert programme in (SX, SX_AID)
        yield from _sx(facts)


def _ea_agreement(facts: Facts) -> Iterator[Hit]:
    record = facts.record
    if record.provincial > 20 * MILLION:
        yield "ea-3-municipal-cap", ""
    if 0 < record.district < record.provincial:
        yield "ea-3-district-ratio", ""
    if facts.total < 40 * MILLION:
        yield "ea-8-total-investment", ""
    if record.own * 2 < facts.total:
        yield "ea-8-self-raised", ""
    if facts.signed and facts.lacks(Signatory.MUNICIPAL, Signatory.DISTRICT, Signatory.UNIT):
        yield "ea-14-parties", ""
    if facts.agreed_end > years_after(record.start, 2):
        yield "ea-16-period", ""
    if facts.signed and not date(2025, 1, 16) <= facts.signed <= date(2027, 12, 30):
        yield "ea-22-effective", ""


def _ea_money(facts: Facts) -> Iterator[Hit]:
    record = facts.record
    if facts.signed and record.separate_account is False:
        yield "ea-15-separate-account", ""
    for source, money in ((Source.PROVINCIAL, record.provincial), (Source.DISTRICT, record.district)):
        rows = [row for row in record.tranches if row.source == source]
        payments = [(row, day) for row, day in facts.payments if row.source == source]
        paid = sum(row.paid for row, _ in payments)
        if money > 0:
            several = any(row.number >= 2 for row in rows) or len({day for _, day in payments}) > 1
            if several or 0 < paid < money:
                yield "ea-15-single-payment", source.value
        if any(facts.signed is None or day < facts.signed for _, day in payments):
            yield "ea-15-before-signing", source.value
    for row in record.tranches:
        if facts.signed and row.source == Source.OWN and row.planned_on and row.planned_on < facts.as_of:
            not_paid = row.paid == 0 or row.paid_on is None
            late = row.paid_on is not None and row.paid_on > row.planned_on
            if not_paid or late or row.paid < row.planned:
                yield "ea-15-self-raised", str(row.number)


def _ea_end(facts: Facts) -> Iterator[Hit]:
    acceptance = facts.record.acceptance
    for row in facts.record.changes:
        if row.kind in BIG and row.self_decided and row.applied_on:
            yield "ea-17-major-change", str(row.number)
        made = row.approved_on if row.kind in BIG else row.applied_on
        if made and not row.platform_filed_on:
            yield "ea-17-change-filing", str(row.number)
    if acceptance is None:
        return
    if facts.concluded(Conclusion.PASSED, Conclusion.FAILED) and not acceptance.platform_filed_on:
        yield "ea-17-acceptance-filing", ""
    if facts.concluded(Conclusion.FAILED, Conclusion.TERMINATED):
        if not acceptance.cleared_on:
            yield "ea-17-recovery", ""
        if acceptance.to_return > acceptance.returned:
            yield "ea-17-refund", ""


def _cy(facts: Facts) -> Iterator[Hit]:
    record = facts.record
    if not 30 * MILLION <= facts.requested <= 50 * MILLION:
        yield "cy-2-amount", ""
    if record.own < record.provincial:
        yield "cy-2-matching", ""
    if record.lead_place is not None and record.lead_place != "重庆市":
        yield "cy-3-lead-place", ""
    if "四川省" not in facts.places:
        yield "cy-3-sichuan-partner", ""
    for partner in record.partners:
        if partner.agreement_from is None:
            yield "cy-3-cooperation-agreement", partner.name
    categories = [row.category for row in record.indicators]
    effects = IndicatorCategory.ECONOMIC in categories or IndicatorCategory.SOCIAL in categories
    if IndicatorCategory.TECHNICAL not in categories or not effects:
        yield "cy-3-indicator-categories", ""
    for row in record.indicators:
        if row.agreed_number is None:
            yield "cy-3-indicator-quantified", row.name
    yield from floor(facts, "cy-3-indicator-floor")


def _january_2024(day: date) -> bool:
    return (day.year, day.month) == (2024, 1)


def _sc1(facts: Facts) -> Iterator[Hit]:
    record = facts.record
    cap, years = (50, 2) if record.programme == SC1_KEY else (20, 1)
    if record.provincial > cap * MILLION:
        yield "sc-1-amount", ""
    last = years_after(record.start, years)
    if not _january_2024(record.start) or not months_after(last, -1) <= facts.agreed_end <= last:
        yield "sc-1-period", ""
    if facts.enterprise and record.own < record.provincial:
        yield "sc-1-matching", ""
    if record.lead_place is not None and record.lead_place != "四川省":
        yield "sc-1-lead-place", ""
    if sum(partner.share for partner in record.partners) * 10 < record.provincial * 3:
        yield "sc-1-partner-share", ""
    if facts.signed and record.separate_account is False:
        yield "sc-1-separate-account", ""


def _december_2025(day: date) -> bool:
    return (day.year, day.month) == (2025, 12)


def _sc2(facts: Facts) -> Iterator[Hit]:
    record = facts.record
    if record.provincial > 60 * MILLION:
        yield "sc-2-amount", ""
    if not (_january_2024(record.start) and _december_2025(facts.agreed_end)):
        yield "sc-2-period", ""
    if facts.enterprise and record.own < record.provincial:
        yield "sc-2-matching", ""
    if record.lead_place is not None and record.lead_place != "四川省":
        yield "sc-2-lead-place", ""
    if not any(place in PROVINCES and place != "四川省" for place in facts.places):
        yield "sc-2-partner", ""
    for partner in record.partners:
        if partner.agreement_from is None:
            yield "sc-2-cooperation-agreement", partner.name


def _validity(facts: Facts, rule: str) -> Iterator[Hit]:
    for partner in facts.record.partners:
        first, last = partner.agreement_from, partner.agreement_until
        if first is None or last is None or first > facts.record.start or last < facts.record.end:
            yield rule, partner.name


def _sc3(facts: Facts) -> Iterator[Hit]:
    record = facts.record
    cap = 80 if record.programme == SC3_KEY else 30
    if record.provincial > cap * MILLION:
        yield "sc-3-amount", ""
    if not (_january_2024(record.start) and _december_2025(facts.agreed_end)):
        yield "sc-3-period", ""
    if facts.enterprise and record.own < record.provincial:
        yield "sc-3-matching", ""
    abroad = [place for place in facts.places if place not in PROVINCES and place not in REGIONS]
    if record.programme == SC3_REGION:
        if not any(place in REGIONS for place in facts.places):
            yield "sc-3-outside-partner", ""
    elif not abroad:
        yield "sc-3-outside-partner", ""
    if record.programme == SC3_KEY and record.subcategory == Subcategory.BIG_SCIENCE:
        at_home = 1 if len(abroad) < len(facts.places) else 0
        if len(set(abroad)) + at_home < 3:
            yield "sc-3-three-countries", ""
    yield from _validity(facts, "sc-3-agreement-validity")


def _sx(facts: Facts) -> Iterator[Hit]:
    record = facts.record
    if record.programme == SX and facts.concluded(Conclusion.PASSED):
        assert record.acceptance is not None
        if (record.acceptance.goals_met or 0) < 4:
            yield "sx-1-goals", ""
    if record.lead_place is not None and record.lead_place != "山西省":
        yield "sx-2-lead-place", ""
    elsewhere = any(place in PROVINCES and place != "山西省" for place in facts.places)
    if record.subcategory == Subcategory.REGIONAL and not elsewhere:
        yield "sx-2-region-partner", ""
    if not record.partners:
        yield "sx-2-partner", ""
    yield from _validity(facts, "sx-2-agreement-validity")
    needed = facts.requested * (2 if facts.enterprise else 1)
    if record.own < needed:
        yield "sx-2-matching", ""
    short = record.requested - record.provincial if record.requested is not None else 0
    if short > 0 and record.own < needed + short:
        yield "sx-2-shortfall", ""
    earliest, latest = years_after(record.start, 2) - DAY, years_after(record.start, 3)
    if not earliest <= facts.agreed_end <= latest:
        yield "sx-2-period", ""
    for row in record.changes:
        if _touches_identity(row) and (row.approved_on or (row.self_decided and row.applied_on)):
            yield "sx-2-frozen", str(row.number)


def _touches_identity(change: Change) -> bool:
    return change.kind in (ChangeKind.TITLE, ChangeKind.UNIT, ChangeKind.PI)
