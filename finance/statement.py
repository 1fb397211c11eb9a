"""专账明细: every movement of a project's money in its order, with what was left after it. Pure.

Opening + received − spent − returned = closing, of each source and of all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from lifecycle.money import Fen
from lifecycle.record import BudgetUse, Source


class Side(StrEnum):
    """The column of an account book in which a movement stands."""

    RECEIVED = "到账"
    SPENT = "支出"
    RETURNED = "退回"


_TAKEN_BACK: Mapping[Side, str] = {
    Side.RECEIVED: "到账冲正",
    Side.SPENT: "支出冲销",
    Side.RETURNED: "退回冲销",
}
_IN_A_DAY = {side: place for place, side in enumerate(Side)}
"""Money comes before it goes, on one day."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement. ``amount`` is fen; below zero it takes an earlier one back, in the same column."""

    on: date
    side: Side
    source: Source
    amount: Fen
    words: str
    """What it was: the tranche, the use (科目), or why it was taken back."""
    voucher: str = ""
    use: BudgetUse | None = None
    id: int = 0
    """The id of its row: of spending, or of the tranche that a payment belongs to."""

    @property
    def kind(self) -> str:
        """What it is called."""
        return _TAKEN_BACK[self.side] if self.amount < 0 else str(self.side)

    @property
    def effect(self) -> Fen:
        """What it adds to what is left."""
        return self.amount if self.side is Side.RECEIVED else -self.amount


@dataclass(frozen=True, slots=True)
class Flow:
    """What came, what was spent and what went back, in fen."""

    received: Fen = 0
    spent: Fen = 0
    returned: Fen = 0

    @property
    def left(self) -> Fen:
        """What is left of it; below zero where more went than came."""
        return self.received - self.spent - self.returned

    def __add__(self, other: Flow) -> Flow:
        """Return both together."""
        return Flow(self.received + other.received, self.spent + other.spent, self.returned + other.returned)


def flow_of(entries: Iterable[Entry]) -> Flow:
    """Return what these movements come to."""
    sums = dict.fromkeys(Side, 0)
    for one in entries:
        sums[one.side] += one.amount
    return Flow(sums[Side.RECEIVED], sums[Side.SPENT], sums[Side.RETURNED])


def flows_until(entries: Iterable[Entry], until: date) -> dict[Source, Flow]:
    """Return what had come and gone at the end of a day, by source; one without anything is left out."""
    found: dict[Source, list[Entry]] = {}
    for one in entries:
        if one.on <= until:
            found.setdefault(one.source, []).append(one)
    return {source: flow_of(found[source]) for source in Source if source in found}


@dataclass(frozen=True, slots=True)
class Line:
    """A movement, and what is left after it: of its source, and of all that is listed."""

    entry: Entry
    of_source: Fen
    left: Fen


@dataclass(frozen=True, slots=True)
class SourceSums:
    """One source over the days of a statement."""

    source: Source
    opening: Fen
    flow: Flow

    @property
    def closing(self) -> Fen:
        """What is left at the end."""
        return self.opening + self.flow.left


@dataclass(frozen=True, slots=True)
class Statement:
    """The movements from ``since`` to ``until``, both included, with what was there before."""

    since: date
    until: date
    sources: tuple[SourceSums, ...]
    lines: tuple[Line, ...]

    @property
    def opening(self) -> Fen:
        """What was left before the first day."""
        return sum(one.opening for one in self.sources)

    @property
    def flow(self) -> Flow:
        """What moved within the days."""
        return sum((one.flow for one in self.sources), Flow())

    @property
    def closing(self) -> Fen:
        """What is left after the last day."""
        return self.opening + self.flow.left


def statement(entries: Iterable[Entry], since: date, until: date, source: Source | None = None) -> Statement:
    """Return the statement of the days given, of one source or of all that have had any money."""
    known = sorted(
        (one for one in entries if one.on <= until and source in {None, one.source}),
        key=lambda one: (one.on, _IN_A_DAY[one.side], one.id),
    )
    before = [one for one in known if one.on < since]
    within = known[len(before) :]
    opening, flows = flows_until(before, until), flows_until(within, until)
    sources = tuple(
        SourceSums(one, opening.get(one, Flow()).left, flows.get(one, Flow()))
        for one in Source
        if one in opening or one in flows
    )
    return Statement(since, until, sources, tuple(_run(within, sources)))


def _run(entries: Iterable[Entry], sources: Iterable[SourceSums]) -> Iterable[Line]:
    left = {one.source: one.opening for one in sources}
    for entry in entries:
        left[entry.source] += entry.effect
        yield Line(entry, left[entry.source], sum(left.values()))
