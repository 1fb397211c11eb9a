"""What the page 时钟 shows: every job with its last and next run, and what could not be delivered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from app.jobs import JOBS, MAIL, RETURNED, ROBOTS, Job, next_run, site_address, tick_from
from app.mailbox import Mailbox
from app.mailer import MailServer
from lifecycle import outbox
from lifecycle.bounces import Bounced, list_bounced
from lifecycle.calendar import SHANGHAI
from lifecycle.jobs import again_at, is_lost, last_beat, latest_runs, stands_still
from lifecycle.models import JobRun, Robot
from lifecycle.robots import list_robots
from lifecycle.roles import Actor
from lifecycle.unheard import Unheard, list_unheard

MOST_LETTERS = 50
"""Letters that did not get through, shown at once."""

MOST_UNHEARD = 20
"""Duties of which nobody could be told, shown at once."""

MOST_ADDRESSES = 200
"""Refused addresses, shown at once."""


@dataclass(frozen=True, slots=True)
class ShownJob:
    """One job with its last run and when it is next due."""

    job: Job
    run: JobRun | None
    state: str
    """How its last run ended, as a status."""
    next_at: datetime | None
    """When it is due again; where its run came to nothing, when that is tried again."""


@dataclass(frozen=True, slots=True)
class Running:
    """The whole of the page."""

    ticked_at: datetime | None
    stands_still: bool
    jobs: Sequence[ShownJob]
    undelivered: Sequence[outbox.Undelivered]
    undelivered_count: int
    waits: outbox.Queues
    """Letters that are not sent yet."""
    has_mail_server: bool
    has_address: bool
    """Whether letters can name the page to act on."""
    bounced: Sequence[Bounced]
    """Addresses that were refused for good."""
    robots: Sequence[Robot]
    unheard: Sequence[Unheard]
    """Open duties whose newest reminder reached nobody; the latest of them."""
    unheard_count: int

    def queue_of(self, job: Job) -> outbox.Queue | None:
        """Return what waits for a job that sends; ``None`` where nothing does."""
        queue = {MAIL: self.waits.mail, ROBOTS: self.waits.robots}.get(job.key)
        return queue if queue and queue.count else None

    def named(self, letter: outbox.Undelivered) -> str:
        """Return to whom a letter goes."""
        if letter.channel in outbox.ROBOTS:
            names = {str(robot.id): robot.name for robot in self.robots}
            return names.get(letter.address, "已删除的群机器人")
        return letter.address


def state_of(run: JobRun | None, now: datetime) -> str:
    """Return how a run stands, as a status."""
    if run is None:
        return "未运行"
    if run.failed:
        return "失败"
    if run.finished_at:
        return "已完成"
    return "中断" if is_lost(run, now) else "办理中"


def running(session: Session, actor: Actor, now: datetime) -> Running:
    """Return what the clock does and did, by a constant number of statements."""
    runs = {run.job: run for run in latest_runs(session)}
    ticked_at = last_beat(session)
    today = now.astimezone(SHANGHAI).date()
    jobs = [_shown(job, runs.get(job.key), now, today) for job in JOBS]
    return Running(
        ticked_at,
        stands_still(ticked_at, now),
        jobs,
        outbox.list_undelivered(session, actor.agency_id, MOST_LETTERS),
        outbox.count_undelivered(session, actor.agency_id),
        outbox.queues(session, actor.agency_id),
        MailServer.is_set(),
        bool(site_address()),
        list_bounced(session, actor.agency_id, MOST_ADDRESSES),
        list_robots(session, actor.agency_id),
        *list_unheard(session, actor.agency_id, today, MOST_UNHEARD),
    )


def _shown(job: Job, run: JobRun | None, now: datetime, today: date) -> ShownJob:
    if job.key == RETURNED and not Mailbox.is_set():
        return ShownJob(job, None, "未设置", None)
    state, again = state_of(run, now), run and again_at(run)
    if again and state in ("失败", "中断"):
        return ShownJob(job, run, state, tick_from(max(again, now)))
    return ShownJob(job, run, state, next_run(job, now, _done(run, today.isoformat())))


def _done(run: JobRun | None, today: str) -> bool:
    return run is not None and run.slot == today and not run.failed and run.finished_at is not None
