"""Vouchers in an agency's finance books: each stands for one act, and where one was used is said.

Looked up within a command, which holds the agency: of two at once the second sees what the first has kept.
What was taken back leaves its voucher free again; it stays readable where it was.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from finance.models import ClearingReturn
from lifecycle.command import Work
from lifecycle.models import Clearing, Payment, Project, Tranche
from lifecycle.money import yuan


def first_use(work: Work, voucher: str) -> str | None:
    """Return in words for which refund or payment a voucher was used; ``None`` where it is free."""
    one = ClearingReturn
    columns = Project.number, one.returned_on, one.amount_fen
    refund = work.session.execute(_refunds(work, [voucher]).with_only_columns(*columns).limit(1)).first()
    if refund is not None:
        number, on, fen = refund
        return f"项目 {number} 的退款（{on} 退回 {yuan(fen)} 元）"
    query = (
        select(Project.number, Payment.paid_on)
        .join(Tranche, Tranche.project_id == Project.id)
        .join(Payment, Payment.tranche_id == Tranche.id)
        .where(Project.agency_id == work.actor.agency_id, Payment.voucher == voucher)
    )
    payment = work.session.execute(query.limit(1)).first()
    if payment is None:
        return None
    day = f"（{payment.paid_on} 拨付）" if payment.paid_on else ""
    return f"项目 {payment.number} 的拨付{day}"


def of_refunds(work: Work, vouchers: Collection[str]) -> set[str]:
    """Return those vouchers that stand for refunds."""
    query = _refunds(work, vouchers).with_only_columns(ClearingReturn.voucher)
    return set(work.session.scalars(query))


def _refunds(work: Work, vouchers: Collection[str]) -> Select[ClearingReturn]:
    """Return the refunds of the agency with one of the vouchers that nobody has taken back."""
    one, reversal = ClearingReturn, aliased(ClearingReturn)
    return (
        select(one)
        .join(Clearing, Clearing.id == one.clearing_id)
        .join(Project, Project.id == Clearing.project_id)
        .outerjoin(reversal, reversal.reversal_of_id == one.id)
        .where(Project.agency_id == work.actor.agency_id, one.voucher.in_(vouchers))
        .where(one.reversal_of_id.is_(None), reversal.id.is_(None))
    )
