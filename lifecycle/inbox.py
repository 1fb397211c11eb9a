"""A person's inbox in the agency she works in: what she was told, newest first, and what she has read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from lifecycle.command import Work, command
from lifecycle.listing import open_duties
from lifecycle.models import InboxMessage, KeptDuty, Project, Reminder, Telling, Turn
from lifecycle.refusals import NotFound
from lifecycle.roles import BUREAU_ROLES, Actor, Permission, Role
from lifecycle.rulebook import rulebook

PER_PAGE = (20, 50, 100)
"""The page sizes on offer."""


class Shown(StrEnum):
    """Which messages are looked at."""

    ALL = "all"
    UNREAD = "unread"
    OWED = "owed"
    """Reminders of what is still owed."""


class Standing(StrEnum):
    """What has become of what a message spoke of."""

    OWED = "未办结"
    HANDED = "待单位办理"
    """She has done her part: her unit goes on with it."""
    ONWARD = "待科技局办理"
    """She has done her part: the bureau goes on with it."""
    DONE = "已办结"
    CLOSED = "不再办理"
    MOVED = "期限已变"
    """Nothing is owed by that day any more: it was put off or put right."""


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
    rule: str | None
    """The rule that makes somebody owe what a reminder speaks of."""
    standing: Standing | None
    """``None`` where it speaks of nothing that is owed."""


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


_UNREAD = (
    select(func.count())
    .select_from(InboxMessage)
    .where(
        InboxMessage.user_id == bindparam("user_id"),
        InboxMessage.agency_id == bindparam("agency_id"),
        InboxMessage.read_at.is_(None),
    )
)
"""Asked for every page, so put together once."""


def unread_count(session: Session, actor: Actor) -> int:
    """Return how many messages the actor has not read."""
    return session.connection().scalar(_UNREAD, {"user_id": actor.user_id, "agency_id": actor.agency_id}) or 0


def open_inbox(
    session: Session,
    actor: Actor,
    today: date,
    shown: Shown = Shown.ALL,
    page: int = 1,
    per_page: int = 20,
) -> Inbox:
    """Return a page of the actor's inbox; a page beyond the last gives the last."""
    chosen = and_(_own(actor), *_chosen(shown, today))
    counted: Select[*tuple[Any, ...]] = select(func.count(), func.max(InboxMessage.id))
    count, newest = session.execute(_asked(counted.select_from(InboxMessage), shown).where(chosen)).one()
    pages = max(1, -(-count // per_page))
    number = min(max(1, page), pages)
    some = _asked(select(InboxMessage.id), shown).where(chosen).order_by(InboxMessage.id.desc())
    some = some.limit(per_page).offset((number - 1) * per_page)
    query = _messages().where(InboxMessage.id.in_(some)).order_by(InboxMessage.id.desc())
    messages = [_message(actor, today, *row) for row in session.execute(query)]
    return Inbox(messages, count, unread_count(session, actor), newest or 0, number, pages)


def _asked(query: Select[*tuple[Any, ...]], shown: Shown) -> Select[*tuple[Any, ...]]:
    """Join a query of messages with their duties where these decide which are shown."""
    return _with_duty(query) if shown is Shown.OWED else query


def _messages() -> Select[*tuple[Any, ...]]:
    query: Select[*tuple[Any, ...]] = select(
        *(InboxMessage, Project.number, Reminder.rule, Turn),
        *(KeptDuty.done_on, KeptDuty.closed_on, KeptDuty.owner),
    )
    return _with_duty(query.outerjoin(Project, Project.id == InboxMessage.project_id))


def _with_duty(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Join each message with its reminder and the duty still known by that deadline, or with its turn."""
    same = and_(
        KeptDuty.project_id == Reminder.project_id,
        KeptDuty.rule == Reminder.rule,
        KeptDuty.subject == Reminder.subject,
        KeptDuty.due == Reminder.due,
    )
    query = query.outerjoin(Reminder, Reminder.id == InboxMessage.reminder_id).outerjoin(KeptDuty, same)
    at_once = and_(Telling.message_id == InboxMessage.id, Telling.turn_id.is_not(None))
    return query.outerjoin(Telling, at_once).outerjoin(Turn, Turn.id == Telling.turn_id)


def _chosen(shown: Shown, today: date) -> Iterator[ColumnElement[bool]]:
    if shown is Shown.UNREAD:
        yield InboxMessage.read_at.is_(None)
    if shown is Shown.OWED:
        yield or_(open_duties(today), and_(Turn.id.is_not(None), Turn.done_on.is_(None)))


def _message(
    actor: Actor,
    today: date,
    row: InboxMessage,
    project: str | None,
    rule: str | None,
    turn: Turn | None,
    *duty: Any,
) -> Message:
    standing = None if rule is None else _standing(actor, today, rule, *duty)
    if turn is not None:
        standing = Standing.OWED if turn.done_on is None else Standing.DONE
    said = (row.id, row.title, row.body, row.told_on, row.read_at is not None)
    return Message(*said, project, row.path, rule, standing)


def _standing(
    actor: Actor, today: date, rule_id: str, done_on: date | None, closed_on: date | None, owner: Role | None
) -> Standing:
    if owner is None:
        return Standing.MOVED
    if done_on is not None and done_on <= today:
        return Standing.DONE
    if closed_on is not None and closed_on <= today:
        return Standing.CLOSED
    rule = rulebook().find(rule_id)
    if rule is None or owner in (rule.owner, *actor.roles):
        return Standing.OWED
    return Standing.ONWARD if owner in BUREAU_ROLES else Standing.HANDED


def find_message(session: Session, actor: Actor, message_id: int, today: date) -> Message:
    """Return one of the actor's messages. Raises ``NotFound``."""
    row = session.execute(_messages().where(_own(actor), InboxMessage.id == message_id)).one_or_none()
    if row is None:
        raise NotFound("这条消息")
    return _message(actor, today, *row)


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
