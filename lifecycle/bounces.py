"""Addresses that a mail server has refused for good: nothing is sent there until an admin clears them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lifecycle.command import Work, command
from lifecycle.models import BouncedAddress, Channel, Membership, OutboxMessage, Project, User
from lifecycle.refusals import NotFound
from lifecycle.roles import Permission


def bounce(session: Session, agency_id: int, address: str, error: str, now: datetime) -> None:
    """Note that an address is refused for good, and let every e-mail that waits for it fail.

    Commits nothing; the caller has begun to write.
    """
    address = address.casefold()
    try:
        with session.begin_nested():
            session.add(BouncedAddress(agency_id=agency_id, address=address, error=error, since=now))
    except IntegrityError:
        pass  # refused before, by a letter that was on its way then
    box = OutboxMessage
    same = (box.agency_id == agency_id, box.channel == Channel.MAIL, func.lower(box.address) == address)
    waits = update(box).where(*same, box.state == "waiting")
    session.execute(waits.values(state="failed", last_error=error))


@dataclass(frozen=True, slots=True)
class Bounced:
    """A refused address: what the mail server said, since when, and whose it is."""

    id: int
    address: str
    error: str
    since: datetime
    user_id: int | None
    """The account that bears it; ``None`` where none does."""
    whose: str
    """Names of people and of the project leaders who bear it; empty where nobody does any more."""


def list_bounced(session: Session, agency_id: int, limit: int) -> Sequence[Bounced]:
    """Return the agency's refused addresses, the latest first, by three statements."""
    query = select(BouncedAddress).where(BouncedAddress.agency_id == agency_id)
    found = session.scalars(query.order_by(BouncedAddress.id.desc()).limit(limit)).all()
    addresses = [one.address for one in found]
    here = select(Membership.user_id).where(Membership.agency_id == agency_id)
    held = select(func.lower(User.email), User.id, User.name).where(
        User.id.in_(here), func.lower(User.email).in_(addresses)
    )
    people = [(row[0], row[1], row[2]) for row in session.execute(held)] if found else []
    leads = (
        select(func.lower(Project.pi_email), Project.pi_name)
        .where(Project.agency_id == agency_id, func.lower(Project.pi_email).in_(addresses))
        .distinct()
    )
    led = [(row[0], row[1]) for row in session.execute(leads)] if found else []
    return [
        Bounced(
            *(one.id, one.address, one.error, one.since),
            next((user_id for address, user_id, _ in people if address == one.address), None),
            "、".join(
                dict.fromkeys(
                    [name for address, _, name in people if address == one.address]
                    + [f"{name}（项目负责人）" for address, name in led if address == one.address]
                )
            ),
        )
        for one in found
    ]


def bounced(session: Session, agency_id: int, address: str | None) -> BouncedAddress | None:
    """Return how an address was refused; ``None`` where letters reach it, as far as is known."""
    if not address:
        return None
    query = select(BouncedAddress).where(
        BouncedAddress.agency_id == agency_id, BouncedAddress.address == address.casefold()
    )
    return session.scalar(query)


@command("address.clear", Permission.MANAGE_PEOPLE)
def clear_bounced(work: Work, bounced_id: int) -> str:
    """Send to an address again that was refused; returns it. Raises ``NotFound``."""
    found = work.session.get(BouncedAddress, bounced_id)
    if found is None or found.agency_id != work.actor.agency_id:
        raise NotFound("这个退信地址")
    address = found.address
    work.session.execute(delete(BouncedAddress).where(BouncedAddress.id == bounced_id))
    details = {"address": address, "error": found.error, "since": found.since.isoformat()}
    work.record(f"恢复向 {address} 发送邮件", details=details)
    return address
