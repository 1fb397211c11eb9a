"""Cells: what each kind of column takes, what it makes of it, and what it refuses."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.money import LIMIT, WAN
from lifecycle.places import PROVINCES
from lifecycle.record import Direction, Signatory
from reports.ledger.errors import LedgerRefused
from tests.unit.ledger.workbooks import line, line_error, project, project_error, read, with_project

NEW_YEAR = date(2026, 1, 31)


@pytest.mark.parametrize(
    "cell",
    [
        NEW_YEAR,
        datetime(2026, 1, 31, 23, 59, 59),  # noqa: DTZ001 Excel knows no zones
        "2026-01-31",
        "2026-1-31",
        "2026/1/31",
        "2026/01/31",
        "2026.1.31",
        " 2026.01.31 ",
        "2026年1月31日",
        "2026年01月31日",
    ],
)
def test_a_date_may_be_written_in_any_usual_way(cell: object) -> None:
    assert line("年度报告", 提交日期=cell).submitted_on == NEW_YEAR


@pytest.mark.parametrize(
    "cell",
    [
        45000,
        45000.5,
        True,
        time(10, 30),
        timedelta(hours=30),
        "2026-02-29",
        "2026-13-01",
        "2026-1/31",
        "26-1-31",
        "20260131",
        "2026年1月",
        "2026年1月31号",
        "2026 - 1 - 31",
        "2026-01-31 00:00:00",
        "二〇二六年一月三十一日",
        "２０２６-01-31",
        "2026-001-31",
        "不详",
        "1989-12-31",
        "2101-01-01",
        date(1989, 12, 31),
        date(2101, 1, 1),
    ],
)
def test_what_is_no_date_or_far_off_is_refused(cell: object) -> None:
    assert line_error("年度报告", 提交日期=cell) == [("年度报告", 2, "提交日期")]


def test_the_first_and_last_years_are_taken() -> None:
    assert line("年度报告", 提交日期="1990-01-01").submitted_on == date(1990, 1, 1)
    assert line("年度报告", 提交日期=date(2100, 12, 31)).submitted_on == date(2100, 12, 31)


@pytest.mark.parametrize(
    ("cell", "fen"),
    [
        (12, 12_000_000),
        (12.5, 12_500_000),
        (0.1 + 0.2, 300_000),
        (29.999999, 29_999_999),
        (0.000001, 1),
        (9_999_999_999, 9_999_999_999 * WAN),
        ("12.5", 12_500_000),
        (" 1,234.5 ", 1_234_500_000),
        ("1,234,567", 1_234_567 * WAN),
        ("0012", 12 * WAN),
        ("5.0000000", 5 * WAN),
        ("9999999999.999999", LIMIT - 1),
        ("-0", 0),
        (0, 0),
    ],
)
def test_money_is_read_to_the_fen(cell: object, fen: int) -> None:
    assert project(自筹资金=cell).own == fen


@pytest.mark.parametrize(
    "cell",
    [
        -3,
        "-0.01",
        0.0000001,
        "0.0000001",
        1.2345678,
        10_000_000_000,
        "10000000000",
        1e300,
        "5.0000000000000000000000000000000000000001",
        "12.5万",
        "￥12",
        "1,2345",
        "12,34",
        "1e3",
        "十万",
        "１２",
        ".5",
        True,
        NEW_YEAR,
        "NaN",
        "#N/A",
    ],
)
def test_what_is_no_amount_or_not_whole_fen_is_refused(cell: object) -> None:
    assert project_error(自筹资金=cell) == [("项目", 2, "自筹资金")]


@given(st.integers(0, LIMIT - 1))
def test_every_amount_of_fen_is_read_as_it_is_written(fen: int) -> None:
    text = f"{Decimal(fen) / WAN:f}"
    assert project(自筹资金=text).own == fen


@given(st.integers(0, 10**15 - 1))
def test_every_amount_of_fifteen_digits_survives_excels_floats(fen: int) -> None:
    assert project(自筹资金=fen / WAN).own == fen


def test_only_spending_may_be_negative() -> None:
    assert line("支出", 金额=-1.5).amount == -1_500_000
    assert line("支出", 金额="-1.5").amount == -1_500_000
    assert line_error("支出", 金额=-10_000_000_000) == [("支出", 2, "金额")]
    assert line_error("预算", 预算金额=-1) == [("预算", 2, "预算金额")]


def test_blank_money_is_nothing_but_for_what_was_asked_for() -> None:
    blank = project()
    assert (blank.provincial, blank.district, blank.joint, blank.own, blank.requested) == (0, 0, 0, 0, None)
    assert project(申请财政资金=0).requested == 0
    assert line("拨付").paid == 0
    assert line_error("拨付", 计划金额=None) == [("拨付", 2, "计划金额")]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (12, "12"),
        (12.0, "12"),
        (-3, "-3"),
        (0.1 + 0.2, "0.3"),
        (12.50, "12.5"),
        (0.0000001, "0.0000001"),
        (1e20, "100000000000000000000"),
        (NEW_YEAR, "2026-01-31"),
        (datetime(2026, 1, 31, 8, 30), "2026-01-31"),  # noqa: DTZ001 Excel knows no zones
        ("  007 ", "007"),
        ("　全角空格　", "全角空格"),
        ("两行\n文字", "两行\n文字"),
        ("'quoted'", "'quoted'"),
    ],
)
def test_a_text_column_takes_numbers_and_dates_as_their_text(cell: object, text: str) -> None:
    assert project(承担单位=cell).lead_unit == text


@pytest.mark.parametrize("cell", [True, time(10, 30), "#N/A"])
def test_what_has_no_text_of_its_own_is_refused_in_a_text_column(cell: object) -> None:
    assert project_error(承担单位=cell) == [("项目", 2, "承担单位")]


def test_a_long_number_is_damaged_where_every_digit_counts() -> None:
    account, damaged = "银行账号", 6222021234567890123
    assert project(银行账号=999_999_999_999_999).bank_account == "999999999999999"
    assert project(银行账号="6222021234567890123").bank_account == "6222021234567890123"
    assert project_error(银行账号=damaged) == [("项目", 2, account)]
    assert project_error(银行账号=10**15) == [("项目", 2, account)]
    assert project_error(项目编号=damaged) == [("项目", 2, "项目编号")]
    assert line_error("拨付", 项目编号=damaged) == [("拨付", 2, "项目编号")]
    assert line("支出", 凭证号=damaged).voucher == "6222021234567890000"


@pytest.mark.parametrize(("cell", "value"), [("是", True), (" 否 ", False), (None, False)])
def test_yes_and_no_where_blank_means_no(cell: object, value: bool) -> None:
    assert project(自主设置=cell).self_established is value


@pytest.mark.parametrize(("cell", "value"), [("是", True), ("否", False), (None, None), ("  ", None)])
def test_a_blank_separate_account_is_not_known(cell: object, value: bool | None) -> None:
    assert project(专账管理=cell).separate_account is value


@pytest.mark.parametrize("cell", ["Y", "√", "是的", 1, True])
def test_anything_but_yes_and_no_is_refused(cell: object) -> None:
    assert project_error(自主设置=cell) == [("项目", 2, "自主设置")]


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("计划类别", "川渝科技创新合作计划(2024)"),
        ("计划类别", "星火计划"),
        ("项目性质", "研发"),
        ("单位类型", "公司"),
        ("子类", "其他"),
        ("子类", 1),
        ("签署方", "区科技局、某公司"),
        ("签署方", "区科技局和承担单位"),
        ("签署方", 5),
    ],
)
def test_a_name_outside_its_choices_is_refused(column: str, cell: object) -> None:
    assert project_error(**{column: cell}) == [("项目", 2, column)]


@pytest.mark.parametrize(
    ("sheet", "column", "cell"),
    [
        ("参与单位", "单位类型", "公司"),
        ("考核指标", "类别", "经济"),
        ("考核指标", "方向", "高于"),
        ("拨付", "资金来源", "省(市)级财政"),
        ("支出", "科目", "差旅费"),
        ("里程碑", "考核结论", "未通过"),
        ("变更", "变更类型", "终止"),
        ("验收", "技术验收结论", "未通过"),
        ("例外说明", "规则编号", "spb-4-amount"),
        ("例外说明", "规则编号", "没有这条"),
    ],
)
def test_a_name_outside_its_choices_is_refused_in_every_sheet(sheet: str, column: str, cell: str) -> None:
    assert line_error(sheet, **{column: cell}) == [(sheet, 2, column)]


def test_signatories_are_parted_by_any_comma_and_named_once() -> None:
    found = project(签署方="承担单位，区科技局, 、承担单位、").signatories
    assert found == (Signatory.UNIT, Signatory.DISTRICT)
    assert project().signatories == ()


def test_more_is_better_where_nothing_else_is_said() -> None:
    assert line("考核指标").direction is Direction.AT_LEAST
    assert line("考核指标", 方向="不高于").direction is Direction.AT_MOST


@pytest.mark.parametrize(
    ("cell", "text", "number"),
    [
        (10, "10", Decimal(10)),
        (99.5, "99.5", Decimal("99.5")),
        (0.1 + 0.2, "0.3", Decimal("0.3")),
        ("5.5", "5.5", Decimal("5.5")),
        ("1,200", "1,200", Decimal(1200)),
        ("007", "007", Decimal(7)),
        ("95%", "95%", None),
        ("≥5", "≥5", None),
        ("1e3", "1e3", None),
        (NEW_YEAR, "2026-01-31", None),
        (True, "TRUE", None),
        (None, None, None),
    ],
)
def test_an_indicator_value_is_a_number_or_not_quantified(
    cell: object, text: str | None, number: Decimal | None
) -> None:
    indicator = line("考核指标", 基准值=cell, 任务书值=cell, 完成值=cell)
    assert (indicator.guide_value, indicator.guide_number) == (text, number)
    assert (indicator.agreed_value, indicator.agreed_number) == (text, number)
    assert indicator.achieved_value == text


@pytest.mark.parametrize(("cell", "number"), [(2, 2), (2.0, 2), ("3", 3), ("3.0", 3), ("1,000", 1000)])
def test_a_tranche_number_is_whole(cell: object, number: int) -> None:
    assert line("拨付", 期次=cell).number == number


@pytest.mark.parametrize("cell", [0, -1, 1.5, "1.5", "一", "第1期", 1e300, "9" * 5000, True, NEW_YEAR])
@pytest.mark.parametrize(("sheet", "column"), [("拨付", "期次"), ("变更", "序号"), ("年度报告", "年度")])
def test_numbers_of_tranches_changes_and_years_below_one_or_not_whole_are_refused(
    sheet: str, column: str, cell: object
) -> None:
    assert line_error(sheet, **{column: cell}) == [(sheet, 2, column)]


def test_goals_met_may_be_none_at_all() -> None:
    assert line("验收", 完成任务目标数=0).goals_met == 0
    assert line("验收", 完成任务目标数=None).goals_met is None
    assert line_error("验收", 完成任务目标数="四") == [("验收", 2, "完成任务目标数")]


@pytest.mark.parametrize("full", sorted(PROVINCES))
def test_a_province_goes_by_its_full_and_its_short_name(full: str) -> None:
    assert project(单位所在地=full).lead_place == full
    short = {"内蒙古自治区": "内蒙古", "广西壮族自治区": "广西", "宁夏回族自治区": "宁夏"}
    short |= {"西藏自治区": "西藏", "新疆维吾尔自治区": "新疆"}
    assert project(单位所在地=short.get(full, full[:-1])).lead_place == full


@pytest.mark.parametrize(
    ("name", "region"),
    [
        *(
            (name, "香港特区")
            for name in ("香港特区", "香港", "香港特别行政区", "中国香港", "中国香港特别行政区")
        ),
        *(
            (name, "澳门特区")
            for name in ("澳门特区", "澳门", "澳门特别行政区", "中国澳门", "中国澳门特别行政区")
        ),
        *((name, "台湾地区") for name in ("台湾地区", "台湾", "台湾省", "中国台湾")),
    ],
)
def test_the_regions_go_by_all_their_names(name: str, region: str) -> None:
    assert project(单位所在地=name).lead_place == region
    assert line("参与单位", 所在地=name).place == region


def test_a_partner_may_be_in_any_country_that_cldr_names() -> None:
    for code in ("FR", "IL", "US", "CD"):
        name = Locale("zh").territories[code]
        assert line("参与单位", 所在地=name).place == name
        assert project_error(单位所在地=name) == [("项目", 2, "单位所在地")]


@pytest.mark.parametrize(
    "name", ["中国", "四川盆地", "成都市", "France", "FR", "亚洲", "四川 省", "以色 列", 5]
)
def test_any_other_place_is_refused(name: Any) -> None:
    assert line_error("参与单位", 所在地=name) == [("参与单位", 2, "所在地")]


def test_the_message_says_what_is_wanted_and_shows_what_is_there() -> None:
    with pytest.raises(LedgerRefused) as caught:
        read(with_project(实施结束="不" * 99))
    (error,) = caught.value.errors
    assert str(error).startswith(f"项目 第 2 行“实施结束”：“{'不' * 30}…”不符合要求：应为日期")
