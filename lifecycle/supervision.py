"""Inspections: recorded by a handler, decided by an approver, and what is decided takes effect at once.

Districts inspect by themselves or take over what another department found (SPB 31); an inspection may order
that things be put right, that money waits, or that the project ends (SPB 31, EA 4 and 17).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lifecycle.at_once import tell
from lifecycle.attachments import StoredFile, attach, attachments_of, names_and_digests
from lifecycle.command import Work, command
from lifecycle.inspecting import (
    MOST_NAMES,
    Draft,
    demand_complete,
    demand_fitting,
    orders,
    outcome_words,
    oversight_basis,
)
from lifecycle.judging import MOST_TEXT
from lifecycle.measures import order_measures
from lifecycle.models import Inspection, InspectionState, Outcome, Project, TurnKind
from lifecycle.record import ProjectRecord
from lifecycle.records import load_record
from lifecycle.refusals import IllegalTransition, InvalidInput, NotFound, Obstructed, SamePerson
from lifecycle.roles import Actor, Permission, Role
from lifecycle.stages import advance
from lifecycle.termination import terminate
from lifecycle.turns import Waits, hand_on
from lifecycle.visibility import find_project, visible

INSPECTION_TRANSITIONS: Mapping[InspectionState, frozenset[InspectionState]] = {
    InspectionState.RECORDED: frozenset({InspectionState.PROPOSED, InspectionState.DECIDED}),
    InspectionState.PROPOSED: frozenset({InspectionState.DECIDED, InspectionState.RECORDED}),
    InspectionState.DECIDED: frozenset(),
}
"""How an inspection may go on; one that was sent back is *recorded*, to be amended and put forward again."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What an agreed inspection brought about."""

    measures: tuple[int, ...] = ()
    followed: tuple[str, ...] = ()
    """What a termination opened, in words."""


def find_inspection(session: Session, actor: Actor, inspection_id: int) -> tuple[Inspection, Project]:
    """Return an inspection with its project; who is not of the bureau sees it once it is decided.

    Raises ``NotFound``.
    """
    query = select(Inspection, Project).join(Project, Project.id == Inspection.project_id)
    query = query.where(Inspection.id == inspection_id, visible(actor))
    if not actor.sees_all_projects:
        query = query.where(Inspection.state == InspectionState.DECIDED)
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("这次检查")
    return row[0], row[1]


@command("inspection.record", Permission.INSPECT)
def record_inspection(work: Work, number: str, draft: Draft, files: Sequence[StoredFile], today: date) -> int:
    """Record an inspection of the project of that number; return its id.

    Where nothing was found it is settled at once, otherwise an approver decides on what is to be done. Raises
    ``NotFound``, ``InvalidInput`` (by field), ``Obstructed`` and ``IllegalTransition``.
    """
    project = find_project(work.session, work.actor, number)
    return put_forward_new(work, project, draft, files, today)


def put_forward_new(
    work: Work, project: Project, draft: Draft, files: Sequence[StoredFile], today: date
) -> int:
    """Keep a new inspection and put it forward, within a command; return its id."""
    last = select(func.coalesce(func.max(Inspection.number), 0)).where(Inspection.project_id == project.id)
    row = Inspection(
        project_id=project.id,
        number=(work.session.scalar(last) or 0) + 1,
        state=InspectionState.RECORDED,
        recorded_on=today,
    )
    _put_forward(work, project, row, draft, files, today)
    return row.id


@command("inspection.amend", Permission.INSPECT)
def amend_inspection(
    work: Work, inspection_id: int, draft: Draft, files: Sequence[StoredFile], today: date
) -> None:
    """Amend an inspection that was sent back, and put it forward again; raises as ``record_inspection``."""
    row, project = find_inspection(work.session, work.actor, inspection_id)
    if row.state is not InspectionState.RECORDED:
        raise IllegalTransition(row.state, InspectionState.PROPOSED)
    _put_forward(work, project, row, draft, files, today)


def _put_forward(
    work: Work,
    project: Project,
    row: Inspection,
    draft: Draft,
    files: Sequence[StoredFile],
    today: date,
) -> None:
    record = load_record(work.session, project.id)
    demand_complete(draft, today, has_paper=bool(files) or _has_paper(work, row))
    demand_fitting(record, draft.outcome, draft.due)
    _demand_alone(work, project.id, row.id, draft.outcome)
    settled = draft.outcome is Outcome.NOTHING
    then = InspectionState.DECIDED if settled else InspectionState.PROPOSED
    row.state = advance(INSPECTION_TRANSITIONS, row.state, then)
    _fill(row, draft)
    row.recorded_by_id, row.decided_on, row.note = work.actor.user_id, today if settled else None, None
    work.session.add(row)
    work.session.flush()
    attach(work, project.id, "inspection", row.id, files)
    wanted = outcome_words(row.outcome, row.due)
    waits = [] if settled else [Waits(Role.APPROVER, f"审批检查处理意见：{wanted}")]
    hand_on(work, project.id, TurnKind.INSPECTION, row.id, waits, today)
    work.record(
        f"登记{row.kind}（{row.organiser}，{row.inspected_on}）：{wanted}",
        project_id=project.id,
        citation=oversight_basis(project.programme, project.signed_on),
        details=_told(row, files),
    )


def _has_paper(work: Work, row: Inspection) -> bool:
    known = row.id is not None
    return known and bool(attachments_of(work.session, row.project_id, "inspection", row.id))


def _fill(row: Inspection, draft: Draft) -> None:
    row.kind, row.organiser, row.recognised = draft.kind, draft.organiser, draft.recognised
    row.inspected_on, row.inspectors, row.summary = draft.inspected_on, draft.inspectors, draft.summary
    row.findings = [{"text": text} for text in draft.findings]
    row.outcome, row.due = draft.outcome, draft.due
    row.own_fault = draft.own_fault


def _told(row: Inspection, files: Sequence[StoredFile]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "inspection": row.id,
        "note": row.summary,
        "new": {
            "findings": [one["text"] for one in row.findings],
            "outcome": outcome_words(row.outcome, row.due),
            "due": row.due.isoformat() if row.due else None,
            "files": names_and_digests(files),
        },
    }
    if row.outcome is Outcome.TERMINATE:
        told["new"]["own_fault"] = row.own_fault
    return told


def _demand_alone(work: Work, project_id: int, own_id: int | None, outcome: Outcome) -> None:
    """Demand that no other proposal to end the project waits. Raises ``Obstructed``."""
    if outcome is not Outcome.TERMINATE:
        return
    query = select(Inspection.id).where(
        Inspection.project_id == project_id,
        Inspection.state == InspectionState.PROPOSED,
        Inspection.outcome == Outcome.TERMINATE,
        Inspection.id != (own_id or 0),
    )
    if work.session.scalar(query.limit(1)) is not None:
        raise Obstructed(["本项目已有一份终止实施的处理意见在等待审批，请先办结那一份。"])


@command("inspection.agree", Permission.APPROVE_MEASURE)
def agree(work: Work, inspection_id: int, today: date) -> Decided:
    """Agree to what a colleague put forward; it takes effect with this very command.

    Raises ``NotFound``, ``IllegalTransition``, ``SamePerson`` and ``Obstructed``.
    """
    row, project = find_inspection(work.session, work.actor, inspection_id)
    if row.state is not InspectionState.PROPOSED:
        raise IllegalTransition(row.state, InspectionState.DECIDED)
    row.state = InspectionState.DECIDED
    _demand_other(work, row)
    record = load_record(work.session, project.id)
    _demand_still(row, record, today)
    row.decided_by_id, row.decided_on, row.note = work.actor.user_id, today, None
    decided = _take_effect(work, project, row, today)
    hand_on(work, project.id, TurnKind.INSPECTION, row.id, [], today)
    _tell_recorder(work, project, row, f"已同意检查处理意见：{outcome_words(row.outcome, row.due)}", today)
    work.record(
        f"同意检查处理意见：{outcome_words(row.outcome, row.due)}",
        project_id=project.id,
        citation=oversight_basis(project.programme, project.signed_on),
        details={"inspection": row.id, "new": _effects(row, decided)},
    )
    return decided


def _demand_other(work: Work, row: Inspection) -> None:
    if work.actor.user_id is None or work.actor.user_id == row.recorded_by_id:
        raise SamePerson("这次检查由您本人登记，处理意见须由其他人审批（本局不相容岗位分离要求）。")


def _demand_still(row: Inspection, record: ProjectRecord, today: date) -> None:
    """Demand that what is wanted can still be done: time has passed since it was put forward."""
    demand_fitting(record, row.outcome, row.due)
    if row.due is not None and row.due <= today:
        raise Obstructed([f"整改期限 {row.due} 已到，请退回经办人另定期限。"])


def _take_effect(work: Work, project: Project, row: Inspection, today: date) -> Decided:
    if row.outcome is Outcome.TERMINATE:
        opened = terminate(work, project, own_fault=row.own_fault, today=today)
        return Decided(followed=opened.words)
    kinds = orders(row.outcome, row.due)
    return Decided(tuple(order_measures(work, project, row, kinds, today)))


def _effects(row: Inspection, decided: Decided) -> dict[str, Any]:
    if row.outcome is Outcome.TERMINATE:
        return {"stage": "终止", "own_fault": row.own_fault, "followed": list(decided.followed)}
    return {"measures": list(decided.measures), "due": row.due.isoformat() if row.due else None}


@command("inspection.send_back", Permission.APPROVE_MEASURE)
def send_back(work: Work, inspection_id: int, note: str, today: date) -> None:
    """Send an inspection back to be amended, saying why.

    Raises ``NotFound``, ``IllegalTransition``, ``SamePerson`` and ``InvalidInput`` (``note``).
    """
    note = note.strip()
    if not note or len(note) > MOST_TEXT:
        raise InvalidInput({"note": f"请写明退回原因，不超过 {MOST_TEXT} 字。"})
    row, project = find_inspection(work.session, work.actor, inspection_id)
    if row.state is not InspectionState.PROPOSED:
        raise IllegalTransition(row.state, InspectionState.RECORDED)
    _demand_other(work, row)
    row.state, row.note = InspectionState.RECORDED, note
    waits = [Waits(Role.HANDLER, "修改被退回的检查处理意见", row.recorded_by_id)]
    hand_on(work, project.id, TurnKind.INSPECTION, row.id, waits, today)
    work.record(
        f"退回检查处理意见：{outcome_words(row.outcome, row.due)}",
        project_id=project.id,
        details={"inspection": row.id, "note": note},
    )


def _tell_recorder(work: Work, project: Project, row: Inspection, title: str, today: date) -> None:
    if row.recorded_by_id is not None:
        tell(work, row.recorded_by_id, project, title, today, path=f"/oversight/inspections/{row.id}")


@command("inspection.share", Permission.INSPECT)
def share_result(work: Work, inspection_id: int, departments: str, today: date) -> None:
    """Record to which departments the result of a decided inspection was made known (SPB 31: 互认).

    Raises ``NotFound``, ``Obstructed`` and ``InvalidInput`` (``departments``).
    """
    row, project = find_inspection(work.session, work.actor, inspection_id)
    names = [name.strip() for name in departments.replace("，", "、").replace(",", "、").split("、")]
    known = row.shared_with.split("、") if row.shared_with else []
    new = [name for name in dict.fromkeys(names) if name and name not in known]
    if not new or len("、".join(names)) > MOST_NAMES:
        raise InvalidInput({"departments": f"请填写尚未通报的部门，合计不超过 {MOST_NAMES} 字。"})
    if row.state is not InspectionState.DECIDED:
        raise Obstructed(["处理意见尚未审批，办结后再通报结果。"])
    old, row.shared_with = row.shared_with, "、".join([*known, *new])
    work.record(
        f"向{'、'.join(new)}通报{row.kind}结果",
        project_id=project.id,
        citation=oversight_basis(project.programme, project.signed_on),
        details={
            "inspection": row.id,
            "on": today,
            "changes": [{"field": "已通报部门", "old": old, "new": row.shared_with}],
        },
    )
