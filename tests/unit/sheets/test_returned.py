"""What came back is told line by line, wherever the lines have gone, and nothing is guessed."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from finance.returned_lines import Heap, NotTheSheet, ReadLine, ReadSheet
from lifecycle.record import Source
from reports.ledger.errors import NotAWorkbook
from reports.returned.matching import read_returned
from tests.unit.sheets.layouts import converted, disbursement, line, office_layout
from tests.unit.sheets.returning import FAILED, PAID, TODAY, Returned, issued_of

LINES = [line(place) for place in range(1, 7)]
TOLD = disbursement(LINES)
OFFICE = disbursement(LINES, office_layout())


def heaps(read: ReadSheet) -> list[tuple[int | None, Heap]]:
    """Return of every line which it is and in which heap, in the order of the batch."""
    return sorted(((one.sequence, one.heap) for one in read.lines), key=lambda pair: (pair[0] or 0, pair[1]))


def one(read: ReadSheet, sequence: int) -> ReadLine:
    (found,) = (line for line in read.lines if line.sequence == sequence)
    return found


def said(line: ReadLine) -> dict[str, str]:
    return {note.cell: note.words for note in line.notes}


ACTIONS = ("paid", "failed", "open", "altered", "dropped", "twice", "no code", "foreign", "faulty")
FROZEN = {
    "项目编号": "SPB-KEY-9",
    "账号": "62220200000000009",
    "本次拨付": 140_000.09,
    "承担单位": "别的公司",
    "本次大写": "壹元整",
}
WANTED = {
    "paid": [Heap.PAID],
    "failed": [Heap.FAILED],
    "open": [Heap.OPEN],
    "altered": [Heap.ALTERED],
    "dropped": [Heap.MISSING],
    "twice": [Heap.TWICE, Heap.TWICE],
    "no code": [Heap.PAID],
    "faulty": [Heap.FAULTY],
}


def rows_for(sequence: int, action: str, altered: str) -> list[Any]:
    """Return the rows in which a line comes back after what was done with it."""
    own: dict[str, Any] = {"of": sequence}
    return {
        "paid": [own | PAID],
        "failed": [own | FAILED],
        "open": [sequence],
        "altered": [own | PAID | {altered: FROZEN[altered]}],
        "dropped": [],
        "twice": [own | PAID, own],
        "no code": [own | PAID | {"行码": None}],
        "foreign": [own | PAID | {"行码": "26002-0001-BCDF"}],
        "faulty": [own | {"办理结果": "大概付了"}],
    }[action]


@settings(max_examples=40, deadline=None)
@given(
    actions=st.lists(st.sampled_from(ACTIONS), min_size=6, max_size=6),
    altered=st.sampled_from(sorted(FROZEN)),
    shuffled=st.randoms(use_true_random=False),
    blanks=st.integers(0, 3),
    office=st.booleans(),
)
def test_any_moving_dropping_and_altering_of_rows_is_told_apart_exactly(
    actions: list[str], altered: str, shuffled: Any, blanks: int, office: bool
) -> None:
    rows = [row for place, what in enumerate(actions, 1) for row in rows_for(place, what, altered)]
    rows += [None] * blanks
    shuffled.shuffle(rows)
    returned = Returned(OFFICE if office else TOLD).arrange(rows)
    wanted: Counter[tuple[int | None, Heap]] = Counter()
    for place, what in enumerate(actions, 1):
        if what == "foreign":
            wanted.update([(None, Heap.UNKNOWN), (place, Heap.MISSING)])
        else:
            wanted.update((place, heap) for heap in WANTED[what])
    if set(actions) <= {"dropped", "foreign"}:
        with pytest.raises(NotTheSheet, match="没有认出"):
            returned.read()
        return
    assert Counter(heaps(returned.read())) == wanted


def test_what_was_altered_is_said_of_its_cell_from_what_to_what() -> None:
    returned = Returned(TOLD).set(2, PAID | {"账号": "1", "本次拨付": 1.5}).set(3, PAID | {"承担单位": None})
    read = returned.read()
    assert said(one(read, 2)) == {
        "F5": "账号由“6222020000000000002”改成了“1”",
        "I5": "本次拨付由“140000.02”改成了“1.5”",
    }
    assert said(one(read, 3)) == {"D6": "承担单位由“启明智能科技有限公司3”改成了“空”"}


def test_a_row_that_is_none_of_ours_says_whose_it_is() -> None:
    given_ = {"of": 1, "行码": "26002-0004-BCDF"} | PAID
    made_up = {"of": 1, "行码": None, "项目编号": "新-1", "本次拨付": 5} | PAID
    read = Returned(TOLD).arrange([1, given_, made_up]).read(lambda code: f"批次 2026-002 （{code}）")
    codes, without = [line for line in read.lines if line.heap is Heap.UNKNOWN]
    assert (codes.row, without.row) == (5, 6)
    assert said(codes) == {"M5": "行码 26002-0004-BCDF 是批次 2026-002 （26002-0004-BCDF）的"}
    assert "找不到这一笔" in said(without)["I6"]
    assert without.said == "新-1，6222020000000000001，5"


def test_two_lines_alike_without_their_codes_are_never_guessed() -> None:
    alike = disbursement([line(1), line(1), line(2)])
    read = Returned(alike).set_all(PAID).set(1, {"行码": None}).read()
    assert heaps(read) == [(None, Heap.UNKNOWN), (1, Heap.MISSING), (2, Heap.PAID), (3, Heap.PAID)]
    (unknown,) = (line for line in read.lines if line.heap is Heap.UNKNOWN)
    assert "不能确定是哪一笔" in said(unknown)["I4"]


UNDERSTOOD = [
    ({"办理结果": "成功"}, Heap.PAID, {}),
    ({"办理结果": " 支付 成功。"}, Heap.PAID, {}),
    ({"拨付日期": "2026-7-1"}, Heap.PAID, {}),
    ({"拨付日期": "2026/07/01 10:30:05"}, Heap.PAID, {}),
    ({"拨付日期": "2026年7月1日"}, Heap.PAID, {}),
    ({"拨付日期": "20260701"}, Heap.PAID, {}),
    ({"拨付日期": 20260701}, Heap.PAID, {}),
    ({"拨付日期": datetime(2026, 7, 1, 9, 30)}, Heap.PAID, {}),  # noqa: DTZ001 as a spreadsheet keeps it
    ({"凭证号": 20260012}, Heap.PAID, {}),
    ({"账号": "6222020000000000001 ", "本次拨付": "￥140,000.01"}, Heap.PAID, {}),
    ({"行码": " ２６００３-0001-{} "}, Heap.PAID, {}),
    ({"办理结果": "已付款吧"}, Heap.FAULTY, {"N4": "不认识"}),
    ({"办理结果": True}, Heap.FAULTY, {"N4": "不认识"}),
    ({"办理结果": None}, Heap.FAULTY, {"N4": "没有填写办理结果"}),
    ({"拨付日期": None}, Heap.FAULTY, {"O4": "请填写拨付日期"}),
    ({"凭证号": None}, Heap.FAULTY, {"P4": "请填写凭证号"}),
    ({"拨付日期": "7月1日"}, Heap.FAULTY, {"O4": "应为日期"}),
    ({"拨付日期": "2026-2-30"}, Heap.FAULTY, {"O4": "不是实有的日期"}),
    ({"拨付日期": 46204}, Heap.FAULTY, {"O4": "应为日期"}),
    ({"拨付日期": date(2026, 6, 29)}, Heap.FAULTY, {"O4": "不能早于出表日期"}),
    ({"拨付日期": date(2026, 7, 9)}, Heap.FAULTY, {"O4": "不能晚于今天"}),
    ({"凭证号": 12345678901234567890}, Heap.FAULTY, {"P4": "超过 15 位"}),
    ({"凭证号": "长" * 65}, Heap.FAULTY, {"P4": "不超过 64 个字"}),
    ({"未拨出原因": "户名不符"}, Heap.FAULTY, {"Q4": "请核对"}),
    ({"办理结果": "退汇"}, Heap.FAILED, {}),
    ({"办理结果": "失败"}, Heap.FAULTY, {"Q4": "请填写未拨出原因"}),
    ({"账号": 6222020000000000001}, Heap.ALTERED, {"F4": "账号由"}),
    ({"本次拨付": 140_000.011}, Heap.ALTERED, {"I4": "本次拨付由"}),
]


@pytest.mark.parametrize(("filled", "heap", "words"), UNDERSTOOD, ids=[str(row[0]) for row in UNDERSTOOD])
def test_answers_are_understood_liberally_and_never_guessed(
    filled: dict[str, Any], heap: Heap, words: dict[str, str]
) -> None:
    letters = TOLD.codes[0][-4:].lower()
    given_ = {mark: value.format(letters) if mark == "行码" else value for mark, value in filled.items()}
    found = one(Returned(TOLD).set(1, PAID | given_).read(), 1)
    assert found.heap is heap, found.notes
    told = said(found)
    assert told.keys() == words.keys()
    assert all(part in told[cell] for cell, part in words.items())
    if heap is Heap.PAID:
        assert (found.on, bool(found.voucher)) == (date(2026, 7, 1), True)
    if heap is Heap.FAILED:
        assert found.reason == "退汇"


def test_columns_are_found_by_their_headers_wherever_they_were_moved() -> None:
    returned = Returned(OFFICE).set_all(PAID)
    for merge in [*returned.page.merged_cells.ranges]:
        returned.page.unmerge_cells(str(merge))
    returned.page.insert_cols(2, 2)
    returned.page.insert_rows(1, 3)
    read = returned.read()
    assert {line.heap for line in read.lines} == {Heap.PAID}
    assert read.columns == {"办理结果": "J", "拨付日期": "K", "凭证号": "L", "未拨出原因": "M"}
    assert [line.row for line in read.lines] == list(range(9, 15))
    assert ReadSheet.from_plain(read.to_plain()) == read


def test_the_wrong_workbook_is_said_at_once() -> None:
    other = Returned(disbursement(LINES[:2])).set_all(PAID).content()
    with pytest.raises(NotTheSheet, match="校验码是批次 2026-002 的"):
        read_returned(issued_of(TOLD), other, TODAY, lambda _: "批次 2026-002 ")
    with pytest.raises(NotAWorkbook):
        read_returned(issued_of(TOLD), b"no workbook", TODAY, str)
    renamed = Returned(TOLD)
    renamed.page["I3"] = "金额"
    with pytest.raises(NotTheSheet, match="没有找到表头为“本次拨付”的列"):
        renamed.read()
    without = Returned(TOLD).set_all(PAID)
    without.page["A14"] = None
    assert any("没有找到校验码" in remark for remark in without.read().remarks)


def test_a_sheet_of_several_sources_comes_back_too() -> None:
    told = disbursement([line(1), line(2, source=Source.PROVINCIAL)])
    assert {line.heap for line in Returned(told).set_all(FAILED).read().lines} == {Heap.FAILED}


def test_libreoffice_works_out_the_same_totals_and_what_it_saves_comes_back_whole(tmp_path: Any) -> None:
    lines = [line(place, amount=fen) for place, fen in enumerate((7_000_001, 99, 123_456_789), 1)]
    told = disbursement(lines, office_layout())
    returned = Returned(told).set_all(PAID)
    opened = converted(tmp_path, returned.content(), "xlsx:Calc MS Excel 2007 XML", "xlsx")
    page = load_workbook(BytesIO(opened), data_only=True).worksheets[0]
    assert page["D10"].value == told.total / 100
    assert [page[f"D{row}"].value for row in (6, 7, 8)] == [one.amount / 100 for one in lines]
    read = read_returned(returned.issued, opened, TODAY, str)
    assert heaps(read) == [(1, Heap.PAID), (2, Heap.PAID), (3, Heap.PAID)]
    assert {(line.on, line.voucher) for line in read.lines} == {(date(2026, 7, 1), "记-12")}


def test_ten_thousand_lines_are_read_with_progress() -> None:
    told = disbursement([line(place) for place in range(1, 10_001)])
    seen: list[tuple[int, int]] = []
    issued = issued_of(told)
    read = read_returned(issued, issued.workbook, TODAY, str, lambda done, all_: seen.append((done, all_)))
    assert Counter(line.heap for line in read.lines) == {Heap.OPEN: 10_000}
    assert seen[-1] == (10_000, 10_000)
    assert len(seen) > 10
