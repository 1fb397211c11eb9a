"""Whom a notice reaches through Keguan, in what words, and what became of it.

It goes to the people of the unit it is made out to: her managers and the pi, or the joint unit's. In the
inbox they find it as what waits for them (``lifecycle.turns``); whoever has an address gets a letter too,
sent with retries like all letters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from secrets import token_hex
from typing import Any, NamedTuple

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from lifecycle.addresses import turn_path
from lifecycle.at_once import Heard
from lifecycle.command import Work
from lifecycle.models import (
    BouncedAddress,
    Channel,
    Membership,
    OutboxMessage,
    PaperNotice,
    Project,
    Telling,
    TurnKind,
    User,
)
from lifecycle.notice_words import named_notice
from lifecycle.notices import address_of
from lifecycle.recipients import AddressBook, Recipient, parties_of
from lifecycle.roles import Role
from lifecycle.telling import FOOT, Run, digest_of
from lifecycle.wording import day_with_weekday


class Addressees(NamedTuple):
    """Whom a notice reaches through Keguan."""

    roles: tuple[Role, ...]
    """The roles that somebody with an account holds for the project: any of them may sign."""
    people: tuple[Recipient, ...]


def roles_addressed(notice: PaperNotice, project: Project) -> tuple[Role, ...]:
    """Return the roles that sign for a notice: those of the unit it is made out to; else none."""
    to = notice.content["to"]
    if to == project.lead_unit:
        return (Role.UNIT_MANAGER, Role.PI)
    return (Role.JOINT_UNIT,) if to == project.joint_unit else ()


def addressees_of(session: Session, notice: PaperNotice, project: Project, today: date) -> Addressees:
    """Return whom a notice reaches, by three statements.

    Nobody stands in for them: admins sign for nobody, and whoever is a deputy here is of the unit herself.
    """
    wanted = roles_addressed(notice, project)
    held = _held(session, project)
    roles = tuple(role for role in wanted if role in held)
    book = AddressBook.of(session, project.agency_id, today)
    people: dict[tuple[int | None, str], Recipient] = {}
    for role in wanted:
        if role in held or role is Role.PI:
            for one in book.holders(role, parties_of(project)):
                people.setdefault((one.user_id, "" if one.user_id else one.email or ""), one)
    return Addressees(roles, tuple(people.values()))


def _held(session: Session, project: Project) -> frozenset[Role]:
    """Return the roles of the project's units that somebody with an account holds."""
    ways = [and_(Membership.role == Role.UNIT_MANAGER, Membership.unit == project.lead_unit)]
    if project.joint_unit:
        ways.append(and_(Membership.role == Role.JOINT_UNIT, Membership.unit == project.joint_unit))
    if project.pi_email:
        hers = func.lower(User.email) == project.pi_email.lower()
        ways.append(and_(Membership.role == Role.PI, hers))
    query = select(Membership.role).distinct().join(User, User.id == Membership.user_id)
    query = query.where(Membership.agency_id == project.agency_id, User.is_active, or_(*ways))
    return frozenset(session.scalars(query))


def keep_told(
    work: Work,
    notice: PaperNotice,
    people: Iterable[Recipient],
    words: tuple[str, str],
    today: date,
    *,
    heard: Iterable[Heard],
    voided: bool = False,
) -> Run:
    """Write a letter to each address, and keep who was told and by which way, as one run of the proof.

    The inboxes have been written: ``heard`` are their messages. ``words``: subject and text of the letters.
    An address from which letters came back gets none, and what is kept says so.
    """
    told, run = list(people), token_hex(16)
    letters = _write_letters(work, notice, told, words)
    head: dict[str, Any] = {"agency_id": notice.agency_id, "run": run, "notice_id": notice.id}
    head |= {"told_on": today, "voided": voided}
    rows = [Telling(**head, **way) for way in _in_app(heard)]
    for one in told:
        if one.email:
            sent = letters.get(one.email.casefold())
            way = {"channel": Channel.MAIL, "address": one.email, "letter_id": sent.id if sent else None}
            rows.append(Telling(**head, **way, name=one.label, user_id=one.user_id))
    work.session.add_all(rows)
    return Run(run, len(rows), len(letters), 0, digest_of(said_of_notice(one, notice) for one in rows))


def _in_app(heard: Iterable[Heard]) -> Iterator[dict[str, Any]]:
    """Yield who found a message in the inbox, whoever stands in for somebody with the name of whom."""
    for person, message in heard:
        to = {"name": person.label, "user_id": person.user_id, "address": str(person.user_id)}
        yield {"channel": Channel.INBOX, "message_id": message.id, **to}


def said_of_notice(one: Telling, notice: PaperNotice) -> Sequence[Any]:
    """Return what the digest of a run holds of somebody told of a notice."""
    what = (notice.project_id, named_notice(notice), one.told_on, one.voided)
    return (*what, one.channel.value, one.name, one.user_id, one.address, one.letter_id, one.message_id)


def _write_letters(
    work: Work, notice: PaperNotice, people: Iterable[Recipient], words: tuple[str, str]
) -> dict[str, OutboxMessage]:
    query = select(BouncedAddress.address).where(BouncedAddress.agency_id == notice.agency_id)
    dead = frozenset(work.session.scalars(query))
    letters: dict[str, OutboxMessage] = {}
    for one in people:
        box = (one.email or "").casefold()
        if one.email and box not in dead and box not in letters:
            letters[box] = OutboxMessage(
                agency_id=notice.agency_id,
                channel=Channel.MAIL,
                address=one.email,
                title=words[0],
                body=words[1],
                next_try_at=work.entry.at,
                since=work.entry.at,
            )
    work.session.add_all(letters.values())
    work.session.flush()
    return letters


def delivery_words(notice: PaperNotice, project: Project, sign_by: date, site: str) -> tuple[str, str]:
    """Return subject and text of the letter that brings a notice."""
    said = notice.content
    lines = [
        f"{said['to']}：",
        said["lead"],
        f"项目：{project.number}《{project.title}》",
        "",
        "请办事项：",
        *said["asked"],
        *([f"办理期限：{day_with_weekday(date.fromisoformat(said['by']))}"] if said["by"] else []),
        "",
        f"请在 {day_with_weekday(sign_by)}以前登录科管签收；全文和 Word 文稿见：{_link(notice, site)}",
        f"{said['agency']}，{day_with_weekday(notice.drawn_on)}",
    ]
    return f"{named_notice(notice)}：{project.title}", _text(lines)


def void_words(notice: PaperNotice, project: Project, site: str) -> tuple[str, str]:
    """Return subject and text of the letter that says that a notice is void."""
    named, on = named_notice(notice), notice.void_on
    lines = [
        f"{notice.content['to']}：",
        f"{named}已于 {day_with_weekday(on) if on else ''}作废，不再按其办理，也无须签收。",
        f"原因：{notice.void_note}",
        f"项目：{project.number}《{project.title}》",
        f"详情：{_link(notice, site)}",
        notice.content["agency"],
    ]
    return f"{named}已作废：{project.title}", _text(lines)


def _link(notice: PaperNotice, site: str) -> str:
    return address_of(turn_path(TurnKind.NOTICE, notice.id), site)


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + f"\n\n{FOOT}"


def told_before(session: Session, notice: PaperNotice) -> list[Recipient]:
    """Return everybody who was told through Keguan that the notice is there, each once."""
    query = select(Telling).where(Telling.notice_id == notice.id, Telling.voided.is_(False))
    emails: dict[tuple[str, int | None], str | None] = {}
    for one in session.scalars(query.order_by(Telling.id)):
        known = emails.get((one.name, one.user_id))
        emails[one.name, one.user_id] = one.address if one.channel is Channel.MAIL else known
    return [Recipient(name, user_id, email) for (name, user_id), email in emails.items()]
