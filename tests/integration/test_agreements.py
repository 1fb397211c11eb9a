"""The task agreement's commands: a forbidden step is refused and leaves nothing, an allowed one does all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from finance.proposing import propose, withdraw
from lifecycle.agreements import draft, finalise, reopen, save, sign
from lifecycle.attachments import attachments_of
from lifecycle.awards import Award, register
from lifecycle.models import (
    AgreementState,
    AgreementVersion,
    AuditEntry,
    ExceptionNote,
    Project,
    Tranche,
    Turn,
)
from lifecycle.record import Nature, Signatory, Source, UnitType
from lifecycle.refusals import (
    IllegalTransition,
    InvalidInput,
    NotFound,
    NotPermitted,
    NotTheirs,
    Obstructed,
    OutOfDate,
    ReasonNeeded,
    VerdictRefused,
)
from lifecycle.roles import Role
from lifecycle.stages import Stage, TrancheState
from lifecycle.terms import TrancheTerm, terms_of
from tests.integration.agreeing import (
    DAY,
    LATER,
    NUMBER,
    awaiting,
    awarded,
    drafted,
    full,
    in_force,
    next_version,
    project_id_of,
    signing,
    version,
)
from tests.integration.paying import WAN, Bureau, a_bureau, refused
from tests.integration.test_payments_together import together
from tests.web.site import JOINT_UNIT, UNIT, a_record

REASON = "临床随访周期较长，经专家论证同意延长。"
D, U, J = Signatory.DISTRICT, Signatory.UNIT, Signatory.JOINT_UNIT


@pytest.fixture
def bureau(session: Session) -> Bureau:
    return a_bureau(session)


def turns(bureau: Bureau) -> set[tuple[Role, str]]:
    bureau.session.rollback()
    return {
        (turn.role, turn.words) for turn in bureau.session.scalars(select(Turn).where(Turn.done_on.is_(None)))
    }


def test_signed_by_all_it_is_in_force_and_the_record_says_so(bureau: Bureau) -> None:
    version_id = awaiting(bureau, joint_unit=JOINT_UNIT)
    assert {role for role, _ in turns(bureau)} == {Role.HANDLER, Role.UNIT_MANAGER, Role.JOINT_UNIT}
    days = {J: LATER, U: DAY, D: DAY + timedelta(days=2)}
    actors = {J: bureau.actor(Role.JOINT_UNIT), U: bureau.actor(Role.UNIT_MANAGER), D: bureau.handler}
    done = [
        sign(bureau.session, actors[party], version_id, signing(party, day), LATER)
        for party, day in days.items()
    ]
    assert done == [False, False, True]
    found = version(bureau.session, version_id)
    assert (found.state, found.in_force_on) == (AgreementState.IN_FORCE, LATER)
    record = bureau.record(found.project_id)
    assert (record.signed_on, record.signatories) == (LATER, (D, U, J))
    assert [one.planned for one in record.tranches] == [7 * WAN, 3 * WAN]
    assert bureau.session.get_one(Project, found.project_id).stage is Stage.UNDER_WAY
    assert len(attachments_of(bureau.session, found.project_id, "signature", version_id)) == 3
    assert turns(bureau) == set()


def test_reasons_become_exception_notes_when_it_comes_into_force(bureau: Bureau) -> None:
    record = awarded(bureau)
    version_id = draft(bureau.session, bureau.handler, NUMBER, DAY)
    save(bureau.session, bureau.handler, version_id, 1, full(record, end=date(2030, 1, 1)))
    act = finalise, bureau.session, bureau.handler, version_id, 2, DAY
    refused(bureau, lambda: act[0](*act[1:], {}), ReasonNeeded)
    refused(bureau, lambda: act[0](*act[1:], {"spb-16-period": "短"}), InvalidInput)
    finalise(bureau.session, bureau.handler, version_id, 2, DAY, {"spb-16-period": REASON})
    assert bureau.session.scalars(select(ExceptionNote)).all() == []
    for party in (D, U):
        sign(bureau.session, bureau.handler, version_id, signing(party), DAY)
    (note,) = bureau.session.scalars(select(ExceptionNote)).all()
    assert (note.rule, note.reason) == ("spb-16-period", REASON)


def test_what_is_no_draft_any_more_cannot_be_saved_or_drafted_again(bureau: Bureau) -> None:
    version_id = in_force(bureau)
    record = bureau.record(project_id_of(bureau.session))
    session, handler = bureau.session, bureau.handler
    refused(bureau, lambda: save(session, handler, version_id, 3, terms_of(record)), Obstructed)
    refused(bureau, lambda: draft(session, handler, NUMBER, LATER), Obstructed)
    refused(bureau, lambda: finalise(session, handler, version_id, 3, LATER, {}), IllegalTransition)
    refused(bureau, lambda: reopen(session, handler, version_id, LATER, "改"), IllegalTransition)
    refused(bureau, lambda: sign(session, handler, version_id, signing(D), LATER), IllegalTransition)


def test_a_must_rule_and_sums_that_differ_refuse_finalising(bureau: Bureau) -> None:
    record = awarded(bureau)
    session, handler = bureau.session, bureau.handler
    version_id = draft(session, handler, NUMBER, DAY)
    refused(bureau, lambda: finalise(session, handler, version_id, 1, DAY, {}), Obstructed)
    rich = full(record)
    rich = replace(
        rich,
        district=20 * WAN,
        budget=(replace(rich.budget[0], amount=20 * WAN),),
        tranches=(replace(rich.tranches[0], planned=20 * WAN),),
    )
    save(session, handler, version_id, 1, rich)
    refusal = refused(bureau, lambda: finalise(session, handler, version_id, 2, DAY, {}), VerdictRefused)
    assert "spb-4-amount" in {line.rule.id for line in refusal.verdict.refusals}


def test_nobody_does_what_is_another_ones(bureau: Bureau) -> None:
    version_id = awaiting(bureau, joint_unit=JOINT_UNIT)
    session, pi = bureau.session, bureau.actor(Role.PI)
    joint, unit = bureau.actor(Role.JOINT_UNIT), bureau.actor(Role.UNIT_MANAGER)
    stranger = bureau.people.b[Role.HANDLER].actor
    refused(bureau, lambda: finalise(session, pi, version_id, 3, DAY, {}), NotPermitted)
    refused(bureau, lambda: reopen(session, unit, version_id, DAY, "改"), NotPermitted)
    refused(bureau, lambda: sign(session, pi, version_id, signing(U), DAY), NotPermitted)
    refused(bureau, lambda: sign(session, joint, version_id, signing(U), DAY), NotTheirs)
    refused(bureau, lambda: sign(session, joint, version_id, signing(D), DAY), NotTheirs)
    refused(bureau, lambda: sign(session, unit, version_id, signing(J), DAY), NotTheirs)
    refused(bureau, lambda: sign(session, stranger, version_id, signing(D), DAY), NotFound)
    elsewhere = {(Role.UNIT_MANAGER, "别家")}
    both = replace(joint, roles=joint.roles | {Role.UNIT_MANAGER}, units=joint.units | elsewhere)
    refused(bureau, lambda: sign(session, both, version_id, signing(U), DAY), NotTheirs)
    refused(bureau, lambda: save(session, both, version_id, 3, full(a_record(NUMBER))), NotTheirs)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"signed_on": DAY - timedelta(days=1)}, "signed_on"),
        ({"signed_on": LATER + timedelta(days=1)}, "signed_on"),
        ({"signer": " "}, "signer"),
        ({"signer": "长" * 51}, "signer"),
        ({"scan": None}, "scan"),
        ({"party": Signatory.MUNICIPAL}, "party"),
        ({"party": J}, "party"),
    ],
)
def test_a_signature_must_be_sound(bureau: Bureau, changes: dict[str, Any], field: str) -> None:
    version_id = awaiting(bureau)
    act = signing(D, **changes)
    refusal = refused(
        bureau, lambda: sign(bureau.session, bureau.handler, version_id, act, LATER), InvalidInput
    )
    assert set(refusal.errors) == {field}


def test_a_party_signs_once(bureau: Bureau) -> None:
    version_id = awaiting(bureau)
    sign(bureau.session, bureau.handler, version_id, signing(D), LATER)
    again = refused(
        bureau, lambda: sign(bureau.session, bureau.handler, version_id, signing(D), LATER), InvalidInput
    )
    assert set(again.errors) == {"party"}


def test_taken_back_it_can_be_edited_and_signatures_live_on_in_the_history(bureau: Bureau) -> None:
    version_id = awaiting(bureau)
    sign(bureau.session, bureau.handler, version_id, signing(D), LATER)
    reopen(bureau.session, bureau.handler, version_id, LATER, "预算需要调整")
    found = version(bureau.session, version_id)
    assert (found.state, found.signatures, found.finalised_on) == (AgreementState.DRAFT, [], None)
    assert attachments_of(bureau.session, found.project_id, "signature") == []
    last = bureau.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert last is not None
    assert last.details["signatures"] == [{"party": "区科技局", "signer": "王局", "on": DAY.isoformat()}]
    revision, terms = found.revision, full(bureau.record(found.project_id))
    save(bureau.session, bureau.handler, version_id, revision, terms)
    finalise(bureau.session, bureau.handler, version_id, revision + 1, LATER, {})
    for party in (U, D):
        sign(bureau.session, bureau.handler, version_id, signing(party, LATER), LATER)
    assert version(bureau.session, version_id).state is AgreementState.IN_FORCE


def test_a_ledger_that_brings_the_signing_ends_the_draft(bureau: Bureau) -> None:
    version_id = drafted(bureau)
    bureau.change(project_id_of(bureau.session), signed_on=DAY)
    session, handler = bureau.session, bureau.handler
    refused(bureau, lambda: save(session, handler, version_id, 2, full(a_record(NUMBER))), Obstructed)
    refused(bureau, lambda: finalise(session, handler, version_id, 2, DAY, {}), Obstructed)


def test_two_save_at_once_and_one_is_told(engine: Engine, bureau: Bureau) -> None:
    version_id = drafted(bureau)
    terms = full(a_record(NUMBER))

    def press(session: Session, place: int) -> None:
        save(session, bureau.handler, version_id, 2, replace(terms, goals=f"第 {place} 人"))

    results = together(engine, press)
    assert sum(result is None for result in results) == 1
    assert {type(result) for result in results if result is not None} == {OutOfDate}
    assert version(bureau.session, version_id).revision == 3


def test_two_signatures_at_once_both_count_and_each_once(engine: Engine, bureau: Bureau) -> None:
    version_id = awaiting(bureau)
    parties = (D, U, D, U)

    def press(session: Session, place: int) -> bool:
        return sign(session, bureau.handler, version_id, signing(parties[place]), LATER)

    results = together(engine, press)
    assert sorted(result for result in results if isinstance(result, bool)) == [False, True]
    assert sum(isinstance(result, Exception) for result in results) == 2
    assert version(bureau.session, version_id).state is AgreementState.IN_FORCE


def test_the_next_version_supersedes_and_moves_the_clocks(bureau: Bureau) -> None:
    first = in_force(bureau)
    project_id = project_id_of(bureau.session)
    record = bureau.record(project_id)
    longer = replace(full(record), end=date(2028, 6, 30))
    second = next_version(bureau.session, bureau.handler, project_id, longer, date(2026, 6, 1))
    assert version(bureau.session, first).state is AgreementState.SUPERSEDED
    assert version(bureau.session, first).superseded_on == date(2026, 6, 1)
    assert version(bureau.session, second).number == 2
    now = bureau.record(project_id)
    assert (now.end, now.original_end, now.signed_on) == (date(2028, 6, 30), record.end, record.signed_on)
    assert now.signatories == record.signatories
    next_version(bureau.session, bureau.handler, project_id, replace(longer, end=date(2028, 9, 30)), LATER)
    assert bureau.record(project_id).original_end == record.end
    states = bureau.session.scalars(select(AgreementVersion.state)).all()
    assert sorted(states).count(AgreementState.IN_FORCE) == 1


def test_a_tranche_in_process_is_not_undone_and_one_once_proposed_keeps_its_row(bureau: Bureau) -> None:
    in_force(bureau)
    project_id = project_id_of(bureau.session)
    tranche_id = bureau.tranches(project_id)[0]
    propose(bureau.session, bureau.handler, tranche_id, LATER, {})
    record = bureau.record(project_id)
    one = full(record, tranches=(TrancheTerm(2, Source.DISTRICT, 10 * WAN, date(2027, 1, 1), ""),))

    def press() -> int:
        return next_version(bureau.session, bureau.handler, project_id, one, LATER)

    refused(bureau, press, Obstructed)
    withdraw(bureau.session, bureau.handler, tranche_id, LATER, "")
    press()
    kept = bureau.session.get_one(Tranche, tranche_id)
    assert (kept.planned_fen, kept.planned_on, kept.state) == (0, None, TrancheState.PLANNED)
    assert terms_of(bureau.record(project_id)).tranches == (replace(one.tranches[0], condition=""),)
    press()
    assert len(bureau.tranches(project_id)) == 2


KILLED = """
import os, signal, sys
from datetime import date
from sqlalchemy import event
from sqlalchemy.orm import Session
from lifecycle.agreements import sign
from lifecycle.database import open_database
from lifecycle.record import Signatory
from lifecycle.roles import Actor
from tests.integration.agreeing import LATER, signing
url, agency, version = sys.argv[1:]
with Session(open_database(url)) as session:
    @event.listens_for(session, "before_commit")
    def _die(_):
        session.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    sign(session, Actor.system(int(agency)), int(version), signing(Signatory.UNIT), LATER)
"""


def test_killed_before_its_end_the_last_signature_leaves_nothing(
    bureau: Bureau, migrated_database_url: str
) -> None:
    version_id = awaiting(bureau)
    sign(bureau.session, bureau.handler, version_id, signing(D), LATER)
    before = bureau.everything()
    words = [
        sys.executable,
        "-c",
        KILLED,
        migrated_database_url,
        str(bureau.people.agency_a),
        str(version_id),
    ]
    root = Path(__file__).parents[2]
    done = subprocess.run(words, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, check=False)
    assert done.returncode == -signal.SIGKILL
    assert bureau.everything() == before
    assert sign(bureau.session, bureau.handler, version_id, signing(U), LATER)


def award(**changes: Any) -> Award:
    """Return what an award says."""
    plain: dict[str, Any] = dict.fromkeys(Award.__slots__)
    plain |= {"number": "新-1", "title": "新项目", "programme": "沙坪坝区科技攻关重点专项"}
    plain |= {"nature": Nature.RESEARCH, "lead_unit": UNIT, "lead_unit_type": UnitType.UNIVERSITY}
    plain |= {"lead_place": "重庆市", "pi_name": "李工", "pi_email": "a.pi@keguan.test"}
    plain |= {"self_established": False, "milestone_managed": True}
    plain |= {"start": date(2026, 1, 1), "end": date(2027, 12, 31)}
    plain |= {"provincial": 0, "district": 10 * WAN, "joint": 0, "own": 0}
    return Award(**(plain | changes))


def test_an_award_becomes_a_project_that_awaits_its_agreement(bureau: Bureau) -> None:
    project_id = register(bureau.session, bureau.handler, award(), DAY)
    found = bureau.session.get_one(Project, project_id)
    assert (found.stage, found.signed_on) == (Stage.AWAITING_AGREEMENT, None)
    draft(bureau.session, bureau.actor(Role.PI), "新-1", DAY)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": " "}, "number"),
        ({"programme": "没有的计划"}, "programme"),
        ({"lead_place": "重庆"}, "lead_place"),
        ({"end": date(2025, 1, 1)}, "end"),
        ({"end": date(2050, 1, 1)}, "end"),
        ({"district": 0}, "own"),
        ({"district": -1, "own": 5}, "district"),
        ({"joint": 5}, "joint_unit"),
        ({"self_established": True}, "self_established"),
        ({"title": ""}, "title"),
    ],
)
def test_an_award_that_cannot_be_is_refused(bureau: Bureau, changes: dict[str, Any], field: str) -> None:
    wrong = award(**changes)
    refusal = refused(bureau, lambda: register(bureau.session, bureau.handler, wrong, DAY), InvalidInput)
    assert field in refusal.errors


def test_a_number_is_given_once_in_an_agency(bureau: Bureau) -> None:
    register(bureau.session, bureau.handler, award(), DAY)
    refused(bureau, lambda: register(bureau.session, bureau.handler, award(), DAY), InvalidInput)
    refused(bureau, lambda: register(bureau.session, bureau.actor(Role.PI), award(), DAY), NotPermitted)
    register(bureau.session, bureau.people.b[Role.HANDLER].actor, award(), DAY)
