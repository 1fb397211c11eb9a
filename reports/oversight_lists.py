"""Inspections, measures and entries of research integrity as workbooks: what is filtered, in its order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import IO, Any, TypeVar

from lifecycle.supervised import ListedEntry, ListedInspection, ListedMeasure
from reports.lists import Column, day, text, whole, write_list

Row = TypeVar("Row", ListedInspection, ListedMeasure, ListedEntry)


def _write(
    target: IO[bytes],
    name: str,
    columns: Sequence[Column[Row]],
    rows: Iterable[Row],
    agency: str,
    today: date,
) -> int:
    of_project: list[Column[Row]] = [
        text("项目编号", 20, lambda row: row.project.number),
        text("项目名称", 40, lambda row: row.project.title),
        text("承担单位", 28, lambda row: row.project.lead_unit),
    ]
    every: list[Column[Any]] = [*of_project, *columns]
    title, note = f"{agency}{name}清单", f"导出日期 {today}"
    return write_list(target, name=name, title=title, note=note, columns=every, rows=rows)


def write_inspections(
    target: IO[bytes], rows: Iterable[ListedInspection], *, agency: str, today: date
) -> int:
    """Write inspections to ``target``; return how many."""
    columns: list[Column[ListedInspection]] = [
        text("检查方式", 12, lambda row: row.kind),
        text("组织检查的部门或单位", 24, lambda row: row.organiser),
        text("采用其他部门结果", 12, lambda row: "是" if row.recognised else "否"),
        day("检查日期", lambda row: row.inspected_on),
        whole("发现问题（条）", 10, lambda row: row.findings),
        text("处理意见", 22, lambda row: row.outcome),
        day("整改期限", lambda row: row.due),
        text("状态", 16, lambda row: row.state),
    ]
    return _write(target, "检查", columns, rows, agency, today)


def write_measures(target: IO[bytes], rows: Iterable[ListedMeasure], *, agency: str, today: date) -> int:
    """Write measures to ``target``; return how many."""
    columns: list[Column[ListedMeasure]] = [
        text("处理", 12, lambda row: row.kind),
        text("事由", 50, lambda row: row.text),
        day("要求日期", lambda row: row.ordered_on),
        day("整改期限", lambda row: row.due),
        day("办结日期", lambda row: row.settled_on),
        text("状态", 12, lambda row: "逾期未整改" if row.is_overdue(today) else row.state),
    ]
    return _write(target, "整改和暂缓", columns, rows, agency, today)


def write_entries(target: IO[bytes], rows: Iterable[ListedEntry], *, agency: str, today: date) -> int:
    """Write entries of research integrity to ``target``; return how many."""
    columns: list[Column[ListedEntry]] = [
        text("对象", 28, lambda row: row.about),
        text("失信行为", 30, lambda row: row.act),
        text("依据", 30, lambda row: row.citation),
        day("发生日期", lambda row: row.happened_on),
        day("提出日期", lambda row: row.proposed_on),
        day("审批日期", lambda row: row.decided_on),
        text("状态", 12, lambda row: row.state),
    ]
    return _write(target, "科研诚信", columns, rows, agency, today)
