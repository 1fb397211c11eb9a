"""The outbox: letters that wait, who is sending one at the moment, and when a refused one is tried again.

A letter is an e-mail or a robot's message. It is claimed before it is sent, so of several senders one sends
it. A sender killed between sending and noting it leaves a letter that is sent again: twice is better than
never. These writes follow from commands that have their audit entries; what became of letters is entered
afterwards (``lifecycle.proof``).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from lifecycle.bounces import bounce
from lifecycle.database import begin_write
from lifecycle.models import Channel, OutboxMessage

MAIL = frozenset({Channel.MAIL})
ROBOTS = frozenset({Channel.DINGTALK, Channel.WECOM, Channel.FEISHU})

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
    """A letter claimed for sending; ``attempt`` counts from 1."""

    id: int
    agency_id: int
    channel: Channel
    address: str
    title: str
    body: str
    attempt: int

    @property
    def mark(self) -> str:
        """What its Message-ID begins with, by which it is known again when it comes back."""
        return f"keguan-{self.id}-{tag_of(self.id, self.address, self.title, self.body)}"


def tag_of(letter_id: int, address: str, title: str, body: str) -> str:
    """Return what a letter's mark bears beside its id.

    It follows from what the letter says, which only its recipient has seen: whoever counts ids up cannot
    pass letters of others off as returned. No secret has to be kept for it.
    """
    said = "\0".join((str(letter_id), address, title, body))
    return sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _due(now: datetime, channels: Collection[Channel]) -> ColumnElement[bool]:
    box = OutboxMessage
    return and_(
        box.state.in_(("waiting", "sending")), box.next_try_at <= now, box.channel.in_(sorted(channels))
    )


def any_due(session: Session, now: datetime, channels: Collection[Channel] = MAIL) -> bool:
    """Whether any letter of those channels is to be sent now."""
    query = select(OutboxMessage.id).where(_due(now, channels)).limit(1)
    return session.execute(query).first() is not None


@dataclass(frozen=True, slots=True)
class Queue:
    """Letters that are not sent yet and have not failed: how many, and since when the oldest waits."""

    count: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Queues:
    """What waits, by how it is sent."""

    mail: Queue
    robots: Queue


def queues(session: Session, agency_id: int | None) -> Queues:
    """Return what waits of an agency (``None``: of all), by one statement."""
    return _queues(session, *([OutboxMessage.agency_id == agency_id] if agency_id is not None else []))


def overdue(session: Session, agency_id: int | None, before: datetime) -> Queues:
    """Return what should have gone out before a moment and has not, as ``queues`` does.

    A letter that the other side itself has put off is none of it: that is tried again at its time.
    """
    box = OutboxMessage
    kept = and_(before > _SINCE, or_(box.attempts == 0, box.next_try_at < before))
    return _queues(session, kept, *([box.agency_id == agency_id] if agency_id is not None else []))


_SINCE = func.coalesce(OutboxMessage.since, OutboxMessage.next_try_at)


def _queues(session: Session, *conditions: ColumnElement[bool]) -> Queues:
    box = OutboxMessage
    query = select(box.channel, func.count(), func.min(_SINCE)).where(
        box.state.in_(("waiting", "sending")), *conditions
    )
    rows = [(row[0], row[1], row[2]) for row in session.execute(query.group_by(box.channel))]
    mail, robots = ([row[1:] for row in rows if row[0] in channels] for channels in (MAIL, ROBOTS))
    return Queues(
        *(Queue(sum(n for n, _ in one), min((at for _, at in one), default=None)) for one in (mail, robots))
    )


def count_due(session: Session, now: datetime, channels: Collection[Channel] = MAIL) -> int:
    """Return how many letters of those channels are to be sent now."""
    return session.scalar(select(func.count()).where(_due(now, channels))) or 0


def give_up(session: Session, now: datetime) -> None:
    """Let letters fail whose last attempt lost its sender: they may be what kills it."""
    begin_write(session)
    box = OutboxMessage
    lost = and_(box.state == "sending", box.next_try_at <= now, box.attempts > len(GAPS))
    session.execute(update(box).where(lost).values(state="failed", last_error="发送程序中途退出"))
    session.commit()


def claim_next(
    session: Session, now: datetime, channels: Collection[Channel] = MAIL, but: Collection[str] = ()
) -> Letter | None:
    """Claim the letter of those channels that has waited longest; ``None`` where none is to be sent now.

    Letters to the addresses ``but`` are left where they are.
    """
    begin_write(session)
    box = OutboxMessage
    oldest = select(box.id, box.agency_id, box.channel, box.address, box.title, box.body, box.attempts).where(
        _due(now, channels), box.address.not_in(sorted(but))
    )
    oldest = oldest.order_by(box.next_try_at, box.id).limit(1).with_for_update(skip_locked=True)
    row = session.execute(oldest).first()
    letter = None
    if row is not None:
        letter = Letter(*row[:-1], row.attempts + 1)
        claimed = update(box).where(box.id == row.id)
        session.execute(
            claimed.values(state="sending", attempts=letter.attempt, next_try_at=now + SENDING_TAKES)
        )
    session.commit()
    return letter


def hand_back(session: Session, letter: Letter, now: datetime) -> None:
    """Let a claimed letter wait as before: what keeps it is no fault of its own, and takes no attempt."""
    _note(session, letter, state="waiting", attempts=letter.attempt - 1, next_try_at=now)


def note_sent(session: Session, letter: Letter, now: datetime) -> None:
    """Note that the other side has taken the letter."""
    _note(session, letter, state="sent", sent_at=now, last_error=None)


def note_refused(session: Session, letter: Letter, now: datetime, error: str) -> None:
    """Note that the letter was not taken: it is tried again after a growing gap, or has failed."""
    kept = error[:LONGEST_ERROR]
    if letter.attempt > len(GAPS):
        _note(session, letter, state="failed", last_error=kept)
    else:
        _note(session, letter, state="waiting", last_error=kept, next_try_at=now + GAPS[letter.attempt - 1])


def note_failed(session: Session, letter: Letter, error: str) -> None:
    """Note that the letter will never be taken: it has failed and is not tried again."""
    _note(session, letter, state="failed", last_error=error[:LONGEST_ERROR])


def note_bounced(session: Session, letter: Letter, now: datetime, error: str) -> None:
    """Note that there is no such address: this letter and all that wait for it have failed."""
    kept = error[:LONGEST_ERROR]
    begin_write(session)
    _write(session, letter, state="failed", last_error=kept)
    bounce(session, letter.agency_id, letter.address, kept, now)
    session.commit()


def _note(session: Session, letter: Letter, **values: object) -> None:
    begin_write(session)
    _write(session, letter, **values)
    session.commit()


def _write(session: Session, letter: Letter, **values: object) -> None:
    """Write what became of the letter, unless another sender has claimed it since."""
    box = OutboxMessage
    ours = and_(box.id == letter.id, box.state == "sending", box.attempts == letter.attempt)
    session.execute(update(box).where(ours).values(**values))


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
