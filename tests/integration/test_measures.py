"""What was ordered: answered with proof, verified, given more time; a hold, lifted by somebody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from finance.proposing import propose
from lifecycle.attachments import attachments_of
from lifecycle.clock import remind
from lifecycle.measures import answer, extend, keep, lift, propose_lifting, send_back, verify
from lifecycle.models import AuditEntry, KeptDuty, MeasureState, Outcome, TurnKind
from lifecycle.refusals import (
    IllegalTransition,
    InvalidInput,
    NotFound,
    NotPermitted,
    NotTheirs,
    Obstructed,
    SamePerson,
    VerdictRefused,
)
from lifecycle.roles import Actor, Role
from lifecycle.supervision import agree
from tests.integration.overseeing import ANSWER, DUE, PROOF, measure, ordered, recorded, waiting
from tests.integration.paying import TODAY, Bureau, a_bureau, ea_fields, refused
from tests.integration.test_payments_together import assert_one_won, together

NOTE = "差额款退回凭证尚未提供，请补充。"
WHY = "问题已整改到位，经核查符合继续拨付的条件。"
Act = Callable[[], Any]


@pytest.fixture
def bureau(session: Session) -> Bureau:
    return a_bureau(session)


@pytest.fixture
def rectification(bureau: Bureau) -> int:
    return ordered(bureau, bureau.project())[0]


@pytest.fixture
def hold(bureau: Bureau) -> int:
    return ordered(bureau, bureau.project(), Outcome.HOLD)[0]


def answering(bureau: Bureau, id_: int, who: Role | Actor = Role.PI, text: str = ANSWER) -> Act:
    actor = bureau.actor(who) if isinstance(who, Role) else who
    return lambda: answer(bureau.session, actor, id_, text, PROOF, TODAY)


def verifying(bureau: Bureau, id_: int, actor: Actor | None = None) -> Act:
    return lambda: verify(bureau.session, actor or bureau.handler, id_, TODAY)


def lifting(bureau: Bureau, id_: int, reason: str = WHY) -> Act:
    return lambda: propose_lifting(bureau.session, bureau.handler, id_, reason, (), TODAY)


@pytest.mark.parametrize("role", [Role.PI, Role.UNIT_MANAGER])
def test_the_unit_answers_with_proof_and_a_handler_verifies(
    bureau: Bureau, rectification: int, role: Role
) -> None:
    answering(bureau, rectification, role)()
    row = measure(bureau, rectification)
    assert (row.state, row.answer, row.answered_on) == (MeasureState.ANSWERED, ANSWER, TODAY)
    assert waiting(bureau, TurnKind.MEASURE, rectification) == {Role.HANDLER}
    names = [one.name for one in attachments_of(bureau.session, row.project_id, "measure", row.id)]
    assert names == ["整改报告.pdf"]
    verifying(bureau, rectification)()
    row = measure(bureau, rectification)
    assert (row.state, row.settled_on) == (MeasureState.SETTLED, TODAY)
    assert waiting(bureau, TurnKind.MEASURE, rectification) == set()


def test_another_unit_answers_nothing(bureau: Bureau, rectification: int) -> None:
    pi = bureau.actor(Role.PI)
    refused(bureau, answering(bureau, rectification, replace(pi, email="other@keguan.test")), NotFound)
    other = replace(pi, email="x@keguan.test", roles=frozenset({Role.PI, Role.HANDLER}))
    refused(bureau, answering(bureau, rectification, other), NotTheirs)
    refused(bureau, answering(bureau, rectification, Role.JOINT_UNIT), NotPermitted)
    refused(bureau, answering(bureau, rectification, bureau.people.b[Role.PI].actor), NotFound)


def test_an_answer_says_enough_and_has_its_proof(bureau: Bureau, rectification: int) -> None:
    refusal = refused(bureau, answering(bureau, rectification, text="已改"), InvalidInput)
    assert set(refusal.errors) == {"text"}
    bare = lambda: answer(bureau.session, bureau.actor(Role.PI), rectification, ANSWER, (), TODAY)  # noqa: E731
    assert set(refused(bureau, bare, InvalidInput).errors) == {"files"}


def test_no_step_is_taken_twice_or_before_its_turn(bureau: Bureau, rectification: int) -> None:
    refused(bureau, verifying(bureau, rectification), IllegalTransition)
    answering(bureau, rectification)()
    refused(bureau, answering(bureau, rectification), IllegalTransition)
    verifying(bureau, rectification)()
    refused(bureau, verifying(bureau, rectification), IllegalTransition)
    refused(bureau, answering(bureau, rectification), IllegalTransition)


def test_whoever_answered_does_not_verify(bureau: Bureau, rectification: int) -> None:
    both = replace(bureau.actor(Role.PI), roles=frozenset({Role.PI, Role.HANDLER}))
    answering(bureau, rectification, both)()
    refused(bureau, verifying(bureau, rectification, both), SamePerson)


def test_sent_back_it_is_the_units_turn_again(bureau: Bureau, rectification: int) -> None:
    answering(bureau, rectification)()
    empty = lambda: send_back(bureau.session, bureau.handler, rectification, "", TODAY)  # noqa: E731
    refused(bureau, empty, InvalidInput)
    send_back(bureau.session, bureau.handler, rectification, NOTE, TODAY)
    row = measure(bureau, rectification)
    assert (row.state, row.note) == (MeasureState.ORDERED, NOTE)
    assert waiting(bureau, TurnKind.MEASURE, rectification) == {Role.PI, Role.UNIT_MANAGER}
    answering(bureau, rectification)()


def test_more_time_is_given_by_an_approver_with_a_reason_and_the_old_day_is_kept(
    bureau: Bureau, rectification: int
) -> None:
    later = DUE + timedelta(days=10)

    def extending(actor: Actor, due: Any = later, reason: str = "设备返厂检修，需延长十日。") -> Act:
        return lambda: extend(bureau.session, actor, rectification, due, reason, TODAY)

    refused(bureau, extending(bureau.handler), NotPermitted)
    assert set(refused(bureau, extending(bureau.approver, DUE), InvalidInput).errors) == {"due"}
    assert set(refused(bureau, extending(bureau.approver, reason=""), InvalidInput).errors) == {"reason"}
    extending(bureau.approver)()
    assert measure(bureau, rectification).due == later
    entry = bureau.session.scalars(select(AuditEntry).order_by(AuditEntry.serial.desc())).first()
    assert entry
    assert entry.details["changes"] == [{"field": "整改期限", "old": str(DUE), "new": str(later)}]
    (duty,) = bureau.session.scalars(select(KeptDuty).where(KeptDuty.rule == "spb-31-rectification"))
    assert duty.due == later
    answering(bureau, rectification)()
    refused(bureau, extending(bureau.approver, later + timedelta(days=9)), IllegalTransition)


def test_lifting_is_put_forward_with_a_reason_and_decided_by_somebody_else(bureau: Bureau, hold: int) -> None:
    refused(bureau, lifting(bureau, hold, ""), InvalidInput)
    refused(bureau, lambda: lift(bureau.session, bureau.approver, hold, TODAY), IllegalTransition)
    both = bureau.everywhere(Role.HANDLER)
    propose_lifting(bureau.session, both, hold, WHY, (), TODAY)
    assert waiting(bureau, TurnKind.MEASURE, hold) == {Role.APPROVER}
    refused(bureau, lambda: lift(bureau.session, both, hold, TODAY), SamePerson)
    refused(bureau, lambda: lift(bureau.session, bureau.finance, hold, TODAY), NotPermitted)
    lift(bureau.session, bureau.approver, hold, TODAY)
    row = measure(bureau, hold)
    assert (row.settled_on, row.note) == (TODAY, WHY)
    refused(bureau, lifting(bureau, hold), IllegalTransition)


def test_a_hold_that_is_kept_goes_on_and_may_be_put_forward_again(bureau: Bureau, hold: int) -> None:
    lifting(bureau, hold)()
    refused(bureau, lambda: keep(bureau.session, bureau.approver, hold, " ", TODAY), InvalidInput)
    keep(bureau.session, bureau.approver, hold, NOTE, TODAY)
    assert measure(bureau, hold).state is MeasureState.ORDERED
    lifting(bureau, hold)()


def test_lifting_a_hold_frees_the_money_that_it_kept(bureau: Bureau) -> None:
    for number, fields in (("沙-1", {}), ("企-1", ea_fields())):
        project_id = bureau.project(number, **fields)
        tranche_id = bureau.tranches(project_id)[0]
        (hold,) = ordered(bureau, project_id, Outcome.HOLD)
        paying = lambda id_=tranche_id: propose(bureau.session, bureau.handler, id_, TODAY, {})  # noqa: E731
        refused(bureau, paying, VerdictRefused)
        lifting(bureau, hold)()
        refused(bureau, paying, VerdictRefused)
        lift(bureau.session, bureau.approver, hold, TODAY)
        assert paying()


def test_what_is_one_kind_is_not_settled_as_the_other(bureau: Bureau, rectification: int) -> None:
    (hold,) = ordered(bureau, bureau.project("沙-2"), Outcome.HOLD)
    refused(bureau, lifting(bureau, rectification), Obstructed)
    refused(bureau, answering(bureau, hold), Obstructed)
    refused(bureau, verifying(bureau, hold), Obstructed)


def test_a_rectification_is_owed_and_reminded_of_unless_it_waits_to_be_verified(
    bureau: Bureau, rectification: int
) -> None:
    rule, system = "spb-31-rectification", Actor.system(bureau.people.agency_a)

    def told(days: int) -> list[str]:
        return [one.step for one in remind(bureau.session, system, DUE + timedelta(days)) if one.rule == rule]

    assert told(-7) == ["T-7"]
    assert told(1)
    duty = bureau.session.scalars(select(KeptDuty).where(KeptDuty.rule == rule)).one()
    assert (duty.due, duty.owner, duty.done_on) == (DUE, Role.UNIT_MANAGER, None)
    answering(bureau, rectification)()
    assert told(8) == []  # it is the handler's turn now
    send_back(bureau.session, bureau.handler, rectification, NOTE, TODAY)
    assert told(9) == ["T+7"]
    answering(bureau, rectification)()
    verifying(bureau, rectification)()
    assert told(15) == []
    bureau.session.rollback()
    assert bureau.session.scalars(select(KeptDuty).where(KeptDuty.rule == rule)).one().done_on == TODAY


def test_two_approvers_at_once_agree_once(engine: Engine, bureau: Bureau) -> None:
    inspection_id = recorded(bureau, bureau.project(), Outcome.HOLD)
    other = replace(bureau.finance, roles=frozenset({Role.APPROVER}))
    people = [bureau.approver, other]
    assert_one_won(together(engine, lambda one, place: agree(one, people[place % 2], inspection_id, TODAY)))
    (project_id,) = {one.project_id for one in [measure(bureau, 1)]}
    assert len(bureau.record(project_id).measures) == 1


def test_unit_and_pi_at_once_answer_once(engine: Engine, bureau: Bureau, rectification: int) -> None:
    people = [bureau.actor(Role.PI), bureau.actor(Role.UNIT_MANAGER)]
    press = lambda one, place: answer(one, people[place % 2], rectification, ANSWER, PROOF, TODAY)  # noqa: E731
    assert_one_won(together(engine, press))
