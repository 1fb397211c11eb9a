"""Which scheduler does which job when: a job's slot is claimed once, and again only where it came to nothing.

These writes belong to no agency and to nobody, so they are not commands; each is one transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lifecycle.database import begin_write
from lifecycle.models import JobRun

TICK = timedelta(minutes=5)
"""How often the clock ticks."""

GAPS = (TICK, 2 * TICK, 4 * TICK, 6 * TICK)
"""How long after each failed attempt the next one comes; the last gap from then on."""

STALE = timedelta(minutes=30)
"""After this long without an end, whoever claimed a slot is taken to have been killed."""

BEAT = "tick"
"""The job under which the clock's last tick is noted."""

STILL = timedelta(minutes=15)
"""After this long without a tick the clock stands still."""

KEPT = timedelta(days=400)
"""How long runs are kept."""


def again_at(run: JobRun) -> datetime | None:
    """Return when a run that came to nothing is begun again; ``None`` where it has not come to nothing.

    One that failed waits longer each time, counted from the tick that began it; one without an end is given
    time to come to it.
    """
    if run.failed:
        begun = run.started_at - (run.started_at - _MIDNIGHT) % TICK
        return begun + GAPS[min(run.attempts, len(GAPS)) - 1]
    return run.started_at + STALE if run.finished_at is None else None


_MIDNIGHT = datetime(2000, 1, 1, tzinfo=UTC)


def is_lost(run: JobRun, now: datetime) -> bool:
    """Whether whoever began a run is taken to have been killed."""
    return run.finished_at is None and now >= run.started_at + STALE


def unfinished(session: Session, job: str, now: datetime) -> str | None:
    """Return the slot of a job's latest run where that failed or lost its process; else ``None``."""
    query = select(JobRun).where(JobRun.job == job).order_by(JobRun.id.desc()).limit(1)
    run = session.scalar(query)
    return run.slot if run is not None and (run.failed or is_lost(run, now)) else None


def claim(session: Session, job: str, slot: str, now: datetime) -> bool:
    """Claim the slot of a job; ``False`` where another has it or had it.

    A slot whose run failed, or whose claimer was killed, may be claimed again: a job does nothing twice.
    """
    begin_write(session)
    query = select(JobRun).where(JobRun.job == job, JobRun.slot == slot).with_for_update()
    run = session.scalar(query.execution_options(populate_existing=True))
    if run is None:
        claimed = _insert(session, job, slot, now)
    else:
        at = again_at(run)
        claimed = at is not None and at <= now
        anew = update(JobRun).where(JobRun.id == run.id, JobRun.attempts == run.attempts)
        if claimed:
            values = {"started_at": now, "finished_at": None, "outcome": None, "failed": False}
            session.execute(anew.values(**values, attempts=JobRun.attempts + 1))
    session.commit()
    return claimed


def _is_known(session: Session, job: str, slot: str) -> bool:
    return (
        session.execute(select(JobRun.id).where(JobRun.job == job, JobRun.slot == slot)).first() is not None
    )


def _insert(session: Session, job: str, slot: str, now: datetime) -> bool:
    try:
        session.execute(insert(JobRun).values(job=job, slot=slot, started_at=now, failed=False))
    except IntegrityError:
        session.rollback()
        return False
    return True


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


def list_runs(
    session: Session, limit: int, offset: int, now: datetime, *, troubled: bool = False
) -> Sequence[JobRun]:
    """Return runs, the latest first; ``troubled`` only those that failed, were killed or begun again."""
    query = select(JobRun).where(JobRun.job != BEAT, *_troubled(now, troubled))
    return session.scalars(query.order_by(JobRun.id.desc()).limit(limit).offset(offset)).all()


def count_runs(session: Session, now: datetime, *, troubled: bool = False) -> int:
    """Return how many of them there are."""
    query = select(func.count()).select_from(JobRun).where(JobRun.job != BEAT, *_troubled(now, troubled))
    return session.scalar(query) or 0


def _troubled(now: datetime, asked: bool) -> Iterator[ColumnElement[bool]]:
    if asked:
        lost = and_(JobRun.finished_at.is_(None), JobRun.started_at <= now - STALE)
        yield or_(JobRun.failed, JobRun.attempts > 1, lost)


def prune(session: Session, now: datetime) -> int:
    """Forget runs that are long over; return how many."""
    begin_write(session)
    old = delete(JobRun).where(JobRun.job != BEAT, JobRun.started_at < now - KEPT)
    count = session.connection().execute(old).rowcount
    session.commit()
    return count
