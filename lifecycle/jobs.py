"""Which scheduler does which job when: a job's slot is claimed once, and again only where it came to nothing.

These writes belong to no agency and to nobody, so they are not commands; each is one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lifecycle.database import begin_write
from lifecycle.models import JobRun

STALE = timedelta(minutes=30)
"""After this long without an end, whoever claimed a slot is taken to have been killed."""

BEAT = "tick"
"""The job under which the clock's last tick is noted."""

STILL = timedelta(minutes=15)
"""After this long without a tick the clock stands still."""

KEPT = timedelta(days=400)
"""How long runs are kept."""


def claim(session: Session, job: str, slot: str, now: datetime) -> bool:
    """Claim the slot of a job; ``False`` where another has it or had it.

    A slot whose run failed, or whose claimer was killed, may be claimed again: a job does nothing twice.
    """
    begin_write(session)
    came_to_nothing = or_(JobRun.failed, and_(JobRun.finished_at.is_(None), JobRun.started_at < now - STALE))
    again = update(JobRun).where(JobRun.job == job, JobRun.slot == slot, came_to_nothing)
    anew = again.values(
        started_at=now, finished_at=None, outcome=None, failed=False, attempts=JobRun.attempts + 1
    )
    claimed = session.connection().execute(anew).rowcount
    if not claimed and not _is_known(session, job, slot):
        claimed = _insert(session, job, slot, now)
    session.commit()
    return bool(claimed)


def _is_known(session: Session, job: str, slot: str) -> bool:
    return (
        session.execute(select(JobRun.id).where(JobRun.job == job, JobRun.slot == slot)).first() is not None
    )


def _insert(session: Session, job: str, slot: str, now: datetime) -> int:
    try:
        session.execute(insert(JobRun).values(job=job, slot=slot, started_at=now, failed=False))
    except IntegrityError:
        session.rollback()
        return 0
    return 1


def finish(session: Session, job: str, slot: str, now: datetime, outcome: str, *, failed: bool) -> None:
    """Record how the run of a claimed slot ended."""
    begin_write(session)
    run = update(JobRun).where(JobRun.job == job, JobRun.slot == slot)
    session.execute(run.values(finished_at=now, outcome=outcome, failed=failed))
    session.commit()


def beat(session: Session, now: datetime) -> None:
    """Note that the clock has ticked."""
    begin_write(session)
    ticked = update(JobRun).where(JobRun.job == BEAT).values(started_at=now, finished_at=now)
    if not session.connection().execute(ticked).rowcount and not _is_known(session, BEAT, ""):
        _insert(session, BEAT, "", now)
    session.commit()


def last_beat(session: Session) -> datetime | None:
    """Return when the clock last ticked; ``None`` where it never has."""
    return session.scalar(select(JobRun.started_at).where(JobRun.job == BEAT))


def stands_still(last: datetime | None, now: datetime) -> bool:
    """Whether a clock that last ticked then is not running."""
    return last is None or now - last > STILL


def latest_runs(session: Session) -> Sequence[JobRun]:
    """Return the latest run of every job."""
    latest = select(func.max(JobRun.id)).where(JobRun.job != BEAT).group_by(JobRun.job)
    return session.scalars(select(JobRun).where(JobRun.id.in_(latest))).all()


def list_runs(session: Session, limit: int, offset: int, *, failed: bool = False) -> Sequence[JobRun]:
    """Return runs, the latest first; ``failed`` only those that failed or were begun more than once."""
    query = select(JobRun).where(JobRun.job != BEAT)
    if failed:
        query = query.where(or_(JobRun.failed, JobRun.attempts > 1))
    return session.scalars(query.order_by(JobRun.id.desc()).limit(limit).offset(offset)).all()


def count_runs(session: Session, *, failed: bool = False) -> int:
    """Return how many runs there are."""
    query = select(func.count()).select_from(JobRun).where(JobRun.job != BEAT)
    if failed:
        query = query.where(or_(JobRun.failed, JobRun.attempts > 1))
    return session.scalar(query) or 0


def prune(session: Session, now: datetime) -> int:
    """Forget runs that are long over; return how many."""
    begin_write(session)
    old = delete(JobRun).where(JobRun.job != BEAT, JobRun.started_at < now - KEPT)
    count = session.connection().execute(old).rowcount
    session.commit()
    return count
