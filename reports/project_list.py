"""The list of projects as a workbook: what is filtered, in its order, for whoever works on in Excel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import IO

from lifecycle.listing import ListedProject
from lifecycle.money import YUAN, Fen
from reports.lists import Column, day, text, whole, write_list


def _money(header: str, value: Callable[[ListedProject], Fen]) -> Column[ListedProject]:
    return Column(header, 16, "n", "#,##0.00", lambda project: _digits(value(project)))


def _digits(fen: Fen) -> str:
    """Return an amount in yuan as a number cell holds it, digit for digit."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // YUAN}.{abs(fen) % YUAN:02d}"


COLUMNS: Sequence[Column[ListedProject]] = (
    text("项目编号", 20, lambda project: project.number),
    text("项目名称", 40, lambda project: project.title),
    text("计划类别", 26, lambda project: project.programme),
    text("承担单位", 28, lambda project: project.lead_unit),
    text("项目负责人", 12, lambda project: project.pi_name),
    text("阶段", 11, lambda project: project.stage),
    day("实施开始", lambda project: project.start),
    day("实施结束", lambda project: project.end),
    _money("财政资金（元）", lambda project: project.fiscal),
    _money("计划拨付（元）", lambda project: project.planned),
    _money("已拨（元）", lambda project: project.paid),
    whole("不符合（项）", 9, lambda project: project.must_findings),
    whole("需说明（项）", 9, lambda project: project.usual_findings),
    day("最近期限", lambda project: project.next_due),
    text("最近应办事项", 40, lambda project: project.next_duty),
)


def write_project_list(
    target: IO[bytes], projects: Iterable[ListedProject], *, agency: str, asked: str, today: date
) -> int:
    """Write the workbook to ``target`` and return how many projects are in it.

    ``asked`` says in words what was filtered.
    """
    return write_list(
        target,
        name="项目列表",
        title=f"{agency}项目列表",
        note=f"截至 {today}；{asked}。金额单位为元。",
        columns=COLUMNS,
        rows=projects,
    )
