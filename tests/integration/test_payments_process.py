"""What is no article but stands in a payment's way: states, batches, vouchers and days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from finance.batching import discard_batch, make_batch, remove_line
from finance.booking import Booking, book_batch, book_payment
from finance.checking import payment_check
from finance.issuing import issue_batch
from finance.models import Payer
from finance.proposing import approve, return_, withdraw
from finance.refusals import LinesRefused
from lifecycle.database import begin_write
from lifecycle.models import Tranche
from lifecycle.record import Acceptance, Conclusion, Source
from lifecycle.record import Tranche as Plan
from lifecycle.refusals import (
    IllegalTransition,
    InvalidInput,
    NotFound,
    Obstructed,
)
from tests.integration.paying import (
    TODAY,
    WAN,
    Act,
    Bureau,
    a_bureau,
    approved,
    drafted,
    ea_fields,
    issued,
    proposing,
    refused,
    sheet,
)

LATER = TODAY + timedelta(days=3)


@pytest.fixture
def bureau(session: Session) -> Bureau:
    return a_bureau(session)


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        (Plan(1, Source.OWN, 7 * WAN, None, 0, None), "由出资方自行拨付"),
        (Plan(1, Source.JOINT, 7 * WAN, None, 0, None), "由出资方自行拨付"),
        (Plan(1, Source.DISTRICT, 0, None, 0, None), "计划金额为零"),
    ],
)
def test_what_cannot_be_paid_here_is_refused(bureau: Bureau, plan: Plan, says: str) -> None:
    tranche_id = bureau.tranche(tranches=(plan,), joint=7 * WAN)
    refusal = refused(bureau, proposing(bureau, tranche_id), Obstructed)
    assert any(says in obstacle for obstacle in refusal.obstacles)


@pytest.mark.parametrize("paid_on", [None, date(2026, 1, 20)])
def test_what_a_ledger_gives_as_paid_is_not_paid_again(bureau: Bureau, paid_on: date | None) -> None:
    tranche_id = bureau.tranche(tranches=(Plan(1, Source.DISTRICT, 7 * WAN, None, 7 * WAN, paid_on),))
    refused(bureau, proposing(bureau, tranche_id), IllegalTransition)
    assert payment_check(bureau.session, bureau.handler, tranche_id, TODAY).obstacles


@pytest.mark.parametrize("conclusion", [Conclusion.TERMINATED, Conclusion.FAILED])
def test_after_termination_or_failure_accounts_are_cleared_not_paid(
    bureau: Bureau, conclusion: Conclusion
) -> None:
    acceptance = Acceptance(
        *(None, None, None, False, None, None, conclusion, TODAY, False),
        *(None, None, None, None, 0, 0, None),
    )
    tranche_id = bureau.tranche(acceptance=acceptance)
    refusal = refused(bureau, proposing(bureau, tranche_id), Obstructed)
    assert "财务清算" in refusal.message


def test_tranches_of_a_source_go_in_their_order(bureau: Bureau) -> None:
    plans = (
        Plan(1, Source.DISTRICT, 7 * WAN, None, 0, None),
        Plan(2, Source.DISTRICT, 3 * WAN, None, 0, None),
    )
    _, second = bureau.tranches(bureau.project(tranches=plans))
    refusal = refused(bureau, proposing(bureau, second), Obstructed)
    assert "第 1 期尚未办理拨付" in refusal.message


def test_a_plan_changed_under_way_must_be_proposed_anew(bureau: Bureau) -> None:
    session, tranche_id = bureau.session, bureau.tranche()
    proposing(bureau, tranche_id)()
    begin_write(session)
    session.execute(update(Tranche).where(Tranche.id == tranche_id).values(planned_fen=8 * WAN))
    session.commit()
    refusal = refused(bureau, lambda: approve(session, bureau.approver, tranche_id, TODAY), Obstructed)
    assert "70,000.00 元，现计划金额为 80,000.00 元" in refusal.message


def test_a_return_says_why(bureau: Bureau) -> None:
    tranche_id = bureau.tranche()
    proposing(bureau, tranche_id)()
    for note in ("", " \n", "长" * 1001):
        act = partial(return_, bureau.session, bureau.approver, tranche_id, TODAY, note)
        assert list(refused(bureau, act, InvalidInput).errors) == ["note"]


def test_steps_out_of_order_are_illegal(bureau: Bureau) -> None:
    session, tranche_id = bureau.session, bureau.tranche()
    finance, approver, handler = bureau.finance, bureau.approver, bureau.handler
    make = partial(drafted, bureau, tranche_id)

    def illegal(act: Act) -> None:
        refused(bureau, act, IllegalTransition)

    illegal(lambda: approve(session, approver, tranche_id, TODAY))
    illegal(lambda: withdraw(session, handler, tranche_id, TODAY))
    illegal(lambda: return_(session, approver, tranche_id, TODAY, "账户有误"))
    illegal(make)
    proposing(bureau, tranche_id)()
    illegal(proposing(bureau, tranche_id))
    illegal(make)
    approve(session, approver, tranche_id, TODAY)
    illegal(lambda: approve(session, approver, tranche_id, TODAY))
    batch_id = make()
    (line_id,) = bureau.lines(batch_id)
    illegal(make)
    illegal(lambda: approve(session, approver, tranche_id, TODAY))
    illegal(lambda: withdraw(session, handler, tranche_id, TODAY))
    illegal(lambda: return_(session, approver, tranche_id, TODAY, "账户有误"))
    illegal(lambda: book_payment(session, finance, line_id, "记-1", TODAY, TODAY))
    issue_batch(session, finance, batch_id, TODAY, sheet)
    illegal(lambda: issue_batch(session, finance, batch_id, TODAY, sheet))
    illegal(lambda: approve(session, approver, tranche_id, TODAY))
    illegal(lambda: remove_line(session, finance, line_id))
    illegal(lambda: discard_batch(session, finance, batch_id, TODAY))
    illegal(lambda: withdraw(session, handler, tranche_id, TODAY))
    book_batch(session, finance, batch_id, Booking("记-1", TODAY), {}, TODAY)
    illegal(lambda: book_batch(session, finance, batch_id, Booking("记-1", TODAY), {}, TODAY))
    illegal(lambda: book_payment(session, finance, line_id, "记-2", TODAY, TODAY))
    illegal(proposing(bureau, tranche_id))


def test_a_batch_needs_lines_of_one_paying_body(bureau: Bureau) -> None:
    session, finance = bureau.session, bureau.finance
    provincial, _ = bureau.tranches(bureau.project(**ea_fields()))
    proposing(bureau, provincial)()
    approve(session, bureau.approver, provincial, TODAY)
    district = approved(bureau, number="沙-2")
    payer = Payer(agency_id=finance.agency_id, source=Source.PROVINCIAL, name="市科技局")
    session.add(payer)
    session.commit()
    for ids in ([], [district, provincial], range(10_001)):
        refused(bureau, partial(make_batch, session, finance, ids, TODAY), Obstructed)
    batch_id = drafted(bureau, district, district)
    assert len(bureau.lines(batch_id)) == 1
    remove_line(session, finance, bureau.lines(batch_id)[0])
    refused(bureau, lambda: issue_batch(session, finance, batch_id, TODAY, sheet), Obstructed)


def test_a_batch_with_an_unknown_tranche_is_not_made(bureau: Bureau) -> None:
    tranche_id = approved(bureau)
    refused(bureau, lambda: drafted(bureau, tranche_id, tranche_id + 1), NotFound)


def test_nothing_is_sent_to_nowhere(bureau: Bureau) -> None:
    whole = approved(bureau, number="沙-1")
    homeless = approved(bureau, number="沙-2", bank_name=None, bank_account="")
    refusal = refused(bureau, lambda: drafted(bureau, whole, homeless), LinesRefused)
    (line,) = refusal.lines
    assert (line.tranche_id, line.project_number, len(line.reasons)) == (homeless, "沙-2", 2)
    assert "请经办人办理“更正收款账户”" in refusal.message


def test_sums_that_no_spreadsheet_keeps_are_not_issued(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = drafted(bureau, approved(bureau))
    act = partial(issue_batch, bureau.session, bureau.finance, batch_id, TODAY, sheet)
    monkeypatch.setattr("finance.issuing.LARGEST", 10 * WAN)
    assert "请分批办理" in refused(bureau, act, Obstructed).message
    monkeypatch.setattr("finance.issuing.LARGEST", 10 * WAN + 1)
    act()


def test_a_sheet_that_cannot_be_printed_leaves_the_draft_as_it_was(bureau: Bureau) -> None:
    batch_id = drafted(bureau, approved(bureau))

    def broken(_: object) -> bytes:
        raise OSError("no space left")

    before = bureau.everything()
    with pytest.raises(OSError, match="no space"):
        issue_batch(bureau.session, bureau.finance, batch_id, TODAY, broken)
    assert bureau.everything() == before


@pytest.mark.parametrize(
    ("voucher", "paid_on", "fields"),
    [
        ("", TODAY, ["voucher"]),
        (" \t", None, ["voucher", "paid_on"]),
        ("长" * 65, TODAY, ["voucher"]),
        ("记-1", TODAY - timedelta(days=1), ["paid_on"]),
        ("记-1", LATER + timedelta(days=1), ["paid_on"]),
    ],
)
def test_a_booking_needs_voucher_and_a_day_between_issue_and_today(
    bureau: Bureau, voucher: str, paid_on: date | None, fields: list[str]
) -> None:
    session, finance = bureau.session, bureau.finance
    batch_id = issued(bureau, approved(bureau, number="沙-1"), approved(bureau, number="沙-2"))
    first, second = bureau.lines(batch_id)
    one = partial(book_payment, session, finance, first, voucher, paid_on, LATER)
    assert list(refused(bureau, one, InvalidInput).errors) == fields
    same = Booking(voucher, paid_on)
    every = partial(book_batch, session, finance, batch_id, same, {}, LATER)
    assert list(refused(bureau, every, InvalidInput).errors) == fields
    fine = Booking("记-9", LATER)
    own = partial(book_batch, session, finance, batch_id, fine, {second: same}, LATER)
    assert list(refused(bureau, own, InvalidInput).errors) == [f"{field}-{second}" for field in fields]


def test_a_voucher_serves_one_batch_only(bureau: Bureau) -> None:
    session, finance = bureau.session, bureau.finance
    first = issued(bureau, approved(bureau, number="沙-1"), approved(bureau, number="沙-2"))
    second = issued(bureau, approved(bureau, number="沙-3"))
    assert book_batch(session, finance, first, Booking("记-1", TODAY), {}, TODAY) == 2
    again = partial(book_batch, session, finance, second, Booking(" 记-1 ", TODAY), {}, TODAY)
    assert "已用于其他批次" in refused(bureau, again, InvalidInput).message
    book_batch(session, finance, second, Booking("记-2", TODAY), {}, TODAY)


def test_another_agency_counts_its_vouchers_for_itself(bureau: Bureau) -> None:
    theirs = Bureau(
        bureau.session,
        replace(bureau.people, agency_a=bureau.people.agency_b, a=bureau.people.b),
    )
    for one in (bureau, theirs):
        batch_id = issued(one, approved(one))
        assert book_batch(one.session, one.finance, batch_id, Booking("记-1", TODAY), {}, TODAY) == 1


def test_without_a_common_booking_every_line_needs_its_own(bureau: Bureau) -> None:
    session, finance = bureau.session, bureau.finance
    batch_id = issued(bureau, approved(bureau, number="沙-1"), approved(bureau, number="沙-2"))
    first, _ = bureau.lines(batch_id)
    each = {first: Booking("记-1", TODAY)}
    act = partial(book_batch, session, finance, batch_id, None, each, TODAY)
    assert list(refused(bureau, act, InvalidInput).errors) == ["voucher", "paid_on"]
