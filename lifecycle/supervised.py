"""What has been inspected, ordered and entered, as lists: filtered and paged in the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.orm import Session

from lifecycle.inspecting import outcome_words
from lifecycle.integrity import shown_to
from lifecycle.models import (
    Inspection,
    InspectionKind,
    InspectionState,
    IntegrityAct,
    IntegrityEntry,
    IntegrityState,
    Measure,
    MeasureState,
    Project,
)
from lifecycle.record import MeasureKind
from lifecycle.roles import Actor
from lifecycle.visibility import visible

OVERDUE = "overdue"
OPEN = "open"
SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a list. Empty fields ask nothing; ``state`` of measures is one of the words above."""

    text: str = ""
    kind: str = ""
    state: str = ""
    page: int = 1
    per_page: int = 50


Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Listed(Generic[Row]):
    """One page of a list, with how many there are in all."""

    rows: Sequence[Row]
    count: int
    number: int
    pages: int


@dataclass(frozen=True, slots=True)
class ProjectOf:
    """The project that a row is about."""

    number: str
    title: str
    lead_unit: str


@dataclass(frozen=True, slots=True)
class ListedInspection:
    """An inspection as a list shows it."""

    id: int
    project: ProjectOf
    number: int
    kind: InspectionKind
    state: InspectionState
    organiser: str
    recognised: bool
    inspected_on: date
    outcome: str
    findings: int
    due: date | None


@dataclass(frozen=True, slots=True)
class ListedMeasure:
    """A measure as a list shows it."""

    id: int
    project: ProjectOf
    number: int
    kind: MeasureKind
    state: MeasureState
    ordered_on: date
    due: date | None
    settled_on: date | None
    text: str

    def is_overdue(self, today: date) -> bool:
        """Whether it was to be done by now and is not."""
        return self.settled_on is None and self.due is not None and self.due < today


@dataclass(frozen=True, slots=True)
class ListedEntry:
    """An entry of research integrity as a list shows it."""

    id: int
    project: ProjectOf
    number: int
    state: IntegrityState
    about: str
    act: IntegrityAct
    citation: str | None
    happened_on: date | None
    proposed_on: date
    decided_on: date | None


_PROJECT = (Project.number, Project.title, Project.lead_unit)
_MADE = 3
"""Columns of a row that make its ``ProjectOf``."""


def list_inspections(
    session: Session, actor: Actor, asked: Asked, *, whole: bool = False, project_id: int | None = None
) -> Listed[ListedInspection]:
    """Return a page of inspections, the latest first; ``whole``: all of them, for an export."""
    columns = (
        *(Inspection.id, Inspection.number, Inspection.kind, Inspection.state, Inspection.organiser),
        *(Inspection.recognised, Inspection.inspected_on, Inspection.outcome, Inspection.findings),
        Inspection.due,
    )
    query = select(*_PROJECT, *columns).join(Project, Project.id == Inspection.project_id)
    query = query.where(*_of_projects(actor, asked, project_id))
    if not actor.sees_all_projects:
        query = query.where(Inspection.state == InspectionState.DECIDED)
    if asked.kind in set(InspectionKind):
        query = query.where(Inspection.kind == InspectionKind(asked.kind))
    if asked.state in set(InspectionState):
        query = query.where(Inspection.state == InspectionState(asked.state))
    order = (Inspection.inspected_on.desc(), Inspection.id.desc())
    return _page(session, query.order_by(*order), asked, _inspection, whole=whole)


def _inspection(row: Any) -> ListedInspection:
    id_, *values, outcome, findings, due = row[_MADE:]
    told: list[Any] = [*values, outcome_words(outcome, due), len(findings), due]
    return ListedInspection(id_, ProjectOf(*row[:_MADE]), *told)


def list_measures(
    session: Session,
    actor: Actor,
    asked: Asked,
    today: date,
    *,
    whole: bool = False,
    project_id: int | None = None,
) -> Listed[ListedMeasure]:
    """Return a page of measures: rectifications overdue on top, then what is in force, then the rest."""
    columns = (
        *(Measure.id, Measure.number, Measure.kind, Measure.state, Measure.ordered_on),
        *(Measure.due, Measure.settled_on, Measure.text),
    )
    query = select(*_PROJECT, *columns).join(Project, Project.id == Measure.project_id)
    query = query.where(*_of_projects(actor, asked, project_id))
    if asked.kind in set(MeasureKind):
        query = query.where(Measure.kind == MeasureKind(asked.kind))
    still, late = Measure.settled_on.is_(None), _overdue(today)
    wanted = {OPEN: still, OVERDUE: late, SETTLED: ~still}.get(asked.state)
    if wanted is not None:
        query = query.where(wanted)
    rank = case((late, 0), (still, 1), else_=2)
    order = (rank, func.coalesce(Measure.due, date.max), Measure.id.desc())
    return _page(session, query.order_by(*order), asked, _measure, whole=whole)


def _measure(row: Any) -> ListedMeasure:
    id_, *values = row[_MADE:]
    return ListedMeasure(id_, ProjectOf(*row[:_MADE]), *values)


def _overdue(today: date) -> ColumnElement[bool]:
    return and_(Measure.settled_on.is_(None), Measure.due.is_not(None), Measure.due < today)


def list_entries(
    session: Session, actor: Actor, asked: Asked, *, whole: bool = False, project_id: int | None = None
) -> Listed[ListedEntry]:
    """Return a page of entries of research integrity, the latest first."""
    columns = (
        *(IntegrityEntry.id, IntegrityEntry.number, IntegrityEntry.state, IntegrityEntry.about),
        *(IntegrityEntry.act, IntegrityEntry.citation, IntegrityEntry.happened_on),
        *(IntegrityEntry.proposed_on, IntegrityEntry.decided_on),
    )
    query = select(*_PROJECT, *columns).join(Project, Project.id == IntegrityEntry.project_id)
    query = query.where(*_of_projects(actor, asked, project_id), shown_to(actor))
    if asked.kind in set(IntegrityAct):
        query = query.where(IntegrityEntry.act == IntegrityAct(asked.kind))
    if asked.state in set(IntegrityState):
        query = query.where(IntegrityEntry.state == IntegrityState(asked.state))
    order = (IntegrityEntry.proposed_on.desc(), IntegrityEntry.id.desc())
    return _page(session, query.order_by(*order), asked, _entry, whole=whole)


def _entry(row: Any) -> ListedEntry:
    id_, *values = row[_MADE:]
    return ListedEntry(id_, ProjectOf(*row[:_MADE]), *values)


def _of_projects(actor: Actor, asked: Asked, project_id: int | None) -> Iterator[ColumnElement[bool]]:
    yield visible(actor)
    if project_id is not None:
        yield Project.id == project_id
    for word in asked.text.lower().split():
        yield Project.search_text.contains(word, autoescape=True)


def _page(
    session: Session, query: Select[*tuple[Any, ...]], asked: Asked, build: Any, *, whole: bool
) -> Listed[Any]:
    if whole:
        rows = [build(row) for row in session.execute(query)]
        return Listed(rows, len(rows), 1, 1)
    counted = select(func.count()).select_from(query.order_by(None).subquery())
    count = session.scalar(counted) or 0
    pages = max(1, -(-count // asked.per_page))
    number = min(max(1, asked.page), pages)
    found = query.limit(asked.per_page).offset((number - 1) * asked.per_page)
    return Listed([build(row) for row in session.execute(found)], count, number, pages)


def open_heaps(session: Session, actor: Actor, today: date) -> tuple[int, int, int]:
    """Return how many inspections wait to be decided, rectifications are overdue, entries wait."""
    of_hers = select(Project.id).where(visible(actor))
    inspections = select(func.count()).where(
        Inspection.project_id.in_(of_hers), Inspection.state == InspectionState.PROPOSED
    )
    measures = select(func.count()).where(Measure.project_id.in_(of_hers), _overdue(today))
    entries = select(func.count()).where(
        IntegrityEntry.project_id.in_(of_hers), IntegrityEntry.state == IntegrityState.PROPOSED
    )
    row = session.execute(
        select(inspections.scalar_subquery(), measures.scalar_subquery(), entries.scalar_subquery())
    ).one()
    return row[0], row[1], row[2]
