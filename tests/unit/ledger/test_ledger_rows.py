"""Rows: which count, whose they are, what tells them apart, and in what order errors are told."""

from __future__ import annotations

from datetime import date

import pytest

from tests.unit.ledger.workbooks import (
    HEADERS,
    LINES,
    PROJECT,
    line,
    line_error,
    places,
    project_error,
    read,
    rows,
)

OTHER = {**PROJECT, "项目编号": "P-2"}


@pytest.mark.parametrize("word", ["合计", "小计", " 总计 "])
def test_sums_are_skipped_wherever_their_first_cell_stands(word: str) -> None:
    content = rows("项目", PROJECT, OTHER)
    total = [None] * len(content[0])
    assert len(read({"项目": [*content, [word, *total], [None, None, word, "不详"]]}).records) == 2


def test_a_row_that_only_mentions_a_sum_is_not_skipped() -> None:
    assert places({"项目": [*rows("项目", PROJECT), ["合计数"]]}) != []
    assert len(read({"项目": rows("项目", {**PROJECT, "项目名称": "合计"})}).records) == 1


def test_blank_rows_are_skipped_and_counted() -> None:
    content = rows("项目", PROJECT)
    blank = ["", "  ", "　"]
    assert places({"项目": [content[0], blank, [], content[1], blank, ["P-2"]]})[0] == ("项目", 6, "项目名称")


def test_a_row_filled_in_an_unknown_column_only_is_not_blank() -> None:
    content = [[*row, None] for row in rows("项目", PROJECT)]
    note = [None] * len(content[0]) + ["备注"]
    assert ("项目", 3, "项目编号") in places({"项目": [*content, note]})


def test_every_required_cell_must_be_filled() -> None:
    found = places({"项目": rows("项目", PROJECT, {"开户行": "某银行"})})
    assert found == [("项目", 3, name) for name in PROJECT]
    for sheet, needed in LINES.items():
        row = [*rows(sheet, needed)[1], "备注"]  # so that the row is not blank whatever is missing
        for place, column in enumerate(HEADERS[sheet]):
            name = column.removesuffix("（万元）")
            if name in needed:
                lacking = [None if at == place else cell for at, cell in enumerate(row)]
                content = {"项目": rows("项目", PROJECT), sheet: [HEADERS[sheet], lacking]}
                assert places(content) == [(sheet, 2, name)]


def test_lines_come_in_the_order_of_their_rows_under_projects_in_the_order_of_theirs() -> None:
    tranche = LINES["拨付"]
    content = {
        "拨付": rows("拨付", {**tranche, "期次": 2}, {**tranche, "项目编号": "P-2"}, {**tranche, "期次": 1}),
        "项目": rows("项目", OTHER, PROJECT),
    }
    second, first = read(content).records
    assert [one.number for one in first.tranches] == [2, 1]
    assert len(second.tranches) == 1


def test_a_ledger_knows_the_row_of_each_project() -> None:
    ledger = read({"项目": [["台账"], *rows("项目", PROJECT, OTHER)]})
    assert (ledger.row_of("P-1"), ledger.row_of("P-2")) == (3, 4)


@pytest.mark.parametrize("sheet", LINES)
def test_a_line_of_no_project_is_refused(sheet: str) -> None:
    assert line_error(sheet, 项目编号="P-9") == [(sheet, 2, "项目编号")]


def test_a_project_whose_row_has_other_errors_is_still_known() -> None:
    content = {"项目": rows("项目", {**PROJECT, "实施结束": "?"}), "拨付": rows("拨付", LINES["拨付"])}
    assert places(content) == [("项目", 2, "实施结束")]


def test_numbers_and_texts_name_the_same_project() -> None:
    content = {
        "项目": rows("项目", {**PROJECT, "项目编号": "1001"}),
        "拨付": rows("拨付", {**LINES["拨付"], "项目编号": 1001}),
    }
    assert len(read(content).records[0].tranches) == 1


@pytest.mark.parametrize(
    ("sheet", "column"),
    [
        ("参与单位", "单位名称"),
        ("考核指标", "指标名称"),
        ("预算", "科目"),
        ("里程碑", "序号"),
        ("年度报告", "年度"),
        ("变更", "序号"),
        ("验收", "项目编号"),
        ("例外说明", "对象"),
    ],
)
def test_a_doubled_key_is_refused_at_the_later_row(sheet: str, column: str) -> None:
    cells = LINES[sheet]
    content = {"项目": rows("项目", PROJECT), sheet: rows(sheet, cells, cells, cells)}
    assert places(content) == [(sheet, 3, column), (sheet, 4, column)]


def test_a_project_stands_in_one_row() -> None:
    assert places({"项目": rows("项目", PROJECT, OTHER, PROJECT)}) == [("项目", 4, "项目编号")]


@pytest.mark.parametrize("sheet", ["拨付", "支出"])
def test_tranches_and_spending_may_be_alike(sheet: str) -> None:
    cells = LINES[sheet]
    assert places({"项目": rows("项目", PROJECT), sheet: rows(sheet, cells, cells)}) == []


def test_exceptions_differ_by_what_they_speak_of() -> None:
    cells = LINES["例外说明"]
    several = rows("例外说明", cells, {**cells, "对象": 1}, {**cells, "对象": "2"})
    (record,) = read({"项目": rows("项目", PROJECT), "例外说明": several}).records
    assert [note.subject for note in record.exceptions] == ["", "1", "2"]


def test_a_wrong_cell_in_the_key_is_not_told_twice() -> None:
    wrong = {**LINES["年度报告"], "年度": "?"}
    content = {"项目": rows("项目", PROJECT), "年度报告": rows("年度报告", wrong, wrong)}
    assert places(content) == [("年度报告", 2, "年度"), ("年度报告", 3, "年度")]


def test_a_cell_is_told_once_though_two_things_are_wrong_with_it() -> None:
    stranger = {**LINES["验收"], "项目编号": "P-9"}
    content = {"项目": rows("项目", PROJECT), "验收": rows("验收", stranger, stranger)}
    assert places(content) == [("验收", 2, "项目编号"), ("验收", 3, "项目编号")]


def test_the_end_may_not_come_before_the_start() -> None:
    assert project_error(实施结束=date(2024, 12, 31)) == [("项目", 2, "实施结束")]
    assert project_error(实施结束=date(2025, 1, 1)) == []
    assert project_error(实施开始="?", 实施结束=date(1990, 1, 1)) == [("项目", 2, "实施开始")]


def test_a_conclusion_and_its_day_come_together() -> None:
    assert line_error("验收", 结论="通过") == [("验收", 2, "结论日期")]
    assert line_error("验收", 结论日期="2026-01-31") == [("验收", 2, "结论")]
    assert line_error("验收", 结论="通过", 结论日期="?") == [("验收", 2, "结论日期")]
    assert line("验收", 结论="通过", 结论日期="2026-01-31").concluded_on == date(2026, 1, 31)


def test_errors_come_by_sheet_row_and_column_in_the_order_of_the_contract() -> None:
    wrong = {**PROJECT, "实施结束": "?", "项目名称": None}
    mirrored = [[*reversed(row)] for row in rows("项目", wrong, {**wrong, "项目编号": "P-2"})]
    content = {
        "预算": rows("预算", {**LINES["预算"], "科目": "?"}),
        "拨付": rows("拨付", {**LINES["拨付"], "期次": 0}),
        "项目": mirrored,
    }
    assert places(content) == [
        ("项目", 2, "项目名称"),
        ("项目", 2, "实施结束"),
        ("项目", 3, "项目名称"),
        ("项目", 3, "实施结束"),
        ("拨付", 2, "期次"),
        ("预算", 2, "科目"),
    ]


def test_a_workbook_of_nothing_but_errors_is_not_listed_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reports.ledger.rows.MOST_ERRORS", 10)
    assert len(places({"项目": [HEADERS["项目"], *[["P"]] * 100]})) == 10
