"""A second, plain reading of the contract, to hold the rulebook against.

It shares no code with the rules: first everything dated after the day is struck out of the record, then each
line of the contract's tables is applied as it is written. It knows nothing of spans of days, files or kinds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from lifecycle.record import (
    AnnualReport,
    Change,
    ChangeKind,
    Conclusion,
    Direction,
    IndicatorCategory,
    Nature,
    ProjectRecord,
    Review,
    Signatory,
    Source,
    Subcategory,
    Tranche,
    UnitType,
)

MAJOR, KEY = "沙坪坝区科技攻关重大专项", "沙坪坝区科技攻关重点专项"
EA = "企业科技攻关联合行动计划"
CY = "川渝科技创新合作计划（2024）"
SC1_KEY, SC1_GENERAL = "四川省院省校合作重点项目（2024）", "四川省院省校合作面上项目（2024）"
SC2 = "四川省区域创新合作（2024）"
SC3_KEY, SC3_GENERAL = "四川省国际科技合作重点项目（2024）", "四川省国际科技合作面上项目（2024）"
SC3_REGION = "四川省港澳台科技创新合作（2024）"
SX, SX_AID = "山西省科技合作交流专项（2024）", "山西省科技援助合作（2024）"
PROGRAMMES = (MAJOR, KEY, EA, CY, SC1_KEY, SC1_GENERAL, SC2, SC3_KEY, SC3_GENERAL, SC3_REGION, SX, SX_AID)
USUAL = {"spb-16-period", "spb-23-first-ratio", "ea-3-district-ratio", "ea-16-period", "sx-2-frozen"}

MILLION = 1_000_000  # fen in one 万元
DAY = timedelta(days=1)
REGIONS = ("香港特区", "澳门特区", "台湾地区")
PROVINCES = frozenset({
    "北京市", "天津市", "上海市", "重庆市", "河北省", "山西省", "辽宁省", "吉林省", "黑龙江省", "江苏省",
    "浙江省", "安徽省", "福建省", "江西省", "山东省", "河南省", "湖北省", "湖南省", "广东省", "海南省",
    "四川省", "贵州省", "云南省", "陕西省", "甘肃省", "青海省", "内蒙古自治区", "广西壮族自治区",
    "西藏自治区", "宁夏回族自治区", "新疆维吾尔自治区",
})  # fmt: skip
BIG = (ChangeKind.UNIT, ChangeKind.PI, ChangeKind.EXTENSION)

Hit = tuple[str, str]


def findings(record: ProjectRecord, as_of: date) -> dict[Hit, str | None]:
    """Return rule and subject of every finding, with the reason given for it."""
    known = happened(record, as_of)
    hits = set(_of_programme(Facts(known, as_of)))
    reasons = {(note.rule, note.subject): note.reason for note in known.exceptions}
    return {hit: reasons.get(hit) if hit[0] in USUAL else None for hit in hits}


def happened(record: ProjectRecord, as_of: date) -> ProjectRecord:
    """Return the record with every event after ``as_of`` struck out."""

    def past(day: date | None) -> date | None:
        return day if day is not None and day <= as_of else None

    acceptance = record.acceptance
    if acceptance is not None:
        acceptance = replace(
            acceptance,
            applied_on=past(acceptance.applied_on),
            conference_on=past(acceptance.conference_on),
            government_on=past(acceptance.government_on),
            conclusion=acceptance.conclusion if past(acceptance.concluded_on) else None,
            concluded_on=past(acceptance.concluded_on),
            filed_on=past(acceptance.filed_on),
            platform_filed_on=past(acceptance.platform_filed_on),
            cleared_on=past(acceptance.cleared_on),
            integrity_on=past(acceptance.integrity_on),
        )
    return replace(
        record,
        signed_on=past(record.signed_on),
        tranches=tuple(
            replace(row, paid=row.paid if past(row.paid_on) else 0, paid_on=past(row.paid_on))
            for row in record.tranches
        ),
        spending=tuple(row for row in record.spending if row.on <= as_of),
        milestones=tuple(
            replace(row, reported_on=past(row.reported_on), reviewed_on=past(row.reviewed_on))
            for row in record.milestones
        ),
        annual_reports=tuple(
            replace(row, submitted_on=past(row.submitted_on), to_government_on=past(row.to_government_on))
            for row in record.annual_reports
        ),
        changes=tuple(
            replace(
                row,
                applied_on=past(row.applied_on),
                joint_consent_on=past(row.joint_consent_on),
                conference_on=past(row.conference_on),
                approved_on=past(row.approved_on),
                platform_filed_on=past(row.platform_filed_on),
            )
            for row in record.changes
        ),
        acceptance=acceptance,
        exceptions=tuple(row for row in record.exceptions if row.approved_on <= as_of),
    )


def years_after(day: date, years: int) -> date:
    """Return start + n years; from 29 February, 28 February."""
    try:
        return date(day.year + years, day.month, day.day)
    except ValueError:
        return date(day.year + years, 2, 28)


def months_after(day: date, months: int) -> date:
    """Return the day some months later, or the last of that month."""
    year, month = day.year, day.month + months
    while month > 12:
        year, month = year + 1, month - 12
    while month < 1:
        year, month = year - 1, month + 12
    for last in (day.day, 30, 29, 28):
        if last <= day.day:
            try:
                return date(year, month, last)
            except ValueError:
                continue
    raise AssertionError


@dataclass(frozen=True)
class Facts:
    """The contract's own words for what is known of a project on a day."""

    record: ProjectRecord
    as_of: date

    @property
    def fiscal(self) -> int:
        return self.record.provincial + self.record.district

    @property
    def total(self) -> int:
        return self.fiscal + self.record.joint + self.record.own

    @property
    def requested(self) -> int:
        return self.record.requested if self.record.requested is not None else self.record.provincial

    @property
    def enterprise(self) -> bool:
        return self.record.lead_unit_type == UnitType.ENTERPRISE

    @property
    def agreed_end(self) -> date:
        return self.record.original_end if self.record.original_end is not None else self.record.end

    @property
    def joint(self) -> bool:
        return self.record.joint_unit is not None

    @property
    def signed(self) -> date | None:
        return self.record.signed_on

    def concluded(self, *conclusions: Conclusion) -> bool:
        acceptance = self.record.acceptance
        return (
            acceptance is not None
            and acceptance.concluded_on is not None
            and (acceptance.conclusion in conclusions)
        )

    @property
    def payments(self) -> list[tuple[Tranche, date]]:
        return [
            (row, row.paid_on) for row in self.record.tranches if row.paid > 0 and row.paid_on is not None
        ]

    @property
    def fiscal_payments(self) -> list[tuple[Tranche, date]]:
        return [(row, day) for row, day in self.payments if is_fiscal(row.source)]

    def lacks(self, *parties: Signatory) -> bool:
        return any(party not in self.record.signatories for party in parties)

    @property
    def places(self) -> list[str]:
        return [partner.place for partner in self.record.partners]


def is_fiscal(source: Source) -> bool:
    return source in (Source.PROVINCIAL, Source.DISTRICT)


def _of_programme(facts: Facts) -> Iterator[Hit]:
    programme = facts.record.programme
    if programme in (MAJOR, KEY):
        yield from _spb_agreement(facts)
        yield from _spb_money(facts)
        yield from _spb_reports(facts)
        yield from _spb_changes(facts)
        yield from _spb_end(facts)
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


def _floor(facts: Facts, rule: str) -> Iterator[Hit]:
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
    yield from _floor(facts, "spb-22-indicator-floor")
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
    yield from _floor(facts, "cy-3-indicator-floor")


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
