"""Kinds of duty on the way of public money: to pay what the first payment has left, to decide on proposals.

The first payment has kinds of its own (``payment-deadline``, ``first-payment-within``); on any day at most
one duty to pay speaks of a tranche.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from lifecycle.money import yuan
from lifecycle.record import FISCAL, ProjectRecord, Tranche
from lifecycle.rules.reading import amount, held_back, payments
from lifecycle.rules.registry import kind
from lifecycle.rules.time_limits import Follows, WithinDays


@kind("later-payment-within")
@dataclass(frozen=True, slots=True)
class LaterPayment(WithinDays):
    """Public money is paid within so many days of the day on which it can be, once its payment has begun.

    While nothing is paid, the first payment is what is owed, whatever the number of sources. What was paid
    that day is settled with it; everything else is owed by itself, unless it was paid before it had to be.
    """

    def follows(self, record: ProjectRecord) -> Iterator[Follows]:
        """Yield every tranche that the first payment has left, as soon as it can be paid."""
        begun_on = min((paid_on for paid_on, _ in payments(record)), default=None)
        if record.signed_on is None or begun_on is None:
            return
        for one in record.tranches:
            if one.source not in FISCAL or one.planned <= 0 or _is_settled_by(one, begun_on):
                continue
            can_be = _payable_from(record, one, max(record.signed_on, begun_on))
            paid_on = one.paid_on if one.is_payment else None
            if can_be is not None and (paid_on is None or paid_on >= can_be):
                yield Follows(one.name, can_be, paid_on, f"拨付{one.name}资金 {amount(one.planned)}")


def _is_settled_by(tranche: Tranche, begun_on: date) -> bool:
    """Whether a tranche was paid with the first payment, or on a day that nobody knows."""
    return tranche.paid > 0 and tranche.paid_on in {None, begun_on}


def _payable_from(record: ProjectRecord, tranche: Tranche, begun_on: date) -> date | None:
    """Return the day on which a tranche can be paid; ``None``: nobody has named one, or something holds it.

    It is the latest of its planned day, the days on which holds on it were lifted, and those on which the
    tranches of its source before it were paid: they go in their order.
    """
    if held_back(record, [tranche.name]):
        return None
    holds = [one.until for one in record.holds if one.what == tranche.name]
    before = [
        one
        for one in record.tranches
        if one.source is tranche.source and one.number < tranche.number and one.planned > 0
    ]
    if tranche.planned_on is None or any(one.paid <= 0 for one in before):
        return None
    days = [begun_on, tranche.planned_on, *holds, *(one.paid_on for one in before)]
    return max(day for day in days if day is not None)


@kind("payment-decision-within")
@dataclass(frozen=True, slots=True)
class PaymentDecision(WithinDays):
    """A proposal to pay is approved or returned within so many days, and not by whoever made it."""

    def follows(self, record: ProjectRecord) -> Iterator[Follows]:
        """Yield every proposal; one that was taken back is settled, too. A conclusion decides on none."""
        for one in record.proposals:
            told = f"审批{one.what}拨付申请 {yuan(one.amount)} 元"
            yield Follows(
                *(str(one.id), one.proposed_on, one.decided_on, told),
                ends_with_project=False,
                path=one.path,
                held="" if one.decided_on else held_back(record, [one.what]),
                not_user_id=one.proposed_by_id,
            )
