"""The figures of finance's tables, each with the address of exactly the lines it adds up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import url_for

from app.money.asked import args_of
from app.money.lists import SOURCES
from finance.views.asking import PART_NAMES, Part, When, Which
from finance.views.moved import BOOK_NAMES, Book
from finance.views.planned import amount_of
from finance.views.plans import MONTHS, YearPlan
from finance.views.summing import By, SumRow
from lifecycle.money import Fen
from lifecycle.record import Source
from lifecycle.rulebook import rulebook


@dataclass(frozen=True, slots=True)
class Figure:
    """A sum in fen and where its lines are; a sum without lines leads nowhere."""

    fen: Fen
    url: str
    label: str = ""
    bad: bool = False
    """Whether it should not be: late, or paid beyond the plan."""


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One row of the year: a part of the plan by month, then the year's."""

    label: str
    figures: Sequence[Figure]
    bad: bool = False


@dataclass(frozen=True, slots=True)
class PlanGroup:
    """The rows of one source, or of both together."""

    title: str
    rows: Sequence[PlanRow]


_PLAN_ROWS: tuple[tuple[str, Part, When | None], ...] = (
    ("计划", Part.PLANNED, None),
    ("已拨付", Part.PAID, None),
    ("办理中", Part.ON_WAY, None),
    ("暂缓拨付", Part.HELD, None),
    ("未办理，已逾期", Part.WAITING, When.LATE),
    ("未办理，未逾期", Part.WAITING, When.NOT_LATE),
    ("不再拨付", Part.CANCELLED, None),
    ("超计划拨付", Part.OVER, None),
)
_ALWAYS = frozenset({Part.PLANNED, Part.PAID})
"""Rows shown although there is nothing in them."""

_BAD = frozenset({"未办理，已逾期", "超计划拨付"})
"""Rows of what should not be."""


def plan_groups(plan: YearPlan, which: Which) -> list[PlanGroup]:
    """Return the table of a year: both sources together, then each that has any plan."""
    sources = [source for source in SOURCES if plan.cell(source=source).amount(Part.PLANNED)]
    groups = [PlanGroup(which.source or "财政资金合计", list(_plan_rows(plan, which, which.source)))]
    if which.source is None and len(sources) > 1:
        groups += [PlanGroup(source, list(_plan_rows(plan, which, source))) for source in sources]
    return groups


def _plan_rows(plan: YearPlan, which: Which, source: Source | None) -> Iterator[PlanRow]:
    for label, part, when in _PLAN_ROWS:
        figures = [
            Figure(
                plan.cell(month, source).amount(part, when),
                lines_url(which, year=plan.year, month=month, source=source, part=part, when=when),
                "全年" if month is None else f"{month} 月",
                label in _BAD,
            )
            for month in (*MONTHS, None)
        ]
        if part in _ALWAYS or any(one.fen for one in figures):
            yield PlanRow(label, figures, label in _BAD)


def late_parts(plan: YearPlan, late: Which) -> Iterator[Figure]:
    """Yield what is late by where it stands, of every year."""
    for part in (Part.WAITING, Part.ON_WAY, Part.HELD):
        fen = plan.late.amount(part)
        if fen:
            yield Figure(fen, lines_url(late, part=part), PART_NAMES[part], bad=True)


def lines_url(which: Which, **changes: Any) -> str:
    """Return the address of the lines of the plan that are asked for with these changes."""
    return url_for("money.lines", **args_of(replace(which, **changes)))


def moved_url(book: Book, which: Which, **changes: Any) -> str:
    """Return the address of what moved and is asked for with these changes."""
    asked = replace(which, **{"part": Part.PLANNED, "when": None} | changes)
    return url_for("money.moved", book=book.value, **args_of(asked))


SUM_PARTS = (Part.PLANNED, Part.PAID, Part.ON_WAY, Part.WAITING, Part.HELD, Part.CANCELLED)
"""The columns of the plan in a summary; ``over`` is added where there is any."""


@dataclass(frozen=True, slots=True)
class ShownSum:
    """One row of a summary as its page and its workbook show it."""

    name: str
    source: str
    """Of a crossed row."""
    plan: Sequence[Figure]
    moved: Sequence[Figure]
    net: Fen
    is_total: bool = False


def sum_parts(rows: Sequence[SumRow]) -> tuple[Part, ...]:
    """Return the columns of the plan that a summary needs."""
    over = any(amount_of(row.parts, Part.OVER) for row in rows)
    return (*SUM_PARTS, Part.OVER) if over else SUM_PARTS


def shown_sum(row: SumRow, which: Which, by: By, parts: Sequence[Part], *, total: bool = False) -> ShownSum:
    """Return a row with the addresses of its sums; ``total`` is the row of all, which narrows nothing."""
    narrowed = which if total else replace(which, **_narrowed(row, by))
    plan = [
        Figure(
            amount_of(row.parts, part),
            lines_url(narrowed, part=part, when=None),
            PART_NAMES[part],
            part is Part.OVER,
        )
        for part in parts
    ]
    sums = {Book.PAID: row.moved.paid, Book.REVERSED: row.moved.reversed, Book.RETURNED: row.moved.returned}
    moved = [Figure(fen, moved_url(book, narrowed), BOOK_NAMES[book]) for book, fen in sums.items()]
    name = "合计" if total else _name(row.key, by)
    source = (row.source or "未分来源") if row.crossed and not total else ""
    return ShownSum(name, source, plan, moved, row.moved.net, total)


def _narrowed(row: SumRow, by: By) -> dict[str, Any]:
    own: dict[By, dict[str, Any]] = {
        By.PROGRAMME: {"programme": row.key},
        By.UNIT: {"unit": row.key},
        By.SOURCE: {"source": row.key, "sourceless": row.key is None},
        By.YEAR: {"undated": True, "year": None} if row.key is None else {"year": row.key},
    }
    crossed = {"source": row.source, "sourceless": row.source is None} if row.crossed else {}
    return own[by] | crossed


def _name(key: Any, by: By) -> str:
    if key is None:
        return "未分来源" if by is By.SOURCE else "未记日期"
    return f"{key} 年" if by is By.YEAR else str(key)


def in_order(rows: Sequence[SumRow], by: By) -> list[SumRow]:
    """Return the rows as one looks for them: programmes and sources in theirs, years back, units by name."""
    programmes = {name: place for place, name in enumerate(rulebook().programmes)}
    sources = {source: place for place, source in enumerate(Source)}

    def place(row: SumRow) -> tuple[Any, ...]:
        last = len(sources) if row.source is None else sources[row.source]
        if by is By.PROGRAMME:
            return programmes.get(row.key, len(programmes)), str(row.key), last
        if by is By.UNIT:
            return str(row.key), last
        if by is By.SOURCE:
            return sources.get(row.key, len(sources)), last
        return -(row.key or 0), last

    return sorted(rows, key=place)
