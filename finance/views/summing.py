"""The plan and what moved, added up by programme, unit, source or year, and crossed with the source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import Session

from finance.parts import MoneyParts, parts_by
from finance.views.asking import Part, Which, plain
from finance.views.moved import Book, moved_by
from finance.views.planned import plan_conditions
from lifecycle.keeping import Kept
from lifecycle.listing import revision_of, scope_of
from lifecycle.models import Project, Tranche
from lifecycle.money import Fen
from lifecycle.record import Source
from lifecycle.roles import Actor


class By(StrEnum):
    """What is added up by."""

    PROGRAMME = "programme"
    UNIT = "unit"
    SOURCE = "source"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Moved:
    """What moved. Amounts are fen."""

    paid: Fen = 0
    reversed: Fen = 0
    returned: Fen = 0

    @property
    def net(self) -> Fen:
        """What was paid and neither taken back nor returned."""
        return self.paid - self.reversed - self.returned

    def __add__(self, other: Moved) -> Moved:
        """Return both together."""
        return Moved(*(one + more for one, more in zip(astuple(self), astuple(other), strict=True)))


NOTHING, STILL = MoneyParts(), Moved()


@dataclass(frozen=True, slots=True)
class SumRow:
    """One row: whose it is, the plan by the year it is planned for, what moved by the day it did."""

    key: Any
    """Programme, unit, source or year; ``None`` = no source or no day was written down."""
    source: Source | None = None
    """Of a crossed row; ``None`` where nobody said which."""
    crossed: bool = False
    parts: MoneyParts = NOTHING
    moved: Moved = STILL


_kept: Kept[tuple[object, ...], Sequence[SumRow]] = Kept(32)


def summary(
    session: Session, actor: Actor, which: Which, by: By, today: date, *, crossed: bool = False
) -> Sequence[SumRow]:
    """Return the rows in no order of theirs: five statements at most; kept until something changes.

    ``crossed`` gives each key a row for each source.
    """
    asked = replace(which, part=Part.PLANNED, when=None)
    keys = (by, By.SOURCE) if crossed and by is not By.SOURCE else (by,)
    key = (scope_of(session, actor), asked, keys, today)
    return _kept.get(key, revision_of(session, actor), lambda: _rows(session, actor, asked, keys, today))


def total_of(rows: Iterable[SumRow]) -> SumRow:
    """Return all rows together."""
    parts, moved = NOTHING, STILL
    for row in rows:
        parts, moved = parts + row.parts, moved + row.moved
    return SumRow(None, parts=parts, moved=moved)


def _rows(session: Session, actor: Actor, which: Which, keys: Sequence[By], today: date) -> Sequence[SumRow]:
    ways: Mapping[By, Any] = {
        By.PROGRAMME: Project.programme,
        By.UNIT: Project.lead_unit,
        By.SOURCE: Tranche.source,
        By.YEAR: func.extract("year", Tranche.planned_on),
    }
    columns = [ways[one] for one in keys]
    planned = {
        tuple(map(plain, key)): parts
        for key, parts in parts_by(session, actor, *columns, as_of=today, where=plan_conditions(which, today))
    }
    moved = {book: moved_by(session, actor, book, which, today, keys) for book in Book}
    every = dict.fromkeys([*planned, *(key for sums in moved.values() for key in sums)])
    return [
        SumRow(
            key[0],
            key[1] if len(keys) > 1 else None,
            len(keys) > 1,
            planned.get(key, NOTHING),
            Moved(*(moved[book].get(key, 0) for book in Book)),
        )
        for key in every
    ]
