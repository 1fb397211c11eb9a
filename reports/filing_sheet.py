"""The list of who has reported and who has not, as a workbook: what is filtered, in its order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import IO

from lifecycle.filing_list import Filing
from reports.lists import Column, day, text, write_list

COLUMNS: Sequence[Column[Filing]] = (
    text("承担单位", 28, lambda one: one.lead_unit),
    text("项目编号", 20, lambda one: one.number),
    text("项目名称", 40, lambda one: one.title),
    text("计划类别", 26, lambda one: one.programme),
    text("项目负责人", 12, lambda one: one.pi_name),
    text("报告", 30, lambda one: one.what),
    day("期限", lambda one: one.due),
    text("状态", 12, lambda one: one.state),
    day("提交日期", lambda one: one.submitted_on),
    day("报区政府日期", lambda one: one.to_government_on),
)


def write_filing_list(
    target: IO[bytes], filings: Iterable[Filing], *, agency: str, asked: str, today: date
) -> int:
    """Write the workbook to ``target`` and return how many reports are in it.

    ``asked`` says in words what was filtered.
    """
    return write_list(
        target,
        name="报告提交情况",
        title=f"{agency}报告提交情况",
        note=f"截至 {today}；{asked}。",
        columns=COLUMNS,
        rows=filings,
    )
