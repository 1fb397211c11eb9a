"""Taking over an acceptance that was applied for before Keguan led it: what a ledger brought goes on here."""

from __future__ import annotations

from datetime import date

from lifecycle.acceptance.cases import case_of, find_case, person, tell, waits_for
from lifecycle.acceptance.content import Content, content_to_plain, final_account
from lifecycle.acceptance.states import basis_of
from lifecycle.acceptance.way import way_of
from lifecycle.command import Work, command
from lifecycle.models import AcceptanceCase, AcceptanceState, TurnKind
from lifecycle.records import load_record
from lifecycle.refusals import IllegalTransition
from lifecycle.roles import Permission
from lifecycle.stages import Stage
from lifecycle.turns import hand_on
from lifecycle.visibility import find_project

TAKEN_OVER = frozenset({Stage.IN_ACCEPTANCE, Stage.SELF_ACCEPTANCE})
"""Stages in which an application counts and a conclusion is still to come."""


@command("acceptance.take_over", Permission.HANDLE_ACCEPTANCE)
def take_over(work: Work, number: str, today: date) -> int:
    """Lead on an acceptance whose application came with a ledger; return the case's id.

    It waits where an application confirmed here would: for the bureau, or for the unit of a self-established
    project. What is missing of it the bureau may have put right by returning it. Raises ``NotFound`` and
    ``IllegalTransition``.
    """
    project = find_project(work.session, work.actor, number)
    record = load_record(work.session, project.id)
    acceptance = record.acceptance
    open_ = acceptance is not None and acceptance.conclusion is None
    if project.stage not in TAKEN_OVER or not open_ or case_of(work.session, project.id) is not None:
        raise IllegalTransition(project.stage, "接续办理验收")
    reached = {one.name: one.achieved_value or "" for one in record.indicators}
    before = {one.name: one.achieved_value for one in record.indicators}
    case = AcceptanceCase(
        project_id=project.id,
        state=AcceptanceState.IN_REVIEW if record.self_established else AcceptanceState.WITH_BUREAU,
        content=content_to_plain(Content(values=reached, before=before)),
        account=final_account(record, today),
        drafted_by_id=person(work),
        drafted_on=today,
        confirmed_on=acceptance.applied_on if acceptance else None,
        own_fault=False,
        verdict=[],
    )
    work.session.add(case)
    work.session.flush()
    found = find_case(work.session, work.actor, case.id)
    hand_on(work, project.id, TurnKind.ACCEPTANCE, case.id, waits_for(found), today)
    tell(work, found, "接续办理台账登记的验收申请", citation=basis_of(way_of(record)))
    return case.id
