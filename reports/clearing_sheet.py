"""The clearing sheet (清算表) as a workbook to be printed and signed: sums by source, lines, returns.

What can be worked out is a formula over the lines below it, so that the sheet ties by itself. No amount
passes through a float, and no text becomes a formula.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, time
from io import BytesIO
from typing import Any, NamedTuple

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from finance.clearing.figures import SourceFigures
from lifecycle.money import YUAN, Fen, in_words
from reports.clearing_told import ClearingTold
from reports.ledger.writing import escaped
from reports.package import Package

LAST = "I"
SUMS = ("资金来源", "已拨", "已支出", "结余", "留用", "不予认可", "应退", "已退", "还应退")
LINES = ("序号", "资金来源", "日期", "科目", "凭证号", "支出金额", "不予认可", "原因", "")
RETURNS = ("序号", "资金来源", "日期", "凭证号", "", "退款金额", "备注", "", "")
_WIDTHS = dict(zip("ABCDEFGHI", (18, 17, 16, 16, 16, 16, 16, 16, 16), strict=True))
MONEY, _DAY = "#,##0.00", "yyyy-mm-dd"
_FACE = "宋体"
_BODY, _BOLD = Font(name=_FACE, size=10), Font(name=_FACE, size=10, bold=True)
_SMALL, _TITLE = Font(name=_FACE, size=8, color="595959"), Font(name="黑体", size=18, bold=True)
_SHADE = PatternFill("solid", fgColor="EDEDED")
_THIN = Side(style="thin", color="000000")
_BOX = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_EMPTY_VALUE = rb"(?:<v ?/>|<v></v>)"


def clearing_sheet(told: ClearingTold) -> bytes:
    """Return the workbook of a clearing; the same content gives the same bytes."""
    book = Workbook()
    page: Any = book.active
    sheet = _Sheet(page, told)
    sheet.write()
    made = datetime.combine(told.confirmed_on or told.settled_on or datetime(2000, 1, 1).date(), time.min)  # noqa: DTZ001 a file's own time has no zone
    properties = book.properties
    properties.creator = properties.lastModifiedBy = "科管"
    properties.title = f"{told.heading} {told.number}"
    properties.created = properties.modified = made
    target = BytesIO()
    ExcelWriter(book, Package(target, made, sheet.completed)).save()
    return target.getvalue()


class _Block(NamedTuple):
    """The rows that a list takes, ``first`` to ``last``."""

    first: int
    last: int

    def range(self, letter: str) -> str:
        return f"${letter}${self.first}:${letter}${self.last}"


class _Sheet:
    """The one page, written from top to bottom; the sums' formulas look at the lists below them."""

    def __init__(self, page: Worksheet, told: ClearingTold) -> None:
        self._page, self._told = page, told
        self._values: dict[str, Fen] = {}
        """Formula → its value, for programs that show a file without calculating."""
        page.title = "清算表"
        _lay_out(page)

    def completed(self, sheet: bytes) -> bytes:
        """Return the sheet's XML with the values of its formulas in it."""
        for formula, fen in self._values.items():
            bare = re.compile(re.escape(f"<f>{_xml(formula)}</f>").encode() + _EMPTY_VALUE)
            sheet = bare.sub(f"<f>{_xml(formula)}</f><v>{digits(fen)}</v>".encode(), sheet)
        return sheet

    def write(self) -> None:
        """Write everything."""
        told = self._told
        sources = told.figures.sources or ()
        head = 6
        total = head + len(sources) + 1
        lines = _Block(total + 5, total + 4 + len(told.lines))
        returns = _Block(lines.last + 5, lines.last + 4 + len(told.returns))
        self._write_head()
        self._heads(head, SUMS)
        for place, one in enumerate(sources):
            self._write_source(head + 1 + place, one, lines, returns)
        self._write_totals(total, head)
        self._write_lines(lines)
        self._write_returns(returns)
        self._write_end(returns.last + 3)

    def _write_head(self) -> None:
        told = self._told
        concluded = f"{told.conclusion or '—'}（{told.concluded_on}）" if told.concluded_on else "—"
        self._band(1, "A", LAST, f"{told.agency}{told.heading}", _TITLE, "center")
        self._band(2, "A", "D", f"项目编号：{told.number}")
        self._band(2, "E", LAST, f"项目名称：{told.title}")
        self._band(3, "A", "D", f"承担单位：{told.lead_unit}")
        self._band(3, "E", LAST, f"项目负责人：{told.pi_name}    项目结论：{concluded}")
        self._band(4, "A", "D", f"计划类别：{told.programme}")
        self._band(4, "E", "H", f"依据：{told.citation}    退回期限：{told.due_on or '—'}")
        self._band(4, LAST, LAST, "单位：元", horizontal="right")
        self._page.row_dimensions[1].height = 34

    def _write_source(self, row: int, one: SourceFigures, lines: _Block, returns: _Block) -> None:
        back = self._told.returned.get(one.source, 0)
        self._text("A", row, one.source)
        self._amount("B", row, one.paid)
        self._amount("C", row, one.spent)
        self._formula("D", row, f"ROUND(B{row}-MAX(MIN(B{row},C{row}),0),2)", one.left)
        self._amount("E", row, one.kept)
        disallowed = f"ROUND(SUMIF({lines.range('B')},A{row},{lines.range('G')}),2)"
        if self._told.lines:
            self._formula("F", row, disallowed, one.disallowed)
        else:
            self._amount("F", row, one.disallowed)
        self._formula("G", row, f"ROUND(D{row}-E{row}+F{row},2)", one.to_return)
        if self._told.returns:
            returned = f"ROUND(SUMIF({returns.range('B')},A{row},{returns.range('F')}),2)"
            self._formula("H", row, returned, back)
        else:
            self._amount("H", row, back)
        self._formula("I", row, f"ROUND(G{row}-H{row},2)", one.to_return - back)

    def _write_totals(self, row: int, head: int) -> None:
        told, figures = self._told, self._told.figures
        self._text("A", row, "合计", _BOLD, shade=True)
        sums = (
            *(figures.paid, figures.spent, figures.left, figures.kept, figures.disallowed),
            *(figures.to_return, told.back, figures.to_return - told.back),
        )
        for letter, fen in zip("BCDEFGHI", sums, strict=True):
            if figures.sources:
                formula = f"ROUND(SUM({letter}{head + 1}:{letter}{row - 1}),2)"
                self._formula(letter, row, formula, fen, _BOLD, shade=True)
            else:
                self._amount(letter, row, fen, _BOLD, shade=True)
        self._band(
            row + 1, "A", LAST, f"应退合计（大写）：人民币{in_words(figures.to_return)}", _BOLD, box=True
        )

    def _write_lines(self, block: _Block) -> None:
        self._band(block.first - 2, "A", LAST, "不予认可的支出", _BOLD)
        self._heads(block.first - 1, LINES, ("H", LAST))
        for place, one in enumerate(self._told.lines):
            row = block.first + place
            self._number("A", row, place + 1)
            self._text("B", row, one.source)
            self._day("C", row, one.on)
            self._text("D", row, one.use or "未分明细")
            self._text("E", row, one.voucher or "")
            if one.whole is None:
                self._text("F", row, "")
            else:
                self._amount("F", row, one.whole)
            self._amount("G", row, one.amount)
            self._band(row, "H", LAST, one.reason, box=True)
        self._sum_of(block, "G", [one.amount for one in self._told.lines], "没有不予认可的支出")

    def _write_returns(self, block: _Block) -> None:
        self._band(block.first - 2, "A", LAST, "退款记录", _BOLD)
        self._heads(block.first - 1, RETURNS, ("D", "E"), ("G", LAST))
        for place, one in enumerate(self._told.returns):
            row = block.first + place
            self._number("A", row, place + 1)
            self._text("B", row, one.source)
            self._day("C", row, one.on)
            self._band(row, "D", "E", one.voucher, box=True)
            self._amount("F", row, one.amount)
            taken_back = "冲销：" if one.reversal_of else ""
            self._band(row, "G", LAST, f"{taken_back}{one.note or ''}", box=True)
        self._sum_of(block, "F", [one.amount for one in self._told.returns], "还没有退款")

    def _sum_of(self, block: _Block, letter: str, amounts: Sequence[Fen], nothing: str) -> None:
        row = block.last + 1
        for column in _WIDTHS:
            self._text(column, row, "", _BOLD, shade=True)
        self._text("A", row, "合计" if amounts else nothing, _BOLD, shade=True)
        if amounts:
            formula = f"ROUND(SUM({letter}{block.first}:{letter}{block.last}),2)"
            self._formula(letter, row, formula, sum(amounts), _BOLD, shade=True)
        else:
            self._page.merge_cells(f"A{row}:{LAST}{row}")

    def _write_end(self, row: int) -> None:
        told = self._told
        if told.note:
            self._band(row, "A", LAST, f"说明：{told.note}")
        rule = "应退＝结余－留用＋不予认可；结余＝已拨－用财政拨款列支的支出。"
        self._band(row + 1, "A", LAST, rule, _SMALL)
        settled = f"核定：{told.settled_by}  {told.settled_on or ''}"
        confirmed = f"核准：{told.confirmed_by}  {told.confirmed_on or ''}"
        for columns, text in {"AC": settled, "DF": confirmed, "GI": "承担单位（盖章）："}.items():
            self._band(row + 2, columns[0], columns[1], text)
        self._page.row_dimensions[row + 2].height = 44
        for columns, text in {
            "AC": "财务负责人（签字）：",
            "DF": "分管领导（签字）：",
            "GI": "日期：",
        }.items():
            self._band(row + 3, columns[0], columns[1], text)
        self._page.row_dimensions[row + 3].height = 44

    def _heads(self, row: int, heads: Sequence[str], *spans: tuple[str, str]) -> None:
        for letter, head in zip(_WIDTHS, heads, strict=True):
            cell = self._text(letter, row, head, _BOLD, shade=True)
            cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        for first, last in spans:
            self._page.merge_cells(f"{first}{row}:{last}{row}")
        self._page.row_dimensions[row].height = 24

    def _band(
        self,
        row: int,
        first: str,
        last: str,
        text: str,
        font: Font = _BODY,
        horizontal: str = "left",
        *,
        box: bool = False,
    ) -> None:
        """Write a text that spans the columns given."""
        cell = self._text(first, row, text, font, box=box)
        cell.alignment = Alignment(horizontal=horizontal, vertical="center", wrap_text=True)
        if box:
            for letter in _WIDTHS:
                if first <= letter <= last:
                    self._page[f"{letter}{row}"].border = _BOX
        if first != last:
            self._page.merge_cells(f"{first}{row}:{last}{row}")

    def _text(
        self, letter: str, row: int, text: str, font: Font = _BODY, *, shade: bool = False, box: bool = True
    ) -> Any:
        cell = self._cell(letter, row, font, shade=shade, box=box)
        cell._value, cell.data_type = escaped(text), "s"
        return cell

    def _number(self, letter: str, row: int, number: int) -> None:
        cell = self._cell(letter, row, _BODY)
        cell.value = number

    def _day(self, letter: str, row: int, value: Any) -> None:
        cell = self._cell(letter, row, _BODY)
        cell.value, cell.number_format = value, _DAY

    def _amount(self, letter: str, row: int, fen: Fen, font: Font = _BODY, *, shade: bool = False) -> None:
        cell = self._cell(letter, row, font, shade=shade, right=True)
        # Not through the value property: it would make a float of the number.
        cell._value, cell.data_type, cell.number_format = digits(fen), "n", MONEY

    def _formula(
        self, letter: str, row: int, formula: str, fen: Fen, font: Font = _BODY, *, shade: bool = False
    ) -> None:
        cell = self._cell(letter, row, font, shade=shade, right=True)
        cell.value, cell.number_format = f"={formula}", MONEY
        self._values[formula] = fen

    def _cell(
        self, letter: str, row: int, font: Font, *, shade: bool = False, box: bool = True, right: bool = False
    ) -> Any:
        cell: Any = self._page[f"{letter}{row}"]
        cell.font = font
        horizontal = "right" if right else "left"
        cell.alignment = Alignment(horizontal=horizontal, vertical="center", wrap_text=not right)
        if shade:
            cell.fill = _SHADE
        if box or shade:
            cell.border = _BOX
        return cell


def _lay_out(page: Any) -> None:
    for letter, width in _WIDTHS.items():
        page.column_dimensions[letter].width = width
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", Worksheet.PAPERSIZE_A4
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.print_options.horizontalCentered = True
    page.oddFooter.center.text = "第 &P 页，共 &N 页"


def _xml(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def digits(fen: Fen) -> str:
    """Return an amount in yuan as a number cell holds it."""
    sign, whole = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{whole // YUAN}.{whole % YUAN:02d}"
