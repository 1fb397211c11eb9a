"""A later tranche, day by day: planned, held, lifted, proposed, decided and paid, told of at its steps."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.jobs import DAILY
from finance.batching import make_batch
from finance.booking import book_payment
from finance.issuing import issue_batch
from finance.proposing import approve, propose, return_, withdraw
from finance.spending import enter_spending
from finance.waiting import find_waiting
from lifecycle.agenda import AgendaFilter, Whose, agenda
from lifecycle.desk import Urgency, heap
from lifecycle.listing import revision_of
from lifecycle.measures import lift, propose_lifting
from lifecycle.models import InboxMessage, KeptDuty, KeptFinding, Outcome, Reminder
from lifecycle.overview import load_overview
from lifecycle.roles import Actor, Role
from lifecycle.standing import rebuild, standing_rows
from lifecycle.whole import record_of
from tests.integration.overseeing import TODAY, ordered
from tests.integration.paying import Bureau, a_bureau, sheet
from tests.integration.spendings import LATER, NUMBER, PAID, ROW, WAN, pi, store
from tests.integration.test_remind import HANDLERS

LATER_RULE, DECISION = "local-later-payment", "local-payment-decision"
DUE = date(2026, 6, 1)
LIFTED, PROPOSED = date(2026, 7, 6), date(2026, 7, 13)


@pytest.fixture
def bureau(session: Session) -> Bureau:
    return a_bureau(session)


def duties(bureau: Bureau, rule: str) -> list[tuple[date, date, date | None]]:
    """Return since when, by when and until when what a rule asks is owed."""
    bureau.session.rollback()
    query = select(KeptDuty.since, KeptDuty.due, KeptDuty.done_on).where(KeptDuty.rule == rule)
    return [(row[0], row[1], row[2]) for row in bureau.session.execute(query.order_by(KeptDuty.id))]


def mornings(
    bureau: Bureau, first: date, last: date, rules: tuple[str, ...] = (LATER_RULE, DECISION)
) -> list[tuple[date, str, str, str]]:
    """Let the clock do its daily work on those days; return what it told of those rules, and whom."""
    session, clock = bureau.session, Actor.system(bureau.people.agency_a)
    for many in range((last - first).days + 1):
        for name in ("holds", "remind"):
            DAILY[name](session, clock, first + timedelta(many))
    query = select(Reminder.told_on, Reminder.rule, Reminder.step, Reminder.recipients)
    query = query.where(Reminder.rule.in_(rules), Reminder.told_on.between(first, last))
    found = session.execute(query.order_by(Reminder.told_on, Reminder.rule)).all()
    session.rollback()
    return [(row[0], row[1], row[2], row[3]) for row in found]


def shown(bureau: Bureau, who: Actor, day: date, rule: str) -> dict[str, int]:
    """Return how often a person finds what a rule asks in each place that shows it."""
    session = bureau.session
    span = AgendaFilter(day, day + timedelta(60), Whose.MINE, open_only=True)
    heaps = {one.value: heap(session, who, one, day, 99) for one in Urgency}
    listed = find_waiting(session, who, day, 9, revision_of(session, who))
    counts = {
        **{name: sum(one.rule == rule for one in found) for name, found in heaps.items()},
        "agenda": sum(one.rule == rule for one in agenda(session, who, span, day)),
        "waiting": listed.count,
        "late": listed.late,
    }
    session.rollback()
    return {name: count for name, count in counts.items() if count}


def assert_kept_as_worked_out_anew(bureau: Bureau, project_id: int) -> None:
    session = bureau.session
    whole, one_by_one = record_of(session, project_id), bureau.record(project_id)
    assert (whole.holds, whole.proposals) == (one_by_one.holds, one_by_one.proposals)
    before = list(standing_rows(session, bureau.people.agency_a))
    session.rollback()
    rebuild(session, bureau.people.agency_a)
    session.flush()
    assert list(standing_rows(session, bureau.people.agency_a)) == before
    session.rollback()


def test_holds_are_kept_before_anybody_is_told_to_pay() -> None:
    assert list(DAILY).index("holds") < list(DAILY).index("remind")


def test_a_later_tranche_is_told_of_from_the_day_it_can_be_paid_until_it_is(bureau: Bureau) -> None:
    session, people = bureau.session, bureau.people.a
    project_id = store(bureau, tranches=(PAID, replace(LATER, planned_on=DUE)))
    tranche_id, finance = bureau.tranches(project_id)[1], people[Role.FINANCE].name
    both = f"{finance}、{HANDLERS}"
    assert duties(bureau, LATER_RULE) == [(DUE, DUE + timedelta(30), None)]  # foreseen
    assert mornings(bureau, DUE - timedelta(1), DUE + timedelta(2)) == []
    assert duties(bureau, LATER_RULE) == []  # held since that morning: nobody owes it
    assert_kept_as_worked_out_anew(bureau, project_id)

    spent = replace(ROW, on=LIFTED, amount=7 * WAN * 80 // 100)
    enter_spending(session, pi(bureau), NUMBER, [spent], LIFTED)
    due = LIFTED + timedelta(30)
    assert duties(bureau, LATER_RULE) == [(LIFTED, due, None)]
    assert mornings(bureau, LIFTED, LIFTED + timedelta(6)) == [(LIFTED, LATER_RULE, "T-30", both)]
    assert shown(bureau, bureau.finance, LIFTED, LATER_RULE) == {"coming": 1, "agenda": 1}
    assert shown(bureau, bureau.handler, LIFTED, LATER_RULE) == {"agenda": 1, "waiting": 1}

    messages = select(func.count()).select_from(InboxMessage)
    before = session.scalar(messages)
    session.rollback()
    propose(session, bureau.handler, tranche_id, PROPOSED, {})
    assert session.scalar(messages) == before  # the morning's letter is soon enough
    decide = PROPOSED + timedelta(5)
    assert duties(bureau, DECISION) == [(PROPOSED, decide, None)]
    boss = people[Role.APPROVER].name
    assert mornings(bureau, PROPOSED, PROPOSED + timedelta(2))[:1] == [(PROPOSED, DECISION, "T-7", boss)]
    path = session.scalars(
        select(InboxMessage.path).where(InboxMessage.title.contains("审批区（县）级财政第 2 期")).limit(1)
    ).one()
    assert path == f"/money/tranches/{tranche_id}"
    session.rollback()
    assert shown(bureau, bureau.approver, PROPOSED, DECISION) == {"agenda": 1, "waiting": 1}
    late = decide + timedelta(1)
    assert shown(bureau, bureau.approver, late, DECISION) == {"waiting": 1, "late": 1}
    assert shown(bureau, bureau.handler, late, DECISION) == {"overdue": 1}
    herself = replace(bureau.approver, user_id=bureau.handler.user_id)
    assert shown(bureau, herself, PROPOSED, DECISION) == {}  # who proposed it cannot decide on it
    unit = bureau.actor(Role.UNIT_MANAGER)
    known = [
        one for one in load_overview(session, unit, NUMBER, PROPOSED).duties if one.may_be_known_to(unit)
    ]
    session.rollback()
    assert not any(one.rule is not None and one.rule.id == DECISION for one in known)

    withdraw(session, bureau.handler, tranche_id, PROPOSED + timedelta(3))
    propose(session, bureau.handler, tranche_id, PROPOSED + timedelta(4), {})
    return_(session, bureau.approver, tranche_id, PROPOSED + timedelta(5), "请核对账号")
    propose(session, bureau.handler, tranche_id, PROPOSED + timedelta(6), {})
    approve(session, bureau.approver, tranche_id, PROPOSED + timedelta(7))
    ended = [(3, 0), (5, 4), (7, 6)]
    assert [(done, since) for since, _, done in duties(bureau, DECISION)] == [
        (PROPOSED + timedelta(done), PROPOSED + timedelta(since)) for done, since in ended
    ]
    assert_kept_as_worked_out_anew(bureau, project_id)
    told = mornings(bureau, PROPOSED + timedelta(8), due + timedelta(8))
    assert [(rule, step) for _, rule, step, _ in told] == [
        (LATER_RULE, step) for step in ("T-15", "T-7", "T-3", "T-1", "T", "T+7")
    ]

    paid = due + timedelta(9)
    batch_id = make_batch(session, bureau.finance, [tranche_id], paid)
    issue_batch(session, bureau.finance, batch_id, paid, sheet)
    book_payment(session, bureau.finance, bureau.lines(batch_id)[0], "记-9", paid, paid)
    assert duties(bureau, LATER_RULE) == [(LIFTED, due, paid)]
    assert mornings(bureau, paid, paid + timedelta(40)) == []
    assert_kept_as_worked_out_anew(bureau, project_id)


def test_nobody_is_urged_to_pay_what_is_held_and_everybody_is_once_it_is_lifted(bureau: Bureau) -> None:
    session, rule = bureau.session, "spb-23-payment-deadline"
    project_id = bureau.project()
    [(_, due, _)] = duties(bureau, rule)
    before = mornings(bureau, TODAY - timedelta(1), TODAY - timedelta(1), (rule,))
    assert [step for _, _, step, _ in before] == ["T-15"]
    [measure_id] = ordered(bureau, project_id, Outcome.HOLD)

    assert mornings(bureau, TODAY, due + timedelta(20), (rule,)) == []
    kept = select(KeptDuty.message, KeptDuty.next_step_on).where(KeptDuty.rule == rule)
    [(message, next_step)] = session.execute(kept).all()
    assert "；暂缓拨付中：" in message
    assert message.endswith("（沙科局发〔2023〕41号 第三十一条），解除后办理")
    assert next_step is None
    late = select(KeptFinding.since, KeptFinding.until).where(KeptFinding.rule == rule)
    assert session.execute(late).all() == [(due + timedelta(1), None)]  # what the article finds stays so
    assert_kept_as_worked_out_anew(bureau, project_id)

    lifted = due + timedelta(21)
    propose_lifting(session, bureau.handler, measure_id, "账目已经理清，可以恢复拨付。", (), lifted)
    lift(session, bureau.approver, measure_id, lifted)
    again = mornings(bureau, lifted, lifted + timedelta(8), (rule,))
    assert [(told_on, step) for told_on, _, step, _ in again] == [
        (lifted, "T+21"),
        (lifted + timedelta(7), "T+28"),
    ]
    assert (
        session.scalar(select(KeptDuty.message).where(KeptDuty.rule == rule))
        == "拨付首笔财政资金（共 10.00 万元）"
    )
    assert_kept_as_worked_out_anew(bureau, project_id)
