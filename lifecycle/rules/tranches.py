"""Kinds of rule about public money on its way: tranches, payments and what was spent of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from lifecycle.money import Fen, percent
from lifecycle.record import FISCAL, Nature, ProjectRecord, Source, Tranche
from lifecycle.rules.base import ALWAYS, Breach, Figure, Kind, spells
from lifecycle.rules.reading import amount, funds_of, payments
from lifecycle.rules.registry import kind


@kind("first-tranche-ratio")
@dataclass(frozen=True, slots=True)
class FirstTrancheRatio(Kind):
    """The first tranche is a large part of the public money where research leads, a small one otherwise."""

    research_least_percent: int
    transformation_most_percent: int

    def breaches(self, record: ProjectRecord) -> Iterable[Breach]:
        """Return the days on which the first tranche, paid or planned, is out of bounds."""
        first = self._first(record)
        if not first or record.nature is None:
            return ()
        moments = [tranche.paid_on for tranche in first if tranche.is_payment]
        runs = spells(moments, lambda day: self._wrong(record, first, day))
        return [Breach("", since, until, message) for since, until, message in runs]

    def figures(self, record: ProjectRecord, day: date) -> Iterable[Figure]:
        """Return the division; not known where nobody has said what leads."""
        first = self._first(record)
        if not first:
            return ()
        if record.nature is None:
            return (Figure("", "未登记项目性质，无法判断首期比例", known=False),)
        return (Figure("", self._text(record, self._paid(first, day))),)

    def _first(self, record: ProjectRecord) -> list[Tranche]:
        if record.fiscal <= 0:
            return []
        return [tranche for tranche in record.tranches if tranche.number == 1 and tranche.source in FISCAL]

    def _paid(self, first: list[Tranche], day: date) -> Fen:
        return sum(
            tranche.paid
            if tranche.is_payment and tranche.paid_on is not None and tranche.paid_on <= day
            else tranche.planned
            for tranche in first
        )

    def _wrong(self, record: ProjectRecord, first: list[Tranche], day: date) -> str | None:
        paid = self._paid(first, day)
        if record.nature is Nature.RESEARCH:
            held = paid * 100 >= self.research_least_percent * record.fiscal
        else:
            held = paid * 100 <= self.transformation_most_percent * record.fiscal
        return None if held else self._text(record, paid)

    def _text(self, record: ProjectRecord, paid: Fen) -> str:
        bound = f"不低于 {self.research_least_percent}%"
        if record.nature is not Nature.RESEARCH:
            bound = f"不超过 {self.transformation_most_percent}%"
        ratio = percent(paid, record.fiscal)
        return f"首期 {amount(paid)} ÷ 财政资金 {amount(record.fiscal)} = {ratio}，应{bound}"


@kind("spend-gate")
@dataclass(frozen=True, slots=True)
class SpendGate(Kind):
    """A later tranche waits until enough of what was paid before it has been spent."""

    waits_for_others: ClassVar[bool] = True

    percent: int

    def breaches(self, record: ProjectRecord) -> Iterable[Breach]:
        """Return each later tranche that was paid too early, from its first payment on."""
        return [
            Breach(str(number), first, None, self._text(spent, before))
            for number, first, spent, before in self._gates(record)
            if spent * 100 < self.percent * before
        ]

    def figures(self, record: ProjectRecord, day: date) -> Iterable[Figure]:
        """Return each later tranche's spend rate on the day of its first payment."""
        return [
            Figure(str(number), self._text(spent, before))
            for number, first, spent, before in self._gates(record)
            if first <= day
        ]

    def _gates(self, record: ProjectRecord) -> Iterator[tuple[int, date, Fen, Fen]]:
        first_days: dict[int, date] = {}
        for paid_on, tranche in payments(record):
            if tranche.number >= 2 and paid_on <= first_days.get(tranche.number, paid_on):
                first_days[tranche.number] = paid_on
        for number, first in first_days.items():
            spent = sum(row.amount for row in record.spending if row.source in FISCAL and row.on <= first)
            before = sum(
                tranche.paid
                for paid_on, tranche in payments(record)
                if tranche.number < number and paid_on <= first
            )
            yield number, first, spent, before

    def _text(self, spent: Fen, before: Fen) -> str:
        rate = f" = {percent(spent, before)}" if before else ""
        return f"已支出 {amount(spent)} ÷ 前期已拨 {amount(before)}{rate}，应不低于 {self.percent}%"


@kind("single-payment")
@dataclass(frozen=True, slots=True)
class SinglePayment(Kind):
    """Each public source pays its whole amount at once."""

    def breaches(self, record: ProjectRecord) -> Iterator[Breach]:
        """Yield each source from the day on which it is clear that it does not."""
        for source in (Source.PROVINCIAL, Source.DISTRICT):
            funds = funds_of(record, source)
            if funds > 0:
                yield from self._of_source(record, source, funds)

    def figures(self, record: ProjectRecord, day: date) -> Iterator[Figure]:
        """Yield what each source has paid of its amount."""
        for source in (Source.PROVINCIAL, Source.DISTRICT):
            funds = funds_of(record, source)
            if funds > 0:
                paid = sum(row.paid for paid_on, row in payments(record, (source,)) if paid_on <= day)
                yield Figure(
                    source.value, f"{source}已拨 {amount(paid)}，共 {amount(funds)}，应一次性全额拨付"
                )

    def _of_source(self, record: ProjectRecord, source: Source, funds: Fen) -> Iterator[Breach]:
        numbers = [tranche.number for tranche in record.tranches if tranche.source is source]
        if max(numbers, default=1) >= 2:
            planned = f"{source} {amount(funds)} 分 {max(numbers)} 期拨付"
            yield Breach(source.value, ALWAYS, None, f"{planned}，应一次性全额拨付")
            return
        days: dict[date, Fen] = {}
        for paid_on, tranche in payments(record, (source,)):
            days[paid_on] = days.get(paid_on, 0) + tranche.paid
        for number, day in enumerate(sorted(days)):
            if number or days[day] < funds:
                paid = f"{source}于 {day} 拨付 {amount(days[day])}"
                yield Breach(source.value, day, None, f"{paid}，该项资金共 {amount(funds)}，应一次性全额拨付")
                return


@kind("paid-after-signing")
@dataclass(frozen=True, slots=True)
class PaidAfterSigning(Kind):
    """Public money is paid only once the agreement is signed."""

    def breaches(self, record: ProjectRecord) -> Iterable[Breach]:
        """Return each source's first payment made before the agreement was signed."""
        return [
            Breach(source.value, paid_on, None, self._text(record, source, paid_on))
            for source, paid_on in self._first_days(record).items()
            if record.signed_on is None or paid_on < record.signed_on
        ]

    def figures(self, record: ProjectRecord, day: date) -> Iterable[Figure]:
        """Return each source's first payment and the day of signing."""
        return [
            Figure(source.value, self._text(record, source, paid_on))
            for source, paid_on in self._first_days(record).items()
            if paid_on <= day
        ]

    def _first_days(self, record: ProjectRecord) -> dict[Source, date]:
        first_days: dict[Source, date] = {}
        for paid_on, tranche in payments(record):
            if paid_on <= first_days.get(tranche.source, paid_on):
                first_days[tranche.source] = paid_on
        return first_days

    def _text(self, record: ProjectRecord, source: Source, paid_on: date) -> str:
        signed = f"任务书签订于 {record.signed_on}" if record.signed_on else "任务书尚未签订"
        return f"{source}首次拨付 {paid_on}，{signed}，应在签订后拨付"


@kind("paid-within-funds")
@dataclass(frozen=True, slots=True)
class PaidWithinFunds(Kind):
    """No source pays more than the project has from it. Own money is exempt: a unit may always add to it."""

    def breaches(self, record: ProjectRecord) -> Iterator[Breach]:
        """Yield each source from the day on which it has paid too much."""
        for source, days in self._days(record).items():
            funds, paid = funds_of(record, source), 0
            for day in sorted(days):
                paid += days[day]
                if paid > funds:
                    yield Breach(source.value, day, None, self._text(source, paid, funds))
                    break

    def figures(self, record: ProjectRecord, day: date) -> Iterator[Figure]:
        """Yield what each source has paid and what the project has from it."""
        for source, days in self._days(record).items():
            paid = sum(fen for paid_on, fen in days.items() if paid_on <= day)
            if paid:
                yield Figure(source.value, self._text(source, paid, funds_of(record, source)))

    def _days(self, record: ProjectRecord) -> dict[Source, dict[date, Fen]]:
        sums: dict[Source, dict[date, Fen]] = {}
        for paid_on, tranche in payments(record, (*FISCAL, Source.JOINT)):
            days = sums.setdefault(tranche.source, {})
            days[paid_on] = days.get(paid_on, 0) + tranche.paid
        return sums

    def _text(self, source: Source, paid: Fen, funds: Fen) -> str:
        return f"{source}含本次累计拨付 {amount(paid)}，任务书约定 {amount(funds)}，不得超出"
