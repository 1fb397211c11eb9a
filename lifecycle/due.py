"""The duties that the clock must speak of on a day, and the steps of them that have been told already."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import Session

from lifecycle.listing import open_duties
from lifecycle.models import KeptDuty, Project, Reminder
from lifecycle.recipients import Parties
from lifecycle.roles import Role

TellingKey = tuple[int, str, str, date, str]
"""Project, rule, subject, due and step: what is told once."""


class DueDuty(NamedTuple):
    """A duty that must be spoken of, with what its messages need of the project."""

    id: int
    project_id: int
    rule: str
    subject: str
    since: date
    due: date
    done_on: date | None
    closed_on: date | None
    owner: Role
    user_id: int | None
    not_user_id: int | None
    message: str
    path: str | None
    asked_by: str | None
    also: Role | None
    number: str
    title: str
    pi_name: str
    pi_email: str | None
    lead_unit: str
    joint_unit: str | None
    programme: str

    @property
    def parties(self) -> Parties:
        """Whom the project's record names."""
        return Parties(self.pi_name, self.pi_email, self.lead_unit, self.joint_unit, self.programme)

    @property
    def settled_on(self) -> date | None:
        """The day from which nothing is owed any more."""
        days = [day for day in (self.done_on, self.closed_on) if day is not None]
        return min(days, default=None)

    def key(self, step: str) -> TellingKey:
        """What is told once when this duty is spoken of at ``step``."""
        return (self.project_id, self.rule, self.subject, self.due, step)


_OF_DUTY = DueDuty._fields[:15]
_OF_PROJECT = DueDuty._fields[15:]


def comes(agency_id: int, as_of: date) -> ColumnElement[bool]:
    """Return the condition that a duty is open and its next step has come by ``as_of``."""
    return and_(KeptDuty.agency_id == agency_id, KeptDuty.next_step_on <= as_of, open_duties(as_of))


def due_duties(session: Session, agency_id: int, as_of: date) -> Iterator[DueDuty]:
    """Yield the open duties of the agency whose next step has come by ``as_of``."""
    of_duty = [getattr(KeptDuty, name) for name in _OF_DUTY]
    of_project = [getattr(Project, name) for name in _OF_PROJECT]
    query: Select[*tuple[Any, ...]] = select(*of_duty, *of_project)
    query = query.join(Project, Project.id == KeptDuty.project_id)
    for row in session.execute(query.where(comes(agency_id, as_of)).order_by(KeptDuty.id)):
        yield DueDuty(*row)


def told_already(session: Session, agency_id: int, as_of: date) -> set[TellingKey]:
    """Return everything ever told of those duties.

    A step is told again only by mistake, for instance when a notice about days off has moved its day.
    """
    same = and_(
        Reminder.project_id == KeptDuty.project_id,
        Reminder.rule == KeptDuty.rule,
        Reminder.subject == KeptDuty.subject,
        Reminder.due == KeptDuty.due,
    )
    key = (Reminder.project_id, Reminder.rule, Reminder.subject, Reminder.due, Reminder.step)
    query = select(*key).join(KeptDuty, same).where(comes(agency_id, as_of))
    return {(row[0], row[1], row[2], row[3], row[4]) for row in session.execute(query)}
