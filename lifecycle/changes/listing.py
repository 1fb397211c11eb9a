"""Lists of changes: all that an actor may see, by the step at which they stand; what happened to one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import Session

from lifecycle.changes.requests import OVER
from lifecycle.models import AuditEntry, ChangeRequest, ChangeState, Project, User
from lifecycle.record import ChangeKind
from lifecycle.roles import Actor
from lifecycle.visibility import visible


class Heap(StrEnum):
    """The heaps that a list of changes is parted into."""

    OPEN = "办理中"
    UNIT = "单位办理"
    JOINT = "待联合实施单位同意"
    BUREAU = "待科技局审查"
    CONFERENCE = "待联席会议审定"
    APPROVER = "待科技局批准"
    FILING = "待平台备案"
    DONE = "已办结"
    ENDED = "未批准或撤回"


HEAPS: Mapping[Heap, frozenset[ChangeState]] = {
    Heap.OPEN: frozenset(ChangeState) - OVER,
    Heap.UNIT: frozenset({ChangeState.DRAFT, ChangeState.RETURNED, ChangeState.WITH_UNIT}),
    Heap.JOINT: frozenset({ChangeState.WITH_JOINT_UNIT}),
    Heap.BUREAU: frozenset({ChangeState.WITH_BUREAU}),
    Heap.CONFERENCE: frozenset({ChangeState.WITH_CONFERENCE}),
    Heap.APPROVER: frozenset({ChangeState.WITH_APPROVER}),
    Heap.FILING: frozenset({ChangeState.TO_FILE}),
    Heap.DONE: frozenset({ChangeState.DONE}),
    Heap.ENDED: frozenset({ChangeState.REJECTED, ChangeState.WITHDRAWN}),
}
"""Heap → the states of what lies in it."""


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """What is asked of the list. Empty fields ask nothing."""

    heap: Heap = Heap.OPEN
    kind: ChangeKind | None = None
    programme: str = ""
    text: str = ""
    page: int = 1
    per_page: int = 50


@dataclass(frozen=True, slots=True)
class ListedChange:
    """One row of the list."""

    id: int
    number: int
    kind: ChangeKind
    state: ChangeState
    self_decided: bool
    before: str | None
    after: str | None
    reason: str
    drafted_on: date
    applied_on: date | None
    conference_on: date | None
    decided_on: date | None
    filed_on: date | None
    approval_number: str | None
    project_number: str
    project_title: str
    programme: str
    lead_unit: str
    pi_name: str


_COLUMNS = (
    *(ChangeRequest.id, ChangeRequest.number, ChangeRequest.kind, ChangeRequest.state),
    *(ChangeRequest.self_decided, ChangeRequest.before, ChangeRequest.after, ChangeRequest.reason),
    *(ChangeRequest.drafted_on, ChangeRequest.applied_on, ChangeRequest.conference_on),
    *(ChangeRequest.decided_on, ChangeRequest.filed_on, ChangeRequest.approval_number),
    *(Project.number, Project.title, Project.programme, Project.lead_unit, Project.pi_name),
)

_ORDER = case({state: place for place, state in enumerate(ChangeState)}, value=ChangeRequest.state)
"""Along the way; what is decided comes last."""


def count_changes(session: Session, actor: Actor) -> dict[Heap, int]:
    """Return how many changes lie in each heap, of those that the actor may see."""
    query = (
        select(ChangeRequest.state, func.count())
        .join(Project, Project.id == ChangeRequest.project_id)
        .where(visible(actor))
        .group_by(ChangeRequest.state)
    )
    counts = dict(session.execute(query).all())
    return {heap: sum(counts.get(state, 0) for state in states) for heap, states in HEAPS.items()}


def list_changes(session: Session, actor: Actor, asked: ChangeFilter) -> tuple[list[ListedChange], int]:
    """Return a page of changes with how many there are in all: along their way, then the latest first."""
    total = session.scalar(_asked(select(func.count()), actor, asked)) or 0
    query = _ordered(_asked(select(*_COLUMNS), actor, asked))
    query = query.limit(asked.per_page).offset((asked.page - 1) * asked.per_page)
    return [ListedChange(*row) for row in session.execute(query)], total


def every_change(session: Session, actor: Actor, asked: ChangeFilter) -> list[ListedChange]:
    """Return all changes that are asked for, whatever the page."""
    query = _ordered(_asked(select(*_COLUMNS), actor, asked))
    return [ListedChange(*row) for row in session.execute(query)]


def _ordered(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return query.order_by(_ORDER, ChangeRequest.drafted_on.desc(), ChangeRequest.id.desc())


def _asked(query: Select[*tuple[Any, ...]], actor: Actor, asked: ChangeFilter) -> Select[*tuple[Any, ...]]:
    query = query.select_from(ChangeRequest).join(Project, Project.id == ChangeRequest.project_id)
    query = query.where(visible(actor), ChangeRequest.state.in_(HEAPS[asked.heap]))
    if asked.kind is not None:
        query = query.where(ChangeRequest.kind == asked.kind)
    if asked.programme:
        query = query.where(Project.programme == asked.programme)
    return query.where(*(_says(word) for word in asked.text.lower().split()))


def _says(word: str) -> ColumnElement[bool]:
    return or_(
        Project.search_text.contains(word, autoescape=True),
        func.lower(func.coalesce(ChangeRequest.approval_number, "")).contains(word, autoescape=True),
    )


def change_trail(session: Session, request: ChangeRequest) -> Sequence[AuditEntry]:
    """Return every act on a request, the latest first."""
    query = (
        select(AuditEntry)
        .where(AuditEntry.project_id == request.project_id)
        .where(AuditEntry.action.startswith("change."))
        .where(AuditEntry.details["request"].as_integer() == request.id)
        .order_by(AuditEntry.serial.desc())
    )
    return session.scalars(query).all()


def names_of(session: Session, ids: Iterable[int | None]) -> dict[int, str]:
    """Return the names of people by id."""
    wanted = {one for one in ids if one is not None}
    query = select(User.id, User.name).where(User.id.in_(wanted))
    return dict(session.execute(query).all()) if wanted else {}
