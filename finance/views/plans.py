"""The plan of a year by month and source: planned, paid, on its way, held and still open, late apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import func
from sqlalchemy.orm import Session

from finance.parts import MoneyParts, parts_by
from finance.views.asking import Part, When, Which, plain
from finance.views.planned import amount_of, is_late, plan_conditions
from lifecycle.keeping import Kept
from lifecycle.listing import revision_of, scope_of
from lifecycle.models import Tranche
from lifecycle.money import Fen
from lifecycle.record import Source
from lifecycle.roles import Actor

MONTHS = tuple(range(1, 13))
NOTHING = MoneyParts()


@dataclass(frozen=True, slots=True)
class PlanCell:
    """Planned money, divided, and how much of it should have been paid by now. Amounts are fen."""

    parts: MoneyParts = NOTHING
    late: MoneyParts = NOTHING
    """Those of its tranches whose day has gone by."""

    def amount(self, part: Part, when: When | None = None) -> Fen:
        """Return how much a part is, of what is late or not late if that is asked."""
        if when is None:
            return amount_of(self.parts, part)
        late = amount_of(self.late, part)
        return late if when is When.LATE else amount_of(self.parts, part) - late

    def __add__(self, other: PlanCell) -> PlanCell:
        """Return both together."""
        return PlanCell(self.parts + other.parts, self.late + other.late)


Key = tuple[int | None, Source]
"""A month, or none for what has no day, and a source."""


@dataclass(frozen=True, slots=True)
class YearPlan:
    """A year's plan, by month and source; ``undated`` is the plan of no year."""

    year: int
    cells: Mapping[Key, PlanCell]
    undated: PlanCell
    years: Sequence[int]
    """The years for which there is a plan, the newest first; the one shown among them."""
    late: PlanCell
    """Everything whose day has gone by, of whatever year."""

    def cell(self, month: int | None = None, source: Source | None = None) -> PlanCell:
        """Return one month or the year, of one source or of both."""
        return together(
            cell
            for (of_month, of_source), cell in self.cells.items()
            if month in {None, of_month} and source in {None, of_source}
        )


def together(cells: Iterable[PlanCell]) -> PlanCell:
    """Return all of them added up."""
    return sum(cells, PlanCell())


_kept: Kept[tuple[object, ...], Mapping[tuple[int | None, int | None, Source], PlanCell]] = Kept(32)


def year_plan(session: Session, actor: Actor, which: Which, today: date) -> YearPlan:
    """Return the plan of ``which.year`` (this year's without one) for the projects asked for.

    Two statements at most, however many projects; kept until something of the agency changes.
    """
    asked = replace(which, year=None, month=None, undated=False, part=Part.PLANNED, when=None)
    key = (scope_of(session, actor), asked, today)
    found = _kept.get(key, revision_of(session, actor), lambda: _cells(session, actor, asked, today))
    year = which.year or today.year
    late = (replace(cell, parts=cell.late) for cell in found.values())
    years = {of_year for of_year, _, _ in found if of_year is not None} | {year, today.year}
    return YearPlan(
        year,
        {(month, source): cell for (of_year, month, source), cell in found.items() if of_year == year},
        together(cell for (of_year, _, _), cell in found.items() if of_year is None),
        sorted(years, reverse=True),
        together(late),
    )


def _cells(
    session: Session, actor: Actor, which: Which, today: date
) -> Mapping[tuple[int | None, int | None, Source], PlanCell]:
    columns = (
        func.extract("year", Tranche.planned_on),
        func.extract("month", Tranche.planned_on),
        Tranche.source,
        is_late(today),
    )
    rows = parts_by(session, actor, *columns, as_of=today, where=plan_conditions(which, today))
    cells: dict[tuple[int | None, int | None, Source], PlanCell] = defaultdict(PlanCell)
    for (year, month, source, late), parts in rows:
        cells[plain(year), plain(month), source] += PlanCell(parts, parts if late else NOTHING)
    return cells
