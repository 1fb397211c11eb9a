"""Booking what came of an issued batch: paid, with voucher and day, or not paid, with the reason.

A booked payment is a fact of the project's record; the duty to pay is done by it on its day. What the bank or
the treasury did not pay is approved as before and may go out in another batch, where it is judged anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from finance.batching import demand_others
from finance.history import Told, record_each
from finance.holding import keep_holds
from finance.lookups import find_batch, find_line, live_proposals, person
from finance.models import Batch, BatchLine
from finance.states import BATCH_TRANSITIONS, BatchState, LineResult
from finance.vouchers import of_refunds
from lifecycle.command import Work, command
from lifecycle.judging import MOST_TEXT
from lifecycle.models import Payment, Project, Tranche
from lifecycle.money import yuan
from lifecycle.refusals import IllegalTransition, InvalidInput, NotFound
from lifecycle.roles import Permission
from lifecycle.stages import TRANCHE_TRANSITIONS, TrancheState, advance

MOST_VOUCHER = 64
"""Characters of a voucher's number."""


@dataclass(frozen=True, slots=True)
class Booking:
    """What is typed of a payment: voucher number and the day on which the money moved."""

    voucher: str
    paid_on: date | None


@dataclass(frozen=True, slots=True)
class LineOutcome:
    """What the bank or the treasury says of one line."""

    paid: bool
    on: date | None
    """The day on which the money moved, or on which it was said that it did not (then: today if unknown)."""
    voucher: str = ""
    """Of what was paid."""
    reason: str = ""
    """Of what was not."""


@command("payment.book", Permission.BOOK_PAYMENT)
def book_payment(work: Work, line_id: int, voucher: str, paid_on: date | None, today: date) -> None:
    """Book one line of an issued batch as paid, its whole amount.

    ``paid_on`` is from the day of issue to ``today``; a voucher may serve several lines of one batch, never
    two batches. Raises ``InvalidInput`` (``voucher``, ``paid_on``), ``IllegalTransition``, ``SamePerson``.
    """
    _settle_one(work, line_id, LineOutcome(True, paid_on, voucher), today)


@command("payment.fail", Permission.BOOK_PAYMENT)
def fail_line(work: Work, line_id: int, reason: str, on: date | None, today: date) -> None:
    """Book that one line of an issued batch was not paid, and why; its tranche is approved as before.

    ``on`` is from the day of issue to ``today``. Raises ``InvalidInput`` (``reason``, ``paid_on``),
    ``IllegalTransition``, ``SamePerson``.
    """
    _settle_one(work, line_id, LineOutcome(False, on, reason=reason), today)


@command("batch.book", Permission.BOOK_PAYMENT)
def book_batch(
    work: Work, batch_id: int, same: Booking | None, each: Mapping[int, Booking], today: date
) -> int:
    """Book every line of an issued batch of which nothing is known yet as paid; return how many.

    ``each`` gives a line (by id) its own voucher and day, ``same`` serves the others. Raises what
    ``book_payment`` raises; fields of ``InvalidInput`` are ``voucher`` and ``paid_on``, of a line of its
    own ``voucher-<line id>`` and ``paid_on-<line id>``.
    """
    batch = find_batch(work.session, work.actor, batch_id, with_lines=True)
    lines = [line for line in batch.lines if line.result is None]
    common = same or Booking("", None)
    typed = {line.id: each.get(line.id, common) for line in lines}
    outcomes = {id_: LineOutcome(True, one.paid_on, one.voucher) for id_, one in typed.items()}
    try:
        settle_lines(work, batch, outcomes, today)
    except InvalidInput as refusal:
        raise InvalidInput(_of_all(refusal.errors, each)) from refusal
    total = sum(line.amount_fen for line in lines)
    work.record(
        f"登记拨付批次 {batch.number}：共 {len(lines)} 笔 {yuan(total)} 元",
        details={"batch": batch.id, "lines": len(lines), "total_fen": total},
    )
    return len(lines)


def settle_lines(work: Work, batch: Batch, outcomes: Mapping[int, LineOutcome], today: date) -> None:
    """Book what came of some lines (by id) of an issued batch, all or nothing, for a command.

    Paid lines become payments, the tranches of failed ones are approved as before; the batch is booked when
    nothing of it is open. Writes the entries of the projects' histories; the command's own is the caller's.
    Raises ``NotFound`` (a line of another batch), ``IllegalTransition``, ``SamePerson`` and ``InvalidInput``
    (``voucher-<line id>``, ``paid_on-<line id>``, ``reason-<line id>``).
    """
    record_each(work, _settle(work, batch, outcomes, today))


def _of_all(errors: Mapping[str, str], each: Mapping[int, Booking]) -> dict[str, str]:
    """Return the errors of lines without an entry of their own as errors of the common one."""
    found = {}
    for name, text in errors.items():
        field, _, line_id = name.partition("-")
        found[name if int(line_id) in each else field] = text
    return found


def _settle_one(work: Work, line_id: int, outcome: LineOutcome, today: date) -> None:
    line = find_line(work.session, work.actor, line_id)
    try:
        [told] = _settle(work, line.batch, {line.id: outcome}, today)
    except InvalidInput as refusal:
        raise InvalidInput({name.partition("-")[0]: text for name, text in refusal.errors.items()}) from None
    work.record(
        told.summary,
        project_id=line.project_id,
        citation=line.basis,
        details={"tranche": line.tranche_id, "amount_fen": line.amount_fen, **told.details},
    )


def _settle(work: Work, batch: Batch, outcomes: Mapping[int, LineOutcome], today: date) -> list[Told]:
    """Do what ``settle_lines`` says; return what the projects' histories say of it."""
    lines = _open_lines(work, batch, outcomes)
    demand_others(work, live_proposals(work.session, [line.tranche_id for line in lines]).values())
    told = {line.id: _trimmed(outcomes[line.id], today) for line in lines}
    errors = _errors(work, batch, told, today)
    if errors:
        raise InvalidInput(errors)
    _book(work, [line for line in lines if told[line.id].paid], told)
    for line in lines:
        if not told[line.id].paid:
            _let_go(work, line, told[line.id])
    _close_if_done(work, batch)
    keep_holds(work, [line.project_id for line in lines], today)
    return [_told(line, told[line.id]) for line in lines]


def _open_lines(work: Work, batch: Batch, outcomes: Mapping[int, LineOutcome]) -> Sequence[BatchLine]:
    """Return the lines that are settled, in the sheet's order, having seen that nothing is known of any."""
    query = select(BatchLine).where(BatchLine.batch_id == batch.id, BatchLine.id.in_(outcomes))
    query = query.options(joinedload(BatchLine.tranche)).order_by(BatchLine.position)
    lines = work.session.scalars(query).all()
    if len(lines) < len(outcomes):
        raise NotFound("批次中的部分款项")
    if batch.state is not BatchState.ISSUED:
        raise IllegalTransition(f"{batch.state}（批次 {batch.number}）", BatchState.BOOKED)
    for line in lines:
        if line.result is not None:
            wanted = LineResult.PAID if outcomes[line.id].paid else LineResult.FAILED
            raise IllegalTransition(f"{line.result}（{line.project_number}）", wanted)
    return lines


def _trimmed(outcome: LineOutcome, today: date) -> LineOutcome:
    """Return what counts of what was said: a voucher of what was paid, a reason of what was not."""
    if outcome.paid:
        return LineOutcome(True, outcome.on, outcome.voucher.strip())
    return LineOutcome(False, outcome.on or today, reason=outcome.reason.strip())


def _errors(work: Work, batch: Batch, told: Mapping[int, LineOutcome], today: date) -> dict[str, str]:
    vouchers = {outcome.voucher for outcome in told.values() if outcome.paid}
    elsewhere = _used_elsewhere(work, batch, vouchers) | of_refunds(work, vouchers)
    errors: dict[str, str] = {}
    for line_id, outcome in told.items():
        if outcome.paid:
            wrong = {"voucher": _wrong_voucher(outcome.voucher, elsewhere)}
        else:
            wrong = {"reason": _wrong_reason(outcome.reason)}
        wrong["paid_on"] = _wrong_day(outcome, batch.issued_on, today)
        errors |= {f"{field}-{line_id}": text for field, text in wrong.items() if text}
    return errors


def _wrong_voucher(voucher: str, elsewhere: set[str]) -> str | None:
    if not voucher:
        return "请填写凭证号。"
    if len(voucher) > MOST_VOUCHER:
        return f"凭证号不超过 {MOST_VOUCHER} 个字。"
    return f"凭证号“{voucher}”已用于其他批次或款项，请核对。" if voucher in elsewhere else None


def _wrong_reason(reason: str) -> str | None:
    if reason and len(reason) <= MOST_TEXT:
        return None
    return f"请写明未拨出的原因，不超过 {MOST_TEXT} 字。"


def _wrong_day(outcome: LineOutcome, issued_on: date | None, today: date) -> str | None:
    word = "拨付日期" if outcome.paid else "未拨出的日期"
    if outcome.on is None:
        return f"请填写{word}。"
    if outcome.on > today:
        return f"{word}不能晚于今天（{today}）。"
    if issued_on is not None and outcome.on < issued_on:
        return f"{word}不能早于出表日期（{issued_on}）。"
    return None


def _used_elsewhere(work: Work, batch: Batch, vouchers: set[str]) -> set[str]:
    """Return those vouchers that a payment outside this batch bears."""
    own = select(BatchLine.tranche_id).where(BatchLine.batch_id == batch.id, BatchLine.stands)
    query = (
        select(Payment.voucher)
        .join(Tranche, Tranche.id == Payment.tranche_id)
        .join(Project, Project.id == Tranche.project_id)
        .where(Project.agency_id == work.actor.agency_id, Payment.voucher.in_(vouchers))
        .where(Tranche.id.not_in(own))
    )
    return {voucher for voucher in work.session.scalars(query) if voucher is not None}


def _book(work: Work, lines: Sequence[BatchLine], told: Mapping[int, LineOutcome]) -> None:
    """Make the payments; a row that a ledger left with a day but no amount is filled in."""
    query = select(Payment).where(Payment.tranche_id.in_([line.tranche_id for line in lines]))
    known = {payment.tranche_id: payment for payment in work.session.scalars(query)}
    for line in lines:
        payment = known.get(line.tranche_id) or Payment(tranche_id=line.tranche_id)
        payment.amount_fen, payment.booked_by_id = line.amount_fen, person(work)
        payment.voucher, payment.paid_on = told[line.id].voucher, told[line.id].on
        line.tranche.state = advance(TRANCHE_TRANSITIONS, line.tranche.state, TrancheState.PAID)
        line.result, line.result_by_id, line.result_on = LineResult.PAID, person(work), told[line.id].on
        work.session.add(payment)
        work.touch(line.project_id)


def _let_go(work: Work, line: BatchLine, outcome: LineOutcome) -> None:
    """Let a tranche that was not paid be approved as before: its proposal lives on."""
    line.tranche.state = advance(TRANCHE_TRANSITIONS, line.tranche.state, TrancheState.APPROVED)
    line.result, line.result_by_id, line.result_on = LineResult.FAILED, person(work), outcome.on
    line.result_note = outcome.reason


def _close_if_done(work: Work, batch: Batch) -> None:
    """Make the batch booked when something came of every line."""
    work.session.flush()
    still_open = select(BatchLine.id).where(BatchLine.batch_id == batch.id, BatchLine.result.is_(None))
    if work.session.scalar(still_open.limit(1)) is None:
        batch.state = advance(BATCH_TRANSITIONS, batch.state, BatchState.BOOKED)


def _told(line: BatchLine, outcome: LineOutcome) -> Told:
    what = f"{line.source}第 {line.tranche.number} 期 {yuan(line.amount_fen)} 元"
    day = outcome.on.isoformat() if outcome.on else ""
    told = {"old": TrancheState.ISSUED, "new": line.tranche.state}
    if outcome.paid:
        summary = f"登记拨付：{what}，{day} 拨付，凭证号 {outcome.voucher}"
        return Told(line, summary, {**told, "voucher": outcome.voucher, "paid_on": day})
    summary = f"登记未拨出：{what}，{day}，原因：{outcome.reason}"
    return Told(line, summary, {**told, "reason": outcome.reason, "on": day})
