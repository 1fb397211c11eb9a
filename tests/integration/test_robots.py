"""A day's reminders go to each group robot once, by servers that answer and refuse as theirs do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import sleep
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import robots as sending
from app.mailer import Delivery
from app.robots import send_to_robots
from lifecycle.clock import remind
from lifecycle.models import AuditEntry, Channel, OutboxMessage, Robot, Telling
from lifecycle.outbox import GAPS
from lifecycle.proof import record_deliveries, send_again, verify_tellings
from lifecycle.refusals import InvalidInput, NotFound, NotPermitted
from lifecycle.robots import add_robot, delete_robot, switch_robot
from lifecycle.roles import Actor, Role
from tests.web.site import People, make_people, store_project

DUE = date(2026, 4, 1)
SOON = datetime(2100, 1, 1, tzinfo=UTC)
CHANNELS = {Channel.DINGTALK: "ding", Channel.WECOM: "wecom", Channel.FEISHU: "feishu"}


class Groups(ThreadingHTTPServer):
    """Stands for the three: what was posted by path, and what is answered there."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.host = f"127.0.0.1:{self.server_address[1]}"
        self.posted: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, tuple[int, dict[str, Any]]] = {}
        self.delay = 0.0


class _Answers(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        groups = self.server
        assert isinstance(groups, Groups)
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = self.path.partition("?")[0].strip("/")
        groups.posted.append((name, sent))
        ok = {"code": 0, "msg": "success"} if name == "feishu" else {"errcode": 0, "errmsg": "ok"}
        status, answer = groups.answers.get(name, (200, ok))
        sleep(groups.delay)
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if status == 302:
            self.send_header("Location", f"http://{groups.host}/elsewhere")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> Iterator[Groups]:
    with Groups() as made:
        Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
        monkeypatch.setenv("KEGUAN_ROBOT_HOSTS", f"relay.test, {made.host}")
        monkeypatch.setenv("no_proxy", "*")
        yield made
        made.shutdown()


@pytest.fixture
def people(session: Session) -> People:
    return make_people(session)


@pytest.fixture
def add(session: Session, people: People, groups: Groups) -> Callable[..., int]:
    def add(channel: Channel, **given: Any) -> int:
        admin = people.a[Role.ADMIN].actor
        usual = {"name": f"{channel}群", "url": f"http://{groups.host}/{CHANNELS[channel]}", "secret": "s"}
        return add_robot(
            session, admin, channel=channel, today=DUE, hosts=sending.allowed_hosts(), **(usual | given)
        )

    return add


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    def set_time(moment: datetime) -> None:
        monkeypatch.setattr(sending, "now", lambda: moment)

    set_time(SOON)
    return set_time


def letters(session: Session) -> list[tuple[Channel, str]]:
    query = select(OutboxMessage.channel, OutboxMessage.state).where(OutboxMessage.channel.in_(CHANNELS))
    found = [(row[0], row[1]) for row in session.execute(query.order_by(OutboxMessage.id))]
    session.rollback()
    return found


def test_each_robot_says_the_days_reminders_once(
    session: Session, people: People, groups: Groups, add: Callable[..., int], at: Callable[..., None]
) -> None:
    ids = {channel: add(channel) for channel in CHANNELS}
    off = add(Channel.WECOM, url=f"http://{groups.host}/off", name="停用的群")
    switch_robot(session, people.a[Role.ADMIN].actor, off, active=False)
    for number in ("SPB-1", "SPB-2"):
        store_project(session, people.agency_a, number, signed_on=date(2026, 3, 2), joint_unit=None)
    clock = Actor.system(people.agency_a)
    told = remind(session, clock, DUE, "https://keguan.test")
    assert remind(session, clock, DUE, "https://keguan.test") == []
    rows = session.execute(
        select(Telling.address, Telling.name).where(Telling.channel == Channel.FEISHU)
    ).all()
    assert [tuple(row) for row in rows] == [(str(ids[Channel.FEISHU]), "飞书群")] * len(told)
    session.rollback()
    groups.answers["wecom"] = (200, {"errcode": 93000, "errmsg": "invalid webhook url"})
    groups.answers["feishu"] = (200, {"code": 11232, "msg": "create message trigger rate limit"})
    assert send_to_robots(session) == Delivery(sent=1, refused=2)
    assert send_to_robots(session) == Delivery()
    assert [state for _, state in letters(session)] == ["sent", "failed", "waiting"]
    text = groups.posted[0][1]["text"]["content"]
    assert text.startswith(f"科管提醒：{len(told)} 项待办\n1. SPB-")
    assert text.endswith("请登录科管查看办理：https://keguan.test")
    assert "李工" not in text
    wecom = session.get_one(Robot, ids[Channel.WECOM])
    assert "地址无效" in (wecom.last_error or "")
    session.rollback()
    record_deliveries(session)
    groups.answers.clear()
    at(SOON + GAPS[0])
    failed = session.scalars(select(OutboxMessage.id).where(OutboxMessage.state == "failed")).one()
    session.rollback()
    assert send_again(session, people.a[Role.ADMIN].actor, failed) == "企业微信群机器人"
    assert send_to_robots(session) == Delivery(sent=2)
    record_deliveries(session)
    assert list(verify_tellings(session, people.agency_a)) == []
    assert session.get_one(Robot, ids[Channel.WECOM], populate_existing=True).last_error is None
    assert {name for name, _ in groups.posted} == set(CHANNELS.values())


@pytest.mark.usefixtures("at")
def test_a_robot_that_is_slow_away_or_leads_elsewhere(
    session: Session,
    groups: Groups,
    add: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    robot = add(Channel.FEISHU)
    url = session.get_one(Robot, robot).url
    session.rollback()
    monkeypatch.setattr(sending, "PATIENCE", 0.2)
    groups.delay = 0.5
    assert sending.speak(Channel.FEISHU, url, None, "你好").outcome is sending.Outcome.LATER
    groups.delay, groups.answers["feishu"] = 0, (302, {})
    assert sending.speak(Channel.FEISHU, url, None, "你好").outcome is sending.Outcome.NEVER
    assert "elsewhere" not in {name for name, _ in groups.posted}
    monkeypatch.setenv("KEGUAN_ROBOT_HOSTS", "127.0.0.1:1")
    closed = sending.speak(Channel.FEISHU, "http://127.0.0.1:1/feishu", None, "你好")
    assert closed.outcome is sending.Outcome.LATER
    count = len(groups.posted)
    assert sending.speak(Channel.FEISHU, url, None, "你好").outcome is sending.Outcome.NEVER
    assert len(groups.posted) == count  # the host is not allowed any more


@pytest.mark.usefixtures("at")
def test_an_admin_adds_robots_and_what_waits_for_a_deleted_one_fails(
    session: Session, people: People, groups: Groups, add: Callable[..., int]
) -> None:
    robot = add(Channel.DINGTALK)
    with pytest.raises(InvalidInput, match="已经添加过"):
        add(Channel.DINGTALK)
    with pytest.raises(InvalidInput, match="https://qyapi"):
        add(Channel.WECOM, url="https://evil.test/")
    handler, other = people.a[Role.HANDLER].actor, people.b[Role.ADMIN].actor
    with pytest.raises(NotPermitted):
        delete_robot(session, handler, robot)
    with pytest.raises(NotFound):
        delete_robot(session, other, robot)
    store_project(session, people.agency_a, "SPB-1", signed_on=date(2026, 3, 2), joint_unit=None)
    remind(session, Actor.system(people.agency_a), DUE)
    delete_robot(session, people.a[Role.ADMIN].actor, robot)
    assert letters(session) == [(Channel.DINGTALK, "failed")]
    assert send_to_robots(session) == Delivery()
    told = session.scalars(select(AuditEntry.details)).all()
    assert groups.host not in json.dumps(told)  # addresses are secrets: the history bears none
    session.rollback()
