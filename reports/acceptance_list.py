"""The list of acceptances as a workbook."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import IO

from lifecycle.acceptance.listing import ListedCase
from reports.lists import Column, day, text, write_list

_COLUMNS: tuple[Column[ListedCase], ...] = (
    text("项目编号", 20, lambda row: row.number),
    text("项目名称", 40, lambda row: row.title),
    text("计划类别", 26, lambda row: row.programme),
    text("承担单位", 26, lambda row: row.lead_unit),
    text("项目负责人", 12, lambda row: row.pi_name),
    text("办理情况", 18, lambda row: row.words),
    day("承担单位确认", lambda row: row.confirmed_on),
    text("拟定结论", 10, lambda row: row.proposed),
    text("验收结论", 10, lambda row: row.conclusion),
    day("结论日期", lambda row: row.concluded_on),
    text("证书编号", 14, lambda row: row.certificate_number),
    text("项目阶段", 12, lambda row: row.stage),
)


def write_acceptance_list(
    target: IO[bytes], cases: Iterable[ListedCase], *, agency: str, asked: str, today: date
) -> int:
    """Write the cases to ``target``; return how many. ``asked`` says in words what was filtered."""
    return write_list(
        target,
        name="验收",
        title=f"{agency}项目验收情况",
        note=f"{asked}；{today} 导出",
        columns=_COLUMNS,
        rows=cases,
    )
