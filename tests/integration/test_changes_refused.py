"""Every short cut on the way of a change is refused with its article or what to do, and nothing is saved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lifecycle.changes.applying import confirm, consent, withdraw
from lifecycle.changes.deciding import (
    approve,
    propose,
    record_conference,
    record_filing,
    record_own_filing,
    refuse,
    reject,
    return_,
)
from lifecycle.changes.drafting import Draft, carry_over, draft
from lifecycle.models import ChangeRequest, ChangeState, Project
from lifecycle.record import ChangeKind
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
from lifecycle.roles import Role
from tests.integration.changing import (
    MAJOR,
    MINUTES,
    NEW_END,
    NUMBER,
    OPINION,
    REASON,
    Office,
    an_office,
    refused,
)
from tests.integration.paying import TODAY, WAN, ea_fields

SPB_28 = "沙科局发〔2023〕41号 第二十八条"
Act = Callable[[], Any]


@pytest.fixture
def office(session: Session) -> Office:
    return an_office(session)


def at(office: Office, state: ChangeState) -> int:
    """Return a request of a joint major project at a state of its way."""
    number = office.project(programme=MAJOR, district=20 * WAN)
    request_id = office.draft(number, end=NEW_END)
    for step in (
        office.send,
        office.confirm,
        office.consent,
        office.propose,
        office.conference,
        office.approve,
    ):
        if office.state(request_id) is state:
            return request_id
        step(request_id)
    return request_id


def acts(office: Office, request_id: int) -> dict[str, Act]:
    """Return every step of the bureau's way, ready to be taken out of turn."""
    one, today = office.session, TODAY
    unit, joint, handler = (office.actor(role) for role in (Role.UNIT_MANAGER, Role.JOINT_UNIT, Role.HANDLER))
    approver = office.actor(Role.APPROVER)
    revision = office.revision(request_id)
    return {
        "confirm": lambda: confirm(one, unit, request_id, revision, today),
        "consent": lambda: consent(one, joint, request_id, today),
        "propose": lambda: propose(one, handler, request_id, OPINION, {}, today),
        "conference": lambda: record_conference(one, handler, request_id, today, "", MINUTES, today),
        "approve": lambda: approve(one, approver, request_id, NUMBER, today),
    }


STEPS = ["confirm", "consent", "propose", "conference", "approve"]
WAY = [
    ChangeState.WITH_UNIT,
    ChangeState.WITH_JOINT_UNIT,
    ChangeState.WITH_BUREAU,
    ChangeState.WITH_CONFERENCE,
    ChangeState.WITH_APPROVER,
]


@pytest.mark.parametrize("place", range(4))
def test_a_later_step_never_comes_before_an_earlier_one(office: Office, place: int) -> None:
    request_id = at(office, WAY[place])
    ways = acts(office, request_id)
    for name in STEPS[place + 1 :]:
        refusal = refused(office, ways[name], Obstructed, "应先办理")
        if 1 in range(place, STEPS.index(name)):
            assert SPB_28 in refusal.message


@pytest.mark.parametrize("place", range(1, 5))
def test_no_step_is_taken_twice(office: Office, place: int) -> None:
    request_id = at(office, WAY[place])
    ways = acts(office, request_id)
    for name in STEPS[:place]:
        refused(office, ways[name], IllegalTransition)


def test_nothing_happens_any_more_to_what_is_decided(office: Office) -> None:
    request_id = at(office, ChangeState.DONE)
    for act in acts(office, request_id).values():
        refused(office, act, IllegalTransition)
    one = office.session
    handler, approver, pi = (office.actor(role) for role in (Role.HANDLER, Role.APPROVER, Role.PI))
    refused(office, lambda: return_(one, handler, request_id, "退回。", TODAY), IllegalTransition)
    refused(office, lambda: reject(one, handler, request_id, "不准。", TODAY), IllegalTransition)
    refused(office, lambda: refuse(one, approver, request_id, "不准。", TODAY), IllegalTransition)
    refused(office, lambda: withdraw(one, pi, request_id, "", TODAY), IllegalTransition)
    refused(office, lambda: carry_over(one, pi, request_id, TODAY), IllegalTransition)


def test_a_step_the_way_does_not_have_is_refused(office: Office) -> None:
    number = office.project(joint_unit=None)
    request_id = office.draft(number)
    office.send(request_id)
    handler = office.actor(Role.HANDLER)
    act = lambda: record_conference(office.session, handler, request_id, TODAY, "", MINUTES, TODAY)  # noqa: E731
    refused(office, act, Obstructed, "不经过")
    refused(office, lambda: record_filing(office.session, handler, request_id, TODAY, TODAY), Obstructed)


def test_everybody_acts_only_as_what_she_is_in_this_project(office: Office) -> None:
    number = office.project(lead_unit="别的单位", pi_email="someone@else.test")
    joint_unit = replace(office.actor(Role.JOINT_UNIT))
    lead = replace(joint_unit, roles=frozenset({Role.JOINT_UNIT, Role.UNIT_MANAGER, Role.PI}))
    new = Draft(replace(office.terms(number), end=NEW_END), REASON)
    refused(office, lambda: draft(office.session, lead, number, ChangeKind.EXTENSION, new, TODAY), NotTheirs)
    refused(
        office,
        lambda: draft(office.session, joint_unit, number, ChangeKind.EXTENSION, new, TODAY),
        NotPermitted,
    )
    stranger = office.other(Role.PI)
    refused(
        office, lambda: draft(office.session, stranger, number, ChangeKind.EXTENSION, new, TODAY), NotFound
    )


def test_another_agency_sees_no_request(office: Office) -> None:
    request_id = at(office, ChangeState.WITH_BUREAU)
    stranger = office.other(Role.HANDLER)
    refused(office, lambda: propose(office.session, stranger, request_id, OPINION, {}, TODAY), NotFound)


def test_nobody_approves_what_she_had_a_hand_in(office: Office) -> None:
    request_id = at(office, ChangeState.WITH_APPROVER)
    roles = frozenset({Role.HANDLER, Role.APPROVER})
    handler = replace(office.actor(Role.HANDLER), roles=roles)
    refused(office, lambda: approve(office.session, handler, request_id, NUMBER, TODAY), SamePerson)
    refused(office, lambda: refuse(office.session, handler, request_id, "不准。", TODAY), SamePerson)


def test_who_recorded_the_conference_does_not_approve(office: Office) -> None:
    request_id = at(office, ChangeState.WITH_CONFERENCE)
    both = replace(office.actor(Role.APPROVER), roles=frozenset({Role.HANDLER, Role.APPROVER}))
    record_conference(office.session, both, request_id, TODAY, "", MINUTES, TODAY)
    refused(office, lambda: approve(office.session, both, request_id, NUMBER, TODAY), SamePerson)


@pytest.mark.parametrize("days", [-1, 1])
def test_a_conference_is_neither_before_the_application_nor_in_the_future(office: Office, days: int) -> None:
    request_id = at(office, ChangeState.WITH_CONFERENCE)
    day = TODAY + timedelta(days=days)
    refused(office, lambda: office.conference(request_id, day), InvalidInput, "会议日期")


def test_a_conference_has_minutes(office: Office) -> None:
    request_id = at(office, ChangeState.WITH_CONFERENCE)
    handler = office.actor(Role.HANDLER)
    act = lambda: record_conference(office.session, handler, request_id, TODAY, "", (), TODAY)  # noqa: E731
    refused(office, act, InvalidInput, "会议纪要")


def test_a_filing_is_neither_before_the_approval_nor_the_bureaus_own_a_units(office: Office) -> None:
    number = office.project(**ea_fields())
    request_id = office.draft(number, end=date(2028, 12, 31))
    office.send(request_id)
    office.confirm(request_id)
    office.propose(request_id)
    office.approve(request_id)
    handler, unit = office.actor(Role.HANDLER), office.actor(Role.UNIT_MANAGER)
    early = TODAY - timedelta(days=1)
    one = office.session
    refused(office, lambda: record_filing(one, handler, request_id, early, TODAY), InvalidInput, "备案日期")
    refused(office, lambda: record_own_filing(one, unit, request_id, TODAY, TODAY), Obstructed, "第十七条")


def test_a_joint_unit_that_came_late_is_still_asked(office: Office) -> None:
    number = office.project(joint_unit=None)
    request_id = office.draft(number)
    office.send(request_id)
    office.confirm(request_id)
    office.propose(request_id)
    changed = update(Project).where(Project.number == number).values(joint_unit="沙坪坝区人民医院")
    office.session.execute(changed)
    office.session.commit()
    refusal = refused(office, lambda: office.approve(request_id), VerdictRefused)
    assert isinstance(refusal, VerdictRefused)
    assert "spb-28-joint-consent" in {line.rule.id for line in refusal.verdict.refusals}


def test_only_its_drafter_and_the_unit_take_a_request_back(office: Office) -> None:
    number = office.project()
    request_id = office.draft(number, by=Role.UNIT_MANAGER)
    refused(office, lambda: withdraw(office.session, office.actor(Role.PI), request_id, "", TODAY), NotTheirs)
    withdraw(office.session, office.actor(Role.UNIT_MANAGER), request_id, "", TODAY)
    office.session.rollback()
    assert office.session.scalars(select(ChangeRequest.state)).one() is ChangeState.WITHDRAWN
