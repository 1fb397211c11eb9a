"""How a person is told of duties: chosen by herself or by an admin, within what the law needs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app import clock
from lifecycle.choosing import Choices, offered
from lifecycle.clock import remind
from lifecycle.command import Work, command
from lifecycle.database import begin_write
from lifecycle.models import (
    AuditEntry,
    InboxMessage,
    KeptDuty,
    Membership,
    OutboxMessage,
    Telling,
    TurnKind,
    User,
)
from lifecycle.roles import Actor, Permission, Role
from lifecycle.turns import Waits, hand_on
from tests.plugins.counting import Counting
from tests.web.site import Account, Browser, People, add_account, store_project

As = Callable[[Role], Browser]
TODAY = date(2026, 4, 1)
SPB = "沙坪坝区科技攻关重点专项"


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "today", lambda: TODAY)


@pytest.fixture
def other(session: Session, people: People) -> Account:
    """Another account with the finance role."""
    begin_write(session)
    made = add_account(session, "other", {people.agency_a: [Role.FINANCE]})
    session.commit()
    return made


def chosen(session: Session, account: Account) -> Choices:
    session.rollback()
    return offered(session, account.actor, account.id, TODAY).chosen


def typed(deputy: Account | None = None, **more: object) -> dict[str, object]:
    days = {"deputy_from": "2026-04-01", "deputy_until": "2026-04-10"} if deputy else {}
    return {"by_mail": "y", "mail_ahead": "", "deputy_id": str(deputy.id) if deputy else "", **days, **more}


OFFERED: dict[Role, tuple[bool, bool]] = {
    Role.HANDLER: (True, True),
    Role.FINANCE: (True, True),
    Role.APPROVER: (True, False),
    Role.PI: (False, True),
    Role.UNIT_MANAGER: (False, False),
    Role.UNIT_FINANCE: (False, True),
    Role.JOINT_UNIT: (False, False),
    Role.EXPERT: (False, False),
    Role.AUDITOR: (False, False),
    Role.ADMIN: (False, False),
}
"""Role → whether she may share programmes out, and whether anybody here may be told for her."""


def test_everybody_is_offered_what_her_roles_allow_and_told_what_cannot_be_switched_off(
    as_role: As, session: Session, people: People, other: Account, query_count: Counting
) -> None:
    del other
    store_project(session, people.agency_a, "SPB-1")
    found = {}
    for role in OFFERED:
        with query_count() as asked:
            page = as_role(role).get("/inbox/choices")
        assert page.status_code == 200
        assert len(asked) <= 12
        found[role] = (SPB in page.text, 'name="deputy_id"' in page.text)
        for words in ("不能关闭的", "沙科局发〔2023〕41号 第三十一条", "逾期 15 天起同时告知审批人"):
            assert words in page.text
    assert found == OFFERED


def test_what_is_chosen_holds_from_the_next_reminder_on(
    as_role: As, session: Session, people: People, other: Account
) -> None:
    store_project(session, people.agency_a, "SPB-1", signed_on=date(2026, 3, 2), joint_unit=None)
    due = session.scalars(select(KeptDuty.due).where(KeptDuty.rule == "spb-23-payment-deadline")).one()
    finance = people.a[Role.FINANCE]
    browser = as_role(Role.FINANCE)
    form = typed(other, mail_ahead="7", programmes=[SPB])
    assert browser.post("/inbox/choices", data=form).status_code == 302
    mine = Choices(True, 7, (SPB,), other.id, TODAY, TODAY + timedelta(9))
    assert chosen(session, finance) == mine
    page = browser.get("/inbox/choices").text
    assert f'<option selected value="{other.id}">' in page
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "settings.own_choices")).one()
    assert entry.summary == "修改自己的提醒方式"
    assert {"field": "代收人", "old": "", "new": other.name} in entry.details["changes"]
    assert session.scalars(select(InboxMessage.title).where(InboxMessage.user_id == other.id)).all() == [
        f"请代收{finance.name}的提醒"
    ]
    session.rollback()
    as_other = browser.as_account(other)
    assert as_other.post("/inbox/choices", data=typed(programmes=["无"])).status_code == 422
    # the other looks after other programmes: she is told for her colleague alone
    names = {value for value in offered(session, other.actor, other.id, TODAY).programmes if value != SPB}
    session.rollback()
    assert as_other.post("/inbox/choices", data=typed(programmes=sorted(names))).status_code == 302
    system = Actor.system(people.agency_a)
    deputised = f"、{other.name}（代 {finance.name}）"
    for day, of_deputy in ((due - timedelta(8), ""), (due, deputised), (due + timedelta(7), deputised)):
        (told,) = remind(session, system, day)
        assert told.to.startswith(finance.name)
        assert told.to.partition(deputised)[1] == of_deputy
    bodies = session.scalars(
        select(InboxMessage.body).where(
            InboxMessage.user_id == other.id, InboxMessage.reminder_id.is_not(None)
        )
    ).all()
    assert [f"{finance.name}外出期间，由您代收。" in body for body in bodies] == [True] * 2
    letters = select(OutboxMessage.address).where(OutboxMessage.address.in_((finance.email, other.email)))
    assert sorted(session.scalars(letters)) == sorted([finance.email, other.email] * 2)  # none 8 days ahead
    (later,) = remind(session, system, due + timedelta(14))  # the deputy's days are over
    assert other.name not in later.to


WRONG: list[tuple[dict[str, object], str]] = [
    ({"mail_ahead": "9"}, "本单位没有在这一天提醒"),
    ({"programmes": ["无此计划"]}, "系统没有的"),
    ({"deputy_id": ""}, "请选择代收人"),
    ({"deputy_id": "own"}, "不能由本人代收"),
    ({"deputy_id": "1"}, "能看到同样的项目"),
    ({"deputy_id": "x"}, "能看到同样的项目"),
    ({"deputy_from": ""}, "请填写从哪一天起代收"),
    ({"deputy_until": ""}, "请填写代收到哪一天"),
    ({"deputy_until": "2026-03-31"}, "已经过去"),
    ({"deputy_from": "2026-04-11"}, "不能早于开始日期"),
    ({"deputy_until": "2027-04-02"}, "代收最长一年"),
    ({"deputy_until": "下周"}, "请填写日期"),
]


def test_what_does_not_do_is_refused_at_its_field_and_nothing_is_kept(
    as_role: As, session: Session, people: People, other: Account
) -> None:
    finance, browser = people.a[Role.FINANCE], as_role(Role.FINANCE)
    for more, words in WRONG:
        own = {"deputy_id": str(finance.id)} if more.get("deputy_id") == "own" else {}
        page = browser.post("/inbox/choices", data=typed(other, **more | own))
        assert (page.status_code, words in page.text) == (422, True), words
    assert chosen(session, finance) == Choices()
    unit = as_role(Role.UNIT_MANAGER).post("/inbox/choices", data=typed(programmes=[SPB]))
    assert unit.status_code == 302  # there is no such field for a unit
    assert chosen(session, people.a[Role.UNIT_MANAGER]).programmes == ()


def test_an_admin_chooses_for_who_is_away_and_a_deputy_who_is_gone_is_told_no_more(
    as_role: As, session: Session, people: People, other: Account
) -> None:
    finance, admin = people.a[Role.FINANCE], as_role(Role.ADMIN)
    assert f"/admin/people/{finance.id}/choices" in admin.get(f"/admin/people/{finance.id}").text
    assert admin.post(f"/admin/people/{finance.id}/choices", data=typed(other)).status_code == 302
    assert chosen(session, finance).deputy == (other.id, TODAY, TODAY + timedelta(9))
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "person.choices")).one()
    assert finance.name in entry.summary
    told = session.execute(select(InboxMessage.user_id, InboxMessage.title).order_by(InboxMessage.id)).all()
    assert [row[0] for row in told] == [other.id, finance.id]
    session.rollback()
    hers = as_role(Role.ADMIN).as_account(other).get("/inbox/choices")
    for page in (as_role(Role.ADMIN).get(f"/admin/people/{other.id}"), hers):
        assert f"{finance.name}（2026-04-01 至 2026-04-10）。" in page.text
    admin = as_role(Role.ADMIN)
    admin.post(f"/admin/people/{other.id}/deactivate")
    assert f"{other.name}现在不能代收" in admin.get(f"/admin/people/{finance.id}/choices").text
    store_project(session, people.agency_a, "SPB-1", signed_on=date(2026, 3, 2), joint_unit=None)
    (reminded,) = remind(session, Actor.system(people.agency_a), TODAY)
    assert finance.name in reminded.to
    assert other.name not in reminded.to


@command("test.hand_on", Permission.HANDLE_CHANGE)
def hand_on_to_finance(work: Work, project_id: int, user_id: int | None) -> None:
    hand_on(work, project_id, TurnKind.CLEARING, 1, [Waits(Role.FINANCE, "核定退款", user_id)], TODAY)
    work.record("交办")


def test_a_deputy_finds_what_newly_waits_too_and_not_when_it_is_anothers(
    as_role: As, session: Session, people: People, other: Account
) -> None:
    finance = people.a[Role.FINANCE]
    as_role(Role.FINANCE).post("/inbox/choices", data=typed(other))
    project_id = store_project(session, people.agency_a, "SPB-1").id
    session.rollback()
    for user_id in (finance.id, other.id, None):
        hand_on_to_finance(session, Actor.system(people.agency_a), project_id, user_id)
    told = session.execute(
        select(InboxMessage.user_id, InboxMessage.title)
        .where(InboxMessage.title.startswith("待办"))
        .order_by(InboxMessage.id)
    ).all()
    plain = "待办：核定退款"
    assert [tuple(row) for row in told] == [
        *((finance.id, plain), (other.id, f"{plain}（代 {finance.name}）")),  # hers alone, and her deputy's
        (other.id, plain),
        *((finance.id, plain), (other.id, plain)),  # whoever holds the role
    ]


def test_what_reaches_nobody_stands_on_the_pages_of_the_clock(
    as_role: As, session: Session, people: People
) -> None:
    store_project(session, people.agency_a, "SPB-1", signed_on=date(2026, 3, 2), joint_unit=None)
    begin_write(session)
    gone = select(Membership.user_id).where(Membership.role.in_((Role.FINANCE, Role.HANDLER, Role.ADMIN)))
    session.execute(update(User).where(User.id.in_(gone)).values(is_active=False))
    session.commit()
    (told,) = remind(session, Actor.system(people.agency_a), TODAY)
    assert told.to == "财务、经办"
    browser = as_role(Role.APPROVER)
    page = browser.get("/clock/").text
    assert "无人可告知的事项" in page
    assert "SPB-1" in page
    listed = browser.get("/clock/told?outcome=无人可告知").text
    assert "财务、经办<small>无可用方式</small>" in listed
    session.execute(update(User).values(is_active=True))
    session.commit()
    remind(session, Actor.system(people.agency_a), TODAY + timedelta(7))
    assert "无人可告知的事项" not in browser.get("/clock/").text
    assert (
        session.scalar(select(func.count()).select_from(Telling).where(Telling.channel == "无可用方式")) == 1
    )
