"""Writes records as a ledger workbook. Nothing is rounded, and no text becomes a formula."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from operator import attrgetter
from pathlib import Path
from typing import IO, Any, TypeAlias

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.writer.excel import ExcelWriter

from lifecycle.money import WAN, Fen
from lifecycle.record import ProjectRecord
from reports.ledger.cells import number_text, plain_decimal
from reports.ledger.schema import PROJECTS, SHEET_NAMES, SHEETS, Column, Kind, Sheet
from reports.package import Package

Page: TypeAlias = Any
"""openpyxl's write-only worksheet, whose type stubs know little of it."""

Content: TypeAlias = tuple[str, object]
"""Excel's type of a cell (s text, n number, d date) and what stands in it."""

_MOST_DIGITS = 15
"""Excel keeps no more of a number; what has more is written as text."""
_UNIT = "（万元）"
_TO_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)|[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FORMATS = {"s": "@", "d": "yyyy-mm-dd", "n": "General"}
_MONEY_FORMAT = "#,##0.00####"
_WIDTHS = {Kind.DATE: 14, Kind.FLAG: 12, Kind.WHOLE: 8, Kind.COUNT: 16, Kind.CODE: 24}
_WIDTH = 20
_MOST_ON_A_PAGE = 12
_HEAD_FILL = PatternFill("solid", fgColor="DCE6F1")
_HEAD_FONT = Font(bold=True)
_HEAD_ALIGNMENT = Alignment(horizontal="center", vertical="center", wrap_text=True)


def write_ledger(
    records: Iterable[ProjectRecord],
    target: str | Path | IO[bytes],
    sheets: Collection[str] = SHEET_NAMES,
) -> None:
    """Write a workbook of these records, with the sheets of those names."""
    _filled(records, sheets).save(target)


def ledger_bytes(records: Iterable[ProjectRecord], made: datetime) -> bytes:
    """Return a workbook of these records, always the same bytes for the same records and moment."""
    book = _filled(records, SHEET_NAMES)
    book.properties.created = book.properties.modified = made.astimezone(UTC).replace(tzinfo=None)
    target = BytesIO()
    ExcelWriter(book, Package(target, made, lambda sheet: sheet)).save()
    return target.getvalue()


def _filled(records: Iterable[ProjectRecord], sheets: Collection[str]) -> Workbook:
    book = new_book()
    writers = [SheetWriter(book, sheet) for sheet in SHEETS if sheet.name in sheets]
    for record in records:
        for writer in writers:
            writer.write(record)
    return book


def new_book() -> Workbook:
    """Return an empty workbook that is written row by row."""
    book = Workbook(write_only=True)
    book.properties.creator = "科管"
    return book


def header(column: Column) -> str:
    """Return the header of a column as it is written: money in 万元."""
    return column.name + _UNIT if column.kind.is_money else column.name


class SheetWriter:
    """Writes one sheet, a record at a time."""

    def __init__(self, book: Workbook, sheet: Sheet) -> None:
        self.sheet = sheet
        self.page: Page = book.create_sheet(sheet.name)
        self._columns = [_ColumnWriter(self.page, column) for column in sheet.columns]
        own = sheet.columns[1:] if sheet.holds_lines else sheet.columns
        self._values: Callable[[Any], Sequence[Any]] = attrgetter(*(column.field for column in own))
        self._lay_out()
        self.page.append([head_cell(self.page, header(column)) for column in sheet.columns])

    def write(self, record: ProjectRecord) -> None:
        """Write the rows of a record."""
        if not self.sheet.holds_lines:
            self._write_row(self._values(record))
            return
        lines = getattr(record, self.sheet.attribute)
        if self.sheet.attribute == "acceptance":
            lines = () if lines is None else (lines,)
        for line in lines:
            self._write_row((record.number, *self._values(line)))

    def _write_row(self, values: Sequence[Any]) -> None:
        self.page.append([column.cell(value) for column, value in zip(self._columns, values, strict=True)])

    def _lay_out(self) -> None:
        self.page.freeze_panes = "C2" if self.sheet is PROJECTS else "B2"
        self.page.print_title_rows = "1:1"
        self.page.page_setup.orientation = "landscape"
        self.page.page_setup.fitToHeight = 0
        # Wider sheets would come out too small to read; they go over several pages.
        self.page.sheet_properties.pageSetUpPr.fitToPage = len(self.sheet.columns) <= _MOST_ON_A_PAGE
        for place, column in enumerate(self.sheet.columns, 1):
            width = max(_WIDTHS.get(column.kind, _WIDTH), 2 * len(header(column)) + 2)
            self.page.column_dimensions[get_column_letter(place)].width = width


class _ColumnWriter:
    """Fills one prepared cell of each type over and over: making a styled cell is most of the work."""

    def __init__(self, page: Page, column: Column) -> None:
        self._content = _CONTENTS[column.kind]
        formats = _FORMATS | ({"n": _MONEY_FORMAT} if column.kind.is_money else {})
        self._cells = {kind: _typed_cell(page, kind, format_) for kind, format_ in formats.items()}

    def cell(self, value: Any) -> Cell | None:
        """Return the cell of a value, to be written at once; ``None`` for a blank one."""
        if value is None:
            return None
        kind, content = self._content(value)
        cell: Any = self._cells[kind]
        # Not through the value property: it turns text into formulas, cuts it at 32,767 characters, and
        # numbers would be printed with "%.16g", which makes 9.95 into 9.949999999999999.
        cell._value = content
        return self._cells[kind]


def _typed_cell(page: Page, kind: str, number_format: str) -> Cell:
    cell = WriteOnlyCell(page)
    cell.number_format = number_format
    cell.data_type = kind
    return cell


def head_cell(page: Page, text: str) -> Cell:
    """Return a cell in the style of headers."""
    cell = WriteOnlyCell(page, text)
    cell.font, cell.fill, cell.alignment = _HEAD_FONT, _HEAD_FILL, _HEAD_ALIGNMENT
    return cell


def escaped(text: str) -> str:
    """Return text as a cell holds it: what XML cannot carry, or Excel would read as an escape, is escaped."""
    return _TO_ESCAPE.sub(lambda match: f"_x{ord(match[0]):04X}_", text)


def _text(value: str) -> Content:
    return "s", escaped(value)


def _money(fen: Fen) -> Content:
    text = f"{(Decimal(fen) / WAN).normalize():f}"
    return ("n" if len(text.strip("-").replace(".", "")) <= _MOST_DIGITS else "s"), text


def _value(text: str) -> Content:
    """Return an indicator's value as a number where Excel would give back the very same text."""
    if plain_decimal(text) is not None and number_text(float(text.replace(",", ""))) == text:
        return "n", text
    return _text(text)


def _flag(value: bool) -> Content:
    return "s", "是" if value else "否"


def _whole(value: int) -> Content:
    return "n", str(value)


def _date(value: date) -> Content:
    return "d", value


def _several(values: Sequence[str]) -> Content:
    return "s", "、".join(values)


_CONTENTS: Mapping[Kind, Callable[[Any], Content]] = {
    Kind.TEXT: _text,
    Kind.CODE: _text,
    Kind.VALUE: _value,
    Kind.WHOLE: _whole,
    Kind.COUNT: _whole,
    Kind.DATE: _date,
    Kind.MONEY: _money,
    Kind.REVERSIBLE_MONEY: _money,
    Kind.FLAG: _flag,
    Kind.CHOICE: _text,
    Kind.CHOICES: _several,
    Kind.HOME_PLACE: _text,
    Kind.PLACE: _text,
}
