"""A project's money added up on a day, by source and by use. Pure: the record and the day are arguments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from lifecycle.money import Fen
from lifecycle.record import FISCAL, BudgetUse, ProjectRecord, Source
from lifecycle.rules.reading import funds_of


@dataclass(frozen=True, slots=True)
class Sums:
    """Amounts in fen; ``planned`` is what the tranches add up to, ``agreed`` what the agreement says."""

    agreed: Fen = 0
    planned: Fen = 0
    paid: Fen = 0
    spent: Fen = 0

    @property
    def left(self) -> Fen:
        """What was paid and not spent; below 0 where more was spent than came."""
        return self.paid - self.spent

    def __add__(self, other: Sums) -> Sums:
        """Return both together."""
        return Sums(
            self.agreed + other.agreed,
            self.planned + other.planned,
            self.paid + other.paid,
            self.spent + other.spent,
        )


@dataclass(frozen=True, slots=True)
class UseSums:
    """What one use (科目) of one source was given by the budget, and what was spent on it, in fen."""

    source: Source
    use: BudgetUse
    budget: Fen
    spent: Fen


@dataclass(frozen=True, slots=True)
class Money:
    """A project's money on a day; sources without any are left out."""

    sources: Mapping[Source, Sums]
    uses: tuple[UseSums, ...]

    @property
    def public(self) -> Sums:
        """Both fiscal sources together."""
        return sum((sums for source, sums in self.sources.items() if source in FISCAL), Sums())

    @property
    def total(self) -> Sums:
        """All sources together."""
        return sum(self.sources.values(), Sums())


def money_of(record: ProjectRecord, today: date) -> Money:
    """Work out where a project's money stands at the end of ``today``."""
    sources = {source: _sums(record, source, today) for source in Source}
    return Money(
        {source: sums for source, sums in sources.items() if sums != Sums()}, tuple(_uses(record, today))
    )


def _sums(record: ProjectRecord, source: Source, today: date) -> Sums:
    tranches = [one for one in record.tranches if one.source is source]
    return Sums(
        agreed=funds_of(record, source),
        planned=sum(one.planned for one in tranches),
        paid=sum(one.paid for one in tranches if one.paid_on is not None and one.paid_on <= today),
        spent=sum(row.amount for row in record.spending if row.source is source and row.on <= today),
    )


def _uses(record: ProjectRecord, today: date) -> Iterator[UseSums]:
    budget = _by_use((row.source, row.use, row.amount) for row in record.budget)
    spent = _by_use((row.source, row.use, row.amount) for row in record.spending if row.on <= today)
    for source in Source:
        for use in BudgetUse:
            key = source, use
            if key in budget or key in spent:
                yield UseSums(source, use, budget.get(key, 0), spent.get(key, 0))


def _by_use(rows: Iterable[tuple[Source, BudgetUse, Fen]]) -> dict[tuple[Source, BudgetUse], Fen]:
    found: dict[tuple[Source, BudgetUse], Fen] = {}
    for source, use, amount in rows:
        found[source, use] = found.get((source, use), 0) + amount
    return found
