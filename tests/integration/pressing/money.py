"""Money proposed, approved, put into a batch, issued, booked or come back, and its arrival confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from finance.batching import make_batch
from finance.booking import book_payment, fail_line
from finance.issuing import issue_batch
from finance.models import BatchLine
from finance.proposing import approve, propose, return_
from finance.receipts import confirm_receipt
from lifecycle.models import Tranche
from lifecycle.roles import Role
from lifecycle.stages import TrancheState
from tests.integration.paying import sheet
from tests.integration.pressing.place import WHY, Place, Press, Presses, choose

NEXT = {
    TrancheState.PLANNED: ("propose",),
    TrancheState.PROPOSED: ("approve", "approve", "approve", "return"),
    TrancheState.APPROVED: ("batch",),
    TrancheState.BATCHED: ("issue",),
    TrancheState.ISSUED: ("book", "book", "book", "fail"),
    TrancheState.PAID: ("confirm its arrival",),
}
ORDER = tuple(NEXT)


def presses(place: Place, day: date, *, wild: bool) -> list[Press]:
    """Return what may be pressed of a project's public money."""
    arrived = {one.tranche_id for one in place.record.receipts if one.received_on is not None}
    known = place.rows(Tranche)
    if wild and known:
        return choose(_of(place, known, place.shuffle.choice(known), day), (), wild=True)
    open_ = [one for one in known if one.id not in arrived and (one.planned_on or day) <= day]
    open_ = [one for one in open_ if one.number == min(one.number for one in open_)]
    tranche = min(open_, key=lambda one: ORDER.index(one.state), default=None)
    if tranche is None or (place.is_ending(day) and tranche.state is TrancheState.PLANNED):
        return []
    return choose(_of(place, known, tranche, day), NEXT[tranche.state], wild=False)


def _of(place: Place, known: Sequence[Tranche], tranche: Tranche, day: date) -> Presses:
    one, handler, approver = place.session, place.bureau.handler, place.bureau.approver
    finance, books, on = place.bureau.finance, place.actor(Role.UNIT_FINANCE), place.when(day)
    line, batch = _line(place, tranche)
    voucher = f"支-{batch}"
    ready = [one.id for one in known if one.state is TrancheState.APPROVED]
    return {
        "propose": lambda: propose(one, handler, tranche.id, day, place.excuses),
        "approve": lambda: approve(one, approver, tranche.id, day),
        "return": lambda: return_(one, approver, tranche.id, day, WHY),
        "batch": lambda: make_batch(one, finance, ready, day),
        "issue": lambda: issue_batch(one, finance, batch, day, sheet),
        "book": lambda: book_payment(one, finance, line, voucher, on, day),
        "fail": lambda: fail_line(one, finance, line, "账号有误", on, day),
        "confirm its arrival": lambda: confirm_receipt(one, books, tranche.id, on, day),
    }


def _line(place: Place, tranche: Tranche) -> tuple[int, int]:
    query = select(BatchLine.id, BatchLine.batch_id).where(BatchLine.tranche_id == tranche.id)
    row = place.session.execute(query.order_by(BatchLine.id.desc()).limit(1)).one_or_none()
    place.session.rollback()
    return (row[0], row[1]) if row else (0, 0)
