"""The clock that runs by itself. APScheduler only ticks; what is due is worked out from the database.

Every tick asks whether today's reminders have been told and whether letters wait, so a start after a
standstill catches up and a failed run is tried again. Several schedulers may tick side by side: each slot of
a job is claimed by one of them.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from time import sleep

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.cron import CronTrigger
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.clock import now
from app.database import open_ready_database
from app.jobs import DAILY, DAILY_FROM, EVERY_MINUTES, MAIL, NOTHING, PRUNE, RECOMPUTE, ROBOTS, Daily
from app.mailer import MailServer, send_waiting
from app.robots import send_to_robots
from lifecycle import outbox
from lifecycle.calendar import SHANGHAI
from lifecycle.jobs import beat, claim, finish, prune
from lifecycle.models import Agency
from lifecycle.proof import any_unrecorded, record_deliveries
from lifecycle.recomputing import catch_up
from lifecycle.roles import Actor
from lifecycle.standing import is_outdated

log = logging.getLogger(__name__)


def _catch_up(session: Session, actor: Actor, _today: date) -> str:
    projects = catch_up(session, actor)
    return f"重新计算 {projects} 个项目" if projects else ""


def _send_to_robots(session: Session) -> str:
    delivery = send_to_robots(session)
    return f"发出消息 {delivery.sent} 条，被拒 {delivery.refused} 条"


class Chores:
    """What the clock does on one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def tick(self, moment: datetime | None = None) -> None:
        """Do whatever is due at ``moment`` (now); what fails is recorded and left to the next tick."""
        moment = (moment or now()).astimezone(SHANGHAI)
        with Session(self._engine) as session:
            beat(session, now())
        tick = f"{moment:%Y-%m-%dT%H}:{moment.minute // EVERY_MINUTES * EVERY_MINUTES:02d}"
        if self._is_outdated():
            self._once(RECOMPUTE, tick, partial(self._in_each_agency, _catch_up, moment.date()))
        if moment.time() >= DAILY_FROM:
            day = f"{moment:%Y-%m-%d}"
            for job, act in DAILY.items():
                self._once(job, day, partial(self._in_each_agency, act, moment.date()))
            self._once(PRUNE, day, self._prune)
        if self._mail_waits(moment):
            self._once(MAIL, tick, partial(self._recorded, self._send))
        if self._robots_wait(moment):
            self._once(ROBOTS, tick, partial(self._recorded, _send_to_robots))

    def _once(self, job: str, slot: str, act: Callable[[], str]) -> None:
        """Do a job unless its slot has been claimed already, and record how it ended."""
        with Session(self._engine) as session:
            if not claim(session, job, slot, now()):
                return
            try:
                outcome, failed = act(), False
            except Exception as error:
                log.exception("%s of %s failed", job, slot)
                outcome, failed = f"{type(error).__name__}: {error}", True
            finish(session, job, slot, now(), outcome, failed=failed)

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
            count = prune(session, now())
        return f"清理 {count} 条" if count else NOTHING

    def _mail_waits(self, moment: datetime) -> bool:
        with Session(self._engine) as session:
            to_send = MailServer.from_environment() is not None and outbox.any_due(session, moment)
            return to_send or any_unrecorded(session)

    def _robots_wait(self, moment: datetime) -> bool:
        with Session(self._engine) as session:
            return outbox.any_due(session, moment, outbox.ROBOTS)

    def _send(self, session: Session) -> str:
        server = MailServer.from_environment()
        if server is None:
            return ""
        delivery = send_waiting(session, server)
        return f"发出邮件 {delivery.sent} 封，被拒 {delivery.refused} 封"

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
        sleep(1)
    scheduler.shutdown()
