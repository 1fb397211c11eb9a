"""Cells of a workbook as XML text: amounts from whole fen, formulas with the values they come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, TypeAlias
from xml.sax.saxutils import escape

from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from lifecycle.money import YUAN, Fen
from reports.ledger.writing import escaped

HEADER_ROW = 3
FIRST_ROW = 4
"""Title, a line about it and the header stand above."""


class Look(StrEnum):
    """How a cell looks; the number of its style is the workbook's."""

    TEXT = "text"
    WHOLE = "whole"
    DAY = "day"
    MONEY = "money"
    TOTAL = "total"
    TOTAL_MONEY = "total_money"
    MARK = "mark"


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in fen, or a formula that comes to it."""

    fen: Fen
    formula: str = ""
    total: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """A formula that comes to words."""

    words: str
    formula: str


@dataclass(frozen=True, slots=True)
class Counted:
    """A formula that comes to a whole number."""

    number: int
    formula: str


Value: TypeAlias = str | int | date | Money | Said | Counted | None
Row: TypeAlias = Sequence[Value]

_EPOCH = date(1899, 12, 30)
_LETTERS = tuple(get_column_letter(place) for place in range(1, 27))
_THIN = Side(style="thin", color="BFBFBF")
_BOX = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_SHADE = PatternFill("solid", fgColor="EDEDED")
_FORMATS = {
    Look.TEXT: "@",
    Look.WHOLE: "0",
    Look.DAY: "yyyy-mm-dd",
    Look.MONEY: "#,##0.00",
    Look.TOTAL: "@",
    Look.TOTAL_MONEY: "#,##0.00",
    Look.MARK: "General",
}


def looks(page: Any) -> dict[Look, int]:
    """Style one cell of each look in the first row of ``page``; return the numbers of their styles."""
    numbers = {}
    for place, look in enumerate(Look, 1):
        cell = page.cell(FIRST_ROW, place)
        total = look in {Look.TOTAL, Look.TOTAL_MONEY}
        cell.font, cell.border = Font(name="宋体", size=10, bold=total or look is Look.MARK), _BOX
        cell.alignment = Alignment(vertical="center", horizontal="center" if look is Look.MARK else None)
        cell.number_format, cell.quotePrefix = _FORMATS[look], _FORMATS[look] == "@"
        if total:
            cell.fill = _SHADE
        numbers[look] = int(cell.style_id)
    return numbers


def head(page: Any, place: int, words: str) -> None:
    """Write a header of a column."""
    cell = page.cell(HEADER_ROW, place, words)
    cell.font, cell.fill, cell.border = Font(name="宋体", size=10, bold=True), _SHADE, _BOX
    cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)


def rows_xml(rows: Iterable[Row], styles: Mapping[Look, int]) -> str:
    """Return rows, from the first below the header on; in a row with a total every cell looks like one."""
    return "".join(_row(number, row, styles) for number, row in enumerate(rows, FIRST_ROW))


def _row(number: int, row: Row, styles: Mapping[Look, int]) -> str:
    total = any(isinstance(value, Money) and value.total for value in row)
    cells = [
        _cell(f"{letter}{number}", value, styles, total=total)
        for letter, value in zip(_LETTERS, row, strict=False)
    ]
    return f'<row r="{number}">{"".join(cells)}</row>'


def _cell(where: str, value: Value, styles: Mapping[Look, int], *, total: bool) -> str:
    if isinstance(value, Money):
        look = Look.TOTAL_MONEY if total else Look.MONEY
        formula = f"<f>{escape(value.formula)}</f>" if value.formula else ""
        return f'<c r="{where}" s="{styles[look]}">{formula}<v>{digits(value.fen)}</v></c>'
    if isinstance(value, Said):
        said = f"<f>{escape(value.formula)}</f><v>{escape(value.words)}</v>"
        return f'<c r="{where}" s="{styles[Look.MARK]}" t="str">{said}</c>'
    if isinstance(value, Counted):
        return (
            f'<c r="{where}" s="{styles[Look.WHOLE]}"><f>{escape(value.formula)}</f><v>{value.number}</v></c>'
        )
    if isinstance(value, str):
        look = Look.TOTAL if total else Look.TEXT
        text = f'<is><t xml:space="preserve">{escape(escaped(value))}</t></is>'
        return f'<c r="{where}" s="{styles[look]}" t="inlineStr">{text}</c>'
    if isinstance(value, date):
        return f'<c r="{where}" s="{styles[Look.DAY]}"><v>{(value - _EPOCH).days}</v></c>'
    look = Look.TOTAL if total else Look.WHOLE
    return (
        f'<c r="{where}" s="{styles[look]}"/>'
        if value is None
        else f'<c r="{where}" s="{styles[look]}"><v>{value}</v></c>'
    )


def digits(fen: Fen) -> str:
    """Return an amount in yuan as a number cell holds it, digit for digit."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // YUAN}.{abs(fen) % YUAN:02d}"
