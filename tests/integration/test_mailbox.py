"""Letters that come back to the sender's mailbox, on a real IMAP server: each once, a forged one never."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, insert, select
from sqlalchemy.orm import Session

from app import mailbox as reading
from app.mailbox import Mailbox, MailboxUnreachable, Reading, read_returned
from app.mailer import BadMailSettings, Security
from app.scheduler import Chores
from lifecycle.bounces import list_bounced
from lifecycle.clock import remind
from lifecycle.models import AuditEntry, JobRun, OutboxMessage
from lifecycle.outbox import Letter, claim_next, list_undelivered, note_sent
from lifecycle.proof import record_deliveries, send_again, verify_tellings
from lifecycle.refusals import Obstructed
from lifecycle.returning import take_back
from lifecycle.roles import Actor, Role
from lifecycle.tellings import Outcome, Sought, told_page
from tests.integration.mailboxes import PASSWORD, USER, Post, bad_server, imap_server
from tests.returned_mail import away, by_qmail, in_chinese, report
from tests.web.site import People, make_people, store_project

DUE = date(2026, 4, 1)
LATER = datetime(2100, 1, 1, tzinfo=UTC)
FULL = {"status": "5.2.2", "said": "smtp; 552 5.2.2 mailbox full"}


@pytest.fixture(scope="module")
def server() -> Iterator[Post]:
    with imap_server() as post:
        yield post


@pytest.fixture
def post(server: Post) -> Iterator[Post]:
    """The mailbox, empty."""
    yield server
    with server.opened() as client:
        client.store("1:*", "+FLAGS", r"(\Deleted)")
        client.expunge()


@pytest.fixture
def people(session: Session) -> People:
    """A bureau whose payment is due, with finance told, and some letters that tell nobody of a duty."""
    people = make_people(session)
    store_project(session, people.agency_a, "SPB-1", signed_on=date(2026, 3, 2), joint_unit=None)
    remind(session, Actor.system(people.agency_a), DUE)
    others = [{"address": f"{name}@Unit.test", "title": "提醒", "body": name} for name in ("li", "wu", "he")]
    common = {"agency_id": people.agency_a, "next_try_at": LATER}
    session.execute(insert(OutboxMessage), [one | common for one in others])
    session.commit()
    return people


@pytest.fixture
def letters(session: Session, people: People) -> list[Letter]:
    """One letter that tells of a duty and the three that do not; they, and more, were taken by a server."""
    sent = []
    while (letter := claim_next(session, LATER)) is not None:
        note_sent(session, letter, LATER)
        sent.append(letter)
    record_deliveries(session)
    assert people.agency_a in {one.agency_id for one in sent}
    return [sent[0], *sent[-3:]]


def states(session: Session, *letters: Letter) -> list[str]:
    query = select(OutboxMessage.state).where(OutboxMessage.id.in_([one.id for one in letters]))
    found = list(session.scalars(query.order_by(OutboxMessage.id)))
    session.rollback()
    return found


def proven(session: Session, people: People) -> None:
    record_deliveries(session)
    assert list(verify_tellings(session, people.agency_a)) == []
    session.rollback()


def test_what_came_back_is_taken_back_once_and_everything_else_is_left_as_it_was(
    session: Session, people: People, letters: list[Letter], post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, gone, chinese, fine = letters
    monkeypatch.setattr(reading, "LARGEST", 5000)
    other = report(fine.address, "20260401.77@elsewhere")
    guessed = report(fine.address, f"keguan-{fine.id}-{'0' * 16}")
    not_theirs = report("somebody@unit.test", fine.mark)
    late = report(fine.address, fine.mark, action="delayed", status="4.4.1", said="")
    huge = report(fine.address, fine.mark) + b"x" * 5000
    post.put(
        *(other, guessed, not_theirs, huge, away(fine.address, fine.mark), b"Subject: hello\r\n\r\nhello"),
        *(late, report(gone.address, gone.mark), report(full.address, full.mark, **FULL)),
        *(in_chinese(chinese.address, chinese.mark), by_qmail(gone.address, gone.mark)),
    )
    looked: set[str] = set()
    assert read_returned(session, post.mailbox, looked) == Reading(returned=3, unreadable=1)
    assert states(session, *letters) == ["failed", "failed", "failed", "sent"]
    assert (post.unread(), post.count()) == ([1, 2, 3, 4, 5, 6], 11)
    assert len(looked) == 6
    assert read_returned(session, post.mailbox, looked) == Reading()
    assert read_returned(session, post.mailbox, set()) == Reading(unreadable=1)
    assert post.unread() == [1, 2, 3, 4, 5, 6]
    bounced = {one.address: one.error for one in list_bounced(session, people.agency_a, 9)}
    assert set(bounced) == {gone.address.casefold(), chinese.address.casefold()}
    assert bounced[gone.address.casefold()].startswith("退信：邮箱不存在或已停用（550 5.1.1")
    proven(session, people)
    history = select(AuditEntry.action, AuditEntry.summary)
    told = [
        tuple(row) for row in session.execute(history.order_by(AuditEntry.id)) if row[0] != "clock.remind"
    ]
    assert told == [
        ("clock.deliver", f"送达 {session.scalar(select(func.count(OutboxMessage.id)))} 封，未送达 0 封"),
        ("letter.returned", f"发给 {gone.address} 的邮件被退回"),
        ("letter.returned", f"发给 {full.address} 的邮件被退回"),
        ("letter.returned", f"发给 {chinese.address} 的邮件被退回"),
        ("clock.deliver", "送达 0 封，未送达 3 封"),
    ]
    shown = list_undelivered(session, people.agency_a, 9)
    assert {(one.id, one.failed) for one in shown} == {(one.id, True) for one in (gone, full, chinese)}
    page = told_page(session, people.a[Role.HANDLER].actor, Sought(who=full.address))
    (row,) = page.rows
    assert (row.outcome, row.error) == (
        Outcome.FAILED,
        "退信：对方邮箱已满（552 5.2.2 mailbox full）",
    )
    session.rollback()
    admin = people.a[Role.ADMIN].actor
    with pytest.raises(Obstructed):
        send_again(session, admin, gone.id)
    send_again(session, admin, full.id)  # a full mailbox may be written to again
    proven(session, people)
    again = claim_next(session, LATER)
    assert again is not None
    assert again.mark == full.mark
    note_sent(session, again, LATER)
    proven(session, people)
    post.put(report(full.address, full.mark, **FULL))
    assert read_returned(session, post.mailbox, looked).returned == 1
    proven(session, people)


def test_of_two_readers_one_takes_a_letter_back(
    engine: Engine, session: Session, people: People, letters: list[Letter], post: Post
) -> None:
    post.put(*(report(one.address, one.mark, **FULL) for one in letters))

    def read(_: int) -> Reading:
        with Session(engine) as own:
            return read_returned(own, post.mailbox, set())

    with ThreadPoolExecutor(3) as together:
        readings = list(together.map(read, range(3)))
    assert sum(one.returned for one in readings) == len(letters)
    assert set(states(session, *letters)) == {"failed"}
    assert post.unread() == []
    entries = select(AuditEntry.id).where(AuditEntry.action == "letter.returned")
    assert len(session.scalars(entries).all()) == len(letters)
    session.rollback()
    proven(session, people)


def test_a_letter_that_is_still_on_its_way_is_asked_about_again(
    session: Session, people: People, post: Post
) -> None:
    letter = claim_next(session, LATER)
    assert letter is not None
    post.put(report(letter.address, letter.mark))
    looked: set[str] = set()
    assert read_returned(session, post.mailbox, looked) == Reading()
    note_sent(session, letter, LATER)
    assert read_returned(session, post.mailbox, looked) == Reading()  # its sending is not proven yet
    assert post.unread() == [1]
    record_deliveries(session)
    assert read_returned(session, post.mailbox, looked) == Reading(returned=1)
    assert post.unread() == []
    proven(session, people)


BAD = {
    "hangs up": ((), 0.0),
    "is silent": ((), 0.6),
    "lets nobody in": ((b"* CAPABILITY IMAP4rev1\r\nTAG OK x\r\n", b"TAG NO Unsafe Login\r\n"), 0.0),
    "hangs up later": (
        (
            b"* CAPABILITY IMAP4rev1\r\nTAG OK x\r\n",
            b"TAG OK x\r\n",
            b"* CAPABILITY IMAP4rev1\r\nTAG OK x\r\n",
            b"* 1 EXISTS\r\nTAG OK x\r\n",
            b"* SEARCH 1\r\nTAG OK x\r\n",
            b"* 1 FETCH (UID 1 RFC822.SIZE 9 BODY[HEADER.FIELDS (FROM)] {99}\r\nFrom: post",
        ),
        0.0,
    ),
}


def test_a_mailbox_that_cannot_be_read_is_said_in_words(
    session: Session, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PATIENCE", 0.3)
    for name, (lines, pause) in BAD.items():
        with bad_server(lines, pause) as bad, pytest.raises(MailboxUnreachable, match="稍后重试"):
            read_returned(session, bad, set())
        assert name
    good = post.mailbox
    monkeypatch.setattr(reading, "PATIENCE", 5)
    wrong = Mailbox(good.host, good.port, USER, "guess", Security.NONE)
    with pytest.raises(MailboxUnreachable, match="credentials") as refused:
        read_returned(session, wrong, set())
    assert "guess" not in str(refused.value)
    for security in (Security.SSL, Security.STARTTLS):  # the server has no certificate: nobody signs in
        with pytest.raises(MailboxUnreachable):
            read_returned(session, Mailbox(good.host, good.port, USER, PASSWORD, security), set())


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def set_them(**given: str) -> None:
        for name in ("HOST", "PORT", "USER", "PASSWORD", "TLS"):
            monkeypatch.delenv(f"KEGUAN_IMAP_{name}", raising=False)
            monkeypatch.delenv(f"KEGUAN_SMTP_{name}", raising=False)
        for name, value in given.items():
            monkeypatch.setenv(f"KEGUAN_{name}", value)

    return set_them


def test_the_clock_looks_into_the_mailbox_twice_an_hour_and_shows_what_it_cannot_read(
    engine: Engine,
    session: Session,
    people: People,
    letters: list[Letter],
    post: Post,
    settings: Callable[..., None],
) -> None:
    early = datetime(2026, 3, 31, 20, 1, tzinfo=UTC)  # 04:01 in China: nothing else is due
    chores = Chores(engine)

    def run() -> JobRun | None:
        session.rollback()
        return session.scalars(
            select(JobRun).where(JobRun.job == "returned").order_by(JobRun.id.desc())
        ).first()

    settings()
    chores.tick(early)
    assert run() is None
    settings(IMAP_HOST="127.0.0.1", IMAP_TLS="none")
    chores.tick(early)
    made = run()
    assert made is not None
    assert (made.failed, "KEGUAN_IMAP_USER" in (made.outcome or "")) == (True, True)
    settings(
        IMAP_HOST="127.0.0.1", IMAP_PORT=str(post.mailbox.port), IMAP_TLS="none", SMTP_USER=USER,
        SMTP_PASSWORD=PASSWORD,
    )  # fmt: skip
    post.put(report(letters[0].address, letters[0].mark))
    chores.tick(early + timedelta(minutes=4))
    made = run()
    assert made is not None
    assert (made.outcome, made.failed, made.attempts) == ("登记退信 1 封", False, 2)
    proven(session, people)
    chores.tick(early + timedelta(minutes=9))
    chores.tick(early + timedelta(minutes=29))
    made = run()
    assert made is not None
    assert (made.slot, made.outcome) == ("2026-04-01T04:30", "没有新的退信")


def test_the_way_to_the_mailbox_follows_from_the_settings(settings: Callable[..., None]) -> None:
    for given, port, security in (
        ({}, 993, Security.SSL),
        ({"IMAP_PORT": "143"}, 143, Security.STARTTLS),
        ({"IMAP_TLS": "starttls"}, 143, Security.STARTTLS),
        ({"IMAP_TLS": "none"}, 143, Security.NONE),
        ({"IMAP_PORT": "1993"}, 1993, Security.SSL),
    ):
        settings(IMAP_HOST="imap.test", SMTP_USER="k@bureau.test", SMTP_PASSWORD="s", **given)
        found = Mailbox.from_environment()
        assert found == Mailbox("imap.test", port, "k@bureau.test", "s", security)
    for wrong in ({"IMAP_PORT": "x"}, {"IMAP_TLS": "yes"}, {"SMTP_USER": ""}):
        settings(**{"IMAP_HOST": "imap.test", "SMTP_USER": "k@bureau.test", "SMTP_PASSWORD": "s"} | wrong)
        with pytest.raises(BadMailSettings):
            Mailbox.from_environment()
    settings()
    assert Mailbox.from_environment() is None


def test_a_mark_counts_for_its_own_letter_and_address_only(session: Session, letters: list[Letter]) -> None:
    one, other = letters[:2]
    tag = one.mark.rpartition("-")[2]
    said = {"failed": True, "reason": "退信", "gone": True}
    for letter_id, address in ((one.id, other.address), (other.id, other.address), (10**6, one.address)):
        assert take_back(session, letter_id, tag, {address.casefold()}, **said).name == "FOREIGN"
    assert set(states(session, *letters)) == {"sent"}
