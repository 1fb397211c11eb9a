"""Entries of research integrity: the article that names the act, who may decide, and what SPB 33 asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.integrity import Charge, propose_entry, record_entry, reject_entry
from lifecycle.models import IntegrityAct, IntegrityEntry, IntegrityState, Outcome, TurnKind
from lifecycle.refusals import (
    IllegalTransition,
    InvalidInput,
    NotFound,
    NotPermitted,
    Obstructed,
    SamePerson,
)
from lifecycle.roles import Role
from lifecycle.rulebook import rulebook
from lifecycle.supervised import Asked, list_entries
from lifecycle.supervision import agree
from tests.integration.overseeing import number_of, recorded, waiting
from tests.integration.paying import TODAY, Bureau, a_bureau, ea_fields, refused
from tests.web.site import UNIT

CHARGE = Charge(UNIT, IntegrityAct.MISAPPROPRIATION, "挪用财政资金两万元用于其他项目。", TODAY)


@pytest.fixture
def bureau(session: Session) -> Bureau:
    return a_bureau(session)


def proposing(bureau: Bureau, project_id: int, **more: Any) -> Callable[[], int]:
    number, charge = number_of(bureau, project_id), replace(CHARGE, **more)
    return lambda: propose_entry(bureau.session, bureau.handler, number, charge, (), TODAY)


def entry(bureau: Bureau, entry_id: int) -> IntegrityEntry:
    bureau.session.rollback()
    return bureau.session.get_one(IntegrityEntry, entry_id)


def test_the_enterprise_plan_names_the_acts_the_others_are_the_bureaus_wish(bureau: Bureau) -> None:
    ea = proposing(bureau, bureau.project("企-1", **ea_fields()))()
    spb = proposing(bureau, bureau.project("沙-1"))()
    assert entry(bureau, ea).citation == "渝科局发〔2024〕92号 第十九条"
    assert entry(bureau, spb).citation == "本局工作要求 科研诚信"


def test_an_approver_other_than_the_proposer_records_or_rejects(bureau: Bureau) -> None:
    project_id = bureau.project()
    both = bureau.everywhere(Role.HANDLER)
    made = propose_entry(bureau.session, both, number_of(bureau, project_id), CHARGE, (), TODAY)
    assert waiting(bureau, TurnKind.INTEGRITY, made) == {Role.APPROVER}
    refused(bureau, lambda: record_entry(bureau.session, both, made, TODAY), SamePerson)
    refused(bureau, lambda: record_entry(bureau.session, bureau.finance, made, TODAY), NotPermitted)
    stranger = bureau.people.b[Role.APPROVER].actor
    refused(bureau, lambda: record_entry(bureau.session, stranger, made, TODAY), NotFound)
    refused(bureau, lambda: reject_entry(bureau.session, bureau.approver, made, "无", TODAY), InvalidInput)
    record_entry(bureau.session, bureau.approver, made, TODAY)
    row = entry(bureau, made)
    assert (row.state, row.decided_on) == (IntegrityState.RECORDED, TODAY)
    assert waiting(bureau, TurnKind.INTEGRITY, made) == set()
    reject = lambda: reject_entry(bureau.session, bureau.approver, made, "证据不足，不予记录。", TODAY)  # noqa: E731
    refused(bureau, reject, IllegalTransition)
    again = proposing(bureau, project_id)()
    reject_entry(bureau.session, bureau.approver, again, "证据不足，暂不予以记录。", TODAY)
    assert entry(bureau, again).state is IntegrityState.REJECTED


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"about": "路人"}, "about"),
        ({"facts": "挪用"}, "facts"),
        ({"happened_on": TODAY + timedelta(days=1)}, "happened_on"),
    ],
)
def test_what_is_incomplete_is_said_at_its_field(bureau: Bureau, wrong: dict[str, Any], field: str) -> None:
    refusal = refused(bureau, proposing(bureau, bureau.project(), **wrong), InvalidInput)
    assert set(refusal.errors) == {field}


def test_the_same_charge_waits_once(bureau: Bureau) -> None:
    press = proposing(bureau, bureau.project())
    press()
    refused(bureau, press, Obstructed)


def test_own_fault_needs_a_conclusion_that_says_so(bureau: Bureau) -> None:
    project_id = bureau.project()
    press = proposing(bureau, project_id, act=IntegrityAct.OWN_FAULT)
    refused(bureau, press, Obstructed)
    agree(bureau.session, bureau.approver, recorded(bureau, project_id, Outcome.TERMINATE), TODAY)
    refused(bureau, press, Obstructed)


def test_recording_own_fault_settles_what_article_33_asks(bureau: Bureau) -> None:
    project_id = bureau.project()
    ended = recorded(bureau, project_id, Outcome.TERMINATE, own_fault=True)
    agree(bureau.session, bureau.approver, ended, TODAY)

    def findings() -> set[str]:
        record = bureau.record(project_id)
        return {one.rule.id for one in rulebook().findings(record, date(2026, 3, 1))}

    assert "spb-33-integrity" in findings()
    unit, pi = bureau.session.scalars(select(IntegrityEntry.id).order_by(IntegrityEntry.number)).all()
    record_entry(bureau.session, bureau.approver, unit, TODAY)
    acceptance = bureau.record(project_id).acceptance
    assert acceptance
    assert acceptance.integrity_on == TODAY
    assert "spb-33-integrity" not in findings()
    record_entry(bureau.session, bureau.approver, pi, TODAY + timedelta(days=3))
    acceptance = bureau.record(project_id).acceptance
    assert acceptance
    assert acceptance.integrity_on == TODAY


def test_outside_the_bureau_only_its_own_unit_sees_it_and_only_once_recorded(bureau: Bureau) -> None:
    made = proposing(bureau, bureau.project(joint_unit="沙坪坝区人民医院"))()

    def seen(role: Role) -> int:
        return list_entries(bureau.session, bureau.actor(role), Asked()).count

    assert [seen(role) for role in (Role.HANDLER, Role.PI, Role.UNIT_MANAGER)] == [1, 0, 0]
    bureau.session.rollback()
    record_entry(bureau.session, bureau.approver, made, TODAY)
    assert [seen(role) for role in (Role.PI, Role.UNIT_MANAGER, Role.JOINT_UNIT)] == [1, 1, 0]
