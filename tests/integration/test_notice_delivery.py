"""A notice through Keguan: whom it reaches, its letter, one signature, and what is told when it is void."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.orm import Session

from app.mailer import MailServer, send_waiting
from lifecycle.bounces import bounce
from lifecycle.clock import remind
from lifecycle.database import begin_write
from lifecycle.models import (
    AgencySetting,
    AuditEntry,
    Channel,
    InboxMessage,
    OutboxMessage,
    PaperNotice,
    Telling,
    TurnKind,
    User,
)
from lifecycle.notice_causes import offers
from lifecycle.notice_delivery import deliver, sign
from lifecycle.notice_list import NoticeState, list_notices
from lifecycle.notice_settings import NOTICES, NoticeSettings, notice_settings_of, set_notices
from lifecycle.notice_words import KEGUAN
from lifecycle.paper_notices import Delivery, record_received, record_sent, void
from lifecycle.proof import record_deliveries, verify_tellings
from lifecycle.refusals import InvalidInput, NotFound, NotPermitted, NotTheirs, Obstructed
from lifecycle.roles import Actor, Role
from lifecycle.supervised import Asked
from lifecycle.tellings import Outcome, Sought, every_telling, told_page
from reports.notice_paper import notice_paper
from tests.integration.overseeing import ordered, waiting
from tests.integration.paying import TODAY, Bureau, a_bureau
from tests.integration.test_outbox import NOON, Post, post, server
from tests.integration.test_paper_notices import RECTIFY, drawn, row
from tests.integration.test_payments_together import together
from tests.unit.test_word_papers import words
from tests.web.site import JOINT_UNIT, UNIT

__all__ = ["post", "server"]

SITE = "https://keguan.test/"
OURS = NoticeSettings("沙科催", receipt=5, rectification=20)
AT_ONCE = (Role.PI, Role.UNIT_MANAGER)


@pytest.fixture
def bureau(session: Session) -> Bureau:
    made = a_bureau(session)
    set_notices(session, made.actor(Role.ADMIN), OURS, TODAY)
    return made


def a_notice(bureau: Bureau) -> int:
    """Return a notice that is drawn up and not sent."""
    ordered(bureau, bureau.project("沙-1", title="灌溉", joint_unit=JOINT_UNIT))
    return drawn(bureau, "沙-1", RECTIFY)


def titles(bureau: Bureau, role: Role) -> list[str]:
    """Return what is in the inbox of who holds a role, about notices, the oldest first."""
    bureau.session.rollback()
    query = select(InboxMessage.title).where(InboxMessage.user_id == bureau.people.a[role].id)
    query = query.where(InboxMessage.path.startswith("/notices/")).order_by(InboxMessage.id)
    return list(bureau.session.scalars(query))


def letters(bureau: Bureau) -> Sequence[OutboxMessage]:
    """Return all letters, the oldest first."""
    bureau.session.rollback()
    return bureau.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()


def test_a_notice_reaches_the_unit_by_inbox_and_letter_is_signed_for_once_and_its_end_is_told(
    bureau: Bureau, post: Post, server: MailServer
) -> None:
    session, handler, manager = bureau.session, bureau.handler, bureau.actor(Role.UNIT_MANAGER)
    made = a_notice(bureau)
    assert "沙科催〔2026〕1号" in words(notice_paper(row(bureau, made).content, void=False))
    with pytest.raises(NotFound):
        sign(session, manager, made, TODAY)
    with pytest.raises(NotPermitted):
        deliver(session, bureau.actor(Role.APPROVER), made, SITE, TODAY)
    assert deliver(session, handler, made, SITE, TODAY) == 2
    with pytest.raises(Obstructed, match="已于 2026-02-05 通过科管送达"):
        deliver(session, handler, made, SITE, TODAY)
    for role in AT_ONCE:
        assert titles(bureau, role) == ["待办：签收整改通知 沙科催〔2026〕1号"]
    assert titles(bureau, Role.JOINT_UNIT) == titles(bureau, Role.ADMIN) == []
    assert waiting(bureau, TurnKind.NOTICE, made) == set(AT_ONCE)

    post.to[bureau.people.a[Role.PI].email] = "450 4.2.1 busy"
    send_waiting(session, server)
    (mail,) = post.taken
    assert (mail["Subject"], mail["To"]) == ("整改通知 沙科催〔2026〕1号：灌溉", manager.email)
    asked = ("请在 2026-02-10（周二）以前登录科管签收", "办理期限：2026-02-25（周三）", "整改到位")
    for part in (f"https://keguan.test/notices/{made}", *asked):
        assert part in mail.get_content()
    shown = told_page(session, handler, Sought(project="沙-1", notice=made))
    assert shown.counts == {Outcome.UNREAD: 2, Outcome.SENT: 1, Outcome.WAITING: 1}
    assert {(one.message, one.due) for one in shown.rows} == {
        ("整改通知 沙科催〔2026〕1号", date(2026, 2, 25))
    }
    assert any("4.2.1 busy" in one.error for one in shown.rows)

    for number, state in ((5, NoticeState.DELIVERED), (6, NoticeState.UNSIGNED)):
        found = list_notices(session, handler, Asked(state=state), TODAY + timedelta(number))
        assert [one.id for one in found.rows] == [made]
    session.rollback()
    with pytest.raises(NotTheirs):
        sign(session, bureau.actor(Role.JOINT_UNIT), made, TODAY)
    with pytest.raises(NotPermitted):
        sign(session, handler, made, TODAY)
    with pytest.raises(NotFound):
        sign(session, bureau.people.b[Role.UNIT_MANAGER].actor, made, TODAY)
    sign(session, manager, made, TODAY)
    now = row(bureau, made)
    assert (now.received_on, now.received_by, now.received_by_id) == (TODAY, manager.name, manager.user_id)
    with pytest.raises(Obstructed, match="无须重复签收"):
        sign(session, bureau.actor(Role.PI), made, TODAY)
    with pytest.raises(Obstructed, match="已登记"):
        record_received(session, handler, made, TODAY, "李四", None, TODAY)
    assert waiting(bureau, TurnKind.NOTICE, made) == set()
    assert titles(bureau, Role.HANDLER) == [f"{manager.name}已签收整改通知 沙科催〔2026〕1号"]

    void(session, handler, made, "内容有误，另行出具。", TODAY, SITE)
    for role in AT_ONCE:
        assert titles(bureau, role)[-1] == "整改通知 沙科催〔2026〕1号已作废：内容有误，另行出具。"
    assert [one.title for one in letters(bureau)][2:] == ["整改通知 沙科催〔2026〕1号已作废：灌溉"] * 2
    entries = select(AuditEntry.action, AuditEntry.details).where(AuditEntry.action.startswith("notice."))
    entered = {one.action: one.details for one in session.execute(entries)}
    assert len(entered["notice.deliver"]["told"]) == len(entered["notice.void"]["told"]) == 2
    assert entered["notice.sign"]["new"] == {"by": manager.name}
    signed = [one for one in told_page(session, handler, Sought(who=manager.name)).rows if one.signed]
    assert {one.signed for one in signed} == {f"2026-02-05 由{manager.name}签收"}
    assert {one.outcome for one in signed} == {Outcome.SIGNED, Outcome.SENT}
    own = list(every_telling(session, manager, Sought(own=True, notice=made)))
    assert [(one.step, one.name) for one in own] == [
        *[("文书作废", manager.name)] * 2,
        *[("文书送达", manager.name)] * 2,
    ]
    assert not list(every_telling(session, handler, Sought(rule="local-turn-unit-manager")))
    every_tampering_shows(bureau, made)


def every_tampering_shows(bureau: Bureau, made: int) -> None:
    """Demand that the proof of a notice that was told and made void holds, and breaks when it is altered."""
    session, agency_id = bureau.session, bureau.handler.agency_id
    record_deliveries(session)
    assert list(verify_tellings(session, agency_id)) == []
    other = {"agency_id": agency_id, "notice_id": made, "told_on": TODAY, "channel": Channel.NONE}
    for name, tamper in {
        "another name": update(Telling).values(name="王五"),
        "another person's": update(Telling).values(user_id=bureau.handler.user_id),
        "another day": update(Telling).values(told_on=TODAY - timedelta(1)),
        "void passed off as delivered": update(Telling).values(voided=False),
        "another letter": update(Telling).values(letter_id=None),
        "another message": update(Telling).values(message_id=None),
        "another notice": update(PaperNotice).values(running=7),
        "signed by another": update(PaperNotice).values(received_by="王五"),
        "signed on another day": update(PaperNotice).values(received_on=TODAY + timedelta(1)),
        "not signed": update(PaperNotice).values(received_by_id=None),
        "one telling less": delete(Telling).where(Telling.voided.is_(True), Telling.channel == Channel.MAIL),
        "no tellings": delete(Telling),
        "one more": insert(Telling).values(**other, run="made up", name="王五", address=""),
        "a letter passed off as sent": update(OutboxMessage).values(state="sent", address="x@y.test"),
    }.items():
        begin_write(session)
        session.execute(tamper, execution_options={"synchronize_session": False})
        session.expire_all()
        assert list(verify_tellings(session, agency_id)), name
        session.rollback()
    assert list(verify_tellings(session, agency_id)) == []


def test_where_nobody_can_sign_it_goes_another_way_and_what_waited_waits_no_more(bureau: Bureau) -> None:
    session, handler, made = bureau.session, bureau.handler, a_notice(bureau)
    holders = [bureau.people.a[role].id for role in AT_ONCE]
    bounce(session, handler.agency_id, bureau.people.a[Role.PI].email, "550 gone", NOON)
    session.execute(update(User).where(User.id.in_(holders)).values(is_active=False))
    session.commit()
    with pytest.raises(Obstructed, match="还没有可以签收的账号。请改用当面送达、邮寄"):
        deliver(session, handler, made, SITE, TODAY)
    assert letters(bureau) == titles(bureau, Role.ADMIN) == []
    session.execute(update(User).where(User.id == holders[0]).values(is_active=True))
    session.commit()
    assert deliver(session, handler, made, SITE, TODAY) == 0  # her address is dead: the inbox is left
    assert waiting(bureau, TurnKind.NOTICE, made) == {Role.PI}
    dead, inbox = every_telling(session, handler, Sought(notice=made))
    assert (inbox.outcome, dead.outcome) == (Outcome.UNREAD, Outcome.FAILED)
    assert "没有再发" in dead.error
    session.rollback()
    record_sent(session, handler, made, TODAY, Delivery.POST, TODAY)
    assert waiting(bureau, TurnKind.NOTICE, made) == set()
    sign(session, bureau.actor(Role.PI), made, TODAY)  # whichever way it came, she may sign for it here
    again = drawn(bureau, "沙-1", RECTIFY, TODAY + timedelta(1))
    bureau.change(row(bureau, made).project_id, lead_unit="改制后的单位")
    with pytest.raises(Obstructed, match="作废后重新出具"):
        deliver(session, handler, again, SITE, TODAY + timedelta(1))
    void(session, handler, again, "承担单位名称已变更，另行出具。", TODAY + timedelta(1))
    record = session.get_one(PaperNotice, again)
    record.sent_on = TODAY  # as one that was made void after it had been sent
    session.commit()
    with pytest.raises(Obstructed, match="请与科技局联系"):
        sign(session, bureau.actor(Role.PI), again, TODAY + timedelta(1))
    bureau.change(row(bureau, made).project_id, lead_unit=UNIT)
    with pytest.raises(Obstructed, match="作废，无须签收"):
        sign(session, bureau.actor(Role.PI), again, TODAY + timedelta(1))
    with pytest.raises(Obstructed, match="作废"):
        deliver(session, handler, again, SITE, TODAY + timedelta(1))


def test_the_clock_speaks_of_what_is_not_signed_for_until_it_is(bureau: Bureau) -> None:
    session, made = bureau.session, a_notice(bureau)
    deliver(session, bureau.handler, made, SITE, TODAY)
    _, offered = offers(session, bureau.handler, "沙-1", TODAY)
    assert not any("签收" in one.what for one in offered)  # no notice of a notice
    session.rollback()
    clock = Actor.system(bureau.handler.agency_id)

    def told(days: range) -> set[tuple[int, str]]:
        return {
            (day, one.step)
            for day in days
            for one in remind(session, clock, TODAY + timedelta(day))
            if (one.rule, one.due) == ("local-turn-unit-manager", TODAY + timedelta(5))
        }

    assert {(5, "T"), (12, "T+7"), (19, "T+14")} <= told(range(1, 20))
    sign(session, bureau.actor(Role.PI), made, TODAY + timedelta(20))
    assert told(range(20, 40)) == set()


def test_of_two_who_press_at_once_one_delivers_and_one_signs(engine: Engine, bureau: Bureau) -> None:
    made = a_notice(bureau)
    delivered = together(engine, lambda one, _: deliver(one, bureau.handler, made, SITE, TODAY))
    assert sorted(type(one).__name__ for one in delivered) == ["Obstructed"] * 3 + ["int"]
    assert len(letters(bureau)) == 2
    signing = [bureau.actor(AT_ONCE[place % 2]) for place in range(4)]
    signed = together(engine, lambda one, place: sign(one, signing[place], made, TODAY))
    assert sorted(type(one).__name__ for one in signed) == ["NoneType"] + ["Obstructed"] * 3
    winner = signing[signed.index(None)]
    assert row(bureau, made).received_by_id == winner.user_id
    acts = select(AuditEntry.id).where(AuditEntry.action == "notice.sign")
    assert len(bureau.session.scalars(acts).all()) == 1


def test_the_mark_and_the_days_are_the_agencys_own_within_limits(bureau: Bureau) -> None:
    session, admin = bureau.session, bureau.actor(Role.ADMIN)
    made = a_notice(bureau)
    assert row(bureau, made).content["by"] == "2026-02-25"  # the measure's own day is to come
    set_notices(session, admin, replace(OURS, mark=""), TODAY)
    later = TODAY + timedelta(40)
    second = drawn(bureau, "沙-1", RECTIFY, later)
    now = row(bureau, second)
    assert (now.mark, now.content["number"]) == (None, "〔2026〕2号")
    assert now.content["by"] == "2026-04-03"  # twenty days on, and on a working day
    assert row(bureau, made).mark == "沙科催"
    bad = NoticeSettings("沙科〔催〕", receipt=0, urging=91, rectification=2)
    with pytest.raises(InvalidInput) as refused:
        set_notices(session, admin, bad, TODAY)
    assert set(refused.value.errors) == {"mark", "receipt", "urging", "rectification"}
    with pytest.raises(NotPermitted):
        set_notices(session, bureau.handler, OURS, TODAY)
    own = update(AgencySetting).where(AgencySetting.key == NOTICES)
    session.execute(own.values(value={"mark": 7, "receipt": "x", "urging": 12, "other": 1}))
    session.commit()
    assert notice_settings_of(session, bureau.handler.agency_id) == NoticeSettings(urging=12)


def test_what_is_made_out_to_the_joint_unit_is_signed_for_by_it(bureau: Bureau) -> None:
    session, made = bureau.session, a_notice(bureau)
    content = row(bureau, made).content | {"to": JOINT_UNIT}
    session.execute(update(PaperNotice).values(content=content))
    session.commit()
    deliver(session, bureau.handler, made, SITE, TODAY)
    assert waiting(bureau, TurnKind.NOTICE, made) == {Role.JOINT_UNIT}
    with pytest.raises(NotTheirs):
        sign(session, bureau.actor(Role.PI), made, TODAY)
    sign(session, bureau.actor(Role.JOINT_UNIT), made, TODAY)
    assert row(bureau, made).sent_by == KEGUAN
