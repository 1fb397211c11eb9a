"""After a standstill, two web servers and a scheduler start at once: one catch-up, each job once."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest
import time_machine
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app import create_app
from app.config import Config
from app.extensions import db
from app.jobs import DAILY, PRUNE
from app.scheduler import Chores
from lifecycle.jobs import BEAT
from lifecycle.models import AuditEntry, JobRun, Reminder
from tests.integration.processes import let_go, start
from tests.integration.test_run import free_port
from tests.web.site import make_people, store_project

MORNING = datetime(2026, 4, 1, 0, 0, tzinfo=UTC)
"""08:00 in China."""

AFTERWARDS = MORNING + timedelta(days=23, hours=2)
"""Three weeks and two days later: the steps of three Wednesdays were missed."""

PROGRAMS = """
import importlib, os, sys
from datetime import datetime
import time_machine
import app.scheduler, waitress.server
from app.cli import main
from app.factory import PARTS
for part in PARTS:
    importlib.import_module(part)
time_machine.travel(datetime.fromisoformat(sys.argv[1]), tick=True).start()
children = []
#go
for words in sys.argv[2:]:
    children.append(os.fork())
    if not children[-1]:
        main(words.split())
        os._exit(0)
print(*children, flush=True)
for child in children:
    os.waitpid(child, 0)
"""
"""Each child is one of the programs; forked, so that what they have in common is loaded once."""


def health(port: int) -> dict[str, object]:
    """Return what a web server says of itself, once it is there."""
    deadline = time.monotonic() + 60
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                return dict(json.loads(answer.read()))
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def runs_of(engine: Engine, day: str) -> list[JobRun]:
    with Session(engine) as session:
        query = select(JobRun).where(JobRun.job != BEAT, JobRun.slot.startswith(day))
        return list(session.scalars(query.order_by(JobRun.id)))


def test_a_standstill_turns_health_red_and_whoever_starts_catches_up_once(
    engine: Engine, migrated_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Session(engine) as session:
        agency_id = make_people(session).agency_a
        store_project(session, agency_id, "SPB-1", signed_on=date(2026, 3, 2), joint_unit=None)
    Chores(engine).tick(MORNING)
    config = Config(database_url=migrated_database_url, secret_key="k", instance=tmp_path, testing=True)
    app = create_app(config)
    client = app.test_client()
    for moment, status in ((MORNING + timedelta(minutes=6), 200), (AFTERWARDS, 503)):
        with time_machine.travel(moment, tick=False):
            assert client.get("/healthz").status_code == status
    for name in [name for name in os.environ if name.startswith("KEGUAN_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KEGUAN_INSTANCE", str(tmp_path))
    ports = [free_port(), free_port()]
    words = [*(f"run --port {port}" for port in ports), "scheduler"]
    programs = start(migrated_database_url, PROGRAMS, AFTERWARDS.isoformat(), *words)
    let_go(programs)
    assert programs.stdout is not None
    pids = next(
        [int(one) for one in words] for line in programs.stdout if (words := line.split())[0].isdigit()
    )
    try:
        well = {"status": "ok", "database": "ok", "clock": "ok", "warnings": []}
        assert [health(port) for port in ports] == [well, well]
        deadline = time.monotonic() + 60
        while len(done := runs_of(engine, "2026-04-24")) <= len(DAILY) or not all(
            r.finished_at for r in done
        ):
            assert time.monotonic() < deadline, [(run.job, run.outcome) for run in done]
            time.sleep(0.1)
    finally:
        for child in pids:
            os.kill(child, signal.SIGTERM)
        programs.communicate(timeout=60)
    jobs = Counter(run.job for run in done)
    assert {job: jobs[job] for job in (*DAILY, PRUNE)} == dict.fromkeys((*DAILY, PRUNE), 1)
    assert {(run.attempts, run.failed) for run in done} == {(1, False)}
    with Session(engine) as session:
        assert list(session.scalars(select(Reminder.step).order_by(Reminder.id))) == ["T", "T+21"]
        told = select(AuditEntry.summary).where(AuditEntry.action == "clock.remind")
        assert len(session.scalars(told).all()) == 2
    with time_machine.travel(AFTERWARDS + timedelta(minutes=2), tick=False):
        assert client.get("/healthz").status_code == 200
    with app.app_context():
        db.engine.dispose()
