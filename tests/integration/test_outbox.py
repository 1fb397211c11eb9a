"""Sending what waits: to a real mail server that takes letters, refuses them, hangs up, or is not there."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app import mailer
from app.mailer import Delivery, MailServer, MailServerUnreachable, Security, send_waiting
from app.scheduler import Chores
from lifecycle.database import open_database
from lifecycle.models import Agency, AuditEntry, BouncedAddress, JobRun, OutboxMessage
from lifecycle.outbox import GAPS, SENDING_TAKES, Queue, Queues, claim_next, queues

NOON = datetime(2026, 4, 1, 4, 2, tzinfo=UTC)


class Post:
    """A mail server's manners: what it has taken, what it answers and how late, how often it hangs up."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.answer = "250 OK"
        self.hangs_up = 0
        self.to = {"nobody@unit.test": "550 5.1.1 no such mailbox"}
        self.sender = "250 OK"
        self.delay = 0.0

    async def handle_MAIL(  # noqa: N802 the name is aiosmtpd's
        self, _server: object, _session: object, envelope: Envelope, address: str, _options: object
    ) -> str:
        if self.sender.startswith("2"):
            envelope.mail_from = address
        return self.sender

    async def handle_RCPT(  # noqa: N802 the name is aiosmtpd's
        self, _server: object, _session: object, envelope: Envelope, address: str, _options: object
    ) -> str:
        if address in self.to:
            return self.to[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 the name is aiosmtpd's
        self, server: Any, _session: object, envelope: Envelope
    ) -> str:
        await asyncio.sleep(self.delay)
        if self.hangs_up:
            self.hangs_up -= 1
            server.transport.abort()
            return "421 bye"
        if self.answer.startswith("2"):
            assert isinstance(envelope.content, bytes)
            self.taken.append(message_from_bytes(envelope.content, policy=policy.default))
            self.recipients += envelope.rcpt_tos
        return self.answer


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def server(post: Post) -> Iterator[MailServer]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(post, hostname="127.0.0.1", port=port)
    controller.start()
    yield MailServer("127.0.0.1", port, "", "", "科管 <keguan@bureau.test>", Security.NONE)
    controller.stop()


@pytest.fixture
def session(migrated_database_url: str) -> Iterator[Session]:
    engine = open_database(migrated_database_url)
    with Session(engine) as made:
        made.add(Agency(name="沙坪坝区科技局"))
        made.commit()
        yield made
    engine.dispose()


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Set the time by which letters are sent; it stands at noon."""

    def set_time(moment: datetime) -> None:
        monkeypatch.setattr(mailer, "now", lambda: moment)

    set_time(NOON)
    return set_time


Write = Callable[..., None]


@pytest.fixture
def write(session: Session) -> Write:
    def write(
        address: str, title: str = "提醒：提交 2025 年度报告", body: str = "项目：SPB-1\n依据：第二十六条"
    ) -> None:
        values = {"address": address, "title": title, "body": body, "next_try_at": NOON}
        session.execute(insert(OutboxMessage).values(agency_id=1, **values))
        session.commit()

    return write


def states(session: Session) -> list[tuple[str, int]]:
    query = select(OutboxMessage.state, OutboxMessage.attempts).order_by(OutboxMessage.id)
    return [(row[0], row[1]) for row in session.execute(query)]


def test_a_letter_arrives_in_chinese_and_is_sent_once(
    session: Session, post: Post, server: MailServer, write: Write
) -> None:
    write("li@unit.test")
    assert send_waiting(session, server) == Delivery(sent=1)
    assert send_waiting(session, server) == Delivery()
    (message,) = post.taken
    assert post.recipients == ["li@unit.test"]
    assert message["Subject"] == "提醒：提交 2025 年度报告"
    assert message["From"].addresses[0].display_name == "科管"
    assert message["To"] == "li@unit.test"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().splitlines() == ["项目：SPB-1", "依据：第二十六条"]
    assert states(session) == [("sent", 1)]
    assert queues(session, 1) == Queues(Queue(), Queue())


def test_a_title_cannot_smuggle_in_a_header(
    session: Session, post: Post, server: MailServer, write: Write
) -> None:
    write("li@unit.test", title="提醒\r\nBcc: spy@evil.test\n\nbody")
    assert send_waiting(session, server) == Delivery(sent=1)
    (message,) = post.taken
    assert message["Bcc"] is None
    assert message["Subject"] == "提醒 Bcc: spy@evil.test body"
    assert post.recipients == ["li@unit.test"]


@pytest.mark.parametrize("address", ["li@unit.test\r\nBcc: spy@evil.test", "", "李工", "nobody@unit.test"])
def test_an_address_that_does_not_exist_fails_at_once_and_keeps_nobody_waiting(
    session: Session, post: Post, server: MailServer, write: Write, address: str
) -> None:
    write(address)
    write("li@unit.test")
    assert send_waiting(session, server) == Delivery(sent=1, refused=1)
    assert post.recipients == ["li@unit.test"]
    assert states(session) == [("failed", 1), ("sent", 1)]
    bounced = session.scalars(select(BouncedAddress)).one()
    assert bounced.address == address.casefold()
    assert "550 5.1.1" in bounced.error or "不是有效的" in bounced.error


def test_a_refused_letter_is_tried_after_growing_gaps_and_then_fails(
    session: Session, post: Post, server: MailServer, write: Write, at: Callable[[datetime], None]
) -> None:
    write("li@unit.test")
    post.answer = "451 4.7.1 greylisted"
    moment = NOON
    for gap in GAPS:
        assert send_waiting(session, server) == Delivery(refused=1)
        at(moment + gap - timedelta(seconds=1))
        assert send_waiting(session, server) == Delivery()
        moment += gap
        at(moment)
    assert send_waiting(session, server) == Delivery(refused=1)
    assert states(session) == [("failed", len(GAPS) + 1)]
    assert "greylisted" in (session.scalars(select(OutboxMessage.last_error)).one() or "")
    at(moment + timedelta(days=9))
    assert send_waiting(session, server) == Delivery()


def test_a_server_that_hangs_up_gets_the_letter_again_later(
    session: Session, post: Post, server: MailServer, write: Write, at: Callable[[datetime], None]
) -> None:
    post.hangs_up = 1
    write("li@unit.test")
    write("wang@unit.test")
    assert send_waiting(session, server) == Delivery(sent=1, refused=1)
    assert states(session) == [("waiting", 1), ("sent", 1)]
    at(NOON + GAPS[0])
    assert send_waiting(session, server) == Delivery(sent=1)
    assert post.recipients == ["wang@unit.test", "li@unit.test"]


def test_only_an_answer_about_the_address_stops_letters_to_it(
    session: Session, post: Post, server: MailServer, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full mailbox, a grey list, a rate limit or forbidden relaying say nothing against the address."""
    post.to |= {
        "full@unit.test": "552 5.2.2 mailbox full",
        "grey@unit.test": "450 4.2.0 greylisted, try later",
        "relay@unit.test": "550 5.7.1 relaying denied",
        "often@unit.test": "550 Connection frequency limited",
        "gone@unit.test": "551 user not local",
    }
    for address in (*post.to, "NoBody@unit.test"):
        write(address)
    post.to["NoBody@unit.test"] = post.to["nobody@unit.test"]
    assert send_waiting(session, server) == Delivery(refused=6)
    waits = ("waiting", 1)
    # the second way of writing the address that is gone is not even tried
    assert states(session) == [("failed", 1), waits, waits, waits, waits, ("failed", 1), ("failed", 0)]
    assert set(session.scalars(select(BouncedAddress.address))) == {"nobody@unit.test", "gone@unit.test"}
    monkeypatch.setattr(mailer, "PATIENCE", 0.2)
    post.delay = 0.6
    write("slow@unit.test")
    assert send_waiting(session, server) == Delivery(refused=1)
    assert states(session)[-1] == waits


def test_a_server_that_refuses_the_sender_takes_no_attempt_off_a_letter(
    session: Session, post: Post, server: MailServer, write: Write
) -> None:
    write("li@unit.test")
    post.sender = "553 5.7.1 not your address"
    with pytest.raises(MailServerUnreachable, match="不接受发件人"):
        send_waiting(session, server)
    post.sender, post.to["li@unit.test"] = "250 OK", "530 5.7.0 authentication required"
    with pytest.raises(MailServerUnreachable, match="先登录"):
        send_waiting(session, server)
    assert (states(session), session.scalars(select(BouncedAddress)).all()) == ([("waiting", 0)], [])


def test_a_server_that_is_not_there_takes_no_attempt_off_a_letter(session: Session, write: Write) -> None:
    write("li@unit.test")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = MailServer("127.0.0.1", taken.getsockname()[1], "", "", "k@bureau.test", Security.NONE)
        with pytest.raises(MailServerUnreachable, match="连接失败"):
            send_waiting(session, nobody)
    assert states(session) == [("waiting", 0)]


def test_a_letter_whose_sender_was_killed_is_sent_by_the_next(
    session: Session, server: MailServer, write: Write, at: Callable[[datetime], None]
) -> None:
    write("li@unit.test")
    assert claim_next(session, NOON) is not None
    assert send_waiting(session, server) == Delivery()
    at(NOON + SENDING_TAKES)
    assert send_waiting(session, server) == Delivery(sent=1)
    assert states(session) == [("sent", 2)]


def test_a_letter_that_kills_every_sender_fails(session: Session, server: MailServer, write: Write) -> None:
    write("li@unit.test")
    session.execute(update(OutboxMessage).values(state="sending", attempts=len(GAPS) + 1))
    session.commit()
    assert send_waiting(session, server) == Delivery()
    assert states(session) == [("failed", len(GAPS) + 1)]


def test_a_letter_is_claimed_by_one_sender(
    session: Session, migrated_database_url: str, write: Write
) -> None:
    write("li@unit.test")
    write("wang@unit.test")
    engine = open_database(migrated_database_url)
    with Session(engine) as rival:
        claimed = [claim_next(one, NOON) for one in (session, rival, session, rival)]
    engine.dispose()
    assert [letter.address if letter else None for letter in claimed] == [
        "li@unit.test",
        "wang@unit.test",
        None,
        None,
    ]


def test_signing_in_to_the_mail_server(session: Session, post: Post, write: Write) -> None:
    def knows(_server: object, _session: object, _envelope: object, _how: object, given: Any) -> AuthResult:
        return AuthResult(success=(given.login, given.password) == (b"keguan", b"secret"), handled=False)

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(
        post, hostname="127.0.0.1", port=port, authenticator=knows, auth_require_tls=False
    )
    controller.start()
    write("li@unit.test")
    try:
        wrong = MailServer("127.0.0.1", port, "keguan", "guess", "k@bureau.test", Security.NONE)
        with pytest.raises(MailServerUnreachable):
            send_waiting(session, wrong)
        right = MailServer("127.0.0.1", port, "keguan", "secret", "k@bureau.test", Security.NONE)
        assert send_waiting(session, right) == Delivery(sent=1)
    finally:
        controller.stop()


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def set_them(**given: str) -> None:
        for name in ("HOST", "PORT", "USER", "PASSWORD", "FROM", "TLS"):
            monkeypatch.delenv(f"KEGUAN_SMTP_{name}", raising=False)
        for name, value in given.items():
            monkeypatch.setenv(f"KEGUAN_SMTP_{name}", value)

    return set_them


def test_without_a_mail_server_letters_wait(
    session: Session, write: Write, migrated_database_url: str, settings: Callable[..., None]
) -> None:
    settings()
    write("li@unit.test")
    engine = open_database(migrated_database_url)
    Chores(engine).tick(NOON - timedelta(hours=5))
    engine.dispose()
    assert states(session) == [("waiting", 0)]
    assert queues(session, 1).mail == Queue(1, NOON)
    assert session.scalars(select(JobRun).where(JobRun.job == "mail")).all() == []


def test_the_scheduler_sends_what_waits_and_records_a_server_that_is_away(
    session: Session,
    post: Post,
    server: MailServer,
    write: Write,
    migrated_database_url: str,
    settings: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    early = NOON - timedelta(hours=5, minutes=2)  # before eight: nothing but letters to see to
    write("li@unit.test")
    session.execute(update(OutboxMessage).values(next_try_at=early))
    session.commit()
    engine = open_database(migrated_database_url)
    settings(HOST="127.0.0.1", PORT="1", FROM="k@bureau.test")
    Chores(engine).tick(early)
    assert (states(session), post.taken) == ([("waiting", 0)], [])
    session.rollback()
    settings(HOST="127.0.0.1", PORT=str(server.port), FROM="k@bureau.test")
    Chores(engine).tick(early + timedelta(minutes=4))
    assert states(session) == [("waiting", 0)]
    session.rollback()
    Chores(engine).tick(early + timedelta(minutes=5))
    assert states(session) == [("sent", 1)]
    session.rollback()
    run = session.scalars(select(JobRun).where(JobRun.job == "mail")).one()
    assert (run.slot, run.failed, run.attempts) == ("2026-04-01T07:00", False, 2)
    assert run.outcome == "发出邮件 1 封，被拒 0 封"
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "clock.deliver")).one()
    assert (entry.action, entry.summary) == ("clock.deliver", "送达 1 封，未送达 0 封")
    write("wang@unit.test")  # what one run has no time for is sent by the next tick
    session.execute(update(OutboxMessage).where(OutboxMessage.state == "waiting").values(next_try_at=early))
    session.commit()
    with monkeypatch.context() as patched:
        patched.setattr(mailer, "LONGEST_RUN", 0)
        Chores(engine).tick(early + timedelta(minutes=10))
    Chores(engine).tick(early + timedelta(minutes=15))
    engine.dispose()
    assert states(session) == [("sent", 1)] * 2
    last = select(JobRun.outcome).where(JobRun.job == "mail").order_by(JobRun.id).offset(1)
    assert session.scalars(last).all() == [
        "发出邮件 0 封，被拒 0 封，还有 1 封，5 分钟内接着发",
        "发出邮件 1 封，被拒 0 封",
    ]
