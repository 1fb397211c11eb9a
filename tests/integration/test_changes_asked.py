"""What is asked of a change before it goes on: kinds, terms, reasons, the stage of its project."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from lifecycle import models
from lifecycle.changes.applying import send
from lifecycle.changes.drafting import Draft, draft, save
from lifecycle.record import Acceptance, BudgetLine, BudgetUse, ChangeKind, Conclusion, Source, UnitType
from lifecycle.refusals import (
    InvalidInput,
    Obstructed,
    OutOfDate,
    ReasonNeeded,
    VerdictRefused,
)
from lifecycle.roles import Role
from lifecycle.stages import TrancheState
from lifecycle.terms import TrancheTerm
from tests.integration.changing import (
    NEW_END,
    REASON,
    Office,
    an_office,
    refused,
)
from tests.integration.paying import TODAY, WAN, ea_fields

SPB_28 = "沙科局发〔2023〕41号 第二十八条"


@pytest.fixture
def office(session: Session) -> Office:
    return an_office(session)


@pytest.mark.parametrize("kind", [ChangeKind.UNIT, ChangeKind.PI, ChangeKind.EXTENSION])
def test_ea_lets_no_unit_settle_a_big_change(office: Office, kind: ChangeKind) -> None:
    number = office.project(**ea_fields())
    act = lambda: office.draft(number, kind, self_decided=True)  # noqa: E731
    refused(office, act, Obstructed, "渝科局发〔2024〕92号 第十七条")


def test_only_some_kinds_are_the_units_own(office: Office) -> None:
    number = office.project()
    act = lambda: office.draft(number, ChangeKind.EXTENSION, self_decided=True)  # noqa: E731
    refused(office, act, Obstructed, SPB_28)


def test_a_budget_that_leaves_its_sources_goes_to_the_bureau(office: Office) -> None:
    number = office.project()
    request_id = office.draft(number, ChangeKind.BUDGET, by=Role.UNIT_MANAGER, self_decided=True, own=9 * WAN)
    refused(office, lambda: office.confirm(request_id), Obstructed, "本局工作要求")


def test_a_kind_touches_only_its_own_terms(office: Office) -> None:
    number = office.project()
    act = lambda: office.draft(number, ChangeKind.TITLE, title="新的", end=NEW_END)  # noqa: E731
    refused(office, act, InvalidInput)


@pytest.mark.parametrize(
    ("kind", "terms"),
    [
        (ChangeKind.EXTENSION, {"end": date(2027, 6, 30)}),
        (ChangeKind.TITLE, {"title": "山区智能灌溉关键技术研究"}),
        (ChangeKind.TITLE, {"title": ""}),
        (ChangeKind.PI, {"pi_name": "王工", "pi_email": None}),
        (ChangeKind.UNIT, {"lead_unit": "新单位", "bank_account": None}),
    ],
)
def test_what_makes_no_sense_is_not_sent(office: Office, kind: ChangeKind, terms: dict[str, Any]) -> None:
    request_id = office.draft(office.project(), kind, **terms)
    refused(office, lambda: office.send(request_id), InvalidInput)


def test_a_request_needs_a_reason_and_other_changes_a_content(office: Office) -> None:
    number = office.project()
    pi, terms = office.actor(Role.PI), office.terms(number)
    one = draft(
        office.session, pi, number, ChangeKind.EXTENSION, Draft(replace(terms, end=NEW_END), "短"), TODAY
    )
    refused(office, lambda: office.send(one), InvalidInput, "变更理由")
    other = draft(office.session, pi, number, ChangeKind.OTHER, Draft(terms, REASON), TODAY)
    refused(office, lambda: office.send(other), InvalidInput, "变更的内容")


def test_only_one_of_a_kind_is_on_its_way(office: Office) -> None:
    number = office.project()
    office.draft(number)
    refused(office, lambda: office.draft(number), Obstructed, "第 1 号")


def test_what_rests_on_an_older_version_is_not_decided(office: Office) -> None:
    number = office.project()
    request_id = office.draft(number, ChangeKind.TITLE)
    office.send(request_id)
    office.confirm(request_id)
    office.consent(request_id)
    office.approved(number, end=NEW_END)
    refused(office, lambda: office.propose(request_id), Obstructed, "请先退回申请人")


def test_who_saves_an_older_state_is_told(office: Office) -> None:
    number = office.project()
    request_id = office.draft(number)
    pi, wanted = office.actor(Role.PI), Draft(office.terms(number), REASON)
    save(office.session, pi, request_id, 1, wanted)
    refused(office, lambda: save(office.session, pi, request_id, 1, wanted), OutOfDate)
    refused(office, lambda: send(office.session, pi, request_id, 1, TODAY), OutOfDate)


def test_a_limit_of_the_programme_holds_for_the_new_terms_too(office: Office) -> None:
    terms = {
        "district": 11 * WAN,
        "own": 0,
        "budget": (BudgetLine(Source.DISTRICT, BudgetUse.LABOUR, 11 * WAN),),
        "tranches": (TrancheTerm(1, Source.DISTRICT, 11 * WAN, TODAY, ""),),
    }
    request_id = office.draft(office.project(), ChangeKind.BUDGET, **terms)
    refusal = refused(office, lambda: office.send(request_id), VerdictRefused)
    assert isinstance(refusal, VerdictRefused)
    assert "spb-4-amount" in {line.rule.id for line in refusal.verdict.refusals}


def test_what_was_wrong_before_does_not_hold_up_a_change_of_something_else(office: Office) -> None:
    number = office.project(district=20 * WAN)
    office.approved(number, ChangeKind.TITLE)
    assert office.record(number).title.endswith("（调整）")


def test_shanxi_wants_a_written_reason(office: Office) -> None:
    number = office.project(
        programme="山西省科技合作交流专项（2024）",
        lead_place="山西省",
        lead_unit_type=UnitType.UNIVERSITY,
        provincial=20 * WAN,
        district=0,
        own=20 * WAN,
        joint_unit=None,
        tranches=(),
    )
    request_id = office.draft(number, ChangeKind.PI)
    office.send(request_id)
    office.confirm(request_id)
    refused(office, lambda: office.propose(request_id), ReasonNeeded)
    refused(office, lambda: office.propose(request_id, reasons={"sx-2-frozen": "同意"}), InvalidInput)


@pytest.mark.parametrize(
    ("acceptance", "signed_on", "says"),
    [
        (None, None, "还没有签订"),
        ({"applied_on": date(2026, 2, 1)}, date(2026, 1, 15), "已申请验收"),
        (
            {"conclusion": Conclusion.PASSED, "concluded_on": date(2026, 2, 1)},
            date(2026, 1, 15),
            "已结题",
        ),
    ],
)
def test_nothing_is_changed_before_signing_or_after_acceptance_has_begun(
    office: Office, acceptance: dict[str, Any] | None, signed_on: date | None, says: str
) -> None:
    blank: dict[str, Any] = dict.fromkeys(Acceptance.__dataclass_fields__)
    counts = {"joint_unit_took_part": False, "own_fault": False, "to_return": 0, "returned": 0}
    row = Acceptance(**(blank | counts | acceptance)) if acceptance else None
    number = office.project(signed_on=signed_on, acceptance=row)
    refused(office, lambda: office.draft(number), Obstructed, says)


def test_a_request_on_its_way_waits_for_nothing_once_acceptance_has_begun(office: Office) -> None:
    request_id = office.draft(office.project(joint_unit=None))
    office.confirm(request_id)
    project_id = office.request(request_id).project_id
    office.session.add(
        models.Acceptance(
            project_id=project_id,
            applied_on=TODAY,
            joint_unit_took_part=False,
            own_fault=False,
            to_return_fen=0,
            returned_fen=0,
        )
    )
    office.session.commit()
    refused(office, lambda: office.propose(request_id), Obstructed, "已申请验收")


def test_a_tranche_on_its_way_is_not_changed(office: Office) -> None:
    number = office.project()
    changed = update(models.Tranche).where(models.Tranche.project_id == office.id_of(number))
    office.session.execute(changed.values(state=TrancheState.PROPOSED))
    office.session.commit()
    tranches = (TrancheTerm(1, Source.DISTRICT, 7 * WAN, TODAY, ""),)
    request_id = office.draft(number, ChangeKind.BUDGET, tranches=tranches)
    refused(office, lambda: office.send(request_id), Obstructed, "已在办理或已拨付")
