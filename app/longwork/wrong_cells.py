"""The wrong cells of a refused workbook, kept beside the work that found them, one a line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from reports.ledger.errors import CellError

A_PAGE = 200
"""Wrong cells shown at a time."""


def write_lines(path: Path, lines: Iterable[Sequence[Any]]) -> None:
    """Keep values that JSON can hold, a line each."""
    with open(path, "w", encoding="utf-8") as file:
        for values in lines:
            file.write(json.dumps(values, ensure_ascii=False))
            file.write("\n")


def read_lines(path: Path) -> Iterator[list[Any]]:
    """Yield the values kept."""
    with open(path, encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def write_errors(path: Path, errors: Iterable[CellError]) -> None:
    """Keep the wrong cells of a refused workbook."""
    write_lines(path, errors)


def read_errors(path: Path) -> Iterator[CellError]:
    """Yield the wrong cells kept."""
    for values in read_lines(path):
        yield CellError(*values)


def counts_by_sheet(errors: Sequence[CellError]) -> dict[str, Any]:
    """Return how many wrong cells there are, and how many in which sheet, for the result of work."""
    return {"errors": len(errors), "sheets": list(Counter(error.sheet or "" for error in errors).items())}


class ErrorPage(NamedTuple):
    """One page of wrong cells, by sheet."""

    sheets: Sequence[tuple[str, Sequence[CellError]]]
    number: int
    pages: int


def page_of_errors(path: Path, count: int, number: int, size: int = A_PAGE) -> ErrorPage:
    """Return a page of the ``count`` errors kept; one beyond the last gives the last."""
    pages = max(1, -(-count // size))
    number = min(max(1, number), pages)
    by_sheet: dict[str, list[CellError]] = {}
    for error in islice(read_errors(path), (number - 1) * size, number * size):
        by_sheet.setdefault(error.sheet or "", []).append(error)
    return ErrorPage(list(by_sheet.items()), number, pages)
