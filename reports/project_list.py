"""The list of projects as a workbook: what is filtered, in its order, for whoever works on in Excel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from lifecycle.listing import ListedProject
from lifecycle.money import YUAN, Fen
from reports.ledger.writing import escaped

_MONEY = "#,##0.00"
_DAY = "yyyy-mm-dd"
_TITLE = Font(name="黑体", size=16, bold=True)
_HEAD = Font(name="宋体", size=10, bold=True)
_BODY = Font(name="宋体", size=10)
_SHADE = PatternFill("solid", fgColor="EDEDED")
_THIN = Side(style="thin", color="BFBFBF")
_BOX = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
HEADER_ROW = 3
"""Title and description stand above it."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its header, its width in characters, Excel's type and format, and what stands in it."""

    header: str
    width: float
    kind: str
    number_format: str
    value: Callable[[ListedProject], object]


def _text(header: str, width: float, value: Callable[[ListedProject], str]) -> Column:
    return Column(header, width, "s", "@", lambda project: escaped(value(project)))


def _money(header: str, value: Callable[[ListedProject], Fen]) -> Column:
    return Column(header, 16, "n", _MONEY, lambda project: _digits(value(project)))


def _count(header: str, value: Callable[[ListedProject], int]) -> Column:
    return Column(header, 9, "n", "0", lambda project: str(value(project)))


def _day(header: str, value: Callable[[ListedProject], date | None]) -> Column:
    return Column(header, 12, "d", _DAY, value)


def _digits(fen: Fen) -> str:
    """Return an amount in yuan as a number cell holds it, digit for digit."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // YUAN}.{abs(fen) % YUAN:02d}"


COLUMNS: Sequence[Column] = (
    _text("项目编号", 20, lambda project: project.number),
    _text("项目名称", 40, lambda project: project.title),
    _text("计划类别", 26, lambda project: project.programme),
    _text("承担单位", 28, lambda project: project.lead_unit),
    _text("项目负责人", 12, lambda project: project.pi_name),
    _text("阶段", 11, lambda project: project.stage),
    _day("实施开始", lambda project: project.start),
    _day("实施结束", lambda project: project.end),
    _money("财政资金（元）", lambda project: project.fiscal),
    _money("计划拨付（元）", lambda project: project.planned),
    _money("已拨（元）", lambda project: project.paid),
    _count("不符合（项）", lambda project: project.must_findings),
    _count("需说明（项）", lambda project: project.usual_findings),
    _day("最近期限", lambda project: project.next_due),
    _text("最近应办事项", 40, lambda project: project.next_duty),
)


def write_project_list(
    target: IO[bytes], projects: Iterable[ListedProject], *, agency: str, asked: str, today: date
) -> int:
    """Write the workbook to ``target`` and return how many projects are in it.

    ``asked`` says in words what was filtered. No text becomes a formula and no amount passes through a float.
    """
    book = Workbook(write_only=True)
    book.properties.creator = "科管"
    page: Any = book.create_sheet("项目列表")
    _lay_out(page)
    page.append([_cell(page, f"{agency}项目列表", _TITLE)])
    page.append([_cell(page, f"截至 {today}；{asked}。金额单位为元。", _BODY)])
    page.append([_head(page, column.header) for column in COLUMNS])
    cells = [_prepared(page, column) for column in COLUMNS]
    count = 0
    for project in projects:
        count += 1
        for column, cell in zip(COLUMNS, cells, strict=True):
            # Not through the value property: it would turn text into formulas and numbers into floats.
            cell._value = column.value(project)
        page.append(cells)
    page.auto_filter.ref = f"A{HEADER_ROW}:{get_column_letter(len(COLUMNS))}{HEADER_ROW + max(count, 1)}"
    book.save(target)
    return count


def _lay_out(page: Any) -> None:
    for place, column in enumerate(COLUMNS, 1):
        page.column_dimensions[get_column_letter(place)].width = column.width
    page.freeze_panes = f"C{HEADER_ROW + 1}"
    page.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", Worksheet.PAPERSIZE_A4
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.oddFooter.center.text = "第 &P 页，共 &N 页"


def _cell(page: Any, text: str, font: Font) -> Any:
    cell: Any = WriteOnlyCell(page)
    cell.data_type, cell._value, cell.font = "s", escaped(text), font
    return cell


def _head(page: Any, text: str) -> Any:
    cell = _cell(page, text, _HEAD)
    cell.fill, cell.border = _SHADE, _BOX
    cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
    return cell


def _prepared(page: Any, column: Column) -> Any:
    """Return the cell that is filled over and over down a column: styling one is most of the work."""
    cell: Any = WriteOnlyCell(page)
    cell.data_type, cell.number_format = column.kind, column.number_format
    cell.font, cell.border = _BODY, _BOX
    cell.alignment = Alignment(vertical="center", wrap_text=column.kind == "s")
    if column.kind == "s":
        cell.quotePrefix = True  # typing on it in Excel leaves it text
    return cell
