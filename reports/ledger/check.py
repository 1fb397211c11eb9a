"""The ledger check (台账体检): findings and refusals in the forms other programs and people read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import TypedDict

from lifecycle.record import ProjectRecord
from lifecycle.rulebook import rulebook
from lifecycle.rules.base import Finding, Strength
from reports.ledger.errors import CellError

STRENGTH_WORDS = {Strength.MUST: "应当", Strength.USUAL: "一般"}


class FindingRow(TypedDict):
    """A finding on one day, as the contract writes it."""

    project: str
    rule: str
    subject: str
    strength: str
    document: str
    article: str
    message: str
    reason: str | None


def check(records: Iterable[ProjectRecord], as_of: date) -> list[FindingRow]:
    """Return the findings of these projects that stand on ``as_of``, in the contract's order."""
    book = rulebook()
    return in_order(
        finding_row(finding, as_of) for record in records for finding in book.findings(record, as_of)
    )


def finding_row(finding: Finding, as_of: date) -> FindingRow:
    """Return the row of a finding that stands on ``as_of``."""
    rule = finding.rule
    return {
        "project": finding.project,
        "rule": rule.id,
        "subject": finding.subject,
        "strength": rule.strength.value,
        "document": rule.document.cited_as,
        "article": rule.article,
        "message": finding.message,
        "reason": finding.reason_on(as_of),
    }


def in_order(rows: Iterable[FindingRow]) -> list[FindingRow]:
    """Return the rows by project, rule and subject (by code point); rows alike in all three are one."""
    unique: dict[tuple[str, str, str], FindingRow] = {}
    for row in rows:
        unique.setdefault((row["project"], row["rule"], row["subject"]), row)
    return [unique[place] for place in sorted(unique)]


def findings_in(form: str, as_of: date, projects: int, rows: Sequence[FindingRow]) -> Iterator[str]:
    """Yield the lines of a check of so many projects: the contract's object for ``json``, else for people."""
    if form == "json":
        yield _json({"as_of": as_of.isoformat(), "projects": projects, "findings": rows})
        return
    found = f"发现 {len(rows)} 个问题" if rows else "未发现问题"
    yield f"体检日期 {as_of.isoformat()}，共 {projects} 个项目，{found}。"
    for project, its_rows in groupby(rows, itemgetter("project")):
        yield ""
        yield project
        for row in its_rows:
            yield _finding_line(row)


def errors_in(form: str, errors: Sequence[CellError]) -> Iterator[str]:
    """Yield the lines of a refused workbook: the contract's object for ``json``, else for people."""
    if form == "json":
        yield _json({"errors": [error._asdict() for error in errors]})
        return
    yield f"台账未通过，共 {len(errors)} 处需要改正："
    for error in errors:
        yield f"  {error}"


def _finding_line(row: FindingRow) -> str:
    strength = STRENGTH_WORDS[Strength(row["strength"])]
    subject = f"[{row['subject']}] " if row["subject"] else ""
    reason = f"（已说明理由：{row['reason']}）" if row["reason"] else ""
    return f"  【{strength}】{subject}{row['message']}（{row['document']} {row['article']}）{reason}"


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False)
