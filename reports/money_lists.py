"""The views of finance as workbooks: the plan of a year, its lines, what moved, and the summary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import IO, TypeVar

from finance.views.moved import BOOK_NAMES, Book, Movement
from finance.views.planned import PlanLine
from lifecycle.money import YUAN, Fen
from reports.lists import Column, day, text, whole, write_list

T = TypeVar("T")

MONEY = "#,##0.00"


def money(header: str, value: Callable[[T], Fen], width: float = 16) -> Column[T]:
    """Return a column of amounts in yuan."""
    return Column(header, width, "n", MONEY, lambda row: digits(value(row)))


def digits(fen: Fen) -> str:
    """Return an amount in yuan as a number cell holds it, digit for digit."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // YUAN}.{abs(fen) % YUAN:02d}"


PlanGroups = Iterable[tuple[str, Sequence[tuple[str, Sequence[Fen]]]]]
"""By source: the rows of the year, each with twelve months and the whole."""

_PlanRow = tuple[str, str, Sequence[Fen]]


def write_plan(
    target: IO[bytes], groups: PlanGroups, *, agency: str, year: int, asked: str, today: date
) -> int:
    """Write the plan of a year by month to ``target``; return how many rows."""
    months = [_at(f"{month} 月", month - 1) for month in range(1, 13)]
    columns: list[Column[_PlanRow]] = [
        text("资金来源", 18, lambda row: row[0]),
        text("款项", 18, lambda row: row[1]),
        *months,
        _at("全年", 12),
    ]
    rows = ((title, label, fens) for title, lines in groups for label, fens in lines)
    return write_list(
        target,
        name=f"{year}年度计划",
        title=f"{agency}{year}年度财政资金拨付计划",
        note=f"截至 {today}；{asked}。金额单位为元。",
        columns=columns,
        rows=rows,
    )


def _at(header: str, place: int) -> Column[_PlanRow]:
    return money(header, lambda row: row[2][place], 15)


PLAN_LINES: Sequence[Column[PlanLine]] = (
    text("项目编号", 20, lambda line: line.project_number),
    text("项目名称", 40, lambda line: line.project_title),
    text("计划类别", 26, lambda line: line.programme),
    text("承担单位", 28, lambda line: line.lead_unit),
    text("资金来源", 16, lambda line: line.source),
    whole("期次", 6, lambda line: line.number),
    day("计划日期", lambda line: line.planned_on),
    day("应拨日期", lambda line: line.due_on),
    text("状态", 11, lambda line: line.state),
    money("计划（元）", lambda line: line.planned),
    money("已拨（元）", lambda line: line.paid),
)


def write_plan_lines(
    target: IO[bytes], lines: Iterable[PlanLine], *, agency: str, part: str, asked: str, today: date
) -> int:
    """Write lines of the plan to ``target``, with that part of each; return how many."""
    return write_list(
        target,
        name=part,
        title=f"{agency}拨付计划明细：{part}",
        note=f"截至 {today}；{asked}。金额单位为元。",
        columns=(*PLAN_LINES, money(f"本项：{part}（元）", lambda line: line.amount, 20)),
        rows=lines,
    )


def _of_movement(book: Book) -> Sequence[Column[Movement]]:
    before: list[Column[Movement]] = [
        day(f"{BOOK_NAMES[book]}日期", lambda line: line.day),
        text("凭证号", 18, lambda line: line.voucher),
    ]
    project: list[Column[Movement]] = [
        text("项目编号", 20, lambda line: line.project_number),
        text("项目名称", 40, lambda line: line.project_title),
        text("计划类别", 26, lambda line: line.programme),
        text("承担单位", 28, lambda line: line.lead_unit),
        text("资金来源", 16, lambda line: line.source or "未分来源"),
    ]
    amount = money("金额（元）", lambda line: line.amount)  # type: Column[Movement]
    note: Column[Movement] = text("说明", 30, lambda line: line.note)
    if book is Book.RETURNED:
        return (*before, *project, amount, note)
    other = "冲正日期" if book is Book.PAID else "原拨付日期"
    tranche: list[Column[Movement]] = [
        text("批次", 12, lambda line: line.batch_number),
        *project,
        whole("期次", 6, lambda line: line.tranche_number),
        amount,
        day(other, lambda line: line.other_day),
    ]
    return (*before, *tranche, note) if book is Book.REVERSED else (*before, *tranche)


def write_moved(
    target: IO[bytes], lines: Iterable[Movement], book: Book, *, agency: str, asked: str, today: date
) -> int:
    """Write payments, reversals or returns to ``target``; return how many."""
    return write_list(
        target,
        name=f"{BOOK_NAMES[book]}明细",
        title=f"{agency}财政资金{BOOK_NAMES[book]}明细",
        note=f"截至 {today}；{asked}。金额单位为元。",
        columns=_of_movement(book),
        rows=lines,
    )


_SumRow = tuple[str, str, Sequence[Fen]]
MOVED_HEADS = ("拨付", "冲正", "退回", "净拨付")


def write_summary(
    target: IO[bytes],
    rows: Iterable[_SumRow],
    *,
    heads: tuple[str, Sequence[str]],
    crossed: bool,
    agency: str,
    asked: str,
    today: date,
) -> int:
    """Write a summary to ``target``; return how many rows.

    ``heads`` names what it is by and the parts of the plan.
    A row is its name, its source where ``crossed``, and its sums: the plan's, then what moved.
    """
    by, parts = heads
    names = [*parts, *MOVED_HEADS]
    source: list[Column[_SumRow]] = [text("资金来源", 18, lambda row: row[1])] if crossed else []
    sums = [_sum(f"{name}（元）", place) for place, name in enumerate(names)]
    return write_list(
        target,
        name="拨付汇总",
        title=f"{agency}财政资金拨付与退回汇总",
        note=f"截至 {today}；{asked}。计划各列按计划年度，拨付、冲正、退回按发生日期。金额单位为元。",
        columns=[text(by, 28, lambda row: row[0]), *source, *sums],
        rows=rows,
    )


def _sum(header: str, place: int) -> Column[_SumRow]:
    return money(header, lambda row: row[2][place], 17)
