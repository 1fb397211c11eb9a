"""A person's inbox in the agency she works in: what she was told, newest first, and what she has read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session

from lifecycle.addresses import project_path
from lifecycle.command import Work, command
from lifecycle.models import InboxMessage, Project
from lifecycle.refusals import NotFound
from lifecycle.roles import Actor, Permission

PER_PAGE = (20, 50, 100)
"""The page sizes on offer."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message; ``project`` is the number of the project it speaks of."""

    id: int
    title: str
    body: str
    told_on: date
    is_read: bool
    project: str | None
    own_path: str | None

    @property
    def path(self) -> str | None:
        """The path of the page on which to act."""
        if self.own_path is not None:
            return self.own_path
        return None if self.project is None else project_path(self.project)


@dataclass(frozen=True, slots=True)
class Inbox:
    """One page of an inbox; by ``newest``, the id of its newest message, no later one is marked read."""

    messages: Sequence[Message]
    count: int
    unread: int
    newest: int
    number: int
    pages: int


def _own(actor: Actor) -> ColumnElement[bool]:
    return and_(InboxMessage.user_id == actor.user_id, InboxMessage.agency_id == actor.agency_id)


def unread_count(session: Session, actor: Actor) -> int:
    """Return how many messages the actor has not read."""
    query = select(func.count()).select_from(InboxMessage).where(_own(actor), InboxMessage.read_at.is_(None))
    return session.scalar(query) or 0


def open_inbox(session: Session, actor: Actor, page: int = 1, per_page: int = 20) -> Inbox:
    """Return a page of the actor's inbox; a page beyond the last gives the last."""
    query = select(func.count(), func.max(InboxMessage.id)).where(_own(actor))
    count, newest = session.execute(query).one()
    pages = max(1, -(-count // per_page))
    number = min(max(1, page), pages)
    rows = session.execute(
        select(InboxMessage, Project.number)
        .outerjoin(Project, Project.id == InboxMessage.project_id)
        .where(_own(actor))
        .order_by(InboxMessage.id.desc())
        .limit(per_page)
        .offset((number - 1) * per_page)
    )
    messages = [_message(message, project) for message, project in rows]
    return Inbox(messages, count, unread_count(session, actor), newest or 0, number, pages)


def _message(row: InboxMessage, project: str | None) -> Message:
    return Message(row.id, row.title, row.body, row.told_on, row.read_at is not None, project, row.path)


@command("inbox.read", Permission.SEE_OWN_DESK)
def mark_read(work: Work, message_id: int) -> None:
    """Note that the actor has read a message; raises ``NotFound`` where it is not hers."""
    own = and_(_own(work.actor), InboxMessage.id == message_id)
    if work.session.scalar(select(InboxMessage.id).where(own)) is None:
        raise NotFound("这条消息")
    _read(work, own)


@command("inbox.read_all", Permission.SEE_OWN_DESK)
def mark_all_read(work: Work, newest: int) -> None:
    """Note that the actor has read everything up to the message of that id; later ones stay unread."""
    _read(work, and_(_own(work.actor), InboxMessage.id <= newest))


def _read(work: Work, which: ColumnElement[bool]) -> None:
    unread = update(InboxMessage).where(which, InboxMessage.read_at.is_(None))
    count = work.session.connection().execute(unread.values(read_at=work.entry.at)).rowcount
    work.record(f"标为已读 {count} 条消息", details={"count": count})
