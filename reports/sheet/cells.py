"""The cells of a layout's worksheet: where each stands and what text it holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from openpyxl.utils import column_index_from_string, get_column_letter

from reports.ledger.xlsx.values import clean
from reports.sheet.parts import STRINGS, Element, sheet_tree, tag

_PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
HEADER_ROWS = 3
"""How far above the payments the header of a column may stand."""


@dataclass(frozen=True, slots=True)
class LayoutCell:
    """A cell with its place, counted from 1."""

    row: int
    column: int
    element: Element
    text: str
    is_formula: bool

    @property
    def place(self) -> str:
        """Its name: ``F5``."""
        return f"{get_column_letter(self.column)}{self.row}"


def letter_of(column: int) -> str:
    """Return the letters of a column counted from 1."""
    return get_column_letter(column)


def shared_strings(parts: dict[str, bytes]) -> list[str]:
    """Return the texts that cells refer to."""
    content = parts.get(STRINGS)
    return [clean(_text(item)) for item in sheet_tree(content).iter(tag("si"))] if content else []


def cells(sheet: Element, strings: list[str]) -> Iterator[LayoutCell]:
    """Yield the cells of a worksheet; those that do not say where they are get their place written."""
    number = 0
    for row in sheet.iter(tag("row")):
        number = int(row.get("r", number + 1))
        row.set("r", str(number))
        column = 0
        for cell in row.iter(tag("c")):
            match = _PLACE.fullmatch(cell.get("r", ""))
            column = column_index_from_string(match[1]) if match else column + 1
            cell.set("r", f"{get_column_letter(column)}{number}")
            yield LayoutCell(number, column, cell, _text_of(cell, strings), cell.find(tag("f")) is not None)


def _text_of(cell: Element, strings: list[str]) -> str:
    if cell.get("t") == "inlineStr":
        held = cell.find(tag("is"))
        return clean(_text(held)) if held is not None else ""
    value = cell.findtext(tag("v")) or ""
    if cell.get("t") == "s":
        return strings[int(value)] if value.isdecimal() and int(value) < len(strings) else ""
    return clean(value)


def _text(item: Element) -> str:
    """Return a text without the readings (phonetic runs) some programs keep beside it."""
    runs = (text for text in item.iter(tag("t")) if text.getparent().tag != tag("rPh"))
    return "".join(run.text or "" for run in runs)


def header_above(texts: dict[tuple[int, int], str], line: int, column: int) -> str:
    """Return the header of a column: the nearest text right above the first payment, if any."""
    above = (texts.get((row, column), "") for row in range(line - 1, max(line - 1 - HEADER_ROWS, 0), -1))
    return next((plain(text) for text in above if text), "")


def plain(text: str) -> str:
    """Return a header as it is compared: without blanks and line ends."""
    return "".join(text.split())
