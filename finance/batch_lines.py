"""The lines of a batch as its page shows them: what each was to be, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from finance.models import BatchLine, PaymentReversal
from finance.states import LineResult
from lifecycle.models import Payment, Tranche, User
from lifecycle.money import Fen
from lifecycle.record import Source
from lifecycle.stages import TrancheState

OPEN = "待登记"
"""How pages name the lines of which nobody knows yet what came."""


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One line of a batch. Amounts are fen."""

    id: int
    sequence: int
    """序号, as printed."""
    tranche_id: int
    tranche_number: int
    state: TrancheState
    result: LineResult | None
    """What came of it; ``None`` while nobody knows."""
    result_on: date | None
    result_note: str | None
    result_by: str | None
    source: Source
    project_id: int
    project_number: str
    project_title: str
    payee: str
    bank_name: str
    bank_account: str
    granted: Fen
    paid_before: Fen
    amount: Fen
    basis: str
    voucher: str | None
    paid_on: date | None
    """Of its payment, also where that was taken back."""
    reversal_voucher: str | None


def lines_of(
    session: Session, batch_id: int, first: int, most: int, came_to: LineResult | str = ""
) -> list[ShownLine]:
    """Return some lines of a batch in the sheet's order, from the ``first`` (of 0, 1, …) on, in one query.

    ``came_to`` asks for a result, or for ``OPEN`` lines; then ``first`` counts those alone.
    """
    query = _query(batch_id).limit(most).offset(first)
    if came_to:
        wanted = BatchLine.result.is_(None) if came_to == OPEN else BatchLine.result == came_to
        query = query.where(wanted)
    return list(_shown(session.execute(query)))


def _query(batch_id: int) -> Select[Any]:
    place = func.row_number().over(order_by=BatchLine.position).label("sequence")
    numbered = select(BatchLine.id, place).where(BatchLine.batch_id == batch_id).subquery()
    query = select(
        BatchLine,
        numbered.c.sequence,
        Tranche.number,
        Tranche.state,
        func.coalesce(Payment.voucher, PaymentReversal.voucher),
        func.coalesce(Payment.paid_on, PaymentReversal.paid_on),
        PaymentReversal.reversal_voucher,
        User.name,
    )
    # Another batch may have paid the tranche since.
    paid = and_(Payment.tranche_id == Tranche.id, BatchLine.result == LineResult.PAID)
    query = query.join(numbered, numbered.c.id == BatchLine.id)
    query = query.join(Tranche, Tranche.id == BatchLine.tranche_id).outerjoin(Payment, paid)
    query = query.outerjoin(PaymentReversal, PaymentReversal.line_id == BatchLine.id)
    query = query.outerjoin(User, User.id == BatchLine.result_by_id)
    return query.order_by(BatchLine.position)


def _shown(rows: Any) -> Iterator[ShownLine]:
    for line, sequence, number, state, voucher, paid_on, reversal_voucher, by in rows:
        yield ShownLine(
            id=line.id,
            sequence=sequence,
            tranche_id=line.tranche_id,
            tranche_number=number,
            state=state,
            result=line.result,
            result_on=line.result_on,
            result_note=line.result_note,
            result_by=by,
            source=line.source,
            project_id=line.project_id,
            project_number=line.project_number,
            project_title=line.project_title,
            payee=line.payee,
            bank_name=line.bank_name,
            bank_account=line.bank_account,
            granted=line.granted_fen,
            paid_before=line.paid_before_fen,
            amount=line.amount_fen,
            basis=line.basis,
            voucher=voucher,
            paid_on=paid_on,
            reversal_voucher=reversal_voucher,
        )
