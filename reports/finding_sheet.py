"""Findings, and the wrong cells of a refused ledger, as workbooks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import IO

from lifecycle.rules.base import Strength
from reports.finding_list import ListedFinding
from reports.ledger.errors import CellError
from reports.lists import Column, day, text, whole, write_list

STRENGTHS = {Strength.MUST: "必须", Strength.USUAL: "一般"}


def _article(finding: ListedFinding) -> str:
    return finding.rule.citation if finding.rule else ""


def _summary(finding: ListedFinding) -> str:
    return finding.rule.summary if finding.rule else ""


FINDINGS: Sequence[Column[ListedFinding]] = (
    text("项目编号", 20, lambda one: one.project),
    text("项目名称", 34, lambda one: one.title),
    text("计划类别", 24, lambda one: one.programme),
    text("强度", 7, lambda one: STRENGTHS[one.strength]),
    text("对象", 14, lambda one: one.subject),
    text("问题", 52, lambda one: one.message),
    text("规定", 44, _summary),
    text("依据", 26, _article),
    day("自", lambda one: one.since),
    text("已作说明", 30, lambda one: one.reason),
)

ERRORS: Sequence[Column[CellError]] = (
    text("工作表", 14, lambda one: one.sheet),
    whole("行", 8, lambda one: one.row),
    text("列", 24, lambda one: one.column),
    text("问题", 70, lambda one: one.message),
)


def write_findings(
    target: IO[bytes], findings: Iterable[ListedFinding], *, whose: str, asked: str, as_of: date
) -> int:
    """Write the workbook to ``target`` and return how many findings are in it.

    ``whose`` names the agency or the file, ``asked`` says in words what was filtered.
    """
    return write_list(
        target,
        name="问题清单",
        title=f"{whose}问题清单",
        note=f"体检日期 {as_of}；{asked}。",
        columns=FINDINGS,
        rows=findings,
    )


def write_errors(target: IO[bytes], errors: Iterable[CellError], *, file_name: str) -> int:
    """Write the wrong cells of the ledger in the file of that name; return how many there are."""
    return write_list(
        target,
        name="需要改正",
        title="台账需要改正的单元格",
        note=f"文件“{file_name}”；请在原台账中按下表改正后重新上传，没有保存任何内容。",
        columns=ERRORS,
        rows=errors,
    )
