"""Clearing: settled line by line by one, confirmed by another, paid back in parts, never more than owed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from finance.clearing.disallowing import Disallowed, allow, disallow
from finance.clearing.figures import ClearingState
from finance.clearing.returning import Part, record_return, reverse_return, set_due
from finance.clearing.settling import (
    Settling,
    confirm_settlement,
    open_clearing,
    send_settlement_back,
    settle,
)
from finance.clearing.shown import lines_of, returns_of
from finance.models import DisallowedLine
from finance.spending import enter_spending, reverse_spending
from lifecycle.models import AuditEntry, KeptDuty, Project, Turn, TurnKind
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
from tests.integration.accepting import DAY, Accepting, accepting
from tests.integration.clearings import (
    DUE,
    begun,
    come_back,
    confirmed,
    misuse,
    part,
    rows,
    settled,
    standing,
    state,
    the_clearing,
)
from tests.integration.paying import WAN, a_bureau, refused
from tests.unit.rules.records import acceptance


@pytest.fixture
def it(session: Session) -> Accepting:
    return accepting(a_bureau(session))


def no(it: Accepting, kind: type[Refusal], act: Callable[..., Any], *args: Any, by: Role | Actor) -> Any:
    """Return the refusal of an act; nothing was saved."""
    actor = by if isinstance(by, Actor) else it.actor(by)
    return refused(it.bureau, lambda: act(it.bureau.session, actor, *args), kind)


def stage(it: Accepting) -> Stage:
    it.bureau.session.rollback()
    return it.bureau.session.scalars(select(Project.stage)).one()


def duty(it: Accepting) -> KeptDuty | None:
    """Return what the unit owes of the refund, as the clock has it."""
    it.bureau.session.rollback()
    query = select(KeptDuty).where(KeptDuty.rule.contains("refund-due"))
    found = it.bureau.session.scalars(query).one_or_none()
    it.bureau.session.expunge_all()
    return found


def test_what_is_left_and_what_is_disallowed_comes_back(it: Accepting) -> None:
    clearing_id = settled(it)
    [one] = standing(it).settled.sources
    assert (one.paid, one.spent, one.left, one.disallowed) == (10 * WAN, 8 * WAN, 2 * WAN, WAN)
    assert (one.to_return, state(it), stage(it)) == (3 * WAN, ClearingState.SETTLED, Stage.CLEARING)
    [line] = lines_of(it.bureau.session, clearing_id)
    assert (line.amount, line.whole, line.voucher) == (WAN, 6 * WAN, "记-1")
    it.bureau.session.rollback()
    confirm_settlement(it.bureau.session, it.actor(Role.APPROVER), clearing_id, DAY)
    assert stage(it) is Stage.CLEARED
    record = it.bureau.record(the_clearing(it).project_id)
    assert record.acceptance
    assert (record.acceptance.to_return, record.acceptance.returned) == (3 * WAN, 0)
    assert record.acceptance.cleared_on == DAY
    assert not {one.rule.id for one in rulebook().findings(record, DAY)} & {"spb-33-clearing"}


def test_lines_are_kept_as_a_draft_changed_and_taken_out_again(it: Accepting) -> None:
    clearing_id = begun(it)
    session, finance, (first, second) = it.bureau.session, it.actor(Role.FINANCE), rows(it)
    whole = {first: Disallowed(None, "超范围"), second: Disallowed(1, "无凭证")}
    assert disallow(session, finance, clearing_id, whole, DAY) == 2
    assert disallow(session, finance, clearing_id, whole, DAY) == 0
    assert disallow(session, finance, clearing_id, {second: None}, DAY) == 1
    [line] = lines_of(session, clearing_id)
    assert (line.amount, line.reason) == (6 * WAN, "超范围")
    session.rollback()
    allow(session, finance, clearing_id, line.id)
    assert lines_of(session, clearing_id) == []
    session.rollback()
    assert state(it) is ClearingState.OPEN


@pytest.mark.parametrize(
    ("amount", "reason", "field"),
    [(6 * WAN + 1, "超支", "amount"), (0, "超支", "amount"), (-1, "超支", "amount"), (WAN, " ", "reason")],
)
def test_a_line_is_of_its_row_and_says_why(it: Accepting, amount: int, reason: str, field: str) -> None:
    clearing_id = begun(it)
    row = rows(it)[0]
    wrong = {row: Disallowed(amount, reason)}
    refusal = no(it, InvalidInput, disallow, clearing_id, wrong, DAY, by=Role.FINANCE)
    assert set(refusal.errors) == {f"{field}-{row}"}


def test_only_public_money_of_the_project_is_disallowed_and_not_more_than_was_paid(it: Accepting) -> None:
    more = (
        Spending(date(2026, 9, 1), Source.DISTRICT, BudgetUse.EQUIPMENT, 12 * WAN, "记-1", None),
        Spending(date(2027, 3, 1), Source.OWN, BudgetUse.LABOUR, WAN, "记-9", None),
    )
    clearing_id = begun(it, spending=more)
    public, own = rows(it)
    line = Disallowed(None, "超范围")
    no(it, NotFound, disallow, clearing_id, {own: line}, DAY, by=Role.FINANCE)
    no(it, NotFound, disallow, clearing_id, {public + 99: line}, DAY, by=Role.FINANCE)
    refusal = no(it, InvalidInput, disallow, clearing_id, {public: line}, DAY, by=Role.FINANCE)
    assert "100,000.00 元" in refusal.errors["lines"]
    over = {public: Disallowed(10 * WAN + 1, "超范围")}
    no(it, InvalidInput, disallow, clearing_id, over, DAY, by=Role.FINANCE)
    misuse(it, clearing_id, 10 * WAN)


def test_it_comes_back_in_parts_and_never_more_than_is_owed_of_its_source(it: Accepting) -> None:
    clearing_id = confirmed(it)
    come_back(it, clearing_id, WAN, "退-1")
    assert state(it) is ClearingState.RETURNING
    for wrong, field in (
        (part(2 * WAN + 1, "退-2"), "amount"),
        (part(0, "退-2"), "amount"),
        (part(WAN, "退-1"), "voucher"),
        (part(WAN, ""), "voucher"),
        (part(WAN, "退-2", Source.PROVINCIAL), "source"),
        (Part(None, WAN, DAY, "退-2"), "source"),
        (part(WAN, "退-2", on=DAY + timedelta(1)), "on"),
    ):
        refusal = no(it, InvalidInput, record_return, clearing_id, wrong, [], DAY, by=Role.FINANCE)
        assert set(refusal.errors) == {field}
    come_back(it, clearing_id, 2 * WAN, "退-2")
    assert state(it) is ClearingState.DONE
    acceptance = it.bureau.record(the_clearing(it).project_id).acceptance
    assert acceptance
    assert acceptance.returned == acceptance.to_return == 3 * WAN
    no(it, IllegalTransition, record_return, clearing_id, part(1, "退-3"), [], DAY, by=Role.FINANCE)
    query = select(Turn.id).where(Turn.kind == TurnKind.CLEARING, Turn.done_on.is_(None))
    assert it.bureau.session.scalars(query).all() == []


def test_a_return_taken_back_is_owed_again_and_its_voucher_free(it: Accepting) -> None:
    clearing_id = confirmed(it)
    session, finance = it.bureau.session, it.actor(Role.FINANCE)
    first = come_back(it, clearing_id, WAN, "退-1")
    come_back(it, clearing_id, 2 * WAN, "退-2")
    no(it, InvalidInput, reverse_return, first, "", DAY, by=Role.FINANCE)
    assert reverse_return(session, finance, first, "款项退错账户", DAY) == clearing_id
    found = standing(it)
    assert (found.state, found.acceptance.returned_fen) == (ClearingState.RETURNING, 2 * WAN)
    back = [(one.amount, one.may_be_reversed) for one in returns_of(session, clearing_id)]
    assert back == [(WAN, False), (2 * WAN, True), (-WAN, False)]
    reversal = returns_of(session, clearing_id)[-1].id
    no(it, Obstructed, reverse_return, first, "再来一次", DAY, by=Role.FINANCE)
    no(it, Obstructed, reverse_return, reversal, "再来一次", DAY, by=Role.FINANCE)
    stranger = it.bureau.people.b[Role.FINANCE].actor
    no(it, NotFound, reverse_return, first, "不是我的", DAY, by=stranger)
    come_back(it, clearing_id, WAN, "退-1")
    assert state(it) is ClearingState.DONE


def test_the_refund_is_a_duty_of_the_unit_until_all_is_back(it: Accepting) -> None:
    clearing_id = confirmed(it)
    owed = duty(it)
    assert owed
    assert (owed.rule, owed.owner, owed.since, owed.due) == ("spb-33-refund-due", Role.UNIT_MANAGER, DAY, DUE)
    assert owed.message == "退回财政资金 30,000.00 元"
    session, finance = it.bureau.session, it.actor(Role.FINANCE)
    come_back(it, clearing_id, WAN, "退-1")
    later = DUE + timedelta(days=10)
    no(it, InvalidInput, set_due, clearing_id, DUE, "分期", DAY, by=Role.FINANCE)
    no(it, InvalidInput, set_due, clearing_id, later, "", DAY, by=Role.FINANCE)
    no(it, InvalidInput, set_due, clearing_id, DAY, "分期", DAY + timedelta(1), by=Role.FINANCE)
    set_due(session, finance, clearing_id, later, "单位申请分期退回", DAY)
    owed = duty(it)
    assert owed
    assert (owed.due, owed.done_on) == (later, None)
    assert owed.message == "退回财政资金 30,000.00 元（已退 10,000.00 元，还差 20,000.00 元）"
    last = come_back(it, clearing_id, 2 * WAN, "退-2", later + timedelta(days=3))
    owed = duty(it)
    assert owed
    assert owed.done_on == later + timedelta(days=3)
    reverse_return(session, finance, last, "退汇", later + timedelta(days=4))
    owed = duty(it)
    assert owed
    assert (owed.done_on, owed.next_step_on is not None) == (None, True)


@pytest.mark.parametrize(
    ("way", "own_fault", "rule"),
    [
        ("key", False, "local-refund-due-no-fault"),
        ("ea", True, "ea-17-refund-due"),
        ("ea", False, "ea-17-refund-due"),
        ("shanxi", True, "local-refund-due"),
    ],
)
def test_the_duty_cites_what_asks_for_it(it: Accepting, way: str, own_fault: bool, rule: str) -> None:
    fell = acceptance(Conclusion.FAILED, date(2027, 10, 1), own_fault=own_fault)
    it.project(way, "沙-8", acceptance=fell)
    session, finance = it.bureau.session, it.actor(Role.FINANCE)
    clearing_id = open_clearing(session, finance, "沙-8", DAY)
    settle(session, finance, clearing_id, Settling(DUE), [], DAY)
    confirm_settlement(session, it.actor(Role.APPROVER), clearing_id, DAY)
    owed = duty(it)
    assert owed
    assert owed.rule == rule


def test_the_refund_of_an_enterprise_project_is_held_once_all_is_back(it: Accepting) -> None:
    clearing_id = begun(it, "ea")
    session, finance = it.bureau.session, it.actor(Role.FINANCE)
    settle(session, finance, clearing_id, Settling(DUE), [], DAY)
    confirm_settlement(session, it.actor(Role.APPROVER), clearing_id, DAY)
    record = it.bureau.record(the_clearing(it).project_id)
    assert "ea-17-refund" in {one.rule.id for one in rulebook().findings(record, DAY)}
    for one in standing(it).settled.sources:
        session.rollback()
        back = part(one.to_return, f"退-{one.source}", one.source)
        record_return(session, finance, clearing_id, back, [], DAY)
    record = it.bureau.record(the_clearing(it).project_id)
    assert "ea-17-refund" not in {one.rule.id for one in rulebook().findings(record, DAY)}


def test_two_people_settle_and_confirm(it: Accepting) -> None:
    clearing_id = begun(it)
    both = replace(it.actor(Role.FINANCE), roles=frozenset({Role.FINANCE, Role.APPROVER}))
    settle(it.bureau.session, both, clearing_id, Settling(DUE), [], DAY)
    no(it, SamePerson, confirm_settlement, clearing_id, DAY, by=both)
    no(it, SamePerson, send_settlement_back, clearing_id, "重算", DAY, by=both)


def test_a_settlement_that_is_no_longer_true_is_not_confirmed(it: Accepting) -> None:
    clearing_id = settled(it)
    session, finance = it.bureau.session, it.actor(Role.FINANCE)
    late = Spending(DAY, Source.DISTRICT, BudgetUse.OPERATIONS, 1, "记-9", None)
    enter_spending(session, finance, "沙-1", [late], DAY)
    refusal = no(it, Obstructed, confirm_settlement, clearing_id, DAY, by=Role.APPROVER)
    assert "核定时 80,000.00 元，现在 80,000.01 元" in refusal.message
    send_settlement_back(session, it.actor(Role.APPROVER), clearing_id, "支出有变化", DAY)
    assert state(it) is ClearingState.OPEN
    settle(session, finance, clearing_id, Settling(DUE), [], DAY)
    assert standing(it).settled.to_return == 3 * WAN - 1


def test_what_was_disallowed_and_then_reversed_is_neither_settled_nor_confirmed(it: Accepting) -> None:
    clearing_id = settled(it)
    session, finance, first = it.bureau.session, it.actor(Role.FINANCE), rows(it)[0]
    reverse_spending(session, finance, first, "发票退回", DAY)
    anew = Spending(DAY, Source.DISTRICT, BudgetUse.EQUIPMENT, 6 * WAN, "记-10", None)
    enter_spending(session, finance, "沙-1", [anew], DAY)
    refusal = no(it, Obstructed, confirm_settlement, clearing_id, DAY, by=Role.APPROVER)
    assert "记-1）已经冲销" in refusal.message
    send_settlement_back(session, it.actor(Role.APPROVER), clearing_id, "支出有变化", DAY)
    no(it, Obstructed, settle, clearing_id, Settling(DUE), [], DAY, by=Role.FINANCE)
    disallow(session, finance, clearing_id, {first: None}, DAY)
    settle(session, finance, clearing_id, Settling(DUE), [], DAY)


@pytest.mark.parametrize(
    ("settling", "field"),
    [
        (Settling(None), "due"),
        (Settling(DAY - timedelta(days=1)), "due"),
        (Settling(DUE, "字" * 1001), "note"),
        (Settling(DUE, "留用", {Source.DISTRICT: 1}), f"kept-{Source.DISTRICT}"),
    ],
)
def test_a_settlement_that_does_not_add_up_is_refused(it: Accepting, settling: Settling, field: str) -> None:
    clearing_id = begun(it)
    refusal = no(it, InvalidInput, settle, clearing_id, settling, [], DAY, by=Role.FINANCE)
    assert set(refusal.errors) == {field}


def test_each_step_is_taken_once_and_by_its_role(it: Accepting) -> None:
    clearing_id = begun(it)
    no(it, IllegalTransition, confirm_settlement, clearing_id, DAY, by=Role.APPROVER)
    no(it, IllegalTransition, record_return, clearing_id, part(WAN, "退"), [], DAY, by=Role.FINANCE)
    no(it, IllegalTransition, set_due, clearing_id, DUE, "分期", DAY, by=Role.FINANCE)
    for role in (Role.HANDLER, Role.APPROVER, Role.UNIT_MANAGER, Role.UNIT_FINANCE):
        no(it, NotPermitted, settle, clearing_id, Settling(DUE), [], DAY, by=role)
        no(it, NotPermitted, disallow, clearing_id, {}, DAY, by=role)
    stranger = it.bureau.people.b[Role.FINANCE].actor
    no(it, NotFound, settle, clearing_id, Settling(DUE), [], DAY, by=stranger)
    settle(it.bureau.session, it.actor(Role.FINANCE), clearing_id, Settling(DUE), [], DAY)
    no(it, IllegalTransition, settle, clearing_id, Settling(DUE), [], DAY, by=Role.FINANCE)
    no(it, IllegalTransition, disallow, clearing_id, {rows(it)[0]: None}, DAY, by=Role.FINANCE)


def test_a_failure_that_came_with_a_ledger_can_be_cleared_too(it: Accepting) -> None:
    fell = acceptance(Conclusion.FAILED, date(2027, 10, 1), own_fault=True)
    it.project("key", "沙-8", acceptance=fell)
    open_clearing(it.bureau.session, it.actor(Role.FINANCE), "沙-8", DAY)
    assert stage(it) is Stage.CLEARING
    no(it, Obstructed, open_clearing, "沙-8", DAY, by=Role.FINANCE)


def test_every_step_is_in_the_history_with_its_article(it: Accepting) -> None:
    clearing_id = confirmed(it)
    come_back(it, clearing_id, 3 * WAN, "退-1")
    it.bureau.session.rollback()
    query = select(AuditEntry).where(AuditEntry.action.startswith("clearing."))
    entries = it.bureau.session.scalars(query.order_by(AuditEntry.serial)).all()
    assert [one.action for one in entries] == [
        "clearing.disallow",
        "clearing.settle",
        "clearing.confirm",
        "clearing.record_return",
    ]
    assert {one.citation for one in entries} == {"沙科局发〔2023〕41号 第三十三条"}
    assert entries[-1].details["changes"] == [{"field": "已退金额", "old": "0.00 元", "new": "30,000.00 元"}]


def test_two_returns_at_once_never_exceed_what_is_owed(it: Accepting, engine: Engine) -> None:
    clearing_id = confirmed(it)
    it.bureau.session.close()
    finance, start, ends = it.actor(Role.FINANCE), Barrier(2), []

    def give_back(voucher: str) -> None:
        with Session(engine) as session:
            start.wait()
            try:
                record_return(session, finance, clearing_id, part(2 * WAN, voucher), [], DAY)
                ends.append("done")
            except InvalidInput as refusal:
                ends.append("；".join(refusal.errors))

    threads = [Thread(target=give_back, args=(f"退-{place}",)) for place in (1, 2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(ends) == ["amount", "done"]
    found = standing(it)
    assert found.acceptance.returned_fen == 2 * WAN
    assert it.bureau.session.scalars(select(DisallowedLine.amount_fen)).all() == [WAN]
