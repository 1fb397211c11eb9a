"""Every movement of a project's money, read from where each is kept: payments, spending, returns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import cast, literal, null, select, union_all
from sqlalchemy.orm import Session

from finance.models import ClearingReturn, PaymentReversal
from finance.statement import Entry, Side
from lifecycle.models import Clearing, Payment, Spending, Tranche
from lifecycle.record import FISCAL

_NO_NUMBER = cast(null(), Tranche.number.type)
_NO_USE = cast(null(), Spending.use.type)
_NO_WORDS = cast(null(), Spending.note.type)
_NO_DAY = cast(null(), Payment.received_on.type)


def entries_of(session: Session, project_id: int) -> list[Entry]:
    """Return all movements of a project, by one statement, in no order.

    A payment counts from the day on which it was paid, as everywhere in Keguan; one that a ledger brought
    without a day is no movement. A payment that was taken back is two: it came, and it went.
    """
    parts = (
        _arrived(),
        _reversed(PaymentReversal.paid_on, PaymentReversal.amount_fen, PaymentReversal.voucher, False),
        _reversed(
            PaymentReversal.reversed_on, -PaymentReversal.amount_fen, PaymentReversal.reversal_voucher, True
        ),
        _spent(),
        _returned(),
    )
    of_project = [part.where(owner == project_id) for part, owner in parts]
    return list(map(_entry, session.execute(union_all(*of_project))))


def _arrived() -> tuple[Any, Any]:
    query = select(
        literal(Side.RECEIVED.value),
        *(Payment.paid_on, Tranche.source, Payment.amount_fen, Payment.voucher, Tranche.id),
        *(Tranche.number, _NO_USE, _NO_WORDS, Payment.received_on, literal(False)),
    ).join(Tranche, Tranche.id == Payment.tranche_id)
    return query.where(Payment.paid_on.is_not(None), Payment.amount_fen > 0), Tranche.project_id


def _reversed(on: Any, amount: Any, voucher: Any, taken_back: bool) -> tuple[Any, Any]:
    query = select(
        literal(Side.RECEIVED.value),
        *(on, Tranche.source, amount, voucher, Tranche.id),
        *(Tranche.number, _NO_USE, PaymentReversal.reason, _NO_DAY, literal(taken_back)),
    ).select_from(PaymentReversal)
    return query.join(Tranche, Tranche.id == PaymentReversal.tranche_id), Tranche.project_id


def _spent() -> tuple[Any, Any]:
    one = Spending
    query = select(
        literal(Side.SPENT.value),
        *(one.spent_on, one.source, one.amount_fen, one.voucher, one.id),
        *(_NO_NUMBER, one.use, one.note, _NO_DAY, literal(False)),
    )
    return query, one.project_id


def _returned() -> tuple[Any, Any]:
    one = ClearingReturn
    query = select(
        literal(Side.RETURNED.value),
        *(one.returned_on, one.source, one.amount_fen, one.voucher, one.id),
        *(_NO_NUMBER, _NO_USE, one.note, _NO_DAY, literal(False)),
    )
    return query.join(Clearing, Clearing.id == one.clearing_id), Clearing.project_id


def _entry(row: Any) -> Entry:
    word, on, source, amount, voucher, id_, *more = row
    side = Side(word)
    return Entry(
        on, side, source, amount, "，".join(_words(side, source, *more)), voucher or "", more[1], id_
    )


def _words(
    side: Side, source: Any, number: Any, use: Any, note: Any, received_on: Any, taken_back: Any
) -> Iterator[str]:
    """Yield what a movement was, part by part."""
    if side is Side.SPENT:
        yield f"{use}：{note}" if note else str(use)
    elif side is Side.RETURNED:
        yield note or "退回财政资金"
    else:
        yield f"第 {number} 期"
        if note is not None:
            yield f"冲正：{note}" if taken_back else "后已冲正"
        elif source in FISCAL:
            yield f"{received_on} 确认到账" if received_on else "单位尚未确认到账"
