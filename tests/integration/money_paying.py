"""What the bureau tries on payments: each act finds what it is about and says what it counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from finance.batching import discard_batch, make_batch, remove_line
from finance.booking import Booking, book_batch, book_payment, fail_line
from finance.checking import payment_check
from finance.issuing import issue_batch
from finance.models import BatchLine
from finance.proposing import approve, propose, return_, withdraw
from finance.reversing import reverse_payment
from finance.states import BatchState, LineResult
from finance.voiding import reissue, void_batch
from lifecycle.record import FISCAL
from lifecycle.roles import Role
from lifecycle.stages import TrancheState
from reports.sheet import disbursement_sheet
from tests.integration.moneying import Deed, Story, pick
from tests.integration.paying import REASON

Act = Callable[[Story, int, int, int], Deed | None]
"""Which of the things it may be about, how much, and who."""


def some_tranche(story: Story, place: int, size: int, *states: TrancheState) -> Any:
    """Return a tranche in a fitting state, now and then in any."""
    found = [one for one in story.tranches(*(() if size % 5 == 4 else states)) if one.source in FISCAL]
    return pick(found, place)


def _propose(story: Story, place: int, size: int, hand: int) -> Deed | None:
    one = some_tranche(story, place, size, TrancheState.PLANNED)
    return one and _proposal(story, one.id, hand)


def _proposal(story: Story, tranche_id: int, hand: int) -> Deed:
    today, actor = story.today, story.who(Role.HANDLER, hand)
    usual = payment_check(story.session, story.bureau.handler, tranche_id, today).verdict.needs_reason
    reasons = {line.rule.id: REASON for line in usual}
    story.session.rollback()
    return Deed("tranche.propose", lambda session: propose(session, actor, tranche_id, today, reasons))


def _approve(story: Story, place: int, size: int, hand: int) -> Deed | None:
    one = some_tranche(story, place, size, TrancheState.PROPOSED)
    return one and _approval(story, one.id, hand)


def _approval(story: Story, tranche_id: int, hand: int) -> Deed:
    today, actor = story.today, story.who(Role.APPROVER, hand)
    return Deed("tranche.approve", lambda session: approve(session, actor, tranche_id, today))


def _return(story: Story, place: int, size: int, hand: int) -> Deed | None:
    states = (TrancheState.PROPOSED, TrancheState.APPROVED)
    one, today = some_tranche(story, place, size, *states), story.today
    actor = story.who(Role.APPROVER, hand)
    if one is None:
        return None
    return Deed("tranche.return", lambda session: return_(session, actor, one.id, today, "金额有误"))


def _withdraw(story: Story, place: int, size: int, hand: int) -> Deed | None:
    states = (TrancheState.PROPOSED, TrancheState.APPROVED)
    one, today = some_tranche(story, place, size, *states), story.today
    actor = story.who(Role.HANDLER, hand)
    if one is None:
        return None
    return Deed("tranche.withdraw", lambda session: withdraw(session, actor, one.id, today))


def _make(story: Story, place: int, size: int, hand: int) -> Deed | None:
    """Make a batch of whole projects, or bring the other half of one there; now and then of any."""
    there = story.tranches(TrancheState.APPROVED)
    halves = _halves(story, {one.project_id for one in there})
    wait = {one.project_id for one in halves} if size % 5 < 3 else set()
    found = [one.id for one in there if one.project_id not in wait]
    if not found and wait:
        half = pick(halves, place)
        step = _proposal if half.state is TrancheState.PLANNED else _approval
        return step(story, half.id, hand)
    if size % 5 == 4:
        found = found[place % (len(found) + 1) :]
    elif not found:
        return None
    today, actor = story.today, story.who(Role.FINANCE, hand)
    return Deed("batch.make", lambda session: make_batch(session, actor, found, today))


def _halves(story: Story, projects: set[int]) -> list[Any]:
    """Return what is not approved yet of projects of which both public sources are paid in one."""
    rows = [one for one in story.tranches() if one.project_id in projects and one.source in FISCAL]
    sources = {id_: {one.source for one in rows if one.project_id == id_} for id_ in projects}
    before = (TrancheState.PLANNED, TrancheState.PROPOSED)
    return [one for one in rows if one.state in before and len(sources[one.project_id]) > 1]


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


def _void(story: Story, place: int, size: int, hand: int) -> Deed | None:
    batch_id = pick(story.batches(*((BatchState.ISSUED,) if size % 5 < 4 else ())), place)
    if batch_id is None:
        return None
    lines = [line for line in story.lines(batch_id) if line.result is None]
    today, actor = story.today, story.who(Role.FINANCE, hand)

    def count(_: Any) -> None:
        for line in lines:
            if line.id not in story.counted.settled:
                story.counted.settle(line, LineResult.VOIDED)

    return Deed("batch.void", lambda session: void_batch(session, actor, batch_id, "账号有误", today), count)


def _reissue(story: Story, place: int, size: int, hand: int) -> Deed | None:
    batch_id = pick(story.batches(*((BatchState.DISCARDED,) if size % 5 < 4 else ())), place)
    today, actor = story.today, story.who(Role.FINANCE, hand)
    return batch_id and Deed("batch.reissue", lambda session: reissue(session, actor, batch_id, today))


def _reverse(story: Story, place: int, size: int, hand: int) -> Deed | None:
    line = pick([one for one in story.lines() if one.result is LineResult.PAID or size % 5 == 4], place)
    today, actor, voucher = story.today, story.who(Role.FINANCE, hand), f"冲-{next(story.numbers)}"
    return line and Deed(
        "payment.reverse",
        lambda session: reverse_payment(session, actor, line.id, "账号有误退汇", voucher, today, today),
        lambda _: story.counted.settle(line, LineResult.REVERSED),
    )


def _forward(story: Story, place: int, size: int, hand: int) -> Deed | None:
    """Take some tranche the next step of its way."""
    there = {one.state for one in story.tranches() if one.source in FISCAL}
    state = pick([one for one in reversed(WAY) if one in there], max(0, place % 5 - 2))
    return WAY[state](story, place // 5, size - size % 5, hand) if state else None


def _wrong(story: Story, place: int, size: int, hand: int) -> Deed | None:
    """Let something go wrong with what was issued or paid, or make anew what was voided."""
    size -= size % 5
    acts = [act(story, place, size, hand) for act in (_fail, _void, _reissue, _reverse)]
    deed: Deed | None = pick([one for one in acts if one], size // 5)
    return deed


WAY: Mapping[TrancheState, Act] = {
    TrancheState.PLANNED: _propose,
    TrancheState.PROPOSED: _approve,
    TrancheState.APPROVED: _make,
    TrancheState.BATCHED: _issue,
    TrancheState.ISSUED: _book,
}

PAYING: Mapping[str, Act] = {
    "forward": _forward,
    "go wrong": _wrong,
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
    "void": _void,
    "reissue": _reissue,
    "reverse": _reverse,
}
"""Name → act."""
