"""Reads an issued disbursement sheet back: what its cells say, whoever wrote them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from io import BytesIO

from finance.reconcile.sheets import ReadSheet, SheetLine
from lifecycle.money import YUAN, Fen
from reports.ledger.errors import NotAWorkbook
from reports.ledger.xlsx.values import Cell, Row
from reports.ledger.xlsx.workbook import Workbook

NUMBER, AMOUNT, TOTAL = "项目编号", "本次拨付", "合计"
_CHECKSUM = re.compile(r"校验码：([0-9a-f]{64})")


def read_sheet(content: bytes) -> ReadSheet:
    """Return the payments and the checksum of a sheet. Raises ``ValueError`` for what is none."""
    try:
        book = Workbook(BytesIO(content))
        rows = [row for name in book.sheet_names for _, row in book.rows(name)]
    except NotAWorkbook as error:
        raise ValueError(error.message) from error
    return ReadSheet(_checksum(rows), tuple(_lines(rows)))


def _checksum(rows: Sequence[Row]) -> str:
    texts = (cell for row in rows for cell in row.values() if isinstance(cell, str))
    return next((found[1] for text in texts if (found := _CHECKSUM.fullmatch(text))), "")


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
