"""时钟: what each job did, and in plain words what will happen next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy.orm import Session

from lifecycle.jobs import KEPT, beat, prune
from lifecycle.models import JobRun, OutboxMessage
from lifecycle.roles import Role
from tests.plugins.counting import Counting
from tests.web.site import Browser, People

As = Callable[[Role], Browser]
NOW = datetime(2026, 4, 8, 1, 42, tzinfo=UTC)
"""09:42 in China."""


def row(page: str, title: str) -> str:
    """Return the table's row of a job, as text."""
    return page.partition(f">{title}</td>")[2].partition("</tr>")[0]


def test_the_page_says_what_failed_what_was_killed_and_when_it_is_tried_again(
    as_role: As, session: Session, people: People, query_count: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KEGUAN_IMAP_HOST", raising=False)
    begun = NOW - timedelta(minutes=11, seconds=40)  # 09:30:20
    said = "邮件服务器 mail.test:25 连接失败，稍后重试"
    made = {
        "mail": {"slot": "x", "attempts": 3, "finished_at": begun, "failed": True, "outcome": said},
        "robots": {"slot": "y", "attempts": 1, "started_at": NOW - timedelta(minutes=50)},
        "recompute": {"slot": "y", "attempts": 1, "started_at": NOW - timedelta(minutes=3)},
        "remind": {"slot": "2026-04-08", "attempts": 2, "finished_at": begun, "outcome": "发出提醒 9 条"},
    }
    for job, given in made.items():
        session.add(JobRun(**{"job": job, "started_at": begun, "failed": False} | given))
    session.commit()
    beat(session, NOW)
    with time_machine.travel(NOW, tick=False):
        browser = as_role(Role.HANDLER)
        with query_count() as asked:
            page = browser.get("/clock/").text
        runs = browser.get("/clock/runs?failed=1").text
        monkeypatch.setenv("KEGUAN_IMAP_HOST", "imap.test")
        monkeypatch.setenv("KEGUAN_SMTP_HOST", "mail.test")  # and no sender: the page is shown all the same
        letter = {"address": "a@b.test", "title": "t", "body": "b", "next_try_at": NOW}
        session.add(OutboxMessage(agency_id=people.agency_a, since=NOW - timedelta(hours=2), **letter))
        session.commit()
        set_up = browser.get("/clock/").text
        desks = [as_role(role).get("/").text for role in (Role.ADMIN, Role.HANDLER)]
        beat(session, NOW - timedelta(hours=1))
        desks += [as_role(role).get("/").text for role in (Role.ADMIN, Role.HANDLER)]
    assert len(asked) <= 12
    mail = row(page, "发送邮件")
    assert all(words in mail for words in ("失败", said, "2026-04-08 09:50", "已试 3 次"))
    robots = row(page, "发送群机器人消息")
    assert all(words in robots for words in ("中断", "办理中途程序停止", "2026-04-08 09:45", "已试 1 次"))
    assert "办理中" in row(page, "重新计算核对结果和期限")
    remind = row(page, "发出期限提醒")
    assert all(words in remind for words in ("已完成", "发出提醒 9 条", "第 2 次才完成", "2026-04-09 08:00"))
    assert all(words in row(page, "登记退信") for words in ("未设置", "不会登记"))
    assert all(words in row(set_up, "登记退信") for words in ("未运行", "2026-04-08 10:00"))
    assert all(words in runs for words in (said, "发出提醒 9 条", "办理中途程序停止", "共 <b>3</b> 次"))
    assert "没有设置邮件服务器" not in set_up
    waits = "封待发，最早的从 2026-04-08 07:42 起等候"
    assert (f"现有 1 {waits}" in row(set_up, "发送邮件"), waits in row(page, "发送邮件")) == (True, False)
    assert ["封邮件没有发出，最早的从 2026-04-08 07:42 起等候" in desk for desk in desks] == [True, False] * 2
    assert ["时钟没有在运行" in desk for desk in desks] == [False, False, True, False]


def test_runs_are_forgotten_after_a_year_and_the_beat_is_not(session: Session) -> None:
    old, fresh = NOW - KEPT - timedelta(days=1), NOW - KEPT + timedelta(days=1)
    for slot, started in (("old", old), ("fresh", fresh)):
        session.add(JobRun(job="remind", slot=slot, started_at=started, finished_at=started, failed=False))
    session.commit()
    beat(session, old)
    assert prune(session, NOW) == 1
    assert {run.slot for run in session.query(JobRun)} == {"fresh", ""}
