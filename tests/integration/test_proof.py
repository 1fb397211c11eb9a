"""Nobody can alter afterwards who was told of what, or whether it got through."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.cli import main
from lifecycle.bounces import clear_bounced, list_bounced
from lifecycle.clock import remind
from lifecycle.database import begin_write
from lifecycle.members import Post
from lifecycle.models import AuditEntry, BouncedAddress, Channel, OutboxMessage, Reminder, Telling
from lifecycle.outbox import claim_next, note_bounced, note_sent
from lifecycle.people import edit_person
from lifecycle.proof import any_unrecorded, record_deliveries, send_again, verify_tellings
from lifecycle.refusals import NotFound, NotPermitted, Obstructed
from lifecycle.roles import Actor, Role
from tests.web.site import People, make_people, store_project

LATER = datetime(2100, 1, 1, tzinfo=UTC)
DUE = date(2026, 4, 1)


@pytest.fixture
def people(session: Session) -> People:
    """One project whose first payment is due; told of once, one letter sent and one refused for good."""
    people = make_people(session)
    store_project(session, people.agency_a, "SPB-1", signed_on=date(2026, 3, 2), joint_unit=None)
    clock = Actor.system(people.agency_a)
    remind(session, clock, DUE)
    while (letter := claim_next(session, LATER)) is not None:
        if letter.id % 2:
            note_bounced(session, letter, LATER, "550 no such mailbox")
        else:
            note_sent(session, letter, LATER)
    assert any_unrecorded(session)
    record_deliveries(session)
    record_deliveries(session)
    return people


def found(session: Session, people: People) -> list[str]:
    broken = [one.what for one in verify_tellings(session, people.agency_a)]
    session.rollback()
    return broken


TAMPERINGS: dict[str, Callable[[Session], object]] = {
    "another name told": lambda s: s.execute(update(Telling).values(name="王五")),
    "another way told": lambda s: s.execute(
        update(Telling).where(Telling.channel == Channel.INBOX).values(channel=Channel.FEISHU)
    ),
    "another step": lambda s: s.execute(update(Reminder).values(step="T-30")),
    "another deadline": lambda s: s.execute(update(Reminder).values(due=date(2026, 5, 1))),
    "another day": lambda s: s.execute(update(Reminder).values(told_on=date(2026, 3, 31))),
    "one telling less": lambda s: s.execute(delete(Telling).where(Telling.id == 1)),
    "no tellings at all": lambda s: s.execute(delete(Telling)),
    "a run of no entry": lambda s: s.execute(update(Telling).where(Telling.id == 1).values(run="made up")),
    "a failed letter passed off as sent": lambda s: s.execute(update(OutboxMessage).values(state="sent")),
    "sent to somebody else": lambda s: s.execute(update(OutboxMessage).values(address="x@y.test")),
    "another answer": lambda s: s.execute(update(OutboxMessage).values(last_error="")),
    "ends forgotten": lambda s: s.execute(update(OutboxMessage).values(run=None)),
}


def test_rows_agree_with_the_history_and_every_tampering_shows(
    session: Session, people: People, migrated_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "clock.deliver")).one()
    ended = list(session.scalars(select(OutboxMessage.state)))
    assert (entry.details["sent"], entry.details["failed"]) == (ended.count("sent"), ended.count("failed"))
    assert "failed" in ended
    assert found(session, people) == []
    for name, tamper in TAMPERINGS.items():
        begin_write(session)
        tamper(session)
        assert found(session, people), name  # and the session is rolled back
    assert found(session, people) == []
    monkeypatch.setenv("KEGUAN_DATABASE_URL", migrated_database_url)
    console = CliRunner().invoke(main, ["audit", "verify"], catch_exceptions=False)
    assert (console.exit_code, "未发现改动" in console.output) == (0, True)
    begin_write(session)
    session.execute(update(Telling).values(name="王五"))
    session.commit()
    console = CliRunner().invoke(main, ["audit", "verify"], catch_exceptions=False)
    assert (console.exit_code, "告知记录与登记的校验值不符" in console.output) == (1, True)


def test_an_admin_clears_an_address_and_sends_again_and_the_proof_still_holds(
    session: Session, people: People
) -> None:
    admin, handler = people.a[Role.ADMIN].actor, people.a[Role.HANDLER].actor
    letters = select(OutboxMessage.address, OutboxMessage.id).where(OutboxMessage.state == "failed")
    known, by_address = {one.email: one for one in people.a.values()}, dict(session.execute(letters).all())
    refused = next(one for one in list_bounced(session, people.agency_a, 9) if one.address in known)
    whose, failed = known[refused.address], by_address[refused.address]
    assert (refused.user_id, refused.error) == (whose.id, "550 no such mailbox")
    assert refused.whose.startswith(whose.name)
    with pytest.raises(Obstructed, match="退回"):
        send_again(session, admin, failed)
    with pytest.raises(NotPermitted):
        clear_bounced(session, handler, refused.id)
    with pytest.raises(NotFound):
        clear_bounced(session, people.b[Role.ADMIN].actor, refused.id)
    clear_bounced(session, admin, refused.id)
    assert session.scalar(select(BouncedAddress).where(BouncedAddress.id == refused.id)) is None
    session.rollback()
    send_again(session, admin, failed)
    with pytest.raises(NotFound):  # it waits: pressed twice, it goes once
        send_again(session, admin, failed)
    assert found(session, people) == []
    letter = claim_next(session, LATER)
    assert letter is not None
    note_sent(session, letter, LATER)
    assert found(session, people) == []
    record_deliveries(session)
    assert found(session, people) == []
    assert session.get_one(OutboxMessage, failed).state == "sent"
    session.rollback()
    edit_person(
        session, admin, whose.id, name=whose.name, email="new@keguan.test", posts=[Post(Role.HANDLER)]
    )
