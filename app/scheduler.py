"""The clock that runs by itself. APScheduler only ticks; what is due is worked out from the database.

Every tick asks whether today's reminders have been told and whether letters wait, so a start after a
standstill catches up and a failed run is tried again. Several schedulers may tick side by side: each slot of
a job is claimed by one of them.
"""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.cron import CronTrigger
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.clock import now
from app.database import instance_folder, open_ready_database
from app.jobs import (
    DAILY,
    DAILY_FROM,
    EVERY_MINUTES,
    MAIL,
    NOTHING,
    PRUNE,
    RECOMPUTE,
    RETURNED,
    RETURNED_MINUTES,
    ROBOTS,
    Daily,
    slot_of,
)
from app.longwork.tidying import tidy
from app.mailbox import Mailbox, read_returned
from app.mailer import MailServer, send_waiting
from app.robots import send_to_robots
from app.troubles import numbers_of, told, told_of_each
from lifecycle import outbox
from lifecycle.calendar import SHANGHAI
from lifecycle.jobs import beat, claim, finish, prune, unfinished
from lifecycle.models import Agency
from lifecycle.proof import any_unrecorded, record_deliveries
from lifecycle.recomputing import catch_up
from lifecycle.roles import Actor
from lifecycle.standing import is_outdated

log = logging.getLogger(__name__)

NO_RETURNED = "没有新的退信"


def _catch_up(session: Session, actor: Actor, _today: date) -> str:
    projects = catch_up(session, actor)
    return f"重新计算 {projects} 个项目" if projects else ""


def _send_to_robots(session: Session) -> str:
    delivery = send_to_robots(session)
    done = f"发出消息 {delivery.sent} 条，被拒 {delivery.refused} 条"
    return done + _left(outbox.count_due(session, now(), outbox.ROBOTS), "条")


def _left(count: int, of: str) -> str:
    """Say what one run could not do any more: the next tick goes on."""
    return f"，还有 {count} {of}，{EVERY_MINUTES} 分钟内接着发" if count else ""


Clock = Callable[[], datetime]


def _running_from(moment: datetime) -> Clock:
    """Return a clock that shows ``moment`` now and goes on from there."""
    begun = time.monotonic()
    return lambda: moment + timedelta(seconds=time.monotonic() - begun)


def _in_words(error: Exception) -> str:
    """Return what to say on the page of a job that failed."""
    if isinstance(error, ExceptionGroup):
        return f"{len(error.exceptions)} 个单位没有办成：{told_of_each(error.exceptions)}"
    return told(error)


class Chores:
    """What the clock does on one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._looked: set[str] = set()
        """Mails that came back and are none of ours."""

    def tick(self, moment: datetime | None = None) -> None:
        """Do whatever is due at ``moment`` (now); what fails is recorded and left to a later tick."""
        moment = (moment or now()).astimezone(SHANGHAI)
        at = _running_from(moment)
        with Session(self._engine) as session:
            beat(session, at())
        tick, day = slot_of(moment, EVERY_MINUTES), f"{moment:%Y-%m-%d}"
        if self._is_outdated():
            self._now(RECOMPUTE, tick, at, partial(self._in_each_agency, _catch_up, moment.date()))
        if moment.time() >= DAILY_FROM:
            for job, act in DAILY.items():
                self._once(job, day, at, partial(self._in_each_agency, act, moment.date()))
            self._once(PRUNE, day, at, self._prune)
        if self._mail_waits(moment):
            self._now(MAIL, tick, at, partial(self._recorded, self._send))
        if self._robots_wait(moment):
            self._now(ROBOTS, tick, at, partial(self._recorded, _send_to_robots))
        if Mailbox.is_set():
            slot = slot_of(moment, RETURNED_MINUTES)
            self._now(RETURNED, slot, at, partial(self._recorded, self._read_returned))

    def _now(self, job: str, slot: str, at: Clock, act: Callable[[], str]) -> None:
        """Do a job whose slots follow closely: while one comes to nothing it is tried, not the next."""
        with Session(self._engine) as session:
            slot = unfinished(session, job, at()) or slot
        self._once(job, slot, at, act)

    def _once(self, job: str, slot: str, at: Clock, act: Callable[[], str]) -> None:
        """Do a job unless its slot has been claimed already, and record how it ended."""
        with Session(self._engine) as session:
            if not claim(session, job, slot, at()):
                return
            try:
                outcome, failed = act(), False
            except Exception as error:
                log.exception("%s of %s failed, error %s", job, slot, numbers_of(error))
                outcome, failed = _in_words(error), True
            finish(session, job, slot, at(), outcome, failed=failed)
            beat(session, at())  # long jobs one after another are no standstill

    def _in_each_agency(self, act: Daily, today: date) -> str:
        """Do a day's work in every agency. One in which it fails does not keep the others waiting."""
        told, failures = [], []
        with Session(self._engine) as session:
            for agency_id in session.scalars(select(Agency.id).order_by(Agency.id)).all():
                try:
                    told.append(act(session, Actor.system(agency_id), today))
                except Exception as error:
                    failures.append(error)
        if failures:
            raise ExceptionGroup("some agencies failed", failures)
        return "；".join(filter(None, told)) or NOTHING

    def _is_outdated(self) -> bool:
        """Whether anything is to be worked out anew; where nobody can tell, the job itself shows why."""
        try:
            with Session(self._engine) as session:
                ids = session.scalars(select(Agency.id)).all()
                return any(is_outdated(session, agency_id) for agency_id in ids)
        except Exception:
            log.exception("nobody can tell whether what is kept is outdated")
            return True

    def _prune(self) -> str:
        with Session(self._engine) as session:
            count, files = prune(session, now()), tidy(session, instance_folder(), now())
        done = [f"清理 {count} 条"] * bool(count) + [f"清理过期的任务文件 {files} 个"] * bool(files)
        return "，".join(done) or NOTHING

    def _mail_waits(self, moment: datetime) -> bool:
        with Session(self._engine) as session:
            to_send = MailServer.is_set() and outbox.any_due(session, moment)
            return to_send or any_unrecorded(session)

    def _robots_wait(self, moment: datetime) -> bool:
        with Session(self._engine) as session:
            return outbox.any_due(session, moment, outbox.ROBOTS)

    def _send(self, session: Session) -> str:
        server = MailServer.from_environment()
        if server is None:
            return ""
        delivery = send_waiting(session, server)
        done = f"发出邮件 {delivery.sent} 封，被拒 {delivery.refused} 封"
        return done + _left(outbox.count_due(session, now()), "封")

    def _read_returned(self, session: Session) -> str:
        record_deliveries(session)  # a letter that came back must have been sent in the history before
        mailbox = Mailbox.from_environment()
        return (str(read_returned(session, mailbox, self._looked)) if mailbox else "") or NO_RETURNED

    def _recorded(self, send: Callable[[Session], str]) -> str:
        """Send, and enter into the history what became of it, also where sending came to an early end."""
        with Session(self._engine) as session:
            try:
                return send(session)
            finally:
                session.rollback()
                record_deliveries(session)


def _arm(scheduler: BaseScheduler, engine: Engine) -> None:
    """Give the scheduler its one job: a first tick at once, then one every few minutes, however late."""
    scheduler.add_job(
        Chores(engine).tick,
        CronTrigger(minute=f"*/{EVERY_MINUTES}", timezone=SHANGHAI),
        id="tick",
        next_run_time=now(),
        coalesce=True,
        misfire_grace_time=None,
        max_instances=1,
    )


def start(app_or_url: Flask | str) -> BackgroundScheduler:
    """Let the clock tick in a thread of this process, on the database of an application or at a URL.

    The thread ends with the process, or earlier by ``shutdown()``. Raises ``DatabaseNotReady``.
    """
    url = app_or_url if isinstance(app_or_url, str) else app_or_url.config["SQLALCHEMY_DATABASE_URI"]
    scheduler = BackgroundScheduler(timezone=SHANGHAI)
    _arm(scheduler, open_ready_database(url))
    scheduler.start()
    return scheduler


def serve(url: str, started: Callable[[], None]) -> None:
    """Let the clock tick on the database at ``url`` until this process is asked to end; ``started`` is told.

    The signal only leaves word: an exception out of its handler could end up anywhere, and get lost there.
    """
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda signum, _frame: asked.append(signum))
    scheduler = start(url)
    started()
    while not asked:
        time.sleep(1)
    scheduler.shutdown()
