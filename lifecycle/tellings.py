"""The proof of what was told: who, of which duty, turn or notice, when, by which way, whether it got through.

A constant number of statements a page. The rows are never altered (``lifecycle.telling``); whether an inbox
message was read, or a letter sent, is asked of the message and the letter themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, String, Subquery, and_, case, cast, func, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from lifecycle.listing import USUAL_SIZE
from lifecycle.models import (
    Channel,
    InboxMessage,
    KeptDuty,
    OutboxMessage,
    PaperNotice,
    Project,
    Reminder,
    Telling,
    Turn,
)
from lifecycle.notice_words import named_notice
from lifecycle.roles import Actor
from lifecycle.rulebook import rulebook
from lifecycle.rules.base import Rule
from lifecycle.turn_duties import is_turn, role_of, rule_of
from lifecycle.visibility import visible


class Outcome(StrEnum):
    """Whether what was told got through."""

    SIGNED = "已签收"
    """A notice, by whom it was told."""
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
    """Of reminders; no notice comes from it."""
    subject: str | None = None
    notice: int | None = None
    """One notice alone, by its id."""
    who: str = ""
    """Part of a person's name or address."""
    channel: Channel | None = None
    first: date | None = None
    last: date | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class ShownTelling:
    """One person told by one way of one step of one duty, of one notice, or at once of what waits for her."""

    told_on: date
    step: str
    """As the clock labels it (``lifecycle.wording.step_in_words``); of a notice, what was told of it."""
    due: date | None
    """The deadline; of a notice, by when what it asks for is to be done."""
    rule_id: str
    """Empty for a notice."""
    number: str
    title: str
    message: str
    """What was owed; of a duty that is no longer kept, what its rule asks; else the notice."""
    name: str
    channel: Channel
    address: str
    """The e-mail address; nothing of an inbox, and of a robot neither: its address is its key."""
    outcome: Outcome
    at: datetime | None
    """When it was read or sent; while it waits, when it is tried next."""
    error: str
    """What the other side last answered, where it has not got through; or why no letter was written."""
    notice_id: int | None = None
    cited: str = ""
    """The first article a notice rests on; of a duty by an agency's own rule, the article that asks it."""
    signed: str = ""
    """By whom and when the notice was received."""
    note: str = ""
    """That no second message was written, where she had been told at once."""

    @property
    def rule(self) -> Rule | None:
        """The rule the duty comes from; ``None`` where the rule files no longer have it."""
        return rulebook().find(self.rule_id)

    @property
    def citation(self) -> str:
        """The article, wherever it is known from."""
        return self.rule.cited(self.cited) if self.rule else self.cited


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


AT_ONCE = "待办"
"""What a telling at once of what waits is called, where the clock's are called by their steps."""

_OWN = aliased(InboxMessage)
"""The message that a telling names; where it names none, it is found by the reminder."""

_OF_TURN = aliased(KeptDuty)
"""The duty that a turn is; what a reminder speaks of is ``KeptDuty``."""

_SIGNED = aliased(PaperNotice)
"""The notice, where it is who was told that has signed for it."""

_TOLD_ON = func.coalesce(Telling.told_on, Reminder.told_on)

_READ_AT = func.coalesce(InboxMessage.read_at, _OWN.read_at)

_OUTCOME: ColumnElement[str] = case(
    (_SIGNED.id.is_not(None), Outcome.SIGNED.name),
    (and_(Telling.channel == Channel.INBOX, _READ_AT.is_not(None)), Outcome.READ.name),
    (Telling.channel == Channel.INBOX, Outcome.UNREAD.name),
    (Telling.channel == Channel.NONE, Outcome.UNHEARD.name),
    (OutboxMessage.state == "sent", Outcome.SENT.name),
    (or_(OutboxMessage.state == "failed", Telling.letter_id.is_(None)), Outcome.FAILED.name),
    else_=Outcome.WAITING.name,
)

Query = Select[*tuple[Any, ...]]


def _counts(session: Session, actor: Actor, sought: Sought) -> dict[Outcome, int]:
    query: Query = _outcomes(select(_OUTCOME, func.count()).select_from(Telling))
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
        *(_TOLD_ON, Reminder.step, Reminder.due, Reminder.rule, Project.number, Project.title),
        *(KeptDuty.message, Telling.name, Telling.channel, Telling.address, _OUTCOME, _READ_AT),
        *(OutboxMessage.sent_at, OutboxMessage.next_try_at, OutboxMessage.last_error),
        *(Telling.letter_id, Telling.voided, PaperNotice, Turn, _OF_TURN.due, _OWN.told_on),
        func.coalesce(KeptDuty.asked_by, _OF_TURN.asked_by),
    ).select_from(Telling)
    query = query.join(some, some.c.id == Telling.id)
    query = _with_project(_with_what(query)).outerjoin(KeptDuty, of_duty)
    as_duty = and_(_OF_TURN.project_id == Turn.project_id, _OF_TURN.subject == cast(Turn.id, String))
    query = query.outerjoin(_OF_TURN, and_(as_duty, is_turn(_OF_TURN)))
    return _outcomes(query).order_by(Telling.id.desc())


def _with_what(query: Query) -> Query:
    """Join what was told of: a reminder, a turn or a notice."""
    query = query.outerjoin(Reminder, Reminder.id == Telling.reminder_id)
    query = query.outerjoin(Turn, Turn.id == Telling.turn_id)
    return query.outerjoin(PaperNotice, PaperNotice.id == Telling.notice_id)


def _with_project(query: Query) -> Query:
    of = func.coalesce(Reminder.project_id, Turn.project_id, PaperNotice.project_id)
    return query.join(Project, Project.id == of)


def _outcomes(query: Query) -> Query:
    """Join the message and the letter that say what became of a telling."""
    in_box = and_(InboxMessage.reminder_id == Telling.reminder_id, InboxMessage.user_id == Telling.user_id)
    query = query.outerjoin(InboxMessage, and_(Telling.channel == Channel.INBOX, in_box))
    query = query.outerjoin(_OWN, _OWN.id == Telling.message_id)
    signed = and_(_SIGNED.id == Telling.notice_id, _SIGNED.received_by_id == Telling.user_id)
    here = and_(Telling.channel == Channel.INBOX, Telling.voided.is_(False))
    query = query.outerjoin(_SIGNED, and_(signed, here))
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
        query = _with_what(query).where(*of_reminder)
    if of_project:
        query = _with_project(query).where(*of_project)
    return query


def _of_telling(actor: Actor, sought: Sought) -> Iterator[ColumnElement[bool]]:
    if sought.project:
        numbered = and_(Project.agency_id == actor.agency_id, Project.number == sought.project)
        one = aliased(Telling)
        reminded = select(one.id).join(Reminder, Reminder.id == one.reminder_id)
        handed_on = select(one.id).join(Turn, Turn.id == one.turn_id)
        noticed = select(one.id).join(PaperNotice, PaperNotice.id == one.notice_id)
        yield Telling.id.in_(
            union_all(
                reminded.join(Project, Project.id == Reminder.project_id).where(numbered),
                handed_on.join(Project, Project.id == Turn.project_id).where(numbered),
                noticed.join(Project, Project.id == PaperNotice.project_id).where(numbered),
            )
        )
    if sought.notice is not None:
        yield Telling.notice_id == sought.notice
    if sought.who:
        at = and_(Telling.channel == Channel.MAIL, Telling.address.icontains(sought.who, autoescape=True))
        yield or_(Telling.name.contains(sought.who, autoescape=True), at)
    if sought.channel is not None:
        yield Telling.channel == sought.channel


def _of_reminder(sought: Sought) -> Iterator[ColumnElement[bool]]:
    if sought.rule:
        yield or_(*_of_duty(sought.rule, sought.subject))
    if sought.first is not None:
        yield sought.first <= _TOLD_ON
    if sought.last is not None:
        yield sought.last >= _TOLD_ON


def _of_duty(rule: str, subject: str | None) -> Iterator[ColumnElement[bool]]:
    """Yield how something was told of the duties of a rule: by reminders, and of their turns at once."""
    yield and_(Reminder.rule == rule, *([] if subject is None else [Reminder.subject == subject]))
    yield and_(Turn.duty_rule == rule, *([] if subject is None else [Turn.duty_subject == subject]))
    role = role_of(rule)
    if role is not None:
        of_role = and_(Turn.role == role, Turn.duty_rule.is_(None))
        yield and_(of_role, *([] if subject is None else [cast(Turn.id, String) == subject]))


def _of_project(sought: Sought) -> Iterator[ColumnElement[bool]]:
    for word in sought.text.lower().split():
        yield Project.search_text.contains(word, autoescape=True)


def _shown(*row: Any) -> ShownTelling:
    told_on, step, due, rule_id, number, title, message, name, channel, address = row[:10]
    outcome, (read_at, sent_at, next_at, error) = Outcome[row[10]], row[11:15]
    letter_id, voided, notice, turn, turn_due, message_on, asked_by = row[15:]
    at = {Outcome.READ: read_at, Outcome.SENT: sent_at, Outcome.WAITING: next_at}.get(outcome)
    where = address if channel is Channel.MAIL else ""
    through = outcome in (Outcome.SIGNED, Outcome.READ, Outcome.UNREAD, Outcome.SENT)
    if channel is Channel.MAIL and letter_id is None:
        error = _NO_LETTER
    how = (name, channel, where, outcome, at, "" if through else error or "")
    if notice is not None:
        return _of_notice(notice, told_on, number, title, how, voided=voided)
    if turn is not None:
        due, rule_id = turn_due or turn.due, turn.duty_rule or rule_of(turn.role)
        told = ShownTelling(*(told_on, AT_ONCE, due, rule_id, number, title, turn.words), *how)
        return replace(told, cited=asked_by or "")
    rule = rulebook().find(rule_id)
    said = message or (rule.summary if rule else "")
    note = f"已于 {message_on} 随“{AT_ONCE}”告知，没有重复发送" if message_on else ""
    told = ShownTelling(*(told_on, step, due, rule_id, number, title, said), *how, note=note)
    return replace(told, cited=asked_by or "")


_NO_LETTER = "该地址此前有邮件被退回，没有再发"


def _of_notice(
    notice: PaperNotice, told_on: date, number: str, title: str, how: tuple[Any, ...], *, voided: bool
) -> ShownTelling:
    by, cited = notice.content["by"], notice.content["articles"]
    what = (told_on, "文书作废" if voided else "文书送达", date.fromisoformat(by) if by else None, "")
    signed = ""
    if notice.received_on is not None and not voided:
        signed = f"{notice.received_on} 由{notice.received_by}{'签收' if notice.received_by_id else '收到'}"
    told = ShownTelling(*(*what, number, title, named_notice(notice)), *how)
    citation = cited[0]["citation"] if cited else ""
    return replace(told, notice_id=notice.id, cited=citation, signed=signed)
