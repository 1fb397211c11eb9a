"""The notices of an agency as a list: filtered and paged in the database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from lifecycle.keeping import Kept
from lifecycle.listing import scope_of
from lifecycle.models import NoticeKind, PaperNotice, Project
from lifecycle.notice_settings import NoticeSettings, notice_settings_of
from lifecycle.notice_words import KEGUAN, number_words
from lifecycle.roles import Actor, Permission
from lifecycle.supervised import Asked, Listed, ProjectOf
from lifecycle.visibility import visible


class NoticeState(StrEnum):
    """Where a notice stands on a day. What went through Keguan is signed for there; else a receipt returns.

    How long either may take is the agency's own setting.
    """

    DRAWN = "待送出"
    DELIVERED = "待签收"
    UNSIGNED = "逾期未签收"
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
    mark: str | None
    drawn_on: date
    sent_on: date | None
    sent_by: str | None
    received_on: date | None
    received_by: str | None
    void_on: date | None
    to: str
    settings: NoticeSettings

    @property
    def number(self) -> str:
        """Its number as it is written."""
        return number_words(self.year, self.running, self.mark)

    def state(self, today: date) -> NoticeState:
        """Where it stands on a day."""
        return state_of(self, self.settings, today)


def state_of(row: PaperNotice | ListedNotice, settings: NoticeSettings, today: date) -> NoticeState:
    """Return where a notice stands on a day."""
    if row.void_on is not None:
        return NoticeState.VOID
    if row.received_on is not None:
        return NoticeState.RECEIVED
    if row.sent_on is None:
        return NoticeState.DRAWN
    late = row.sent_on + settings.receipt_within < today
    if row.sent_by == KEGUAN:
        return NoticeState.UNSIGNED if late else NoticeState.DELIVERED
    return NoticeState.OVERDUE if late else NoticeState.SENT


def _stands(state: NoticeState, settings: NoticeSettings, today: date) -> ColumnElement[bool]:
    row = PaperNotice
    void, received = row.void_on.is_not(None), row.received_on.is_not(None)
    sent, here = row.sent_on.is_not(None), row.sent_by == KEGUAN
    waits, late = and_(~void, ~received, sent), row.sent_on < today - settings.receipt_within
    return {
        NoticeState.VOID: void,
        NoticeState.RECEIVED: and_(~void, received),
        NoticeState.DRAWN: and_(~void, ~received, ~sent),
        NoticeState.UNSIGNED: and_(waits, here, late),
        NoticeState.DELIVERED: and_(waits, here, ~late),
        NoticeState.OVERDUE: and_(waits, ~here, late),
        NoticeState.SENT: and_(waits, ~here, ~late),
    }[state]


_unsigned: Kept[tuple[object, ...], int] = Kept()


def count_unsigned(session: Session, actor: Actor, today: date, revision: int | None) -> int:
    """Return how many notices went through Keguan and were not signed for in time, for who sends them.

    Kept as long as ``revision``, the agency's, stays the same.
    """
    if not actor.may(Permission.SEND_REMINDERS):
        return 0

    def count() -> int:
        late = _stands(NoticeState.UNSIGNED, notice_settings_of(session, actor.agency_id), today)
        query = select(func.count()).where(PaperNotice.agency_id == actor.agency_id, late)
        return session.scalar(query) or 0

    return _unsigned.get((*scope_of(session, actor), today), revision, count)


_COLUMNS = (
    *(Project.number, Project.title, Project.lead_unit),
    *(PaperNotice.id, PaperNotice.kind, PaperNotice.year, PaperNotice.running, PaperNotice.mark),
    PaperNotice.drawn_on,
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
    """Return a page of notices, those not signed for in time on top, then the latest first.

    ``whole``: all of them, for an export.
    Whoever is not of the bureau sees those that were sent.
    """
    settings = notice_settings_of(session, actor.agency_id)
    query = select(*_COLUMNS).join(Project, Project.id == PaperNotice.project_id)
    query = query.where(*_asked_for(actor, asked, settings, today, project_id))
    last = case((_stands(NoticeState.UNSIGNED, settings, today), 0), else_=1)
    ordered = query.order_by(last, PaperNotice.year.desc(), PaperNotice.running.desc(), PaperNotice.id.desc())
    if whole:
        rows = [_listed(row, settings) for row in session.execute(ordered)]
        return Listed(rows, len(rows), 1, 1)
    count = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    pages = max(1, -(-count // asked.per_page))
    number = min(max(1, asked.page), pages)
    found = ordered.limit(asked.per_page).offset((number - 1) * asked.per_page)
    return Listed([_listed(row, settings) for row in session.execute(found)], count, number, pages)


def _asked_for(
    actor: Actor, asked: Asked, settings: NoticeSettings, today: date, project_id: int | None
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
        yield _stands(NoticeState(asked.state), settings, today)


def _listed(row: Any, settings: NoticeSettings) -> ListedNotice:
    number, title, unit, id_, *rest, content = row
    told: list[Any] = [*rest, content["to"], settings]
    return ListedNotice(id_, ProjectOf(number, title, unit), *told)
