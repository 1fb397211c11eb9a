"""Spending is entered once, by those whose project it is, and only taken back by a row that says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from finance.overspent import list_overspent
from finance.rates import gates_of
from finance.spending import enter_spending, import_spending, reverse_spending
from finance.spent import MOST_ROWS, faults, list_spending, over_budget
from lifecycle.attachments import attachments_of
from lifecycle.models import AuditEntry, KeptFinding
from lifecycle.money import LIMIT
from lifecycle.record import BudgetUse, Conclusion, Source, Spending
from lifecycle.refusals import InvalidInput, NotFound, NotPermitted, NotTheirs, Obstructed
from lifecycle.roles import Role
from lifecycle.standing import rebuild, standing_rows
from tests.integration.paying import Bureau, a_bureau, refused
from tests.integration.spendings import (
    NUMBER,
    ROW,
    TODAY,
    WAN,
    a_file,
    concluded,
    other_pi,
    pi,
    rows_of,
    store,
    unit,
)
from tests.integration.test_payments_together import together


@pytest.fixture
def bureau(session: Session) -> Bureau:
    return a_bureau(session)


def enter(bureau: Bureau, *rows: Spending, by: Callable[[Bureau], Any] = pi, **more: Any) -> list[int]:
    """Enter rows as the pi, or somebody else."""
    return enter_spending(bureau.session, by(bureau), NUMBER, rows, TODAY, **more)


@pytest.mark.parametrize("by", [pi, unit])
def test_rows_are_appended_with_who_entered_them_and_told_in_one_entry(
    bureau: Bureau, by: Callable[[Bureau], Any]
) -> None:
    old = replace(ROW, voucher="台账-1")
    project_id = store(bureau, spending=(old,))
    more = replace(ROW, amount=1, voucher="记-2")
    ids = enter(bureau, ROW, more, by=by, files=[a_file("发票.xlsx")])
    assert bureau.record(project_id).spending == (old, ROW, more)
    rows = rows_of(bureau.session, project_id)
    assert [row.id for row in rows[1:]] == ids
    assert rows[0].entered_at is None
    assert {row.entered_by_id for row in rows[1:]} == {by(bureau).user_id}
    assert [row.position for row in rows] == [0, 1, 2]
    entry = bureau.session.scalars(select(AuditEntry).order_by(AuditEntry.serial.desc()).limit(1)).one()
    assert entry.summary.startswith("登记支出 2 笔，共 123.46 元")
    assert "第二十九条" in (entry.citation or "")
    assert [file.subject_id for file in attachments_of(bureau.session, project_id, "spending")] == [ids[0]]


def test_what_is_kept_of_the_project_follows(bureau: Bureau) -> None:
    project_id = store(bureau)
    enter(bureau, replace(ROW, amount=5 * WAN))
    kept = list(standing_rows(bureau.session, bureau.people.agency_a))
    rebuild(bureau.session, bureau.people.agency_a)
    bureau.session.flush()
    assert list(standing_rows(bureau.session, bureau.people.agency_a)) == kept
    assert bureau.session.scalar(select(func.count()).select_from(KeptFinding)) is not None
    bureau.session.rollback()
    [gate] = gates_of(bureau.record(project_id), TODAY)
    assert (gate.number, gate.before, gate.spent, gate.short) == (2, 7 * WAN, 5 * WAN, 600_000)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"on": date(2026, 7, 1)}, "on"),
        ({"on": date(2014, 12, 31)}, "on"),
        ({"amount": 0}, "amount"),
        ({"amount": -1}, "amount"),
        ({"amount": LIMIT}, "amount"),
        ({"voucher": None}, "voucher"),
        ({"voucher": "长" * 101}, "voucher"),
        ({"note": "长" * 501}, "note"),
    ],
)
def test_a_row_that_does_not_do_is_refused_with_all_the_others(
    bureau: Bureau, change: dict[str, Any], field: str
) -> None:
    store(bureau)
    wrong = replace(ROW, voucher="记-9", note=None)
    refusal = refused(bureau, lambda: enter(bureau, ROW, replace(wrong, **change)), InvalidInput)
    assert set(refusal.errors) == {f"{field}-1"}


@pytest.mark.parametrize(
    ("on", "today"),
    [
        (date(2015, 1, 1), date(2026, 1, 1)),
        (date(2026, 1, 31), date(2026, 1, 31)),
        (date(2024, 2, 29), date(2026, 1, 1)),
        (date(2028, 2, 29), date(2028, 2, 29)),
    ],
)
def test_the_first_and_last_day_are_days_like_others(on: date, today: date) -> None:
    assert faults(replace(ROW, on=on, amount=1), today) == {}
    assert faults(replace(ROW, amount=LIMIT - 1), TODAY) == {}


def test_nothing_and_too_much_are_refused(bureau: Bureau) -> None:
    store(bureau)
    assert "rows" in refused(bureau, lambda: enter(bureau), InvalidInput).errors
    many = [ROW] * (MOST_ROWS + 1)
    assert "rows" in refused(bureau, lambda: enter(bureau, *many), InvalidInput).errors


def test_a_row_that_is_there_must_be_meant(bureau: Bureau) -> None:
    project_id = store(bureau)
    (first,) = enter(bureau, ROW)
    other_note = replace(ROW, note="同一笔，备注不同")
    assert "again" in refused(bureau, lambda: enter(bureau, other_note), InvalidInput).errors
    enter(bureau, other_note, again=True)
    twice = replace(ROW, voucher="记-3")
    assert "again" in refused(bureau, lambda: enter(bureau, twice, twice), InvalidInput).errors
    reverse_spending(bureau.session, pi(bureau), first, "科目有误", TODAY)
    reverse_spending(bureau.session, pi(bureau), first + 1, "重复登记", TODAY)
    enter(bureau, ROW)  # what was taken back is no longer there
    assert sum(row.amount for row in bureau.record(project_id).spending) == ROW.amount


def test_only_those_whose_project_it_is_enter_it(bureau: Bureau) -> None:
    store(bureau)
    refused(bureau, lambda: enter(bureau, ROW, by=lambda b: b.handler), NotPermitted)
    refused(bureau, lambda: enter(bureau, ROW, by=lambda b: b.finance), NotTheirs)
    refused(bureau, lambda: enter(bureau, ROW, by=other_pi), NotTheirs)
    refused(bureau, lambda: enter(bureau, ROW, by=lambda b: b.people.b[Role.PI].actor), NotFound)


def test_before_signing_nothing_is_entered(bureau: Bureau) -> None:
    store(bureau, signed_on=None)
    assert "签署" in refused(bureau, lambda: enter(bureau, ROW), Obstructed).message


@pytest.mark.parametrize("conclusion", list(Conclusion))
def test_after_the_conclusion_finance_clears_and_nobody_else_enters(
    bureau: Bureau, conclusion: Conclusion
) -> None:
    project_id = store(bureau, spending=(ROW,), acceptance=concluded(conclusion))
    old = rows_of(bureau.session, project_id)[0].id
    more = replace(ROW, voucher="记-2")
    assert "财务" in refused(bureau, lambda: enter(bureau, more), Obstructed).message
    refused(bureau, lambda: reverse_spending(bureau.session, unit(bureau), old, "有误", TODAY), Obstructed)
    if conclusion is Conclusion.PASSED:
        refused(bureau, lambda: enter(bureau, more, by=lambda b: b.finance), Obstructed)
    else:
        enter(bureau, more, by=lambda b: b.finance)
    reverse_spending(bureau.session, bureau.finance, old, "不予认可", TODAY)


def test_once_cleared_nothing_moves(bureau: Bureau) -> None:
    cleared = concluded(Conclusion.FAILED, cleared_on=date(2026, 6, 20))
    project_id = store(bureau, spending=(ROW,), acceptance=cleared)
    old = rows_of(bureau.session, project_id)[0].id
    refused(bureau, lambda: reverse_spending(bureau.session, bureau.finance, old, "有误", TODAY), Obstructed)
    more = replace(ROW, voucher="记-2")
    refused(bureau, lambda: enter(bureau, more, by=lambda b: b.finance), Obstructed)


def test_a_reversal_points_to_its_row_and_happens_once(bureau: Bureau) -> None:
    project_id = store(bureau)
    (id_,) = enter(bureau, ROW)
    refused(bureau, lambda: reverse_spending(bureau.session, pi(bureau), id_, "  ", TODAY), InvalidInput)
    new = reverse_spending(bureau.session, pi(bureau), id_, "科目有误", TODAY)
    old, reversal = bureau.record(project_id).spending
    assert old == ROW
    assert reversal == replace(ROW, on=TODAY, amount=-ROW.amount, note="冲销：科目有误")
    assert rows_of(bureau.session, project_id)[1].reversal_of_id == id_
    for one in (id_, new):
        refused(
            bureau,
            lambda one=one: reverse_spending(bureau.session, pi(bureau), one, "再来", TODAY),
            Obstructed,
        )
    refused(bureau, lambda: reverse_spending(bureau.session, pi(bureau), 9_999, "没有", TODAY), NotFound)
    shown = list_spending(bureau.session, project_id, 1, 50)
    assert [(one.reversed_by, one.reversal_of) for one in shown] == [(None, id_), (new, None)]


def test_an_imported_row_can_be_reversed_too(bureau: Bureau) -> None:
    future = replace(ROW, on=date(2026, 12, 31), voucher=None)
    project_id = store(bureau, spending=(future,))
    old = rows_of(bureau.session, project_id)[0].id
    reverse_spending(bureau.session, unit(bureau), old, "台账有误", TODAY)
    assert bureau.record(project_id).spending[1].on == date(2026, 12, 31)


def test_what_goes_over_the_budget_is_said_and_listed(bureau: Bureau) -> None:
    project_id = store(bureau)
    enter(bureau, replace(ROW, amount=6 * WAN))
    assert over_budget(bureau.record(project_id), TODAY) == []
    enter(bureau, replace(ROW, amount=1, voucher="记-2"))
    [over] = over_budget(bureau.record(project_id), TODAY)
    assert (over.source, over.use, over.spent - over.budget) == (Source.DISTRICT, BudgetUse.EQUIPMENT, 1)
    entry = bureau.session.scalars(select(AuditEntry).order_by(AuditEntry.serial.desc()).limit(1)).one()
    assert "区（县）级财政·设备费超预算 0.000001 万元" in entry.summary
    enter(bureau, Spending(TODAY, Source.OWN, BudgetUse.INDIRECT, 5, "记-3", None))
    found = list_overspent(bureau.session, bureau.handler, TODAY)
    assert [(one.source, one.use, one.budget, one.over) for one in found] == [
        (Source.OWN, BudgetUse.INDIRECT, 0, 5),
        (Source.DISTRICT, None, 6 * WAN, 1),
        (Source.DISTRICT, BudgetUse.EQUIPMENT, 6 * WAN, 1),
    ]
    assert list_overspent(bureau.session, bureau.people.b[Role.HANDLER].actor, TODAY) == []
    store_without = store_other(bureau)
    assert over_budget(bureau.record(store_without), TODAY) == []


def store_other(bureau: Bureau) -> int:
    return bureau.project("沙-9", spending=(ROW,), budget=())


def test_a_workbook_comes_in_once(bureau: Bureau) -> None:
    project_id = store(bureau)

    def take_in(**more: Any) -> list[int]:
        rows = [replace(ROW, voucher=f"记-{at}") for at in range(3)]
        return import_spending(bureau.session, unit(bureau), NUMBER, rows, a_file(), TODAY, **more)

    take_in()
    assert len(bureau.record(project_id).spending) == 3
    assert "导入过" in refused(bureau, take_in, InvalidInput).errors["again"]
    take_in(again=True)
    assert len(bureau.record(project_id).spending) == 6


NUMBERS = count(100)
AMOUNTS = st.lists(st.integers(1, 10**15), min_size=1, max_size=12)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(AMOUNTS, st.data())
def test_no_fen_is_lost_however_rows_come_and_go(
    bureau: Bureau, amounts: list[int], data: st.DataObject
) -> None:
    number = f"沙-{next(NUMBERS)}"
    project_id = bureau.project(number)
    rows = [replace(ROW, amount=amount, voucher=str(at)) for at, amount in enumerate(amounts)]
    ids = enter_spending(bureau.session, pi(bureau), number, rows, TODAY)
    back = data.draw(st.lists(st.sampled_from(range(len(ids))), unique=True))
    for at in back:
        reverse_spending(bureau.session, pi(bureau), ids[at], "有误", TODAY)
    left = sum(amount for at, amount in enumerate(amounts) if at not in back)
    assert sum(row.amount for row in bureau.record(project_id).spending) == left


def test_two_who_enter_the_same_at_once_enter_it_once(engine: Engine, bureau: Bureau) -> None:
    project_id = store(bureau)
    actors = [pi(bureau), unit(bureau)] * 2
    results = together(engine, lambda one, place: enter_spending(one, actors[place], NUMBER, [ROW], TODAY))
    assert sorted(type(one).__name__ for one in results) == ["InvalidInput"] * 3 + ["list"]
    assert bureau.record(project_id).spending == (ROW,)


def test_two_who_reverse_at_once_reverse_once(engine: Engine, bureau: Bureau) -> None:
    project_id = store(bureau)
    (id_,) = enter(bureau, ROW)
    results = together(engine, lambda one, _: reverse_spending(one, pi(bureau), id_, "有误", TODAY))
    assert sorted(type(one).__name__ for one in results) == ["Obstructed"] * 3 + ["int"]
    assert sum(row.amount for row in bureau.record(project_id).spending) == 0
