"""The proof of what was told: who, of what, when, by which way, and whether it got through.

A constant number of statements a page. The rows are never altered (``lifecycle.telling``); whether an inbox
message was read, or a letter sent, is asked of the message and the letter themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, or_, select
from sqlalchemy.orm import Session

from lifecycle.listing import USUAL_SIZE
from lifecycle.models import Channel, InboxMessage, KeptDuty, OutboxMessage, Project, Reminder, Telling
from lifecycle.roles import Actor
from lifecycle.rulebook import rulebook
from lifecycle.rules.base import Rule
from lifecycle.visibility import visible


class Outcome(StrEnum):
    """Whether what was told got through."""

    READ = "已读"
    UNREAD = "未读"
    SENT = "已发出"
    WAITING = "待发"
    FAILED = "未送达"
    UNHEARD = "无人可告知"
    """Nobody could be told by any way."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What is asked of the proof. Empty fields ask nothing."""

    own: bool = False
    """Only what the actor herself was told; else everything of projects she may see."""
    text: str = ""
    """Words of a project, as in the list of projects."""
    project: str = ""
    """A project's number, exactly."""
    rule: str = ""
    subject: str | None = None
    who: str = ""
    """Part of a person's name or address."""
    channel: Channel | None = None
    first: date | None = None
    last: date | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class ShownTelling:
    """One person told of one step of one duty by one way."""

    told_on: date
    step: str
    """As the clock labels it (``lifecycle.wording.step_in_words``)."""
    due: date
    rule_id: str
    number: str
    title: str
    message: str
    """What was owed; of a duty that is no longer kept, what its rule asks."""
    name: str
    channel: Channel
    address: str
    """The e-mail address; nothing of an inbox, and of a robot neither: its address is its key."""
    outcome: Outcome
    at: datetime | None
    """When it was read or sent; while it waits, when it is tried next."""
    error: str
    """What the other side last answered, where it has not got through."""

    @property
    def rule(self) -> Rule | None:
        """The rule the duty comes from; ``None`` where the rule files no longer have it."""
        return rulebook().find(self.rule_id)


@dataclass(frozen=True, slots=True)
class ToldPage:
    """One page of the proof, the latest first."""

    rows: Sequence[ShownTelling]
    counts: Mapping[Outcome, int]
    """Of everything asked for but the outcome."""
    count: int
    """Of everything asked for."""
    number: int
    pages: int


def told_page(
    session: Session, actor: Actor, sought: Sought, number: int = 1, size: int = USUAL_SIZE
) -> ToldPage:
    """Return a page of what was told, by two statements; a page beyond the last gives the last."""
    counts = _counts(session, actor, sought)
    count = sum(counts.values()) if sought.outcome is None else counts.get(sought.outcome, 0)
    pages = max(1, -(-count // size))
    number = min(max(1, number), pages)
    chosen = _chosen(select(Telling.id), actor, sought).order_by(Telling.id.desc())
    some = chosen.limit(size).offset((number - 1) * size).subquery()
    rows = [_shown(*row) for row in session.execute(_rows(some))] if count else []
    return ToldPage(rows, counts, count, number, pages)


def every_telling(session: Session, actor: Actor, sought: Sought) -> Iterator[ShownTelling]:
    """Yield everything asked for, the latest first, for an export."""
    for row in session.execute(_rows(_chosen(select(Telling.id), actor, sought).subquery())):
        yield _shown(*row)


_OUTCOME: ColumnElement[str] = case(
    (and_(Telling.channel == Channel.INBOX, InboxMessage.read_at.is_not(None)), Outcome.READ.name),
    (Telling.channel == Channel.INBOX, Outcome.UNREAD.name),
    (Telling.channel == Channel.NONE, Outcome.UNHEARD.name),
    (OutboxMessage.state == "sent", Outcome.SENT.name),
    (OutboxMessage.state == "failed", Outcome.FAILED.name),
    else_=Outcome.WAITING.name,
)

Query = Select[*tuple[Any, ...]]


def _counts(session: Session, actor: Actor, sought: Sought) -> dict[Outcome, int]:
    query: Query = _outcomes(select(_OUTCOME, func.count()))
    query = _chosen(query, actor, replace(sought, outcome=None)).group_by(_OUTCOME)
    found = {Outcome[row[0]]: row[1] for row in session.execute(query)}
    return {outcome: found[outcome] for outcome in Outcome if outcome in found}


def _rows(some: Subquery) -> Query:
    """Return the query of everything shown of those tellings, the latest first."""
    of_duty = and_(
        KeptDuty.project_id == Reminder.project_id,
        KeptDuty.rule == Reminder.rule,
        KeptDuty.subject == Reminder.subject,
        KeptDuty.due == Reminder.due,
    )
    query: Query = select(
        *(Reminder.told_on, Reminder.step, Reminder.due, Reminder.rule, Project.number, Project.title),
        *(KeptDuty.message, Telling.name, Telling.channel, Telling.address, _OUTCOME, InboxMessage.read_at),
        *(OutboxMessage.sent_at, OutboxMessage.next_try_at, OutboxMessage.last_error),
    ).join(some, some.c.id == Telling.id)
    query = query.join(Reminder, Reminder.id == Telling.reminder_id)
    query = query.join(Project, Project.id == Reminder.project_id).outerjoin(KeptDuty, of_duty)
    return _outcomes(query).order_by(Telling.id.desc())


def _outcomes(query: Query) -> Query:
    """Join the message and the letter that say what became of a telling."""
    in_box = and_(InboxMessage.reminder_id == Telling.reminder_id, InboxMessage.user_id == Telling.user_id)
    query = query.outerjoin(InboxMessage, and_(Telling.channel == Channel.INBOX, in_box))
    return query.outerjoin(OutboxMessage, OutboxMessage.id == Telling.letter_id)


def _chosen(query: Query, actor: Actor, sought: Sought) -> Query:
    """Narrow a query of tellings to what is asked; it looks only where a condition needs it to."""
    query = query.where(Telling.agency_id == actor.agency_id, *_of_telling(actor, sought))
    if sought.own:
        query = query.where(Telling.user_id == actor.user_id)
    if sought.outcome is not None:
        query = _outcomes(query).where(_OUTCOME.in_((sought.outcome.name,)))
    of_reminder, of_project = list(_of_reminder(sought)), list(_of_project(sought))
    if not sought.own and not actor.sees_all_projects:
        of_project.append(visible(actor))
    if of_reminder or of_project:
        query = query.join(Reminder, Reminder.id == Telling.reminder_id).where(*of_reminder)
    if of_project:
        query = query.join(Project, Project.id == Reminder.project_id).where(*of_project)
    return query


def _of_telling(actor: Actor, sought: Sought) -> Iterator[ColumnElement[bool]]:
    if sought.project:
        numbered = and_(Project.agency_id == actor.agency_id, Project.number == sought.project)
        of_it = select(Reminder.id).join(Project, Project.id == Reminder.project_id).where(numbered)
        yield Telling.reminder_id.in_(of_it)
    if sought.who:
        at = and_(Telling.channel == Channel.MAIL, Telling.address.icontains(sought.who, autoescape=True))
        yield or_(Telling.name.contains(sought.who, autoescape=True), at)
    if sought.channel is not None:
        yield Telling.channel == sought.channel


def _of_reminder(sought: Sought) -> Iterator[ColumnElement[bool]]:
    if sought.rule:
        yield Reminder.rule == sought.rule
    if sought.subject is not None:
        yield Reminder.subject == sought.subject
    if sought.first is not None:
        yield Reminder.told_on >= sought.first
    if sought.last is not None:
        yield Reminder.told_on <= sought.last


def _of_project(sought: Sought) -> Iterator[ColumnElement[bool]]:
    for word in sought.text.lower().split():
        yield Project.search_text.contains(word, autoescape=True)


def _shown(*row: Any) -> ShownTelling:
    told_on, step, due, rule_id, number, title, message, name, channel, address = row[:10]
    outcome, (read_at, sent_at, next_at, error) = Outcome[row[10]], row[11:]
    rule = rulebook().find(rule_id)
    said = message or (rule.summary if rule else "")
    at = {Outcome.READ: read_at, Outcome.SENT: sent_at, Outcome.WAITING: next_at}.get(outcome)
    where = address if channel is Channel.MAIL else ""
    through = outcome in (Outcome.READ, Outcome.UNREAD, Outcome.SENT)
    return ShownTelling(
        *(told_on, step, due, rule_id, number, title, said, name, channel, where),
        *(outcome, at, "" if through else error or ""),
    )
