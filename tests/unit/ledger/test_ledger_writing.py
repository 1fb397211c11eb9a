"""Writing: what is read back is what was written, and no text becomes anything but text."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lifecycle.money import WAN
from lifecycle.record import Indicator, ProjectRecord
from reports.ledger.reading import read_ledger
from reports.ledger.schema import SHEET_NAMES, SHEETS
from reports.ledger.template import NOTES, OPTIONS, write_template
from reports.ledger.writing import write_ledger
from tests.unit.ledger.records import TRICKY, records
from tests.unit.ledger.workbooks import DATA, HEADERS, line, project


def written(ledger: Sequence[ProjectRecord], **more: Any) -> bytes:
    stream = io.BytesIO()
    write_ledger(ledger, stream, **more)
    return stream.getvalue()


def opened(content: bytes) -> Any:
    """Return a workbook as another program sees it."""
    return openpyxl.load_workbook(io.BytesIO(content))


def cell_under(page: Any, header: str, row: int = 2) -> Any:
    return page.cell(row, [cell.value for cell in page[1]].index(header) + 1)


@settings(suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow])
@given(st.lists(records(), max_size=2, unique_by=lambda record: record.number))
def test_what_is_read_back_is_what_was_written(ledger: list[ProjectRecord]) -> None:
    assert read_ledger(written(ledger)).records == ledger


@pytest.mark.parametrize("name", ["sample.xlsx", "sample-messy.xlsx"])
def test_the_offices_ledgers_survive(name: str) -> None:
    ledger = read_ledger(DATA / name).records
    again = read_ledger(written(ledger))
    assert again.records == ledger
    assert again.passed_over == ()


def test_every_sheet_is_there_with_the_headers_of_the_contract() -> None:
    pages, template = opened(written([])), openpyxl.load_workbook(DATA / "template.xlsx")
    assert pages.sheetnames == template.sheetnames == list(SHEET_NAMES)
    for page in pages:
        headers = [cell.value for cell in page[1]]
        assert headers == [cell.value for cell in template[page.title][1]] == HEADERS[page.title]
        assert page.freeze_panes


def test_just_the_sheets_asked_for_are_written() -> None:
    assert opened(written([project()], sheets=["项目", "拨付"])).sheetnames == ["项目", "拨付"]


def test_a_ledger_is_written_to_a_path_too(tmp_path: Path) -> None:
    write_ledger([project()], tmp_path / "ledger.xlsx")
    assert read_ledger(tmp_path / "ledger.xlsx").records == [project()]


@pytest.mark.parametrize("text", TRICKY)
def test_no_text_becomes_a_formula_a_number_or_an_error(text: str) -> None:
    cell = cell_under(opened(written([replace(project(), title=text)]))["项目"], "项目名称")
    assert cell.data_type == "s"
    assert cell.number_format == "@"


def test_a_typed_nought_and_a_blank_stay_what_they_are() -> None:
    page = opened(written([replace(project(), requested=0), replace(project(), number="2")]))["项目"]
    assert cell_under(page, "申请财政资金（万元）").value == 0
    assert cell_under(page, "申请财政资金（万元）", 3).value is None
    assert cell_under(page, "专账管理").value is None


@given(st.integers(0, 10**15 - 1))
def test_amounts_are_numbers_as_far_as_excel_keeps_every_digit(fen: int) -> None:
    cell = cell_under(opened(written([replace(project(), own=fen)]))["项目"], "自筹资金（万元）")
    assert Decimal(repr(cell.value)) == Decimal(fen) / WAN


def test_amounts_beyond_excels_digits_are_text() -> None:
    fen = 9_999_999_999_999_999
    cell = cell_under(opened(written([replace(project(), own=fen)]))["项目"], "自筹资金（万元）")
    assert cell.value == "9999999999.999999"


def test_dates_are_dates_and_account_numbers_text() -> None:
    record = replace(project(), bank_account="6222021234567890123")
    page = opened(written([record]))["项目"]
    assert cell_under(page, "实施开始").value.date() == record.start
    assert cell_under(page, "银行账号").value == "6222021234567890123"


@pytest.mark.parametrize(
    ("text", "kind"),
    [("10", "n"), ("99.5", "n"), ("0.10", "s"), ("007", "s"), ("1,000", "s"), ("95%", "s"), ("1" * 16, "s")],
)
def test_indicator_values_are_numbers_where_nothing_of_the_text_is_lost(text: str, kind: str) -> None:
    record = replace(project(), indicators=(line("考核指标", 任务书值=text),))
    content = written([record])
    assert cell_under(opened(content)["考核指标"], "任务书值").data_type == kind
    assert read_ledger(content).records == [record]


def test_what_xml_cannot_hold_does_not_break_the_file() -> None:
    record = replace(project(), title="a\x0bb\x00c")
    assert read_ledger(written([record])).records == [replace(record, title="abc")]


def test_the_columns_of_a_sheet_stand_in_the_order_of_the_records_fields() -> None:
    for sheet in SHEETS:
        names = [column.field for column in sheet.columns][sheet.holds_lines :]
        target: Any = Indicator if sheet.name == "考核指标" else sheet.build
        assert names == [field.name for field in fields(target)][: len(names)]


def test_the_template_offers_choices_and_explains_itself() -> None:
    stream = io.BytesIO()
    write_template(stream)
    ledger = read_ledger(stream.getvalue())
    assert ledger.records == []
    assert ledger.sheets_present == set(SHEET_NAMES)
    assert [stranger.sheet for stranger in ledger.passed_over] == [NOTES, OPTIONS]
    pages = opened(stream.getvalue())
    offered = {
        str(rule.sqref).partition("2:")[0]: rule.formula1
        for rule in pages["项目"].data_validations.dataValidation
    }
    letter = offered["C"].split("$")[1]
    programmes = [cell.value for cell in pages[OPTIONS][letter] if cell.value]
    assert len(programmes) == 12
    assert pages[NOTES].max_row == 1 + sum(len(sheet.columns) for sheet in SHEETS)
