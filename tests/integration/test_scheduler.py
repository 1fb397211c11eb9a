"""The clock that runs by itself: what is due is worked out from the database, once a slot, failures again."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app import jobs, scheduler
from app.clock import now
from app.database import DatabaseNotReady
from app.longwork.folder import KEPT
from app.scheduler import Chores
from lifecycle.database import begin_write, open_database
from lifecycle.jobs import GAPS, STALE, claim, finish
from lifecycle.models import JobRun, LongWork, Membership, OutboxMessage, Reminder, WorkState
from tests.web.site import make_people, store_project

MORNING = datetime(2026, 4, 1, 0, 0, tzinfo=UTC)
"""08:00 in China."""


@pytest.fixture
def engine(migrated_sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """A bureau with one payment due on 1 April 2026, and no mail server."""
    monkeypatch.delenv("KEGUAN_SMTP_HOST", raising=False)
    made = open_database(migrated_sqlite_url)
    with Session(made) as session:
        agency_id = make_people(session).agency_a
        store_project(session, agency_id, "SPB-1", signed_on=date(2026, 3, 2), joint_unit=None)
    yield made
    made.dispose()


def steps(engine: Engine) -> list[str]:
    with Session(engine) as session:
        return list(session.scalars(select(Reminder.step).order_by(Reminder.id)))


def runs(engine: Engine) -> list[tuple[str, str, bool]]:
    """Return the runs of the reminders, one of several things that are done every day."""
    with Session(engine) as session:
        query = select(JobRun.job, JobRun.slot, JobRun.failed).order_by(JobRun.id)
        query = query.where(JobRun.job == "remind")
        return [(row[0], row[1], row[2]) for row in session.execute(query)]


def test_reminders_are_told_from_eight_in_the_morning_on(engine: Engine) -> None:
    chores = Chores(engine)
    chores.tick(MORNING - timedelta(minutes=1))
    assert (steps(engine), runs(engine)) == ([], [])
    chores.tick(MORNING)
    assert (steps(engine), runs(engine)) == (["T"], [("remind", "2026-04-01", False)])


def test_a_start_late_in_the_day_catches_up_and_the_next_day_is_a_slot_of_its_own(engine: Engine) -> None:
    chores = Chores(engine)
    late = MORNING + timedelta(hours=15, minutes=59)
    for moment in (late, late, late + timedelta(minutes=1), MORNING + timedelta(days=7)):
        chores.tick(moment)
    assert steps(engine) == ["T", "T+7"]
    assert [slot for _, slot, _ in runs(engine)] == ["2026-04-01", "2026-04-08"]


def test_a_run_that_fails_is_recorded_and_tried_again_at_the_next_tick(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    chores = Chores(engine)

    def broken(*_: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(jobs, "remind", broken)
        chores.tick(MORNING)
    assert runs(engine) == [("remind", "2026-04-01", True)]
    assert steps(engine) == []
    chores.tick(MORNING + timedelta(minutes=5))
    assert runs(engine) == [("remind", "2026-04-01", False)]
    assert steps(engine) == ["T"]


def test_an_agency_that_fails_does_not_keep_the_others_waiting(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = jobs.remind

    def broken_for_one(session: Session, actor: object, *words: object) -> object:
        if getattr(actor, "agency_id", 0) == 1:
            raise ValueError("one agency's rows are damaged")
        return real(session, actor, *words)  # type: ignore[arg-type]

    with Session(engine) as session:
        store_project(session, 2, "SPB-2", signed_on=date(2026, 3, 2), joint_unit=None)
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "remind", broken_for_one)
        Chores(engine).tick(MORNING)
    assert steps(engine) == ["T"]
    assert runs(engine) == [("remind", "2026-04-01", True)]
    with Session(engine) as session:
        said = session.scalars(select(JobRun.outcome).where(JobRun.job == "remind")).one() or ""
    number = re.fullmatch(r"1 个单位没有办成：程序内部错误，请把错误编号 (\d{6}) 告知维护人员", said)
    assert number is not None
    assert f"error {number[1]}" in caplog.text


def test_a_slot_is_claimed_once_and_again_only_after_failure_or_death(migrated_database_url: str) -> None:
    engine = open_database(migrated_database_url)
    with Session(engine) as session:
        assert claim(session, "remind", "2026-04-01", MORNING)
        assert not claim(session, "remind", "2026-04-01", MORNING + STALE - timedelta(seconds=1))
        assert claim(session, "remind", "2026-04-02", MORNING)
        at = MORNING + STALE
        assert claim(session, "remind", "2026-04-01", at)
        for gap in (GAPS[1], GAPS[2], GAPS[3], GAPS[3]):  # the second attempt, and so on
            finish(session, "remind", "2026-04-01", at + timedelta(minutes=1), "坏了", failed=True)
            assert not claim(session, "remind", "2026-04-01", at + gap - timedelta(seconds=1))
            at += gap
            assert claim(session, "remind", "2026-04-01", at + timedelta(seconds=20))
        finish(session, "remind", "2026-04-01", at, "好了", failed=False)
        assert not claim(session, "remind", "2026-04-01", MORNING + timedelta(days=400))
    engine.dispose()


def test_an_outage_of_a_day_is_one_run_and_what_a_killed_one_left_is_done(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEGUAN_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("KEGUAN_SMTP_PORT", "1")
    monkeypatch.setenv("KEGUAN_SMTP_FROM", "k@bureau.test")
    chores, tried = Chores(engine), []
    with Session(engine) as session:
        claim(session, "remind", "2026-04-01", MORNING - timedelta(minutes=10))  # and was killed
        letter = {"address": "li@unit.test", "title": "提醒", "body": "期限将至"}
        session.add(OutboxMessage(agency_id=1, next_try_at=MORNING + timedelta(minutes=20), **letter))
        session.commit()
    for minutes in range(0, 130, 5):
        chores.tick(MORNING + timedelta(minutes=minutes, seconds=minutes % 4))
        with Session(engine) as session:
            query = select(JobRun.attempts).where(JobRun.job == "mail")
            tried.append(list(session.scalars(query)))
    begun = [place * 5 for place, (before, after) in enumerate(pairwise(tried), 1) if before != after]
    assert begun == [20, 25, 35, 55, 85, 115]
    assert tried[-1] == [6]
    assert steps(engine) == ["T"]
    with Session(engine) as session:
        run = session.scalars(select(JobRun).where(JobRun.job == "remind")).one()
        assert (run.attempts, run.failed, run.outcome) == (2, False, "发出提醒 1 条")
        run = session.scalars(select(JobRun).where(JobRun.job == "mail")).one()
        assert (run.failed, "连接失败" in (run.outcome or "")) == (True, True)


def wait_for(engine: Engine, many: int) -> None:
    deadline = time.monotonic() + 60
    while len(steps(engine)) < many and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(steps(engine)) == many


def test_the_thread_beside_the_server_ticks_at_once(engine: Engine) -> None:
    app = Flask("test")
    app.config["SQLALCHEMY_DATABASE_URI"] = engine.url.render_as_string(hide_password=False)
    with time_machine.travel(MORNING + timedelta(hours=1), tick=True):
        beside = scheduler.start(app)
        try:
            wait_for(engine, 1)
            (job,) = beside.get_jobs()
            assert (job.coalesce, job.misfire_grace_time, job.max_instances) == (True, None, 1)
            assert str(beside.timezone) == "Asia/Shanghai"
        finally:
            beside.shutdown()


def test_a_database_that_is_not_set_up_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatabaseNotReady):
        scheduler.start(f"sqlite:///{tmp_path / 'none.db'}")


def test_the_console_scheduler_runs_until_it_is_asked_to_end(engine: Engine) -> None:
    url = engine.url.render_as_string(hide_password=False)
    process = subprocess.Popen(
        [sys.executable, "-c", "from app.cli import main; main(['scheduler'])"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "KEGUAN_DATABASE_URL": url, "PYTHONWARNINGS": "error"},
    )
    assert process.stdout is not None
    assert "定时任务已启动" in process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=60)
    assert (process.returncode, rest) == (0, "定时任务已停止。\n")


def test_settings_that_cannot_be_read_fail_a_job_that_is_shown_and_keep_no_reminder_waiting(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> bool:
        raise ValueError("a setting is damaged")

    monkeypatch.setattr("app.scheduler.is_outdated", broken)
    monkeypatch.setattr("lifecycle.recomputing.is_outdated", broken)
    Chores(engine).tick(MORNING)
    assert steps(engine) == ["T"]
    with Session(engine) as session:
        assert session.scalars(select(JobRun.failed).where(JobRun.job == jobs.RECOMPUTE)).all() == [True]


def test_once_a_day_files_of_long_work_that_nobody_came_back_to_are_cleared_away(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEGUAN_INSTANCE", str(tmp_path))
    folder, old = tmp_path / "uploads", time.time() - KEPT.total_seconds() - 60
    folder.mkdir()
    for name in ("old.result", "old.rows", "wanted.result", "new.result"):
        (folder / name).write_bytes(b"x")
        os.utime(folder / name, (old, old) if name != "new.result" else None)
    with Session(engine) as session:
        begin_write(session)
        agency_id, user_id = session.execute(select(Membership.agency_id, Membership.user_id).limit(1)).one()
        usual = {"agency_id": agency_id, "user_id": user_id, "kind": "ledger.export", "name": "台账.xlsx"}
        usual |= {"digest": "", "mark": "", "parameters": {}, "result": {}, "state": WorkState.DONE}
        for key, ago in (("old", KEPT + timedelta(minutes=1)), ("wanted", timedelta())):
            at = now() - ago
            session.add(LongWork(key=key, created_at=at, changed_at=at, **usual))
        session.commit()
    Chores(engine).tick(MORNING)
    assert sorted(path.name for path in folder.iterdir()) == ["new.result", "wanted.result"]
    with Session(engine) as session:
        assert session.scalars(select(LongWork.key)).all() == ["wanted"]
        said = session.scalars(select(JobRun.outcome).where(JobRun.job == jobs.PRUNE)).one()
    assert said == "清理过期的任务文件 2 个"
