"""The outbox: e-mails that wait, who is sending one at the moment, and when a refused one is tried again.

A letter is claimed before it is sent, so of several senders one sends it. A sender killed between sending and
noting it leaves a letter that is sent again: twice is better than never. These writes follow from commands
that have their audit entries; the row itself says what became of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from lifecycle.database import begin_write
from lifecycle.models import Channel, OutboxMessage

GAPS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
)
"""How long to wait after each refusal; after one more, the letter has failed."""

SENDING_TAKES = timedelta(minutes=10)
"""A letter claimed longer ago than this is taken to have lost its sender."""

LONGEST_ERROR = 500
"""Characters kept of what a mail server says."""


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail claimed for sending; ``attempt`` counts from 1."""

    id: int
    address: str
    title: str
    body: str
    attempt: int


def _due(now: datetime) -> ColumnElement[bool]:
    return and_(OutboxMessage.state.in_(("waiting", "sending")), OutboxMessage.next_try_at <= now)


def any_due(session: Session, now: datetime) -> bool:
    """Whether any letter is to be sent now."""
    return session.execute(select(OutboxMessage.id).where(_due(now)).limit(1)).first() is not None


def waiting(session: Session, agency_id: int) -> int:
    """Return how many of the agency's letters are not sent yet and have not failed."""
    unsent = OutboxMessage.state.in_(("waiting", "sending"))
    query = select(func.count()).where(OutboxMessage.agency_id == agency_id, unsent)
    return session.scalar(query) or 0


def give_up(session: Session, now: datetime) -> None:
    """Let letters fail whose last attempt lost its sender: they may be what kills it."""
    begin_write(session)
    box = OutboxMessage
    lost = and_(box.state == "sending", box.next_try_at <= now, box.attempts > len(GAPS))
    session.execute(update(box).where(lost).values(state="failed", last_error="发送程序中途退出"))
    session.commit()


def claim_next(session: Session, now: datetime) -> Letter | None:
    """Claim the letter that has waited longest; ``None`` where none is to be sent now."""
    begin_write(session)
    box = OutboxMessage
    oldest = select(box.id, box.address, box.title, box.body, box.attempts).where(_due(now))
    oldest = oldest.order_by(box.next_try_at, box.id).limit(1).with_for_update(skip_locked=True)
    row = session.execute(oldest).first()
    letter = None
    if row is not None:
        letter = Letter(row.id, row.address, row.title, row.body, row.attempts + 1)
        claimed = update(box).where(box.id == row.id)
        session.execute(
            claimed.values(state="sending", attempts=letter.attempt, next_try_at=now + SENDING_TAKES)
        )
    session.commit()
    return letter


def note_sent(session: Session, letter: Letter, now: datetime) -> None:
    """Note that the mail server has taken the letter."""
    _note(session, letter, state="sent", sent_at=now, last_error=None)


def note_refused(session: Session, letter: Letter, now: datetime, error: str) -> None:
    """Note that the letter was not taken: it is tried again after a growing gap, or has failed."""
    kept = error[:LONGEST_ERROR]
    if letter.attempt > len(GAPS):
        _note(session, letter, state="failed", last_error=kept)
    else:
        _note(session, letter, state="waiting", last_error=kept, next_try_at=now + GAPS[letter.attempt - 1])


def _note(session: Session, letter: Letter, **values: object) -> None:
    """Write what became of the letter, unless another sender has claimed it since."""
    begin_write(session)
    box = OutboxMessage
    ours = and_(box.id == letter.id, box.state == "sending", box.attempts == letter.attempt)
    session.execute(update(box).where(ours).values(**values))
    session.commit()


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A letter that has not got through: it waits to be tried again, or has failed for good."""

    id: int
    channel: Channel
    address: str
    title: str
    attempts: int
    failed: bool
    next_try_at: datetime
    error: str | None


def _not_through(agency_id: int) -> ColumnElement[bool]:
    box = OutboxMessage
    tried = and_(box.state.in_(("waiting", "sending")), box.attempts > 0)
    return and_(box.agency_id == agency_id, or_(box.state == "failed", tried))


def count_undelivered(session: Session, agency_id: int) -> int:
    """Return how many of the agency's letters were tried and have not got through."""
    return session.scalar(select(func.count()).where(_not_through(agency_id))) or 0


def list_undelivered(session: Session, agency_id: int, limit: int, offset: int = 0) -> list[Undelivered]:
    """Return them, the latest first."""
    box = OutboxMessage
    query = select(box).where(_not_through(agency_id)).order_by(box.id.desc()).limit(limit).offset(offset)
    return [
        Undelivered(
            one.id,
            one.channel,
            one.address,
            one.title,
            one.attempts,
            one.state == "failed",
            one.next_try_at,
            one.last_error,
        )
        for one in session.scalars(query)
    ]
