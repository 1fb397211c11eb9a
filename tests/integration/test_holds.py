"""Holds on tranches as they are kept: begun and lifted by commands and by the daily sweep, each once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from app.jobs import DAILY
from finance.booking import book_payment
from finance.holding import Kept, sweep_holds
from finance.models import TrancheHold
from finance.parts import MoneyParts, parts_by
from finance.spending import enter_spending, reverse_spending
from lifecycle.measures import lift, propose_lifting
from lifecycle.models import Acceptance, AuditEntry, Outcome
from lifecycle.record import Conclusion
from lifecycle.refusals import NotPermitted
from lifecycle.roles import Actor
from lifecycle.stages import Stage
from tests.integration.overseeing import ordered
from tests.integration.paying import Bureau, a_bureau, approve_one, issued
from tests.integration.spendings import (
    LATER,
    NUMBER,
    PAID,
    ROW,
    TODAY,
    WAN,
    concluded,
    pi,
    store,
)

GATE = "spb-29-spend-gate"
DUE = date(2026, 6, 1)
SECOND = replace(LATER, planned_on=DUE)
ONE_DAY = timedelta(days=1)
REASON = "账目已经理清，差额原渠道退回，可以恢复拨付。"


@pytest.fixture
def bureau(session: Session) -> Bureau:
    return a_bureau(session)


def sweep(bureau: Bureau, today: date = TODAY) -> Kept:
    return sweep_holds(bureau.session, Actor.system(bureau.people.agency_a), today)


def holds(bureau: Bureau, project_id: int) -> list[tuple[str, date, date | None, str | None]]:
    """Return rule, first day, first day without it and what lifted it, of every hold."""
    bureau.session.rollback()
    query = select(TrancheHold).where(TrancheHold.project_id == project_id).order_by(TrancheHold.id)
    return [(one.rule, one.since, one.until, one.released) for one in bureau.session.scalars(query)]


def told(bureau: Bureau, project_id: int) -> list[str]:
    query = select(AuditEntry.action).where(AuditEntry.project_id == project_id)
    query = query.where(AuditEntry.action.startswith("hold.")).order_by(AuditEntry.serial)
    return list(bureau.session.scalars(query))


def held_fen(bureau: Bureau, day: date = TODAY) -> int:
    [(_, parts)] = parts_by(bureau.session, bureau.finance, as_of=day)
    bureau.session.rollback()
    return parts.held


@contextmanager
def no_writes(engine: Engine) -> Iterator[None]:
    """See that nothing but reading is done."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        seen.append(statement.lstrip().split()[0].upper())

    event.listen(engine, "before_cursor_execute", note)
    yield
    event.remove(engine, "before_cursor_execute", note)
    assert set(seen) <= {"BEGIN", "SELECT"}, seen


def test_spending_lifts_a_hold_at_the_fen_and_its_reversal_puts_it_on_again(bureau: Bureau) -> None:
    project_id, session = store(bureau, tranches=(PAID, SECOND)), bureau.session
    assert sweep(bureau) == Kept(1, 0)
    with no_writes(session.get_bind().engine):
        assert sweep(bureau) == sweep(bureau, TODAY + ONE_DAY) == Kept()
    assert holds(bureau, project_id) == [(GATE, DUE, None, None)]
    assert (held_fen(bureau), held_fen(bureau, DUE - ONE_DAY)) == (3 * WAN, 0)
    enter_spending(session, pi(bureau), NUMBER, [replace(ROW, amount=7 * WAN * 80 // 100 - 1)], TODAY)
    assert holds(bureau, project_id) == [(GATE, DUE, None, None)]
    [fen] = enter_spending(session, pi(bureau), NUMBER, [replace(ROW, amount=1, voucher="记-2")], TODAY)
    words = "支出率达到 80.0%（已支出 5.60 万元，前期已拨 7.00 万元）"
    assert holds(bureau, project_id) == [(GATE, DUE, TODAY, words)]
    assert (held_fen(bureau), held_fen(bureau, TODAY - ONE_DAY)) == (0, 3 * WAN)
    # What comes back begins where it ended, not when it was due; on one day it is one hold.
    reverse_spending(session, pi(bureau), fen, "重复登记", TODAY)
    assert holds(bureau, project_id)[1:] == [(GATE, TODAY, None, None)]
    enter_spending(session, pi(bureau), NUMBER, [replace(ROW, amount=1, voucher="记-3")], TODAY)
    [fen] = enter_spending(session, pi(bureau), NUMBER, [replace(ROW, amount=1, voucher="记-4")], TODAY)
    assert holds(bureau, project_id)[1:] == [(GATE, TODAY, TODAY, words)]
    assert told(bureau, project_id) == ["hold.begin", "hold.release"] * 2


def test_booking_a_payment_begins_the_hold_of_the_next_tranche(bureau: Bureau) -> None:
    first = replace(PAID, paid=0, paid_on=None)
    today = date(2026, 2, 5)
    project_id = bureau.project(tranches=(first, replace(SECOND, planned_on=today)))
    batch_id = issued(bureau, approve_one(bureau, bureau.tranches(project_id)[0]))
    assert sweep(bureau, today) == Kept()
    book_payment(bureau.session, bureau.finance, bureau.lines(batch_id)[0], "记-12", today, today)
    assert [row[:3] for row in holds(bureau, project_id)] == [(GATE, today, None)]
    [(_, parts)] = parts_by(bureau.session, bureau.finance, as_of=today)
    assert parts == MoneyParts(10 * WAN, paid=7 * WAN, held=3 * WAN)


def test_what_supervision_stops_is_held_from_its_order_to_its_lifting(bureau: Bureau) -> None:
    project_id, start = store(bureau, tranches=(PAID, LATER)), date(2026, 2, 5)
    [measure_id] = ordered(bureau, project_id, Outcome.HOLD)
    assert sweep(bureau) == Kept(1, 0)
    assert [row[:3] for row in holds(bureau, project_id)] == [("spb-31-no-hold", start, None)]
    propose_lifting(bureau.session, bureau.handler, measure_id, REASON, (), TODAY)
    lift(bureau.session, bureau.approver, measure_id, TODAY)
    assert sweep(bureau, TODAY + 5 * ONE_DAY) == Kept(0, 1)
    words = f"暂缓拨付于 {TODAY} 由 {bureau.approver.name} 解除"
    assert holds(bureau, project_id) == [("spb-31-no-hold", start, TODAY, words)]


def test_a_project_that_ends_is_held_no_more_and_what_was_held_is_cancelled(bureau: Bureau) -> None:
    project_id = store(bureau, tranches=(PAID, SECOND))
    sweep(bureau)
    other = bureau.project("沙-2", tranches=(PAID, SECOND), acceptance=concluded(Conclusion.TERMINATED))
    assert sweep(bureau) == Kept()
    assert holds(bureau, other) == []
    row = Acceptance(project_id=project_id, conclusion=Conclusion.TERMINATED, concluded_on=TODAY)
    row.joint_unit_took_part = row.own_fault = False
    row.to_return_fen = row.returned_fen = 0
    bureau.session.add(row)
    bureau.change(project_id, stage=Stage.TERMINATED)
    assert sweep(bureau, TODAY + ONE_DAY) == Kept(0, 1)
    assert holds(bureau, project_id) == [(GATE, DUE, TODAY, "项目终止，不再拨付")]
    [(_, parts)] = parts_by(bureau.session, bureau.finance, as_of=TODAY)
    assert (parts.held, parts.cancelled) == (0, 6 * WAN)


def test_the_sweep_is_the_systems_and_reads_only_what_may_change(bureau: Bureau) -> None:
    store(bureau, tranches=(PAID, SECOND))
    with pytest.raises(NotPermitted):
        sweep_holds(bureau.session, bureau.finance, TODAY)
    assert sweep(bureau) == Kept(1, 0)
    assert list(DAILY).index("holds") < list(DAILY).index("remind")
    quiet = {"tranches": (PAID, LATER)}
    for place in range(3):
        bureau.project(f"静-{place}", **quiet)
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        seen.append(f"{statement} {parameters}")

    engine = bureau.session.get_bind().engine
    event.listen(engine, "before_cursor_execute", note)
    assert sweep(bureau) == Kept()
    event.remove(engine, "before_cursor_execute", note)
    assert len(seen) <= 7
