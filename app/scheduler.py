"""The clock that runs by itself. APScheduler only ticks; what is due is worked out from the database.

Every tick asks whether today's reminders have been told and whether letters wait, so a start after a
standstill catches up and a failed run is tried again. Several schedulers may tick side by side: each slot of
a job is claimed by one of them.
"""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from functools import partial
from time import sleep
from typing import TypeAlias

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.cron import CronTrigger
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.clock import now
from app.database import open_ready_database
from app.mailer import MailServer, send_waiting
from finance.holding import sweep_holds
from finance.reconcile.keeping import outcome, reconcile_and_keep
from lifecycle import outbox
from lifecycle.calendar import SHANGHAI
from lifecycle.clock import remind
from lifecycle.jobs import claim, finish
from lifecycle.models import Agency
from lifecycle.roles import Actor
from reports.read_back import read_sheet

log = logging.getLogger(__name__)

REMIND_AT = time(8)
"""From when on the day's reminders are told, by the clock in China."""

EVERY_MINUTES = 5
"""How often the clock ticks; 08:00 is one of its ticks."""


def site_address() -> str:
    """Return how people reach this installation (``KEGUAN_SITE_URL``), for links in e-mails; may be empty."""
    return os.environ.get("KEGUAN_SITE_URL", "").strip()


def _remind(session: Session, actor: Actor, today: date) -> str:
    told = len(remind(session, actor, today, site_address()))
    return f"发出提醒 {told} 条" if told else ""


def _keep_holds(session: Session, actor: Actor, today: date) -> str:
    kept = sweep_holds(session, actor, today)
    return f"新增暂缓拨付 {kept.begun} 条，解除 {kept.lifted} 条" if kept else ""


def _reconcile(session: Session, actor: Actor, today: date) -> str:
    result = reconcile_and_keep(session, actor, today, read_sheet)
    return f"对账 {result.projects} 个项目，{outcome(result.count)}"


Daily: TypeAlias = Callable[[Session, Actor, date], str]
"""A day's work in one agency, done for the system; it says in words what it did, if anything."""

NOTHING = "没有需要办理的"

DAILY: Mapping[str, Daily] = {"holds": _keep_holds, "remind": _remind, "reconcile": _reconcile}
"""What is done once a day in every agency, in this order."""


class Chores:
    """What the clock does on one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def tick(self, moment: datetime | None = None) -> None:
        """Do whatever is due at ``moment`` (now); what fails is recorded and left to the next tick."""
        moment = (moment or now()).astimezone(SHANGHAI)
        if moment.time() >= REMIND_AT:
            for job, act in DAILY.items():
                self._once(job, f"{moment:%Y-%m-%d}", partial(self._in_each_agency, act, moment.date()))
        if self._mail_waits(moment):
            minute = moment.minute // EVERY_MINUTES * EVERY_MINUTES
            self._once("mail", f"{moment:%Y-%m-%dT%H}:{minute:02d}", self._send)

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

    def _mail_waits(self, moment: datetime) -> bool:
        with Session(self._engine) as session:
            return MailServer.from_environment() is not None and outbox.any_due(session, moment)

    def _send(self) -> str:
        server = MailServer.from_environment()
        if server is None:
            return ""
        with Session(self._engine) as session:
            delivery = send_waiting(session, server)
        return f"发出邮件 {delivery.sent} 封，被拒 {delivery.refused} 封"


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
