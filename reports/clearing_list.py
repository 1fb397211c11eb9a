"""Lists of clearing as workbooks: clearings and recovery, and spending with what is not allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import IO, TypeVar

from finance.clearing.listing import ListedClearing
from finance.clearing.shown import PublicSpending
from lifecycle.money import Fen
from reports.clearing_sheet import MONEY, digits
from reports.lists import Column, day, text, whole, write_list

T = TypeVar("T")


def fen(header: str, value: Callable[[T], Fen | None]) -> Column[T]:
    """Return a column of amounts in yuan; ``None`` is blank."""

    def shown(row: T) -> str | None:
        amount = value(row)
        return None if amount is None else digits(amount)

    return Column(header, 16, "n", MONEY, shown)


_SPENDING: tuple[Column[PublicSpending], ...] = (
    day("日期", lambda row: row.on),
    text("资金来源", 16, lambda row: row.source),
    text("科目", 10, lambda row: row.use),
    text("凭证号", 18, lambda row: row.voucher),
    text("备注", 30, lambda row: row.note),
    fen("支出金额（元）", lambda row: row.amount),
    fen("不予认可（元）", lambda row: row.disallowed),
    text("原因", 40, lambda row: row.reason),
)


def _clearings(today: date) -> tuple[Column[ListedClearing], ...]:
    return (
        text("项目编号", 20, lambda row: row.number),
        text("项目名称", 40, lambda row: row.title),
        text("计划类别", 26, lambda row: row.programme),
        text("承担单位", 26, lambda row: row.lead_unit),
        text("项目结论", 10, lambda row: row.conclusion),
        day("结论日期", lambda row: row.concluded_on),
        text("事项", 12, lambda row: row.kind),
        text("办理情况", 12, lambda row: row.words),
        fen("应退（元）", lambda row: row.to_return),
        fen("已退（元）", lambda row: row.returned),
        fen("还应退（元）", lambda row: row.owed),
        day("退回期限", lambda row: row.due_on),
        whole("逾期天数", 10, lambda row: row.days_late(today) or None),
    )


def write_clearing_list(
    target: IO[bytes], rows: Iterable[ListedClearing], *, agency: str, asked: str, today: date
) -> int:
    """Write clearings to ``target``; return how many. ``asked`` says in words what was filtered."""
    note = f"{asked}；{today} 导出"
    title = f"{agency}清算与追缴情况"
    return write_list(target, name="清算与追缴", title=title, note=note, columns=_clearings(today), rows=rows)


def write_clearing_spending(
    target: IO[bytes], rows: Iterable[PublicSpending], *, title: str, today: date
) -> int:
    """Write spending with what is not allowed of it; return how many rows."""
    note = f"{today} 导出"
    return write_list(target, name="支出", title=title, note=note, columns=_SPENDING, rows=rows)
