"""Everything that people try on money: each act finds what it is about and says what it counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from finance.batching import discard_batch, make_batch, remove_line
from finance.booking import Booking, book_batch, book_payment, fail_line
from finance.checking import payment_check
from finance.issuing import issue_batch
from finance.models import BatchLine
from finance.proposing import approve, propose, return_, withdraw
from finance.receipts import confirm_receipt, record_receipt, undo_receipt
from finance.spending import enter_spending, import_spending, reverse_spending
from finance.states import BatchState, LineResult
from lifecycle.measures import lift, propose_lifting
from lifecycle.models import Inspection, InspectionState, Measure, MeasureState, Outcome, Project
from lifecycle.record import FISCAL, BudgetUse, MeasureKind, Source, Spending
from lifecycle.roles import Role
from lifecycle.stages import TrancheState
from lifecycle.supervision import agree, record_inspection
from reports.sheet import disbursement_sheet
from tests.integration.moneying import Deed, Story, pick
from tests.integration.overseeing import draft
from tests.integration.paying import REASON, WAN
from tests.integration.spendings import a_file

Act = Callable[[Story, int, int, int], Deed | None]
"""Which of the things it may be about, how much, and who."""

AMOUNTS = (1, 99, 3_000_00, WAN, 20 * WAN)


def _tranche(story: Story, place: int, size: int, *states: TrancheState) -> Any:
    """Return a tranche in a fitting state, now and then in any."""
    found = [one for one in story.tranches(*(() if size % 5 == 4 else states)) if one.source in FISCAL]
    return pick(found, place)


def _propose(story: Story, place: int, size: int, hand: int) -> Deed | None:
    one, today, actor = (
        _tranche(story, place, size, TrancheState.PLANNED),
        story.today,
        story.who(Role.HANDLER, hand),
    )
    if one is None:
        return None
    usual = payment_check(story.session, story.bureau.handler, one.id, today).verdict.needs_reason
    reasons = {line.rule.id: REASON for line in usual}
    story.session.rollback()
    return Deed("tranche.propose", lambda session: propose(session, actor, one.id, today, reasons))


def _approve(story: Story, place: int, size: int, hand: int) -> Deed | None:
    one, today, actor = (
        _tranche(story, place, size, TrancheState.PROPOSED),
        story.today,
        story.who(Role.APPROVER, hand),
    )
    if one is None:
        return None
    return Deed("tranche.approve", lambda session: approve(session, actor, one.id, today))


def _return(story: Story, place: int, size: int, hand: int) -> Deed | None:
    states = (TrancheState.PROPOSED, TrancheState.APPROVED)
    one, today = _tranche(story, place, size, *states), story.today
    actor = story.who(Role.APPROVER, hand)
    if one is None:
        return None
    return Deed("tranche.return", lambda session: return_(session, actor, one.id, today, "金额有误"))


def _withdraw(story: Story, place: int, size: int, hand: int) -> Deed | None:
    states = (TrancheState.PROPOSED, TrancheState.APPROVED)
    one, today = _tranche(story, place, size, *states), story.today
    actor = story.who(Role.HANDLER, hand)
    if one is None:
        return None
    return Deed("tranche.withdraw", lambda session: withdraw(session, actor, one.id, today))


def _make(story: Story, place: int, size: int, hand: int) -> Deed | None:
    found = [one.id for one in story.tranches(TrancheState.APPROVED)] if size % 5 < 4 else []
    ids = found[place % len(found) :] if found and size % 2 else found
    today, actor = story.today, story.who(Role.FINANCE, hand)
    return Deed("batch.make", lambda session: make_batch(session, actor, ids, today))


def _remove(story: Story, place: int, size: int, hand: int) -> Deed | None:
    drafts = set(story.batches(BatchState.DRAFT))
    line = pick([one for one in story.lines() if one.batch_id in drafts or size % 5 == 4], place)
    actor = story.who(Role.FINANCE, hand)
    return line and Deed("batch.remove_line", lambda session: remove_line(session, actor, line.id))


def _discard(story: Story, place: int, size: int, hand: int) -> Deed | None:
    batch_id = pick(story.batches(*((BatchState.DRAFT,) if size % 5 < 4 else ())), place)
    today, actor = story.today, story.who(Role.FINANCE, hand)
    return batch_id and Deed("batch.discard", lambda session: discard_batch(session, actor, batch_id, today))


def _issue(story: Story, place: int, size: int, hand: int) -> Deed | None:
    batch_id = pick(story.batches(*((BatchState.DRAFT,) if size % 5 < 4 else ())), place)
    today, actor = story.today, story.who(Role.FINANCE, hand)
    return batch_id and Deed(
        "batch.issue", lambda session: issue_batch(session, actor, batch_id, today, disbursement_sheet)
    )


def _open_line(story: Story, place: int, size: int) -> BatchLine | None:
    out = set(story.batches(BatchState.ISSUED))
    fits = [one for one in story.lines() if (one.batch_id in out and one.result is None) or size % 5 == 4]
    found: BatchLine | None = pick(fits, place)
    return found


def _book(story: Story, place: int, size: int, hand: int) -> Deed | None:
    line, today, actor = _open_line(story, place, size), story.today, story.who(Role.FINANCE, hand)
    if line is None:
        return None
    voucher = f"记-{line.batch_id}"
    return Deed(
        "payment.book",
        lambda session: book_payment(session, actor, line.id, voucher, today, today),
        lambda _: story.counted.settle(line, LineResult.PAID),
    )


def _fail(story: Story, place: int, size: int, hand: int) -> Deed | None:
    line, today, actor = _open_line(story, place, size), story.today, story.who(Role.FINANCE, hand)
    if line is None:
        return None
    return Deed(
        "payment.fail",
        lambda session: fail_line(session, actor, line.id, "账号有误", today, today),
        lambda _: story.counted.settle(line, LineResult.FAILED),
    )


def _book_batch(story: Story, place: int, size: int, hand: int) -> Deed | None:
    batch_id = pick(story.batches(*((BatchState.ISSUED,) if size % 5 < 4 else ())), place)
    if batch_id is None:
        return None
    lines = [line for line in story.lines(batch_id) if line.result is None]
    same, today, actor = Booking(f"记-{batch_id}", story.today), story.today, story.who(Role.FINANCE, hand)

    def count(_: Any) -> None:
        for line in lines:
            if line.id not in story.counted.settled:
                story.counted.settle(line, LineResult.PAID)

    return Deed("batch.book", lambda session: book_batch(session, actor, batch_id, same, {}, today), count)


def _receive(story: Story, place: int, size: int, hand: int) -> Deed | None:
    states = (TrancheState.PLANNED,) if size % 5 < 4 else ()
    one = pick([row for row in story.tranches(*states) if row.source not in FISCAL or size % 5 == 4], place)
    if one is None:
        return None
    amount = one.planned_fen if size % 3 else max(1, one.planned_fen // 3)
    role = Role.JOINT_UNIT if one.source is Source.JOINT else Role.UNIT_MANAGER
    today, actor, voucher = story.today, story.who(role, hand), f"银-{next(story.numbers)}"
    return Deed(
        "receipt.record",
        lambda session: record_receipt(session, actor, one.id, amount, today, voucher, today),
        lambda _: story.counted.pay(one.id, one.source, amount),
    )


def _confirm(story: Story, place: int, size: int, hand: int) -> Deed | None:
    one, today = _tranche(story, place, size, TrancheState.PAID), story.today
    actor = story.who(Role.UNIT_MANAGER, hand)
    return one and Deed(
        "receipt.confirm", lambda session: confirm_receipt(session, actor, one.id, today, today)
    )


def _undo(story: Story, place: int, size: int, hand: int) -> Deed | None:
    del size
    one, today = pick(story.tranches(TrancheState.PAID), place), story.today
    actor = story.who(Role.HANDLER, hand)

    def count(_: Any) -> None:
        if one.source not in FISCAL:
            story.counted.take_back(one.id, one.source)

    return one and Deed(
        "receipt.undo", lambda session: undo_receipt(session, actor, one.id, "有误", today), count
    )


def _spend(story: Story, place: int, size: int, hand: int) -> Deed | None:
    number = pick(_numbers(story), place)
    source, amount = pick(list(Source), place // 3), pick(AMOUNTS, size)
    voucher = f"支-{next(story.numbers)}"
    rows = [
        Spending(story.today, source, BudgetUse.EQUIPMENT, amount + more, voucher, None) for more in range(2)
    ]
    today, actor = story.today, story.who(Role.PI, hand)

    def count(_: Any) -> None:
        story.counted.spent[source] += sum(row.amount for row in rows)

    if size % 2:
        file = a_file(f"{voucher}.xlsx", "abcdef0123456789"[size % 16])
        return Deed(
            "spending.import",
            lambda session: import_spending(session, actor, number, rows, file, today),
            count,
        )
    return Deed("spending.enter", lambda session: enter_spending(session, actor, number, rows, today), count)


def _unspend(story: Story, place: int, size: int, hand: int) -> Deed | None:
    del size
    row, today = pick(story.spending(), place), story.today
    actor = story.who(Role.PI, hand)

    def count(_: Any) -> None:
        story.counted.spent[row.source] -= row.amount_fen

    return row and Deed(
        "spending.reverse", lambda session: reverse_spending(session, actor, row.id, "有误", today), count
    )


def _numbers(story: Story) -> list[str]:
    return [row[0] for row in story.asked(select(Project.number).order_by(Project.id))]


def _inspect(story: Story, place: int, size: int, hand: int) -> Deed | None:
    """Put forward that money be held or the project be ended, or agree to what was put forward."""
    query = select(Inspection.id).where(Inspection.state == InspectionState.PROPOSED)
    waiting, today = pick([row[0] for row in story.asked(query)], place), story.today
    if waiting is not None:
        approver = story.who(Role.APPROVER, hand)
        return Deed("inspection.agree", lambda session: agree(session, approver, waiting, today))
    outcome = Outcome.TERMINATE if size % 4 == 3 else Outcome.HOLD
    wanted = replace(draft(outcome), inspected_on=today)
    number, handler = pick(_numbers(story), place), story.who(Role.HANDLER, hand)
    return Deed(
        "inspection.record", lambda session: record_inspection(session, handler, number, wanted, (), today)
    )


def _lift(story: Story, place: int, size: int, hand: int) -> Deed | None:
    """Put forward that a hold be lifted, or lift it."""
    del size
    query = select(Measure.id, Measure.state).where(
        Measure.kind == MeasureKind.HOLD, Measure.state != MeasureState.SETTLED
    )
    one, today = pick(story.asked(query), place), story.today
    if one is None:
        return None
    if one.state is MeasureState.ANSWERED:
        approver = story.who(Role.APPROVER, hand)
        return Deed("measure.lift", lambda session: lift(session, approver, one.id, today))
    handler = story.who(Role.HANDLER, hand)
    return Deed(
        "measure.propose_lifting",
        lambda session: propose_lifting(session, handler, one.id, REASON, (), today),
    )


def _forward(story: Story, place: int, size: int, hand: int) -> Deed | None:
    """Take some tranche the next step of its way."""
    there = {one.state for one in story.tranches() if one.source in FISCAL}
    state = pick([one for one in reversed(WAY) if one in there], max(0, place % 5 - 2))
    return WAY[state](story, place // 5, size - size % 5, hand) if state else None


WAY: Mapping[TrancheState, Act] = {
    TrancheState.PLANNED: _propose,
    TrancheState.PROPOSED: _approve,
    TrancheState.APPROVED: _make,
    TrancheState.BATCHED: _issue,
    TrancheState.ISSUED: _book,
}

ACTS: Mapping[str, Act] = {
    "forward": _forward,
    "propose": _propose,
    "approve": _approve,
    "return": _return,
    "withdraw": _withdraw,
    "make": _make,
    "remove": _remove,
    "discard": _discard,
    "issue": _issue,
    "book": _book,
    "book batch": _book_batch,
    "fail": _fail,
    "receive": _receive,
    "confirm": _confirm,
    "undo": _undo,
    "spend": _spend,
    "unspend": _unspend,
    "inspect": _inspect,
    "lift": _lift,
}
"""Name → act. ``wait`` and what is tried by two at once are the test's own."""
