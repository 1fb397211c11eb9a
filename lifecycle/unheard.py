"""Duties of which nobody could be told: no account, no address that takes letters, and no admin either."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from lifecycle.listing import open_duties
from lifecycle.models import Channel, KeptDuty, Project, Reminder, Telling

_NOBODY = Telling.channel == bindparam("no_way", Channel.NONE, literal_execute=True)
"""Written out, for only then a database finds the index of just these rows."""


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
    query: Select[*tuple[Any, ...]] = (
        select(
            *(Reminder.told_on, Project.number, KeptDuty.message, Reminder.due, Telling.name),
            func.count().over(),
        )
        .join(Reminder, Reminder.id == Telling.reminder_id)
        .join(KeptDuty, of_duty)
        .join(Project, Project.id == Reminder.project_id)
        .where(Telling.agency_id == agency_id, _NOBODY, open_duties(today), ~again)
        .order_by(Reminder.id.desc())
        .limit(limit)
    )
    rows = session.execute(query).all()
    return [Unheard(*row[:5]) for row in rows], rows[0][5] if rows else 0
