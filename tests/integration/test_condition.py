"""How the installation fares: red where nothing would be told, a warning where it does not arrive."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from click.testing import CliRunner
from sqlalchemy.orm import Session

from app.cli import main
from app.condition import condition
from lifecycle.clock import remind
from lifecycle.jobs import STILL, beat
from lifecycle.models import Agency, Channel, JobRun, OutboxMessage
from lifecycle.outbox import Queue, claim_next, hand_back, queues
from lifecycle.reaching import LATE, reach
from lifecycle.roles import Actor
from tests.web.site import store_project

NOW = datetime(2026, 4, 1, 4, 0, tzinfo=UTC)
"""12:00 in China."""


def test_what_does_not_arrive_is_a_warning_and_a_clock_that_stands_still_is_red(
    session: Session, migrated_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEGUAN_DATABASE_URL", migrated_database_url)

    def tell(*words: str) -> tuple[int, str]:
        with time_machine.travel(NOW, tick=False):
            said = CliRunner().invoke(main, ["health", *words], catch_exceptions=False)
        return said.exit_code, said.output

    session.add(agency := Agency(name="没有账号的科技局"))
    session.commit()
    assert tell()[0] == 1
    assert "还没有运行过" in tell()[1]
    beat(session, NOW)
    assert condition(session, NOW).plain == {
        "status": "ok",
        "database": "ok",
        "clock": "ok",
        "warnings": [],
    }
    assert tell() == (0, "数据库正常，时钟正在运行，最近一次运行是 2026-04-01 12:00。\n")

    def wait(ago: timedelta, channel: Channel = Channel.MAIL, **more: object) -> None:
        letter = {"agency_id": agency.id, "channel": channel, "address": "1", "title": "t", "body": "b"}
        moments = {"next_try_at": NOW - ago, "since": NOW - ago}
        session.add(OutboxMessage(**(letter | moments | more)))

    since = NOW - 3 * LATE
    wait(LATE / 2)
    wait(LATE * 2, Channel.WECOM, since=None)  # from before this was kept
    wait(LATE * 3)
    wait(LATE * 9, attempts=3, next_try_at=NOW + LATE)  # put off by the other side
    wait(LATE * 9, state="sent")
    session.commit()
    letter = claim_next(session, NOW)
    assert letter is not None
    hand_back(session, letter, NOW)  # the mail server is away: it waits as long as before
    assert queues(session, agency.id).mail == Queue(3, NOW - 9 * LATE)
    found = reach(session, agency.id, NOW)
    assert (found.mail, found.robots) == (Queue(1, since), Queue(1, NOW - 2 * LATE))
    assert reach(session, agency.id + 1, NOW).is_whole
    store_project(session, agency.id, "SPB-1", signed_on=date(2026, 3, 2), joint_unit=None)
    session.rollback()
    told = remind(session, Actor.system(agency.id), date(2026, 4, 1))
    at = {"started_at": NOW, "finished_at": NOW}
    session.add(JobRun(job="mail", slot="x", attempts=4, failed=True, outcome="连接失败", **at))
    session.commit()
    plain = condition(session, NOW).plain
    assert plain["status"] == "ok"
    assert plain["warnings"] == [
        {"warning": "mail_waiting", "count": 1, "since": since.isoformat()},
        {"warning": "robots_waiting", "count": 1, "since": (NOW - 2 * LATE).isoformat()},
        {"warning": "nobody_told", "count": len(told)},
        {"warning": "job_failed", "job": "mail", "attempts": 4},
    ]
    session.rollback()
    code, said = tell()
    assert (code, said.count("注意：")) == (0, 4)
    assert "1 封邮件没有发出，最早的从 2026-04-01 09:00 起等候" in said
    assert json.loads(tell("--format", "json")[1]) == plain
    beat(session, NOW - STILL - timedelta(seconds=1))
    assert tell()[0] == 1
