"""专账明细 and 阶段账目 as workbooks: what is listed as numbers, everything added up as formulas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from finance.stage_figures import Figures
from finance.statement import Side as Column
from finance.statement import Statement
from lifecycle.money import YUAN, Fen
from reports.ledger.writing import escaped

MONEY = "#,##0.00;[Red]-#,##0.00"
_TITLE = Font(name="黑体", size=16, bold=True)
_BODY = Font(name="宋体", size=10)
_BOLD = Font(name="宋体", size=10, bold=True)
_SHADE = PatternFill("solid", fgColor="EDEDED")
_THIN = Side(style="thin", color="BFBFBF")
_BOX = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)


class _Page:
    """A worksheet that is written from above, row by row."""

    def __init__(self, name: str, title: str, note: str, widths: Sequence[float]) -> None:
        self.book: Any = Workbook()
        self.book.properties.creator = "科管"
        self.book.calculation.fullCalcOnLoad = True
        self._page = self._first(name)
        for place, width in enumerate(widths, 1):
            self._page.column_dimensions[get_column_letter(place)].width = width
        setup = self._page.page_setup
        setup.orientation, setup.paperSize, setup.fitToWidth, setup.fitToHeight = "landscape", 9, 1, 0
        self._page.sheet_properties.pageSetUpPr.fitToPage = True
        self._page.oddFooter.center.text = "第 &P 页，共 &N 页"
        self._text(self._page.cell(1, 1), title, _TITLE)
        self.row = 1
        self.write([note], plain=True)

    def _first(self, name: str) -> Any:
        self.book.active.title = name
        return self.book.active

    def head(self, words: Iterable[str]) -> None:
        """Write the head of a table."""
        self.row += 1
        for place, word in enumerate(words, 1):
            cell = self._page.cell(self.row, place)
            self._text(cell, word, _BOLD)
            cell.fill, cell.border = _SHADE, _BOX
            cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)

    def write(self, values: Iterable[object], *, bold: bool = False, plain: bool = False) -> int:
        """Write a row; return its number. Text, days, ``Sum`` (fen) and formulas that begin with ``=``."""
        self.row += 1
        for place, value in enumerate(values, 1):
            cell = self._page.cell(self.row, place)
            if isinstance(value, _Sum):
                cell._value, cell.data_type = value.digits, "n"  # not through a float
                cell.number_format = MONEY
            elif isinstance(value, _Formula):
                cell.value, cell.number_format = str(value), MONEY
            elif isinstance(value, date):
                cell.value, cell.number_format = value, "yyyy-mm-dd"
            elif value is not None:
                self._text(cell, str(value), _BODY)
            cell.font = _BOLD if bold else _BODY
            if not plain:
                cell.border = _BOX
                cell.alignment = Alignment(vertical="center", wrap_text=isinstance(value, str))
        return self.row

    def skip(self) -> None:
        """Leave a row empty."""
        self.row += 1

    def _text(self, cell: Any, words: str, font: Font) -> None:
        cell._value, cell.data_type, cell.font = escaped(words), "s", font  # never a formula

    def freeze(self) -> None:
        """Keep what stands above the next row in sight."""
        self._page.freeze_panes = f"A{self.row + 1}"

    def saved(self) -> bytes:
        """Return the workbook."""
        target = BytesIO()
        self.book.save(target)
        return target.getvalue()


class _Formula(str):
    """A formula over amounts."""


class _Sum:
    """An amount of fen as a number of yuan, digit for digit."""

    def __init__(self, fen: Fen) -> None:
        sign = "-" if fen < 0 else ""
        self.digits = f"{sign}{abs(fen) // YUAN}.{abs(fen) % YUAN:02d}"


_HEAD = ("日期", "类别", "资金来源", "摘要", "凭证号", "到账（元）", "支出（元）", "退回（元）")
_SIDES: Mapping[Column, str] = {Column.RECEIVED: "F", Column.SPENT: "G", Column.RETURNED: "H"}


def statement_book(shown: Statement, *, title: str, note: str) -> bytes:
    """Return a separate-account statement as a workbook; balances and sums are formulas over its lines."""
    page = _Page("专账明细", f"{title}专账明细", note, (12, 11, 16, 40, 18, 16, 16, 16, 18, 18))
    page.head((*_HEAD, "本来源结余（元）", "结余合计（元）"))
    page.freeze()
    opening: dict[str, int] = {}
    above = 0
    for one in shown.sources:
        total = _Formula(f"=I{page.row + 1}" if not above else f"=J{above}+I{page.row + 1}")
        row = (shown.since, "期初结余", one.source, "", "", None, None, None, _Sum(one.opening), total)
        above = opening[one.source] = page.write(row)
    last, first = dict(opening), page.row + 1
    for line in shown.lines:
        entry, at = line.entry, page.row + 1
        sums = [_Sum(entry.amount) if side is entry.side else None for side in _SIDES]
        own = _Formula(f"=I{last[entry.source]}+F{at}-G{at}-H{at}")
        total = _Formula(f"=J{above}+F{at}-G{at}-H{at}")
        row_ = (entry.on, entry.kind, entry.source, entry.words, entry.voucher, *sums, own, total)
        above = last[entry.source] = page.write(row_)
    _add_up(page, shown, opening, first, page.row)
    return page.saved()


def _add_up(page: _Page, shown: Statement, opening: Mapping[str, int], first: int, last: int) -> None:
    """Write the sums by source under the lines, and the sums of those."""
    page.skip()
    head = (
        "",
        "",
        "资金来源",
        "",
        "期初结余（元）",
        "到账（元）",
        "支出（元）",
        "退回（元）",
        "期末结余（元）",
    )
    page.head(head)
    began = page.row + 1
    for one in shown.sources:
        at = page.row + 1
        sums = [_of_lines(letter, one.source, first, last) for letter in _SIDES.values()]
        start = _Formula(f"=I{opening[one.source]}")
        page.write(("", "", one.source, "", start, *sums, _Formula(f"=E{at}+F{at}-G{at}-H{at}")))
    if shown.sources:
        over = [_Formula(f"=SUM({letter}{began}:{letter}{page.row})") for letter in "EFGHI"]
        page.write(("", "", "合计", "", *over), bold=True)


def _of_lines(letter: str, source: str, first: int, last: int) -> object:
    if last < first:
        return _Sum(0)
    return _Formula(f'=SUMIF(C{first}:C{last},"{source}",{letter}{first}:{letter}{last})')


def account_book(figures: Figures, bank: Fen | None, reason: str, *, title: str, note: str) -> bytes:
    """Return a stage account as a workbook; what is left and all sums are formulas."""
    page = _Page("阶段账目", f"{title}阶段账目", note, (24, 18, 18, 18, 18, 18, 12))
    head = ("任务书金额（元）", "到账（元）", "支出（元）", "退回（元）", "结余（元）", "支出率")
    page.head(("资金来源", *head))
    first = page.row + 1
    for one in figures.sources:
        at = page.row + 1
        sums = (one.agreed, one.received, one.spent, one.returned)
        left = _Formula(f"=C{at}-D{at}-E{at}")
        page.write((one.source, *(_Sum(fen) for fen in sums), left, one.rate))
    totals = [_Formula(f"=SUM({letter}{first}:{letter}{page.row})") for letter in "BCDEF"]
    total = page.write(("合计", *totals, figures.total.rate), bold=True)
    page.skip()
    page.head(("资金来源", "科目", "预算（元）", "支出（元）", "未支出（元）"))
    first = page.row + 1
    for use in figures.uses:
        at = page.row + 1
        page.write((use.source, use.use, _Sum(use.budget), _Sum(use.spent), _Formula(f"=C{at}-D{at}")))
    if figures.uses:
        sums_ = [_Formula(f"=SUM({letter}{first}:{letter}{page.row})") for letter in "CDE"]
        page.write(("合计", "", *sums_), bold=True)
    page.skip()
    if bank is not None:
        at = page.write(("专户余额（元）", _Sum(bank)))
        page.write(("与账面结余相差（元）", _Formula(f"=B{at}-F{total}")))
        page.write(("差异说明", reason or "无差异"))
    page.skip()
    page.write(("编制：", "", "单位财务：", "", "单位负责人：", "", ""), plain=True)
    return page.saved()
