"""The list of projects: filtered, sorted and paged in the database, a constant number of queries a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from lifecycle.keeping import Kept
from lifecycle.models import Agency, KeptDuty, KeptFinding, Payment, Project, Tranche
from lifecycle.money import Fen
from lifecycle.record import FISCAL
from lifecycle.roles import Actor
from lifecycle.rules.base import Strength
from lifecycle.stages import Stage
from lifecycle.visibility import visible

PER_PAGE = (20, 50, 100)
"""The page sizes on offer."""

SORTS: Mapping[str, InstrumentedAttribute[Any] | ColumnElement[Any]] = {
    "number": Project.number,
    "title": Project.title_order,
    "unit": Project.unit_order,
    "end": Project.end_on,
    "fiscal": Project.fiscal_fen,
}
"""What the list can be sorted by."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked of the list. Empty fields ask nothing."""

    text: str = ""
    programme: str = ""
    stage: str = ""
    year: int | None = None
    findings: str = ""
    """``any``, ``must`` or ``none``."""
    sort: str = "number"
    descending: bool = False
    page: int = 1
    per_page: int = 50

    @property
    def asks(self) -> tuple[object, ...]:
        """Everything that decides which projects are in, not how they are shown."""
        return (self.text, self.programme, self.stage, self.year, self.findings)


@dataclass(frozen=True, slots=True)
class ListedProject:
    """One row of the list. Amounts are fen; ``paid`` and ``planned`` are of public money."""

    id: int
    number: str
    title: str
    programme: str
    lead_unit: str
    pi_name: str
    stage: Stage
    start: date
    end: date
    fiscal: Fen
    planned: Fen = 0
    paid: Fen = 0
    must_findings: int = 0
    usual_findings: int = 0
    next_due: date | None = None
    next_duty: str = ""


@dataclass(frozen=True, slots=True)
class Totals:
    """Of everything that is filtered, not only of the page."""

    count: int
    fiscal: Fen


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list."""

    rows: Sequence[ListedProject]
    totals: Totals
    number: int
    pages: int


_totals: Kept[tuple[object, ...], Totals] = Kept()


def standing_findings(today: date) -> ColumnElement[bool]:
    """Return the condition that a kept finding stands on ``today``."""
    return and_(
        KeptFinding.since <= today,
        or_(KeptFinding.until.is_(None), KeptFinding.until > today),
    )


def open_duties(today: date) -> ColumnElement[bool]:
    """Return the condition that a kept duty is owed and not settled on ``today``."""
    return and_(
        KeptDuty.since <= today,
        or_(KeptDuty.done_on.is_(None), KeptDuty.done_on > today),
        or_(KeptDuty.closed_on.is_(None), KeptDuty.closed_on > today),
    )


def list_projects(session: Session, actor: Actor, asked: Filter, today: date) -> Page:
    """Return the page asked for; a page beyond the last gives the last."""
    totals = _count(session, actor, asked, today)
    pages = max(1, -(-totals.count // asked.per_page))
    number = min(max(1, asked.page), pages)
    query = _rows(_chosen(actor, asked, today), asked)
    query = query.limit(asked.per_page).offset((number - 1) * asked.per_page)
    rows = [ListedProject(*row) for row in session.execute(query)]
    return Page(_completed(session, rows, today), totals, number, pages)


def every_project(session: Session, actor: Actor, asked: Filter, today: date) -> Iterator[ListedProject]:
    """Yield everything the filter asks for, in its order, for an export."""
    query = _rows(_chosen(actor, asked, today), asked)
    rows = [ListedProject(*row) for row in session.execute(query)]
    for start in range(0, len(rows), 500):
        yield from _completed(session, rows[start : start + 500], today)


def programmes_and_years(session: Session, actor: Actor) -> tuple[list[str], list[int]]:
    """Return what the filter bar can offer: the programmes and start years of this actor's projects."""
    query = select(Project.programme, Project.year).where(visible(actor)).distinct()
    pairs = session.execute(query).all()
    return sorted({pair[0] for pair in pairs}), sorted({pair[1] for pair in pairs}, reverse=True)


def _rows(where: ColumnElement[bool], asked: Filter) -> Select[*tuple[Any, ...]]:
    column = SORTS.get(asked.sort, Project.number)
    order = [column.desc(), Project.id.desc()] if asked.descending else [column.asc(), Project.id.asc()]
    fiscal = (Project.fiscal_fen).label("fiscal")
    query = select(
        Project.id,
        Project.number,
        Project.title,
        Project.programme,
        Project.lead_unit,
        Project.pi_name,
        Project.stage,
        Project.start_on,
        Project.end_on,
        fiscal,
    )
    return query.where(where).order_by(*order)


def _chosen(actor: Actor, asked: Filter, today: date) -> ColumnElement[bool]:
    conditions = [visible(actor)]
    conditions += [Project.search_text.contains(word, autoescape=True) for word in asked.text.lower().split()]
    if asked.programme:
        conditions.append(Project.programme == asked.programme)
    if asked.stage in set(Stage):
        conditions.append(Project.stage == Stage(asked.stage))
    if asked.year is not None:
        conditions.append(Project.year == asked.year)
    return and_(*conditions, _by_findings(asked.findings, today))


def _by_findings(wanted: str, today: date) -> ColumnElement[bool]:
    standing = select(KeptFinding.id).where(KeptFinding.project_id == Project.id, standing_findings(today))
    ways: dict[str, Callable[[], ColumnElement[bool]]] = {
        "any": standing.exists,
        "must": lambda: standing.where(KeptFinding.strength == Strength.MUST).exists(),
        "none": lambda: ~standing.exists(),
    }
    return ways[wanted]() if wanted in ways else true()


def _count(session: Session, actor: Actor, asked: Filter, today: date) -> Totals:
    """Return count and sum; kept until a command changes something in the agency."""
    revision = session.scalar(select(Agency.revision).where(Agency.id == actor.agency_id))
    scope = () if actor.sees_all_projects else (actor.user_id, actor.email, actor.units)
    key = (session.get_bind().engine.url, actor.agency_id, scope, asked.asks, today)
    return _totals.get(key, revision, lambda: _counted(session, actor, asked, today))


def _counted(session: Session, actor: Actor, asked: Filter, today: date) -> Totals:
    fiscal = func.coalesce(func.sum(Project.fiscal_fen), 0)
    row = session.execute(select(func.count(), fiscal).where(_chosen(actor, asked, today))).one()
    return Totals(row[0], int(row[1]))


def _completed(session: Session, rows: list[ListedProject], today: date) -> list[ListedProject]:
    """Return the rows with money, findings and the next duty, asked once for all of them."""
    ids = [row.id for row in rows]
    money, findings, duties = (
        _money(session, ids),
        _findings(session, ids, today),
        _duties(session, ids, today),
    )
    return [
        replace(
            row,
            planned=money.get(row.id, (0, 0))[0],
            paid=money.get(row.id, (0, 0))[1],
            must_findings=findings.get(row.id, (0, 0))[0],
            usual_findings=findings.get(row.id, (0, 0))[1],
            next_due=duties.get(row.id, (None, ""))[0],
            next_duty=duties.get(row.id, (None, ""))[1],
        )
        for row in rows
    ]


def _money(session: Session, ids: list[int]) -> dict[int, tuple[Fen, Fen]]:
    paid = case((Payment.paid_on.is_not(None), Payment.amount_fen), else_=0)
    query = (
        select(Tranche.project_id, func.sum(Tranche.planned_fen), func.coalesce(func.sum(paid), 0))
        .outerjoin(Payment, Payment.tranche_id == Tranche.id)
        .where(Tranche.project_id.in_(ids), Tranche.source.in_(FISCAL))
        .group_by(Tranche.project_id)
    )
    return {row[0]: (int(row[1]), int(row[2])) for row in session.execute(query)}


def _findings(session: Session, ids: list[int], today: date) -> dict[int, tuple[int, int]]:
    must = func.sum(case((KeptFinding.strength == Strength.MUST, 1), else_=0))
    query = (
        select(KeptFinding.project_id, must, func.count())
        .where(KeptFinding.project_id.in_(ids), standing_findings(today))
        .group_by(KeptFinding.project_id)
    )
    return {row[0]: (int(row[1]), int(row[2]) - int(row[1])) for row in session.execute(query)}


def _duties(session: Session, ids: list[int], today: date) -> dict[int, tuple[date | None, str]]:
    query = (
        select(KeptDuty.project_id, KeptDuty.due, KeptDuty.message)
        .where(KeptDuty.project_id.in_(ids), open_duties(today))
        .order_by(KeptDuty.due.desc(), KeptDuty.id.desc())
    )
    return {row[0]: (row[1], row[2]) for row in session.execute(query)}
