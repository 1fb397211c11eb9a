"""A year as it ended: every payment, reversal and return of it, and what was not paid, line by line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from finance.parts import MoneyParts, parts_by
from finance.views.asking import Part, Which
from finance.views.moved import Book, Movement, every_movement, moved_by
from finance.views.planned import PlanLine, amount_of, every_plan_line, plan_conditions
from lifecycle.money import Fen
from lifecycle.roles import Actor

OWED = (Part.ON_WAY, Part.WAITING, Part.HELD, Part.CANCELLED)
"""How a tranche that was not paid may have stood."""


@dataclass(frozen=True, slots=True)
class YearEnd:
    """The lines of a year, and what the database itself adds them up to. Amounts are fen."""

    year: int
    as_of: date
    """The last day of the year, or today while it lasts."""
    moved: Mapping[Book, Sequence[Movement]]
    owed: Sequence[tuple[Part, PlanLine]]
    """Planned for the year or earlier, or for no day, and not paid; cancelled ones of the year alone."""
    moved_sums: Mapping[Book, Fen]
    owed_sum: Fen
    undated: Fen
    """What came back at any time without a day, and is in no year."""


def year_end(session: Session, actor: Actor, year: int, today: date) -> YearEnd:
    """Return the lines of a year as it ended or, while it lasts, as it stands today."""
    last = date(year, 12, 31)
    as_of, of_year = min(last, today), Which(year=year)
    ways = {part: of_year if part is Part.CANCELLED else Which(until=last) for part in OWED}
    owed = [
        (part, line)
        for part, which in ways.items()
        for line in every_plan_line(session, actor, which.of_part(part), as_of)
    ]
    sums = {which: _sum(session, actor, which, as_of) for which in set(ways.values())}
    return YearEnd(
        year,
        as_of,
        {book: list(every_movement(session, actor, book, of_year, as_of)) for book in Book},
        owed,
        {book: moved_by(session, actor, book, of_year, as_of, ())[()] for book in Book},
        sum(amount_of(sums[which], part) for part, which in ways.items()),
        moved_by(session, actor, Book.RETURNED, Which(undated=True), today, ())[()],
    )


def _sum(session: Session, actor: Actor, which: Which, as_of: date) -> MoneyParts:
    ((_, parts),) = parts_by(session, actor, as_of=as_of, where=plan_conditions(which, as_of))
    return parts
