"""The plan, tranche by tranche, with what has become of each: the lines behind every sum of the plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, not_, or_, select
from sqlalchemy.orm import Session

from finance.due import COMING, due_by, due_day
from finance.parts import MoneyParts, each_part
from finance.views.asking import Part, When, Which, of_projects, within
from lifecycle.models import Payment, Project, Tranche
from lifecycle.money import Fen
from lifecycle.record import FISCAL, Source
from lifecycle.roles import Actor
from lifecycle.rules.base import ONE_DAY
from lifecycle.stages import TrancheState
from lifecycle.visibility import visible


def amount_of(parts: MoneyParts, part: Part) -> Fen:
    """Return how much of a divided sum that part is; ``over`` is what was paid beyond the plan."""
    return {
        Part.PLANNED: parts.planned,
        Part.PAID: parts.paid,
        Part.ON_WAY: parts.on_way,
        Part.WAITING: parts.open - parts.on_way,
        Part.HELD: parts.held,
        Part.CANCELLED: parts.cancelled,
        Part.OVER: -parts.difference,
        Part.OWED: parts.held + parts.open,
        Part.OPEN: parts.open,
    }[part]


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One tranche. ``amount`` is the part of it that is asked for; amounts are fen."""

    id: int
    project_number: str
    project_title: str
    programme: str
    lead_unit: str
    number: int
    source: Source
    planned_on: date | None
    due_on: date | None
    """The planned day or, of a first tranche, the day the law sets, whichever is earlier."""
    state: TrancheState
    late: bool
    planned: Fen
    paid: Fen
    amount: Fen


@dataclass(frozen=True, slots=True)
class PlanPage:
    """One page of lines, with count and sum of everything that is asked for."""

    rows: Sequence[PlanLine]
    count: int
    total: Fen
    number: int
    pages: int


def plan_page(
    session: Session, actor: Actor, which: Which, today: date, page: int, per_page: int
) -> PlanPage:
    """Return a page of the plan's lines, the earliest first; a page beyond the last gives the last."""
    count, total = plan_total(session, actor, which, today)
    pages = max(1, -(-count // per_page))
    number = min(max(1, page), pages)
    query = _rows(_asked(actor, which, today)).limit(per_page).offset((number - 1) * per_page)
    return PlanPage([_line(*row) for row in session.execute(query)], count, total, number, pages)


def plan_total(session: Session, actor: Actor, which: Which, today: date) -> tuple[int, Fen]:
    """Return how many lines of the plan are asked for, and their sum."""
    asked = _asked(actor, which, today, short=True)
    sums = select(func.count(), func.coalesce(func.sum(asked.c.amount), 0)).where(asked.c.amount != 0)
    count, total = session.execute(sums).one()
    return count, int(total)


def count_parts(session: Session, actor: Actor, ways: Mapping[Part, Which], today: date) -> int:
    """Return how many lines the parts have together, each as it is asked for; one statement divides for all.

    Of parts that a tranche not paid yet may be in.
    """
    asked = {which: f"asked_{place}" for place, which in enumerate(dict.fromkeys(ways.values()))}
    these = {name: and_(*plan_conditions(which, today)) for which, name in asked.items()}
    each = each_part(Tranche.id, *(one.label(name) for name, one in these.items()), as_of=today)
    each_line = each.where(visible(actor), or_(*these.values()), _not_all_paid(today)).subquery()
    counts = (
        func.count(case((and_(each_line.c[asked[which]], _amount(each_line, part) != 0), 1)))
        for part, which in ways.items()
    )
    return sum(session.execute(select(*counts)).one())


def every_plan_line(session: Session, actor: Actor, which: Which, today: date) -> Iterator[PlanLine]:
    """Yield all of the plan's lines that are asked for, in the order of the pages, for an export."""
    for row in session.execute(_rows(_asked(actor, which, today))):
        yield _line(*row)


def plan_conditions(which: Which, today: date) -> list[ColumnElement[bool]]:
    """Return the conditions on tranches of public money and their projects, the part not among them."""
    conditions = [
        Tranche.source.in_(FISCAL if which.source is None else {which.source} & FISCAL),
        *of_projects(which),
        *within(which, Tranche.planned_on),
    ]
    if which.when is not None:
        conditions.append(_WHEN[which.when](today))
    return conditions


def is_late(today: date) -> ColumnElement[bool]:
    """Return the condition that the day by which a tranche was to be paid has gone by."""
    return _is_due(today - ONE_DAY, today)


def _is_due(by: date, today: date) -> ColumnElement[bool]:
    return func.coalesce(due_by(by, today), False)


_WHEN: Mapping[When, Callable[[date], ColumnElement[bool]]] = {
    When.LATE: is_late,
    When.NOT_LATE: lambda today: not_(is_late(today)),
    When.SOON: lambda today: and_(_is_due(today + COMING, today), not_(is_late(today))),
}


def _asked(actor: Actor, which: Which, today: date, *, short: bool = False) -> Subquery:
    """Return the tranches asked for; ``short`` = only with the amount, where it is all that is wanted."""
    columns: list[Any] = [Tranche.id]
    if not short:
        columns += [
            *(Project.number.label("project_number"), Project.title, Project.programme, Project.lead_unit),
            *(Tranche.number, Tranche.source, Tranche.planned_on, due_day(today).label("due_on")),
            *(Tranche.state, is_late(today).label("late"), Tranche.position),
        ]
    where = [visible(actor), *plan_conditions(which, today)]
    if which.part not in {Part.PLANNED, Part.PAID, Part.OVER}:
        where.append(_not_all_paid(today))
    each = each_part(*columns, as_of=today).where(*where).subquery()
    return select(each, _amount(each, which.part).label("amount")).subquery()


def _not_all_paid(today: date) -> ColumnElement[bool]:
    """Return a condition that leaves few tranches to divide: whatever is owed of one, it holds."""
    return or_(Payment.paid_on.is_(None), Payment.paid_on > today, Payment.amount_fen < Tranche.planned_fen)


def _amount(each: Subquery, part: Part) -> ColumnElement[Fen]:
    parts = each.c
    ways: dict[Part, ColumnElement[Fen]] = {
        Part.WAITING: parts.open - parts.on_way,
        Part.OWED: parts.held + parts.open,
        Part.OVER: parts.paid + parts.held + parts.open + parts.cancelled - parts.planned,
    }
    return ways[part] if part in ways else parts[part.value]


def _rows(asked: Subquery) -> Select[*tuple[Any, ...]]:
    line = asked.c
    query: Select[*tuple[Any, ...]] = select(
        line.id,
        line.project_number,
        line.title,
        line.programme,
        line.lead_unit,
        line.number,
        line.source,
        line.planned_on,
        line.due_on,
        line.state,
        line.late,
        line.planned,
        line.paid,
        line.amount,
    )
    order = (func.coalesce(line.due_on, date.max), line.project_number, line.position, line.id)
    return query.where(line.amount != 0).order_by(*order)


def _line(*row: Any) -> PlanLine:
    *told, late, planned, paid, amount = row
    values: tuple[Any, ...] = (*told, bool(late), int(planned), int(paid), int(amount))
    return PlanLine(*values)
