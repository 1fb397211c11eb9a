"""Returned sheets on a real database: read, shown, booked in one press, once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from finance.booking import book_payment
from finance.lookups import find_batch
from finance.models import BatchLine
from finance.returned_lines import Heap, NotTheSheet
from finance.returning import book_returned, drop_returned, find_returned
from finance.returns import list_returns, show_returned
from finance.states import BatchState, LineResult, ReturnedState
from lifecycle.models import AuditEntry, Payment
from lifecycle.refusals import (
    IllegalTransition,
    InvalidInput,
    NotFound,
    NotPermitted,
    Obstructed,
    SamePerson,
)
from lifecycle.roles import Role
from lifecycle.stages import TrancheState
from reports.returned.taking import take_returned
from tests.integration.paying import TODAY, Bureau, a_bureau, approved, issued, refused
from tests.integration.test_payments_together import assert_one_won, together
from tests.unit.sheets.layouts import saved

LATER = date(2026, 2, 9)
LETTERS = {"办理结果": "N", "拨付日期": "O", "凭证号": "P", "未拨出原因": "Q", "账号": "F", "行码": "M"}
PAID = {"办理结果": "已拨付", "拨付日期": "2026-2-6", "凭证号": "国库-7"}
FAILED = {"办理结果": "退汇"}


@pytest.fixture
def bureau(session: Session) -> Bureau:
    return a_bureau(session)


def batch_of(bureau: Bureau, count: int, start: int = 1) -> int:
    """Return an issued batch of so many payments of 7 万元."""
    numbers = [f"沙-{place}" for place in range(start, start + count)]
    return issued(bureau, *(approved(bureau, number=number) for number in numbers))


def filled(bureau: Bureau, batch_id: int, answers: Mapping[int, Mapping[str, Any]]) -> bytes:
    """Return a batch's sheet with cells of its lines filled in."""
    sheet = find_batch(bureau.session, bureau.finance, batch_id, with_sheet=True).sheet
    page = load_workbook(BytesIO(sheet or b"")).worksheets[0]
    for sequence, values in answers.items():
        for mark, value in values.items():
            page[f"{LETTERS[mark]}{sequence + 3}"].value = value
    bureau.session.rollback()
    return saved(page.parent)


def taken(bureau: Bureau, batch_id: int, answers: Mapping[int, Mapping[str, Any]]) -> int:
    content = filled(bureau, batch_id, answers)
    return take_returned(bureau.session, bureau.finance, batch_id, "回执.xlsx", content, LATER)


def results(bureau: Bureau, batch_id: int) -> list[LineResult | None]:
    bureau.session.rollback()
    query = select(BatchLine.result).where(BatchLine.batch_id == batch_id).order_by(BatchLine.position)
    return list(bureau.session.scalars(query))


def heaps(bureau: Bureau, returned_id: int) -> dict[Heap, tuple[int, int | None]]:
    bureau.session.rollback()
    shown = show_returned(bureau.session, bureau.finance, returned_id)
    return {one.heap: (one.lines, one.total) for one in shown.heaps}


def test_one_press_books_what_was_paid_and_frees_what_was_not(bureau: Bureau) -> None:
    session, finance = bureau.session, bureau.finance
    batch_id = batch_of(bureau, 4)
    before = results(bureau, batch_id)
    returned_id = taken(bureau, batch_id, {1: PAID, 2: FAILED, 3: PAID | {"凭证号": "国库-8"}})
    assert results(bureau, batch_id) == before
    wan = 1_000_000
    assert heaps(bureau, returned_id) == {
        Heap.PAID: (2, 14 * wan),
        Heap.FAILED: (1, 7 * wan),
        Heap.OPEN: (1, 7 * wan),
    }
    assert book_returned(session, finance, returned_id, False, LATER) == 3
    assert results(bureau, batch_id) == [LineResult.PAID, LineResult.FAILED, LineResult.PAID, None]
    payments = session.execute(select(Payment.voucher, Payment.paid_on).order_by(Payment.id)).all()
    assert [tuple(one) for one in payments] == [("国库-7", date(2026, 2, 6)), ("国库-8", date(2026, 2, 6))]
    line = session.scalars(select(BatchLine).where(BatchLine.result == LineResult.FAILED)).one()
    assert (line.result_note, line.tranche.state) == ("退汇", TrancheState.APPROVED)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "return.book")).all()[-1]
    assert "已拨付 2 笔 140,000.00 元，未拨出 1 笔" in entry.summary
    refused(bureau, lambda: book_returned(session, finance, returned_id, True, LATER), IllegalTransition)
    assert Heap.SETTLED not in heaps(bureau, returned_id)


def test_a_second_return_serves_the_rest_and_the_same_file_is_said_so(bureau: Bureau) -> None:
    session, finance = bureau.session, bureau.finance
    batch_id = batch_of(bureau, 2)
    first = filled(bureau, batch_id, {1: PAID})
    one = take_returned(session, finance, batch_id, "一.xlsx", first, LATER)
    again = refused(
        bureau, lambda: take_returned(session, finance, batch_id, "又.xlsx", first, LATER), Obstructed
    )
    assert "同一份文件已于 2026-02-09 上传（待登记）" in again.message
    book_returned(session, finance, one, False, LATER)
    rest = taken(bureau, batch_id, {1: PAID, 2: PAID})
    assert heaps(bureau, rest) == {Heap.PAID: (1, 7_000_000), Heap.SETTLED: (1, 7_000_000)}
    assert book_returned(session, finance, rest, False, LATER) == 1
    assert find_batch(session, finance, batch_id).state is BatchState.BOOKED
    assert heaps(bureau, rest) == {Heap.PAID: (1, 7_000_000), Heap.SETTLED: (1, 7_000_000)}
    _, listed = list_returns(session, finance, batch_id)
    assert [row.state for row in listed] == [ReturnedState.BOOKED] * 2
    refused(
        bureau, lambda: take_returned(session, finance, batch_id, "三.xlsx", first, LATER), IllegalTransition
    )


def test_what_cannot_be_booked_waits_until_the_officer_leaves_it_out(bureau: Bureau) -> None:
    session, finance = bureau.session, bureau.finance
    other = batch_of(bureau, 1, start=8)
    code = f"{load_workbook(BytesIO(filled(bureau, other, {}))).worksheets[0]['M4'].value}"
    batch_id = batch_of(bureau, 4)
    returned_id = taken(
        bureau, batch_id, {1: PAID, 2: PAID | {"账号": "1"}, 3: PAID | {"行码": code}, 4: {"办理结果": "？"}}
    )
    assert heaps(bureau, returned_id).keys() == {
        *(Heap.PAID, Heap.FAULTY, Heap.ALTERED, Heap.UNKNOWN, Heap.MISSING)
    }
    shown = show_returned(session, finance, returned_id)
    (unknown,) = (line for line in shown.lines if line.heap is Heap.UNKNOWN)
    assert f"行码 {code} 是批次 2026-001 第 1 笔的" in unknown.read.notes[0].words
    session.rollback()
    refusal = refused(
        bureau, lambda: book_returned(session, finance, returned_id, False, LATER), InvalidInput
    )
    assert "有 3 行不能登记" in refusal.errors["leave_out"]
    assert book_returned(session, finance, returned_id, True, LATER) == 1
    assert results(bureau, batch_id) == [LineResult.PAID, None, None, None]


def test_a_sheet_of_another_batch_is_said_at_once(bureau: Bureau) -> None:
    session, finance = bureau.session, bureau.finance
    one, other = batch_of(bureau, 1), batch_of(bureau, 1, start=8)
    content = filled(bureau, other, {1: PAID})
    refusal = refused(
        bureau, lambda: take_returned(session, finance, one, "回执.xlsx", content, LATER), NotTheSheet
    )
    assert "校验码是批次 2026-002 的" in refusal.message


def test_booking_is_all_or_nothing_and_by_the_rules_of_booking(bureau: Bureau) -> None:
    session, finance = bureau.session, bureau.finance
    before = batch_of(bureau, 1, start=8)
    (line_id,) = bureau.lines(before)
    book_payment(session, finance, line_id, "国库-7", TODAY, LATER)
    batch_id = batch_of(bureau, 2)
    returned_id = taken(bureau, batch_id, {1: PAID | {"凭证号": "新-1"}, 2: PAID})
    refusal = refused(
        bureau, lambda: book_returned(session, finance, returned_id, False, LATER), InvalidInput
    )
    assert list(refusal.errors) == [f"voucher-{bureau.lines(batch_id)[1]}"]
    everyone = bureau.everywhere(Role.HANDLER)
    refused(bureau, lambda: book_returned(session, everyone, returned_id, False, LATER), SamePerson)
    refused(bureau, lambda: book_returned(session, bureau.handler, returned_id, False, LATER), NotPermitted)
    stranger = bureau.people.b[Role.FINANCE].actor
    refused(bureau, lambda: book_returned(session, stranger, returned_id, False, LATER), NotFound)
    drop_returned(session, finance, returned_id)
    refused(bureau, lambda: book_returned(session, finance, returned_id, False, LATER), IllegalTransition)
    kept = find_returned(session, finance, returned_id, with_workbook=True)
    assert kept.workbook[:2] == b"PK"
    session.rollback()
    taken(bureau, batch_id, {1: PAID | {"凭证号": "新-1"}, 2: PAID})


def test_two_who_press_at_once_book_once(bureau: Bureau, engine: Engine) -> None:
    batch_id = batch_of(bureau, 2)
    returned_id = taken(bureau, batch_id, {1: PAID, 2: PAID})
    bureau.session.rollback()
    press = lambda one, _: book_returned(one, bureau.finance, returned_id, False, LATER)  # noqa: E731
    assert_one_won(together(engine, press))
    assert results(bureau, batch_id) == [LineResult.PAID] * 2


def test_nothing_is_booked_from_a_return_with_nothing_in_it(bureau: Bureau) -> None:
    batch_id = batch_of(bureau, 1)
    returned_id = taken(bureau, batch_id, {})
    act = lambda: book_returned(bureau.session, bureau.finance, returned_id, False, LATER)  # noqa: E731
    assert "没有可以登记的款项" in refused(bureau, act, Obstructed).message
