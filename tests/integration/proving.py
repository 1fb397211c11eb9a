"""What the database says was told when the days are over, and what must hold of it whatever happened."""

from __future__ import annotations

from datetime import date

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from lifecycle.models import InboxMessage, KeptDuty, Project, Reminder, Telling, Turn
from lifecycle.models.turn import ENDS_WITH_PROJECT
from lifecycle.rulebook import rulebook
from lifecycle.rules.duties import RefundDue
from lifecycle.rules.time_limits import AfterConclusion, PlatformFiling, ToGovernment, TurnWithin
from tests.integration.pressing import Desks
from tests.integration.reaching import Way
from tests.integration.ticking import Entry

FOLLOWS = (PlatformFiling, AfterConclusion, ToGovernment, RefundDue)
"""What is owed once a project has its conclusion."""


def told(session: Session) -> list[Entry]:
    """Return what the log says was told."""
    session.rollback()
    query = select(
        *(Reminder.told_on, Project.number, Reminder.rule, Reminder.subject, Reminder.due, Reminder.step)
    ).join(Project, Project.id == Reminder.project_id)
    return sorted((row[0], row[1], row[2], row[3], row[4], row[5]) for row in session.execute(query))


def reached(session: Session) -> dict[Entry, set[Way]]:
    """Return by which ways the proof says each step reached somebody."""
    found: dict[Entry, set[Way]] = {entry: set() for entry in told(session)}
    query = select(
        *(Reminder.told_on, Project.number, Reminder.rule, Reminder.subject, Reminder.due, Reminder.step),
        *(Telling.channel, Telling.address),
    )
    query = query.join(Telling, Telling.reminder_id == Reminder.id)
    for *key, channel, address in session.execute(query.join(Project, Project.id == Reminder.project_id)):
        found[key[0], key[1], key[2], key[3], key[4], key[5]].add((channel.value, address.lower()))
    return found


def assert_only_open_duties_were_told(session: Session, day: date) -> None:
    """Nothing is told on a day of a duty that is done, closed or gone by then, or due on another day."""
    owed = and_(
        *(KeptDuty.project_id == Reminder.project_id, KeptDuty.rule == Reminder.rule),
        *(KeptDuty.subject == Reminder.subject, KeptDuty.due == Reminder.due),
        *(or_(KeptDuty.done_on.is_(None), KeptDuty.done_on > day), KeptDuty.since <= day),
        or_(KeptDuty.closed_on.is_(None), KeptDuty.closed_on > day),
    )
    query = select(Reminder.rule, Reminder.subject, Reminder.due, Reminder.step).where(
        Reminder.told_on == day, ~exists().where(owed)
    )
    assert session.execute(query).all() == []
    session.rollback()


def assert_what_ended_was_told_no_more(session: Session, desks: Desks) -> None:
    """Once a conclusion is entered, only what follows it is told, and what waits since then."""
    for place in desks.places:
        if place.concluded is None:
            continue
        after = (Reminder.project_id == place.id, Reminder.told_on >= place.concluded)
        for rule, subject in session.execute(select(Reminder.rule, Reminder.subject).where(*after)):
            found = rulebook().find(rule)
            assert found is not None
            if isinstance(found.kind, TurnWithin):
                turn = session.get_one(Turn, int(subject))
                assert turn.since >= place.concluded or turn.kind not in ENDS_WITH_PROJECT
            else:
                assert isinstance(found.kind, FOLLOWS)
    session.rollback()


def assert_nobody_was_told_twice(session: Session) -> None:
    """One reminder a key, one row a reminder, way and mailbox, one message an inbox row and person.

    Whoever had been told at once, when it came to wait for her, has that message for the first step.
    """
    key = (Reminder.project_id, Reminder.rule, Reminder.subject, Reminder.due, Reminder.step)
    assert session.execute(select(*key).group_by(*key).having(func.count() > 1)).all() == []
    message = (InboxMessage.reminder_id, InboxMessage.user_id)
    read = select(*message).where(InboxMessage.reminder_id.is_not(None)).group_by(*message)
    assert session.execute(read.having(func.count() > 1)).all() == []
    box = func.lower(Telling.address)
    of = (Telling.reminder_id, Telling.turn_id, Telling.notice_id, Telling.voided)
    twice = select(Telling.reminder_id).group_by(*of, Telling.channel, box)
    assert session.execute(twice.having(func.count() > 1)).all() == []
    in_boxes = select(func.count()).where(Telling.channel == "站内消息", Telling.message_id.is_(None))
    messages = select(func.count()).where(InboxMessage.reminder_id.is_not(None))
    assert session.scalar(in_boxes) == session.scalar(messages)
