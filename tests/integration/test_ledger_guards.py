"""A ledger undoes nothing that was done in Keguan: what is held is refused at its cell, all else comes in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import islice
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.spending import enter_spending
from lifecycle.models import Payment
from lifecycle.models import Spending as SpendingRow
from lifecycle.record import BudgetUse, ProjectRecord, Source, Spending
from lifecycle.roles import Actor, Role
from reports.ledger.errors import LedgerRefused
from reports.ledger.importing import import_ledger, rehearse_import
from reports.ledger.schema import SHEETS, Sheet
from tests.integration import holding
from tests.integration.altering import altered, cells, lines_of, with_lines
from tests.integration.holding import DAY, FULL, NUMBER, put
from tests.integration.ledgers import everything, kept, ledger_of, take_in
from tests.web.site import People, make_people

ALL = "*"
AGREED = {
    "项目": {
        *(
            "项目名称",
            "计划类别",
            "项目性质",
            "承担单位",
            "单位类型",
            "单位所在地",
            "项目负责人",
            "负责人邮箱",
        ),
        *(
            "联合实施单位",
            "自主设置",
            "里程碑管理",
            "实施开始",
            "实施结束",
            "原实施结束",
            "任务书签订日期",
            "签署方",
        ),
        *(
            "专账管理",
            "省（市）级财政资金",
            "区（县）级财政资金",
            "联合实施单位出资",
            "自筹资金",
            "开户行",
            "银行账号",
        ),
    },
    "参与单位": ALL,
    "考核指标": {"指标名称", "类别", "方向", "计量单位", "基准值", "任务书值"},
    "拨付": {"期次", "资金来源", "计划金额", "计划日期"},
    "预算": ALL,
    "里程碑": {"序号", "名称", "计划日期"},
}
CLOSED = {"参与单位", "考核指标", "拨付", "预算", "里程碑"}
"""Sheets to whose rows none may be added once the agreement is led here."""

CONCLUDED = {"结论", "结论日期", "主观原因"}
Guarded = dict[str, Any]
"""Sheet → columns that are held, of every row or (by place) of one."""

STATES: dict[str, tuple[tuple[holding.Hold, ...], Guarded]] = {
    "nothing": ((holding.imported, holding.drafting, holding.ordered), {}),
    "signed": ((holding.signed,), AGREED),
    "changed": ((holding.changed,), AGREED),
    "signing": ((holding.signing,), {"项目": {"任务书签订日期", "签署方"}}),
    "account": ((holding.stated,), {"项目": {"专账管理"}}),
    "annual": ((holding.annual,), {("年度报告", 0): ALL}),
    "stage": ((holding.stage,), {("里程碑", 0): {"报告提交日期", "考核日期", "考核结论", "序号"}}),
    "change": ((holding.asked,), {("变更", 0): ALL}),
    "acceptance": ((holding.accepting,), {"验收": ALL, "考核指标": {"指标名称", "完成值"}}),
    "ended": ((holding.ended,), {"验收": CONCLUDED}),
    "clearing": ((holding.clearing,), {"验收": CONCLUDED | {"财务清算日期", "应退金额", "已退金额"}}),
    "settled": (
        (holding.settled,),
        {"支出": ALL, "验收": CONCLUDED | {"财务清算日期", "应退金额", "已退金额"}},
    ),
    "integrity": ((holding.entered,), {"验收": {"诚信记录日期"}}),
    "reason": ((holding.reasoned,), {("例外说明", 0): ALL, ("拨付", 1): {"期次", "资金来源"}}),
    "spending": ((holding.spent,), {("支出", 2): ALL, ("支出", 3): ALL, ("支出", 4): ALL}),
    "receipt": ((holding.received,), {("拨付", 0): ALL, ("拨付", 2): ALL}),
}
MOVED = {"audit_entry", "audit_chain", "agency"}
"""Tables in which every act leaves a trace."""

EVERYTHING = [
    *(holding.signed, holding.annual, holding.stage, holding.asked, holding.accepting, holding.ended),
    *(holding.clearing, holding.entered, holding.reasoned, holding.spent, holding.received, holding.stated),
]


@pytest.fixture
def people(session: Session) -> People:
    return make_people(session)


@pytest.fixture
def actor(people: People, session: Session) -> Actor:
    made = Actor.system(people.agency_a)
    take_in(session, made, FULL)
    return made


def led(session: Session, people: People, actor: Actor, *holds: holding.Hold) -> ProjectRecord:
    """Let Keguan hold something of the project; return its record."""
    put(session, people, session.scalars(select(SpendingRow.project_id).limit(1)).one(), *holds)
    [record] = kept(session, actor)
    session.rollback()
    return record


def told(session: Session, actor: Actor, record: ProjectRecord, **more: Any) -> list[tuple[Any, ...]]:
    """Return sheet, row and column of everything that stands against a ledger."""
    ledger = ledger_of(record, **more)
    try:
        rehearse_import(session, actor, ledger, name="a.xlsx")
    except LedgerRefused as refused:
        return [tuple(error)[:3] for error in refused.errors if "已在系统中办理" in error.message]
    return []


def held_columns(guarded: Guarded, sheet: Sheet, place: int) -> set[str]:
    """Return the columns of a row that are held."""
    names = set(cells(sheet))
    found: set[str] = set()
    for key in (sheet.name, (sheet.name, place)):
        found |= names if guarded.get(key) == ALL else set(guarded.get(key, ()))
    return found


EVERY = 1 if os.environ.get("KEGUAN_SOAK") else 3
"""Of so many cells one is altered in each state; the states take turns, so that all of them are."""


def alterations(record: ProjectRecord) -> Iterator[tuple[Sheet, int, str, ProjectRecord]]:
    """Yield every cell of a project's rows, each with the record in which that cell says something else."""
    for sheet in SHEETS:
        lines = lines_of(record, sheet)
        for place, line in enumerate(lines):
            for name in cells(sheet):
                other = altered(sheet, line, name)
                if other not in lines:
                    yield (
                        sheet,
                        place,
                        name,
                        with_lines(record, sheet, (*lines[:place], other, *lines[place + 1 :])),
                    )


@pytest.mark.parametrize("migrated_database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("state", STATES)
def test_each_cell_that_is_held_is_refused_by_name_and_every_other_is_taken(
    session: Session, people: People, actor: Actor, state: str
) -> None:
    holds, guarded = STATES[state]
    record = led(session, people, actor, *holds)
    wrong = []
    turn = list(STATES).index(state) % EVERY
    for sheet, place, name, other in islice(alterations(record), turn, None, EVERY):
        found = told(session, actor, other)
        held = name in held_columns(guarded, sheet, place)
        expected = [(sheet.name, place + 2, name)] if held else []
        # 结论 and its day go together, and so do the cells that a reversal must find again.
        if (found[:1] if name in {"结论", "结论日期"} and held else found) != expected and not (
            held and (sheet.name, place + 2, name) in found
        ):
            wrong.append((sheet.name, place, name, found))
    assert wrong == []


@pytest.mark.parametrize("state", STATES)
def test_a_row_that_is_held_may_not_be_left_out(
    session: Session, people: People, actor: Actor, state: str
) -> None:
    holds, guarded = STATES[state]
    record = led(session, people, actor, *holds)
    for sheet in SHEETS[1:]:
        lines = lines_of(record, sheet)
        for place in range(len(lines)):
            other = with_lines(record, sheet, (*lines[:place], *lines[place + 1 :]))
            found = told(session, actor, other)
            assert bool(found) == bool(held_columns(guarded, sheet, place)), (sheet.name, place)
            assert found in ([], [(sheet.name, None, None)]), (sheet.name, place)


def test_rows_may_be_added_where_nothing_is_agreed_of_them(
    session: Session, people: People, actor: Actor
) -> None:
    record = led(session, people, actor, holding.signed, holding.annual, holding.asked, holding.spent)
    for sheet in SHEETS[1:]:
        lines = lines_of(record, sheet)
        if sheet.attribute == "acceptance":
            continue
        line = lines[-1]
        for column in sheet.columns[1:]:
            if column.key or sheet.attribute in {"tranches", "spending"}:
                line = altered(sheet, line, column.name)
        found = told(session, actor, with_lines(record, sheet, (*lines, line)))
        assert bool(found) == (sheet.name in CLOSED), sheet.name
        assert all(one[:2] == (sheet.name, len(lines) + 2) for one in found)


def test_the_number_of_a_change_that_came_to_nothing_is_not_taken(
    session: Session, people: People, actor: Actor
) -> None:
    take_in(session, actor, replace(FULL, changes=()))
    record = led(session, people, actor, holding.asked)
    found = told(session, actor, replace(record, changes=FULL.changes))
    assert found == [("变更", 2, "序号")]


@pytest.mark.parametrize("without", [set(), {sheet.name for sheet in SHEETS[1:]}], ids=["all", "projects"])
def test_what_was_exported_comes_in_again_unchanged(
    session: Session, people: People, actor: Actor, without: set[str]
) -> None:
    record = led(session, people, actor, *EVERYTHING)
    before = everything(session, but=MOVED)
    done = import_ledger(session, actor, ledger_of(record, without=without), name="a.xlsx")
    assert (done.unchanged, done.updated) == (1, 0)
    assert everything(session, but=MOVED) == before


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_rows_in_another_order_are_the_same_rows(
    session: Session, people: People, actor: Actor, data: st.DataObject
) -> None:
    [record] = kept(session, actor)
    if len(record.spending) == len(FULL.spending):
        record = led(session, people, actor, *EVERYTHING)
    held = {row.id: row.amount_fen for row in session.scalars(select(SpendingRow))}
    session.rollback()
    turned = {
        sheet.attribute: tuple(data.draw(st.permutations(lines_of(record, sheet))))
        for sheet in SHEETS[1:]
        if sheet.attribute != "acceptance"
    }
    take_in(session, actor, replace(record, **turned))
    assert {row.id: row.amount_fen for row in session.scalars(select(SpendingRow))} == held
    session.rollback()


def test_rows_keep_what_points_to_them_when_others_come_and_go(
    session: Session, people: People, actor: Actor
) -> None:
    record = led(session, people, actor, holding.spent, holding.received)
    query = select(SpendingRow.id, SpendingRow.reversal_of_id, SpendingRow.entered_by_id)
    query = query.where(SpendingRow.entered_at.is_not(None)).order_by(SpendingRow.id)
    held, paid = session.execute(query).all(), session.scalars(select(Payment.voucher)).all()
    session.rollback()
    new = Spending(DAY, Source.OWN, BudgetUse.INDIRECT, 1, None, None)
    spending = (new, record.spending[4], replace(record.spending[0], amount=9), *record.spending[2:4])
    take_in(session, actor, replace(record, spending=spending, tranches=record.tranches[::-1]))
    assert session.execute(query).all() == held
    assert sorted(map(str, session.scalars(select(Payment.voucher)))) == sorted(map(str, paid))
    assert kept(session, actor)[0].spending == spending


def test_of_two_rows_alike_the_one_entered_here_is_the_one_that_stays(
    session: Session, people: People, actor: Actor
) -> None:
    twin = Spending(DAY, Source.DISTRICT, BudgetUse.EQUIPMENT, 100, "新-0", "购置")
    take_in(session, actor, replace(FULL, spending=(twin,)))
    record = led(session, people, actor, _entered_again)
    assert record.spending == (twin, twin)
    take_in(session, actor, replace(record, spending=(twin,)))
    assert session.scalars(select(SpendingRow.entered_at)).one() is not None
    session.rollback()
    assert told(session, actor, replace(record, spending=())) == [("支出", None, None)]


def _entered_again(session: Session, people: People, _project_id: int) -> None:
    session.commit()
    twin = Spending(DAY, Source.DISTRICT, BudgetUse.EQUIPMENT, 100, "新-0", "购置")
    enter_spending(session, people.a[Role.PI].actor, NUMBER, [twin], date(2026, 6, 30), again=True)


def test_everything_that_stands_against_it_is_said_at_once_in_the_order_of_the_sheets(
    session: Session, people: People, actor: Actor
) -> None:
    record = led(session, people, actor, *EVERYTHING)
    other = replace(
        record,
        title="别的",
        budget=(),
        annual_reports=(replace(record.annual_reports[0], with_accounts=False), *record.annual_reports[1:]),
        spending=record.spending[:2],
    )
    assert told(session, actor, other) == [
        ("项目", 2, "项目名称"),
        ("支出", None, None),
        ("预算", None, None),
        ("年度报告", 2, "含阶段经费决算"),
    ]
