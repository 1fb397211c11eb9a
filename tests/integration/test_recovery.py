"""Surplus after a pass, refunds that came with a ledger, the list of both, and what a ledger leaves alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.clearing.figures import ClearingState
from finance.clearing.listing import (
    IN_LEDGER,
    NOT_BEGUN,
    OVERDUE,
    ClearingAsked,
    every_clearing,
    list_clearings,
)
from finance.clearing.settling import Settling, confirm_settlement, settle
from finance.clearing.taking_over import Owed, take_over_recovery
from finance.reconcile.running import reconcile
from finance.spending import reverse_spending
from finance.surplus import begin_surplus
from lifecycle.models import Clearing, ClearingKind, KeptDuty, Project, Turn, TurnKind
from lifecycle.record import BudgetUse, Conclusion, Source, Spending, Tranche
from lifecycle.refusals import InvalidInput, NotPermitted, Obstructed
from lifecycle.roles import Role
from lifecycle.rulebook import rulebook
from lifecycle.stages import Stage
from reports.ledger.exporting import export_ledger
from reports.ledger.importing import import_ledger
from reports.ledger.reading import read_ledger
from reports.read_back import read_sheet
from tests.integration.accepting import DAY, Accepting, accepting
from tests.integration.clearings import (
    DUE,
    begun,
    come_back,
    confirmed,
    misuse,
    rows,
    standing,
    state,
    the_clearing,
)
from tests.integration.paying import WAN, a_bureau, refused
from tests.unit.rules.records import acceptance

LATER = DUE + timedelta(days=10)


@pytest.fixture
def it(session: Session) -> Accepting:
    return accepting(a_bureau(session))


def surplus(it: Accepting) -> int:
    """Return the surplus of a project that passed with 2 of 10 万元 left."""
    it.concluded("key")
    return the_clearing(it).id


def fallen(it: Accepting, number: str = "沙-8", **more: Any) -> None:
    """Store a project that failed and was cleared, as a ledger says."""
    facts = {"own_fault": True, "cleared_on": date(2027, 10, 9), "to_return": 3 * WAN, "returned": WAN}
    it.project("key", number, acceptance=acceptance(Conclusion.FAILED, date(2027, 10, 1), **(facts | more)))


def duties(it: Accepting) -> list[tuple[str, date, date | None]]:
    it.bureau.session.rollback()
    query = select(KeptDuty.rule, KeptDuty.due, KeptDuty.done_on).where(KeptDuty.rule.contains("-due"))
    found = [tuple(row) for row in it.bureau.session.execute(query)]
    it.bureau.session.rollback()
    return found


def differences(it: Accepting, as_of: date) -> list[Any]:
    """Return what of everything does not tie."""
    return list(reconcile(it.bureau.session, it.bureau.people.agency_a, as_of, as_of, read_sheet).differences)


def listed(it: Accepting, by: Role = Role.FINANCE, today: date = DAY, **asked: Any) -> list[tuple[str, str]]:
    it.bureau.session.rollback()
    found = list_clearings(it.bureau.session, it.actor(by), ClearingAsked(**asked), today)
    again = every_clearing(it.bureau.session, it.actor(by), ClearingAsked(**asked), today)
    assert [one.number for one in again] == [one.number for one in found.rows]
    assert found.count == len(found.rows)
    it.bureau.session.rollback()
    return [(one.number, one.words) for one in found.rows]


def test_what_a_project_that_passed_has_left_is_kept_or_returned(it: Accepting) -> None:
    clearing_id = surplus(it)
    session, finance, approver = it.bureau.session, it.actor(Role.FINANCE), it.actor(Role.APPROVER)
    clearing = the_clearing(it)
    assert (clearing.kind, clearing.citation) == (ClearingKind.SURPLUS, "本局工作要求 结余处理")
    kept = {Source.DISTRICT: 2 * WAN + 1}
    for wrong, field in (
        (Settling(DUE, "续研", kept), f"kept-{Source.DISTRICT}"),
        (Settling(DUE, "", {Source.DISTRICT: 1}), "note"),
        (Settling(None, "续研", {Source.DISTRICT: 2 * WAN - 1}), "due"),
    ):
        refusal = refused(
            it.bureau, lambda wrong=wrong: settle(session, finance, clearing_id, wrong, [], DAY), InvalidInput
        )
        assert set(refusal.errors) == {field}
    misuse(it, clearing_id, 1)
    settle(session, finance, clearing_id, Settling(DUE, "用于后续研发", {Source.DISTRICT: WAN}), [], DAY)
    confirm_settlement(session, approver, clearing_id, DAY)
    found = standing(it)
    assert (found.settled.kept, found.settled.to_return) == (WAN, WAN + 1)
    assert (found.project.stage, found.acceptance.cleared_on) == (Stage.CLOSED, None)
    session.rollback()
    assert duties(it) == [("local-surplus-due", DUE, None)]
    # What was settled rests on the spending: it stays as it is.
    first = rows(it)[0]
    refused(it.bureau, lambda: reverse_spending(session, finance, first, "退货", DAY), Obstructed)
    come_back(it, clearing_id, WAN + 1, "退-1")
    assert state(it) is ClearingState.DONE
    record = it.bureau.record(the_clearing(it).project_id)
    assert record.acceptance
    assert record.acceptance.to_return == record.acceptance.returned == WAN + 1
    assert not [one for one in rulebook().findings(record, LATER) if "refund" in one.rule.id]
    assert differences(it, DAY) == []


def test_a_surplus_that_stays_whole_is_done_once_confirmed(it: Accepting) -> None:
    clearing_id = surplus(it)
    session = it.bureau.session
    whole = Settling(None, "全部用于后续研发", {Source.DISTRICT: 2 * WAN})
    settle(session, it.actor(Role.FINANCE), clearing_id, whole, [], DAY)
    confirm_settlement(session, it.actor(Role.APPROVER), clearing_id, DAY)
    assert state(it) is ClearingState.DONE
    assert duties(it) == []
    query = select(Turn.id).where(Turn.kind == TurnKind.CLEARING, Turn.done_on.is_(None))
    assert session.scalars(query).all() == []


def test_the_rest_of_a_passed_project_is_still_paid(it: Accepting) -> None:
    paid = Tranche(1, Source.DISTRICT, 7 * WAN, date(2026, 2, 10), 7 * WAN, date(2026, 2, 10))
    rest = Tranche(2, Source.DISTRICT, 3 * WAN, date(2027, 12, 10), 0, None)
    spent = Spending(date(2026, 9, 1), Source.DISTRICT, BudgetUse.EQUIPMENT, 7 * WAN - 1, "记-1", None)
    it.concluded("key", tranches=(paid, rest), spending=(spent,))
    clearing_id = the_clearing(it).id
    session = it.bureau.session
    settle(session, it.actor(Role.FINANCE), clearing_id, Settling(DUE), [], DAY)
    confirm_settlement(session, it.actor(Role.APPROVER), clearing_id, DAY)
    assert standing(it).settled.to_return == 1
    session.rollback()
    record = it.bureau.record(the_clearing(it).project_id)
    assert [one.planned for one in record.tranches] == [7 * WAN, 3 * WAN]
    assert stage_of_it(it) is Stage.CLOSED


def stage_of_it(it: Accepting) -> Stage:
    it.bureau.session.rollback()
    return it.bureau.session.scalars(select(Project.stage)).one()


def test_finance_opens_what_the_conclusion_did_not(it: Accepting) -> None:
    spent = Spending(date(2026, 9, 1), Source.DISTRICT, BudgetUse.EQUIPMENT, 10 * WAN, "记-1", None)
    it.concluded("key", spending=(spent,))
    session, finance = it.bureau.session, it.actor(Role.FINANCE)
    assert session.scalars(select(Clearing.id)).all() == []
    session.rollback()
    handler = it.actor(Role.HANDLER)
    refused(it.bureau, lambda: begin_surplus(session, handler, "沙-1", DAY), NotPermitted)
    clearing_id = begin_surplus(session, finance, "沙-1", DAY)
    refused(it.bureau, lambda: begin_surplus(session, finance, "沙-1", DAY), Obstructed)
    misuse(it, clearing_id)
    settle(session, finance, clearing_id, Settling(DUE), [], DAY)
    assert standing(it).settled.to_return == WAN
    session.rollback()
    it.project("key", "沙-2")
    refused(it.bureau, lambda: begin_surplus(session, finance, "沙-2", DAY), Obstructed)


@pytest.mark.parametrize(
    ("owed", "due", "reason", "field"),
    [
        (Owed(3 * WAN - 1, WAN), DUE, "催收", "sum"),
        (Owed(3 * WAN, WAN + 1), DUE, "催收", "sum"),
        (Owed(10 * WAN + 1, WAN), DUE, "催收", f"to_return-{Source.DISTRICT}"),
        (Owed(3 * WAN, 3 * WAN + 1), DUE, "催收", f"returned-{Source.DISTRICT}"),
        (Owed(3 * WAN, WAN), None, "催收", "due"),
        (Owed(3 * WAN, WAN), DAY - timedelta(1), "催收", "due"),
        (Owed(3 * WAN, WAN), DUE, " ", "reason"),
    ],
)
def test_a_refund_of_a_ledger_is_taken_over_as_the_ledger_has_it(
    it: Accepting, owed: Owed, due: date | None, reason: str, field: str
) -> None:
    fallen(it)
    session, finance = it.bureau.session, it.actor(Role.FINANCE)

    def take() -> Any:
        return take_over_recovery(session, finance, "沙-8", {Source.DISTRICT: owed}, due, reason, DAY)

    assert field in refused(it.bureau, take, InvalidInput).errors


@pytest.mark.parametrize("to_return", [WAN + 1, 2 * WAN, 3 * WAN, 10 * WAN])
def test_a_refund_of_a_ledger_is_followed_up_from_then_on(it: Accepting, to_return: int) -> None:
    fallen(it, to_return=to_return)
    session, finance = it.bureau.session, it.actor(Role.FINANCE)
    before = standing_acceptance(it)
    owed = {Source.DISTRICT: Owed(to_return, WAN)}
    clearing_id = take_over_recovery(session, finance, "沙-8", owed, DUE, "局务会要求年内收回", DAY)
    assert state(it) is ClearingState.RETURNING
    assert standing_acceptance(it) == before
    assert duties(it) == [("spb-33-refund-due", DUE, None)]
    assert standing(it).settled.to_return == to_return
    session.rollback()
    refused(
        it.bureau,
        lambda: take_over_recovery(session, finance, "沙-8", owed, DUE, "再来", DAY),
        Obstructed,
    )
    come_back(it, clearing_id, to_return - WAN, "退-1", LATER)
    assert duties(it) == [("spb-33-refund-due", DUE, LATER)]
    assert differences(it, LATER) == []


def standing_acceptance(it: Accepting) -> Any:
    it.bureau.session.rollback()
    project_id = it.bureau.session.scalars(select(Project.id)).one()
    return it.bureau.record(project_id).acceptance


def test_a_refund_that_was_never_cleared_is_cleared_first(it: Accepting) -> None:
    fallen(it, cleared_on=None)
    session, finance = it.bureau.session, it.actor(Role.FINANCE)
    owed = {Source.DISTRICT: Owed(3 * WAN, WAN)}
    refused(
        it.bureau, lambda: take_over_recovery(session, finance, "沙-8", owed, DUE, "催收", DAY), Obstructed
    )


def test_the_list_has_everything_that_is_open_and_what_is_overdue_on_top(it: Accepting) -> None:
    confirmed(it)
    fallen(it, "沙-2")
    fallen(it, "沙-3", cleared_on=None, to_return=0, returned=0)
    it.concluded("key", "沙-4")
    it.project("key", "沙-5")
    words = {("沙-1", "待退款"), ("沙-2", IN_LEDGER), ("沙-3", NOT_BEGUN), ("沙-4", "待核定")}
    assert set(listed(it, state="open")) == words
    assert listed(it, state="open", today=LATER)[0] == ("沙-1", "待退款")
    for state_, number in ((NOT_BEGUN, "沙-3"), (IN_LEDGER, "沙-2"), ("待核定", "沙-4"), ("待退款", "沙-1")):
        assert [one for one, _ in listed(it, state=state_)] == [number]
    assert listed(it, state=OVERDUE) == []
    assert listed(it, state=OVERDUE, today=DUE) == []
    assert listed(it, state=OVERDUE, today=DUE + timedelta(1)) == [("沙-1", "待退款")]
    found = list_clearings(it.bureau.session, it.actor(Role.FINANCE), ClearingAsked(state="open"), LATER)
    assert (found.to_return, found.returned, found.overdue) == (6 * WAN, WAN, 3 * WAN)
    it.bureau.session.rollback()
    clearing_id = it.bureau.session.scalars(select(Clearing.id).order_by(Clearing.id)).first() or 0
    it.bureau.session.rollback()
    come_back(it, clearing_id, 3 * WAN, "退-1")
    assert ("沙-1", "已办结") not in listed(it, state="open")
    assert listed(it, state="")[-1] == ("沙-1", "已办结")
    stranger = replace(it.actor(Role.UNIT_MANAGER), units=frozenset())
    assert list_clearings(it.bureau.session, stranger, ClearingAsked(), DAY).rows == []


def test_a_ledger_neither_loses_the_recovery_nor_changes_what_it_rests_on(
    it: Accepting, tmp_path: Any
) -> None:
    confirmed(it)
    session, agency = it.bureau.session, it.bureau.people.agency_a
    file = tmp_path / "台账.xlsx"
    export_ledger(session, agency, file)
    before = it.bureau.record(the_clearing(it).project_id)
    session.rollback()
    ledger = read_ledger(file)
    import_ledger(session, it.actor(Role.HANDLER), ledger, name="台账.xlsx")
    after = it.bureau.record(the_clearing(it).project_id)
    told = [(one.acceptance, one.spending, one.recovery_from, one.recovery_due) for one in (before, after)]
    assert told[0] == told[1]
    assert before.recovery_due == DUE


def test_nothing_of_a_begun_clearing_is_lost_when_it_is_left(it: Accepting) -> None:
    clearing_id = begun(it)
    misuse(it, clearing_id)
    it.bureau.session.close()
    assert state(it) is ClearingState.OPEN
    assert standing(it).clearing.figures == {}
