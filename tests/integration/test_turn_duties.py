"""What waits for somebody is a duty: told at its steps until it is done, and kept as worked out anew."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from finance.receipts import confirm_receipt
from lifecycle.acceptance import applying
from lifecycle.agenda import AgendaFilter, Whose, agenda
from lifecycle.clock import remind
from lifecycle.desk import Urgency, heap
from lifecycle.filing_list import FilingFilter
from lifecycle.filing_reminders import remind_rest
from lifecycle.filings import accept_report, confirm_report, return_report, send_back
from lifecycle.inbox import Standing, open_inbox
from lifecycle.models import InboxMessage, KeptDuty, OutboxMessage, Payment, Project, Reminder, Turn
from lifecycle.overview import load_overview
from lifecycle.roles import Actor, Role
from lifecycle.standing import rebuild, standing_rows
from lifecycle.turns import count_turns, list_turns
from lifecycle.whole import record_of
from tests.integration.accepting import accepting
from tests.integration.paying import Bureau, a_bureau
from tests.integration.reporting import JANUARY, a_project, drafted, filed
from tests.integration.spendings import TODAY, store
from tests.integration.test_panels import expert, forming, named
from tests.integration.test_remind import HANDLERS

UNIT, DESK = "local-turn-unit-manager", "local-turn-handler"


@pytest.fixture
def bureau(session: Session) -> Bureau:
    return a_bureau(session)


def told(bureau: Bureau, days: range, rule: str) -> list[tuple[int, str, str]]:
    """Run the clock on those days after January's; return which of them told of a rule, step and whom."""
    clock = Actor.system(bureau.people.agency_a)
    return [
        (day, one.step, one.to)
        for day in days
        for one in remind(bureau.session, clock, JANUARY + timedelta(day), "https://keguan.test")
        if one.rule == rule
    ]


def assert_kept_as_worked_out_anew(bureau: Bureau) -> None:
    before = list(standing_rows(bureau.session, bureau.people.agency_a))
    rebuild(bureau.session, bureau.people.agency_a)
    bureau.session.flush()
    assert list(standing_rows(bureau.session, bureau.people.agency_a)) == before
    bureau.session.rollback()


def test_a_report_is_the_unit_s_and_then_the_bureau_s_to_be_told_of(bureau: Bureau) -> None:
    session, people = bureau.session, bureau.people.a
    project_id = a_project(bureau)
    unit, boss = people[Role.UNIT_MANAGER], people[Role.APPROVER]
    report_id = drafted(bureau)
    assert session.scalars(select(Turn.duty)).all() == ["annual-report/2026"]  # it is owed as that
    session.rollback()
    filed(bureau, report_id)
    assert told(bureau, range(6), UNIT) == []  # and still is, by the unit
    confirm_report(session, bureau.actor(Role.UNIT_MANAGER), report_id, JANUARY + timedelta(6))
    return_report(session, bureau.handler, report_id, "请补充", False, JANUARY + timedelta(10))
    waiting = session.scalars(select(Turn).where(Turn.done_on.is_(None))).one()
    assert (waiting.role, waiting.duty) == (Role.PI, "annual-report/2026")
    session.rollback()
    day = JANUARY + timedelta(14)
    filed(bureau, report_id, day)  # for supplement: the report itself is in, so that nothing else speaks
    steps = [(14, "T-7"), (16, "T-3"), (18, "T-1"), (19, "T")]  # of the first, its day had passed already
    assert told(bureau, range(14, 20), UNIT) == [(at, step, unit.name) for at, step in steps]
    late = told(bureau, range(20, 43), UNIT)
    assert late == [
        (26, "T+7", unit.name),
        (33, "T+14", unit.name),
        (34, "T+15", f"{unit.name}、{boss.name}"),
        (40, "T+21", f"{unit.name}、{boss.name}"),
    ]
    found = session.scalars(select(InboxMessage).where(InboxMessage.title.startswith("催办：确认"))).first()
    assert found is not None
    assert found.path == f"/reports/{report_id}"
    letters = session.scalars(select(OutboxMessage.body).where(OutboxMessage.address == unit.email)).all()
    assert any(f"https://keguan.test/reports/{report_id}" in one for one in letters)
    session.rollback()
    confirm_report(session, bureau.actor(Role.UNIT_MANAGER), report_id, JANUARY + timedelta(43))
    assert told(bureau, range(43, 50), UNIT) == []
    assert [one[1] for one in told(bureau, range(50, 62), DESK)][-1] == "T+7"
    assert_kept_as_worked_out_anew(bureau)
    accept_report(session, bureau.handler, report_id, JANUARY + timedelta(62))
    assert told(bureau, range(62, 100), DESK) == []
    assert session.scalars(select(Turn.id).where(Turn.done_on.is_(None))).all() == []
    assert len(record_of(session, project_id).waiting) == 6
    assert_kept_as_worked_out_anew(bureau)


def test_an_expert_is_told_of_her_own_review_and_the_handler_once_it_is_late(bureau: Bureau) -> None:
    session, project_id, due = bureau.session, a_project(bureau), JANUARY + timedelta(10)
    one, two = expert(bureau, "e1"), expert(bureau, "e2")
    forming(session, bureau.handler, project_id, named(one, two), due)
    assert told(bureau, range(10, 11), "local-turn-expert") == [(10, "T", "张e1"), (10, "T", "张e2")]
    late = told(bureau, range(11, 18), "local-turn-expert")
    assert late == [(17, "T+7", f"张{name}、{HANDLERS}") for name in ("e1", "e2")]
    (hers,) = session.scalars(
        select(InboxMessage).where(InboxMessage.user_id == one.id, InboxMessage.title.startswith("催办"))
    )
    path = hers.path
    assert path is not None
    assert path.startswith("/reviews/")
    theirs = select(InboxMessage.path).where(InboxMessage.user_id == bureau.handler.user_id)
    assert path not in session.scalars(theirs).all()  # the page is the expert's alone
    letter = select(OutboxMessage.body).where(OutboxMessage.address == one.actor.email)
    assert any(path in body for body in session.scalars(letter))
    session.rollback()
    day = due + timedelta(7)
    span = AgendaFilter(JANUARY, day, Whose.ALL)
    assert [one.path for one in agenda(session, one.actor, span, day)] == [path]
    assert {one.owner for one in agenda(session, bureau.actor(Role.UNIT_MANAGER), span, day)}.isdisjoint(
        {Role.EXPERT, Role.APPROVER}
    )
    assert len([one for one in heap(session, bureau.handler, Urgency.OVERDUE, day, 99) if one.path]) == 2
    assert heap(session, one.actor, Urgency.OVERDUE, day, 99) == []  # it stands in her list of turns
    assert [turn.due for turn in list_turns(session, one.actor, 9)] == [due]
    assert count_turns(session, one.actor, day) == (1, 1)


def test_money_booked_here_is_to_be_confirmed_and_what_came_with_a_ledger_is_not(bureau: Bureau) -> None:
    session, project_id = bureau.session, store(bureau)
    query = select(KeptDuty.owner, KeptDuty.due, KeptDuty.done_on, KeptDuty.path)
    query = query.where(KeptDuty.rule == "local-receipt")
    assert session.execute(query).all() == []
    tranche_id = bureau.tranches(project_id)[0]
    session.execute(update(Payment).values(booked_by_id=bureau.finance.user_id))
    rebuild(session, bureau.people.agency_a)
    session.commit()
    paid, path = date(2026, 2, 9), f"/spending/receipts/{tranche_id}"
    assert session.execute(query).all() == [(Role.UNIT_FINANCE, paid + timedelta(10), None, path)]
    session.rollback()
    confirm_receipt(session, bureau.actor(Role.UNIT_MANAGER), tranche_id, date(2026, 2, 12), TODAY)
    assert session.scalars(select(KeptDuty.done_on).where(KeptDuty.rule == "local-receipt")).all() == [
        date(2026, 2, 12)
    ]
    session.rollback()
    assert record_of(session, project_id).receipts == bureau.record(project_id).receipts != ()
    assert_kept_as_worked_out_anew(bureau)


def owed_by(bureau: Bureau, rule: str) -> set[Role]:
    """Return which role owes it, as calendars, desks and the project's page all say it."""
    session, day, found = bureau.session, JANUARY, set[Role]()
    number, last = session.execute(
        select(Project.number, func.min(KeptDuty.due))
        .join(KeptDuty)
        .where(KeptDuty.rule == rule)
        .group_by(Project.number)
    ).one()
    for role in (Role.PI, Role.UNIT_MANAGER):
        actor = bureau.actor(role)
        mine = [one for one in agenda(session, actor, AgendaFilter(day, last), day) if one.rule == rule]
        name = bureau.people.a[role].name
        hers = AgendaFilter(day, last, Whose.ALL, person=name)
        named = [one for one in agenda(session, bureau.handler, hers, day) if one.rule == rule]
        if role is Role.PI:  # a unit sees on its desk what its leaders owe, too
            assert [one.due for one in mine] == [one.due for one in named]
        found |= {one.owner for one in named}
    (shown, *_) = [
        one
        for one in load_overview(session, bureau.handler, number, last).duties
        if one.rule and one.rule.id == rule
    ]
    assert {shown.owner} == found
    assert ("确认并报出" in shown.message) is (shown.owner is Role.UNIT_MANAGER)
    session.rollback()
    return found


def standing(bureau: Bureau, role: Role, rule: str) -> Standing | None:
    """Return what the inbox of somebody says of the newest reminder of a duty."""
    inbox = open_inbox(bureau.session, bureau.actor(role), JANUARY, per_page=99)
    bureau.session.rollback()
    return next(one.standing for one in inbox.messages if one.rule == rule)


def test_the_pi_hears_no_more_of_a_report_she_has_filed_until_it_is_sent_back(bureau: Bureau) -> None:
    pi, unit = bureau.people.a[Role.PI], bureau.people.a[Role.UNIT_MANAGER]
    a_project(bureau)
    report_id = drafted(bureau)
    annual = "spb-26-annual-report"
    assert told(bureau, range(6), annual) == [(0, "T-30", pi.name)]
    assert owed_by(bureau, annual) == {Role.PI}
    assert standing(bureau, Role.PI, annual) == Standing.OWED
    filed(bureau, report_id, JANUARY + timedelta(6))
    assert owed_by(bureau, annual) == {Role.UNIT_MANAGER}
    assert standing(bureau, Role.PI, annual) == Standing.HANDED
    assert told(bureau, range(6, 15), annual) == [(6, "T-15", unit.name), (14, "T-7", unit.name)]
    assert standing(bureau, Role.UNIT_MANAGER, annual) == Standing.OWED
    assert_kept_as_worked_out_anew(bureau)
    remind_rest(bureau.session, bureau.handler, FilingFilter(year=2026), JANUARY + timedelta(15), "")
    pressed = select(Reminder.recipients).where(Reminder.step.startswith("催报"))
    assert bureau.session.scalars(pressed).all() == [unit.name]
    bureau.session.rollback()
    send_back(bureau.session, bureau.actor(Role.UNIT_MANAGER), report_id, "请核对", JANUARY + timedelta(15))
    assert owed_by(bureau, annual) == {Role.PI}
    assert told(bureau, range(15, 19), annual) == [(18, "T-3", pi.name)]


def test_the_unit_hears_of_an_application_that_the_pi_has_handed_to_it(bureau: Bureau) -> None:
    office, rule = accepting(bureau), "local-acceptance-application"
    case_id = office.submitted()
    due = bureau.session.scalars(select(KeptDuty.due).where(KeptDuty.rule == rule)).one()
    bureau.session.rollback()
    days = range((due - JANUARY).days - 40, (due - JANUARY).days - 29)
    assert owed_by(bureau, rule) == {Role.UNIT_MANAGER}
    (first,) = told(bureau, days, rule)
    assert first[2] == bureau.people.a[Role.UNIT_MANAGER].name
    applying.send_back(bureau.session, bureau.actor(Role.UNIT_MANAGER), case_id, "请补正", due)
    assert owed_by(bureau, rule) == {Role.PI}
    (again,) = told(bureau, range(days[-1] + 1, days[-1] + 16), rule)
    assert again[2] == bureau.people.a[Role.PI].name
