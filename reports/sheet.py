"""The disbursement sheet (拨付表): the workbook that an issued batch becomes, printed, signed and sent out.

openpyxl makes the frame: title, header, totals, what is signed, styles and the page. The payments, which may
be ten thousand, are then set into its XML as text. So no amount passes through a float, no text can become a
formula, and it takes a fraction of the time of making their cells. The same disbursement always gives the
same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from io import BytesIO
from xml.sax.saxutils import escape

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.header_footer import HeaderFooterItem, _HeaderFooterPart
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from finance.disbursement import LARGEST, Disbursement, DisbursementLine
from lifecycle.money import YUAN, Fen, in_words, yuan
from reports.ledger.writing import escaped
from reports.package import Package

FACE = "宋体"
MONEY = "#,##0.00"
HEADER_ROW = 3
FIRST_LINE = 4
"""The row of the first payment: title, particulars and header stand above."""


_EMPTY_VALUE = rb"(?:<v ?/>|<v></v>)"
"""How openpyxl leaves a formula's value open: in one of these ways, as the XML library at hand writes it."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table: its header, its width in characters, and how its cells are set."""

    letter: str
    header: str
    width: float
    number_format: str = "General"
    horizontal: str = "left"

    @property
    def is_text(self) -> bool:
        """Whether its cells hold text, which may take several lines."""
        return self.horizontal == "left"


COLUMNS = (
    Column("A", "序号", 5, "0", "center"),
    Column("B", "项目编号", 15, "@"),
    Column("C", "项目名称", 25),
    Column("D", "承担单位", 20),
    Column("E", "开户行", 19),
    Column("F", "账号", 21, "@"),
    Column("G", "资助总额", 14, MONEY, "right"),
    Column("H", "已拨", 14, MONEY, "right"),
    Column("I", "本次拨付", 14, MONEY, "right"),
    Column("J", "本次大写", 22),
    Column("K", "累计比例", 9, "0.00%", "right"),
    Column("L", "依据", 18),
)
LAST = COLUMNS[-1].letter
_WRAPPED = tuple((place, int(column.width) - 1) for place, column in enumerate(COLUMNS) if column.is_text)
"""The columns of text, and how many narrow characters fit on one line of each."""

_THIN = Side(style="thin", color="000000")
_BOX = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_BODY = Font(name=FACE, size=10)
_BOLD = Font(name=FACE, size=10, bold=True)
_SMALL = Font(name=FACE, size=8, color="595959")
_CODE = Font(name="Consolas", size=7, color="595959")
_TITLE = Font(name="黑体", size=18, bold=True)
_SHADE = PatternFill("solid", fgColor="EDEDED")


def disbursement_sheet(disbursement: Disbursement) -> bytes:
    """Return the workbook of a disbursement, which has at least one line.

    Raises ``ValueError`` where a sum has more digits than a spreadsheet keeps: ``LARGEST`` and above.
    """
    sums = _sums(disbursement.lines)
    if max(sums) >= LARGEST:
        raise ValueError("sums of this size are not exact in a spreadsheet")
    book = Workbook()
    frame = _Frame(book, disbursement, sums)
    made = datetime.combine(disbursement.issued_on, time.min)
    properties = book.properties
    properties.creator = properties.lastModifiedBy = "科管"
    properties.title = f"拨付表 {disbursement.number}"
    properties.created = properties.modified = made
    target = BytesIO()
    ExcelWriter(book, Package(target, made, frame.completed)).save()
    return target.getvalue()


Sums = tuple[Fen, Fen, Fen]
"""资助总额, 已拨, 本次拨付 of all lines."""


def _sums(lines: Sequence[DisbursementLine]) -> Sums:
    return (
        sum(line.granted for line in lines),
        sum(line.paid_before for line in lines),
        sum(line.amount for line in lines),
    )


class _Frame:
    """Everything of the sheet but its payments, for which it keeps one row of prepared cells."""

    def __init__(self, book: Workbook, disbursement: Disbursement, sums: Sums) -> None:
        page = book.active
        if not isinstance(page, Worksheet):
            raise TypeError("a new workbook has a worksheet")
        self._page = page
        self._disbursement = disbursement
        self._cached: dict[str, str] = {}
        """Formula → its value, for programs that show a file without calculating."""
        page.title = "拨付表"
        _lay_out(page, disbursement)
        self._write_head()
        self._styles = [self._prepare(column) for column in COLUMNS]
        self._write_totals(sums)
        self._write_end(FIRST_LINE + len(disbursement.lines) + 2)

    def completed(self, sheet: bytes) -> bytes:
        """Return the sheet's XML with the payments and the values of its formulas in it."""
        before, _, rest = sheet.partition(f'<row r="{FIRST_LINE}"'.encode())
        after = rest.partition(b"</row>")[2]
        for formula, value in self._cached.items():
            bare = re.compile(re.escape(f"<f>{formula}</f>").encode() + _EMPTY_VALUE)
            after = bare.sub(f"<f>{formula}</f><v>{value}</v>".encode(), after)
        rows = "".join(
            _row(FIRST_LINE + place, self._styles, _values(place + 1, line))
            for place, line in enumerate(self._disbursement.lines)
        )
        return before + rows.encode() + after

    def _write_head(self) -> None:
        day = self._disbursement.issued_on
        self._band(1, f"A:{LAST}", f"{day.year}年度科技计划项目财政资金拨付表", _TITLE, "center")
        self._band(2, "A:D", f"拨款单位：{escaped(self._disbursement.payer)}", _BODY)
        self._band(2, "E:E", f"批次号：{self._disbursement.number}", _BODY)
        self._band(2, "F:G", f"日期：{day.year}年{day.month}月{day.day}日", _BODY)
        self._band(2, "H:J", f"资金来源：{'、'.join(self._disbursement.sources)}", _BODY)
        self._band(2, f"K:{LAST}", "单位：元", _BODY, "right")
        for column in COLUMNS:
            self._cell(column.letter, HEADER_ROW, _BOLD, "center", column.header, shade=True)
        self._heights({1: 34, 2: 20, HEADER_ROW: 30})

    def _prepare(self, column: Column) -> int:
        """Style a cell as those of the payments are; return the number of its style."""
        cell = self._cell(column.letter, FIRST_LINE, _BODY, column.horizontal, box=True)
        cell.number_format = column.number_format
        cell.quotePrefix = column.is_text  # text stays text when somebody types on it in Excel
        return int(cell.style_id)

    def _write_totals(self, sums: Sums) -> None:
        row = FIRST_LINE + len(self._disbursement.lines)
        for column in COLUMNS:
            self._cell(column.letter, row, _BOLD, "center", shade=True)
        self._page.cell(row, 1, "合计")
        self._page.merge_cells(f"A{row}:F{row}")
        for letter, fen in zip("GHI", sums, strict=True):
            formula = f"SUM({letter}{FIRST_LINE}:{letter}{row - 1})"
            self._cell(letter, row, _BOLD, "right", f"={formula}", shade=True).number_format = MONEY
            self._cached[formula] = _digits(fen)
        share = float(_share(sums[1] + sums[2], sums[0]))
        self._cell("K", row, _BOLD, "right", share, shade=True).number_format = "0.00%"
        words = f"本次拨付合计（大写）：人民币{in_words(sums[2])}    （小写）：￥{yuan(sums[2])}"
        self._band(row + 1, f"A:{LAST}", words, _BOLD, box=True)
        self._heights({row: 24, row + 1: 24})

    def _write_end(self, row: int) -> None:
        note = "说明：“已拨”含此前已出表、尚未登记的款项；累计比例＝（已拨＋本次拨付）÷资助总额，尾数舍去。"
        self._band(row, f"A:{LAST}", note, _SMALL)
        signed = {"A:B": "制表：", "C:C": "复核：", "D:E": "审批：", "F:H": "财务负责人："}
        for columns, text in signed.items():
            self._band(row + 1, columns, text, _BODY)
        self._band(row + 1, f"I:{LAST}", "日期：        年      月      日", _BODY)
        self._band(row + 2, f"A:{LAST}", f"校验码：{self._disbursement.checksum}", _CODE, "right")
        self._heights({row: 18, row + 1: 44, row + 2: 14})

    def _heights(self, heights: dict[int, float]) -> None:
        for row, height in heights.items():
            self._page.row_dimensions[row].height = height

    def _band(
        self, row: int, columns: str, text: str, font: Font, horizontal: str = "left", *, box: bool = False
    ) -> None:
        """Write a text that spans the columns given (``A:D``)."""
        first, last = columns.split(":")
        for column in COLUMNS:
            if first <= column.letter <= last:
                self._cell(column.letter, row, font, horizontal, box=box)
        self._page[f"{first}{row}"] = text
        if first != last:
            self._page.merge_cells(f"{first}{row}:{last}{row}")

    def _cell(
        self,
        letter: str,
        row: int,
        font: Font,
        horizontal: str,
        value: str | float | None = None,
        *,
        shade: bool = False,
        box: bool = False,
    ) -> Cell:
        cell: Cell = self._page[f"{letter}{row}"]
        cell.value, cell.font = value, font
        cell.alignment = Alignment(horizontal=horizontal, vertical="center", wrap_text=True)
        if shade:
            cell.fill = _SHADE
        if shade or box:
            cell.border = _BOX
        return cell


def _lay_out(page: Worksheet, disbursement: Disbursement) -> None:
    for column in COLUMNS:
        page.column_dimensions[column.letter].width = column.width
    page.freeze_panes = f"D{FIRST_LINE}"
    page.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", Worksheet.PAPERSIZE_A4
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.print_options.horizontalCentered = True
    margins = page.page_margins
    margins.left = margins.right = 0.4
    margins.top, margins.bottom, margins.header, margins.footer = 0.5, 0.6, 0.3, 0.3
    left, center, right = (
        _HeaderFooterPart(text=text, font=FACE, size=8)
        for text in (
            f"批次号 {disbursement.number}",
            "第 &P 页，共 &N 页",
            f"校验码 {disbursement.checksum[:16]}",
        )
    )
    page.HeaderFooter.oddFooter = HeaderFooterItem(left, right, center)


def _values(sequence: int, line: DisbursementLine) -> tuple[str, ...]:
    """Return what stands in each column of a payment."""
    return (
        str(sequence),
        line.project_number,
        line.project_title,
        line.payee,
        line.bank_name,
        line.bank_account,
        _digits(line.granted),
        _digits(line.paid_before),
        _digits(line.amount),
        in_words(line.amount),
        _share(line.paid_before + line.amount, line.granted),
        line.basis,
    )


def _digits(fen: Fen) -> str:
    """Return an amount in yuan as a number cell holds it."""
    return f"{fen // YUAN}.{fen % YUAN:02d}"


def _share(part: Fen, whole: Fen) -> str:
    """Return a share to a hundredth of a percent, cut: 69.999% never reads 70%."""
    tenthousandths = part * 10_000 // whole if whole else 0
    return f"{tenthousandths // 10_000}.{tenthousandths % 10_000:04d}"


def _row(row: int, styles: Sequence[int], values: Sequence[str]) -> str:
    """Return the XML of a payment's row, as tall as its text needs: not every program sees to that."""
    lines = max(-(-_width(values[place]) // width) for place, width in _WRAPPED)
    cells = "".join(
        f'<c r="{column.letter}{row}" s="{style}" t="inlineStr"><is><t xml:space="preserve">'
        f"{escape(escaped(value))}</t></is></c>"
        if column.is_text
        else f'<c r="{column.letter}{row}" s="{style}"><v>{value}</v></c>'
        for column, style, value in zip(COLUMNS, styles, values, strict=True)
    )
    return f'<row r="{row}" ht="{13.5 * max(lines, 2) + 3:g}" customHeight="1">{cells}</row>'


def _width(text: str) -> int:
    """Return how many narrow characters wide a text is; what is beyond Latin counts as wide."""
    return len(text) if text.isascii() else sum(1 if char < "\u0300" else 2 for char in text)
