"""Records for tests: one that breaks no rule, ready to be altered, and strategies for records of any kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Any

from hypothesis import strategies as st

from lifecycle.record import (
    Acceptance,
    AnnualReport,
    BudgetUse,
    Change,
    ChangeKind,
    Conclusion,
    Direction,
    ExceptionNote,
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
    Subcategory,
    Tranche,
    UnitType,
)
from tests.unit.rules.facts import CY, EA, MAJOR, PROGRAMMES, SC1_GENERAL, USUAL, years_after

WAN = 1_000_000


def record(programme: str = MAJOR, **given: Any) -> ProjectRecord:
    """Return a bare project of a programme, with what is given."""
    facts: dict[str, Any] = {
        "number": "P-1",
        "title": "项目",
        "programme": programme,
        "nature": None,
        "lead_unit": "单位",
        "lead_unit_type": None,
        "lead_place": None,
        "pi_name": "某人",
        "pi_email": None,
        "joint_unit": None,
        "self_established": False,
        "milestone_managed": False,
        "subcategory": None,
        "start": date(2024, 6, 1),
        "end": date(2026, 5, 31),
        "original_end": None,
        "signed_on": None,
        "signatories": (),
        "separate_account": None,
        "requested": None,
        "provincial": 0,
        "district": 0,
        "joint": 0,
        "own": 0,
        "bank_name": None,
        "bank_account": None,
    }
    return ProjectRecord(**{**facts, **given})


def tranche(number: int, source: Source, planned: int, paid: int = 0, **days: date | None) -> Tranche:
    """Return a tranche with its ``planned_on`` and ``paid_on``, amounts in fen."""
    return Tranche(number, source, planned, days.get("planned_on"), paid, days.get("paid_on"))


def partner(name: str = "合作单位", place: str = "四川省", **given: Any) -> Partner:
    """Return a partner."""
    facts = {"unit_type": None, "share": 0, "agreement_from": None, "agreement_until": None}
    return Partner(name=name, place=place, **{**facts, **given})


def indicator(agreed: str | None, guide: str | None = None, **given: Any) -> Indicator:
    """Return an indicator with its values as written and, where they are such, as numbers."""
    facts = {"category": IndicatorCategory.TECHNICAL, "direction": Direction.AT_LEAST, "name": "指标"}
    return Indicator(
        unit=None,
        guide_value=guide,
        agreed_value=agreed,
        achieved_value=None,
        guide_number=_number(guide),
        agreed_number=_number(agreed),
        **{**facts, **given},
    )


def _number(text: str | None) -> Decimal | None:
    return Decimal(text) if text is not None and text.replace(".", "").isdigit() else None


def change(kind: ChangeKind = ChangeKind.PI, **given: Any) -> Change:
    """Return a change numbered 1 with the days given."""
    facts = {"number": 1, "self_decided": False, "before": None, "after": None, "approval_number": None}
    days = ("applied_on", "joint_consent_on", "conference_on", "approved_on", "platform_filed_on")
    return Change(kind=kind, **{**facts, **dict.fromkeys(days), **given})


def acceptance(conclusion: Conclusion | None, concluded_on: date | None, **given: Any) -> Acceptance:
    """Return an acceptance with what is given."""
    facts: dict[str, Any] = {
        "applied_on": None,
        "technical": None,
        "financial": None,
        "joint_unit_took_part": False,
        "conference_on": None,
        "government_on": None,
        "own_fault": False,
        "filed_on": None,
        "platform_filed_on": None,
        "cleared_on": None,
        "integrity_on": None,
        "to_return": 0,
        "returned": 0,
        "goals_met": None,
    }
    return Acceptance(conclusion=conclusion, concluded_on=concluded_on, **{**facts, **given})


STARTS = [
    date(2024, 1, 1),
    date(2024, 1, 31),
    date(2024, 2, 29),
    date(2023, 12, 31),
    date(2024, 10, 1),
    date(2024, 10, 2),
    date(2024, 11, 30),
    date(2025, 1, 16),
    date(2025, 3, 31),
    date(1990, 1, 1),
    date(2096, 2, 29),
]
SPECIAL_DAYS = [
    *STARTS,
    date(2024, 1, 18),
    date(2024, 1, 19),
    date(2025, 1, 15),
    date(2025, 1, 31),
    date(2025, 2, 1),
    date(2025, 12, 1),
    date(2025, 12, 31),
    date(2026, 1, 31),
    date(2027, 1, 31),
    date(2027, 12, 30),
    date(2027, 12, 31),
    date(2100, 12, 31),
]
CROWDED = [date(2025, 1, 16) + timedelta(days=shift) for shift in (-1, 0, 1, 2, 14, 15, 16, 29, 30, 31)]
DAYS = [
    day + timedelta(days=shift) for day in SPECIAL_DAYS for shift in (-1, 0, 1, 30, 31) if day.year < 2100
]
PLACES = ["四川省", "重庆市", "山西省", "北京市", "内蒙古自治区", "香港特区", "台湾地区", "法国", "以色列"]
AMOUNTS = [0, 1, *(wan * WAN + more for wan in (3, 5, 10, 20, 30, 40, 50, 60, 80) for more in (-1, 0, 1))]

amounts = st.one_of(
    st.sampled_from(AMOUNTS),
    st.integers(0, 100).map(lambda wan: wan * WAN),
    st.integers(0, 10**16 - 1),
)


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for a value or a blank."""
    return st.none() | values


around = st.sampled_from(CROWDED) | st.sampled_from(CROWDED) | st.sampled_from(DAYS)
days = maybe(around)
fiscal_amounts = st.one_of(amounts, st.sampled_from([10 * WAN, 20 * WAN, 30 * WAN]))
names = st.sampled_from("甲乙丙丁")
numbers = st.integers(1, 3)
values = st.sampled_from([None, "5.5", "5.50", "6", "4", "95%", "≥5"])
reviews = maybe(st.sampled_from(Review))
_sources = st.sampled_from([*Source, Source.PROVINCIAL, Source.DISTRICT])
_paid = st.one_of(amounts, st.integers(-30, 30).map(lambda wan: wan * WAN))

tranches = st.builds(Tranche, numbers, _sources, amounts, days, st.just(0) | amounts, days)
partners = st.builds(
    Partner, names, maybe(st.sampled_from(UnitType)), st.sampled_from(PLACES), amounts, days, days
)
indicators = st.builds(
    indicator,
    values,
    values,
    name=names,
    category=st.sampled_from(IndicatorCategory),
    direction=st.sampled_from(Direction),
)
spending = st.builds(Spending, around, _sources, st.sampled_from(BudgetUse), _paid, st.none(), st.none())
milestones = st.builds(Milestone, numbers, st.none(), around, days, days, reviews)
reports = st.builds(AnnualReport, st.integers(2022, 2028), days, st.booleans(), days)
changes = st.builds(
    change,
    st.sampled_from(ChangeKind),
    number=numbers,
    self_decided=st.booleans(),
    applied_on=days,
    joint_consent_on=days,
    conference_on=days,
    approved_on=days,
    platform_filed_on=days,
)
acceptances = st.builds(
    lambda conclusion, on, **given: acceptance(conclusion if on else None, on, **given),
    st.sampled_from(Conclusion),
    days,
    applied_on=days,
    technical=reviews,
    financial=reviews,
    joint_unit_took_part=st.booleans(),
    conference_on=days,
    government_on=days,
    own_fault=st.booleans(),
    filed_on=days,
    platform_filed_on=days,
    cleared_on=days,
    integrity_on=days,
    to_return=st.sampled_from([0, 1, 2]),
    returned=st.sampled_from([0, 1, 2]),
    goals_met=st.sampled_from([None, 0, 3, 4, 5]),
)
notes = st.builds(
    ExceptionNote, st.sampled_from(sorted(USUAL)), st.sampled_from(["", "1", "2"]), st.just("已说明"), around
)


def several(rows: st.SearchStrategy[Any], *key: str) -> st.SearchStrategy[tuple[Any, ...]]:
    """Return a strategy for up to four rows, no two with one key."""
    unique_by = attrgetter(*key) if key else None
    return st.lists(rows, max_size=4, unique_by=unique_by).map(tuple)


def _periods(start: date) -> st.SearchStrategy[tuple[date, date, date | None]]:
    terms = [
        years_after(start, n) + timedelta(days=shift) for n in (1, 2, 3) for shift in (-32, -31, -1, 0, 1)
    ]
    ends = st.sampled_from([*terms, start, date(2025, 12, 1), date(2025, 12, 31), date(2026, 1, 1)])
    ends = ends.map(lambda end: max(start, end))
    return st.tuples(st.just(start), ends, maybe(ends))


_agreements = st.fixed_dictionaries(
    {
        "nature": maybe(st.sampled_from(Nature)),
        "lead_unit_type": maybe(st.sampled_from(UnitType)),
        "lead_place": maybe(st.sampled_from(PLACES[:4])),
        "joint_unit": maybe(st.just("联合单位")),
        "self_established": st.sampled_from([False, False, True]),
        "milestone_managed": st.booleans(),
        "subcategory": maybe(st.sampled_from(Subcategory)),
        "signed_on": st.one_of(around, days),
        "signatories": (st.sets(st.sampled_from(Signatory)) | st.just(set(Signatory))).map(tuple),
        "separate_account": maybe(st.booleans()),
        "requested": maybe(fiscal_amounts),
        "provincial": fiscal_amounts,
        "district": fiscal_amounts,
        "joint": amounts,
        "own": amounts,
        "partners": several(partners, "name"),
        "indicators": several(indicators, "name"),
        "tranches": several(tranches),
        "spending": several(spending),
        "milestones": several(milestones, "number"),
        "annual_reports": several(reports, "year"),
        "changes": several(changes, "number"),
        "acceptance": maybe(acceptances),
        "exceptions": several(notes, "rule", "subject"),
    }
)
_all_periods = st.sampled_from(STARTS).flatmap(_periods)


@st.composite
def records(draw: st.DrawFn, programmes: tuple[str, ...] = PROGRAMMES) -> ProjectRecord:
    """Draw a record whose days crowd around each other and around what the rules ask."""
    start, end, original_end = draw(_all_periods)
    programme = draw(st.sampled_from(programmes))
    drawn = record(programme, start=start, end=end, original_end=original_end, **draw(_agreements))
    return _at_thresholds(drawn) if draw(st.booleans()) else drawn


def _at_thresholds(drawn: ProjectRecord) -> ProjectRecord:
    """Return the record with its money moved to where the ratios of its programme just hold."""
    provincial = {CY: 30, EA: 20, SC1_GENERAL: 20}.get(drawn.programme, 10) * WAN
    share = {partner.name: provincial * 3 // 10 for partner in drawn.partners[:1]}
    return replace(
        drawn,
        provincial=provincial,
        district=provincial if drawn.district else 0,
        joint=0,
        own=2 * provincial if drawn.own % 2 else provincial,
        partners=tuple(replace(one, share=share.get(one.name, 0)) for one in drawn.partners),
        tranches=tuple(
            replace(row, planned=provincial * 7 // 10, paid=provincial if row.paid else 0)
            for row in drawn.tranches
        ),
        spending=tuple(replace(row, amount=provincial * 8 // 10) for row in drawn.spending),
    )
