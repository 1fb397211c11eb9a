"""Money that waits as a workbook: what is filtered, in its order, with who can cure it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import IO, NamedTuple

from finance.holds import HeldTranche
from lifecycle.money import YUAN
from reports.lists import Column, day, text, whole, write_list


class HeldLine(NamedTuple):
    """One line: the tranche, and in words who can cure what holds it."""

    held: HeldTranche
    cures: Sequence[str]


def write_held_list(
    target: IO[bytes], lines: Iterable[HeldLine], *, agency: str, asked: str, today: date
) -> int:
    """Write the workbook to ``target`` and return how many tranches are in it.

    ``asked`` says in words what was filtered.
    """
    return write_list(
        target,
        name="暂缓款项",
        title=f"{agency}暂缓拨付款项",
        note=f"截至 {today}；{asked}。金额单位为元。",
        columns=_columns(today),
        rows=lines,
    )


def _columns(today: date) -> Sequence[Column[HeldLine]]:
    return (
        text("项目编号", 20, lambda line: line.held.project_number),
        text("项目名称", 40, lambda line: line.held.project_title),
        text("计划类别", 26, lambda line: line.held.programme),
        text("承担单位", 28, lambda line: line.held.lead_unit),
        text("资金来源", 16, lambda line: line.held.source),
        whole("期次", 6, lambda line: line.held.number),
        Column("暂缓金额（元）", 16, "n", "#,##0.00", lambda line: _digits(line.held.fen)),
        day("计划日期", lambda line: line.held.planned_on),
        day("暂缓起", lambda line: line.held.since),
        whole("已暂缓（天）", 9, lambda line: line.held.days(today)),
        text("原因", 60, lambda line: "；".join(one.words for one in line.held.holds)),
        text("依据", 30, lambda line: "；".join(one.citation for one in line.held.holds)),
        text("如何解除", 60, lambda line: "；".join(line.cures)),
    )


def _digits(fen: int) -> str:
    """Return an amount in yuan as a number cell holds it, digit for digit."""
    return f"{fen // YUAN}.{fen % YUAN:02d}"
