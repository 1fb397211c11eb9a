"""Layouts: an office's own workbook is filled in where it is marked and stays as drawn everywhere else."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.comments import Comment
from openpyxl.worksheet.worksheet import Worksheet

from lifecycle.money import in_words, yuan
from lifecycle.record import Source
from reports.read_back import read_sheet
from reports.sheet import disbursement_sheet
from reports.sheet.layout import read_layout
from reports.sheet.parts import MAIN, LayoutRefused
from reports.sheet.references import Repeated
from reports.sheet.standard import standard_layout
from tests.unit.sheets.layouts import LINE, Change, disbursement, line, office_layout, setting


def page_of(content: bytes, *, values: bool = False) -> Worksheet:
    """Return the sheet as openpyxl reads it."""
    page = load_workbook(BytesIO(content), data_only=values).worksheets[0]
    assert isinstance(page, Worksheet)
    return page


def row_of(page: Worksheet, row: int) -> list[object]:
    return [cell.value for cell in page[row]]


THREE = [line(1), line(2, source=Source.PROVINCIAL, payee="=1+1"), line(3)]


def test_the_office_gets_its_own_columns_in_its_own_order() -> None:
    told = disbursement(THREE, office_layout())
    page = page_of(disbursement_sheet(told), values=True)
    assert page.title == "国库 & 专户"
    assert page["A1"].value == "沙坪坝区科学技术局关于拨付2026年度科技资金的明细表（第2026-003号）"
    assert page["A3"].value == "付款：测试区财政局　2026年6月30日"
    for place, one in enumerate(THREE):
        assert row_of(page, LINE + place) == [
            told.codes[place],
            one.payee,
            one.bank_account,
            one.amount / 100,
            in_words(one.amount),
            one.source,
            one.project_number,
            *[None] * 4,
            "人民币",
        ]
    assert page["D10"].value == told.total / 100
    assert page["E10"].value == in_words(told.total)
    assert (page["G10"].value, page["H10"].value) == (3, f"共3笔，{yuan(told.total)}元")
    assert page["A14"].value == told.checksum


def test_totals_are_formulas_and_everything_drawn_below_moves_down() -> None:
    content = disbursement_sheet(disbursement(THREE, office_layout()))
    page = page_of(content)
    assert page["D10"].value == "=SUM(D6:D8)"
    assert {str(merge) for merge in page.merged_cells.ranges} == {"A1:L1", "A10:C10", "D12:F13"}
    assert (page["A12"].value, page["D12"].value) == ("经办人：", "分管领导：")
    assert [page.row_dimensions[row].height for row in (6, 7, 8, 12)] == [42, 42, 42, 55]
    assert page.print_area == "'国库 & 专户'!$A$1:$L$14"
    assert (page.print_title_rows, page.freeze_panes) == ("$5:$5", "A6")
    assert [found.id for found in page.row_breaks.brk] == [11]
    (offered,) = page.data_validations.dataValidation
    assert str(offered.sqref) == "H6:H8"
    (coloured,) = page.conditional_formatting
    assert str(coloured.sqref) == "D6:D8"
    assert coloured.rules[0].formula == ["$D$10"]
    assert page.oddFooter.center.text == "&P/&N 批次 2026-003"


def test_styles_of_the_line_hold_for_every_payment_and_text_stays_text() -> None:
    content = disbursement_sheet(disbursement(THREE, office_layout()))
    page = page_of(content)
    for row in (6, 7, 8):
        assert page[f"D{row}"].number_format == '"￥"#,##0.00'
        assert page[f"C{row}"].fill.fgColor.rgb == "00DDEEFF"
        assert page[f"B{row}"].font.size == 12
        assert page[f"B{row}"].quotePrefix
        assert not page[f"D{row}"].quotePrefix
    assert page["B7"].data_type == "s"
    with ZipFile(BytesIO(content)) as package:
        sheet = package.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<f>") == 1
    assert "<v>140000.02</v>" in sheet


def test_a_line_of_one_and_of_many_and_the_same_bytes_again() -> None:
    layout = office_layout()
    assert page_of(disbursement_sheet(disbursement([line()], layout)))["D8"].value == "=SUM(D6:D6)"
    many = disbursement([line(place) for place in range(200)], layout)
    assert disbursement_sheet(many) == disbursement_sheet(many)
    assert page_of(disbursement_sheet(many))["A211"].value == many.checksum
    told: list[tuple[int, int]] = []
    disbursement_sheet(many, lambda done, all_: told.append((done, all_)))
    assert told[-1] == (200, 200)


def test_reconciling_reads_the_same_fen_whatever_the_office_calls_its_columns() -> None:
    for layout in (None, office_layout()):
        told = disbursement(THREE, layout)
        read = read_sheet(disbursement_sheet(told))
        assert read.checksum == told.checksum
        assert [tuple(one) for one in read.lines] == [(one.project_number, one.amount) for one in THREE]


def test_the_standard_layout_is_a_layout_to_begin_from() -> None:
    for with_source in (False, True):
        layout = standard_layout(with_source=with_source)
        told = disbursement([line(1), line(2)], layout)
        assert page_of(disbursement_sheet(told))["A1"].value == "2026年度科技计划项目财政资金拨付表"
        assert ("资金来源" in read_layout(layout).columns) is with_source


def merge(area: str) -> Change:
    return lambda page: page.merge_cells(area)


def comment(page: Worksheet) -> None:
    page["A1"].comment = Comment("看这里", "某")


WRONG = {
    "F6": (setting("F6", "{资金来原}"), "F6", "没有“{资金来原}”这个标记，是不是“{资金来源}”"),
    "brace": (setting("A3", "付款：{拨款单位"), "A3", "没有成对"),
    "two rows": (setting("B9", "{开户行}"), "B9", "同在第 6 行"),
    "whole in line": (setting("L6", "{合计大写}"), "L6", "整张表的标记"),
    "with text": (setting("L6", "第{序号}笔"), "L6", "单独占一格"),
    "twice": (setting("L6", "{账号}"), "L6", "已在 C6 用过"),
    "no header": (setting("F5", None), "F6", "没有表头"),
    "same header": (setting("F5", "识别码"), "F6", "与 A6 一列相同"),
    "missing": (setting("J6", None), None, "缺少必须有的标记：{凭证号}"),
    "no checksum": (setting("A12", None), None, "{校验码}"),
    "formula": (setting("D8", "=SUM(D6:D6)"), "D8", "不能有公式"),
    "sum of nothing": (setting("G9", "{合计已拨}"), "G9", "表中没有这一列"),
    "merged": (merge("B6:B7"), "B6", "取消合并"),
    "wide": (setting("XFD6", "远"), "XFD6", "最多 60 列"),
    "deep": (setting("A9000", "远"), "A9000", "500 行"),
    "comment": (comment, None, "批注"),
    "outside": (lambda page: setattr(page["A3"], "hyperlink", "https://example.com"), None, "指向外部"),
    "two sheets": (lambda page: page.parent.worksheets[1].__setitem__("B2", "{校验码}"), None, "一张工作表"),
}


@pytest.mark.parametrize(("change", "cell", "words"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_of_its_cell(change: Change, cell: str | None, words: str) -> None:
    with pytest.raises(LayoutRefused) as refusal:
        read_layout(office_layout(change))
    told = {one.cell: one.message for one in refusal.value.wrong}
    assert words in told[cell]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(LayoutRefused) as refusal:
        read_layout(office_layout(setting("F6", "{某某}"), setting("J6", None), setting("D8", "=1")))
    assert {one.cell for one in refusal.value.wrong} == {"F6", "D8", None}


def with_part(content: bytes, name: str, data: bytes) -> bytes:
    """Return a workbook with one part more, or another one in its place."""
    target = BytesIO()
    with ZipFile(BytesIO(content)) as old, ZipFile(target, "w", ZIP_DEFLATED) as new:
        for entry in old.namelist():
            if entry != name:
                new.writestr(entry, old.read(entry))
        new.writestr(name, data)
    return target.getvalue()


STRANGE = {
    "macro": ("xl/vbaProject.bin", b"\xd0\xcf", "宏"),
    "links": ("xl/externalLinks/externalLink1.xml", b"<a/>", "其他文件"),
    "chart": ("xl/charts/chart1.xml", b"<a/>", "图表"),
    "table": ("xl/tables/table1.xml", b"<a/>", "套用表格格式"),
    "unknown": ("payload.exe", b"MZ", "不认识"),
    "control": ("xl/ctrlProps/ctrlProp1.xml", b"<a/>", "控件"),
    "bomb": ("xl/media/image1.png", bytes(20 << 20), "过大"),
    "entity": ("xl/worksheets/sheet1.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "损坏"),
    "garbled": ("xl/workbook.xml", b"<workbook", "损坏"),
    "strict": ("xl/worksheets/sheet1.xml", b'<worksheet xmlns="http://purl.oclc.org/x"/>', "Strict"),
    "no number": (
        "xl/worksheets/sheet1.xml",
        f'<worksheet xmlns="{MAIN}"><row r="x"/></worksheet>'.encode(),
        "损坏",
    ),
}


@pytest.mark.parametrize(("name", "data", "words"), STRANGE.values(), ids=STRANGE)
def test_a_strange_workbook_is_refused_politely(name: str, data: bytes, words: str) -> None:
    with pytest.raises(LayoutRefused, match=words):
        read_layout(with_part(office_layout(), name, data))


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"hello", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", bytes(3 << 20)]
)
def test_what_is_no_workbook_is_refused_politely(content: bytes) -> None:
    with pytest.raises(LayoutRefused):
        read_layout(content)


@settings(max_examples=200)
@given(st.integers(1, 60), st.integers(1, 9), st.integers(1, 60), st.integers(0, 20))
def test_a_range_keeps_its_rows_and_takes_in_every_copy(
    line_: int, times: int, first: int, more: int
) -> None:
    moved = Repeated(line_, times)
    last = first + more

    def copies(row: int) -> set[int]:
        return set(range(row, row + times)) if row == line_ else {moved.row(row)}

    expected = set().union(*(copies(row) for row in range(first, last + 1)))
    text = moved.references(f"B{first}:D{last}")
    start, _, end = text.replace("B", "").replace("D", "").partition(":")
    assert set(range(int(start), int(end) + 1)) == expected


def test_formulas_move_where_they_mean_this_sheet() -> None:
    moved = Repeated(6, 10)
    ours = lambda name: name in (None, "甲 表")  # noqa: E731
    assert moved.formula("SUM($D$6:D6)+A5-$B7", ours) == "SUM($D$6:D15)+A5-$B16"
    assert moved.formula("'甲 表'!$A$1:$L$12,Sheet2!A9", ours) == "'甲 表'!$A$1:$L$21,Sheet2!A9"
    assert moved.formula('"A9,A10"', ours) == '"A9,A10"'
    assert moved.formula("'甲 表'!$5:$7", ours) == "'甲 表'!$5:$16"
    assert moved.formula("LOG10(A9)", ours) == "LOG10(A18)"
