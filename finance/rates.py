"""Spend rates (执行率): how much of what was paid has been spent, before each later tranche. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from lifecycle.money import Fen
from lifecycle.record import FISCAL, ProjectRecord
from lifecycle.rulebook import rulebook
from lifecycle.rules.base import Rule
from lifecycle.rules.reading import payments
from lifecycle.rules.tranches import SpendGate


@dataclass(frozen=True, slots=True)
class Gate:
    """Where the spending stands before a later tranche: what SPB 29 compares, and what is still wanting."""

    number: int
    planned: Fen
    on: date
    """The day of its first payment, or the day on which it is looked at."""
    paid: bool
    spent: Fen
    """Public money spent up to and on that day."""
    before: Fen
    """Public money paid in earlier tranches up to and on that day."""
    percent: int

    @property
    def short(self) -> Fen:
        """What must still be spent until the rate is reached, to the fen; 0 where it is."""
        return max(0, -(-self.before * self.percent // 100) - self.spent)


def gate_rule(record: ProjectRecord) -> Rule | None:
    """Return the rule that makes later tranches wait for spending, where the programme has one."""
    rules = rulebook().programme(record.programme, record.signed_on).rules
    return next((one for one in rules if isinstance(one.kind, SpendGate) and one.scope.covers(record)), None)


def gates_of(record: ProjectRecord, today: date) -> Iterator[Gate]:
    """Yield the later tranches of public money in their order, with the figures behind the rate of each."""
    rule = gate_rule(record)
    if rule is None or not isinstance(rule.kind, SpendGate):
        return
    later = {one.number for one in record.tranches if one.number >= 2 and one.source in FISCAL}
    for number in sorted(later):
        days = [on for on, one in payments(record) if one.number == number and on <= today]
        day = min(days, default=today)
        yield Gate(
            number=number,
            planned=sum(
                one.planned for one in record.tranches if one.number == number and one.source in FISCAL
            ),
            on=day,
            paid=bool(days),
            spent=sum(one.amount for one in record.spending if one.source in FISCAL and one.on <= day),
            before=sum(one.paid for on, one in payments(record) if one.number < number and on <= day),
            percent=rule.kind.percent,
        )
