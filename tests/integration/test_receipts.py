"""Money that arrives: recorded by whose it is, in parts that add up, confirmed once, undone with a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from finance.accounts import state_account, statement_of
from finance.receipts import confirm_receipt, record_receipt, undo_receipt
from finance.spending import enter_spending
from lifecycle.attachments import attachments_of
from lifecycle.models import Payment, Project, Tranche
from lifecycle.record import Conclusion, ProjectRecord, Source
from lifecycle.record import Tranche as Plan
from lifecycle.refusals import (
    IllegalTransition,
    InvalidInput,
    NotFound,
    NotPermitted,
    NotTheirs,
    Obstructed,
)
from lifecycle.roles import Actor, Role
from lifecycle.stages import TrancheState
from lifecycle.terms import applied, terms_of
from tests.integration.paying import Bureau, a_bureau, ea_fields, refused
from tests.integration.spendings import (
    JOINT,
    NUMBER,
    OWN,
    ROW,
    TODAY,
    WAN,
    a_file,
    concluded,
    pi,
    store,
    unit,
)
from tests.integration.test_payments_together import together

ON = date(2026, 5, 1)


@pytest.fixture
def bureau(session: Session) -> Bureau:
    return a_bureau(session)


def joint(bureau: Bureau) -> Actor:
    return bureau.actor(Role.JOINT_UNIT)


def row_of(bureau: Bureau, project_id: int, source: Source) -> int:
    """Return the first open row of a source, else its last."""
    bureau.session.rollback()
    query = select(Tranche).where(Tranche.project_id == project_id, Tranche.source == source)
    rows = bureau.session.scalars(query.order_by(Tranche.position)).all()
    found = next((row for row in rows if row.state is TrancheState.PLANNED), rows[-1]).id
    bureau.session.rollback()
    return found


def record_(bureau: Bureau, actor: Actor, tranche_id: int, amount: int, on: date = ON) -> None:
    record_receipt(bureau.session, actor, tranche_id, amount, on, "回单-1", TODAY, [a_file("回单.xlsx")])


def rows(record: ProjectRecord, source: Source) -> list[tuple[int, int, date | None]]:
    """Return planned, paid and day of each row of a source."""
    return [(one.planned, one.paid, one.paid_on) for one in record.tranches if one.source is source]


@pytest.mark.parametrize(("source", "by"), [(Source.JOINT, joint), (Source.OWN, unit)])
def test_a_party_records_its_own_money_and_the_handler_may_for_it(
    bureau: Bureau, source: Source, by: Callable[[Bureau], Actor]
) -> None:
    project_id = store(bureau)
    planned = next(one.planned for one in (JOINT, OWN) if one.source is source)
    record_(bureau, by(bureau), row_of(bureau, project_id, source), 1)
    record_(bureau, bureau.handler, row_of(bureau, project_id, source), planned - 1)
    assert rows(bureau.record(project_id), source) == [(1, 1, ON), (planned - 1, planned - 1, ON)]
    payments = bureau.session.scalars(select(Payment).where(Payment.voucher == "回单-1")).all()
    assert [one.booked_by_id for one in payments] == [by(bureau).user_id, bureau.handler.user_id]
    assert len(attachments_of(bureau.session, project_id, "receipt")) == 2


def test_nobody_records_anothers_money(bureau: Bureau) -> None:
    project_id = store(bureau)
    own, joint_row = row_of(bureau, project_id, Source.OWN), row_of(bureau, project_id, Source.JOINT)
    refused(bureau, lambda: record_(bureau, joint(bureau), own, 1), NotTheirs)
    refused(bureau, lambda: record_(bureau, unit(bureau), joint_row, 1), NotTheirs)
    refused(bureau, lambda: record_(bureau, pi(bureau), own, 1), NotPermitted)
    refused(bureau, lambda: record_(bureau, bureau.finance, own, 1), NotPermitted)
    refused(bureau, lambda: record_(bureau, bureau.people.b[Role.UNIT_MANAGER].actor, own, 1), NotFound)
    public = bureau.tranches(project_id)[1]
    assert "确认到账" in refused(bureau, lambda: record_(bureau, unit(bureau), public, 1), Obstructed).message


@pytest.mark.parametrize(
    ("amount", "on", "voucher", "field"),
    [
        (0, ON, "回单", "amount"),
        (-1, ON, "回单", "amount"),
        (4 * WAN + 1, ON, "回单", "amount"),
        (1, date(2026, 7, 1), "回单", "on"),
        (1, date(2014, 12, 31), "回单", "on"),
        (1, ON, " ", "voucher"),
    ],
)
def test_what_does_not_do_is_refused(bureau: Bureau, amount: int, on: date, voucher: str, field: str) -> None:
    row = row_of(bureau, store(bureau), Source.OWN)

    def act() -> None:
        record_receipt(bureau.session, unit(bureau), row, amount, on, voucher, TODAY)

    assert set(refused(bureau, act, InvalidInput).errors) == {field}


def test_what_has_arrived_does_not_arrive_again(bureau: Bureau) -> None:
    row = row_of(bureau, store(bureau), Source.OWN)
    record_(bureau, unit(bureau), row, 4 * WAN)
    refused(bureau, lambda: record_(bureau, unit(bureau), row, 1), IllegalTransition)


@pytest.mark.parametrize(
    "fields", [{"signed_on": None}, {"acceptance": concluded(Conclusion.PASSED)}], ids=["unsigned", "over"]
)
def test_only_a_running_project_receives(bureau: Bureau, fields: dict[str, Any]) -> None:
    project_id = store(bureau, **fields)
    row = row_of(bureau, project_id, Source.OWN)
    refused(bureau, lambda: record_(bureau, unit(bureau), row, 1), Obstructed)
    refused(bureau, lambda: undo_receipt(bureau.session, bureau.handler, row, "有误", TODAY), Obstructed)


def test_a_mistake_is_undone_by_the_handler_and_joins_the_rest_again(bureau: Bureau) -> None:
    project_id = store(bureau)
    before = bureau.record(project_id)
    row = row_of(bureau, project_id, Source.OWN)
    record_(bureau, unit(bureau), row, 1 * WAN)
    refused(bureau, lambda: undo_receipt(bureau.session, unit(bureau), row, "有误", TODAY), NotPermitted)
    refused(bureau, lambda: undo_receipt(bureau.session, bureau.handler, row, " ", TODAY), InvalidInput)
    undo_receipt(bureau.session, bureau.handler, row, "金额登记有误", TODAY)
    assert bureau.record(project_id) == before
    refused(bureau, lambda: undo_receipt(bureau.session, bureau.handler, row, "再撤", TODAY), Obstructed)


def test_an_arrival_on_which_spending_rests_stays(bureau: Bureau) -> None:
    project_id = store(bureau)
    row = row_of(bureau, project_id, Source.OWN)
    record_(bureau, unit(bureau), row, 1 * WAN)
    spent = replace(ROW, source=Source.OWN, amount=1)
    enter_spending(bureau.session, pi(bureau), NUMBER, [spent], TODAY)
    message = refused(
        bureau, lambda: undo_receipt(bureau.session, bureau.handler, row, "有误", TODAY), Obstructed
    ).message
    assert "请先冲销" in message


def test_what_came_with_a_ledger_is_corrected_there(bureau: Bureau) -> None:
    paid = replace(OWN, paid=4 * WAN, paid_on=ON)
    project_id = store(bureau, tranches=(paid,))
    row = row_of(bureau, project_id, Source.OWN)
    message = refused(
        bureau, lambda: undo_receipt(bureau.session, bureau.handler, row, "有误", TODAY), Obstructed
    ).message
    assert "台账" in message


def test_public_money_is_confirmed_once_on_a_day_that_can_be(bureau: Bureau) -> None:
    project_id = store(bureau)
    paid, unpaid, *_ = bureau.tranches(project_id)

    def confirm(actor: Actor, row: int, on: date) -> None:
        confirm_receipt(bureau.session, actor, row, on, TODAY)

    refused(bureau, lambda: confirm(unit(bureau), unpaid, ON), Obstructed)
    refused(bureau, lambda: confirm(unit(bureau), row_of(bureau, project_id, Source.OWN), ON), Obstructed)
    refused(bureau, lambda: confirm(joint(bureau), paid, ON), NotTheirs)
    for day in (date(2026, 2, 8), date(2026, 7, 1)):
        refused(bureau, lambda day=day: confirm(unit(bureau), paid, day), InvalidInput)
    confirm(unit(bureau), paid, date(2026, 2, 9))
    refused(bureau, lambda: confirm(unit(bureau), paid, ON), Obstructed)
    undo_receipt(bureau.session, bureau.handler, paid, "日期有误", TODAY)
    confirm(unit(bureau), paid, date(2026, 2, 10))
    payment = bureau.session.scalars(select(Payment).where(Payment.tranche_id == paid)).one()
    assert (payment.received_on, payment.received_by_id) == (date(2026, 2, 10), unit(bureau).user_id)


def test_two_who_record_at_once_record_once(engine: Engine, bureau: Bureau) -> None:
    project_id = store(bureau)
    row = row_of(bureau, project_id, Source.OWN)
    results = together(
        engine, lambda one, _: record_receipt(one, unit(bureau), row, 4 * WAN, ON, "回单", TODAY)
    )
    assert sorted(str(one)[:4] for one in results if one is not None) == ["当前状态"] * 3
    assert rows(bureau.record(project_id), Source.OWN) == [(4 * WAN, 4 * WAN, ON)]


NUMBERS = count(100)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 100)), max_size=10), st.data())
def test_what_is_planned_stays_to_the_fen_however_parts_come_and_go(
    bureau: Bureau, acts: list[tuple[bool, int]], data: st.DataObject
) -> None:
    plans = (replace(OWN, planned=100), JOINT, replace(OWN, number=2, planned=7, planned_on=None))
    project_id = bureau.project(f"沙-{next(NUMBERS)}", tranches=plans, joint_unit="沙坪坝区人民医院")
    for arrives, amount in acts:
        bureau.session.rollback()
        state = TrancheState.PLANNED if arrives else TrancheState.PAID
        query = select(Tranche).where(Tranche.project_id == project_id, Tranche.state == state)
        found = [
            (row.id, row.planned_fen)
            for row in bureau.session.scalars(
                query.where(Tranche.source == Source.OWN).order_by(Tranche.position)
            )
        ]
        bureau.session.rollback()
        if not found:
            continue
        id_, planned = data.draw(st.sampled_from(found))
        if arrives:
            record_(bureau, unit(bureau), id_, min(amount, planned))
        else:
            undo_receipt(bureau.session, bureau.handler, id_, "有误", TODAY)
        now = bureau.record(project_id)
        sums = {
            number: sum(
                one.planned for one in now.tranches if (one.source, one.number) == (Source.OWN, number)
            )
            for number in (1, 2)
        }
        assert sums == {1: 100, 2: 7}
        assert all(one.paid in {0, one.planned} for one in now.tranches)
        assert [one.number for one in now.tranches if one.source is Source.OWN] == sorted(
            one.number for one in now.tranches if one.source is Source.OWN
        )


def test_a_later_version_of_the_agreement_keeps_the_parts_that_arrived(bureau: Bureau) -> None:
    project_id = store(bureau)
    agreed = terms_of(bureau.record(project_id))
    record_(bureau, unit(bureau), row_of(bureau, project_id, Source.OWN), 1 * WAN)
    now = bureau.record(project_id)
    assert rows(applied(now, agreed), Source.OWN) == [(1 * WAN, 1 * WAN, ON), (3 * WAN, 0, None)]
    record_(bureau, unit(bureau), row_of(bureau, project_id, Source.OWN), 3 * WAN)
    assert sum(one[0] for one in rows(applied(bureau.record(project_id), agreed), Source.OWN)) == 4 * WAN


def test_an_enterprise_whose_money_comes_in_parts_still_owes_the_rest(bureau: Bureau) -> None:
    own = Plan(1, Source.OWN, 60 * WAN, date(2026, 5, 1), 0, None)
    fields = ea_fields()
    project_id = store(bureau, **{**fields, "tranches": (*fields["tranches"], own), "joint_unit": None})
    record_(bureau, unit(bureau), row_of(bureau, project_id, Source.OWN), 59 * WAN)
    assert rows(bureau.record(project_id), Source.OWN) == [(59 * WAN, 59 * WAN, ON), (1 * WAN, 0, None)]


def test_the_unit_states_its_account_and_may_state_it_anew(bureau: Bureau) -> None:
    project_id = store(bureau, separate_account=None)

    def state(actor: Actor, kept: bool, account: str) -> None:
        state_account(bureau.session, actor, NUMBER, kept, account, TODAY, [a_file("证明.xlsx")])

    refused(bureau, lambda: state(unit(bureau), True, " "), InvalidInput)
    refused(bureau, lambda: state(joint(bureau), True, "账户"), NotTheirs)
    refused(bureau, lambda: state(pi(bureau), True, "账户"), NotPermitted)
    state(unit(bureau), False, "")
    assert bureau.record(project_id).separate_account is False
    state(bureau.handler, True, "6222-1")
    statement = statement_of(bureau.session, project_id)
    assert statement is not None
    assert (statement.kept, statement.account) == (True, "6222-1")
    assert bureau.session.get_one(Project, project_id).separate_account is True
