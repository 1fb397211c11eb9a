"""Of one act everybody hears once: by one duty, whoever may do it, and through whom it reaches a unit."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from lifecycle.agenda import AgendaFilter, agenda
from lifecycle.clock import remind
from lifecycle.database import begin_write
from lifecycle.models import InboxMessage, KeptDuty, Membership, Reminder, User
from lifecycle.notice_delivery import deliver
from lifecycle.roles import Actor, Role
from lifecycle.turns import list_turns
from tests.integration.paying import TODAY, Bureau, a_bureau
from tests.integration.reporting import JANUARY, a_project, drafted, filed
from tests.integration.test_notice_delivery import a_notice
from tests.web.site import UNIT

SITE = "https://keguan.test"


@pytest.fixture
def bureau(session: Session) -> Bureau:
    return a_bureau(session)


def run(bureau: Bureau, first: date, days: range) -> None:
    for number in days:
        remind(bureau.session, Actor.system(bureau.people.agency_a), first + timedelta(number), SITE)


def heard(bureau: Bureau, user_id: int, about: str) -> dict[date, int]:
    """Return how many messages about something came into somebody's inbox on each day."""
    query = select(InboxMessage.told_on, func.count()).where(InboxMessage.user_id == user_id)
    query = query.where(InboxMessage.title.contains(about)).group_by(InboxMessage.told_on)
    found = {row[0]: row[1] for row in bureau.session.execute(query)}
    bureau.session.rollback()
    return found


def test_what_either_of_two_may_do_is_one_duty_of_which_each_of_them_hears_once(bureau: Bureau) -> None:
    session, people = bureau.session, bureau.people.a
    both = people[Role.PI].id
    begin_write(session)  # the pi manages her unit, too
    session.add(Membership(user_id=both, agency_id=bureau.people.agency_a, role=Role.UNIT_MANAGER, unit=UNIT))
    session.commit()
    made = a_notice(bureau)
    deliver(session, bureau.handler, made, SITE, TODAY)
    (duty,) = session.scalars(select(KeptDuty).where(KeptDuty.path == f"/notices/{made}")).all()
    assert (duty.owner, duty.also) == (Role.UNIT_MANAGER, Role.PI)
    session.rollback()
    run(bureau, TODAY, range(40))
    days = [heard(bureau, people[role].id, "签收") for role in (Role.UNIT_MANAGER, Role.PI)]
    assert days[0] == days[1] == dict.fromkeys(days[0], 1)
    assert len(days[0]) > 6
    for role in (Role.UNIT_MANAGER, Role.PI):
        actor = bureau.actor(role)
        shown = agenda(session, actor, AgendaFilter(TODAY, TODAY + timedelta(60)), TODAY)
        assert Counter(one.path for one in shown)[f"/notices/{made}"] == 1
        assert Counter(one.words.startswith("签收") for one in list_turns(session, actor, 99))[True] == 1
    session.rollback()


def test_what_a_unit_without_an_account_must_do_is_the_admin_s_to_see_to_and_not_the_pi_s(
    bureau: Bureau,
) -> None:
    session, people = bureau.session, bureau.people.a
    a_project(bureau)
    session.execute(update(User).where(User.id == people[Role.UNIT_MANAGER].id).values(is_active=False))
    session.commit()
    filed(bureau, drafted(bureau))
    run(bureau, JANUARY, range(1, 45))
    assert heard(bureau, people[Role.PI].id, "确认") == {}
    told = heard(bureau, people[Role.ADMIN].id, "确认并报出 2026")
    assert told == dict.fromkeys(told, 1)
    assert JANUARY in told
    body = select(InboxMessage.body).where(InboxMessage.user_id == people[Role.ADMIN].id)
    asked = f"{UNIT}还没有可以办理的账号，请为该单位开设账号。"
    assert all(one.splitlines().count(asked) == 1 for one in session.scalars(body))
    names = select(Reminder.recipients).where(Reminder.rule == "spb-26-annual-report")
    assert {one.split("、")[0] for one in session.scalars(names)} == {f"{UNIT}（管理员代收）"}
    session.rollback()
