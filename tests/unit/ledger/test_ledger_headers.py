"""Headers: found under titles, in any order, with their units; what is missing or doubled is named."""

from __future__ import annotations

import pytest

from reports.ledger.schema import PROJECTS, SHEETS
from tests.unit.ledger.workbooks import HEADERS, LINES, PROJECT, Rows, book, places, read, rows

TITLE = ["项目台账（2026年）"]
RULED = [column.name for column in PROJECTS.columns if column.required or column.must_exist]


def one_project() -> list[list[object]]:
    return rows("项目", PROJECT)


def without(content: Rows, header: str) -> list[list[object]]:
    gone = content[0].index(header)
    return [[cell for place, cell in enumerate(row) if place != gone] for row in content]


def renamed(content: Rows, header: str, name: str) -> list[list[object]]:
    return [[name if cell == header else cell for cell in content[0]], *map(list, content[1:])]


def test_the_header_is_looked_for_under_titles_within_the_first_ten_rows() -> None:
    assert len(read({"项目": [TITLE] * 9 + one_project()}).records) == 1
    assert places({"项目": [TITLE] * 10 + one_project()}) == [("项目", 1, "项目编号")]


def test_a_row_of_an_error_is_counted_as_excel_shows_it() -> None:
    content = [TITLE, [], *rows("项目", {**PROJECT, "实施结束": "不详"})]
    assert places({"项目": content}) == [("项目", 4, "实施结束")]


def test_columns_stand_in_any_order_among_unknown_ones() -> None:
    mixed = [[*reversed(row), "备注"] for row in one_project()]
    ledger = read({"项目": mixed})
    assert ledger.records == read({"项目": one_project()}).records
    assert [str(stranger) for stranger in ledger.passed_over] == ["工作表“项目”的“备注”列"]


def test_blanks_around_headers_and_sheet_names_do_not_matter() -> None:
    content = one_project()
    content[0] = [f" {text}　" for text in content[0]]
    assert len(read({" 项目 ": content}).records) == 1


def test_unknown_sheets_are_passed_over_and_named() -> None:
    ledger = read({"说明": [["随便"]], "项目": one_project()})
    assert [str(stranger) for stranger in ledger.passed_over] == ["工作表“说明”"]


@pytest.mark.parametrize("name", RULED)
def test_a_column_that_the_rules_name_must_exist(name: str) -> None:
    header = HEADERS["项目"][[column.name for column in PROJECTS.columns].index(name)]
    row = 1 if name == "项目编号" else 2
    assert ("项目", row, name) in places({"项目": [[], *without(one_project(), header)]})


@pytest.mark.parametrize("name", ["负责人邮箱", "开户行", "银行账号"])
def test_a_column_that_no_rule_names_may_be_absent(name: str) -> None:
    assert places({"项目": without(one_project(), name)}) == []


def test_of_the_other_sheets_just_the_required_columns_must_exist() -> None:
    for sheet in SHEETS[1:]:
        content = rows(sheet.name, LINES[sheet.name])
        needed = [column.name for column in sheet.columns if column.required]
        for column, header in zip(sheet.columns, HEADERS[sheet.name], strict=True):
            found = places({"项目": one_project(), sheet.name: without(content, header)})
            assert found == ([(sheet.name, 1, column.name)] if column.name in needed else [])


def test_every_missing_column_is_named_once_at_the_header() -> None:
    content = [TITLE, *without(without(one_project(), "承担单位"), "子类")]
    assert places({"项目": content}) == [("项目", 2, "承担单位"), ("项目", 2, "子类")]


def test_a_sheet_without_a_header_is_one_error_and_its_lines_are_not_looked_at() -> None:
    assert places({"项目": one_project(), "拨付": [["期次"], ["不是数"]]}) == [("拨付", 1, "项目编号")]


def test_a_missing_projects_sheet_is_told_and_the_others_are_still_read() -> None:
    bad = rows("拨付", {**LINES["拨付"], "期次": 0})
    assert places({"拨付": bad}) == [("项目", None, None), ("拨付", 2, "期次")]


def test_a_wholly_empty_sheet_counts_as_missing() -> None:
    assert places({"项目": [["  "]], "拨付": rows("拨付")}) == [("项目", None, None)]
    assert read({"项目": one_project(), "拨付": []}).sheets_present == {"项目"}
    assert read({"项目": one_project(), "拨付": rows("拨付")}).sheets_present == {"项目", "拨付"}


def test_projects_are_not_looked_up_where_their_numbers_are_not_known() -> None:
    unnumbered = without(one_project(), "项目编号")
    assert places({"项目": unnumbered, "拨付": rows("拨付", LINES["拨付"])}) == [("项目", 1, "项目编号")]


@pytest.mark.parametrize("unit", ["（元）", "(元)", "（元)", " (元)"])
def test_money_may_be_in_yuan_and_brackets_of_either_width(unit: str) -> None:
    content = rows("拨付", {**LINES["拨付"], "计划金额": 10000.5})
    content = renamed(content, "计划金额（万元）", f"计划金额{unit}")
    (record,) = read({"项目": one_project(), "拨付": content}).records
    assert record.tranches[0].planned == 1_000_050


def test_brackets_within_a_money_header_may_be_of_either_width() -> None:
    content = renamed(one_project(), "省（市）级财政资金（万元）", "省(市)级财政资金(万元)")
    assert places({"项目": content}) == []


@pytest.mark.parametrize("name", ["计划金额", "计划金额（千元）"])
def test_a_money_header_without_a_known_unit_is_one_error_and_its_cells_are_not_looked_at(name: str) -> None:
    content = renamed(rows("拨付", {**LINES["拨付"], "计划金额": "若干"}), "计划金额（万元）", name)
    assert places({"项目": one_project(), "拨付": content}) == [("拨付", 1, "计划金额")]


def test_even_a_money_column_that_may_be_absent_needs_its_unit() -> None:
    content = renamed(rows("参与单位", LINES["参与单位"]), "分配财政资金（万元）", "分配财政资金")
    assert places({"项目": one_project(), "参与单位": content}) == [("参与单位", 1, "分配财政资金")]


@pytest.mark.parametrize("name", ["实施开始", "开户行", "自筹资金（元）", "自筹资金"])
def test_a_known_column_twice_is_an_error(name: str) -> None:
    content = [[*row, name if number == 0 else None] for number, row in enumerate(one_project())]
    assert places(book({"项目": content})) == [("项目", 1, name.removesuffix("（元）"))]


def test_unknown_columns_may_stand_twice() -> None:
    content = [[*row, "备注", "备注"] for row in one_project()]
    assert places({"项目": content}) == []
