"""The cells of strangers' files: every way in which programs write values, formulas, dates and texts."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook as OpenpyxlWorkbook

from reports.ledger.errors import NotAWorkbook
from reports.ledger.xlsx.formats import Shows, shown_by
from reports.ledger.xlsx.sheet import read_rows
from reports.ledger.xlsx.values import NOT_A_DATE, NOT_A_NUMBER, NOT_CACHED, Cell, Flaw, Row, Tables
from reports.ledger.xlsx.workbook import Workbook
from tests.unit.ledger.workbooks import (
    DATA,
    LINES,
    MAIN_NS,
    PROJECT,
    book,
    header_xml,
    places,
    raw,
    read,
    rows,
    text_cell,
)

DAY = date(2023, 3, 15)
SERIAL = 45000


def rows_of(content: bytes, sheet: str = "S") -> list[tuple[int, Row]]:
    return list(Workbook(io.BytesIO(content)).rows(sheet))


def cell(xml: str, **more: Any) -> Cell | None:
    """Return what a single hand-made cell in A1 holds."""
    found = rows_of(raw({"S": f'<row r="1">{xml}</row>'}, **more))
    return found[0][1][0] if found else None


@pytest.mark.parametrize(
    ("xml", "value"),
    [
        ('<c r="A1"><v>12.5</v></c>', 12.5),
        ('<c r="A1" t="n"><v> 12 </v></c>', 12.0),
        ('<c r="A1"><v>1E-06</v></c>', 0.000001),
        ('<c r="A1"/>', None),
        ('<c r="A1"><v/></c>', None),
        ('<c r="A1" t="inlineStr"><is><t/></is></c>', None),
        ('<c r="A1" t="b"><v>1</v></c>', True),
        ('<c r="A1" t="b"><v>0</v></c>', False),
        ('<c r="A1" t="e"><v>#N/A</v></c>', Flaw("单元格是错误值 #N/A")),
        ('<c r="A1"><v>1e400</v></c>', NOT_A_NUMBER),
        ('<c r="A1"><v>NaN</v></c>', NOT_A_NUMBER),
        ('<c r="A1"><v>twelve</v></c>', NOT_A_NUMBER),
        ('<c r="A1" t="new"><v>1</v></c>', NOT_A_NUMBER),
        ('<c r="A1" t="d"><v>2023-03-15T08:00:00</v></c>', DAY),
        ('<c r="A1" t="d"><v>08:00:00</v></c>', NOT_A_DATE),
        ('<c r="A1" t="str"><v>文</v></c>', "文"),
        ('<c r="A1" t="inlineStr"><is><t xml:space="preserve"> 文 </t></is></c>', "文"),
        ('<c r="A1" t="inlineStr"><is><t>A&amp;B &lt;C&gt; &#19968;</t></is></c>', "A&B <C> 一"),
        ('<c r="A1" t="str"><v><![CDATA[<文>]]></v></c>', "<文>"),
        ('<c r="A1" t="str"><v>文<!-- 注 -->字</v></c>', "文字"),
        ('<c r="A1" t="str"><v>a_x000D_\nb</v></c>', "a\r\nb"),
        ('<c r="A1" t="str"><v>_x005F_x0041_</v></c>', "_x0041_"),
        ('<c r="A1" t="str"><v>a_x0001__xD83D_b</v></c>', "ab"),
        ('<c r="A1" t="str"><v>_xD83D__xDE00_</v></c>', "\U0001f600"),
    ],
)
def test_a_cell_holds_what_its_tags_say(xml: str, value: Cell | None) -> None:
    found = cell(xml)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("xml", "value"),
    [
        ('<c r="A1"><f>1+1</f><v>2</v></c>', 2.0),
        ('<c r="A1"><f t="shared" si="0"/><v>2</v></c>', 2.0),
        ('<c r="A1" t="str"><f>"文"</f><v>文</v></c>', "文"),
        ('<c r="A1" t="str"><f>""</f><v></v></c>', None),
        ('<c r="A1" t="str"><f>""</f><v/></c>', None),
        ('<c r="A1" t="b"><f>TRUE</f><v>1</v></c>', True),
        ('<c r="A1" t="e"><f>1/0</f><v>#DIV/0!</v></c>', Flaw("单元格是错误值 #DIV/0!")),
        ('<c r="A1"><f>1+1</f></c>', NOT_CACHED),
        ('<c r="A1"><f>1+1</f><v></v></c>', NOT_CACHED),
        ('<c r="A1"><f>1+1</f><v/></c>', NOT_CACHED),
        ('<c r="A1" t="str"><f>A2</f></c>', NOT_CACHED),
    ],
)
def test_a_formula_counts_as_its_cached_value(xml: str, value: Cell | None) -> None:
    assert cell(xml) == value


def test_a_formula_that_openpyxl_wrote_has_no_cached_value() -> None:
    assert places(book({"项目": rows("项目", {**PROJECT, "自筹资金": "=1+1"})})) == [("项目", 2, "自筹资金")]


def test_a_formula_in_an_unknown_column_is_nobodys_business() -> None:
    content = [[*row, "=1+1" if number else "序号"] for number, row in enumerate(rows("项目", PROJECT))]
    assert places({"项目": content}) == []


def test_strings_are_shared_plain_or_rich_and_readings_are_left_out() -> None:
    strings = [
        "<t>甲</t>",
        '<r><rPr><b/></rPr><t>富</t></r>\n  <r><t xml:space="preserve"> 文</t></r>',
        '<t>重庆</t><rPh sb="0" eb="2"><t>チョンチン</t></rPh><phoneticPr fontId="1"/>',
        "<t> </t>",
        "",
    ]
    xml = "".join(f'<c r="{letter}1" t="s"><v>{place}</v></c>' for place, letter in enumerate("ABCDE"))
    found = rows_of(raw({"S": f'<row r="1">{xml}</row>'}, strings=strings))
    assert found == [(1, {0: "甲", 1: "富 文", 2: "重庆"})]


def test_rich_text_in_line_is_put_together_and_readings_are_left_out() -> None:
    rich = (
        '<c r="A1" t="inlineStr"><is>\n <r>\n <t>富</t>\n </r>\n <r><t xml:space="preserve"> 文</t></r>'
        '<rPh sb="0" eb="1"><t>フ</t></rPh></is></c>'
    )
    plain = '<c r="B1" t="inlineStr"><is><t>常</t></is></c><c r="C1">\n<v>5</v>\n</c>'
    assert rows_of(raw({"S": f'<row r="1">{rich}{plain}</row>'})) == [(1, {0: "富 文", 1: "常", 2: 5.0})]


@pytest.mark.parametrize("text", ["7", "-1", "x", "9" * 5000])
def test_a_string_that_is_not_there_makes_the_file_damaged(text: str) -> None:
    with pytest.raises(NotAWorkbook):
        cell(f'<c r="A1" t="s"><v>{text}</v></c>', strings=["<t>甲</t>"])


def styled(code: str | None, id_: int = 176) -> str:
    own = f'<numFmts><numFmt numFmtId="{id_}" formatCode="{code}"/></numFmts>' if code else ""
    return (
        f'{own}<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
        f'<cellXfs><xf numFmtId="0"/><xf numFmtId="{id_}"><alignment/></xf></cellXfs>'
        '<dxfs><dxf><numFmt numFmtId="176" formatCode="0"/></dxf></dxfs>'
    )


def shown(styles: str, value: object = SERIAL, **more: Any) -> Cell | None:
    return cell(f'<c r="A1" s="1"><v>{value}</v></c>', styles=styles, **more)


@pytest.mark.parametrize(
    "code",
    [
        "yyyy-mm-dd",
        "yyyy\\-mm\\-dd",
        "yyyy/m/d;@",
        'yyyy"年"m"月"d"日";@',
        "[$-804]yyyy\\年m\\月d\\日",
        "[DBNum1][$-804]yyyy年m月d日",
        "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy",
        "[Red]YYYY.MM.DD",
        "m/d",
        "yyyy-mm-dd hh:mm:ss",
        "h:mm AM/PM",
    ],
)
def test_a_number_shown_as_a_date_is_one(code: str) -> None:
    assert shown(styled(code.replace('"', "&quot;"))) == DAY


@pytest.mark.parametrize("id_", [14, 15, 16, 17, 22, 27, 31, 36, 50, 57, 58])
def test_dates_that_need_no_spelling_out_are_known_the_east_asian_too(id_: int) -> None:
    assert shown(styled(None, id_)) == DAY


@pytest.mark.parametrize(
    "code", ["0.00", "General", "@", '0.00"days"', "#,##0\\d", "[Red]0", "0_d", "0;yyyy"]
)
def test_a_number_shown_as_a_number_is_no_date(code: str) -> None:
    assert shown(styled(code.replace('"', "&quot;"))) == SERIAL


@pytest.mark.parametrize("code", ["[h]:mm", "[mm]:ss", "[SS]"])
def test_a_length_of_time_is_no_date(code: str) -> None:
    assert shown_by(code) is Shows.DURATION
    assert shown(styled(code)) == NOT_A_DATE
    assert shown(styled(None, 46)) == NOT_A_DATE


@pytest.mark.parametrize(
    ("serial", "day"),
    [
        (45000.999, DAY),
        (45000.99999999999, date(2023, 3, 16)),
        (0.5, NOT_A_DATE),
        (-5, NOT_A_DATE),
        (1e9, NOT_A_DATE),
        ("1e400", NOT_A_NUMBER),
        (1, date(1900, 1, 1)),
        (59, date(1900, 2, 28)),
        (61, date(1900, 3, 1)),
        (2958465, date(9999, 12, 31)),
    ],
)
def test_a_date_is_a_count_of_days(serial: object, day: Cell) -> None:
    assert shown(styled(None, 14), serial) == day


def test_days_may_be_counted_from_1904() -> None:
    assert shown(styled(None, 14), SERIAL - 1462, settings='<workbookPr date1904="1"/>') == DAY


def test_a_cell_without_a_style_has_the_first() -> None:
    styles = '<cellXfs><xf numFmtId="14"/></cellXfs>'
    assert cell(f'<c r="A1"><v>{SERIAL}</v></c>', styles=styles) == DAY


def test_rows_and_cells_may_leave_their_places_unsaid() -> None:
    xml = '<row><c><v>1</v></c><c><v>2</v></c></row><row/><row><c r="C3"><v>3</v></c><c><v>4</v></c></row>'
    assert rows_of(raw({"S": xml})) == [(1, {0: 1.0, 1: 2.0}), (3, {2: 3.0, 3: 4.0})]


def test_cells_out_of_order_are_put_in_order() -> None:
    xml = '<row r="1"><c r="C1"><v>3</v></c><c r="A1"><v>1</v></c></row>'
    ((_, row),) = rows_of(raw({"S": xml}))
    assert list(row.items()) == [(0, 1.0), (2, 3.0)]


def test_a_stray_value_in_the_last_cell_costs_nothing() -> None:
    xml = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    assert rows_of(raw({"S": xml})) == [(1, {0: 1.0}), (1048576, {16383: 2.0})]


@pytest.mark.parametrize(
    "xml",
    [
        '<row r="1048577"><c><v>1</v></c></row>',
        '<row r="0"><c><v>1</v></c></row>',
        '<row r="x"><c><v>1</v></c></row>',
        f'<row r="{"9" * 5000}"/>',
        '<row r="1"><c r="XFE1"><v>1</v></c></row>',
        '<row r="1"><c r="1"><v>1</v></c></row>',
        '<row r="1"><c r="é1"><v>1</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v>',
    ],
)
def test_cells_where_excel_has_none_make_the_file_damaged(xml: str) -> None:
    with pytest.raises(NotAWorkbook):
        rows_of(raw({"S": xml}))


def test_tags_may_carry_a_prefix() -> None:
    xml = (
        f'<x:worksheet xmlns:x="{MAIN_NS}"><x:sheetData><x:row r="2"><x:c r="B2" t="inlineStr">'
        "<x:is><x:t>文</x:t></x:is></x:c><x:c r='C2'><x:f>1</x:f></x:c></x:row></x:sheetData></x:worksheet>"
    )
    assert rows_of(raw({"S": xml})) == [(2, {1: "文", 2: NOT_CACHED})]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_a_part_is_read_in_the_encoding_it_declares(encoding: str) -> None:
    body = "".join(f'<row r="{n}"><c r="A{n}" t="str"><v>é{n}</v></c></row>' for n in range(1, 20_000))
    xml = f'<?xml version="1.0" encoding="{encoding}"?><worksheet><sheetData>{body}</sheetData></worksheet>'
    tables = Tables([], {}, from_1904=False)
    encoded = xml.encode(encoding)
    pieces = (encoded[place : place + 9999] for place in range(0, len(encoded), 9999))
    assert list(read_rows(pieces, tables)) == [(n, {0: f"é{n}"}) for n in range(1, 20_000)]


def test_a_chart_named_like_a_sheet_is_not_the_sheet() -> None:
    assert places(raw({"项目": ""}, kinds={"项目": "chartsheet"})) == [("项目", None, None)]


def test_a_hidden_sheet_is_a_sheet_and_the_exact_name_goes_first() -> None:
    workbook = OpenpyxlWorkbook()
    hidden = workbook.worksheets[0]
    hidden.title, hidden.sheet_state = "项目 ", "hidden"
    hidden.append(["随便"])
    page = workbook.create_sheet("项目")
    for row in rows("项目", PROJECT):
        page.append(row)
    page.sheet_state = "veryHidden"
    workbook.create_sheet("说明")
    stream = io.BytesIO()
    workbook.save(stream)
    assert len(read(stream.getvalue()).records) == 1


def test_merged_titles_and_styles_everywhere_do_not_matter() -> None:
    title = '<row r="1"><c r="A1" s="1" t="inlineStr"><is><t>台账</t></is></c><c r="B1" s="1"/></row>'
    cells = [text_cell("A", 3, "P-1"), *(f'<c r="{letter}3" s="1"/>' for letter in "BCDE")]
    xml = title + header_xml("项目", 2) + f'<row r="3">{"".join(cells)}</row>'
    merged = '<mergeCells><mergeCell ref="A1:Z1"/></mergeCells>'
    sheet = f"<worksheet><sheetData>{xml}</sheetData>{merged}</worksheet>"
    assert places(raw({"项目": sheet}, styles=styled("0")))[0] == ("项目", 3, "项目名称")


@pytest.mark.parametrize("path", sorted((DATA / "programs").glob("*.xlsx")), ids=lambda path: path.stem)
def test_what_different_programs_wrote_of_the_same_ledger_reads_alike(path: Path) -> None:
    """The files hold one project with a line in every sheet, kept by each program in its own way."""
    content = {sheet: rows(sheet, cells) for sheet, cells in LINES.items()}
    account = "0012300000000000000001"
    changes = {"自筹资金": 29.999999, "银行账号": account, "专账管理": "是", "承担单位": "甲&乙 <丙>"}
    content["项目"] = rows("项目", {**PROJECT, **changes})
    assert read(path.read_bytes()).records == read(content).records
