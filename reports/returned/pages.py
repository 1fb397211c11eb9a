"""A disbursement sheet as a table: which column holds what, which rows are lines, whatever has been moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from unicodedata import normalize

from openpyxl.utils import get_column_letter

from finance.disbursement import LineCode
from finance.returned_lines import NotTheSheet
from reports.ledger.xlsx.values import Cell
from reports.ledger.xlsx.workbook import Workbook
from reports.sheet.cells import header_above, plain
from reports.sheet.roles import Roles

MOST_ROWS = 100_000
"""Filled rows of a sheet that are looked at: ten times the lines of the largest batch."""

Progress = Callable[[int, int], None]
Rows = dict[int, dict[int, Cell]]
"""Row as Excel shows it → column, counted from 0 → cell."""


def rows_of(book: Workbook, sheet: str, progress: Callable[[int], None]) -> Rows:
    """Return the filled rows of a worksheet. Raises ``NotTheSheet`` where they are too many."""
    rows: Rows = {}
    for number, cells in book.rows(sheet):
        rows[number] = cells
        if len(rows) > MOST_ROWS:
            raise NotTheSheet("文件的行数过多，不像是拨付表回执，请只保留拨付表后再上传。")
        if len(rows) % 500 == 0:
            progress(len(rows))
    return rows


def code_in(cell: Cell | None) -> str:
    """Return the code of a line in a cell, as it was printed (upper case, narrow, no blanks), or nothing."""
    text = "".join(normalize("NFKC", cell).split()).upper() if isinstance(cell, str) else ""
    return text if LineCode.read(text) else ""


def headers_of(rows: Rows, roles: Roles) -> dict[str, str]:
    """Return the headers of an issued sheet by mark, as they are compared."""
    texts = {
        (row, column): str(cell)
        for row in range(max(roles.first - 4, 1), roles.first)
        for column, cell in rows.get(row, {}).items()
    }
    return {mark: header_above(texts, roles.first, column) for mark, column in roles.columns.items()}


def columns_in(rows: Rows, roles: Roles, headers: Mapping[str, str]) -> dict[str, int]:
    """Return where the columns of a returned sheet are, by mark: found by their headers, wherever they moved.

    A header over several columns is taken where it was; a mark whose header is nowhere is left out.
    """
    wanted = {header: mark for mark, header in headers.items()}
    found: dict[str, set[int]] = {}
    for cells in rows.values():
        for column, cell in cells.items():
            mark = wanted.get(plain(cell)) if isinstance(cell, str) else None
            if mark is not None:
                found.setdefault(mark, set()).add(column)
    chosen: dict[str, int] = {}
    for mark, places in found.items():
        if len(places) == 1:
            chosen[mark] = next(iter(places))
        elif roles.columns[mark] in places:
            chosen[mark] = roles.columns[mark]
    return chosen


def place(column: int, row: int) -> str:
    """Return the name of a cell: ``N12``."""
    return f"{get_column_letter(column + 1)}{row}"


def letters(column: int) -> str:
    """Return the letters of a column counted from 0."""
    return get_column_letter(column + 1)


def texts_of(rows: Rows) -> Iterator[str]:
    """Yield every text of a sheet."""
    for cells in rows.values():
        for cell in cells.values():
            if isinstance(cell, str):
                yield cell
