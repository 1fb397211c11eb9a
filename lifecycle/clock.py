"""The clock's one command: tell of every duty whose next step has come, each step once.

``KeptDuty.next_step_on`` says when a duty must next be spoken of, so a run reads only what is due and a
constant number of statements writes it all. Two runs at once are two commands of one agency: the second
finds nothing left to tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import Table, bindparam, update
from sqlalchemy.orm import Session

from lifecycle.bulk import insert_rows, reserve_ids
from lifecycle.command import Work, command
from lifecycle.due import DueDuty, due_duties, told_already
from lifecycle.models import Base
from lifecycle.notices import Notice, notice
from lifecycle.recipients import AddressBook, Told
from lifecycle.reminding import Step, next_step_on, step_at
from lifecycle.roles import Actor, Permission

_DUTY: Table = Base.metadata.tables["kept_duty"]
_REMINDER: Table = Base.metadata.tables["reminder"]
_INBOX: Table = Base.metadata.tables["inbox_message"]
_OUTBOX: Table = Base.metadata.tables["outbox_message"]


@dataclass(frozen=True, slots=True, order=True)
class Announcement:
    """One step of one duty that was told, as ``keguan remind`` prints it."""

    project: str
    rule: str
    subject: str
    due: date
    step: str
    to: str
    """The names of everybody told, joined by 、."""


class Telling(NamedTuple):
    """One duty at one step: the id of its reminder, who is told, and in what words."""

    id: int
    duty: DueDuty
    step: Step
    told: Told
    notice: Notice

    @property
    def announcement(self) -> Announcement:
        """What is printed of it."""
        duty = self.duty
        return Announcement(duty.number, duty.rule, duty.subject, duty.due, self.step.label, self.told.names)


def remind(session: Session, actor: Actor, as_of: date, site: str = "") -> list[Announcement]:
    """Write the reminders of ``as_of``: to inboxes, and to the outbox for whoever has an e-mail address.

    Of the steps that days left out have skipped, only the newest is told. ``site`` is the address of this
    installation as people reach it, put before links in e-mails. Returns what was told, in the order in which
    it is printed. A day that has nothing to tell writes nothing.
    """
    try:
        return _remind(session, actor, as_of, site)
    except _NothingDueError:
        return []


class _NothingDueError(Exception):
    """Ends a run that has nothing to tell, so that its command leaves nothing behind."""


@command("clock.remind", Permission.SEND_REMINDERS)
def _remind(work: Work, as_of: date, site: str) -> list[Announcement]:
    duties = list(due_duties(work.session, work.actor.agency_id, as_of))
    if not duties:
        raise _NothingDueError
    tellings = _tellings(work, duties, as_of, site)
    _write_reminders(work, as_of, tellings)
    _write_inboxes(work, as_of, tellings)
    _write_outbox(work, tellings)
    _move_on(work.session, as_of, duties)
    work.record(f"发出提醒 {len(tellings)} 条", details={"as_of": as_of, "count": len(tellings)})
    return sorted(telling.announcement for telling in tellings)


def _tellings(work: Work, duties: Iterable[DueDuty], as_of: date, site: str) -> list[Telling]:
    agency_id = work.actor.agency_id
    known = told_already(work.session, agency_id, as_of)
    steps = [(duty, step) for duty in duties if (step := step_at(duty.due, as_of)) is not None]
    new = [(duty, step) for duty, step in steps if duty.key(step.label) not in known]
    book = AddressBook.of(work.session, agency_id)
    ids = reserve_ids(work.session, _REMINDER, len(new))
    return [
        Telling(id_, duty, step, book.told(duty.owner, step.offset, duty.parties), notice(duty, as_of, site))
        for id_, (duty, step) in zip(ids, new, strict=True)
    ]


def _write_reminders(work: Work, as_of: date, tellings: Sequence[Telling]) -> None:
    columns = ("id", "agency_id", "project_id", "rule", "subject", "due", "step", "told_on", "recipients")
    rows = [
        (one.id, work.actor.agency_id, *one.duty.key(one.step.label), as_of, one.told.names)
        for one in tellings
    ]
    insert_rows(work.session, _REMINDER, columns, rows)


def _write_inboxes(work: Work, as_of: date, tellings: Sequence[Telling]) -> None:
    columns = ("agency_id", "user_id", "project_id", "reminder_id", "title", "body", "told_on")
    rows = [
        (
            *(work.actor.agency_id, user_id, one.duty.project_id, one.id),
            *(one.notice.title, one.notice.body, as_of),
        )
        for one in tellings
        for user_id in one.told.user_ids
    ]
    insert_rows(work.session, _INBOX, columns, rows)


def _write_outbox(work: Work, tellings: Sequence[Telling]) -> None:
    columns = ("agency_id", "reminder_id", "address", "title", "body", "state", "attempts", "next_try_at")
    rows = [
        (
            *(work.actor.agency_id, one.id, address),
            *(one.notice.title, one.notice.mail_body, "waiting", 0, work.entry.at),
        )
        for one in tellings
        for address in one.told.addresses
    ]
    insert_rows(work.session, _OUTBOX, columns, rows)


def _move_on(session: Session, as_of: date, duties: Sequence[DueDuty]) -> None:
    """Note when each of the duties must next be spoken of."""
    rows = [
        {"the_id": duty.id, "next": next_step_on(duty.due, duty.since, duty.settled_on, as_of)}
        for duty in duties
    ]
    of_duty = update(_DUTY).where(_DUTY.c.id == bindparam("the_id"))
    session.connection().execute(of_duty.values(next_step_on=bindparam("next")), rows)
