"""Strategies for records: everything a ledger can say of a project."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from lifecycle.money import LIMIT
from lifecycle.places import PROVINCES, REGIONS
from lifecycle.record import (
    Acceptance,
    AnnualReport,
    BudgetLine,
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
from lifecycle.rulebook import rulebook
from reports.ledger.cells import plain_decimal

TRICKY = [
    "=1+1", "+1", "-1", "@SUM(A1)", "007", "1,234", "1e5", "2026-01-31", "是", "TRUE", "#N/A", "'quoted'",
    '"quoted"', "_x0041_", "_x005F_", "a\r\nb", "a\nb\tc", "12345678901234567890", "0.10", "<a>&amp;</a>",
    "]]>", "\U0001f600", "合计", "字" * 40_000,
]  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from(TRICKY),
    st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=12).map(str.strip).filter(bool),
)
MAYBE_TEXT = st.none() | TEXTS
NUMBERS = st.integers(1, 2**31 - 1)
DAYS = st.dates(date(1990, 1, 1), date(2100, 12, 31))
MAYBE_DAY = st.none() | DAYS
MONEY = st.one_of(st.just(0), st.integers(0, 10**9), st.integers(0, LIMIT - 1))


def maybe(choices: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for one of the choices, or none."""
    return st.none() | st.sampled_from(list(choices))


def lines(strategy: st.SearchStrategy[Any], *key: str) -> st.SearchStrategy[tuple[Any, ...]]:
    """Return a strategy for a few lines that differ in ``key``."""
    unique = (lambda line: tuple(getattr(line, name) for name in key)) if key else None
    return st.lists(strategy, max_size=3, unique_by=unique).map(tuple)


@st.composite
def indicators(draw: st.DrawFn) -> Indicator:
    """Return an indicator whose numbers are what its texts say."""
    guide, agreed, achieved = (draw(MAYBE_TEXT | st.integers().map(str)) for _ in range(3))
    number = [plain_decimal(text) if text else None for text in (guide, agreed)]
    return Indicator(
        draw(TEXTS), draw(st.sampled_from(IndicatorCategory)), draw(st.sampled_from(Direction)),
        draw(MAYBE_TEXT), guide, agreed, achieved, *number,
    )  # fmt: skip


@st.composite
def acceptances(draw: st.DrawFn) -> Acceptance:
    """Return an acceptance with a conclusion and its day, or with neither."""
    concluded = draw(st.booleans())
    reviews, days = maybe(Review), MAYBE_DAY
    return Acceptance(
        draw(days), draw(reviews), draw(reviews), draw(st.booleans()), draw(days), draw(days),
        draw(st.sampled_from(Conclusion)) if concluded else None, draw(DAYS) if concluded else None,
        draw(st.booleans()), draw(days), draw(days), draw(days), draw(days), draw(MONEY), draw(MONEY),
        draw(st.none() | st.integers(0, 99)),
    )  # fmt: skip


SOURCES, USES, FLAGS = st.sampled_from(Source), st.sampled_from(BudgetUse), st.booleans()
PLACES = st.sampled_from([*sorted(PROVINCES), *sorted(REGIONS), "法国", "刚果（金）"])
LINES = {
    "partners": lines(
        st.builds(Partner, TEXTS, maybe(UnitType), PLACES, MONEY, MAYBE_DAY, MAYBE_DAY), "name"
    ),
    "indicators": lines(indicators(), "name"),
    "tranches": lines(st.builds(Tranche, NUMBERS, SOURCES, MONEY, MAYBE_DAY, MONEY, MAYBE_DAY)),
    "spending": lines(
        st.builds(Spending, DAYS, SOURCES, USES, st.integers(1 - LIMIT, LIMIT - 1), MAYBE_TEXT, MAYBE_TEXT)
    ),
    "budget": lines(st.builds(BudgetLine, SOURCES, USES, MONEY), "source", "use"),
    "milestones": lines(
        st.builds(Milestone, NUMBERS, MAYBE_TEXT, DAYS, MAYBE_DAY, MAYBE_DAY, maybe(Review)), "number"
    ),
    "annual_reports": lines(st.builds(AnnualReport, NUMBERS, MAYBE_DAY, FLAGS, MAYBE_DAY), "year"),
    "changes": lines(
        st.builds(Change, NUMBERS, st.sampled_from(ChangeKind), FLAGS, *[MAYBE_DAY] * 5, *[MAYBE_TEXT] * 3),
        "number",
    ),
    "acceptance": st.none() | acceptances(),
    "exceptions": lines(
        st.builds(
            ExceptionNote,
            st.sampled_from(sorted(rulebook().usual_rules)),
            st.just("") | TEXTS,
            TEXTS,
            DAYS,
        ),
        "rule",
        "subject",
    ),
}


@st.composite
def records(draw: st.DrawFn) -> ProjectRecord:
    """Return a project with all its lines."""
    start, end = sorted((draw(DAYS), draw(DAYS)))
    signatories = st.lists(st.sampled_from(Signatory), unique=True).map(tuple)
    return ProjectRecord(
        draw(TEXTS.filter(lambda text: text not in ("合计", "小计", "总计"))), draw(TEXTS),
        draw(st.sampled_from(rulebook().programmes)), draw(maybe(Nature)), draw(TEXTS), draw(maybe(UnitType)),
        draw(maybe([*sorted(PROVINCES), *sorted(REGIONS)])), draw(TEXTS), draw(MAYBE_TEXT), draw(MAYBE_TEXT),
        draw(FLAGS), draw(FLAGS), draw(maybe(Subcategory)), start, end, draw(MAYBE_DAY), draw(MAYBE_DAY),
        draw(signatories), draw(st.none() | FLAGS), draw(st.none() | MONEY), draw(MONEY), draw(MONEY),
        draw(MONEY), draw(MONEY), draw(MAYBE_TEXT), draw(MAYBE_TEXT),
        **{name: draw(strategy) for name, strategy in LINES.items()},
    )  # fmt: skip
