"""Reads an issued disbursement sheet back: what its cells say, whoever wrote them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from io import BytesIO

from finance.reconcile.sheets import ReadSheet, SheetLine
from lifecycle.money import YUAN, Fen
from reports.ledger.errors import NotAWorkbook
from reports.ledger.xlsx.values import Cell, Row
from reports.ledger.xlsx.workbook import Workbook
from reports.sheet.roles import Roles, roles_of

NUMBER, AMOUNT, TOTAL = "项目编号", "本次拨付", "合计"
_CHECKSUM = re.compile(r"(?<![0-9a-f])([0-9a-f]{64})(?![0-9a-f])")


def read_sheet(content: bytes) -> ReadSheet:
    """Return the payments and the checksum of a sheet. Raises ``ValueError`` for what is none."""
    roles = roles_of(content)
    try:
        book = Workbook(BytesIO(content))
        if roles is not None:
            return _by_roles(roles, dict(book.rows(roles.sheet.strip())))
        rows = [row for name in book.sheet_names for _, row in book.rows(name)]
    except NotAWorkbook as error:
        raise ValueError(error.message) from error
    return ReadSheet(_checksum(rows), tuple(_lines(rows)))


def _by_roles(roles: Roles, rows: Mapping[int, Row]) -> ReadSheet:
    """Return what stands in the columns that the sheet itself names, whatever their headers say."""
    number, amount = roles.columns[NUMBER], roles.columns[AMOUNT]
    lines = (rows.get(row, {}) for row in range(roles.first, roles.last + 1))
    told = tuple(SheetLine(str(line.get(number, "")), _fen(line.get(amount))) for line in lines)
    return ReadSheet(_checksum(rows.values()), told)


def _checksum(rows: Iterable[Row]) -> str:
    texts = (cell for row in rows for cell in row.values() if isinstance(cell, str))
    return next((found[1] for text in texts if (found := _CHECKSUM.search(text))), "")


def _lines(rows: Sequence[Row]) -> Iterator[SheetLine]:
    """Yield the payments: what stands between the row of headers and the totals."""
    places: dict[str, int] | None = None
    for row in rows:
        if places is None:
            named = {cell: place for place, cell in row.items() if isinstance(cell, str)}
            places = named if {NUMBER, AMOUNT} <= named.keys() else None
        elif TOTAL in row.values():
            return
        else:
            yield SheetLine(str(row.get(places[NUMBER], "")), _fen(row.get(places[AMOUNT])))


def _fen(cell: Cell | None) -> Fen:
    """Return the amount of a cell, to the fen: its digits are those of the file. Raises ``ValueError``."""
    if not isinstance(cell, float):
        raise ValueError("有一行的“本次拨付”不是数字")
    fen = Decimal(repr(cell)) * YUAN
    if fen != int(fen):
        raise ValueError(f"有一行的“本次拨付”不足一分（{cell}）")
    return int(fen)
