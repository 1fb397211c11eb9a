"""Booking payments: what the bank or the treasury has really paid, with voucher and day.

A booked payment is a fact of the project's record; the duty to pay is done by it on its day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from finance.batching import demand_others
from finance.history import Told, record_each
from finance.lookups import find_batch, find_line, live_proposals, person
from finance.models import Batch, BatchLine
from finance.states import BATCH_TRANSITIONS, BatchState, LineResult
from lifecycle.command import Work, command
from lifecycle.models import Payment, Project, Tranche
from lifecycle.money import yuan
from lifecycle.refusals import IllegalTransition, InvalidInput
from lifecycle.roles import Permission
from lifecycle.stages import TRANCHE_TRANSITIONS, TrancheState, advance

MOST_VOUCHER = 64
"""Characters of a voucher's number."""


@dataclass(frozen=True, slots=True)
class Booking:
    """What is typed of a payment: voucher number and the day on which the money moved."""

    voucher: str
    paid_on: date | None


@command("payment.book", Permission.BOOK_PAYMENT)
def book_payment(work: Work, line_id: int, voucher: str, paid_on: date | None, today: date) -> None:
    """Book one line of an issued batch as paid, its whole amount.

    ``paid_on`` is from the day of issue to ``today``; a voucher may serve several lines of one batch, never
    two batches. Raises ``InvalidInput`` (``voucher``, ``paid_on``), ``IllegalTransition``, ``SamePerson``.
    """
    line = find_line(work.session, work.actor, line_id)
    booking = Booking(voucher.strip(), paid_on)
    _demand_issued(line.batch)
    advance(TRANCHE_TRANSITIONS, line.tranche.state, TrancheState.PAID)
    demand_others(work, live_proposals(work.session, [line.tranche_id]).values())
    errors = _errors(work, line.batch, {line.id: booking}, today)
    if errors:
        raise InvalidInput({field: text for (_, field), text in errors.items()})
    _book(work, [line], {line.id: booking})
    _close_if_done(work, line.batch)
    told = _told(line, booking)
    work.record(
        told.summary,
        project_id=line.project_id,
        citation=line.basis,
        details={"tranche": line.tranche_id, "amount_fen": line.amount_fen, **told.details},
    )


@command("batch.book", Permission.BOOK_PAYMENT)
def book_batch(
    work: Work, batch_id: int, same: Booking | None, each: Mapping[int, Booking], today: date
) -> int:
    """Book every line of an issued batch not booked yet, all or nothing; return how many.

    ``each`` gives a line (by id) its own voucher and day, ``same`` serves the others. Raises what
    ``book_payment`` raises; fields of ``InvalidInput`` are ``voucher`` and ``paid_on``, of a line of its
    own ``voucher-<line id>`` and ``paid_on-<line id>``.
    """
    batch = find_batch(work.session, work.actor, batch_id, with_lines=True)
    _demand_issued(batch)
    lines = [line for line in batch.lines if line.tranche.state is not TrancheState.PAID]
    demand_others(work, live_proposals(work.session, [line.tranche_id for line in lines]).values())
    common = same or Booking("", None)
    bookings = {line.id: _trimmed(each.get(line.id, common)) for line in lines}
    errors = _errors(work, batch, bookings, today)
    if errors:
        own = {id_: f"-{id_}" if id_ in each else "" for id_, _ in errors}
        raise InvalidInput({f"{field}{own[id_]}": text for (id_, field), text in errors.items()})
    _book(work, lines, bookings)
    _close_if_done(work, batch)
    total = sum(line.amount_fen for line in lines)
    work.record(
        f"登记拨付批次 {batch.number}：共 {len(lines)} 笔 {yuan(total)} 元",
        details={"batch": batch.id, "lines": len(lines), "total_fen": total},
    )
    record_each(work, (_told(line, bookings[line.id]) for line in lines))
    return len(lines)


def _trimmed(booking: Booking) -> Booking:
    return Booking(booking.voucher.strip(), booking.paid_on)


def _demand_issued(batch: Batch) -> None:
    if batch.state is not BatchState.ISSUED:
        raise IllegalTransition(f"{batch.state}（批次 {batch.number}）", TrancheState.PAID)


Errors = dict[tuple[int, str], str]
"""Line id and field → what is wrong with it."""


def _errors(work: Work, batch: Batch, bookings: Mapping[int, Booking], today: date) -> Errors:
    errors: Errors = {}
    elsewhere = _used_elsewhere(work, batch, {booking.voucher for booking in bookings.values()})
    for line_id, booking in bookings.items():
        voucher = booking.voucher
        if not voucher:
            errors[line_id, "voucher"] = "请填写凭证号。"
        elif len(voucher) > MOST_VOUCHER:
            errors[line_id, "voucher"] = f"凭证号不超过 {MOST_VOUCHER} 个字。"
        elif voucher in elsewhere:
            errors[line_id, "voucher"] = f"凭证号“{voucher}”已用于其他批次或款项，请核对。"
        wrong = _wrong_day(booking.paid_on, batch.issued_on, today)
        if wrong:
            errors[line_id, "paid_on"] = wrong
    return errors


def _wrong_day(paid_on: date | None, issued_on: date | None, today: date) -> str | None:
    if paid_on is None:
        return "请填写拨付日期。"
    if paid_on > today:
        return f"拨付日期不能晚于今天（{today}）。"
    if issued_on is not None and paid_on < issued_on:
        return f"拨付日期不能早于出表日期（{issued_on}）。"
    return None


def _used_elsewhere(work: Work, batch: Batch, vouchers: set[str]) -> set[str]:
    """Return those vouchers that a payment outside this batch bears."""
    own = select(BatchLine.tranche_id).where(BatchLine.batch_id == batch.id)
    query = (
        select(Payment.voucher)
        .join(Tranche, Tranche.id == Payment.tranche_id)
        .join(Project, Project.id == Tranche.project_id)
        .where(Project.agency_id == work.actor.agency_id, Payment.voucher.in_(vouchers))
        .where(Tranche.id.not_in(own))
    )
    return {voucher for voucher in work.session.scalars(query) if voucher is not None}


def _book(work: Work, lines: Sequence[BatchLine], bookings: Mapping[int, Booking]) -> None:
    """Make the payments; a row that a ledger left with a day but no amount is filled in."""
    query = select(Payment).where(Payment.tranche_id.in_([line.tranche_id for line in lines]))
    known = {payment.tranche_id: payment for payment in work.session.scalars(query)}
    for line in lines:
        payment = known.get(line.tranche_id) or Payment(tranche_id=line.tranche_id)
        payment.amount_fen, payment.booked_by_id = line.amount_fen, person(work)
        payment.voucher, payment.paid_on = bookings[line.id].voucher, bookings[line.id].paid_on
        line.tranche.state = advance(TRANCHE_TRANSITIONS, line.tranche.state, TrancheState.PAID)
        line.result, line.result_by_id = LineResult.PAID, person(work)
        line.result_on = bookings[line.id].paid_on
        work.session.add(payment)
        work.touch(line.project_id)


def _close_if_done(work: Work, batch: Batch) -> None:
    """Make the batch booked when its last line is."""
    work.session.flush()
    unpaid = select(BatchLine.id).join(Tranche, Tranche.id == BatchLine.tranche_id)
    unpaid = unpaid.where(BatchLine.batch_id == batch.id, Tranche.state != TrancheState.PAID)
    if work.session.scalar(unpaid.limit(1)) is None:
        batch.state = advance(BATCH_TRANSITIONS, batch.state, BatchState.BOOKED)


def _told(line: BatchLine, booking: Booking) -> Told:
    paid = f"{line.tranche.source}第 {line.tranche.number} 期 {yuan(line.amount_fen)} 元"
    day = booking.paid_on.isoformat() if booking.paid_on else ""
    return Told(
        line,
        f"登记拨付：{paid}，{day} 拨付，凭证号 {booking.voucher}",
        {
            "old": TrancheState.ISSUED,
            "new": TrancheState.PAID,
            "voucher": booking.voucher,
            "paid_on": day,
        },
    )
