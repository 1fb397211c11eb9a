"""Clearing: settled by one person, confirmed by another, paid back in parts, never more than is owed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.clearing import (
    Disallowed,
    Settling,
    confirm_settlement,
    open_clearing,
    record_return,
    send_settlement_back,
    settle,
)
from finance.settlement import ClearingState, SourceFigures, figures_of, settlement_of, state_of
from lifecycle.models import AuditEntry, Clearing, Project, Turn, TurnKind
from lifecycle.models import Spending as Row
from lifecycle.record import BudgetUse, Conclusion, Source, Spending
from lifecycle.refusals import (
    IllegalTransition,
    InvalidInput,
    NotFound,
    NotPermitted,
    Obstructed,
    Refusal,
    SamePerson,
)
from lifecycle.roles import Actor, Role
from lifecycle.rulebook import rulebook
from lifecycle.stages import Stage
from tests.integration.accepting import DAY, FAILS, Accepting, accepting
from tests.integration.paying import WAN, a_bureau, refused
from tests.unit.rules.records import acceptance

DUE = DAY + timedelta(days=60)
MISUSED = Settling({Source.DISTRICT: Disallowed(WAN, "购置与项目无关的设备")}, DUE)


@pytest.fixture
def it(session: Session) -> Accepting:
    return accepting(a_bureau(session))


def begun(it: Accepting, way: str = "key") -> int:
    """Return the clearing of a project that failed."""
    it.concluded(way, proposal=FAILS)
    return the_clearing(it).id


def the_clearing(it: Accepting) -> Clearing:
    it.bureau.session.rollback()
    found = it.bureau.session.scalars(select(Clearing)).one()
    it.bureau.session.refresh(found)
    return found


def settled(it: Accepting, settling: Settling = MISUSED) -> int:
    """Return a clearing that finance has settled: 2 万元 left and 1 万元 disallowed."""
    clearing_id = begun(it)
    settle(it.bureau.session, it.actor(Role.FINANCE), clearing_id, settling, [], DAY)
    return clearing_id


def confirmed(it: Accepting) -> int:
    """Return a clearing that has been confirmed."""
    clearing_id = settled(it)
    confirm_settlement(it.bureau.session, it.actor(Role.APPROVER), clearing_id, DAY)
    return clearing_id


def no(it: Accepting, kind: type[Refusal], act: Callable[..., Any], *args: Any, by: Role | Actor) -> Any:
    """Return the refusal of an act; nothing was saved."""
    actor = by if isinstance(by, Actor) else it.actor(by)
    return refused(it.bureau, lambda: act(it.bureau.session, actor, *args), kind)


def stage(it: Accepting) -> Stage:
    it.bureau.session.rollback()
    return it.bureau.session.scalars(select(Project.stage)).one()


def test_what_is_left_and_what_is_disallowed_comes_back(it: Accepting) -> None:
    clearing_id = settled(it)
    settlement = settlement_of(the_clearing(it).figures)
    [one] = settlement.sources
    assert (one.paid, one.spent, one.left, one.disallowed) == (10 * WAN, 8 * WAN, 2 * WAN, WAN)
    assert settlement.to_return == 3 * WAN
    assert state_of(the_clearing(it)) is ClearingState.SETTLED
    assert stage(it) is Stage.CLEARING
    confirm_settlement(it.bureau.session, it.actor(Role.APPROVER), clearing_id, DAY)
    assert stage(it) is Stage.CLEARED
    record = it.bureau.record(the_clearing(it).project_id)
    assert record.acceptance
    assert (record.acceptance.to_return, record.acceptance.returned) == (3 * WAN, 0)
    assert record.acceptance.cleared_on == DAY
    assert not {one.rule.id for one in rulebook().findings(record, DAY)} & {"spb-33-clearing"}


def test_it_comes_back_in_parts_and_never_more_than_is_owed(it: Accepting) -> None:
    clearing_id = confirmed(it)
    finance = it.actor(Role.FINANCE)
    record_return(it.bureau.session, finance, clearing_id, WAN, DAY, "退-1", DAY)
    assert state_of(the_clearing(it)) is ClearingState.RETURNING
    refusal = no(it, InvalidInput, record_return, clearing_id, 2 * WAN + 1, DAY, "退-2", DAY, by=Role.FINANCE)
    assert "20,000.00 元" in refusal.errors["amount"]
    again = no(it, InvalidInput, record_return, clearing_id, WAN, DAY, "退-1", DAY, by=Role.FINANCE)
    assert "voucher" in again.errors
    record_return(it.bureau.session, finance, clearing_id, 2 * WAN, DAY, "退-2", DAY)
    assert state_of(the_clearing(it)) is ClearingState.DONE
    acceptance = it.bureau.record(the_clearing(it).project_id).acceptance
    assert acceptance
    assert acceptance.returned == acceptance.to_return == 3 * WAN
    no(it, IllegalTransition, record_return, clearing_id, 1, DAY, "退-3", DAY, by=Role.FINANCE)
    query = select(Turn.id).where(Turn.kind == TurnKind.CLEARING)
    assert it.bureau.session.scalars(query).all() == []


def test_the_refund_of_an_enterprise_project_is_held_once_all_is_back(it: Accepting) -> None:
    clearing_id = begun(it, "ea")
    session, finance = it.bureau.session, it.actor(Role.FINANCE)
    settle(session, finance, clearing_id, Settling(due=DUE), [], DAY)
    confirm_settlement(session, it.actor(Role.APPROVER), clearing_id, DAY)
    record = it.bureau.record(the_clearing(it).project_id)
    assert "ea-17-refund" in {one.rule.id for one in rulebook().findings(record, DAY)}
    owed = settlement_of(the_clearing(it).figures).to_return
    record_return(session, finance, clearing_id, owed, DAY, "退-1", DAY)
    record = it.bureau.record(the_clearing(it).project_id)
    assert "ea-17-refund" not in {one.rule.id for one in rulebook().findings(record, DAY)}


def test_two_people_settle_and_confirm(it: Accepting) -> None:
    clearing_id = begun(it)
    both = replace(it.actor(Role.FINANCE), roles=frozenset({Role.FINANCE, Role.APPROVER}))
    settle(it.bureau.session, both, clearing_id, MISUSED, [], DAY)
    no(it, SamePerson, confirm_settlement, clearing_id, DAY, by=both)
    no(it, SamePerson, send_settlement_back, clearing_id, "重算", DAY, by=both)


def test_a_settlement_that_is_no_longer_true_is_not_confirmed(it: Accepting) -> None:
    clearing_id = settled(it)
    row = Row(
        project_id=the_clearing(it).project_id,
        position=9,
        spent_on=DAY,
        source=Source.DISTRICT,
        use=BudgetUse.OPERATIONS,
        amount_fen=WAN,
    )
    it.bureau.session.add(row)
    it.bureau.session.commit()
    no(it, Obstructed, confirm_settlement, clearing_id, DAY, by=Role.APPROVER)
    send_settlement_back(it.bureau.session, it.actor(Role.APPROVER), clearing_id, "支出有变化", DAY)
    assert state_of(the_clearing(it)) is ClearingState.OPEN
    settle(it.bureau.session, it.actor(Role.FINANCE), clearing_id, MISUSED, [], DAY)
    assert settlement_of(the_clearing(it).figures).to_return == 2 * WAN


@pytest.mark.parametrize(
    ("settling", "field"),
    [
        (Settling({Source.DISTRICT: Disallowed(8 * WAN + 1, "超支")}, DUE), "disallowed-0"),
        (Settling({Source.DISTRICT: Disallowed(WAN, "")}, DUE), "reason-0"),
        (Settling({}, None), "due"),
        (Settling({}, DAY - timedelta(days=1)), "due"),
    ],
)
def test_a_settlement_that_does_not_add_up_is_refused(it: Accepting, settling: Settling, field: str) -> None:
    clearing_id = begun(it)
    refusal = no(it, InvalidInput, settle, clearing_id, settling, [], DAY, by=Role.FINANCE)
    assert set(refusal.errors) == {field}


def test_each_step_is_taken_once_and_by_its_role(it: Accepting) -> None:
    clearing_id = begun(it)
    no(it, IllegalTransition, confirm_settlement, clearing_id, DAY, by=Role.APPROVER)
    no(it, IllegalTransition, record_return, clearing_id, WAN, DAY, "退", DAY, by=Role.FINANCE)
    for role in (Role.HANDLER, Role.APPROVER, Role.UNIT_MANAGER):
        no(it, NotPermitted, settle, clearing_id, MISUSED, [], DAY, by=role)
    stranger = it.bureau.people.b[Role.FINANCE].actor
    no(it, NotFound, settle, clearing_id, MISUSED, [], DAY, by=stranger)
    settle(it.bureau.session, it.actor(Role.FINANCE), clearing_id, MISUSED, [], DAY)
    no(it, IllegalTransition, settle, clearing_id, MISUSED, [], DAY, by=Role.FINANCE)


def test_a_failure_that_came_with_a_ledger_can_be_cleared_too(it: Accepting) -> None:
    fell = acceptance(Conclusion.FAILED, date(2027, 10, 1), own_fault=True)
    it.project("key", "沙-8", acceptance=fell)
    open_clearing(it.bureau.session, it.actor(Role.FINANCE), "沙-8", DAY)
    assert stage(it) is Stage.CLEARING
    no(it, Obstructed, open_clearing, "沙-8", DAY, by=Role.FINANCE)


def test_every_step_is_in_the_history_with_its_article(it: Accepting) -> None:
    clearing_id = confirmed(it)
    record_return(it.bureau.session, it.actor(Role.FINANCE), clearing_id, 3 * WAN, DAY, "退-1", DAY)
    it.bureau.session.rollback()
    query = select(AuditEntry).where(AuditEntry.action.startswith("clearing."))
    entries = it.bureau.session.scalars(query.order_by(AuditEntry.serial)).all()
    assert [one.action for one in entries] == [
        "clearing.settle",
        "clearing.confirm",
        "clearing.record_return",
    ]
    assert {one.citation for one in entries} == {"沙科局发〔2023〕41号 第三十三条"}
    assert entries[-1].details["changes"] == [{"field": "已退金额", "old": "0.00 元", "new": "30,000.00 元"}]


@pytest.mark.parametrize(
    ("paid", "spent", "disallowed", "left", "to_return"),
    [
        (10, 8, 1, 2, 3),
        (10, 12, 0, 0, 0),
        (10, 12, 10, 0, 10),
        (10, 0, 0, 10, 10),
        (10, 10, 10, 0, 10),
    ],
)
def test_never_more_comes_back_than_was_paid(
    paid: int, spent: int, disallowed: int, left: int, to_return: int
) -> None:
    figures = SourceFigures(Source.DISTRICT, paid, spent, disallowed)
    assert (figures.left, figures.to_return) == (left, to_return)
    assert figures.to_return <= paid
    assert figures.disallowed <= figures.most


def test_only_public_money_is_cleared(it: Accepting) -> None:
    spent = Spending(date(2027, 3, 1), Source.OWN, BudgetUse.LABOUR, WAN, "记-9", None)
    it.project("key", "沙-5", spending=(spent,))
    session = it.bureau.session
    project_id = session.scalars(select(Project.id)).one()
    assert [one.source for one in figures_of(it.bureau.record(project_id), DAY)] == [Source.DISTRICT]
