"""Duties of which nobody has heard: no way there was to tell anybody, or every letter has failed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from lifecycle.listing import open_duties
from lifecycle.models import Channel, KeptDuty, OutboxMessage, Project, Reminder, Telling

_NOBODY = Telling.channel == bindparam("no_way", Channel.NONE, literal_execute=True)
"""Written out, for only then a database finds the index of just these rows."""

Query = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Unheard:
    """One open duty whose newest reminder reached nobody."""

    told_on: date
    number: str
    message: str
    due: date
    name: str
    """Who should have been told."""


def list_unheard(session: Session, agency_id: int, today: date, limit: int) -> tuple[Sequence[Unheard], int]:
    """Return those duties, the latest reminder first, and how many there are in all, by one statement."""
    shown = (Reminder.told_on, Project.number, KeptDuty.message, Reminder.due, Telling.name)
    query = _unheard(select(*shown, func.count().over()), today).where(Telling.agency_id == agency_id)
    query = query.join(Project, Project.id == Reminder.project_id)
    rows = session.execute(query.order_by(Reminder.id.desc()).limit(limit)).all()
    return [Unheard(*row[:5]) for row in rows], rows[0][5] if rows else 0


def count_unheard(session: Session, agency_id: int | None, today: date) -> int:
    """Return how many there are in an agency (``None``: in all of them)."""
    query = _unheard(select(func.count()), today)
    if agency_id is not None:
        query = query.where(Telling.agency_id == agency_id)
    return session.scalar(query) or 0


def _unheard(query: Query, today: date) -> Query:
    """Ask a query of the tellings that reached nobody, unless a letter sent again has got through."""
    query = newest(query.select_from(Telling).join(Reminder, Reminder.id == Telling.reminder_id), today)
    return query.where(_NOBODY, ~told_by(states=("sent",)))


def newest(query: Query, today: date) -> Query:
    """Join the duties of a query's reminders, where they are open and have not been told of once more."""
    later = aliased(Reminder)
    of_duty = and_(
        KeptDuty.project_id == Reminder.project_id,
        KeptDuty.rule == Reminder.rule,
        KeptDuty.subject == Reminder.subject,
        KeptDuty.due == Reminder.due,
    )
    again = (
        select(later.id)
        .where(
            later.project_id == Reminder.project_id,
            later.rule == Reminder.rule,
            later.subject == Reminder.subject,
            later.due == Reminder.due,
            later.id > Reminder.id,
        )
        .exists()
    )
    return query.join(KeptDuty, of_duty).where(open_duties(today), ~again)


def told_by(states: Collection[str], ways: Collection[Channel] = ()) -> ColumnElement[bool]:
    """Return whether somebody was told of a reminder by an e-mail in one of those states or another way."""
    other, letter = aliased(Telling), aliased(OutboxMessage)
    by_mail = and_(other.channel == Channel.MAIL, letter.state.in_(states))
    query = select(other.id).outerjoin(letter, letter.id == other.letter_id)
    return query.where(other.reminder_id == Reminder.id, or_(by_mail, other.channel.in_(ways))).exists()
