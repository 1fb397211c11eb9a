"""How days, money and figures read on a page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import filters

TODAY = date(2026, 6, 30)
FEN = st.integers(min_value=-(10**15), max_value=10**15)


def test_a_day_is_shown_with_its_weekday() -> None:
    assert filters.day(date(2026, 1, 31)) == "2026-01-31（周六）"
    assert filters.day(date(2026, 2, 1)) == "2026-02-01（周日）"
    assert filters.short_day(date(2026, 1, 31)) == "2026-01-31"


def test_a_moment_is_shown_in_china_time() -> None:
    assert filters.moment(datetime(2026, 1, 31, 18, 5, tzinfo=UTC)) == "2026-02-01 02:05"


@pytest.mark.parametrize(
    ("due", "words", "status"),
    [
        (date(2026, 7, 12), "还有 12 天", "临期"),
        (date(2026, 6, 30), "今天", "临期"),
        (date(2026, 6, 27), "逾期 3 天", "逾期"),
        (date(2026, 7, 30), "还有 30 天", "临期"),
        (date(2026, 7, 31), "还有 31 天", "办理中"),
    ],
)
def test_what_is_owed_says_how_far_off_it_is(due: date, words: str, status: str) -> None:
    assert filters.days_left(due, TODAY) == words
    assert filters.due_word(due, TODAY) == status


def test_a_period_is_a_range_and_an_open_side_is_left_out() -> None:
    start, end = date(2024, 3, 1), date(2026, 2, 28)
    assert filters.period(start, end) == "2024-03-01–2026-02-28"
    assert filters.period(start, None) == "2024-03-01–"
    assert filters.period(None, None) == "—"


def test_money_reads_as_offices_write_it() -> None:
    assert filters.yuan(123_456_789) == "1,234,567.89"
    assert filters.wan(123_456_789) == "123.456789"
    assert filters.wan(14_000_000) == "14.00"
    assert filters.in_words(14_000_000) == "壹拾肆万元整"
    assert filters.number(1234567) == "1,234,567"
    assert filters.number(Decimal("1234.5")) == "1,234.5"


def test_what_is_not_there_shows_as_a_dash() -> None:
    shown = [
        filters.yuan(None),
        filters.wan(None),
        filters.in_words(None),
        filters.number(None),
        filters.day(None),
        filters.short_day(None),
        filters.moment(None),
        filters.days_left(None, TODAY),
        filters.percent(None, 100),
        filters.percent(100, 0),
    ]
    assert set(shown) == {"—"}


def test_a_percentage_is_cut_so_that_a_threshold_is_never_reached_by_rounding() -> None:
    assert filters.percent(79_999_999, 100_000_000) == "79.9%"
    assert filters.share(79_999_999, 100_000_000) == "79.99%"


@given(part=FEN, whole=FEN)
def test_a_bar_never_leaves_its_track(part: int, whole: int) -> None:
    share = filters.share(part, abs(whole))
    assert re.fullmatch(r"\d{1,3}(\.\d\d)?%", share)
    assert Decimal(share[:-1]) <= 100


def test_every_state_in_the_frame_of_statuses_has_its_own_tone() -> None:
    assert [filters.tone(word) for word in ("逾期", "临期", "办理中", "已办结", "暂缓", "别的")] == [
        "bad",
        "soon",
        "going",
        "done",
        "held",
        "plain",
    ]


def test_a_query_keeps_filters_and_drops_what_is_cleared() -> None:
    args = {"q": ["雷达"], "stage": ["a", "b"], "page": ["3"]}
    assert filters.query(args, sort="-due", page=None) == "?q=%E9%9B%B7%E8%BE%BE&stage=a&stage=b&sort=-due"
    assert filters.query({}, page=2) == "?page=2"
    assert filters.query({"q": ""}) == "?"


@dataclass
class Row:
    """A row as a page may hand it in."""

    title: str
    url: str
    fiscal: int | None
    stage: str


COLUMNS = [
    {"key": "title", "label": "项目", "kind": "link"},
    {"key": "fiscal", "label": "财政资金", "kind": "wan", "unit": "万元"},
    {"key": "stage", "label": "阶段", "kind": "status"},
]


def test_cells_are_typed_labelled_and_escaped() -> None:
    row = Row("<b>甲&乙</b>", '/projects/1?a="x"', 14_000_000, "已结题")
    [cells] = filters.cells([row], COLUMNS)
    assert cells == (
        '<td class="k-link" data-label="项目"><a href="/projects/1?a=&#34;x&#34;">'
        "&lt;b&gt;甲&amp;乙&lt;/b&gt;</a></td>"
        '<td class="k-wan" data-label="财政资金（万元）">14.00</td>'
        '<td class="k-status" data-label="阶段"><span class="status tone-done">已结题</span></td>'
    )


def test_rows_may_be_mappings_and_a_misspelt_column_is_an_error() -> None:
    [cells] = filters.cells([{"title": "甲", "url": "/1", "fiscal": None, "stage": ""}], COLUMNS)
    assert cells.count(">—<") == 2
    with pytest.raises(KeyError):
        list(filters.cells([{"title": "甲", "url": "/1"}], COLUMNS))
    with pytest.raises(AttributeError):
        list(filters.cells([Row("甲", "/1", 1, "")], [{"key": "titel", "label": "项目"}]))
