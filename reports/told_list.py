"""Who was told of what as a workbook: what is filtered, in its order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import IO

from lifecycle.calendar import SHANGHAI
from lifecycle.tellings import Outcome, ShownTelling
from lifecycle.wording import step_in_words, told_when
from reports.lists import Column, day, text, write_list


def write_told_list(
    target: IO[bytes], rows: Iterable[ShownTelling], *, agency: str, asked: str, today: date
) -> int:
    """Write the workbook to ``target`` and return how many rows are in it.

    ``asked`` says in words what was filtered.
    """
    return write_list(
        target,
        name="告知记录",
        title=f"{agency}告知记录",
        note=f"截至 {today}；{asked}。",
        columns=_COLUMNS,
        rows=rows,
    )


def _moment(row: ShownTelling) -> str:
    if row.at is None or row.outcome is Outcome.WAITING:
        return ""
    return f"{row.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


_COLUMNS: Sequence[Column[ShownTelling]] = (
    day("告知日期", lambda row: row.told_on),
    text("告知时点", 12, lambda row: told_when(row.step, row.due, row.told_on)),
    text("提醒节点", 12, lambda row: step_in_words(row.step) if row.due else ""),
    text("项目编号", 20, lambda row: row.number),
    text("项目名称", 40, lambda row: row.title),
    text("事项", 44, lambda row: row.message),
    day("期限", lambda row: row.due),
    text("依据", 30, lambda row: row.citation),
    text("告知对象", 14, lambda row: row.name),
    text("告知方式", 12, lambda row: row.channel),
    text("收件地址", 28, lambda row: row.address),
    text("结果", 10, lambda row: row.outcome),
    text("阅读或发出时间", 18, _moment),
    text("对方的回答", 40, lambda row: row.error or row.note),
    text("签收", 24, lambda row: row.signed),
)
