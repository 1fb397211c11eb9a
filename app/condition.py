"""How the installation fares, for whoever keeps it: what ``/healthz`` and ``keguan health`` tell.

It is unwell where nothing would be told any more: the database does not answer, or the clock stands still.
What does not get through (letters kept by a mail server that is away, duties nobody could be told of, a job
that keeps failing) is a warning: starting the machine again would cure none of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.jobs import JOBS
from lifecycle.calendar import SHANGHAI
from lifecycle.jobs import is_lost, last_beat, latest_runs, stands_still
from lifecycle.outbox import Queue
from lifecycle.reaching import reach


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that does not get through: for machines its code and figures, for people its words."""

    code: str
    words: str
    figures: dict[str, Any]

    @property
    def plain(self) -> dict[str, Any]:
        """What a machine is told; nothing of whose letters or duties these are."""
        return {"warning": self.code, **self.figures}


@dataclass(frozen=True, slots=True)
class Condition:
    """Whether the clock runs, and what does not get through."""

    ticked_at: datetime | None
    stands_still: bool
    warnings: list[Trouble]

    @property
    def plain(self) -> dict[str, Any]:
        """What a machine is told."""
        status, clock = ("unavailable", "stopped") if self.stands_still else ("ok", "ok")
        warnings = [one.plain for one in self.warnings]
        return {"status": status, "database": "ok", "clock": clock, "warnings": warnings}


def condition(session: Session, now: datetime) -> Condition:
    """Return how the installation fares, over all agencies, by four statements."""
    ticked_at = last_beat(session)
    return Condition(ticked_at, stands_still(ticked_at, now), list(_warnings(session, now)))


def _warnings(session: Session, now: datetime) -> Iterator[Trouble]:
    found = reach(session, None, now)
    yield from _late("mail_waiting", found.mail, "封邮件")
    yield from _late("robots_waiting", found.robots, "条群机器人消息")
    if found.unheard:
        words = f"有 {found.unheard} 项期限无人可告知，请各单位管理员在“时钟”页查看"
        yield Trouble("nobody_told", words, {"count": found.unheard})
    runs = {run.job: run for run in latest_runs(session)}
    for job in JOBS:
        run = runs.get(job.key)
        if run and (run.failed or is_lost(run, now)):
            why = run.outcome or "办理中途程序停止"
            figures = {"job": job.key, "attempts": run.attempts}
            yield Trouble("job_failed", f"“{job.title}”没有办成，已试 {run.attempts} 次：{why}", figures)


def _late(code: str, queue: Queue, of: str) -> Iterator[Trouble]:
    if queue.since is not None:
        words = (
            f"{queue.count} {of}没有发出，最早的从 {queue.since.astimezone(SHANGHAI):%Y-%m-%d %H:%M} 起等候"
        )
        yield Trouble(code, words, {"count": queue.count, "since": queue.since.isoformat()})
