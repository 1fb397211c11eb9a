"""Telling people of duties: the log of what was told, inboxes, a letter a day and address, robots.

Whoever was told of a thing the moment it came to wait for her finds no second message of its first step. What
is told by one act is one run: its rows bear the run's name, and the act's entry in the history bears
their digest, so that nobody can alter afterwards who was told of what (``lifecycle.proof``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from secrets import token_hex
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import Table, select

from lifecycle.bulk import Values, insert_rows, reserve_ids
from lifecycle.chain import content_digest
from lifecycle.command import Work
from lifecycle.models import Base, Channel, Robot
from lifecycle.recipients import Recipient, Told
from lifecycle.robot_digest import MOST_BYTES, Item
from lifecycle.robot_digest import digest as robot_message

_REMINDER: Table = Base.metadata.tables["reminder"]
_INBOX: Table = Base.metadata.tables["inbox_message"]
_OUTBOX: Table = Base.metadata.tables["outbox_message"]
_TELLING: Table = Base.metadata.tables["telling"]

_OF_LETTER = (
    *("id", "agency_id", "channel", "address", "title", "body"),
    *("state", "attempts", "next_try_at", "since"),
)
_LetterIds = dict[tuple[Channel, str], int]
"""Ids of letters by channel and address."""

FOOT = "本邮件由科管系统自动发出，请勿直接回复。"


class Spoken(NamedTuple):
    """One reminder: the duty and step it speaks of, who is told, and in what words."""

    project_id: int
    rule: str
    subject: str
    due: date
    step: str
    told: Told
    title: str
    body: str
    link: str
    """The page on which to act, as an e-mail names it."""
    path: str | None
    """The page on which to act, where it is not the project's own."""
    late: bool
    """Whether the deadline is past: then it also goes to those who want no e-mails before."""
    item: Item | None = None
    """What group robots say of it; ``None`` for what is not theirs to say."""
    person: int | None = None
    """Who alone owes it: then the page on which to act is hers alone too."""
    elsewhere: str = ""
    """The project's page, as an e-mail names it, for the others."""
    found: Mapping[int, int] = MappingProxyType({})
    """Whose inbox has a message of it already: account and message (``lifecycle.at_once``)."""

    def to(self, user_id: int | None) -> Spoken:
        """Return it as one of those told is to read it."""
        if self.person is None or self.person == user_id:
            return self
        return self._replace(path=None, link=self.elsewhere)


class Run(NamedTuple):
    """What one act told: its name, how many tellings and letters, and the digest of the tellings."""

    name: str
    tellings: int
    letters: int
    unheard: int
    """Reminders of which nobody could be told; the proof has a row that says so."""
    digest: str

    @property
    def details(self) -> Mapping[str, object]:
        """What the act's entry in the history says of it."""
        said = {"run": self.name, "tellings": self.tellings, "letters": self.letters, "digest": self.digest}
        return said | ({"unheard": self.unheard} if self.unheard else {})


class ToldRow(NamedTuple):
    """One row of the proof, before it has its letter."""

    reminder_id: int
    channel: Channel
    name: str
    user_id: int | None
    address: str
    message_id: int | None = None
    """The message of the inbox, where it was there before."""


def tell_all(work: Work, spoken: Sequence[Spoken], as_of: date, site: str = "") -> Run:
    """Write what is told of those duties, a constant number of statements however many they are.

    ``site`` is the address of this installation as people reach it, for robots to name.
    """
    ids = reserve_ids(work.session, _REMINDER, len(spoken))
    numbered = list(zip(ids, spoken, strict=True))
    _write_reminders(work, as_of, numbered)
    heard = list(hearing(numbered))
    _write_inboxes(work, as_of, heard)
    letters = _write_letters(work, heard)
    told = [one for one, _ in heard]
    unheard = sum(one.channel is Channel.NONE for one in told)
    to_robots, digests = _write_digests(work, as_of, numbered, site)
    told += to_robots
    letters |= digests
    run = token_hex(16)
    rows = [(work.actor.agency_id, run, *one, letters.get((one.channel, one.address))) for one in told]
    columns = ("agency_id", "run", *ToldRow._fields, "letter_id")
    insert_rows(work.session, _TELLING, columns, rows)
    keys = dict(numbered)
    digest = digest_of(_said(one, keys[one.reminder_id]) for one in told)
    return Run(run, len(told) - unheard, len(letters), unheard, digest)


def digest_of(said: Iterator[Sequence[Any]]) -> str:
    """Return the digest of what a run told; each is project, rule, subject, due, step, way, name, address."""
    return content_digest({"told": sorted(list(map(str, one)) for one in said)})


def _said(one: ToldRow, of: Spoken) -> Sequence[Any]:
    duty = (of.project_id, of.rule, of.subject, of.due, of.step)
    return (*duty, *said_of_way(one.channel, one.name, one.address, one.message_id))


def said_of_way(
    channel: Channel, name: str, address: str, message_id: int | None, told_on: date | None = None
) -> Sequence[Any]:
    """Return what the digest of a run holds of a way by which somebody was told of a reminder.

    Its day is the reminder's own, where it is not another.
    """
    return (channel.value, name, address, *(one for one in (message_id, told_on) if one is not None))


def _write_reminders(work: Work, as_of: date, numbered: Sequence[tuple[int, Spoken]]) -> None:
    columns = ("id", "agency_id", "project_id", "rule", "subject", "due", "step", "told_on", "recipients")
    rows = [(id_, work.actor.agency_id, *one[:5], as_of, one.told.names) for id_, one in numbered]
    insert_rows(work.session, _REMINDER, columns, rows)


def _write_inboxes(work: Work, as_of: date, heard: Sequence[tuple[ToldRow, Spoken]]) -> None:
    columns = ("agency_id", "told_on", "user_id", "reminder_id", "project_id", "title", "body", "path")
    day = (work.actor.agency_id, as_of)
    rows = [
        (*day, to.user_id, to.reminder_id, one.project_id, one.title, one.body, one.path)
        for to, one in heard
        if to.channel is Channel.INBOX and to.message_id is None
    ]
    insert_rows(work.session, _INBOX, columns, rows)


def hearing(numbered: Sequence[tuple[int, Spoken]]) -> Iterator[tuple[ToldRow, Spoken]]:
    """Yield who hears of what by which way, in the words meant for her; of nobody's, that nobody does."""
    for id_, one in numbered:
        by_mail = one.told.by_mail(late=one.late)
        for person in one.told.in_app:
            there = one.found.get(person.user_id or 0)
            to = ToldRow(id_, Channel.INBOX, person.label, person.user_id, str(person.user_id), there)
            yield to, _in_words_for(person, one)
        for person in by_mail:
            to = ToldRow(id_, Channel.MAIL, person.label, person.user_id, person.email or "")
            yield to, _in_words_for(person, one)
        if not one.told.people:
            yield ToldRow(id_, Channel.NONE, one.told.names, None, ""), one


def _in_words_for(person: Recipient, one: Spoken) -> Spoken:
    one = one.to(person.user_id)
    more = f"{person.stands_for}外出期间，由您代收。" if person.stands_for else person.asked
    return one._replace(body=f"{one.body}\n{more}") if more else one


def _write_letters(work: Work, heard: Sequence[tuple[ToldRow, Spoken]]) -> _LetterIds:
    """Write one letter an address with everything it is told; return their ids.

    Addresses that differ in capitals only are one mailbox: its letter goes to the first way of writing it.
    """
    by_mail = [(to.address, one) for to, one in heard if to.channel is Channel.MAIL]
    of_box: dict[str, list[Spoken]] = {}
    written: dict[str, str] = {}
    for address, one in by_mail:
        box = address.casefold()
        written.setdefault(box, address)
        of_box.setdefault(box, []).append(one)
    ids = dict(zip(of_box, reserve_ids(work.session, _OUTBOX, len(of_box)), strict=True))
    rows: list[Values] = [
        (
            ids[box],
            work.actor.agency_id,
            Channel.MAIL,
            written[box],
            *letter(said),
            "waiting",
            0,
            work.entry.at,
            work.entry.at,
        )
        for box, said in of_box.items()
    ]
    insert_rows(work.session, _OUTBOX, _OF_LETTER, rows)
    return {(Channel.MAIL, address): ids[address.casefold()] for address, _ in by_mail}


def _write_digests(
    work: Work, as_of: date, numbered: Sequence[tuple[int, Spoken]], site: str
) -> tuple[list[ToldRow], _LetterIds]:
    """Write one message an active robot; return what each is told and the messages' ids."""
    spoken = [(id_, one.item) for id_, one in numbered if one.item is not None]
    query = select(Robot.id, Robot.channel, Robot.name)
    query = query.where(Robot.agency_id == work.actor.agency_id, Robot.active).order_by(Robot.id)
    robots = work.session.execute(query).all() if spoken else []
    ids = reserve_ids(work.session, _OUTBOX, len(robots)) if robots else ()
    items = [item for _, item in spoken]
    rows: list[Values] = [
        (
            *(id_, work.actor.agency_id, robot.channel, str(robot.id)),
            *robot_message(items, as_of, site, MOST_BYTES[robot.channel]),
            *("waiting", 0, work.entry.at, work.entry.at),
        )
        for id_, robot in zip(ids, robots, strict=True)
    ]
    if rows:
        insert_rows(work.session, _OUTBOX, _OF_LETTER, rows)
    told = [
        ToldRow(reminder_id, robot.channel, robot.name, None, str(robot.id))
        for robot in robots
        for reminder_id, _ in spoken
    ]
    return told, {(row[2], row[3]): row[0] for row in rows}


def letter(spoken: Sequence[Spoken]) -> tuple[str, str]:
    """Return subject and text of the letter that tells one person of several duties, the late ones first."""
    in_order = sorted(spoken, key=lambda one: (not one.late, one.due))
    if len(in_order) == 1:
        return in_order[0].title, f"事项：{_entry(in_order[0])}\n\n{FOOT}"
    late = sum(one.late for one in in_order)
    title = f"科管提醒：{len(in_order)} 项待办" + (f"，其中 {late} 项已逾期" if late else "")
    entries = "\n\n".join(f"{place}. {_entry(one)}" for place, one in enumerate(in_order, 1))
    return title, f"{entries}\n\n{FOOT}"


def _entry(one: Spoken) -> str:
    return f"{one.title}\n{one.body}\n办理：{one.link}"
