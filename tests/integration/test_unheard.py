"""A reminder of which every letter has failed is brought before the admins, once, so that they telephone."""

from __future__ import annotations

import time_machine
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lifecycle.bounces import clear_bounced, list_bounced
from lifecycle.clock import remind
from lifecycle.models import AuditEntry, InboxMessage, OutboxMessage, Telling
from lifecycle.outbox import claim_next, note_bounced, note_failed, note_sent
from lifecycle.proof import record_deliveries, send_again, verify_tellings
from lifecycle.roles import Actor, Role
from lifecycle.tellings import Outcome, Sought, told_page
from lifecycle.unheard import Unheard, list_unheard
from tests.integration.paying import Bureau, a_bureau
from tests.integration.reporting import JANUARY, a_project
from tests.integration.test_proof import LATER

ADDRESS = "leader@away.test"


def letters_come_back(session: Session, *, sent: bool = False) -> None:
    """Let every letter to the leader come back, or none, and enter it; all others are sent."""
    while (letter := claim_next(session, LATER)) is not None:
        if letter.address == ADDRESS and not sent:
            note_bounced(session, letter, LATER, "550 查无此人")
        else:
            note_sent(session, letter, LATER)
    record_deliveries(session)
    record_deliveries(session)


def unheard(bureau: Bureau) -> list[Unheard]:
    found, count = list_unheard(bureau.session, bureau.people.agency_a, JANUARY, 9)
    assert len(found) == count
    assert list(verify_tellings(bureau.session, bureau.people.agency_a)) == []
    bureau.session.rollback()
    return list(found)


def to_telephone(bureau: Bureau) -> list[str]:
    """Return what the inboxes of the agency say is to be told by telephone."""
    query = select(InboxMessage.body).where(InboxMessage.title.startswith("请电话告知：提交 2026 年度报告"))
    query = query.where(InboxMessage.user_id == bureau.people.a[Role.ADMIN].id)
    found = list(bureau.session.scalars(query))
    bureau.session.rollback()
    return found


@time_machine.travel(f"{JANUARY}T12:00:00+08:00", tick=False)
def test_what_every_letter_has_failed_to_tell_is_told_to_the_admins_once(session: Session) -> None:
    bureau = a_bureau(session)
    clock, admin = Actor.system(bureau.people.agency_a), bureau.actor(Role.ADMIN)
    a_project(bureau, pi_name="外出", pi_email=ADDRESS, milestone_managed=False, milestones=())
    remind(session, clock, JANUARY)
    assert unheard(bureau) == []
    letters_come_back(session)
    (one,) = unheard(bureau)
    assert (one.told_on, one.name, one.number) == (JANUARY, "外出", "沙-1")
    (body,) = to_telephone(bureau)
    assert "应告知：外出" in body
    shown = told_page(session, bureau.handler, Sought(project="沙-1", rule="spb-26-annual-report"))
    assert shown.counts == {Outcome.FAILED: 1, Outcome.UNHEARD: 1, Outcome.UNREAD: 1}
    summary = select(AuditEntry.summary).where(AuditEntry.action == "clock.deliver")
    assert any("1 项没有人收到，已转管理员联系" in one for one in session.scalars(summary))
    session.rollback()
    (refused,) = list_bounced(session, bureau.people.agency_a, 9)
    clear_bounced(session, admin, refused.id)
    failed = session.scalars(select(OutboxMessage.id).where(OutboxMessage.state == "failed")).one()
    session.rollback()
    send_again(session, admin, failed)
    letter = claim_next(session, LATER)
    assert letter is not None
    note_failed(session, letter, "554 拒收")
    record_deliveries(session)
    assert (len(unheard(bureau)), len(to_telephone(bureau))) == (1, 1)  # it was brought before them already
    send_again(session, admin, failed)
    letters_come_back(session, sent=True)
    assert (unheard(bureau), len(to_telephone(bureau))) == ([], 1)
    session.execute(update(Telling).where(Telling.name == "外出").values(name="别人"))
    assert list(verify_tellings(session, bureau.people.agency_a))
    session.rollback()


@time_machine.travel(f"{JANUARY}T12:00:00+08:00", tick=False)
def test_whoever_has_found_it_in_the_inbox_is_not_telephoned(session: Session) -> None:
    bureau = a_bureau(session)
    clock = Actor.system(bureau.people.agency_a)
    a_project(bureau, milestone_managed=False, milestones=())
    remind(session, clock, JANUARY)
    session.execute(update(OutboxMessage).values(address=ADDRESS))
    session.commit()
    letters_come_back(session)
    assert (unheard(bureau), to_telephone(bureau)) == ([], [])  # the leader has an account
