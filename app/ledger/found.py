"""What was found in an uploaded ledger, kept beside it, one a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from lifecycle.rules.base import Strength
from reports.finding_list import (
    FindingCounts,
    FindingFilter,
    FindingPage,
    ListedFinding,
    count_findings,
    pages_of,
)
from reports.ledger.errors import CellError


def write_errors(path: Path, errors: Iterable[CellError]) -> None:
    """Keep the wrong cells of a refused ledger."""
    _write(path, errors)


def read_errors(path: Path) -> Iterator[CellError]:
    """Yield the wrong cells kept."""
    for values in _read(path):
        yield CellError(*values)


class ErrorPage(NamedTuple):
    """One page of wrong cells, by sheet."""

    sheets: Sequence[tuple[str, Sequence[CellError]]]
    number: int
    pages: int


def page_of_errors(path: Path, count: int, number: int, size: int) -> ErrorPage:
    """Return a page of the ``count`` errors kept; one beyond the last gives the last."""
    pages, number = pages_of(count, FindingFilter(page=number, per_page=size))
    by_sheet: dict[str, list[CellError]] = {}
    for error in islice(read_errors(path), (number - 1) * size, number * size):
        by_sheet.setdefault(error.sheet or "", []).append(error)
    return ErrorPage(list(by_sheet.items()), number, pages)


def write_findings(path: Path, findings: Iterable[ListedFinding]) -> None:
    """Keep the findings of a checked ledger."""
    _write(
        path,
        (
            (
                *(one.project, one.title, one.programme, one.rule_id, one.subject, one.strength.value),
                *(one.message, one.reason, one.since.isoformat() if one.since else None),
            )
            for one in findings
        ),
    )


def read_findings(path: Path, asked: FindingFilter) -> Iterator[ListedFinding]:
    """Return the findings kept that are asked for, one after the other."""
    return filter(asked.takes, map(_finding, _read(path)))


def _finding(values: list[Any]) -> ListedFinding:
    number, title, programme, rule, subject, strength, message, reason, since = values
    day = date.fromisoformat(since) if since else None
    return ListedFinding(number, title, programme, rule, subject, Strength(strength), message, reason, day)


def page_of_findings(path: Path, asked: FindingFilter, all_counts: FindingCounts) -> FindingPage:
    """Return the page asked for of the findings kept; one beyond the last gives the last.

    ``all_counts`` are those of everything kept: where nothing is filtered, only the page itself is read.
    """
    found: Iterable[ListedFinding] = map(_finding, _read(path))
    counts = all_counts
    if asked.asks:
        found = [one for one in found if asked.takes(one)]
        counts = count_findings(found)
    pages, number = pages_of(counts.all, asked)
    rows = list(islice(found, (number - 1) * asked.per_page, number * asked.per_page))
    return FindingPage(rows, counts, number, pages)


def _write(path: Path, lines: Iterable[Sequence[Any]]) -> None:
    with open(path, "w", encoding="utf-8") as file:
        for values in lines:
            file.write(json.dumps(values, ensure_ascii=False))
            file.write("\n")


def _read(path: Path) -> Iterator[list[Any]]:
    with open(path, encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
