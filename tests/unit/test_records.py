"""How a record is laid out in columns, spelt for lists and search, and how its tranches are known again."""

from __future__ import annotations

from dataclasses import fields
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from lifecycle.columns import ELSEWHERE, LINES, MOST_ORDER, PROJECT_FIELDS, derived
from lifecycle.record import ProjectRecord, Source, Tranche
from lifecycle.spelling import by_character, initials, pinyin
from lifecycle.stages import Stage
from tests.unit.rules.records import record, records

PLAN = Tranche(1, Source.DISTRICT, 100, None, 0, None)


def test_every_field_of_the_record_has_one_place() -> None:
    names = [field.name for field in fields(ProjectRecord)]
    assert sorted([*PROJECT_FIELDS, *ELSEWHERE]) == sorted(names)


def test_a_line_has_its_values_in_the_order_of_its_columns() -> None:
    for lines in LINES:
        assert len(lines.columns) == len(fields(lines.item))
        assert set(lines.columns) < set(lines.table.c.keys())


@given(records())
def test_rows_of_lines_bear_project_and_position(drawn: ProjectRecord) -> None:
    for lines in LINES:
        rows = list(lines.rows(7, drawn))
        assert [row[:2] for row in rows] == [(7, position) for position in range(len(rows))]
        assert [lines.item(*row[2:]) for row in rows] == list(getattr(drawn, lines.attribute))


def test_chinese_is_spelt_without_tones_and_the_rest_is_left() -> None:
    assert pinyin("沙坪坝 A-1号") == "shapingba a-1hao"
    assert initials("沙坪坝区X") == "spbqx"
    assert pinyin("") == initials("") == by_character("") == ""


def test_a_character_is_read_as_its_word_asks() -> None:
    assert pinyin("重庆银行重点研究") == "chongqingyinhangzhongdianyanjiu"
    assert initials("重庆银行") == "cqyh"
    assert by_character("重庆银行") == "zhongqingyinxing"
    assert pinyin("成都市会计") == "chengdushikuaiji"


@given(st.text())
def test_any_text_can_be_spelt(text: str) -> None:
    assert pinyin(text) == by_character(text) or not text.isascii()
    assert len(initials(text)) <= len(text)


def test_a_search_looks_in_number_title_unit_and_person_in_every_form() -> None:
    searched = derived(
        record(number="SPB-KEY-1", title="智能灌溉", lead_unit="重庆大学", pi_name="李工")
    ).search_text
    for word in (
        "spb-key-1",
        "智能灌溉",
        "zhinengguangai",
        "zngg",
        "重庆",
        "chongqingdaxue",
        "zhongqingdaxue",
        "cqdx",
        "李工",
        "ligong",
        "lg",
    ):
        assert word in searched


def test_what_lists_go_by_is_worked_out_from_the_record() -> None:
    worked_out = derived(record(title="灌溉", lead_unit="大学", provincial=1, district=2, own=4))
    assert (worked_out.title_order, worked_out.unit_order) == ("guangai", "daxue")
    assert (worked_out.year, worked_out.fiscal_fen) == (2024, 3)
    assert worked_out.stage is Stage.AWAITING_AGREEMENT
    assert derived(record(signed_on=date(2024, 6, 1))).stage is Stage.UNDER_WAY


def test_a_name_of_any_length_fits_the_index_that_sorts_it() -> None:
    assert len(derived(record(title="长" * 32_767)).title_order) == MOST_ORDER
