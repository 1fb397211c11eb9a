"""Stage accounts: drawn up, confirmed once by whose turn it is, accepted or returned; lists that add up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from finance.entries import entries_of
from finance.models import StageAccount
from finance.own_money import Arrival, AskedOwn, list_own
from finance.receipts import confirm_receipt, record_receipt
from finance.spending import enter_spending, reverse_spending
from finance.spending_list import AskedSpending, Standing, every_spending, list_all_spending
from finance.stage_account import (
    Bank,
    accept_account,
    confirm_account,
    draw_account,
    draw_for_report,
    figures_now,
    find_account,
    return_account,
    send_back,
)
from finance.stage_accounts import AskedAccounts, count_accounts, list_accounts
from finance.stage_figures import changed, later, read
from finance.statement import statement
from finance.states import StageAccountState as State
from lifecycle.accounts import load_person
from lifecycle.filings import confirm_report, return_report
from lifecycle.members import Post
from lifecycle.models import AuditEntry, Membership, Turn, TurnKind, User
from lifecycle.people import add_person, deactivate, edit_person, reactivate
from lifecycle.record import BudgetUse, Source, Spending
from lifecycle.refusals import (
    IllegalTransition,
    InvalidInput,
    NotFound,
    NotPermitted,
    NotTheirs,
    Obstructed,
    Refusal,
)
from lifecycle.roles import Actor, Role
from lifecycle.sums import money_of
from lifecycle.turns import list_turns
from tests.integration.paying import Bureau, a_bureau, refused
from tests.integration.reporting import JANUARY, a_project, drafted, filed
from tests.integration.spendings import NUMBER, OWN, ROW, TODAY, WAN, a_file, pi, store, unit
from tests.integration.test_payments_together import together

BANK = Bank(7 * WAN - 123_45)
"""What the bank says where the books are right: what was paid less the one row that was spent."""


@pytest.fixture
def bureau(session: Session) -> Bureau:
    return a_bureau(session)


def finance_person(bureau: Bureau) -> Actor:
    return bureau.actor(Role.UNIT_FINANCE)


def spend(bureau: Bureau, row: Spending = ROW) -> int:
    (made,) = enter_spending(bureau.session, pi(bureau), NUMBER, [row], TODAY)
    return made


def drawn(bureau: Bureau, as_of: date = TODAY, bank: Bank = BANK) -> int:
    return draw_account(bureau.session, pi(bureau), NUMBER, as_of, bank, TODAY)


def seen(bureau: Bureau, account_id: int) -> str:
    """Return the figures that a page would show now."""
    account, project = find_account(bureau.session, bureau.finance, account_id)
    digest = figures_now(bureau.session, project.id, bureau.record(project.id), account.as_of).digest
    bureau.session.rollback()
    return digest


def state(bureau: Bureau, account_id: int) -> State:
    bureau.session.rollback()
    found = bureau.session.get_one(StageAccount, account_id).state
    bureau.session.rollback()
    return found


def waiting(bureau: Bureau) -> list[tuple[Role, str]]:
    bureau.session.rollback()
    query = select(Turn.role, Turn.words).where(Turn.kind == TurnKind.ACCOUNT, Turn.done_on.is_(None))
    found = [(role, words) for role, words in bureau.session.execute(query)]
    bureau.session.rollback()
    return found


def confirm(bureau: Bureau, account_id: int, who: Actor | None = None, bank: Bank = BANK) -> None:
    digest = seen(bureau, account_id)
    confirm_account(bureau.session, who or finance_person(bureau), account_id, bank, digest, TODAY)


def test_an_account_goes_from_the_unit_to_the_bureau_and_back_and_each_step_is_one_persons(
    bureau: Bureau,
) -> None:
    project_id = store(bureau)
    spend(bureau)
    account_id = drawn(bureau)
    words = f"截至 {TODAY} 的阶段账目"
    assert waiting(bureau) == [(Role.UNIT_FINANCE, f"确认{words}")]
    press: list[tuple[type[Refusal], Any]] = [
        (NotTheirs, lambda: confirm(bureau, account_id, unit(bureau))),
        (NotPermitted, lambda: confirm(bureau, account_id, pi(bureau))),
        (NotFound, lambda: confirm(bureau, account_id, bureau.people.b[Role.UNIT_FINANCE].actor)),
        (Obstructed, lambda: return_account(bureau.session, bureau.finance, account_id, "早了", TODAY)),
        (IllegalTransition, lambda: accept_account(bureau.session, bureau.finance, account_id, TODAY)),
        (InvalidInput, lambda: confirm(bureau, account_id, bank=Bank(1))),
        (InvalidInput, lambda: confirm(bureau, account_id, bank=Bank(1, "差" * 501))),
        (InvalidInput, lambda: send_back(bureau.session, finance_person(bureau), account_id, " ", TODAY)),
    ]
    for kind, act in press:
        refused(bureau, act, kind)
    stale = seen(bureau, account_id)
    wrong = spend(bureau, replace(ROW, amount=5, voucher="记-2"))
    over = Bank(BANK.balance, "银行利息尚未入账")
    who = finance_person(bureau)
    refused(bureau, lambda: confirm_account(bureau.session, who, account_id, over, stale, TODAY), Obstructed)
    send_back(bureau.session, who, account_id, "少一笔支出", TODAY)
    assert waiting(bureau) == [(Role.PI, f"重新编制被退回的{words}")]
    assert drawn(bureau, bank=over) == account_id
    confirm_account(
        bureau.session, who, account_id, over, seen(bureau, account_id), TODAY, [a_file("对账单.xlsx")]
    )
    assert waiting(bureau) == [(Role.FINANCE, f"接收{words}")]
    refused(bureau, lambda: drawn(bureau), Obstructed)
    refused(bureau, lambda: accept_account(bureau.session, bureau.handler, account_id, TODAY), NotPermitted)
    return_account(bureau.session, bureau.finance, account_id, "请附对账单", TODAY)
    assert waiting(bureau) == [(Role.UNIT_FINANCE, f"重新编制被退回的{words}")]
    drawn(bureau, bank=over)
    confirm(bureau, account_id, bank=over)
    accept_account(bureau.session, bureau.finance, account_id, TODAY)
    assert (state(bureau, account_id), waiting(bureau)) == (State.ACCEPTED, [])

    reverse_spending(bureau.session, who, wrong, "重复", TODAY)
    early = spend(bureau, replace(ROW, on=ROW.on - timedelta(1), amount=9, voucher="记-3"))
    record = bureau.record(project_id)
    account, _ = find_account(bureau.session, bureau.finance, account_id)
    then = read(account.figures)
    now = figures_now(bureau.session, project_id, record, TODAY)
    assert [(one.then, one.now) for one in changed(then, now)] == [(123_50, 123_54)] * 2
    entries = entries_of(bureau.session, project_id)
    assert [(row.id, row.amount) for row in later(then, entries, TODAY)] == [(early - 1, -5), (early, 9)]
    assert then.total.left == BANK.balance - 5  # type: ignore[operator]
    actions = bureau.session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("account.%")))
    assert list(actions)[:2] == ["account.draw", "account.send_back"]


def test_the_manager_confirms_where_the_unit_has_no_finance_account(bureau: Bureau) -> None:
    store(bureau)
    spend(bureau)
    active = update(User).where(User.id == bureau.people.a[Role.UNIT_FINANCE].id).values(is_active=False)
    bureau.session.execute(active)
    bureau.session.commit()
    account_id = drawn(bureau)
    assert waiting(bureau) == [(Role.UNIT_MANAGER, f"确认截至 {TODAY} 的阶段账目")]
    confirm(bureau, account_id, unit(bureau))
    assert state(bureau, account_id) is State.CONFIRMED
    elsewhere = select(Membership).where(Membership.role == Role.UNIT_FINANCE)
    assert {one.unit for one in bureau.session.scalars(elsewhere)} == {"渝州大学"}


def test_what_waits_goes_to_whoever_keeps_the_books_now(bureau: Bureau) -> None:
    store(bureau)
    spend(bureau)
    session, admin = bureau.session, bureau.actor(Role.ADMIN)
    words = f"确认截至 {TODAY} 的阶段账目"
    deactivate(session, admin, bureau.people.a[Role.UNIT_FINANCE].id)
    account_id = drawn(bureau)
    assert waiting(bureau) == [(Role.UNIT_MANAGER, words)]
    posts = [Post(Role.UNIT_FINANCE, "别的大学")]
    told = {"username": "xin.kuaiji", "name": "新会计", "email": "xin@unit.test"}
    added = add_person(session, admin, **told, posts=posts)
    assert waiting(bureau) == [(Role.UNIT_MANAGER, words)], "of another unit"
    posts = [Post(Role.UNIT_FINANCE, "渝州大学")]
    edit_person(session, admin, added.user_id, name="新会计", email="xin@unit.test", posts=posts)
    assert waiting(bureau) == [(Role.UNIT_FINANCE, words)]
    refused(bureau, lambda: confirm(bureau, account_id, unit(bureau)), NotTheirs)
    deactivate(session, admin, added.user_id)
    assert waiting(bureau) == [(Role.UNIT_MANAGER, words)]
    reactivate(session, admin, added.user_id)
    assert waiting(bureau) == [(Role.UNIT_FINANCE, words)]
    person = load_person(session, added.user_id)
    assert person is not None
    actor = person.actor_in(bureau.people.agency_a)
    assert [one.words for one in list_turns(session, actor, 9)] == [words]
    session.rollback()
    confirm(bureau, account_id, actor)
    assert waiting(bureau) == [(Role.FINANCE, f"接收截至 {TODAY} 的阶段账目")]


def test_two_who_confirm_or_accept_at_once_do_it_once(engine: Engine, bureau: Bureau) -> None:
    store(bureau)
    spend(bureau)
    account_id = drawn(bureau)
    digest, who = seen(bureau, account_id), finance_person(bureau)
    won = together(engine, lambda one, _: confirm_account(one, who, account_id, BANK, digest, TODAY), times=3)
    assert sorted(str(type(one).__name__) for one in won) == ["IllegalTransition"] * 2 + ["NoneType"]
    won = together(engine, lambda one, _: accept_account(one, bureau.finance, account_id, TODAY), times=3)
    assert sorted(str(type(one).__name__) for one in won) == ["IllegalTransition"] * 2 + ["NoneType"]
    made = together(
        engine, lambda one, _: draw_account(one, pi(bureau), NUMBER, ROW.on, Bank(), TODAY), times=3
    )
    assert len(set(made)) == 1


def test_an_annual_report_brings_its_account_along_and_never_waits_for_it(bureau: Bureau) -> None:
    a_project(bureau)
    report_id = filed(bureau, drafted(bureau))
    manager = bureau.actor(Role.UNIT_MANAGER)

    def hand_in() -> None:
        confirm_report(bureau.session, manager, report_id, JANUARY, draw_for_report)

    hand_in()
    account = bureau.session.scalars(select(StageAccount)).one()
    account_id = account.id
    assert (account.report_id, account.as_of, account.state) == (report_id, date(2026, 12, 31), State.DRAWN)
    assert read(account.figures).total.spent == 3 * WAN
    assert waiting(bureau) == [(Role.UNIT_FINANCE, "确认截至 2026-12-31 的阶段账目")]
    query = select(AuditEntry.summary).where(AuditEntry.action == "report.confirm")
    assert "阶段账目待单位财务确认" in bureau.session.scalars(query).one()
    confirm_account(
        bureau.session, finance_person(bureau), account_id, Bank(), seen(bureau, account_id), JANUARY
    )
    return_report(bureau.session, bureau.handler, report_id, "请补充", False, JANUARY)
    filed(bureau, report_id)
    hand_in()
    assert state(bureau, account_id) is State.CONFIRMED
    assert len(bureau.session.scalars(select(StageAccount)).all()) == 1


def test_the_lists_add_up_and_show_everybody_her_own(bureau: Bureau) -> None:
    project_id = store(bureau)
    joint, own = bureau.tranches(project_id)[2:]
    manager, joiner = unit(bureau), bureau.actor(Role.JOINT_UNIT)
    record_receipt(bureau.session, joiner, joint, 2 * WAN, date(2026, 5, 3), "回-1", TODAY)
    confirm_receipt(bureau.session, finance_person(bureau), bureau.tranches(project_id)[0], TODAY, TODAY)
    spent = spend(bureau)
    spend(bureau, replace(ROW, amount=6 * WAN, voucher="记-2"))
    reverse_spending(bureau.session, finance_person(bureau), spent, "科目有误", TODAY)
    late = (TODAY - date(2026, 5, 1)).days
    for who in (bureau.finance, manager, joiner):
        found = list_own(bureau.session, who, AskedOwn(), TODAY)
        lines = [(one.source, one.planned, one.arrived, one.days_late) for one in found.rows]
        assert lines == [(Source.JOINT, 5 * WAN, 2 * WAN, late), (Source.OWN, 4 * WAN, 0, late)]
        assert (found.count, found.planned, found.missing) == (2, 9 * WAN, 7 * WAN)
        assert found.rows[0].citation.endswith("第二十三条")
        assert (found.rows[0].payer, found.rows[1].tranche_id) == ("沙坪坝区人民医院", own + 0)
        bureau.session.rollback()
    stranger = bureau.people.b[Role.FINANCE].actor
    assert list_own(bureau.session, stranger, AskedOwn(), TODAY).count == 0
    for arrival, count in ((Arrival.LATE, 2), (Arrival.MISSING, 2), (Arrival.ARRIVED, 0)):
        assert list_own(bureau.session, manager, AskedOwn(state=arrival), TODAY).count == count
    on_the_day = list_own(bureau.session, manager, AskedOwn(state=Arrival.LATE), OWN.planned_on or TODAY)
    assert on_the_day.count == 0

    whole = list_all_spending(bureau.session, bureau.finance, AskedSpending(), TODAY)
    assert (whole.count, whole.total) == (3, 6 * WAN)
    asked = {
        AskedSpending(standing=Standing.STANDS): (1, 6 * WAN),
        AskedSpending(standing=Standing.REVERSED): (2, 0),
        AskedSpending(standing=Standing.OVER): (0, 0),
        AskedSpending(use=BudgetUse.LABOUR): (0, 0),
        AskedSpending(source=Source.DISTRICT, text="记-2"): (1, 6 * WAN),
        AskedSpending(since=TODAY, until=TODAY): (1, -123_45),
    }
    for one, wanted in asked.items():
        page = list_all_spending(bureau.session, manager, one, TODAY)
        assert (page.count, page.total) == wanted
        assert len(list(every_spending(bureau.session, manager, one, TODAY))) == wanted[0]
    bureau.session.rollback()
    spend(bureau, replace(ROW, amount=1, voucher="记-4"))
    over = list_all_spending(bureau.session, manager, AskedSpending(standing=Standing.OVER), TODAY)
    assert over.count == 4
    assert list_all_spending(bureau.session, stranger, AskedSpending(), TODAY).count == 0

    record = bureau.record(project_id)
    shown = statement(entries_of(bureau.session, project_id), date.min, TODAY)
    sums = money_of(record, TODAY).total
    assert (shown.flow.received, shown.flow.spent, shown.closing) == (sums.paid, sums.spent, sums.left)
    bureau.session.rollback()

    account_id = drawn(bureau, bank=Bank())
    for who, first in ((bureau.finance, State.DRAWN), (manager, State.DRAWN)):
        listed = list_accounts(bureau.session, who, AskedAccounts())
        assert [(one.id, one.state) for one in listed.rows] == [(account_id, first)]
        assert count_accounts(bureau.session, who) == {State.DRAWN: 1}
    assert list_accounts(bureau.session, bureau.finance, AskedAccounts(state=State.ACCEPTED)).count == 0
