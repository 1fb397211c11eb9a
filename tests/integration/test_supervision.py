"""Inspections: who may do what with them, what is refused, and that what is agreed takes effect at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.issuing import issue_batch
from finance.proposing import approve, propose
from finance.refusals import LinesRefused
from lifecycle.escalation import escalate
from lifecycle.models import Acceptance, AuditEntry, Clearing, InspectionState, Outcome, Project, TurnKind
from lifecycle.record import Conclusion, MeasureKind
from lifecycle.refusals import (
    IllegalTransition,
    InvalidInput,
    NotFound,
    NotPermitted,
    Obstructed,
    SamePerson,
    VerdictRefused,
)
from lifecycle.roles import Role
from lifecycle.stages import Stage
from lifecycle.supervision import agree, amend_inspection, record_inspection, send_back, share_result
from tests.integration.overseeing import (
    DRAFT,
    DUE,
    PROOF,
    draft,
    inspection,
    kinds,
    measure,
    number_of,
    ordered,
    recorded,
    waiting,
)
from tests.integration.paying import TODAY, Bureau, a_bureau, approve_one, drafted, refused
from tests.integration.paying import sheet as a_sheet

SPB_31 = "沙科局发〔2023〕41号 第三十一条"


@pytest.fixture
def bureau(session: Session) -> Bureau:
    return a_bureau(session)


def _agreeing(bureau: Bureau, inspection_id: int, role: Role = Role.APPROVER) -> Callable[[], Any]:
    return lambda: agree(bureau.session, bureau.actor(role), inspection_id, TODAY)


def _recording(bureau: Bureau, project_id: int, **more: Any) -> Callable[[], Any]:
    number, written = number_of(bureau, project_id), replace(DRAFT, **more)
    return lambda: record_inspection(bureau.session, bureau.handler, number, written, (), TODAY)


def test_what_finds_nothing_is_settled_at_once(bureau: Bureau) -> None:
    row = inspection(bureau, recorded(bureau, bureau.project(), Outcome.NOTHING))
    assert (row.state, row.decided_on) == (InspectionState.DECIDED, TODAY)
    assert waiting(bureau, TurnKind.INSPECTION, row.id) == set()


def test_what_finds_something_waits_for_an_approver_and_orders_nothing_yet(bureau: Bureau) -> None:
    project_id = bureau.project()
    row = inspection(bureau, recorded(bureau, project_id))
    assert row.state is InspectionState.PROPOSED
    assert waiting(bureau, TurnKind.INSPECTION, row.id) == {Role.APPROVER}
    assert bureau.record(project_id).measures == ()


def test_agreed_it_orders_what_it_wants_on_the_same_day_with_its_article(bureau: Bureau) -> None:
    project_id = bureau.project()
    (measure_id,) = ordered(bureau, project_id)
    (one,) = bureau.record(project_id).measures
    assert (one.kind, one.ordered_on, one.due) == (MeasureKind.RECTIFICATION, TODAY, DUE)
    assert waiting(bureau, TurnKind.MEASURE, measure_id) == {Role.PI, Role.UNIT_MANAGER}
    entry = bureau.session.scalars(select(AuditEntry).order_by(AuditEntry.serial.desc())).first()
    assert entry
    assert (entry.action, entry.citation) == ("inspection.agree", SPB_31)


def test_one_inspection_may_order_both(bureau: Bureau) -> None:
    project_id = bureau.project()
    ordered(bureau, project_id, Outcome.HOLD, due=DUE)
    assert kinds(bureau, project_id) == [MeasureKind.RECTIFICATION, MeasureKind.HOLD]


def test_a_hold_keeps_money_from_being_proposed_approved_and_issued(bureau: Bureau) -> None:
    first, second, third = (bureau.project(number) for number in ("沙-1", "沙-2", "沙-3"))
    (new,), (proposed,), (approved,) = (bureau.tranches(one) for one in (first, second, third))
    propose(bureau.session, bureau.handler, proposed, TODAY, {})
    batch_id = drafted(bureau, approve_one(bureau, approved))
    for one in (first, second, third):
        ordered(bureau, one, Outcome.HOLD)

    verdict = refused(bureau, lambda: propose(bureau.session, bureau.handler, new, TODAY, {}), VerdictRefused)
    assert [line.rule.id for line in verdict.verdict.refusals] == ["spb-31-no-hold"]
    refused(bureau, lambda: approve(bureau.session, bureau.approver, proposed, TODAY), VerdictRefused)
    refused(
        bureau, lambda: issue_batch(bureau.session, bureau.finance, batch_id, TODAY, a_sheet), LinesRefused
    )


@pytest.mark.parametrize("fault", [True, False])
def test_a_termination_concludes_the_project_and_opens_what_follows(bureau: Bureau, fault: bool) -> None:
    project_id = bureau.project()
    (rectification,) = ordered(bureau, project_id)
    inspection_id = recorded(bureau, project_id, Outcome.TERMINATE, own_fault=fault)
    followed = agree(bureau.session, bureau.approver, inspection_id, TODAY).followed
    acceptance = bureau.record(project_id).acceptance
    assert acceptance
    assert (acceptance.conclusion, acceptance.concluded_on) == (Conclusion.TERMINATED, TODAY)
    assert acceptance.own_fault is fault
    assert bool(followed) is fault
    stage = bureau.session.get_one(Project, project_id).stage
    assert stage is (Stage.CLEARING if fault else Stage.TERMINATED)
    assert bool(bureau.session.scalar(select(Clearing))) is fault
    assert measure(bureau, rectification).settled_on == TODAY
    assert waiting(bureau, TurnKind.MEASURE, rectification) == set()


def test_terminated_twice_is_refused_before_and_after_it_is_agreed(bureau: Bureau) -> None:
    project_id = bureau.project()
    rectify, first = recorded(bureau, project_id), recorded(bureau, project_id, Outcome.TERMINATE)
    refused(bureau, _recording(bureau, project_id, outcome=Outcome.TERMINATE, due=None), Obstructed)
    agree(bureau.session, bureau.approver, first, TODAY)
    refused(bureau, _agreeing(bureau, first), IllegalTransition)
    refused(bureau, _agreeing(bureau, rectify), IllegalTransition)
    refused(bureau, _recording(bureau, project_id, outcome=Outcome.TERMINATE, due=None), IllegalTransition)


def test_a_project_that_is_not_signed_cannot_be_terminated(bureau: Bureau) -> None:
    project_id = bureau.project(signed_on=None, signatories=())
    refused(bureau, _recording(bureau, project_id, outcome=Outcome.TERMINATE, due=None), IllegalTransition)


def test_a_self_established_project_is_neither_held_nor_terminated(bureau: Bureau) -> None:
    project_id = bureau.project(self_established=True, district=0, tranches=())
    for outcome in (Outcome.HOLD, Outcome.TERMINATE):
        refused(bureau, _recording(bureau, project_id, outcome=outcome, due=None), Obstructed)


def test_whoever_recorded_it_neither_agrees_nor_sends_it_back(bureau: Bureau) -> None:
    project_id = bureau.project()
    both, number = bureau.everywhere(Role.HANDLER), number_of(bureau, project_id)
    own = record_inspection(bureau.session, both, number, DRAFT, (), TODAY)
    refused(bureau, lambda: agree(bureau.session, both, own, TODAY), SamePerson)
    refused(bureau, lambda: send_back(bureau.session, both, own, "请补充。", TODAY), SamePerson)


def test_only_approvers_decide_and_only_handlers_record(bureau: Bureau) -> None:
    project_id = bureau.project()
    number, inspection_id = number_of(bureau, project_id), recorded(bureau, project_id)
    for role in set(Role) - {Role.APPROVER}:
        refused(bureau, _agreeing(bureau, inspection_id, role), NotPermitted)
    for role in set(Role) - {Role.HANDLER}:
        who = bureau.actor(role)
        refused(
            bureau,
            lambda who=who: record_inspection(bureau.session, who, number, DRAFT, (), TODAY),  # type: ignore[misc]
            NotPermitted,
        )


def test_another_bureau_finds_nothing(bureau: Bureau) -> None:
    inspection_id = recorded(bureau, bureau.project())
    stranger = bureau.people.b[Role.APPROVER].actor
    refused(bureau, lambda: agree(bureau.session, stranger, inspection_id, TODAY), NotFound)


def test_sent_back_it_is_amended_and_put_forward_again(bureau: Bureau) -> None:
    project_id = bureau.project()
    inspection_id = recorded(bureau, project_id)
    send_back(bureau.session, bureau.approver, inspection_id, "请补充设备清单。", TODAY)
    row = inspection(bureau, inspection_id)
    assert (row.state, row.note) == (InspectionState.RECORDED, "请补充设备清单。")
    assert waiting(bureau, TurnKind.INSPECTION, inspection_id) == {Role.HANDLER}
    refused(bureau, _agreeing(bureau, inspection_id), IllegalTransition)
    amended = draft(Outcome.RECTIFY, summary="补充设备清单后重新提出。")
    amend_inspection(bureau.session, bureau.handler, inspection_id, amended, (), TODAY)
    assert agree(bureau.session, bureau.approver, inspection_id, TODAY).measures
    again = lambda: amend_inspection(  # noqa: E731
        bureau.session, bureau.handler, inspection_id, amended, (), TODAY
    )
    refused(bureau, again, IllegalTransition)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"organiser": " "}, "organiser"),
        ({"inspectors": ""}, "inspectors"),
        ({"summary": "字" * 2001}, "summary"),
        ({"findings": ()}, "findings"),
        ({"outcome": Outcome.NOTHING, "due": None}, "findings"),
        ({"due": None}, "due"),
        ({"due": TODAY}, "due"),
        ({"outcome": Outcome.TERMINATE}, "due"),
        ({"inspected_on": TODAY + timedelta(days=1)}, "inspected_on"),
        ({"own_fault": True}, "own_fault"),
        ({"recognised": True}, "files"),
    ],
)
def test_what_is_incomplete_is_said_at_its_field(bureau: Bureau, wrong: dict[str, Any], field: str) -> None:
    refusal = refused(bureau, _recording(bureau, bureau.project(), **wrong), InvalidInput)
    assert set(refusal.errors) == {field}


def test_another_departments_result_is_taken_over_with_its_paper(bureau: Bureau) -> None:
    number = number_of(bureau, bureau.project())
    taken = replace(DRAFT, recognised=True)
    assert record_inspection(bureau.session, bureau.handler, number, taken, PROOF, TODAY)


def test_agreeing_after_the_deadline_is_refused(bureau: Bureau) -> None:
    inspection_id = recorded(bureau, bureau.project())
    refused(bureau, lambda: agree(bureau.session, bureau.approver, inspection_id, DUE), Obstructed)


def test_to_whom_a_result_was_made_known_is_recorded_once_decided(bureau: Bureau) -> None:
    project_id = bureau.project()
    inspection_id = recorded(bureau, project_id)

    def sharing(departments: str) -> Callable[[], Any]:
        return lambda: share_result(bureau.session, bureau.handler, inspection_id, departments, TODAY)

    refused(bureau, sharing("区财政局"), Obstructed)
    agree(bureau.session, bureau.approver, inspection_id, TODAY)
    sharing("区财政局，区审计局")()
    refused(bureau, sharing("区财政局"), InvalidInput)
    sharing("区财政局、区卫生健康委")()
    assert inspection(bureau, inspection_id).shared_with == "区财政局、区审计局、区卫生健康委"


def _late(bureau: Bureau) -> tuple[int, int]:
    project_id = bureau.project()
    return project_id, ordered(bureau, project_id)[0]


def test_an_overdue_rectification_leads_to_a_proposal_with_one_press(bureau: Bureau) -> None:
    project_id, measure_id = _late(bureau)
    late = DUE + timedelta(days=1)

    def pressing(outcome: Outcome, day: date) -> Callable[[], Any]:
        return lambda: escalate(bureau.session, bureau.handler, measure_id, outcome, day)

    refused(bureau, pressing(Outcome.HOLD, DUE), Obstructed)
    refused(bureau, pressing(Outcome.NOTHING, late), InvalidInput)
    held = pressing(Outcome.HOLD, late)()
    refused(bureau, pressing(Outcome.HOLD, late), Obstructed)
    agree(bureau.session, bureau.approver, held, late)
    ended = escalate(bureau.session, bureau.handler, measure_id, Outcome.TERMINATE, late, own_fault=True)
    agree(bureau.session, bureau.approver, ended, late)
    acceptance = bureau.record(project_id).acceptance
    assert acceptance
    assert acceptance.own_fault


def test_a_hold_is_no_rectification_to_escalate(bureau: Bureau) -> None:
    (hold,) = ordered(bureau, bureau.project(), Outcome.HOLD)
    late = DUE + timedelta(days=1)
    pressing = lambda: escalate(bureau.session, bureau.handler, hold, Outcome.HOLD, late)  # noqa: E731
    refused(bureau, pressing, Obstructed)


def test_the_acceptance_of_a_project_stays_one_row(bureau: Bureau) -> None:
    project_id = bureau.project()
    bureau.session.add(
        Acceptance(
            project_id=project_id,
            applied_on=TODAY,
            joint_unit_took_part=True,
            own_fault=False,
            to_return_fen=0,
            returned_fen=0,
        )
    )
    bureau.session.commit()
    agree(bureau.session, bureau.approver, recorded(bureau, project_id, Outcome.TERMINATE), TODAY)
    acceptance = bureau.record(project_id).acceptance
    assert acceptance
    assert (acceptance.applied_on, acceptance.joint_unit_took_part) == (TODAY, True)


def test_what_waited_for_a_decision_is_closed_with_the_project_and_orders_nothing(bureau: Bureau) -> None:
    project_id = bureau.project()
    waited, returned = recorded(bureau, project_id), recorded(bureau, project_id, Outcome.HOLD)
    send_back(bureau.session, bureau.approver, returned, "请补充。", TODAY)
    agree(bureau.session, bureau.approver, recorded(bureau, project_id, Outcome.TERMINATE), TODAY)
    for id_ in (waited, returned):
        row = inspection(bureau, id_)
        assert (row.state, row.decided_on) == (InspectionState.DECIDED, TODAY)
        assert row.note == "项目已作出“终止”的结论，不再另行处理"
        assert waiting(bureau, TurnKind.INSPECTION, id_) == set()
    assert bureau.record(project_id).measures == ()
