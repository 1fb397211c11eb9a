"""The figures of a stage account: received, spent, returned and left by source, spent by use. Pure.

They are added up from the movements that the separate-account statement lists, so the two tie by themselves.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any, NamedTuple

from finance.statement import Entry, Flow, Side, flows_until
from lifecycle.money import Fen, percent
from lifecycle.record import FISCAL, BudgetUse, ProjectRecord, Source
from lifecycle.rules.reading import funds_of
from lifecycle.terms import from_plain, to_plain


@dataclass(frozen=True, slots=True)
class OfSource:
    """One source on the day, in fen."""

    source: Source
    agreed: Fen
    received: Fen
    spent: Fen
    returned: Fen

    @property
    def left(self) -> Fen:
        """What is left of it."""
        return self.received - self.spent - self.returned

    @property
    def rate(self) -> str:
        """What was spent of what was received; a dash where nothing was."""
        return percent(self.spent, self.received) if self.received > 0 else "—"


@dataclass(frozen=True, slots=True)
class OfUse:
    """One use (科目) of one source on the day, in fen."""

    source: Source
    use: BudgetUse
    budget: Fen
    spent: Fen


@dataclass(frozen=True, slots=True)
class Figures:
    """A project's money at the end of a day."""

    sources: tuple[OfSource, ...] = ()
    uses: tuple[OfUse, ...] = ()
    entries: int = 0
    """How many rows of spending it rests on."""
    last_row: int = 0
    """The highest id among all rows of spending known then: what was entered later has a higher one."""

    @property
    def total(self) -> OfSource:
        """All sources together; the source named is of no meaning."""
        return _together(self.sources)

    @property
    def public(self) -> OfSource:
        """Both fiscal sources together."""
        return _together(one for one in self.sources if one.source in FISCAL)

    @property
    def digest(self) -> str:
        """What tells these figures from others: who confirms says by it which ones she has seen."""
        plain = json.dumps([to_plain(self.sources), to_plain(self.uses)], ensure_ascii=False)
        return sha256(plain.encode()).hexdigest()[:16]


def _together(lines: Iterable[OfSource]) -> OfSource:
    all_ = list(lines)
    return OfSource(
        Source.DISTRICT,
        sum(one.agreed for one in all_),
        sum(one.received for one in all_),
        sum(one.spent for one in all_),
        sum(one.returned for one in all_),
    )


def figures_of(record: ProjectRecord, entries: Iterable[Entry], as_of: date) -> Figures:
    """Work out the figures at the end of a day."""
    known = list(entries)
    flows = flows_until(known, as_of)
    sources = tuple(
        OfSource(source, agreed, flow.received, flow.spent, flow.returned)
        for source in Source
        for flow, agreed in [(flows.get(source, Flow()), funds_of(record, source))]
        if source in flows or agreed
    )
    spent = [one for one in known if one.side is Side.SPENT]
    return Figures(
        sources,
        tuple(_uses(record, spent, as_of)),
        sum(one.on <= as_of for one in spent),
        max((one.id for one in spent), default=0),
    )


def _uses(record: ProjectRecord, spent: Iterable[Entry], as_of: date) -> Iterator[OfUse]:
    sums: dict[tuple[Source, BudgetUse | None], Fen] = {}
    for one in spent:
        if one.on <= as_of:
            sums[one.source, one.use] = sums.get((one.source, one.use), 0) + one.amount
    budget = {(one.source, one.use): one.amount for one in record.budget}
    for source in Source:
        for use in BudgetUse:
            if (source, use) in sums or (source, use) in budget:
                yield OfUse(source, use, budget.get((source, use), 0), sums.get((source, use), 0))


def kept(figures: Figures) -> dict[str, Any]:
    """Return figures as JSON keeps them."""
    return dict(to_plain(figures))


def read(plain: Mapping[str, Any]) -> Figures:
    """Return the figures that were kept."""
    return from_plain(Figures, plain)


class Changed(NamedTuple):
    """One figure that is another now, in fen."""

    what: str
    then: Fen
    now: Fen


def changed(then: Figures, now: Figures) -> list[Changed]:
    """Return what differs between the figures kept and those of the same day as they are today."""
    old, new = dict(_named(then)), dict(_named(now))
    return [
        Changed(what, old.get(what, 0), new.get(what, 0))
        for what in dict.fromkeys([*old, *new])
        if old.get(what, 0) != new.get(what, 0)
    ]


def _named(figures: Figures) -> Iterator[tuple[str, Fen]]:
    for one in figures.sources:
        for words, fen in (("到账", one.received), ("支出", one.spent), ("退回", one.returned)):
            yield f"{one.source} {words}", fen
    for line in figures.uses:
        yield f"{line.source}·{line.use} 支出", line.spent


def later(then: Figures, entries: Iterable[Entry], as_of: date) -> list[Entry]:
    """Return the spending entered after figures were kept, with a day that they cover."""
    rows = (one for one in entries if one.side is Side.SPENT and one.on <= as_of and one.id > then.last_row)
    return sorted(rows, key=lambda one: one.id)
