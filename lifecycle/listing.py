"""The list of projects: filtered, sorted and paged in the database, a constant number of queries a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, case, func, null, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from lifecycle.keeping import Kept
from lifecycle.models import Agency, KeptDuty, KeptFinding, Measure, Payment, Project, Tranche
from lifecycle.money import Fen
from lifecycle.record import FISCAL, MeasureKind
from lifecycle.roles import Actor
from lifecycle.rules.base import Strength
from lifecycle.stages import Stage
from lifecycle.turn_duties import not_within_bureau
from lifecycle.visibility import visible

PER_PAGE = (20, 50, 100)
"""The page sizes on offer."""

USUAL_SIZE = 50

SORTS: Mapping[str, InstrumentedAttribute[Any]] = {
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
    per_page: int = USUAL_SIZE

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
    on_hold: bool = False
    """Whether money waits since an inspection wants it so."""
    planned: Fen = 0
    paid: Fen = 0
    must_findings: int = 0
    usual_findings: int = 0
    """Of usual rules, for which nobody has written a reason."""
    next_due: date | None = None
    next_duty: str = ""


@dataclass(frozen=True, slots=True)
class Totals:
    """Of everything that is filtered, not only of the page."""

    count: int
    fiscal: Fen


@dataclass(frozen=True, slots=True)
class Choices:
    """What the filter bar can offer: what there is among the actor's projects."""

    programmes: Sequence[str]
    years: Sequence[int]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list."""

    rows: Sequence[ListedProject]
    totals: Totals
    choices: Choices
    number: int
    pages: int


_totals: Kept[tuple[object, ...], Totals] = Kept()
_choices: Kept[tuple[object, ...], Choices] = Kept()


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
    revision = revision_of(session, actor)
    whose = scope_of(session, actor)
    totals = _totals.get(
        (whose, asked.asks, today), revision, lambda: count_projects(session, actor, asked, today)
    )
    choices = _choices.get(whose, revision, lambda: _find_choices(session, actor))
    pages = max(1, -(-totals.count // asked.per_page))
    number = min(max(1, asked.page), pages)
    place = {"size": asked.per_page, "first": (number - 1) * asked.per_page}
    query = _page_query(actor, asked, today, _narrow(actor, asked, totals))
    rows = session.connection().execute(query, place).all() if totals.count else []
    details = _Details.of(session, [row[0] for row in rows], today)
    return Page([details.complete(*row) for row in rows], totals, choices, number, pages)


@lru_cache(maxsize=64)
def _page_query(actor: Actor, asked: Filter, today: date, narrow: bool) -> Select[*tuple[Any, ...]]:
    """Return the statement of a page, made once: putting it together takes longer than running it."""
    query = _rows(_chosen(actor, asked, today), asked, narrow)
    return query.limit(bindparam("size", type_=Integer)).offset(bindparam("first", type_=Integer))


def every_project(session: Session, actor: Actor, asked: Filter, today: date) -> Iterator[ListedProject]:
    """Yield everything the filter asks for, in its order, for an export."""
    chosen = _chosen(actor, asked, today)
    details = _Details.of(session, select(Project.id).where(chosen), today)
    for row in session.execute(_rows(chosen, asked)):
        yield details.complete(*row)


def any_project(session: Session, actor: Actor) -> bool:
    """Whether there is any project that the actor may see."""
    return session.execute(select(Project.id).where(visible(actor)).limit(1)).first() is not None


def count_projects(session: Session, actor: Actor, asked: Filter, today: date) -> Totals:
    """Count and sum what the filter asks for, anew."""
    fiscal = func.coalesce(func.sum(Project.fiscal_fen), 0)
    row = session.execute(select(func.count(), fiscal).where(_chosen(actor, asked, today))).one()
    return Totals(row[0], int(row[1]))


def revision_of(session: Session, actor: Actor) -> int | None:
    """Return the revision of the agency's data: it rises with every command."""
    return session.scalar(select(Agency.revision).where(Agency.id == actor.agency_id))


def scope_of(session: Session, actor: Actor) -> tuple[object, ...]:
    """Return the key under which what this actor sees can be kept; colleagues who see the same share it."""
    own = () if actor.sees_all_projects else (actor.user_id, actor.roles, actor.email, actor.units)
    return (str(session.get_bind().engine.url), actor.agency_id, own)


def _find_choices(session: Session, actor: Actor) -> Choices:
    query = select(Project.programme, Project.year).where(visible(actor))
    if actor.sees_all_projects:  # of a few projects SQLite would look through all for the different ones
        query = query.distinct()
    pairs = session.execute(query).all()
    years = sorted({year for _, year in pairs}, reverse=True)
    return Choices(sorted({programme for programme, _ in pairs}), years)


NARROW = 20_000
"""Up to so many projects are better found first and sorted then."""


def _narrow(actor: Actor, asked: Filter, totals: Totals) -> bool:
    """Whether the filter has an index of its own and leaves little.

    SQLite, which keeps no statistics, would rather walk through all projects in their order.
    """
    by_index = bool(asked.programme or asked.stage) or not actor.sees_all_projects
    return by_index and totals.count <= NARROW


def _rows(where: ColumnElement[bool], asked: Filter, narrow: bool = True) -> Select[*tuple[Any, ...]]:
    column = SORTS.get(asked.sort, Project.number)
    by: ColumnElement[Any] = func.coalesce(column, null()) if narrow else column.expression
    order = [by.desc(), Project.id.desc()] if asked.descending else [by.asc(), Project.id.asc()]
    hold = select(Measure.id).where(
        Measure.project_id == Project.id,
        Measure.kind == MeasureKind.HOLD,
        Measure.settled_on.is_(None),
    )
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
        Project.fiscal_fen,
        hold.exists(),
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


Ids = Sequence[int] | Select[int]
"""Projects, by their ids or by the query that finds them."""


class _Details(NamedTuple):
    """What rows are completed with, by project id."""

    money: dict[int, tuple[Fen, Fen]]
    findings: dict[int, tuple[int, int]]
    duties: dict[int, tuple[date | None, str]]

    @classmethod
    def of(cls, session: Session, ids: Ids, today: date) -> _Details:
        """Ask for the money, the findings and the next duty of all those projects at once."""
        if isinstance(ids, Select):
            queries, given = (_details(ids, today)), {}
        else:
            queries, given = _details_of_some(today), {"ids": ids}
        money, findings, duties = (session.connection().execute(query, given) for query in queries)
        return cls(
            {row[0]: (int(row[1]), int(row[2])) for row in money},
            {row[0]: (int(row[1]), int(row[2])) for row in findings},
            {row[0]: (row[1], row[2]) for row in duties},
        )

    def complete(self, id_: int, *values: Any) -> ListedProject:
        """Return the row of a project with everything known of it."""
        money = self.money.get(id_, (0, 0))
        findings = self.findings.get(id_, (0, 0))
        duty = self.duties.get(id_, (None, ""))
        *known, on_hold = values
        in_order: tuple[Any, ...] = (id_, *known, bool(on_hold), *money, *findings, *duty)
        return ListedProject(*in_order)


Queries = tuple[Select[*tuple[Any, ...]], ...]


@lru_cache(maxsize=4)
def _details_of_some(today: date) -> Queries:
    return _details(bindparam("ids", expanding=True), today)


def _details(ids: Any, today: date) -> Queries:
    """Return the statements that find the money, the findings and the duties (the most urgent last)."""
    paid = func.sum(case((Payment.paid_on <= today, Payment.amount_fen), else_=0))
    money = (
        select(Tranche.project_id, func.sum(Tranche.planned_fen), func.coalesce(paid, 0))
        .outerjoin(Payment, Payment.tranche_id == Tranche.id)
        .where(Tranche.project_id.in_(ids), Tranche.source.in_(FISCAL))
        .group_by(Tranche.project_id)
    )
    explained = KeptFinding.reason_since <= today
    must = case((KeptFinding.strength == Strength.MUST, 1), else_=0)
    usual = case((or_(KeptFinding.strength == Strength.MUST, explained), 0), else_=1)
    findings = (
        select(KeptFinding.project_id, func.sum(must), func.sum(usual))
        .where(KeptFinding.project_id.in_(ids), standing_findings(today))
        .group_by(KeptFinding.project_id)
    )
    duties = (
        select(KeptDuty.project_id, KeptDuty.due, KeptDuty.message)
        .where(KeptDuty.project_id.in_(ids), open_duties(today), not_within_bureau())
        .order_by(KeptDuty.due.desc(), KeptDuty.id.desc())
    )
    return money, findings, duties
