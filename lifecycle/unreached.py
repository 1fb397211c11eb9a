"""Reminders that have reached nobody after all: every letter has failed, and no inbox had them.

Nobody knows that when a reminder is written, only once the mail servers have answered: then the admins are
told, once, so that somebody telephones; what is kept of it is proved like every telling.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from secrets import token_hex
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.addresses import CLOCK
from lifecycle.calendar import SHANGHAI
from lifecycle.command import Work
from lifecycle.models import Channel, InboxMessage, KeptDuty, OutboxMessage, Project, Reminder, Telling
from lifecycle.recipients import AddressBook, parties_of
from lifecycle.roles import Role
from lifecycle.telling import digest_of, said_of_way
from lifecycle.unheard import Query, newest, told_by
from lifecycle.wording import day_with_weekday


def bring_before_admins(work: Work, delivery: str) -> int:
    """Tell the admins of duties whose newest reminder has reached nobody since letters of a delivery failed.

    Each reminder is brought before them once, whatever becomes of its letters later. Returns how many.
    """
    today = work.entry.at.astimezone(SHANGHAI).date()
    found = work.session.execute(_unreached(delivery, today)).all()
    if not found:
        return 0
    names = _names(work.session, [one.Reminder.id for one in found])
    book, run = AddressBook.of(work.session, work.actor.agency_id, today), token_hex(16)
    head = {"agency_id": work.actor.agency_id, "run": run, "told_on": today}
    said: list[Sequence[Any]] = []
    for reminder, message, project in found:
        who = "、".join(names[reminder.id])
        ways: list[tuple[Channel, str, int | None, str]] = [(Channel.NONE, who, None, "")]
        for admin in book.holders(Role.ADMIN, parties_of(project)):
            ways.append((Channel.INBOX, admin.label, admin.user_id, str(admin.user_id)))
            work.session.add(_message(reminder, message, project, who, today, admin.user_id))
        for channel, name, user_id, address in ways:
            way = {"channel": channel, "name": name, "user_id": user_id, "address": address}
            work.session.add(Telling(**head, **way, reminder_id=reminder.id))
            duty = (reminder.project_id, reminder.rule, reminder.subject, reminder.due, reminder.step)
            said.append((*duty, *said_of_way(channel, name, address, None, today)))
    work.runs.append({"run": run, "tellings": len(said), "digest": digest_of(iter(said))})
    return len(found)


def _unreached(delivery: str, today: date) -> Query:
    """Return the query of such reminders, with what is owed and the project."""
    box = OutboxMessage
    failed = (box.run == delivery, box.state == "failed", box.channel == Channel.MAIL)
    of_letters = select(Telling.reminder_id).join(box, box.id == Telling.letter_id).where(*failed)
    query = newest(select(Reminder, KeptDuty.message, Project).select_from(Reminder), today)
    query = query.join(Project, Project.id == Reminder.project_id).where(Reminder.id.in_(of_letters))
    otherwise = told_by(("waiting", "sending", "sent"), (Channel.INBOX, Channel.NONE))
    return query.where(~otherwise).order_by(Reminder.id)


def _names(session: Session, reminders: Sequence[int]) -> dict[int, list[str]]:
    """Return to whom the letters of those reminders went."""
    query = select(Telling.reminder_id, Telling.name).order_by(Telling.id)
    found: dict[int, list[str]] = defaultdict(list)
    query = query.where(Telling.reminder_id.in_(reminders), Telling.channel == Channel.MAIL)
    for reminder_id, name in session.execute(query):
        if reminder_id is not None:
            found[reminder_id].append(name)
    return found


def _message(
    reminder: Reminder, message: str, project: Project, who: str, today: date, user_id: int | None
) -> InboxMessage:
    lines = [
        f"项目：{project.number}《{project.title}》（{project.lead_unit}）",
        f"期限：{day_with_weekday(reminder.due)}",
        f"应告知：{who}",
        "发出的邮件都没有送达，也没有别的方式可以告知。请用电话联系，并在“人员”中核对邮箱。",
    ]
    return InboxMessage(
        agency_id=reminder.agency_id,
        user_id=user_id,
        project_id=project.id,
        reminder_id=reminder.id,
        title=f"请电话告知：{message}",
        body="\n".join(lines),
        path=CLOCK,
        told_on=today,
    )
