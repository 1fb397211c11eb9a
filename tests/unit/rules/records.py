"""Records for tests: one that breaks no rule, ready to be altered, and strategies for records of any kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
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
from tests.unit.rules.oracle import CY, EA, MAJOR, PROGRAMMES, SC1_GENERAL, USUAL, years_after

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
OFFSETS = [0, 0, 1, -1, 29, 30, 31, 60, 365, 366, 700, 729, 730, 731, 1095, 1096]
PLACES = [
    "四川省",
    "重庆市",
    "山西省",
    "北京市",
    "内蒙古自治区",
    "香港特区",
    "台湾地区",
    "法国",
    "以色列",
    "美国",
]
AMOUNTS = [0, 1, *(wan * WAN + more for wan in (3, 5, 10, 20, 30, 40, 50, 60, 80) for more in (-1, 0, 1))]

amounts = st.one_of(
    st.sampled_from(AMOUNTS),
    st.integers(0, 100).map(lambda wan: wan * WAN),
    st.integers(0, 10**16 - 1),
)


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for a value or a blank."""
    return st.none() | values


@st.composite
def records(draw: st.DrawFn, programmes: tuple[str, ...] = PROGRAMMES) -> ProjectRecord:
    """Draw a record whose days crowd around each other and around what the rules ask."""
    start = draw(st.sampled_from(STARTS))
    anchors = [start, draw(st.sampled_from(SPECIAL_DAYS)), draw(st.sampled_from(SPECIAL_DAYS))]
    around = st.builds(_shifted, st.sampled_from(anchors), st.sampled_from(OFFSETS))
    days = maybe(around)
    ends = st.one_of(
        around,
        st.builds(_shifted, st.sampled_from([years_after(start, n) for n in (1, 2, 3)]), st.integers(-31, 1)),
        st.sampled_from([date(2025, 12, 1), date(2025, 12, 31), date(2026, 1, 1), start]),
    ).map(lambda end: max(start, end))
    programme = draw(st.sampled_from(programmes))
    own, fiscal = draw(amounts), st.one_of(amounts, st.sampled_from([10 * WAN, 20 * WAN, 30 * WAN]))
    rows = draw(st.lists(_tranches(days), max_size=5))
    drawn = record(
        programme,
        nature=draw(maybe(st.sampled_from(Nature))),
        lead_unit_type=draw(maybe(st.sampled_from(UnitType))),
        lead_place=draw(maybe(st.sampled_from(PLACES[:6]))),
        joint_unit=draw(maybe(st.just("联合单位"))),
        self_established=draw(st.sampled_from([False, False, True])),
        milestone_managed=draw(st.booleans()),
        subcategory=draw(maybe(st.sampled_from(Subcategory))),
        start=start,
        end=draw(ends),
        original_end=draw(maybe(ends)),
        signed_on=draw(st.one_of(around, days)),
        signatories=tuple(draw(st.sets(st.sampled_from(Signatory)) | st.just(set(Signatory)))),
        separate_account=draw(maybe(st.booleans())),
        requested=draw(maybe(fiscal)),
        provincial=draw(fiscal),
        district=draw(fiscal),
        joint=draw(amounts),
        own=own,
        partners=tuple(draw(st.lists(_partners(days), max_size=4, unique_by=lambda one: one.name))),
        indicators=tuple(draw(st.lists(_indicators, max_size=3, unique_by=lambda one: one.name))),
        tranches=tuple(rows),
        spending=tuple(draw(st.lists(_spending(around), max_size=3))),
        milestones=tuple(draw(st.lists(_milestones(around, days), max_size=3, unique_by=lambda m: m.number))),
        annual_reports=tuple(draw(st.lists(_reports(days, start), max_size=3, unique_by=lambda r: r.year))),
        changes=tuple(draw(st.lists(_changes(days), max_size=3, unique_by=lambda c: c.number))),
        acceptance=draw(maybe(_acceptances(days))),
        exceptions=tuple(
            draw(st.lists(_notes(around), max_size=3, unique_by=lambda note: (note.rule, note.subject)))
        ),
    )
    return draw(st.just(drawn) | st.just(_at_thresholds(drawn)))


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


def _shifted(day: date, days: int) -> date:
    return min(max(day + timedelta(days=days), date(1990, 1, 1)), date(2100, 12, 31))


def _tranches(days: st.SearchStrategy[date | None]) -> st.SearchStrategy[Tranche]:
    sources = st.sampled_from([*Source, Source.PROVINCIAL, Source.DISTRICT])
    return st.builds(Tranche, st.integers(1, 3), sources, amounts, days, st.just(0) | amounts, days)


def _partners(days: st.SearchStrategy[date | None]) -> st.SearchStrategy[Partner]:
    names, types = st.sampled_from("甲乙丙丁"), maybe(st.sampled_from(UnitType))
    return st.builds(Partner, names, types, st.sampled_from(PLACES), amounts, days, days)


_values = st.sampled_from([None, "5.5", "5.50", "6", "4", "95%", "≥5"])
_indicators = st.builds(
    lambda agreed, guide, name, category, direction: indicator(
        agreed, guide, name=name, category=category, direction=direction
    ),
    _values,
    _values,
    st.sampled_from("甲乙丙"),
    st.sampled_from(IndicatorCategory),
    st.sampled_from(Direction),
)


def _spending(around: st.SearchStrategy[date]) -> st.SearchStrategy[Spending]:
    paid = st.one_of(amounts, st.integers(-30, 30).map(lambda wan: wan * WAN))
    return st.builds(
        Spending, around, st.sampled_from(Source), st.sampled_from(BudgetUse), paid, st.none(), st.none()
    )


def _milestones(
    around: st.SearchStrategy[date], days: st.SearchStrategy[date | None]
) -> st.SearchStrategy[Milestone]:
    return st.builds(
        Milestone, st.integers(1, 3), st.none(), around, days, days, maybe(st.sampled_from(Review))
    )


def _reports(days: st.SearchStrategy[date | None], start: date) -> st.SearchStrategy[AnnualReport]:
    return st.builds(AnnualReport, st.integers(start.year - 1, start.year + 3), days, st.booleans(), days)


def _changes(days: st.SearchStrategy[date | None]) -> st.SearchStrategy[Change]:
    none, kinds = st.none(), st.sampled_from(ChangeKind)
    return st.builds(
        Change, st.integers(1, 3), kinds, st.booleans(), days, days, days, days, days, none, none, none
    )


def _acceptances(days: st.SearchStrategy[date | None]) -> st.SearchStrategy[Acceptance]:
    reviews, no_money = maybe(st.sampled_from(Review)), st.sampled_from([0, 0, 1, 2])

    def both_or_neither(conclusion: Conclusion, concluded_on: date | None, **rest: Any) -> Acceptance:
        return acceptance(conclusion if concluded_on else None, concluded_on, **rest)

    return st.builds(
        both_or_neither,
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
        to_return=no_money,
        returned=no_money,
        goals_met=st.sampled_from([None, 0, 3, 4, 5]),
    )


def _notes(around: st.SearchStrategy[date]) -> st.SearchStrategy[ExceptionNote]:
    subjects = st.sampled_from(["", "1", "2"])
    return st.builds(ExceptionNote, st.sampled_from(sorted(USUAL)), subjects, st.just("已说明"), around)
