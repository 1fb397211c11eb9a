"""What was found in an uploaded ledger, kept beside it, one a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

from app.longwork.wrong_cells import read_lines, write_lines
from lifecycle.rules.base import Strength
from reports.finding_list import (
    FindingCounts,
    FindingFilter,
    FindingPage,
    ListedFinding,
    count_findings,
    pages_of,
)


def write_findings(path: Path, findings: Iterable[ListedFinding]) -> None:
    """Keep the findings of a checked ledger."""
    write_lines(
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
    return filter(asked.takes, map(_finding, read_lines(path)))


def _finding(values: list[Any]) -> ListedFinding:
    number, title, programme, rule, subject, strength, message, reason, since = values
    day = date.fromisoformat(since) if since else None
    return ListedFinding(number, title, programme, rule, subject, Strength(strength), message, reason, day)


def page_of_findings(path: Path, asked: FindingFilter, all_counts: FindingCounts) -> FindingPage:
    """Return the page asked for of the findings kept; one beyond the last gives the last.

    ``all_counts`` are those of everything kept: where nothing is filtered, only the page itself is read.
    """
    found: Iterable[ListedFinding] = map(_finding, read_lines(path))
    counts = all_counts
    if asked.asks:
        found = [one for one in found if asked.takes(one)]
        counts = count_findings(found)
    pages, number = pages_of(counts.all, asked)
    rows = list(islice(found, (number - 1) * asked.per_page, number * asked.per_page))
    return FindingPage(rows, counts, number, pages)
