"""The standard layout of the disbursement sheet, drawn by code: used where an office has none.

It is a layout like any other, so it is also what an office downloads to begin its own from.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from io import BytesIO

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.header_footer import HeaderFooterItem, _HeaderFooterPart
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from reports.sheet.cells import letter_of

FACE = "宋体"
MONEY = "#,##0.00"
TITLE_ROW, HEADER_ROW, FIRST_LINE, TOTAL_ROW = 1, 3, 4, 5


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table: its header and mark, its width in characters, and how its cells are set."""

    header: str
    width: float
    number_format: str = "General"
    horizontal: str = "left"
    sum: str = ""
    """The mark in the row of totals."""
    answered: bool = False
    """Whether whoever pays fills it in."""

    @property
    def mark(self) -> str:
        """The mark of its line."""
        return f"{{{self.header}}}"


_SOURCE = Column("资金来源", 10)
_COLUMNS = (
    Column("序号", 5, "0", "center"),
    Column("项目编号", 15, "@"),
    Column("项目名称", 25),
    Column("承担单位", 20),
    Column("开户行", 19),
    Column("账号", 21, "@"),
    Column("资助总额", 14, MONEY, "right", "{合计资助总额}"),
    Column("已拨", 14, MONEY, "right", "{合计已拨}"),
    Column("本次拨付", 14, MONEY, "right", "{合计金额}"),
    Column("本次大写", 22),
    Column("累计比例", 9, "0.00%", "right", "{合计比例}"),
    Column("依据", 18),
    Column("行码", 10, "@"),
    Column("办理结果", 10, "@", "center", answered=True),
    Column("拨付日期", 12, "@", "center", answered=True),  # what is typed stays: 20260305 is no serial number
    Column("凭证号", 14, "@", answered=True),
    Column("未拨出原因", 18, "@", answered=True),
)


def columns(*, with_source: bool) -> tuple[Column, ...]:
    """Return the columns of the standard layout; a batch of several sources names that of each payment."""
    return (*_COLUMNS[:3], _SOURCE, *_COLUMNS[3:]) if with_source else _COLUMNS


_THIN = Side(style="thin", color="000000")
_BOX = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_BODY = Font(name=FACE, size=10)
_BOLD = Font(name=FACE, size=10, bold=True)
_SMALL = Font(name=FACE, size=8, color="595959")
_CODE = Font(name="Consolas", size=7, color="595959")
_TITLE = Font(name="黑体", size=18, bold=True)
_SHADE = PatternFill("solid", fgColor="EDEDED")
_TO_FILL = PatternFill("solid", fgColor="FFF8E1")
_NOTE = "说明：“已拨”含此前已出表、尚未登记的款项；累计比例＝（已拨＋本次拨付）÷资助总额，尾数舍去。"
_ASKED = (
    "办理后请逐笔填写右侧四列：办理结果填“已拨付”或“未拨出”，已拨付的填拨付日期和凭证号，未拨出的填原因；"
    "其他各列请勿改动，行的先后可以变动。填好后将本文件退回。"
)


@cache
def standard_layout(*, with_source: bool = False) -> bytes:
    """Return the workbook of the standard layout."""
    book = Workbook()
    page = book.active
    if not isinstance(page, Worksheet):
        raise TypeError("a new workbook has a worksheet")
    page.title = "拨付表"
    _Drawn(page, columns(with_source=with_source)).draw()
    book.properties.creator = "科管"
    target = BytesIO()
    book.save(target)
    return target.getvalue()


class _Drawn:
    """The standard layout being drawn."""

    def __init__(self, page: Worksheet, columns_: tuple[Column, ...]) -> None:
        self._page, self._columns = page, columns_
        self._of = {column.header: letter_of(place) for place, column in enumerate(columns_, 1)}
        self._last_signed = self._of["依据"]
        self._first_answer, self._last = self._of["办理结果"], letter_of(len(columns_))

    def draw(self) -> None:
        self._head()
        self._table()
        self._totals()
        self._end(TOTAL_ROW + 2)
        self._lay_out()
        self._drop_down()

    def _head(self) -> None:
        last, of = self._last_signed, self._of
        self._band(TITLE_ROW, "A", last, "{年度}年度科技计划项目财政资金拨付表", _TITLE, "center")
        self._band(2, "A", of["承担单位"], "拨款单位：{拨款单位}", _BODY)
        self._band(2, of["开户行"], of["开户行"], "批次号：{批次号}", _BODY)
        self._band(2, of["账号"], of["资助总额"], "日期：{出表日期}", _BODY)
        self._band(2, of["已拨"], of["本次大写"], "资金来源：{资金来源}", _BODY)
        self._band(2, of["累计比例"], last, "单位：元", _BODY, "right")
        self._band(2, self._first_answer, self._last, "以下四列由办理单位填写后退回", _BODY, "center")
        self._heights({TITLE_ROW: 34, 2: 20, HEADER_ROW: 30})

    def _table(self) -> None:
        for place, column in enumerate(self._columns, 1):
            letter = letter_of(place)
            self._page.column_dimensions[letter].width = column.width
            self._cell(letter, HEADER_ROW, _BOLD, "center", column.header, fill=_SHADE)
            fill = _TO_FILL if column.answered else None
            cell = self._cell(letter, FIRST_LINE, _BODY, column.horizontal, column.mark, fill=fill, box=True)
            cell.number_format = column.number_format
        self._heights({FIRST_LINE: 30})

    def _totals(self) -> None:
        for place, column in enumerate(self._columns, 1):
            horizontal = "right" if column.sum else "center"
            cell = self._cell(letter_of(place), TOTAL_ROW, _BOLD, horizontal, column.sum, fill=_SHADE)
            cell.number_format = column.number_format if column.sum else "General"
        self._page.cell(TOTAL_ROW, 1, "合计")
        self._page.merge_cells(f"A{TOTAL_ROW}:{self._of['账号']}{TOTAL_ROW}")
        words = "本次拨付合计（大写）：人民币{合计大写}    （小写）：￥{合计金额}"
        self._band(TOTAL_ROW + 1, "A", self._last_signed, words, _BOLD, box=True)
        self._heights({TOTAL_ROW: 24, TOTAL_ROW + 1: 24})

    def _end(self, row: int) -> None:
        last, of = self._last_signed, self._of
        self._band(row, "A", last, _NOTE, _SMALL)
        signed = (
            ("A", "B", "制表："),
            ("C", "C", "复核："),
            (of["承担单位"], of["开户行"], "审批："),
            (of["账号"], of["已拨"], "财务负责人："),
            (of["本次拨付"], last, "日期：        年      月      日"),
        )
        for first, end, text in signed:
            self._band(row + 1, first, end, text, _BODY)
        self._band(row + 2, "A", last, "校验码：{校验码}", _CODE, "right")
        self._band(row + 3, "A", last, _ASKED, _SMALL)
        self._heights({row: 18, row + 1: 44, row + 2: 14, row + 3: 26})

    def _lay_out(self) -> None:
        page = self._page
        page.freeze_panes = f"D{FIRST_LINE}"
        page.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"
        page.print_area = f"A1:{self._of['行码']}{TOTAL_ROW + 5}"  # the answers come back as a file
        page.page_setup.orientation, page.page_setup.paperSize = "landscape", Worksheet.PAPERSIZE_A4
        page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
        page.print_options.horizontalCentered = True
        margins = page.page_margins
        margins.left = margins.right = 0.4
        margins.top, margins.bottom, margins.header, margins.footer = 0.5, 0.6, 0.3, 0.3
        left, center, right = (
            _HeaderFooterPart(text=text, font=FACE, size=8)
            for text in ("批次号 {批次号}", "第 &P 页，共 &N 页", "校验码 {校验码}")
        )
        page.HeaderFooter.oddFooter = HeaderFooterItem(left, right, center)

    def _drop_down(self) -> None:
        """Offer the two answers; others are allowed, since banks have words of their own."""
        offered = DataValidation(type="list", formula1='"已拨付,未拨出"', allow_blank=True)
        offered.showErrorMessage = False
        offered.add(f"{self._first_answer}{FIRST_LINE}")
        self._page.add_data_validation(offered)

    def _heights(self, heights: dict[int, float]) -> None:
        for row, height in heights.items():
            self._page.row_dimensions[row].height = height

    def _band(
        self,
        row: int,
        first: str,
        last: str,
        text: str,
        font: Font,
        horizontal: str = "left",
        *,
        box: bool = False,
    ) -> None:
        """Write a text that spans the columns from ``first`` to ``last``."""
        letters = list(self._of.values())
        for letter in letters[letters.index(first) : letters.index(last) + 1]:
            self._cell(letter, row, font, horizontal, box=box)
        self._page[f"{first}{row}"] = text
        if first != last:
            self._page.merge_cells(f"{first}{row}:{last}{row}")

    def _cell(
        self,
        letter: str,
        row: int,
        font: Font,
        horizontal: str,
        value: str | None = None,
        *,
        fill: PatternFill | None = None,
        box: bool = False,
    ) -> Cell:
        cell: Cell = self._page[f"{letter}{row}"]
        cell.value, cell.font = value or None, font
        cell.alignment = Alignment(horizontal=horizontal, vertical="center", wrap_text=True)
        if fill is not None:
            cell.fill = fill
        if box or fill is not None:
            cell.border = _BOX
        return cell
