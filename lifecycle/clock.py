"""The clock's one command: tell of every duty whose next step has come, each step once.

``KeptDuty.next_step_on`` says when a duty must next be spoken of, so a run reads only what is due and a
constant number of statements writes it all. Two runs at once are two commands of one agency: the second
finds nothing left to tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Table, bindparam, update
from sqlalchemy.orm import Session

from lifecycle.addresses import project_path
from lifecycle.at_once import Found, found_at_once
from lifecycle.command import Work, command
from lifecycle.due import DueDuty, comes, due_duties, told_already
from lifecycle.models import Base
from lifecycle.notices import address_of, notice
from lifecycle.recipients import AddressBook, followers
from lifecycle.reminding import Clockwork, Step
from lifecycle.robot_digest import Item
from lifecycle.roles import Actor, Permission
from lifecycle.rules.base import ONE_DAY
from lifecycle.settings import settings_of
from lifecycle.telling import Spoken, tell_all

_DUTY: Table = Base.metadata.tables["kept_duty"]


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
    clockwork = settings_of(work.session, work.actor.agency_id).clockwork
    # Inboxes show the newest message first: of one morning's that is to be the most urgent one.
    told = sorted(_to_tell(work, duties, as_of, site, clockwork), key=lambda one: one[1].due, reverse=True)
    run = tell_all(work, [spoken for spoken, _ in told], as_of, site)
    _move_on(work.session, as_of, duties, clockwork)
    details = {"as_of": as_of, "count": len(told), **run.details}
    unheard = f"，其中 {run.unheard} 条无人可告知" if run.unheard else ""
    work.record(f"发出提醒 {len(told)} 条{unheard}", details=details)
    return sorted(_announced(spoken, duty) for spoken, duty in told)


def _announced(spoken: Spoken, duty: DueDuty) -> Announcement:
    return Announcement(duty.number, duty.rule, duty.subject, duty.due, spoken.step, spoken.told.names)


def _to_tell(
    work: Work, duties: Iterable[DueDuty], as_of: date, site: str, clockwork: Clockwork
) -> Iterator[tuple[Spoken, DueDuty]]:
    agency_id = work.actor.agency_id
    known = told_already(work.session, agency_id, as_of)
    at_once = found_at_once(work.session, comes(agency_id, as_of))
    book = AddressBook.of(work.session, agency_id, as_of, clockwork.escalation)
    for duty in duties:
        step = clockwork.step_at(duty.due, as_of)
        if step is None or duty.key(step.label) in known:
            continue
        also = () if duty.also is None else (duty.also,)
        told = book.told(duty.owner, step.offset, duty.parties, duty.user_id, also, duty.not_user_id)
        also_told = followers(duty.owner, step.offset, clockwork.escalation)
        said = notice(duty, as_of, site, clockwork.days, also_told)
        elsewhere = address_of(project_path(duty.number), site)
        item = Item(f"{duty.number}《{duty.title}》", duty.message, duty.due)
        late, hers = duty.due < as_of, duty.user_id
        found = _covering(step, at_once.get(duty.id, ())) if as_of < duty.due else {}
        yield Spoken(*duty.key(step.label), told, *said, duty.path, late, item, hers, elsewhere, found), duty


def _covering(step: Step, at_once: Iterable[Found]) -> dict[int, int]:
    """Return the messages of those who need none of this step: account and message.

    Whoever was told at once has heard of the step that had come by then, or comes the next day; later ones,
    and that of the last day, she hears like everybody.
    """
    return {one.user_id: one.message_id for one in at_once if step.day <= one.on + ONE_DAY}


def _move_on(session: Session, as_of: date, duties: Sequence[DueDuty], clockwork: Clockwork) -> None:
    """Note when each of the duties must next be spoken of."""
    rows = [
        {"the_id": duty.id, "next": clockwork.next_step_on(duty.due, duty.since, duty.settled_on, as_of)}
        for duty in duties
    ]
    of_duty = update(_DUTY).where(_DUTY.c.id == bindparam("the_id"))
    session.connection().execute(of_duty.values(next_step_on=bindparam("next")), rows)
