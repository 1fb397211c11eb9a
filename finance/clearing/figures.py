"""What a clearing comes to, by source: paid, spent, disallowed, left, to be returned.

Pure. Of public money everything comes back that was left or not rightly spent (SPB 33, EA 17); what a project
that passed has left may stay with its unit where the bureau says so. Nothing is lost on the way:
paid = allowed + disallowed + left, and what is left is kept or returned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from lifecycle.money import Fen, yuan
from lifecycle.record import FISCAL, Source


class ClearingState(StrEnum):
    """Where a clearing stands."""

    OPEN = "待核定"
    SETTLED = "待核准"
    RETURNING = "待退款"
    DONE = "已办结"


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """One fiscal source of a project in its clearing, in fen."""

    source: Source
    paid: Fen
    spent: Fen
    disallowed: Fen = 0
    kept: Fen = 0
    """What stays with the unit of what is left."""

    @property
    def most(self) -> Fen:
        """What can be disallowed at most: what was spent of what was paid."""
        return max(min(self.spent, self.paid), 0)

    @property
    def allowed(self) -> Fen:
        """What was rightly spent of what was paid."""
        return self.most - self.disallowed

    @property
    def left(self) -> Fen:
        """What was paid and not spent; more spent than paid leaves nothing."""
        return self.paid - self.most

    @property
    def to_return(self) -> Fen:
        """What must come back."""
        return self.left - self.kept + self.disallowed


@dataclass(frozen=True, slots=True)
class Figures:
    """A clearing's sources together, in fen."""

    sources: tuple[SourceFigures, ...] = ()

    @property
    def paid(self) -> Fen:
        """What was paid."""
        return sum(one.paid for one in self.sources)

    @property
    def spent(self) -> Fen:
        """What was spent."""
        return sum(one.spent for one in self.sources)

    @property
    def disallowed(self) -> Fen:
        """What is not allowed of it."""
        return sum(one.disallowed for one in self.sources)

    @property
    def left(self) -> Fen:
        """What was paid and not spent."""
        return sum(one.left for one in self.sources)

    @property
    def kept(self) -> Fen:
        """What stays with the unit."""
        return sum(one.kept for one in self.sources)

    @property
    def to_return(self) -> Fen:
        """What must come back."""
        return sum(one.to_return for one in self.sources)

    def of(self, source: Source) -> SourceFigures:
        """Return the figures of one source; of one without money, noughts."""
        return next((one for one in self.sources if one.source is source), SourceFigures(source, 0, 0))


Sums = Mapping[Source, Fen]
"""An amount of each source; those without are left out."""


def figures_of(paid: Sums, spent: Sums, disallowed: Sums, kept: Sums) -> Figures:
    """Return the figures of the fiscal sources of which something was paid or spent."""
    return Figures(
        tuple(
            SourceFigures(
                source,
                paid.get(source, 0),
                spent.get(source, 0),
                disallowed.get(source, 0),
                kept.get(source, 0),
            )
            for source in Source
            if source in FISCAL and (paid.get(source) or spent.get(source) or disallowed.get(source))
        )
    )


def too_much(figures: Figures) -> Iterator[str]:
    """Say of which source more is disallowed than was spent of what was paid."""
    for one in figures.sources:
        if one.disallowed > one.most:
            yield (
                f"{one.source}不予认可合计 {yuan(one.disallowed)} 元，"
                f"超过用财政拨款列支的 {yuan(one.most)} 元，请核减。"
            )


def changes(settled: Figures, now: Figures) -> Iterator[str]:
    """Say what the record says otherwise by now of what a settlement rests on."""
    for source in Source:
        old, new = settled.of(source), now.of(source)
        told = (("拨付", old.paid, new.paid), ("支出", old.spent, new.spent))
        for word, then, since in (*told, ("不予认可", old.disallowed, new.disallowed)):
            if then != since:
                yield f"{source}{word}：核定时 {yuan(then)} 元，现在 {yuan(since)} 元"


def state_of(settled_on: date | None, confirmed_on: date | None, back_on: date | None) -> ClearingState:
    """Return where a clearing stands, by the days on which it was settled and confirmed and all was back."""
    if settled_on is None:
        return ClearingState.OPEN
    if confirmed_on is None:
        return ClearingState.SETTLED
    return ClearingState.RETURNING if back_on is None else ClearingState.DONE


def to_plain(figures: Figures) -> dict[str, Any]:
    """Return figures as they are frozen at settlement."""
    return {
        "sources": [
            {
                "source": one.source.value,
                "paid": one.paid,
                "spent": one.spent,
                "disallowed": one.disallowed,
                "left": one.left,
                "kept": one.kept,
                "to_return": one.to_return,
            }
            for one in figures.sources
        ]
    }


def from_plain(plain: Mapping[str, Any]) -> Figures:
    """Return the figures that were frozen; of a clearing that has not been settled, none."""
    return Figures(
        tuple(
            SourceFigures(
                Source(one["source"]), one["paid"], one["spent"], one["disallowed"], one.get("kept", 0)
            )
            for one in plain.get("sources", ())
        )
    )


def sums_by_source(rows: Iterable[tuple[Source, Fen]]) -> dict[Source, Fen]:
    """Return amounts added up by source."""
    found: dict[Source, Fen] = {}
    for source, amount in rows:
        found[source] = found.get(source, 0) + amount
    return found
