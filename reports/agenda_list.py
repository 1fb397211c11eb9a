"""What falls due in a span of days as a workbook: what is filtered, in its order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import IO

from lifecycle.agenda import AgendaDuty
from lifecycle.rulebook import cited
from reports.lists import Column, day, text, write_list


def write_agenda_list(
    target: IO[bytes], rows: Iterable[AgendaDuty], *, agency: str, asked: str, today: date
) -> int:
    """Write the workbook to ``target`` and return how many duties are in it.

    ``asked`` says in words what was filtered.
    """
    return write_list(
        target,
        name="到期事项",
        title=f"{agency}到期事项",
        note=f"截至 {today}；{asked}。",
        columns=_columns(today),
        rows=rows,
    )


def _columns(today: date) -> Sequence[Column[AgendaDuty]]:
    return (
        day("期限", lambda row: row.due),
        text("状态", 10, lambda row: row.state(today)),
        text("应办事项", 44, lambda row: row.message),
        text("责任人", 24, lambda row: row.who),
        text("项目编号", 20, lambda row: row.number),
        text("项目名称", 40, lambda row: row.title),
        text("承担单位", 30, lambda row: row.lead_unit),
        text("联合实施单位", 24, lambda row: row.joint_unit),
        day("产生日期", lambda row: row.since),
        day("办结日期", lambda row: row.done_on),
        text("依据", 32, lambda row: cited(row.rule, row.asked_by)),
    )
