"""年终汇总: the workbook of a year, every total of it a formula over the lines that it holds itself.

What sums go by stands at the right of the lines as running numbers, so that names that a spreadsheet takes
for alike, or for a condition, are never added up together. openpyxl makes the frame; the rows are set into
its XML as text, amounts from whole fen, formulas with the values they come to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from io import BytesIO
from typing import Any, TypeAlias

from openpyxl import Workbook
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from finance.disbursement import LARGEST
from finance.views.years import YearEnd
from lifecycle.money import YUAN, yuan
from lifecycle.refusals import Refusal
from reports.package import Package
from reports.year_cells import FIRST_ROW, HEADER_ROW, Look, Row, head, looks, rows_xml
from reports.year_lines import AMOUNT, DETAILS, KEYS, Detail, Lines, detail_rows, header_of_key, lines_of
from reports.year_sums import DIFFERS, Added, Summary, check_rows, sum_rows, summaries_of

Count: TypeAlias = Callable[[int], None]
"""Told how many rows have been written."""

_WIDTHS = {
    "序号": 7,
    "项目名称": 36,
    "项目编号": 20,
    "计划类别": 26,
    "承担单位": 28,
    "资金来源": 18,
    "日期": 12,
    "计划日期": 12,
    "期次": 6,
    "说明": 24,
    "核对事项": 30,
}
_USUAL_WIDTH = 16


@dataclass(frozen=True, slots=True)
class _Sheet:
    """One sheet: its name, what stands above, the headers of its columns and its rows."""

    name: str
    title: str
    note: str
    headers: Sequence[str]
    rows: Sequence[Row]
    is_detail: bool = False


def year_end_workbook(year: YearEnd, *, agency: str, wrote: Count = lambda _done: None) -> bytes:
    """Return the workbook of a year; ``wrote`` is told how many rows are written.

    Raises ``Refusal`` where sums are beyond what a spreadsheet keeps: 15 digits, so less than 10^13 yuan.
    """
    lines = lines_of(year)
    _demand_exact(year, lines)
    sheets, told = list(_sheets(year, agency, lines)), _Told(wrote)
    book = Workbook()
    book.remove(book.worksheets[0])
    pages = [_frame(book, place, sheet) for place, sheet in enumerate(sheets)]
    styles = looks(pages[0])
    for name, span in _ranges(lines):
        book.defined_names[name] = DefinedName(name, attr_text=span)
    made = datetime.combine(year.as_of, time.min)
    properties = book.properties
    properties.creator = properties.lastModifiedBy = "科管"
    properties.title = f"{year.year}年度财政资金拨付汇总"
    properties.created = properties.modified = made
    target = BytesIO()
    ExcelWriter(book, Package(target, made, lambda xml: _completed(xml, sheets, styles, told))).save()
    return target.getvalue()


def _demand_exact(year: YearEnd, lines: Lines) -> None:
    """Refuse what no spreadsheet adds up to the fen, whichever of the lines a sum takes together."""
    total = sum(abs(line.amount) for found in lines.of.values() for line in found)
    if total >= LARGEST:
        raise Refusal(
            f"{year.year} 年度各笔金额合计 {yuan(total)} 元。Excel 只保留 15 位有效数字，"
            f"合计达到 {LARGEST // YUAN // 10**12} 万亿元时分位会被舍去，汇总表就不再准确，因此没有生成。"
            "请先核对有没有多录了位数的金额；金额无误的，请到“拨付汇总”页面分来源或分类别查看和下载。"
        )


class _Told:
    """Rows on their way into the workbook, told of by the hundred."""

    def __init__(self, wrote: Count) -> None:
        self._wrote, self._done = wrote, 0

    def __call__(self, rows: Sequence[Row]) -> Iterator[Row]:
        for row in rows:
            yield row
            self._done += 1
            if self._done % 100 == 0:
                self._wrote(self._done)


def _sheets(year: YearEnd, agency: str, lines: Lines) -> Iterator[_Sheet]:
    title = f"{agency}{year.year}年度财政资金拨付汇总"
    note = f"截至 {year.as_of}。金额单位为元。"
    summaries = summaries_of(lines)
    for summary in summaries:
        yield _summed(summary, title, note, lines)
    for detail in DETAILS:
        rows = list(detail_rows(lines, detail))
        yield _Sheet(
            detail.name, f"{title}：{detail.name}", note + _about(detail), detail.columns, rows, True
        )
    checked = "汇总表、明细和系统登记数三者一致为相符。"
    if year.undated:
        checked += f"另有随台账导入、没有日期的退回 {yuan(year.undated)} 元，不在任何年度内。"
    headers = ("核对事项", "汇总表", "明细", "系统登记", "结论")
    yield _Sheet("核对", f"{title}：核对", note + checked, headers, list(check_rows(year, lines, summaries)))


def _summed(summary: Summary, title: str, note: str, lines: Lines) -> _Sheet:
    columns = Added(lines, summary).columns()
    headers = ("序号", summary.head, *(one.header for one in columns))
    words = note + "各数均为公式，按明细右侧的序号求和；冲正为负数；净拨付＝拨付＋冲正－退回。"
    return _Sheet(
        summary.name, f"{title}（{summary.name}）", words, headers, list(sum_rows(summary, columns))
    )


def _about(detail: Detail) -> str:
    if detail.word == "未拨":
        return "含以前年度结转和未定日期的款项；“不再拨付”只列本年度计划。"
    return "右侧序号供汇总表求和，请勿改动。"


def _ranges(lines: Lines) -> Iterator[tuple[str, str]]:
    """Yield the names that formulas call the columns of the lines by."""
    for detail in DETAILS:
        last = max(FIRST_ROW, FIRST_ROW + len(lines.of[detail.word]) - 1)
        named = {"金额": AMOUNT, **{key: header_of_key(key) for key in KEYS}}
        for name, header in named.items():
            letter = detail.letter(header)
            yield f"{detail.word}{name}", f"'{detail.name}'!${letter}${FIRST_ROW}:${letter}${last}"


def _frame(book: Workbook, place: int, sheet: _Sheet) -> Worksheet:
    page: Worksheet = book.create_sheet(sheet.name)
    page.sheet_properties.codeName = f"S{place}"
    page["A1"], page["A2"] = sheet.title, sheet.note
    page["A1"].font, page["A2"].font = Font(name="黑体", size=16, bold=True), Font(name="宋体", size=10)
    for number, header in enumerate(sheet.headers, 1):
        head(page, number, header)
        width = _WIDTHS.get(header, _USUAL_WIDTH)
        page.column_dimensions[get_column_letter(number)].width = width
    page.row_dimensions[HEADER_ROW].height = 30
    page.freeze_panes = f"C{FIRST_ROW}"
    if sheet.is_detail:
        last = get_column_letter(len(sheet.headers))
        page.auto_filter.ref = f"A{HEADER_ROW}:{last}{HEADER_ROW + max(len(sheet.rows), 1)}"
    if sheet.name == "核对":
        rule: Any = CellIsRule
        wrong = rule(operator="equal", formula=[f'"{DIFFERS}"'], font=Font(color="C00000", bold=True))
        page.conditional_formatting.add(f"E{FIRST_ROW}:E{HEADER_ROW + len(sheet.rows)}", wrong)
    _print(page)
    return page


def _print(page: Worksheet) -> None:
    page.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", Worksheet.PAPERSIZE_A4
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    footer: Any = page.oddFooter
    footer.center.text = "第 &P 页，共 &N 页"


def _completed(xml: bytes, sheets: Iterable[_Sheet], styles: Mapping[Look, int], told: _Told) -> bytes:
    """Return a sheet's XML with its rows in it; which sheet it is, it says itself."""
    found = re.search(rb'codeName="S(\d+)"', xml)
    if found is None:
        raise ValueError("a sheet without its number")
    sheet = list(sheets)[int(found[1])]
    before, _, after = xml.partition(b"</sheetData>")
    before = before.partition(f'<row r="{FIRST_ROW}"'.encode())[0]
    last = f"{get_column_letter(len(sheet.headers))}{HEADER_ROW + len(sheet.rows)}"
    before = re.sub(rb'<dimension ref="[^"]*"', f'<dimension ref="A1:{last}"'.encode(), before)
    return before + rows_xml(told(sheet.rows), styles).encode() + b"</sheetData>" + after
