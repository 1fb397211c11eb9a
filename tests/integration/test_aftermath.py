"""What opens by itself after a conclusion, and what does not."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.aftermath import OWN_SURPLUS, OWN_WISH, Opened, follow_conclusion
from lifecycle.command import Work, command
from lifecycle.models import Acceptance, Clearing, ClearingKind, IntegrityEntry, Project, Turn, TurnKind
from lifecycle.record import BudgetUse, Conclusion, Source, Spending, Tranche
from lifecycle.roles import Permission, Role
from lifecycle.stages import Stage
from tests.integration.paying import WAN, Bureau, a_bureau, ea_fields

DAY = date(2026, 6, 1)
PAID = (Tranche(1, Source.DISTRICT, 7 * WAN, date(2026, 2, 10), 7 * WAN, date(2026, 2, 10)),)


@command("test.conclude", Permission.CONCLUDE_ACCEPTANCE)
def _conclude(work: Work, project_id: int, conclusion: Conclusion, own_fault: bool) -> Opened:
    found = select(Acceptance).where(Acceptance.project_id == project_id)
    row = work.session.scalar(found) or Acceptance(
        project_id=project_id, joint_unit_took_part=False, to_return_fen=0, returned_fen=0
    )
    row.conclusion, row.concluded_on, row.own_fault = conclusion, DAY, own_fault
    work.session.add(row)
    work.touch(project_id)
    work.record("结论", project_id=project_id)
    return follow_conclusion(work, project_id, DAY)


@pytest.fixture
def bureau(session: Session) -> Bureau:
    return a_bureau(session)


def _concluded(bureau: Bureau, conclusion: Conclusion, own_fault: bool, **fields: Any) -> tuple[int, Opened]:
    project_id = bureau.project(**fields)
    opened = _conclude(bureau.session, bureau.approver, project_id, conclusion, own_fault)
    return project_id, opened


def _stage(bureau: Bureau, project_id: int) -> Stage:
    return bureau.session.get_one(Project, project_id).stage


def _clearing(bureau: Bureau) -> Clearing | None:
    return bureau.session.scalar(select(Clearing))


@pytest.mark.parametrize("conclusion", [Conclusion.FAILED, Conclusion.TERMINATED])
def test_the_units_own_fault_opens_clearing_and_integrity_by_article_33(
    bureau: Bureau, conclusion: Conclusion
) -> None:
    project_id, opened = _concluded(bureau, conclusion, True)
    clearing = _clearing(bureau)
    assert clearing
    assert clearing.id == opened.clearing_id
    assert clearing.citation == "沙科局发〔2023〕41号 第三十三条"
    assert _stage(bureau, project_id) is Stage.CLEARING
    assert bureau.record(project_id).clearing_opened_on == DAY
    entries = bureau.session.scalars(select(IntegrityEntry).order_by(IntegrityEntry.number)).all()
    assert [(one.number, one.about, one.citation) for one in entries] == [
        (1, "渝州大学", "沙科局发〔2023〕41号 第三十三条"),
        (2, "李工", "沙科局发〔2023〕41号 第三十三条"),
    ]
    turns = {
        (one.kind, one.role) for one in bureau.session.scalars(select(Turn).where(Turn.done_on.is_(None)))
    }
    assert turns == {(TurnKind.CLEARING, Role.FINANCE), (TurnKind.INTEGRITY, Role.APPROVER)}


def test_without_fault_and_money_nothing_opens_for_a_district_project(bureau: Bureau) -> None:
    project_id, opened = _concluded(bureau, Conclusion.FAILED, False)
    assert opened == Opened()
    assert _stage(bureau, project_id) is Stage.NOT_PASSED


def test_where_public_money_was_paid_the_bureau_itself_wants_clearing(bureau: Bureau) -> None:
    project_id, opened = _concluded(bureau, Conclusion.TERMINATED, False, tranches=PAID)
    clearing = _clearing(bureau)
    assert clearing
    assert clearing.citation == OWN_WISH
    assert opened.integrity_ids == ()
    assert _stage(bureau, project_id) is Stage.CLEARING


def test_the_enterprise_plan_clears_whosever_fault_it_was(bureau: Bureau) -> None:
    _concluded(bureau, Conclusion.FAILED, False, **ea_fields())
    clearing = _clearing(bureau)
    assert clearing
    assert clearing.citation == "渝科局发〔2024〕92号 第十七条"


def test_what_a_project_that_passed_has_left_is_dealt_with(bureau: Bureau) -> None:
    project_id, opened = _concluded(bureau, Conclusion.PASSED, False, tranches=PAID)
    clearing = _clearing(bureau)
    assert clearing
    assert (opened.clearing_id, clearing.kind) == (clearing.id, ClearingKind.SURPLUS)
    assert (clearing.citation, opened.integrity_ids) == (OWN_SURPLUS, ())
    assert _stage(bureau, project_id) is Stage.CLOSED


def test_nothing_follows_a_project_that_passed_and_has_spent_all(bureau: Bureau) -> None:
    paid = sum(one.paid for one in PAID)
    spent = Spending(PAID[0].paid_on or DAY, Source.DISTRICT, BudgetUse.EQUIPMENT, paid, "记-1", None)
    _, opened = _concluded(bureau, Conclusion.PASSED, False, tranches=PAID, spending=(spent,))
    assert opened == Opened()


def test_a_self_established_project_has_nothing_to_clear(bureau: Bureau) -> None:
    own: dict[str, Any] = {"self_established": True, "district": 0, "tranches": ()}
    _, opened = _concluded(bureau, Conclusion.TERMINATED, True, **own)
    assert opened.clearing_id is None
    assert len(opened.integrity_ids) == 2


def test_followed_twice_it_opens_nothing_more(bureau: Bureau) -> None:
    project_id, _ = _concluded(bureau, Conclusion.FAILED, True)
    again = _conclude(bureau.session, bureau.approver, project_id, Conclusion.FAILED, True)
    assert again == Opened()
    assert len(bureau.session.scalars(select(Clearing)).all()) == 1
    assert len(bureau.session.scalars(select(IntegrityEntry)).all()) == 2
