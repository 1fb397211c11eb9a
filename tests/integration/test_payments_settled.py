"""What came of an issued batch: paid or not, line by line, all or nothing."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from finance.batches import show_batch
from finance.booking import Booking as Typed
from finance.booking import LineOutcome, book_batch, book_payment, fail_line, settle_lines
from finance.lookups import find_batch
from finance.models import BatchLine
from finance.states import BatchState, LineResult
from finance.tranches import project_tranches
from lifecycle.command import Work, command
from lifecycle.models import AuditEntry, Payment
from lifecycle.refusals import IllegalTransition, InvalidInput, NotFound
from lifecycle.roles import Permission
from lifecycle.stages import TrancheState
from tests.integration.paying import TODAY, Bureau, a_bureau, approved, issued, refused

LATER = TODAY + timedelta(days=2)


@pytest.fixture
def bureau(session: Session) -> Bureau:
    return a_bureau(session)


@command("returned.book", Permission.BOOK_PAYMENT)
def settle(work: Work, batch_id: int, outcomes: dict[int, LineOutcome]) -> None:
    """Settle lines as a returned sheet does."""
    batch = find_batch(work.session, work.actor, batch_id, with_lines=True)
    settle_lines(work, batch, outcomes, LATER)
    work.record("登记回单")


def results(bureau: Bureau, batch_id: int) -> list[LineResult | None]:
    found = [line.result for line in show_batch(bureau.session, bureau.finance, batch_id).lines]
    bureau.session.rollback()
    return found


def test_what_was_not_paid_is_approved_as_before_and_goes_out_again(bureau: Bureau) -> None:
    session, finance = bureau.session, bureau.finance
    first, second = approved(bureau, number="沙-1"), approved(bureau, number="沙-2")
    batch_id = issued(bureau, first, second)
    line, other = bureau.lines(batch_id)
    empty = partial(fail_line, session, finance, line, " ", TODAY, TODAY)
    assert list(refused(bureau, empty, InvalidInput).errors) == ["reason"]
    early = partial(fail_line, session, finance, line, "账号有误" * 300, LATER, TODAY)
    assert list(refused(bureau, early, InvalidInput).errors) == ["reason", "paid_on"]

    fail_line(session, finance, line, " 账号有误，银行退回 ", TODAY, LATER)
    assert bureau.state(first) is TrancheState.APPROVED
    shown = show_batch(session, finance, batch_id)
    assert (shown.batch.state, shown.batch.booked) == (BatchState.ISSUED, 1)
    assert (shown.lines[0].result_note, shown.lines[0].result_on) == ("账号有误，银行退回", TODAY)
    project_id = shown.lines[0].project_id
    session.rollback()
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.serial.desc()).limit(1)).one()
    assert (entry.action, entry.project_id, entry.details["new"]) == ("payment.fail", project_id, "已批准")
    assert "原因：账号有误，银行退回" in entry.summary
    session.rollback()
    for act in (
        partial(fail_line, session, finance, line, "再退", TODAY, LATER),
        partial(book_payment, session, finance, line, "记-1", TODAY, LATER),
    ):
        assert "未拨出" in refused(bureau, act, IllegalTransition).message

    again = issued(bureau, first)
    book_payment(session, finance, bureau.lines(again)[0], "记-2", LATER, LATER)
    [tranche] = project_tranches(session, finance, project_id)
    assert (tranche.batch_id, tranche.voucher, tranche.state) == (again, "记-2", TrancheState.PAID)
    assert [line.voucher for line in show_batch(session, finance, batch_id).lines] == [None, None]
    session.rollback()
    taken = partial(book_payment, session, finance, other, "记-2", LATER, LATER)
    assert "已用于其他批次" in refused(bureau, taken, InvalidInput).message
    assert book_batch(session, finance, batch_id, Typed("记-1", LATER), {}, LATER) == 1
    assert results(bureau, batch_id) == [LineResult.FAILED, LineResult.PAID]
    assert find_batch(session, finance, batch_id).state is BatchState.BOOKED


def test_a_batch_of_which_nothing_was_paid_is_closed_too(bureau: Bureau) -> None:
    batch_id = issued(bureau, approved(bureau))
    fail_line(bureau.session, bureau.finance, *bureau.lines(batch_id), "额度不足", LATER, LATER)
    assert find_batch(bureau.session, bureau.finance, batch_id).state is BatchState.BOOKED


def test_lines_are_settled_all_or_nothing(bureau: Bureau) -> None:
    session, finance = bureau.session, bureau.finance
    tranches = [approved(bureau, number=f"沙-{place}") for place in range(4)]
    batch_id, elsewhere = issued(bureau, *tranches[:3]), issued(bureau, tranches[3])
    first, second, third = bureau.lines(batch_id)
    wrong = {
        first: LineOutcome(True, None, " "),
        second: LineOutcome(False, LATER),
        third: LineOutcome(True, TODAY, "记-1"),
    }
    refusal = refused(bureau, partial(settle, session, finance, batch_id, wrong), InvalidInput)
    assert set(refusal.errors) == {f"voucher-{first}", f"paid_on-{first}", f"reason-{second}"}
    strange = {third: wrong[third], bureau.lines(elsewhere)[0]: wrong[third]}
    refused(bureau, partial(settle, session, finance, batch_id, strange), NotFound)

    fine = {second: LineOutcome(False, None, reason="户名不符"), third: wrong[third]}
    settle(session, finance, batch_id, fine)
    assert results(bureau, batch_id) == [None, LineResult.FAILED, LineResult.PAID]
    entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "returned.book")).all()
    assert sum(entry.project_id is not None for entry in entries) == 2
    days = session.scalars(select(BatchLine.result_on).where(BatchLine.result.is_not(None))).all()
    assert sorted(days) == [TODAY, LATER]
    session.rollback()
    twice = partial(settle, session, finance, batch_id, {third: LineOutcome(False, LATER, reason="退")})
    assert "已拨付" in refused(bureau, twice, IllegalTransition).message
    settle(session, finance, batch_id, {first: LineOutcome(True, LATER, "记-1")})
    assert find_batch(session, finance, batch_id).state is BatchState.BOOKED
    assert session.scalar(select(func.count()).select_from(Payment)) == 2
