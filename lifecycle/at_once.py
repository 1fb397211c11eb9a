"""Telling at once: whoever has something new to do finds it in the inbox the moment somebody hands it on.

That message is proved like every telling, by the entry of the act that handed on, and it is the first telling
of the duty: the clock does not say it over again the next morning (``found_at_once``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from secrets import token_hex
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, select, union_all
from sqlalchemy.orm import Session, aliased

from lifecycle.addresses import turn_path
from lifecycle.chain import content_digest
from lifecycle.command import Work
from lifecycle.models import Channel, InboxMessage, KeptDuty, Project, Telling, Turn, TurnKind
from lifecycle.notices import deadline_words
from lifecycle.recipients import AddressBook, Recipient, parties_of
from lifecycle.settings import settings_of
from lifecycle.turn_duties import of_turn


class Heard(NamedTuple):
    """Somebody who found a message in the inbox."""

    person: Recipient
    message: InboxMessage


def tell_at_once(
    work: Work, project: Project, turns: Iterable[tuple[Turn, date | None]], today: date
) -> list[Heard]:
    """Put what newly waits into the inboxes of whoever may do it, whoever acts herself apart.

    Each turn comes with the day by which it is owed, where there is one. What waits for two roles of one
    person is one message. The rows are told of by the entry of the act, those of a notice by its own proof
    (``lifecycle.notice_telling``).
    """
    book, parties = AddressBook.of(work.session, work.actor.agency_id, today), parties_of(project)
    to_tell: dict[tuple[str, int], tuple[Turn, date | None, Recipient]] = {}
    for turn, due in turns:
        also = () if turn.also is None else (turn.also,)
        for person in book.told(turn.role, -1, parties, turn.user_id, also).in_app:
            to = person.user_id
            if to is not None and to != work.actor.user_id:
                known = to_tell.get((turn.words, to))
                if known is None or known[2].stands_for:  # nobody is a deputy in what is her own as well
                    to_tell[turn.words, to] = turn, due, person
    heard: list[tuple[Turn, Heard]] = []
    for (words, to), (turn, due, person) in to_tell.items():
        title = f"待办：{words}" + (f"（代 {person.stands_for}）" if person.stands_for else "")
        path = turn_path(turn.kind, turn.ref_id)
        message = tell(work, to, project, title, today, path=path, due=due, asked=person.asked)
        heard.append((turn, Heard(person, message)))
    work.session.flush()
    proved = [(turn, one) for turn, one in heard if turn.kind is not TurnKind.NOTICE]
    if proved:
        _prove(work, proved, today)
    return [one for _, one in heard]


def tell(
    work: Work,
    user_id: int,
    project: Project,
    title: str,
    today: date,
    *,
    path: str | None = None,
    due: date | None = None,
    asked: str = "",
) -> InboxMessage:
    """Put a message about a project into one person's inbox; return it."""
    body = f"项目：{project.number}《{project.title}》（{project.lead_unit}）"
    if due is not None:
        days = settings_of(work.session, work.actor.agency_id).clockwork.days
        body += f"\n期限：{deadline_words(due, today, days)}"
    if asked:
        body += f"\n{asked}"
    message = InboxMessage(
        agency_id=work.actor.agency_id,
        user_id=user_id,
        project_id=project.id,
        title=title,
        body=body,
        path=path,
        told_on=today,
    )
    work.session.add(message)
    return message


def _prove(work: Work, heard: Sequence[tuple[Turn, Heard]], today: date) -> None:
    """Keep who was told, as a run of which the entry of the act bears the digest."""
    run = token_hex(16)
    rows = [
        Telling(
            agency_id=work.actor.agency_id,
            run=run,
            turn_id=turn.id,
            told_on=today,
            channel=Channel.INBOX,
            name=one.person.label,
            user_id=one.person.user_id,
            address=str(one.person.user_id),
            message_id=one.message.id,
        )
        for turn, one in heard
    ]
    work.session.add_all(rows)
    said = [said_at_once(row, turn) for row, (turn, _) in zip(rows, heard, strict=True)]
    work.runs.append({"run": run, "tellings": len(rows), "digest": digest_at_once(said)})


def said_at_once(one: Telling, turn: Turn) -> Sequence[Any]:
    """Return what the digest of a run holds of somebody told of a turn."""
    what = (turn.project_id, turn.id, turn.kind.value, turn.ref_id, turn.words, one.told_on)
    return (*what, one.channel.value, one.name, one.user_id, one.address, one.message_id)


def digest_at_once(said: Iterable[Sequence[Any]]) -> str:
    """Return the digest of what a run told at once, in whichever order it comes."""
    return content_digest({"told": sorted(list(map(str, one)) for one in said)})


class Found(NamedTuple):
    """A message that somebody found in her inbox when something came to wait for her."""

    on: date
    user_id: int
    message_id: int


def found_at_once(session: Session, which: ColumnElement[bool]) -> Mapping[int, Sequence[Found]]:
    """Return what was told at once of the kept duties of which a condition holds, by their ids.

    A duty is a turn itself, or speaks of the work of one (``Waits.duty``). Who was told of a turn was told of
    every other with the same words, too. One statement.
    """
    other = aliased(Turn)
    alike = and_(
        *(other.kind == Turn.kind, other.ref_id == Turn.ref_id),
        *(other.words == Turn.words, other.since == Turn.since),
    )
    noticed = and_(Turn.kind == TurnKind.NOTICE, Telling.notice_id == Turn.ref_id, Telling.voided.is_(False))
    found: tuple[Any, ...] = (KeptDuty.id, Turn.since, Telling.user_id, Telling.message_id)
    parts: list[Select[*tuple[Any, ...]]] = [
        select(*found)
        .join(Turn, of_turn())
        .join(other, alike)
        .join(Telling, Telling.turn_id == other.id)
        .where(which),
        select(*found).join(Turn, of_turn()).join(Telling, noticed).where(which),
    ]
    by_duty: dict[int, list[Found]] = defaultdict(list)
    for duty_id, since, user_id, message_id in session.execute(union_all(*parts)):
        if message_id is not None:
            by_duty[duty_id].append(Found(since, user_id, message_id))
    return by_duty
