"""What the page 时钟 shows: every job with its last and next run, and what could not be delivered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.jobs import JOBS, Job, next_run
from app.mailer import MailServer
from lifecycle import outbox
from lifecycle.bounces import Bounced, list_bounced
from lifecycle.calendar import SHANGHAI
from lifecycle.jobs import last_beat, latest_runs, stands_still
from lifecycle.models import JobRun, Robot
from lifecycle.robots import list_robots
from lifecycle.roles import Actor
from lifecycle.unheard import Unheard, list_unheard

MOST_LETTERS = 50
"""Letters that did not get through, shown at once."""

MOST_UNHEARD = 50
"""Duties of which nobody could be told, shown at once."""

MOST_ADDRESSES = 200
"""Refused addresses, shown at once."""


@dataclass(frozen=True, slots=True)
class ShownJob:
    """One job with its last run and when it is next due."""

    job: Job
    run: JobRun | None
    next_at: datetime | None

    @property
    def state(self) -> str:
        """How its last run ended, as a status."""
        if self.run is None:
            return "未运行"
        if self.run.failed:
            return "失败"
        return "已完成" if self.run.finished_at else "办理中"


@dataclass(frozen=True, slots=True)
class Running:
    """The whole of the page."""

    ticked_at: datetime | None
    stands_still: bool
    jobs: Sequence[ShownJob]
    undelivered: Sequence[outbox.Undelivered]
    undelivered_count: int
    waiting: int
    """Letters that are not sent yet."""
    has_mail_server: bool
    bounced: Sequence[Bounced]
    """Addresses that were refused for good."""
    robots: Sequence[Robot]
    unheard: Sequence[Unheard]
    """Open duties whose newest reminder reached nobody; the latest of them."""
    unheard_count: int

    def named(self, letter: outbox.Undelivered) -> str:
        """Return to whom a letter goes."""
        if letter.channel in outbox.ROBOTS:
            names = {str(robot.id): robot.name for robot in self.robots}
            return names.get(letter.address, "已删除的群机器人")
        return letter.address


def running(session: Session, actor: Actor, now: datetime) -> Running:
    """Return what the clock does and did, by a constant number of statements."""
    runs = {run.job: run for run in latest_runs(session)}
    ticked_at = last_beat(session)
    today = now.astimezone(SHANGHAI).date()
    jobs = [
        ShownJob(job, run, next_run(job, now, _done(run, today.isoformat())))
        for job in JOBS
        for run in [runs.get(job.key)]
    ]
    return Running(
        ticked_at,
        stands_still(ticked_at, now),
        jobs,
        outbox.list_undelivered(session, actor.agency_id, MOST_LETTERS),
        outbox.count_undelivered(session, actor.agency_id),
        outbox.waiting(session, actor.agency_id),
        MailServer.from_environment() is not None,
        list_bounced(session, actor.agency_id, MOST_ADDRESSES),
        list_robots(session, actor.agency_id),
        *list_unheard(session, actor.agency_id, today, MOST_UNHEARD),
    )


def _done(run: JobRun | None, today: str) -> bool:
    return run is not None and run.slot == today and not run.failed and run.finished_at is not None
