"""What the clock does: daily work in every agency, letters, and keeping its own house in order."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeAlias

from sqlalchemy.orm import Session

from finance.holding import sweep_holds
from finance.reconcile.keeping import outcome, reconcile_and_keep
from lifecycle.calendar import SHANGHAI
from lifecycle.clock import remind
from lifecycle.jobs import TICK
from lifecycle.roles import Actor
from reports.read_back import read_sheet

DAILY_FROM = time(8)
"""From when on the day's work is done, by the clock in China."""

EVERY_MINUTES = TICK // timedelta(minutes=1)
"""How often the clock ticks; 08:00 is one of its ticks."""

RETURNED_MINUTES = 30
"""How often the mailbox is looked into for letters that came back."""


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


@dataclass(frozen=True, slots=True)
class Job:
    """One kind of the clock's work, as people are told of it."""

    key: str
    title: str
    when: str

    @property
    def is_daily(self) -> bool:
        """Whether it is done once a day."""
        return self.key in DAILY or self.key == PRUNE


RECOMPUTE, MAIL, ROBOTS, RETURNED, PRUNE = "recompute", "mail", "robots", "returned", "prune"
_DAILY_WORDS = "每天 08:00"

JOBS = (
    Job(RECOMPUTE, "重新计算核对结果和期限", "规则、设置或放假安排变化后"),
    Job("holds", "核对暂缓拨付", _DAILY_WORDS),
    Job("remind", "发出期限提醒", _DAILY_WORDS),
    Job("reconcile", "对账", _DAILY_WORDS),
    Job(MAIL, "发送邮件", f"每 {EVERY_MINUTES} 分钟，有待发邮件时"),
    Job(ROBOTS, "发送群机器人消息", f"每 {EVERY_MINUTES} 分钟，有待发消息时"),
    Job(RETURNED, "登记退信", f"每 {RETURNED_MINUTES} 分钟，查看发件邮箱"),
    Job(PRUNE, "清理运行记录和过期的任务文件", _DAILY_WORDS),
)
"""Everything the clock does, in its order."""


def next_run(job: Job, now: datetime, done_today: bool) -> datetime | None:
    """Return when a job is next due; ``None`` where that depends on something else happening."""
    local = now.astimezone(SHANGHAI)
    if job.key == RETURNED:
        return next_slot(local, RETURNED_MINUTES)
    if not job.is_daily:
        return None
    today = datetime.combine(local.date(), DAILY_FROM, SHANGHAI)
    return today + timedelta(1) if done_today else max(today, local)


def slot_of(local: datetime, minutes: int) -> str:
    """Return the slot of a job that is done every so many minutes, within the hour."""
    return f"{local:%Y-%m-%dT%H}:{local.minute // minutes * minutes:02d}"


def next_slot(local: datetime, minutes: int) -> datetime:
    """Return when the next such slot begins."""
    begun = local.replace(minute=local.minute // minutes * minutes, second=0, microsecond=0)
    return begun + timedelta(minutes=minutes)


def tick_from(moment: datetime) -> datetime:
    """Return the first tick at or after ``moment``."""
    local = moment.astimezone(SHANGHAI)
    return next_slot(local - timedelta(microseconds=1), EVERY_MINUTES)
