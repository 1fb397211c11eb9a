"""The disbursement sheet: exact, free of formulas but its own, always the same bytes, fit to be signed."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from finance.disbursement import LARGEST, Disbursement, DisbursementLine, LineCode
from lifecycle.money import in_words, yuan
from lifecycle.record import Source
from reports.ledger.xlsx.values import clean
from reports.sheet import disbursement_sheet
from tests.plugins.needs import missing

HEADERS = [
    *("序号", "项目编号", "项目名称", "承担单位", "开户行", "账号"),
    *("资助总额", "已拨", "本次拨付", "本次大写", "累计比例", "依据"),
    *("行码", "办理结果", "拨付日期", "凭证号", "未拨出原因"),
]
NS = {"s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
TEMPTING = ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x")', "\t=1", "'=1", "#N/A", "1E5", "007"]


def line(**given: Any) -> DisbursementLine:
    """Return a payment of 14 of 20 万元."""
    usual: dict[str, Any] = {
        "project_number": "SPB-KEY-000001",
        "project_title": "智能驾驶感知融合关键技术研究",
        "source": Source.DISTRICT,
        "payee": "启明智能科技有限公司",
        "bank_name": "示范农村商业银行营业部",
        "bank_account": "6222020000000000001",
        "granted": 20_000_000,
        "paid_before": 0,
        "amount": 14_000_000,
        "basis": "沙科局发〔2023〕41号 第二十三条",
    }
    return DisbursementLine(**(usual | given))


def disbursement(lines: Sequence[DisbursementLine], agency: str = "沙坪坝区科学技术局") -> Disbursement:
    """Return a batch of these payments."""
    return Disbursement(agency, "2026-003", "测试区财政局", date(2026, 6, 30), lines)


def part(content: bytes, name: str = "xl/worksheets/sheet1.xml") -> ElementTree.Element:
    """Return a part of a workbook as the file holds it."""
    with ZipFile(BytesIO(content)) as package:
        return ElementTree.fromstring(package.read(name))


def raw_cells(content: bytes) -> dict[str, ElementTree.Element]:
    """Return the cells of the sheet as the file holds them."""
    return {str(cell.get("r")): cell for cell in part(content).iterfind(".//s:c", NS)}


def raw_value(cell: ElementTree.Element) -> str | None:
    """Return what stands in a cell, text or the digits of a number."""
    found = cell.find("s:is/s:t", NS) if cell.get("t") == "inlineStr" else cell.find("s:v", NS)
    return None if found is None else found.text


def page_of(content: bytes) -> Worksheet:
    """Return the sheet as openpyxl reads it."""
    page = load_workbook(BytesIO(content)).active
    assert isinstance(page, Worksheet)
    return page


PRINTABLE = st.text(st.characters(exclude_categories=["C"]), max_size=40)

lines_of_any_kind = st.lists(
    st.builds(
        line,
        project_title=st.text(max_size=30),
        payee=st.one_of(st.text(max_size=10), st.sampled_from(TEMPTING)),
        granted=st.integers(0, 10**13),
        paid_before=st.integers(0, 10**13),
        amount=st.integers(1, 10**13),
    ),
    min_size=1,
    max_size=8,
)


def test_the_columns_are_those_an_office_expects() -> None:
    page = page_of(disbursement_sheet(disbursement([line()])))
    assert [cell.value for cell in page[3]] == HEADERS
    assert page["A1"].value == "2026年度科技计划项目财政资金拨付表"
    heading = [cell.value for cell in page[2] if cell.value]
    assert heading == [
        "拨款单位：测试区财政局",
        "批次号：2026-003",
        "日期：2026年6月30日",
        "资金来源：区（县）级财政",
        "单位：元",
        "以下四列由办理单位填写后退回",
    ]
    both = [line(), line(source=Source.PROVINCIAL)]
    named = page_of(disbursement_sheet(disbursement(both)))
    assert [cell.value for cell in named[3]] == [*HEADERS[:3], "资金来源", *HEADERS[3:]]
    assert [named["D4"].value, named["D5"].value] == ["区（县）级财政", "省（市）级财政"]


def test_every_line_has_a_code_of_its_own_and_room_for_what_came_of_it() -> None:
    told = disbursement([line(), line(), line(project_number="另")])
    content = disbursement_sheet(told)
    page = page_of(content)
    assert [page[f"M{row}"].value for row in (4, 5, 6)] == list(told.codes)
    assert len(set(told.codes)) == 3
    assert LineCode.read(told.codes[2]) == ("2026-003", 3)
    assert [page[f"{letter}5"].value for letter in "NOPQ"] == [None] * 4
    (offered,) = page.data_validations.dataValidation
    assert (str(offered.sqref), offered.formula1) == ("N4:N6", '"已拨付,未拨出"')
    assert page.print_area == "'拨付表'!$A$1:$M$12"
    assert page["O4"].number_format == "@"


@settings(max_examples=30)
@given(lines=lines_of_any_kind)
def test_every_amount_stands_in_the_file_digit_for_digit(lines: list[DisbursementLine]) -> None:
    content = disbursement_sheet(disbursement(lines))
    cells = raw_cells(content)
    for row, one in enumerate(lines, 4):
        for letter, fen in zip("GHI", (one.granted, one.paid_before, one.amount), strict=True):
            assert cells[f"{letter}{row}"].get("t", "n") == "n"
            assert raw_value(cells[f"{letter}{row}"]) == yuan(fen).replace(",", "")
        assert raw_value(cells[f"J{row}"]) == in_words(one.amount)
        share = Decimal(str(raw_value(cells[f"K{row}"])))
        exact = Decimal(one.paid_before + one.amount) / one.granted if one.granted else Decimal(0)
        assert share <= exact < share + Decimal("0.0001")


@settings(max_examples=30)
@given(lines=lines_of_any_kind)
def test_totals_are_formulas_over_all_lines_with_their_exact_values(lines: list[DisbursementLine]) -> None:
    content = disbursement_sheet(disbursement(lines))
    cells, last = raw_cells(content), 3 + len(lines)
    sums = [
        sum(fens) for fens in zip(*((one.granted, one.paid_before, one.amount) for one in lines), strict=True)
    ]
    for letter, total in zip("GHI", sums, strict=True):
        cell = cells[f"{letter}{last + 1}"]
        formula = cell.find("s:f", NS)
        assert formula is not None
        assert formula.text == f"SUM({letter}4:{letter}{last})"
        assert raw_value(cell) == yuan(total).replace(",", "")
    words = raw_value(cells[f"A{last + 2}"])
    assert words is not None
    assert f"人民币{in_words(sums[2])} " in words
    assert words.endswith(f"￥{yuan(sums[2])}")


@settings(max_examples=60)
@given(text=st.one_of(st.sampled_from(TEMPTING), PRINTABLE), agency=st.text(max_size=9))
def test_no_text_becomes_a_formula_a_number_or_an_error(text: str, agency: str) -> None:
    written = line(
        project_number=text, project_title=text, payee=text, bank_name=text, bank_account=text, basis=text
    )
    content = disbursement_sheet(disbursement([written], agency))
    cells = raw_cells(content)
    for letter in "BCDEFL":
        assert cells[f"{letter}4"].get("t") == "inlineStr"
        assert (clean(raw_value(cells[f"{letter}4"]) or "")) == text.strip()
    formulas = {where for where, cell in cells.items() if cell.find("s:f", NS) is not None}
    assert formulas == {"G5", "H5", "I5"}
    assert not part(content).findall(".//s:hyperlink", NS)


def test_what_a_file_cannot_hold_does_not_spoil_it() -> None:
    content = disbursement_sheet(disbursement([line(payee="某\x00\x08\ufffe公司_x0041_")], "局\x0b"))
    assert clean(raw_value(raw_cells(content)["D4"]) or "") == "某公司_x0041_"


@pytest.mark.parametrize("text", TEMPTING)
def test_text_stays_text_when_somebody_types_on_it(text: str) -> None:
    page = page_of(disbursement_sheet(disbursement([line(payee=text)])))
    assert page["D4"].quotePrefix
    assert page["D4"].data_type == "s"


def test_an_account_keeps_every_digit() -> None:
    page = page_of(disbursement_sheet(disbursement([line(bank_account="0012345678901234567890")])))
    assert page["F4"].value == "0012345678901234567890"
    assert page["F4"].number_format == "@"


def test_the_same_batch_gives_the_same_bytes_and_another_one_others() -> None:
    lines = [line(), line(project_number="SPB-KEY-000002")]
    assert disbursement_sheet(disbursement(lines)) == disbursement_sheet(disbursement(lines))
    assert disbursement_sheet(disbursement(lines)) != disbursement_sheet(disbursement(lines[::-1]))


def test_the_checksum_covers_everything_and_is_printed() -> None:
    usual = disbursement([line()])
    texts = [name for name in line()._fields if isinstance(getattr(line(), name), str)]
    changed = [
        disbursement([line()], "另一个局"),
        Disbursement(usual.agency, "2026-004", usual.payer, usual.issued_on, usual.lines),
        Disbursement(usual.agency, usual.number, "测试市财政局", usual.issued_on, usual.lines),
        Disbursement(usual.agency, usual.number, usual.payer, date(2026, 7, 1), usual.lines),
        disbursement([line(), line()]),
        *(
            disbursement([line(**{name: "别的"})])
            for name in line()._fields
            if isinstance(getattr(line(), name), str)
        ),
        *(disbursement([line(**{name: 1})]) for name in ("granted", "paid_before", "amount")),
    ]
    checksums = {one.checksum for one in (usual, *changed)}
    assert len(checksums) == len(changed) + 1
    page = page_of(disbursement_sheet(usual))
    texts = [cell.value for row in page.iter_rows() for cell in row if cell.value]
    assert f"校验码：{usual.checksum}" in texts


def test_it_prints_on_a4_across_with_its_head_on_every_page_and_lines_to_sign() -> None:
    page = page_of(disbursement_sheet(disbursement([line()] * 60)))
    assert (page.page_setup.orientation, page.page_setup.paperSize) == ("landscape", 9)
    assert (page.page_setup.fitToWidth, page.page_setup.fitToHeight) == (1, 0)
    assert page.sheet_properties.pageSetUpPr is not None
    assert page.sheet_properties.pageSetUpPr.fitToPage
    assert page.print_title_rows == "$3:$3"
    assert page.freeze_panes == "D4"
    footer = page.oddFooter
    assert footer is not None
    assert footer.center is not None
    assert footer.center.text == "第 &P 页，共 &N 页"
    signed = [cell.value for cell in page[67] if cell.value]
    assert signed == ["制表：", "复核：", "审批：", "财务负责人：", "日期：        年      月      日"]


@pytest.mark.parametrize(("cell", "number_format"), [("G4", "#,##0.00"), ("I5", "#,##0.00"), ("K4", "0.00%")])
def test_numbers_are_shown_as_offices_write_them(cell: str, number_format: str) -> None:
    page = page_of(disbursement_sheet(disbursement([line()])))
    assert page[cell].number_format == number_format


def test_a_row_is_as_tall_as_its_longest_text() -> None:
    page = page_of(disbursement_sheet(disbursement([line(), line(project_title="长" * 100)])))
    short, tall = (page.row_dimensions[row].height for row in (4, 5))
    assert short is not None
    assert tall is not None
    assert tall > 8 * 13
    assert short < 40


def test_a_share_never_reads_a_threshold_it_does_not_reach() -> None:
    content = disbursement_sheet(disbursement([line(granted=10_000_000, amount=6_999_999)]))
    assert raw_value(raw_cells(content)["K4"]) == "0.6999"


def test_sums_beyond_what_a_spreadsheet_keeps_are_refused() -> None:
    half = LARGEST // 2
    disbursement_sheet(disbursement([line(granted=half), line(granted=half - 1)]))
    with pytest.raises(ValueError, match="exact"):
        disbursement_sheet(disbursement([line(granted=half), line(granted=half)]))


def test_ten_thousand_lines_stay_small() -> None:
    content = disbursement_sheet(disbursement([line()] * 10_000))
    assert len(content) < 2_000_000
    assert page_of(content).max_row == 10_009


@pytest.fixture(scope="module")
def office() -> str:
    """The LibreOffice of this machine."""
    found = shutil.which("soffice")
    if found is None:
        missing("no LibreOffice found; install libreoffice-calc")
    return found


def test_libreoffice_reads_the_same_table_and_works_out_the_same_total(office: str, tmp_path: Path) -> None:
    lines = [
        line(amount=fen, bank_account=f"{fen:022d}", payee="=1+1") for fen in (7_000_001, 99, 123_456_789)
    ]
    source = tmp_path / "sheet.xlsx"
    source.write_bytes(_without_values(disbursement_sheet(disbursement(lines))))
    as_shown = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true"  # in UTF-8
    command = [
        office,
        f"-env:UserInstallation=file://{tmp_path}/office",
        "--headless",
        "--convert-to",
        as_shown,
    ]
    subprocess.run([*command, "--outdir", tmp_path, source], check=True, capture_output=True, timeout=120)
    table = list(csv.reader((tmp_path / "sheet.csv").read_text("utf-8").splitlines()))
    assert table[2] == HEADERS
    assert table[5][3:6] == ["=1+1", "示范农村商业银行营业部", f"{123_456_789:022d}"]
    assert table[5][6:11] == ["200,000.00", "0.00", "1,234,567.89", in_words(123_456_789), "617.28%"]
    assert table[6][6:9] == ["600,000.00", "0.00", yuan(sum(one.amount for one in lines))]


def _without_values(content: bytes) -> bytes:
    """Take the kept values of formulas away, so that whoever opens the sheet has to calculate."""
    target = BytesIO()
    with ZipFile(BytesIO(content)) as old, ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1", old.read(name)))
    return target.getvalue()
