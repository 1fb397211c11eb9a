"""A list as a workbook, for whoever works on in Excel: title, a line about it, typed columns, rows.

No text becomes a formula and no amount passes through a float.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import IO, Any, Generic, TypeVar

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from reports.ledger.writing import escaped

T = TypeVar("T")

HEADER_ROW = 3
"""Title and description stand above it."""

_TITLE = Font(name="黑体", size=16, bold=True)
_HEAD = Font(name="宋体", size=10, bold=True)
_BODY = Font(name="宋体", size=10)
_SHADE = PatternFill("solid", fgColor="EDEDED")
_THIN = Side(style="thin", color="BFBFBF")
_BOX = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """One column: its header, its width in characters, Excel's type and format, and what stands in it."""

    header: str
    width: float
    kind: str
    number_format: str
    value: Callable[[T], object]


def text(header: str, width: float, value: Callable[[T], str | None]) -> Column[T]:
    """Return a column of text."""
    return Column(header, width, "s", "@", lambda row: escaped(value(row) or ""))


def whole(header: str, width: float, value: Callable[[T], int | None]) -> Column[T]:
    """Return a column of whole numbers."""
    return Column(header, width, "n", "0", value)


def day(header: str, value: Callable[[T], date | None]) -> Column[T]:
    """Return a column of dates."""
    return Column(header, 12, "d", "yyyy-mm-dd", value)


def write_list(
    target: IO[bytes], *, name: str, title: str, note: str, columns: Sequence[Column[T]], rows: Iterable[T]
) -> int:
    """Write a workbook of one sheet called ``name`` to ``target``; return how many rows it lists."""
    book = Workbook(write_only=True)
    book.properties.creator = "科管"
    page: Any = book.create_sheet(name)
    _lay_out(page, columns)
    page.append([_cell(page, title, _TITLE)])
    page.append([_cell(page, note, _BODY)])
    page.append([_head(page, column.header) for column in columns])
    cells = [_prepared(page, column) for column in columns]
    count = 0
    for row in rows:
        count += 1
        for column, cell in zip(columns, cells, strict=True):
            # Not through the value property: it would turn text into formulas and numbers into floats.
            cell._value = value = column.value(row)
            cell.data_type = column.kind if value is not None else "n"
        page.append(cells)
    page.auto_filter.ref = f"A{HEADER_ROW}:{get_column_letter(len(columns))}{HEADER_ROW + max(count, 1)}"
    book.save(target)
    return count


def _lay_out(page: Any, columns: Sequence[Column[T]]) -> None:
    for place, column in enumerate(columns, 1):
        page.column_dimensions[get_column_letter(place)].width = column.width
    page.freeze_panes = f"C{HEADER_ROW + 1}"
    page.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", Worksheet.PAPERSIZE_A4
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.oddFooter.center.text = "第 &P 页，共 &N 页"


def _cell(page: Any, words: str, font: Font) -> Any:
    cell: Any = WriteOnlyCell(page)
    cell.data_type, cell._value, cell.font = "s", escaped(words), font
    return cell


def _head(page: Any, words: str) -> Any:
    cell = _cell(page, words, _HEAD)
    cell.fill, cell.border = _SHADE, _BOX
    cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
    return cell


def _prepared(page: Any, column: Column[T]) -> Any:
    """Return the cell that is filled over and over down a column: styling one is most of the work."""
    cell: Any = WriteOnlyCell(page)
    cell.data_type, cell.number_format = column.kind, column.number_format
    cell.font, cell.border = _BODY, _BOX
    cell.alignment = Alignment(vertical="center", wrap_text=column.kind == "s")
    if column.kind == "s":
        cell.quotePrefix = True  # typing on it in Excel leaves it text
    return cell
