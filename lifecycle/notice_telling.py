"""Whom a notice reaches through Keguan, in what words, and what became of it.

It goes to the people of the unit it is made out to: her managers and the pi, or the joint unit's. In the
inbox they find it as what waits for them (``lifecycle.turns``); whoever has an address gets a letter too,
sent with retries like all letters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from lifecycle.addresses import turn_path
from lifecycle.command import Work
from lifecycle.models import (
    BouncedAddress,
    Channel,
    InboxMessage,
    Membership,
    NoticeTelling,
    OutboxMessage,
    PaperNotice,
    Project,
    TurnKind,
    User,
)
from lifecycle.notice_words import named_notice
from lifecycle.recipients import AddressBook, Recipient, parties_of
from lifecycle.roles import Role
from lifecycle.telling import FOOT
from lifecycle.tellings import Outcome


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


def write_letters(
    work: Work,
    notice: PaperNotice,
    people: Iterable[Recipient],
    words: tuple[str, str],
    today: date,
    *,
    voided: bool = False,
) -> int:
    """Write a letter to each address and keep who was told; return how many. ``words``: subject and text.

    An address from which letters came back gets none, and what is kept says so.
    """
    query = select(BouncedAddress.address).where(BouncedAddress.agency_id == notice.agency_id)
    dead = frozenset(work.session.scalars(query))
    letters: dict[str, OutboxMessage] = {}
    told = list(people)
    for one in told:
        box = (one.email or "").casefold()
        if one.email and box not in dead and box not in letters:
            letters[box] = OutboxMessage(
                agency_id=notice.agency_id,
                channel=Channel.MAIL,
                address=one.email,
                title=words[0],
                body=words[1],
                next_try_at=work.entry.at,
            )
    work.session.add_all(letters.values())
    work.session.flush()
    for one in told:
        sent = letters.get((one.email or "").casefold())
        work.session.add(
            NoticeTelling(
                notice_id=notice.id,
                told_on=today,
                voided=voided,
                name=one.label,
                user_id=one.user_id,
                address=one.email,
                letter_id=sent.id if sent else None,
            )
        )
    return len(letters)


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
        *([f"办理期限：{said['by']}"] if said["by"] else []),
        "",
        f"请在 {sign_by} 以前登录科管签收；全文和 Word 文稿见：{_link(notice, site)}",
        f"{said['agency']}，{notice.drawn_on}",
    ]
    return f"{named_notice(notice)}：{project.title}", _text(lines)


def void_words(notice: PaperNotice, project: Project, site: str) -> tuple[str, str]:
    """Return subject and text of the letter that says that a notice is void."""
    named = named_notice(notice)
    lines = [
        f"{notice.content['to']}：",
        f"{named}已于 {notice.void_on} 作废，不再按其办理，也无须签收。",
        f"原因：{notice.void_note}",
        f"项目：{project.number}《{project.title}》",
        f"详情：{_link(notice, site)}",
        notice.content["agency"],
    ]
    return f"{named}已作废：{project.title}", _text(lines)


def _link(notice: PaperNotice, site: str) -> str:
    return f"{site.rstrip('/')}{turn_path(TurnKind.NOTICE, notice.id)}"


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + f"\n\n{FOOT}"


def told_before(session: Session, notice: PaperNotice) -> list[Recipient]:
    """Return everybody who was told through Keguan that the notice is there, each once."""
    query = select(NoticeTelling.name, NoticeTelling.user_id, NoticeTelling.address)
    query = query.where(NoticeTelling.notice_id == notice.id, NoticeTelling.voided.is_(False))
    return list({Recipient(row[0], row[1], row[2]): None for row in session.execute(query)})


@dataclass(frozen=True, slots=True)
class ShownAddressee:
    """One person who was told of a notice through Keguan, and whether it got through."""

    name: str
    told_on: date
    voided: bool
    inbox: Outcome | None
    """``None``: she has no account."""
    address: str | None
    letter: Outcome | None
    """``None``: no letter went out, for want of an address or because letters had come back from it."""
    at: datetime | None
    """When the letter was sent; while it waits, when it is tried next."""
    error: str


def told_of(session: Session, notice: PaperNotice) -> Sequence[ShownAddressee]:
    """Return who was told of a notice through Keguan, by two statements at most."""
    box = OutboxMessage
    query = select(NoticeTelling, box.state, box.sent_at, box.next_try_at, box.last_error)
    query = query.outerjoin(box, box.id == NoticeTelling.letter_id).order_by(NoticeTelling.id)
    rows = session.execute(query.where(NoticeTelling.notice_id == notice.id)).all()
    read = set(_read(session, notice, [row[0].user_id for row in rows if row[0].user_id])) if rows else set()
    return [_shown(row[0], (row[0].user_id, row[0].told_on) in read, *row[1:]) for row in rows]


def _read(session: Session, notice: PaperNotice, ids: Sequence[int]) -> Iterator[tuple[int, date]]:
    """Yield whose message of which day about the notice was read."""
    inbox = InboxMessage
    query = select(inbox.user_id, inbox.told_on).where(
        inbox.user_id.in_(ids),
        inbox.agency_id == notice.agency_id,
        inbox.path == turn_path(TurnKind.NOTICE, notice.id),
        inbox.read_at.is_not(None),
    )
    for row in session.execute(query):
        yield row[0], row[1]


_LETTERS = {"sent": Outcome.SENT, "failed": Outcome.FAILED}


def _shown(
    one: NoticeTelling,
    read: bool,
    state: str | None,
    sent_at: datetime | None,
    next_at: datetime | None,
    error: str | None,
) -> ShownAddressee:
    inbox = None if one.user_id is None else Outcome.READ if read else Outcome.UNREAD
    letter = _LETTERS.get(state, Outcome.WAITING) if state else None
    at = {Outcome.SENT: sent_at, Outcome.WAITING: next_at}.get(letter) if letter else None
    why = error or "" if letter is not Outcome.SENT else ""
    return ShownAddressee(one.name, one.told_on, one.voided, inbox, one.address, letter, at, why)
