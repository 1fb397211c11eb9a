"""Whoever has something new to do is told at once, by one message: the clock does not say it over again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from lifecycle.clock import remind
from lifecycle.database import begin_write
from lifecycle.filings import confirm_report, return_report
from lifecycle.inbox import Shown, Standing, mark_all_read, open_inbox
from lifecycle.models import InboxMessage, Membership, PersonChoice, ReportKind, Telling, Turn, User
from lifecycle.proof import verify_tellings
from lifecycle.recomputing import recompute
from lifecycle.roles import Actor, Role
from lifecycle.setting import set_limits
from lifecycle.tellings import AT_ONCE, Outcome, ShownTelling, Sought, every_telling
from tests.integration.paying import Bureau, a_bureau
from tests.integration.reporting import JANUARY, a_project, drafted, filed
from tests.web.site import UNIT

EVENT = "负责人出国进修"
WORDS = f"确认并报出重大事项报告 1：{EVENT}"
TURN, ANNUAL = "local-turn-unit-manager", "spb-26-annual-report"


@pytest.fixture
def bureau(session: Session) -> Bureau:
    made = a_bureau(session)
    a_project(made)
    return made


def day(number: int) -> date:
    return JANUARY + timedelta(number)


def run(bureau: Bureau, number: int) -> None:
    """Run the clock so many days after the beginning."""
    remind(bureau.session, Actor.system(bureau.people.agency_a), day(number))


def an_event(bureau: Bureau) -> int:
    """File a report that no article asks for, so that what waits is a duty itself; return its id."""
    report_id = drafted(bureau, kind=ReportKind.EVENT, subject=None)
    return filed(bureau, report_id, title=EVENT, happened_on=JANUARY)


def titles(bureau: Bureau, user_id: int, about: str) -> list[str]:
    """Return what somebody's inbox says about something, the oldest first."""
    bureau.session.rollback()
    query = select(InboxMessage.title).where(InboxMessage.user_id == user_id)
    query = query.where(InboxMessage.title.contains(about)).order_by(InboxMessage.id)
    return list(bureau.session.scalars(query))


def proof(bureau: Bureau, rule: str, who: str = "") -> list[ShownTelling]:
    """Return what the proof says of a rule's duties, the oldest first; it agrees with the history."""
    assert list(verify_tellings(bureau.session, bureau.people.agency_a)) == []
    found = list(every_telling(bureau.session, bureau.handler, Sought(project="沙-1", rule=rule, who=who)))
    bureau.session.rollback()
    return found[::-1]


def a_colleague(bureau: Bureau) -> int:
    """Return the account of another manager of the unit, who has just come."""
    begin_write(bureau.session)
    post = Membership(agency_id=bureau.people.agency_a, role=Role.UNIT_MANAGER, unit=UNIT)
    user = User(username="new", name="新来", password_hash="", session_stamp="", memberships=[post])
    user.created_at = datetime(2026, 1, 1, tzinfo=UTC)
    bureau.session.add(user)
    bureau.session.commit()
    return user.id


def test_the_first_step_goes_only_to_whoever_has_no_message_yet_and_the_proof_tells_of_both(
    bureau: Bureau,
) -> None:
    session, unit = bureau.session, bureau.people.a[Role.UNIT_MANAGER]
    an_event(bureau)
    assert titles(bureau, unit.id, WORDS) == [f"待办：{WORDS}"]
    (at_once,) = proof(bureau, TURN)
    assert (at_once.step, at_once.told_on, at_once.due) == (AT_ONCE, JANUARY, day(5))
    assert (at_once.name, at_once.message, at_once.outcome) == (
        unit.name,
        WORDS,
        Outcome.UNREAD,
    )
    mark_all_read(session, unit.actor, 10**6)
    new = a_colleague(bureau)
    run(bureau, 1)
    run(bureau, 1)
    assert len(titles(bureau, unit.id, WORDS)) == 1
    assert len(titles(bureau, new, WORDS)) == 1
    hers = [(one.step, str(one.channel), one.outcome) for one in proof(bureau, TURN, unit.name)]
    read = ("站内消息", Outcome.READ)
    assert hers == [(AT_ONCE, *read), ("T-7", *read), ("T-7", "电子邮件", Outcome.WAITING)]
    linked = proof(bureau, TURN, unit.name)[1]
    assert (linked.told_on, linked.note) == (day(1), f"已于 {JANUARY} 随“待办”告知，没有重复发送")
    recompute(session, bureau.actor(Role.ADMIN))
    run(bureau, 1)
    run(bureau, 2)
    assert [len(titles(bureau, one, WORDS)) for one in (unit.id, new)] == [2, 2]
    newest = select(func.max(InboxMessage.id)).scalar_subquery()
    for name, tamper in {
        "another name": update(Telling).where(Telling.turn_id.is_not(None)).values(name="王五"),
        "another day": update(Telling).where(Telling.turn_id.is_not(None)).values(told_on=day(1)),
        "another message": update(Telling).where(Telling.message_id.is_not(None)).values(message_id=newest),
        "no link": update(Telling).where(Telling.reminder_id.is_not(None)).values(message_id=None),
        "other words": update(Turn).values(words="别的事"),
        "one less": delete(Telling).where(Telling.turn_id.is_not(None)),
    }.items():
        begin_write(session)
        session.execute(tamper)
        assert list(verify_tellings(session, bureau.people.agency_a)), name
        session.rollback()


def test_what_is_done_the_same_day_or_has_no_limit_is_proved_all_the_same(bureau: Bureau) -> None:
    session, unit = bureau.session, bureau.actor(Role.UNIT_MANAGER)
    set_limits(session, bureau.actor(Role.ADMIN), {TURN: 0, "local-turn-handler": 5}, JANUARY)
    report_id = an_event(bureau)
    (owed,) = open_inbox(session, unit, JANUARY, Shown.OWED).messages
    assert owed.standing == Standing.OWED
    assert "期限" not in owed.body
    session.rollback()
    confirm_report(session, unit, report_id, JANUARY)
    assert not open_inbox(session, unit, JANUARY, Shown.OWED).messages
    assert open_inbox(session, unit, JANUARY).messages[0].standing == Standing.DONE
    run(bureau, 1)
    assert [(one.step, one.due) for one in proof(bureau, TURN)] == [(AT_ONCE, None)]
    handlers = proof(bureau, "local-turn-handler", bureau.people.a[Role.HANDLER].name)
    assert [one.step for one in handlers if one.channel == "站内消息"] == [AT_ONCE, "T-7"]
    reviewing = WORDS.replace("确认并报出", "待办：审核")
    assert titles(bureau, bureau.people.a[Role.HANDLER].id, "审核") == [reviewing]


def test_after_a_standstill_and_on_the_last_day_everybody_hears(bureau: Bureau) -> None:
    unit = bureau.people.a[Role.UNIT_MANAGER].id
    an_event(bureau)
    run(bureau, 3)  # the step of the day before was not told
    assert titles(bureau, unit, WORDS)[1:] == [f"提醒：{WORDS}（还有 2 天）"]
    run(bureau, 5)
    assert titles(bureau, unit, WORDS)[2:] == [f"提醒：{WORDS}（今天）"]


def test_a_duty_that_speaks_of_the_same_work_is_not_said_over_again_either_and_deputies_are_named(
    bureau: Bureau,
) -> None:
    session, pi, unit = bureau.session, bureau.people.a[Role.PI], bureau.people.a[Role.UNIT_MANAGER]
    report_id = drafted(bureau)
    filed(bureau, report_id)
    confirm_report(session, unit.actor, report_id, day(1))
    begin_write(session)
    away = PersonChoice(user_id=pi.id, agency_id=bureau.people.agency_a, by_mail=True, deputy_id=unit.id)
    away.deputy_from, away.deputy_until = day(2), day(30)
    session.add(away)
    session.commit()
    return_report(session, bureau.handler, report_id, "附件不全", True, day(13))
    run(bureau, 14)
    for person in (pi, unit):
        assert [one for one in titles(bureau, person.id, "年度报告") if "提交" in one] == [
            "待办：补正并重新提交 2026 年度报告" + (f"（代 {pi.name}）" if person is unit else "")
        ]
    told = [one for one in proof(bureau, ANNUAL) if one.channel == "站内消息"]
    label = f"{unit.name}（代 {pi.name}）"
    assert {(one.step, one.name) for one in told} == {(AT_ONCE, unit.name)} | {
        (step, name) for step in (AT_ONCE, "T-7") for name in (pi.name, label)
    }
    run(bureau, 18)
    assert titles(bureau, pi.id, "提醒：提交 2026")[-1].endswith("（还有 5 天）")
