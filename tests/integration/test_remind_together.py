"""Several clocks at once, and clocks that are killed: each thing told once, nothing by halves."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.jobs import DAILY, PRUNE, RECOMPUTE
from lifecycle.clock import remind
from lifecycle.database import begin_write, open_database
from lifecycle.jobs import BEAT
from lifecycle.models import AuditEntry, InboxMessage, JobRun, OutboxMessage, Reminder
from lifecycle.roles import Actor
from lifecycle.standing import keep
from lifecycle.storing import add_projects
from tests.integration.processes import let_go, start
from tests.web.site import a_record, make_people

DAY = date(2026, 4, 8)
PROJECTS = 40


@pytest.fixture
def session(migrated_database_url: str) -> Iterator[Session]:
    """A session on a bureau with forty projects whose payment is a week late."""
    engine = open_database(migrated_database_url)
    with Session(engine) as made:
        agency_id = make_people(made).agency_a
        late = {"signed_on": date(2026, 3, 2), "joint_unit": None}
        records = [a_record(f"SPB-{number:02d}", **late) for number in range(PROJECTS)]
        begin_write(made)
        keep(
            made,
            agency_id,
            list(zip(add_projects(made, agency_id, records), records, strict=True)),
            fresh=True,
        )
        made.commit()
        yield made
    engine.dispose()


REMIND = f"""
from app.cli import main
import app.cli_clock, lifecycle.clock
#go
main(["remind", "--as-of", "{DAY}", "--agency", "沙坪坝区科技局", "--format", "json"])
"""


def test_of_clocks_that_go_off_together_each_duty_is_told_by_one(
    session: Session, migrated_database_url: str
) -> None:
    clocks = [start(migrated_database_url, REMIND) for _ in range(3)]
    let_go(*clocks)
    told = [json.loads(process.communicate(timeout=60)[0]) for process in clocks]
    assert [process.returncode for process in clocks] == [0, 0, 0]
    assert sorted(len(one) for one in told) == [0, 0, PROJECTS]
    assert session.scalar(select(func.count()).select_from(Reminder)) == PROJECTS
    assert session.scalar(select(func.count()).select_from(AuditEntry)) == 1


KILLED = f"""
import os, signal
from datetime import date
from sqlalchemy.orm import Session
from app.database import database_url
from lifecycle import clock, telling
from lifecycle.database import open_database
from lifecycle.roles import Actor
write = telling._write_inboxes
def dies(*words):
    write(*words)
    os.kill(os.getpid(), signal.SIGKILL)
telling._write_inboxes = dies
#go
with Session(open_database(database_url())) as session:
    clock.remind(session, Actor.system(1), date.fromisoformat("{DAY}"))
"""


def test_a_clock_killed_half_way_leaves_nothing_and_the_next_tells_everything(
    session: Session, migrated_database_url: str
) -> None:
    killed = start(migrated_database_url, KILLED)
    let_go(killed)
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    for model in (Reminder, InboxMessage, OutboxMessage):
        assert session.scalar(select(func.count()).select_from(model)) == 0
    assert len(remind(session, Actor.system(1), DAY)) == PROJECTS


TICK = """
import sys
from datetime import datetime
from app.database import database_url
from app.scheduler import Chores
from lifecycle.database import open_database
chores = Chores(open_database(database_url()))
#go
for _ in range(5):
    chores.tick(datetime.fromisoformat(sys.argv[1]))
"""


def test_of_three_schedulers_one_does_the_days_job(session: Session, migrated_database_url: str) -> None:
    moment = datetime(2026, 4, 8, 0, 30, tzinfo=UTC)  # 08:30 in China
    schedulers = [start(migrated_database_url, TICK, moment.isoformat()) for _ in range(3)]
    let_go(*schedulers)
    for process in schedulers:
        process.communicate(timeout=60)
    assert [process.returncode for process in schedulers] == [0, 0, 0]
    runs = session.scalars(select(JobRun)).all()
    assert sorted(one.job for one in runs) == sorted([*DAILY, BEAT, PRUNE, RECOMPUTE])
    daily = [one for one in runs if one.job in DAILY]
    assert {(one.slot, one.failed, one.attempts) for one in daily} == {("2026-04-08", False, 1)}
    (run,) = (one for one in runs if one.job == "remind")
    assert run.outcome == f"发出提醒 {PROJECTS} 条"
    assert session.scalar(select(func.count()).select_from(Reminder)) == PROJECTS
