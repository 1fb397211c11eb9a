"""The notices of an agency as a list: filtered and paged in the database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from lifecycle.models import NoticeKind, PaperNotice, Project
from lifecycle.notice_words import number_words
from lifecycle.roles import Actor
from lifecycle.supervised import Asked, Listed, ProjectOf
from lifecycle.visibility import visible

RECEIPT = timedelta(7)
"""How long after it was sent a notice's receipt is waited for. The bureau's own practice."""


class NoticeState(StrEnum):
    """Where a notice stands on a day."""

    DRAWN = "待送出"
    SENT = "待回执"
    OVERDUE = "回执逾期"
    RECEIVED = "已收到"
    VOID = "已作废"


@dataclass(frozen=True, slots=True)
class ListedNotice:
    """A notice as a list shows it."""

    id: int
    project: ProjectOf
    kind: NoticeKind
    year: int
    running: int
    drawn_on: date
    sent_on: date | None
    sent_by: str | None
    received_on: date | None
    received_by: str | None
    void_on: date | None
    to: str

    @property
    def number(self) -> str:
        """Its number as it is written."""
        return number_words(self.year, self.running)

    def state(self, today: date) -> NoticeState:
        """Where it stands on a day."""
        return state_of(self, today)


def state_of(row: PaperNotice | ListedNotice, today: date) -> NoticeState:
    """Return where a notice stands on a day."""
    if row.void_on is not None:
        return NoticeState.VOID
    if row.received_on is not None:
        return NoticeState.RECEIVED
    if row.sent_on is None:
        return NoticeState.DRAWN
    return NoticeState.OVERDUE if row.sent_on + RECEIPT < today else NoticeState.SENT


def _stands(state: NoticeState, today: date) -> ColumnElement[bool]:
    void, sent = PaperNotice.void_on.is_not(None), PaperNotice.sent_on.is_not(None)
    received, late = PaperNotice.received_on.is_not(None), PaperNotice.sent_on < today - RECEIPT
    return {
        NoticeState.VOID: void,
        NoticeState.RECEIVED: and_(~void, received),
        NoticeState.DRAWN: and_(~void, ~received, ~sent),
        NoticeState.OVERDUE: and_(~void, ~received, sent, late),
        NoticeState.SENT: and_(~void, ~received, sent, ~late),
    }[state]


_COLUMNS = (
    *(Project.number, Project.title, Project.lead_unit),
    *(PaperNotice.id, PaperNotice.kind, PaperNotice.year, PaperNotice.running, PaperNotice.drawn_on),
    *(PaperNotice.sent_on, PaperNotice.sent_by, PaperNotice.received_on, PaperNotice.received_by),
    *(PaperNotice.void_on, PaperNotice.content),
)


def list_notices(
    session: Session,
    actor: Actor,
    asked: Asked,
    today: date,
    *,
    whole: bool = False,
    project_id: int | None = None,
) -> Listed[ListedNotice]:
    """Return a page of notices, the latest first; ``whole``: all of them, for an export.

    Whoever is not of the bureau sees those that were sent.
    """
    query = select(*_COLUMNS).join(Project, Project.id == PaperNotice.project_id)
    query = query.where(*_asked_for(actor, asked, today, project_id))
    ordered = query.order_by(PaperNotice.year.desc(), PaperNotice.running.desc(), PaperNotice.id.desc())
    if whole:
        rows = [_listed(row) for row in session.execute(ordered)]
        return Listed(rows, len(rows), 1, 1)
    count = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    pages = max(1, -(-count // asked.per_page))
    number = min(max(1, asked.page), pages)
    found = ordered.limit(asked.per_page).offset((number - 1) * asked.per_page)
    return Listed([_listed(row) for row in session.execute(found)], count, number, pages)


def _asked_for(
    actor: Actor, asked: Asked, today: date, project_id: int | None
) -> Iterator[ColumnElement[bool]]:
    yield visible(actor)
    if not actor.sees_all_projects:
        yield PaperNotice.sent_on.is_not(None)
    if project_id is not None:
        yield PaperNotice.project_id == project_id
    for word in asked.text.lower().split():
        yield Project.search_text.contains(word, autoescape=True)
    if asked.kind in set(NoticeKind):
        yield PaperNotice.kind == NoticeKind(asked.kind)
    if asked.state in set(NoticeState):
        yield _stands(NoticeState(asked.state), today)


def _listed(row: Any) -> ListedNotice:
    number, title, unit, id_, *rest, content = row
    told: list[Any] = [*rest, content["to"]]
    return ListedNotice(id_, ProjectOf(number, title, unit), *told)
