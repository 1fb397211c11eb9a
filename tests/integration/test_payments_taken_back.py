"""What was sent out and comes back: void sheets and what replaces them, payments taken back, accounts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from finance.batches import issued_sheet, list_batches, show_batch
from finance.batching import discard_batch, make_batch
from finance.booking import Booking, book_batch, book_payment, fail_line
from finance.issuing import issue_batch, refused_lines
from finance.models import PaymentReversal
from finance.payee import recent_corrections, set_account
from finance.payers import payers, set_payers
from finance.proposing import withdraw
from finance.receipts import confirm_receipt, undo_receipt
from finance.refusals import LinesRefused
from finance.reversing import reverse_payment, reversible
from finance.spending import enter_spending
from finance.states import BatchState, LineResult
from finance.trail import batch_trail
from finance.voiding import reissue, void_batch
from lifecycle.lasting import tranche_rows
from lifecycle.models import AuditEntry, Payment
from lifecycle.record import BudgetUse, Source, Spending
from lifecycle.record import Tranche as Plan
from lifecycle.refusals import IllegalTransition, InvalidInput, NotPermitted, Obstructed
from lifecycle.roles import Role
from lifecycle.stages import TrancheState
from reports.ledger.errors import LedgerRefused
from reports.ledger.importing import import_ledger
from reports.sheet import disbursement_sheet
from tests.integration.agreeing import scan
from tests.integration.ledgers import kept, ledger_of
from tests.integration.paying import (
    TODAY,
    WAN,
    Bureau,
    a_bureau,
    approve_one,
    approved,
    drafted,
    ea_fields,
    issued,
    refused,
    sheet,
)

LATER = TODAY + timedelta(days=2)


@pytest.fixture
def bureau(session: Session) -> Bureau:
    return a_bureau(session)


def paid(bureau: Bureau, *tranche_ids: int, voucher: str = "记-1") -> int:
    """Return a batch of approved tranches that is booked."""
    batch_id = issued(bureau, *tranche_ids)
    book_batch(bureau.session, bureau.finance, batch_id, Booking(voucher, TODAY), {}, TODAY)
    return batch_id


def last_entry(bureau: Bureau) -> AuditEntry:
    bureau.session.rollback()
    return bureau.session.scalars(select(AuditEntry).order_by(AuditEntry.serial.desc()).limit(1)).one()


def test_a_void_sheet_stays_readable_and_another_takes_its_place(bureau: Bureau) -> None:
    session, finance = bureau.session, bureau.finance
    ids = [approved(bureau, number=f"沙-{place}") for place in range(3)]
    void = issued(bureau, *ids)
    _, content = issued_sheet(session, finance, void)
    fail_line(session, finance, bureau.lines(void)[0], "账号有误", TODAY, TODAY)
    refused(bureau, partial(reissue, session, finance, void, LATER), IllegalTransition)
    blank = partial(void_batch, session, finance, void, " ", LATER)
    assert list(refused(bureau, blank, InvalidInput).errors) == ["reason"]

    void_batch(session, finance, void, " 金额有误 ", LATER)
    assert [bureau.state(one) for one in ids] == [TrancheState.APPROVED] * 3
    batch = show_batch(session, finance, void).batch
    assert (batch.state, batch.ended_by, batch.ended_on, batch.ended_note, batch.is_void) == (
        *(BatchState.DISCARDED, finance.name, LATER, "金额有误"),
        True,
    )
    assert {result: came.lines for result, came in batch.results.items()} == {
        LineResult.FAILED: 1,
        LineResult.VOIDED: 2,
    }
    assert batch.checksum is not None
    assert issued_sheet(session, finance, void) == ("拨付表-2026-001（已作废）.xlsx", content)
    session.rollback()
    refused(bureau, partial(void_batch, session, finance, void, "再作废", LATER), IllegalTransition)
    refused(
        bureau,
        partial(book_batch, session, finance, void, Booking("记-1", LATER), {}, LATER),
        IllegalTransition,
    )

    withdraw(session, bureau.handler, ids[2], LATER, "")
    given_up = reissue(session, finance, void, LATER)
    taken = partial(reissue, session, finance, void, LATER)
    assert "已由批次 2026-002 代替" in refused(bureau, taken, Obstructed).message
    discard_batch(session, finance, given_up, LATER)
    again = reissue(session, finance, void, LATER)
    shown = show_batch(session, finance, again)
    assert [line.tranche_id for line in shown.lines] == ids[:2]
    assert shown.batch.replaces == (void, "2026-001")
    rows = {row.id: row for row in list_batches(session, finance).rows}
    assert rows[void].replaced_by == (again, "2026-003")
    assert (rows[given_up].replaces, rows[given_up].is_void) == (None, False)
    session.rollback()
    issue_batch(session, finance, again, LATER, sheet)
    book_batch(session, finance, again, Booking("记-1", LATER), {}, LATER)
    assert [one.action for one in batch_trail(session, finance, again)] == [
        *("batch.book", "batch.issue", "batch.reissue"),
    ]
    assert "金额有误" in batch_trail(session, finance, void)[0].summary


def test_a_sheet_of_which_something_is_paid_is_not_made_void(bureau: Bureau) -> None:
    session, finance = bureau.session, bureau.finance
    batch_id = issued(bureau, approved(bureau, number="沙-1"), approved(bureau, number="沙-2"))
    first = bureau.lines(batch_id)[0]
    book_payment(session, finance, first, "记-1", TODAY, TODAY)
    void = partial(void_batch, session, finance, batch_id, "有误", TODAY)
    assert "已有 1 笔登记为已拨付" in refused(bureau, void, Obstructed).message
    reverse_payment(session, finance, first, "登记有误", "冲-1", TODAY, TODAY)
    void()
    results = [line.result for line in show_batch(session, finance, batch_id).lines]
    assert results == [LineResult.REVERSED, LineResult.VOIDED]
    draft = reissue(session, finance, batch_id, TODAY)
    assert len(bureau.lines(draft)) == 2
    assert refused_lines(session, finance, draft, TODAY) == []


def test_a_payment_is_taken_back_kept_and_made_anew(bureau: Bureau) -> None:
    session, finance = bureau.session, bureau.finance
    project_id = bureau.project(number="沙-1")
    (tranche_id,) = bureau.tranches(project_id)
    batch_id = paid(bureau, approve_one(bureau, tranche_id))
    (line_id,) = bureau.lines(batch_id)
    empty = partial(reverse_payment, session, finance, line_id, " ", " ", LATER, TODAY)
    assert list(refused(bureau, empty, InvalidInput).errors) == ["reason", "voucher", "on"]
    early = partial(reverse_payment, session, finance, line_id, "退", "冲", TODAY - timedelta(days=1), TODAY)
    assert list(refused(bureau, early, InvalidInput).errors) == ["on"]

    reverse_payment(session, finance, line_id, "账户已销户，银行退汇", "冲-9", LATER, LATER)
    assert bureau.record(project_id).tranches == (
        Plan(1, Source.DISTRICT, 7 * WAN, date(2026, 2, 10), 0, None),
    )
    assert bureau.state(tranche_id) is TrancheState.APPROVED
    assert session.scalar(select(func.count()).select_from(Payment)) == 0
    reversal = session.scalars(select(PaymentReversal)).one()
    assert (reversal.amount_fen, reversal.paid_on, reversal.voucher) == (7 * WAN, TODAY, "记-1")
    assert (reversal.reversed_on, reversal.reversal_voucher) == (LATER, "冲-9")
    entry = last_entry(bureau)
    assert (entry.action, entry.project_id, entry.details["new"]) == ("payment.reverse", project_id, "已批准")
    assert entry.citation == "沙科局发〔2023〕41号 第二十三条"
    (line,) = show_batch(session, finance, batch_id).lines
    assert (line.result, line.voucher, line.reversal_voucher) == (LineResult.REVERSED, "记-1", "冲-9")
    session.rollback()
    twice = partial(reverse_payment, session, finance, line_id, "退", "冲-9", LATER, LATER)
    refused(bureau, twice, IllegalTransition)
    again = issued(bureau, tranche_id)
    book_batch(session, finance, again, Booking("记-1", LATER), {}, LATER)
    assert bureau.record(project_id).tranches[0].paid == 7 * WAN


def test_what_stands_on_a_payment_keeps_it(bureau: Bureau) -> None:
    session, finance, handler = bureau.session, bureau.finance, bureau.handler
    project_id = bureau.project(number="沙-1")
    (tranche_id,) = bureau.tranches(project_id)
    (line_id,) = bureau.lines(paid(bureau, approve_one(bureau, tranche_id)))
    reverse = partial(reverse_payment, session, finance, line_id, "退汇", "冲-1", LATER, LATER)
    confirm_receipt(session, handler, tranche_id, TODAY, LATER)
    row = Spending(TODAY, Source.DISTRICT, BudgetUse.EQUIPMENT, 1, "支-1", None)
    enter_spending(session, bureau.people.a[Role.PI].actor, "沙-1", [row], LATER)
    refusal = refused(bureau, reverse, Obstructed)
    assert len(refusal.obstacles) == 2
    assert "请经办人先撤销到账确认" in refusal.message
    assert "已登记支出 0.01 元，请承担单位先冲销相应支出" in refusal.message
    assert [one.held for one in reversible(session, finance, line_id).conditions] == [
        True,
        False,
        False,
        True,
    ]
    session.rollback()
    undo_receipt(session, handler, tranche_id, "有误", LATER)
    assert len(refused(bureau, reverse, Obstructed).obstacles) == 1
    bureau.change(project_id, clearing_opened_on=TODAY)
    payment = session.scalars(select(Payment)).one()
    payment.booked_by_id = None
    session.commit()
    assert "本笔随台账导入" in refused(bureau, reverse, Obstructed).message


def test_both_sources_that_are_paid_once_in_full_go_out_together(bureau: Bureau) -> None:
    session, finance = bureau.session, bureau.finance
    provincial, district = bureau.tranches(bureau.project(**ea_fields()))
    approve_one(bureau, provincial)
    alone = drafted(bureau, provincial)
    refusal = refused(bureau, partial(issue_batch, session, finance, alone, TODAY, sheet), LinesRefused)
    assert "区（县）级财政第 1 期（计划）由同一单位拨付" in refusal.message
    assert "渝科局发〔2024〕92号 第十五条" in refusal.message
    assert refused_lines(session, finance, alone, TODAY) == list(refusal.lines)
    session.rollback()
    discard_batch(session, finance, alone, TODAY)

    set_payers(session, finance, {Source.PROVINCIAL: "市财政局"})
    assert payers(session, finance.agency_id)[Source.DISTRICT] == "沙坪坝区科技局"
    session.rollback()
    alone = drafted(bureau, provincial)
    elsewhere = partial(issue_batch, session, finance, alone, TODAY, disbursement_sheet)
    assert "尚未批准" in refused(bureau, elsewhere, LinesRefused).message
    approve_one(bureau, district)
    mixed = partial(make_batch, session, finance, [district], TODAY)
    elsewhere()
    other = mixed()
    issue_batch(session, finance, other, TODAY, sheet)
    # What comes back alone may go out alone: the other is paid.
    fail_line(session, finance, *bureau.lines(alone), "退回", TODAY, TODAY)
    set_payers(session, finance, {Source.PROVINCIAL: " "})
    again = drafted(bureau, provincial)
    assert "（已出表）由同一单位拨付" in refused_lines(session, finance, again, TODAY)[0].reasons[0]
    session.rollback()
    book_batch(session, finance, other, Booking("记-1", TODAY), {}, TODAY)
    issue_batch(session, finance, again, TODAY, sheet)


def test_a_payer_is_named_by_finance_and_leaves_what_is_made_alone(bureau: Bureau) -> None:
    session, finance = bureau.session, bureau.finance
    batch_id = drafted(bureau, approved(bureau))
    before = show_batch(session, finance, batch_id).batch.payer
    session.rollback()
    too_long = partial(set_payers, session, finance, {Source.DISTRICT: "局" * 61})
    assert list(refused(bureau, too_long, InvalidInput).errors) == ["district"]
    refused(bureau, partial(set_payers, session, bureau.handler, {}), NotPermitted)
    set_payers(session, finance, {Source.DISTRICT: " 区财政局 ", Source.PROVINCIAL: ""})
    assert last_entry(bureau).summary.startswith(f"设置拨款单位：区（县）级财政由{before}改为区财政局")
    assert show_batch(session, finance, batch_id).batch.payer == before
    session.rollback()
    assert (
        show_batch(session, finance, drafted(bureau, approved(bureau, number="沙-2"))).batch.payer
        == "区财政局"
    )


def correcting(bureau: Bureau, **typed: Any) -> Any:
    """Return the act of putting the account of 沙-1 right."""
    usual = {"bank_name": "工商银行", "bank_account": "6222 0001", "reason": "原账户已销户，单位来函更正"}
    words = [(usual | typed)[name] for name in ("bank_name", "bank_account", "reason")]
    files = typed.get("files", [scan("账户证明")])
    return partial(set_account, bureau.session, bureau.handler, "沙-1", *words, files, LATER)


def test_an_account_is_put_right_with_reason_and_proof(bureau: Bureau) -> None:
    session, project_id = bureau.session, bureau.project(number="沙-1")
    tranche_id = approve_one(bureau, *bureau.tranches(project_id))
    batch_id = issued(bureau, tranche_id)
    assert "已出表的批次 2026-001" in refused(bureau, correcting(bureau), Obstructed).message
    void_batch(session, bureau.finance, batch_id, "账号有误", TODAY)
    draft = reissue(session, bureau.finance, batch_id, TODAY)
    wrong = correcting(bureau, bank_name=" ", bank_account="账号", reason="短", files=[])
    assert set(refused(bureau, wrong, InvalidInput).errors) == {
        "bank_name",
        "bank_account",
        "reason",
        "files",
    }
    correcting(bureau)()
    entry = last_entry(bureau)
    assert entry.details["changes"][1] == {
        "field": "银行账号",
        "old": "6222020000000000001",
        "new": "62220001",
    }
    assert [line.bank_account for line in show_batch(session, bureau.finance, draft).lines] == ["62220001"]
    assert [line.bank_account for line in show_batch(session, bureau.finance, batch_id).lines] == [
        "6222020000000000001"
    ]
    now = entry.at.date()
    assert recent_corrections(session, [project_id], now)[project_id].by == bureau.handler.name
    assert recent_corrections(session, [project_id], now + timedelta(days=32)) == {}
    session.rollback()
    same = correcting(bureau)
    assert list(refused(bureau, same, InvalidInput).errors) == ["bank_account"]
    stale = replace(bureau.record(project_id), bank_account="6222020000000000001")
    with pytest.raises(LedgerRefused) as refusal:
        import_ledger(session, bureau.handler, ledger_of(stale), name="a.xlsx")
    assert [one.column for one in refusal.value.errors] == ["银行账号"]
    bureau.change(project_id, signed_on=None)
    assert "任务书尚未签订" in refused(bureau, correcting(bureau, bank_account="1"), Obstructed).message


def test_a_ledger_takes_nothing_away_from_what_came_back(bureau: Bureau) -> None:
    session, finance = bureau.session, bureau.finance
    project_id = bureau.project(number="沙-1")
    (tranche_id,) = bureau.tranches(project_id)
    (line_id,) = bureau.lines(paid(bureau, approve_one(bureau, tranche_id)))
    reverse_payment(session, finance, line_id, "退汇", "冲-1", TODAY, TODAY)
    withdraw(session, bureau.handler, tranche_id, TODAY, "")
    (record,) = kept(session, bureau.handler)
    changed = replace(record, tranches=(replace(record.tranches[0], planned=6 * WAN),))
    with pytest.raises(LedgerRefused) as refusal:
        import_ledger(session, bureau.handler, ledger_of(replace(record, tranches=())), name="a.xlsx")
    assert "不能从台账中删去这一行" in refusal.value.errors[0].message
    import_ledger(session, bureau.handler, ledger_of(changed), name="a.xlsx")
    (row,) = tranche_rows(session, [project_id])[project_id]
    assert (row.id, row.tranche.planned, row.lasts) == (tranche_id, 6 * WAN, False)
