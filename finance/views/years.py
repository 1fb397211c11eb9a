"""A year as it ended: every payment, reversal and return of it, and what was not paid, line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias, TypeVar

from sqlalchemy.orm import Session

from finance.parts import MoneyParts, parts_by
from finance.views.asking import Part, Which
from finance.views.moved import Book, Movement, count_moved, every_movement, moved_by
from finance.views.planned import PlanLine, amount_of, count_parts, every_plan_line, plan_conditions
from lifecycle.money import Fen
from lifecycle.roles import Actor

T = TypeVar("T")

Read: TypeAlias = Callable[[int], None]
"""Told how many lines have been read."""

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

    @property
    def count(self) -> int:
        """How many lines there are."""
        return sum(map(len, self.moved.values())) + len(self.owed)


def year_end(
    session: Session, actor: Actor, year: int, today: date, read: Read = lambda _done: None
) -> YearEnd:
    """Return the lines of a year as it ended or, while it lasts, as it stands today."""
    as_of, of_year, ways = _asked(year, today)
    told = _Told(read)
    owed = [
        (part, line)
        for part, which in ways.items()
        for line in told.all_of(every_plan_line(session, actor, which.of_part(part), as_of))
    ]
    sums = {which: _sum(session, actor, which, as_of) for which in set(ways.values())}
    return YearEnd(
        year,
        as_of,
        {book: told.all_of(every_movement(session, actor, book, of_year, as_of)) for book in Book},
        owed,
        {book: moved_by(session, actor, book, of_year, as_of, ())[()] for book in Book},
        sum(amount_of(sums[which], part) for part, which in ways.items()),
        moved_by(session, actor, Book.RETURNED, Which(undated=True), today, ())[()],
    )


def count_lines(session: Session, actor: Actor, year: int, today: date) -> int:
    """Return how many lines a year has, without reading them; two statements."""
    as_of, of_year, ways = _asked(year, today)
    return count_parts(session, actor, ways, as_of) + count_moved(session, actor, of_year, as_of)


def _asked(year: int, today: date) -> tuple[date, Which, Mapping[Part, Which]]:
    """Return the day as of which a year is looked at, what moved in it, and what is owed by its end."""
    last, of_year = date(year, 12, 31), Which(year=year)
    owed = {part: of_year if part is Part.CANCELLED else Which(until=last) for part in OWED}
    return min(last, today), of_year, owed


class _Told:
    """Lines on their way into the memory, told of by the hundred."""

    def __init__(self, read: Read) -> None:
        self._read, self._done = read, 0

    def all_of(self, lines: Iterable[T]) -> list[T]:
        """Return the lines."""
        found = []
        for line in lines:
            found.append(line)
            self._done += 1
            if self._done % 100 == 0:
                self._read(self._done)
        return found


def _sum(session: Session, actor: Actor, which: Which, as_of: date) -> MoneyParts:
    ((_, parts),) = parts_by(session, actor, as_of=as_of, where=plan_conditions(which, as_of))
    return parts
