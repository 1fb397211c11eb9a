"""Three processes that send at once, two killed at it: every letter arrives, and only theirs twice."""

from __future__ import annotations

import signal
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Thread

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app import mailer
from app.clock import now
from app.mailer import Delivery, MailServer, send_waiting
from app.robots import MOST_AT_ONCE, send_to_robots
from lifecycle.models import Agency, Channel, OutboxMessage, Robot
from lifecycle.outbox import SENDING_TAKES, list_undelivered
from lifecycle.proof import record_deliveries, verify_tellings
from tests.integration.processes import let_go, start
from tests.integration.test_outbox import Post
from tests.integration.test_robots import CHANNELS, Groups

LETTERS, MESSAGES = 24, 8

SEND = """
import os, signal, sys
from multiprocessing import Event
from sqlalchemy.orm import Session
from app import mailer, robots
from app.database import database_url
from lifecycle.database import open_database

def dies(note, at, death):
    noted = 0
    def noting(*words):
        nonlocal noted
        noted += 1
        if noted == at:
            death.set()
            os.kill(os.getpid(), signal.SIGKILL)  # the other side has it, and nobody has noted it
        note(*words)
        if not at:
            death.wait()  # however slow the one that is to die, something is left for it
    return noting

def send(letter, message):
    mailer.note_sent = dies(mailer.note_sent, int(letter), deaths[0])
    robots.note_sent = dies(robots.note_sent, int(message), deaths[1])
    engine = open_database(database_url())
    with Session(engine) as session:
        mailer.send_waiting(session, mailer.MailServer.from_environment())
        robots.send_to_robots(session)
    engine.dispose()
#go
deaths, children = (Event(), Event()), []
for when in sys.argv[1:]:
    children.append(os.fork())
    if not children[-1]:
        send(*when.split(","))
        os._exit(0)
for child in children:
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
"""Each child is told at which letter and at which message it dies; 0: at none, and it waits for who does."""


@contextmanager
def posts(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Post, Groups]]:
    """Run a mail server and the three's servers, and let the environment name them."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    post, groups = Post(), Groups()
    controller = Controller(post, hostname="127.0.0.1", port=port)
    controller.start()
    Thread(target=groups.serve_forever, args=(0.02,), daemon=True).start()
    for name, value in {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "FROM": "k@bureau.test",
        "TLS": "none",
    }.items():
        monkeypatch.setenv(f"KEGUAN_SMTP_{name}", value)
    monkeypatch.setenv("KEGUAN_ROBOT_HOSTS", groups.host)
    monkeypatch.setenv("no_proxy", "*")
    groups.delay = post.delay = 0.01
    yield post, groups
    groups.shutdown()
    groups.server_close()
    controller.stop()


def write(session: Session, groups: Groups, messages: int) -> None:
    """Put letters and as many messages to each robot into the outbox."""
    session.add(Agency(name="沙坪坝区科技局"))
    session.flush()
    due = {"agency_id": 1, "next_try_at": now() - timedelta(hours=1), "body": "期限将至"}
    for channel, name in CHANNELS.items():
        robot = Robot(
            agency_id=1, channel=channel, name=name, url=f"http://{groups.host}/{name}", made_on=now()
        )
        session.add(robot)
        session.flush()
        said = [
            {"channel": channel, "address": str(robot.id), "title": f"{name} {n}"} for n in range(messages)
        ]
        if said:
            session.execute(insert(OutboxMessage), [one | due for one in said])
    mails = [{"address": f"p{n}@unit.test", "title": f"提醒 {n}"} for n in range(LETTERS)]
    session.execute(insert(OutboxMessage), [one | due for one in mails])
    session.commit()


def arrived(post: Post, groups: Groups) -> Counter[str]:
    """Return how often each letter and each message has arrived."""
    mails = Counter(str(message["Message-ID"]) for message in post.taken)
    texts = ((sent.get("text") or sent["content"]) for _, sent in groups.posted)
    return mails + Counter(str(text) for text in texts)


def test_of_three_senders_each_letter_comes_from_one_and_of_the_killed_none_is_lost(
    session: Session, migrated_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with posts(monkeypatch) as (post, groups):
        write(session, groups, MESSAGES)
        senders = start(migrated_database_url, SEND, "3,0", "0,2", "0,0")
        let_go(senders)
        ended = senders.communicate(timeout=60)[0].split()
        assert ended == [str(-signal.SIGKILL), str(-signal.SIGKILL), "0"]
        once = arrived(post, groups)
        assert (len(once), set(once.values())) == (LETTERS + 3 * MESSAGES, {1})
        left = list_undelivered(session, 1, 9)
        assert [(one.attempts, one.failed) for one in left] == [(1, False)] * 2
        assert {one.channel is Channel.MAIL for one in left} == {True, False}
        session.rollback()
        server = MailServer.from_environment()
        assert server is not None
        assert (send_waiting(session, server), send_to_robots(session)) == (Delivery(), Delivery())
        lost = update(OutboxMessage).where(OutboxMessage.state == "sending")
        assert all(one.next_try_at <= now() + SENDING_TAKES for one in left)
        session.execute(lost.values(next_try_at=now()))  # as if that time had passed
        session.commit()
        assert (send_waiting(session, server), send_to_robots(session)) == (Delivery(1), Delivery(1))
        assert sorted((arrived(post, groups) - once).values()) == [1, 1]
    assert set(session.scalars(select(OutboxMessage.state))) == {"sent"}
    session.rollback()
    record_deliveries(session)
    assert list(verify_tellings(session, 1)) == []


def test_a_robot_is_not_flooded_and_one_that_asks_to_wait_is_let_alone(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    with posts(monkeypatch) as (_, groups):
        groups.delay = 0
        write(session, groups, MOST_AT_ONCE + 2)
        groups.answers["ding"] = (
            200,
            {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"},
        )
        assert send_to_robots(session) == Delivery(sent=2 * MOST_AT_ONCE, refused=1)
        asked = Counter(name for name, _ in groups.posted)
        assert asked == {"ding": 1, "wecom": MOST_AT_ONCE, "feishu": MOST_AT_ONCE}
        groups.answers.clear()
        assert send_to_robots(session) == Delivery(sent=MOST_AT_ONCE + 4)
    query = select(OutboxMessage.attempts).where(OutboxMessage.channel == Channel.DINGTALK)
    assert Counter(session.scalars(query)) == {1: MOST_AT_ONCE + 1, 0: 1}


def test_a_long_queue_is_sent_bit_by_bit(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailer, "LONGEST_RUN", 0.2)
    with posts(monkeypatch) as (post, groups):
        write(session, groups, 0)
        post.delay = 0.3
        server = MailServer.from_environment()
        assert server is not None
        assert [send_waiting(session, server) for _ in range(2)] == [Delivery(sent=1)] * 2
    assert Counter(session.scalars(select(OutboxMessage.state))) == {"sent": 2, "waiting": LETTERS - 2}
