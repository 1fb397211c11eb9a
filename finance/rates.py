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
    def line(self) -> Fen:
        """What must be spent for the rate to be reached, to the fen."""
        return -(-self.before * self.percent // 100)

    @property
    def short(self) -> Fen:
        """What must still be spent until the rate is reached, to the fen; 0 where it is."""
        return max(0, self.line - self.spent)


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


@dataclass(frozen=True, slots=True)
class RateStep:
    """One movement of public money, and where the rate stands after it. Sums are fen."""

    on: date
    paid: Fen
    """What came with it; 0 for spending."""
    spent: Fen
    """What was spent by it; below zero where it takes spending back."""
    words: str
    before: Fen
    """Paid in earlier tranches so far."""
    so_far: Fen
    """Spent so far."""
    short: Fen
    """What is wanting until the rate is reached; 0 where it is."""


def steps_to(record: ProjectRecord, gate: Gate) -> Iterator[RateStep]:
    """Yield, day by day, the payments and the spending that make a gate's rate, with what they come to."""
    before = so_far = 0
    for on, paid, spent, words in sorted(_moves(record, gate), key=lambda one: (one[0], -one[1])):
        before, so_far = before + paid, so_far + spent
        short = max(0, -(-before * gate.percent // 100) - so_far)
        yield RateStep(on, paid, spent, words, before, so_far, short)


def _moves(record: ProjectRecord, gate: Gate) -> Iterator[tuple[date, Fen, Fen, str]]:
    for on, one in payments(record):
        if one.number < gate.number and on <= gate.on:
            yield on, one.paid, 0, f"拨付 {one.source}第 {one.number} 期"
    for row in record.spending:
        if row.source in FISCAL and row.on <= gate.on:
            what = f"{row.source}·{row.use}"
            voucher = f"，凭证 {row.voucher}" if row.voucher else ""
            yield row.on, 0, row.amount, f"{'冲销' if row.amount < 0 else '支出'} {what}{voucher}"
