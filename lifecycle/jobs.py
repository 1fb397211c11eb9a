"""Which scheduler does which job when: a job's slot is claimed once, and again only where it came to nothing.

These writes belong to no agency and to nobody, so they are not commands; each is one transaction.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import and_, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lifecycle.database import begin_write
from lifecycle.models import JobRun

STALE = timedelta(minutes=30)
"""After this long without an end, whoever claimed a slot is taken to have been killed."""


def claim(session: Session, job: str, slot: str, now: datetime) -> bool:
    """Claim the slot of a job; ``False`` where another has it or had it.

    A slot whose run failed, or whose claimer was killed, may be claimed again: a job does nothing twice.
    """
    begin_write(session)
    came_to_nothing = or_(JobRun.failed, and_(JobRun.finished_at.is_(None), JobRun.started_at < now - STALE))
    again = update(JobRun).where(JobRun.job == job, JobRun.slot == slot, came_to_nothing)
    anew = again.values(started_at=now, finished_at=None, outcome=None, failed=False)
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
