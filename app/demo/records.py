"""Made-up projects: most of them in order, some not, all of them likely on the day they are made for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from app.demo import names
from app.demo.programmes import PATTERNS, Pattern
from lifecycle.calendar import add_months
from lifecycle.money import WAN, Fen
from lifecycle.record import (
    Acceptance,
    AnnualReport,
    BudgetLine,
    BudgetUse,
    Change,
    ChangeKind,
    Conclusion,
    Direction,
    Indicator,
    IndicatorCategory,
    Milestone,
    Nature,
    Partner,
    ProjectRecord,
    Review,
    Signatory,
    Source,
    Spending,
    Tranche,
    UnitType,
)

_USE_SHARES = (
    (BudgetUse.EQUIPMENT, 40),
    (BudgetUse.OPERATIONS, 35),
    (BudgetUse.LABOUR, 20),
    (BudgetUse.INDIRECT, 5),
)


@dataclass(frozen=True, slots=True)
class _Draft:
    """What is drawn first and everything else follows from."""

    random: Random
    today: date
    programme: str
    pattern: Pattern
    start: date
    end: date
    signed_on: date | None
    nature: Nature
    joint: bool
    funds: dict[Source, Fen]
    concluded_on: date | None

    def happens(self, day: date) -> date | None:
        """Return ``day`` if it has come; nothing made up lies in the future."""
        return day if day <= self.today else None

    def slips(self, percent: int = 10) -> bool:
        """Whether this is one of the cases in which somebody was not careful."""
        return self.random.randrange(100) < percent

    @property
    def district_programme(self) -> bool:
        """Whether it is one of the district's own special programmes."""
        return self.pattern.prefix.startswith("SPB")


def make_records(count: int, today: date, seed: int = 1) -> Iterator[ProjectRecord]:
    """Yield ``count`` projects as they would stand on ``today``; the same arguments give the same ones."""
    random = Random(seed)  # noqa: S311 (made-up data, nothing to guard)
    programmes = list(PATTERNS)
    weights = [PATTERNS[name].weight for name in programmes]
    for serial in range(1, count + 1):
        programme = random.choices(programmes, weights)[0]
        yield _record(_draft(random, today, programme), serial)


def _draft(random: Random, today: date, programme: str) -> _Draft:
    pattern = PATTERNS[programme]
    start = _recent(random, today, pattern.earliest)
    if pattern.fixed_start:
        start = date(2024, 1, random.randrange(1, 29))
    end = date(2025, 12, 31) if pattern.fixed_start else add_months(start, pattern.months)
    if pattern.months == 12:
        end = add_months(start, 12) - timedelta(1)
    sign_day = start + timedelta(random.randrange(0, 12))
    concluded = end + timedelta(random.randrange(20, 90))
    joint = pattern.prefix.startswith("SPB") and random.randrange(4) == 0
    return _Draft(
        random=random,
        today=today,
        programme=programme,
        pattern=pattern,
        start=start,
        end=end,
        signed_on=sign_day if sign_day <= today else None,
        nature=random.choice((Nature.RESEARCH, Nature.RESEARCH, Nature.TRANSFORMATION)),
        joint=joint,
        funds=_funds(random, pattern, joint=joint),
        concluded_on=concluded if concluded <= today and random.randrange(10) else None,
    )


def _recent(random: Random, today: date, earliest: date) -> date:
    """Return a start within the last three years, not before ``earliest``; one in four quite recent."""
    back = random.randrange(-10, 45) if random.randrange(4) == 0 else random.randrange(45, 1050)
    return max(today - timedelta(back), earliest)


def _funds(random: Random, pattern: Pattern, *, joint: bool) -> dict[Source, Fen]:
    provincial = random.randint(*pattern.provincial) * WAN
    district = random.randint(*pattern.district) * WAN
    return {
        Source.PROVINCIAL: provincial,
        Source.DISTRICT: district,
        Source.JOINT: 5 * WAN if joint else 0,
        Source.OWN: (provincial + district) * pattern.own_ratio // 100,
    }


def _record(draft: _Draft, serial: int) -> ProjectRecord:
    random, pattern, funds = draft.random, draft.pattern, draft.funds
    pi = names.person(random)
    tranches = tuple(_tranches(draft))
    return ProjectRecord(
        number=f"{pattern.prefix}-{draft.start.year}-{serial:05d}",
        title=names.title(random),
        programme=draft.programme,
        nature=draft.nature,
        lead_unit=names.company(random),
        lead_unit_type=UnitType.ENTERPRISE,
        lead_place=pattern.place,
        pi_name=pi,
        pi_email=f"pi{serial}@example.com",
        joint_unit="示范产业集团有限公司" if draft.joint else None,
        self_established=False,
        milestone_managed=draft.district_programme and random.randrange(3) == 0,
        subcategory=pattern.subcategory,
        start=draft.start,
        end=draft.end,
        original_end=None,
        signed_on=draft.signed_on,
        signatories=_signatories(draft),
        separate_account=None if draft.signed_on is None else not draft.slips(4),
        requested=funds[Source.PROVINCIAL] if pattern.prefix.startswith("SX") else None,
        provincial=funds[Source.PROVINCIAL],
        district=funds[Source.DISTRICT],
        joint=funds[Source.JOINT],
        own=funds[Source.OWN],
        bank_name=random.choice(names.BANKS),
        bank_account=names.account(random),
        partners=tuple(_partners(draft)),
        indicators=tuple(_indicators(draft)),
        tranches=tranches,
        spending=tuple(_spending(draft, tranches)),
        budget=tuple(_budget(draft)),
        milestones=tuple(_milestones(draft)),
        annual_reports=tuple(_annual_reports(draft)),
        changes=tuple(_changes(draft)),
        acceptance=_acceptance(draft),
    )


def _signatories(draft: _Draft) -> tuple[Signatory, ...]:
    if draft.signed_on is None:
        return ()
    joint = (Signatory.JOINT_UNIT,) if draft.joint else ()
    return draft.pattern.signatories + joint


def _partners(draft: _Draft) -> Iterator[Partner]:
    if draft.pattern.partner_place is None:
        return
    yield Partner(
        name=draft.random.choice(names.SCHOOLS),
        unit_type=UnitType.UNIVERSITY,
        place=draft.pattern.partner_place,
        share=draft.funds[Source.PROVINCIAL] * 3 // 10,
        agreement_from=None if draft.slips(5) else draft.start - timedelta(60),
        agreement_until=draft.end + timedelta(90),
    )


def _indicators(draft: _Draft) -> Iterator[Indicator]:
    wanted = (
        ("申请发明专利", IndicatorCategory.TECHNICAL, "件", 2),
        ("新增销售收入", IndicatorCategory.ECONOMIC, "万元", 300),
    )
    for name, category, unit, guide in wanted:
        agreed = Decimal(guide - 1 if draft.slips(4) else guide + draft.random.randrange(3))
        achieved = str(agreed) if draft.concluded_on else None
        yield Indicator(
            name,
            category,
            Direction.AT_LEAST,
            unit,
            str(guide),
            str(agreed),
            achieved,
            Decimal(guide),
            agreed,
        )


def _tranches(draft: _Draft) -> Iterator[Tranche]:
    base = draft.signed_on or draft.start
    for source, amount in draft.funds.items():
        if not amount:
            continue
        first_on = base + timedelta(20)
        if source is Source.OWN or draft.pattern.single_payment or not draft.district_programme:
            yield _tranche(draft, 1, source, amount, first_on)
            continue
        percent = 70 if draft.nature is Nature.RESEARCH else 50
        first = amount * (percent - 10 if draft.slips(8) else percent) // 100
        yield _tranche(draft, 1, source, first, first_on)
        yield _tranche(draft, 2, source, amount - first, add_months(first_on, 12))


def _tranche(draft: _Draft, number: int, source: Source, planned: Fen, planned_on: date) -> Tranche:
    late = 45 if draft.slips(8) else 0
    day = planned_on + timedelta(draft.random.randrange(-8, 6) + late)
    paid = draft.signed_on is not None and draft.signed_on < day <= draft.today - timedelta(6)
    return Tranche(number, source, planned, planned_on, planned if paid else 0, day if paid else None)


def _spending(draft: _Draft, tranches: tuple[Tranche, ...]) -> Iterator[Spending]:
    for tranche in tranches:
        if not tranche.paid_on or tranche.source is Source.OWN:
            continue
        rate = 60 if draft.slips(10) else draft.random.randrange(82, 100)
        day = tranche.paid_on + timedelta(draft.random.randrange(60, 200))
        if day > draft.today:
            continue
        spent = tranche.paid * rate // 100
        use = draft.random.choice(_USE_SHARES)[0]
        voucher = f"记-{draft.random.randrange(1, 999):03d}"
        yield Spending(day, tranche.source, use, spent, voucher, None)


def _budget(draft: _Draft) -> Iterator[BudgetLine]:
    for source in (Source.PROVINCIAL, Source.DISTRICT):
        amount = draft.funds[source]
        if amount:
            for use, share in _USE_SHARES[:2]:
                yield BudgetLine(source, use, amount * share // 75)


def _milestones(draft: _Draft) -> Iterator[Milestone]:
    if not draft.district_programme or draft.random.randrange(3):
        return
    for number in (1, 2):
        planned = add_months(draft.start, 8 * number)
        reported = draft.happens(planned + timedelta(20 if draft.slips() else -5))
        reviewed = reported and draft.happens(reported + timedelta(25))
        review = Review.PASSED if reviewed else None
        yield Milestone(number, f"第{number}阶段", planned, reported, reviewed, review)


def _annual_reports(draft: _Draft) -> Iterator[AnnualReport]:
    if not draft.district_programme or draft.signed_on is None:
        return
    last = min(draft.today.year - 1, draft.end.year)
    first = draft.start.year + (add_months(draft.start, 3) > date(draft.start.year + 1, 1, 1))
    for year in range(first, last + 1):
        submitted = draft.happens(date(year + 1, 1, draft.random.randrange(8, 30)))
        if submitted is None or (draft.concluded_on and draft.concluded_on <= submitted) or draft.slips(8):
            continue
        to_government = draft.happens(submitted + timedelta(30))
        yield AnnualReport(year, submitted, True, to_government if "重大" in draft.programme else None)


def _changes(draft: _Draft) -> Iterator[Change]:
    if draft.signed_on is None or draft.random.randrange(6):
        return
    applied = draft.happens(draft.start + timedelta(150))
    if applied is None:
        return
    consent = applied - timedelta(6) if draft.joint else None
    conference = draft.happens(applied + timedelta(10)) if "重大" in draft.programme else None
    approved = draft.happens(applied + timedelta(15))
    filed = draft.happens(applied + timedelta(20)) if draft.pattern.single_payment else None
    number = f"科发变〔{applied.year}〕{draft.random.randrange(1, 60)}号" if approved else None
    before, after = names.person(draft.random), names.person(draft.random)
    yield Change(
        1, ChangeKind.MEMBERS, False, applied, consent, conference, approved, filed, before, after, number
    )


def _acceptance(draft: _Draft) -> Acceptance | None:
    concluded = draft.concluded_on
    if concluded is None:
        asked = draft.happens(draft.end + timedelta(15))
        return _applied(asked) if asked else None
    major = "重大" in draft.programme
    return Acceptance(
        applied_on=draft.end + timedelta(10),
        technical=Review.PASSED,
        financial=Review.PASSED,
        joint_unit_took_part=draft.joint,
        conference_on=concluded - timedelta(8) if major else None,
        government_on=concluded - timedelta(3) if major else None,
        conclusion=Conclusion.PASSED,
        concluded_on=concluded,
        own_fault=False,
        filed_on=None,
        platform_filed_on=draft.happens(concluded + timedelta(5)) if draft.pattern.single_payment else None,
        cleared_on=None,
        integrity_on=None,
        to_return=0,
        returned=0,
        goals_met=5 if draft.pattern.prefix == "SX" else None,
    )


def _applied(asked: date) -> Acceptance:
    return Acceptance(
        applied_on=asked,
        technical=None,
        financial=None,
        joint_unit_took_part=False,
        conference_on=None,
        government_on=None,
        conclusion=None,
        concluded_on=None,
        own_fault=False,
        filed_on=None,
        platform_filed_on=None,
        cleared_on=None,
        integrity_on=None,
        to_return=0,
        returned=0,
        goals_met=None,
    )
