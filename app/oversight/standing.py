"""Where an inspection, a measure or an entry stands, and what this person may press now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.notices.links import measure_url
from lifecycle.attachments import ShownFile, attachments_of
from lifecycle.inspecting import outcome_words, oversight_basis
from lifecycle.integrity import find_entry
from lifecycle.measures import find_measure
from lifecycle.models import (
    Inspection,
    InspectionState,
    IntegrityEntry,
    IntegrityState,
    Measure,
    MeasureState,
    Project,
    User,
)
from lifecycle.notice_causes import measure_notices
from lifecycle.record import MeasureKind
from lifecycle.roles import Actor, Permission, Role
from lifecycle.supervision import find_inspection
from lifecycle.visibility import acting_as

SEPARATE = "须由其他人审批（本局不相容岗位分离要求）"


def _names(session: Session, *ids: int | None) -> Mapping[int | None, str]:
    query = select(User).where(User.id.in_([one for one in ids if one is not None]))
    names: dict[int | None, str] = {user.id: user.name for user in session.scalars(query)}
    return {None: "系统", **names}


@dataclass(frozen=True, slots=True)
class InspectionPage:
    """An inspection with everything its page shows."""

    row: Inspection
    project: Project
    files: Sequence[ShownFile]
    measures: Sequence[Measure]
    recorded_by: str
    decided_by: str
    may_decide: bool
    is_own: bool
    """Whether the decision would be this person's, had she not recorded it herself."""
    may_amend: bool
    may_share: bool
    may_propose_entry: bool

    @property
    def outcome(self) -> str:
        """What is to be done."""
        return outcome_words(self.row.outcome, self.row.due)

    @property
    def basis(self) -> str:
        """Document and article."""
        return oversight_basis(self.project.programme, self.project.signed_on)


def inspection_page(session: Session, actor: Actor, inspection_id: int) -> InspectionPage:
    """Return what the page of an inspection shows. Raises ``NotFound``."""
    row, project = find_inspection(session, actor, inspection_id)
    names = _names(session, row.recorded_by_id, row.decided_by_id)
    proposed = row.state is InspectionState.PROPOSED and actor.may(Permission.APPROVE_MEASURE)
    is_own = row.recorded_by_id == actor.user_id
    inspects = actor.may(Permission.INSPECT)
    measures = select(Measure).where(Measure.inspection_id == row.id).order_by(Measure.number)
    return InspectionPage(
        row=row,
        project=project,
        files=attachments_of(session, project.id, "inspection", row.id),
        measures=session.scalars(measures).all(),
        recorded_by=names.get(row.recorded_by_id, ""),
        decided_by=names.get(row.decided_by_id, "") if row.decided_by_id else "",
        may_decide=proposed and not is_own,
        is_own=proposed and is_own,
        may_amend=inspects and row.state is InspectionState.RECORDED,
        may_share=inspects and row.state is InspectionState.DECIDED,
        may_propose_entry=actor.may(Permission.RECORD_INTEGRITY),
    )


@dataclass(frozen=True, slots=True)
class MeasurePage:
    """A measure with everything its page shows; each ``may_…`` is one thing this person can press now."""

    row: Measure
    project: Project
    inspection: Inspection | None
    files: Sequence[ShownFile]
    ordered_by: str
    answered_by: str
    settled_by: str
    state: str
    waits_for: str
    overdue: bool
    is_own: bool
    may_answer: bool
    may_verify: bool
    may_extend: bool
    may_propose_lifting: bool
    may_lift: bool
    may_escalate: bool
    notices: Sequence[tuple[str, str]]
    """Which notices can be drawn up of it, and where."""

    @property
    def basis(self) -> str:
        """Document and article."""
        return oversight_basis(self.project.programme, self.project.signed_on)


def measure_page(session: Session, actor: Actor, measure_id: int, today: date) -> MeasurePage:
    """Return what the page of a measure shows. Raises ``NotFound``."""
    row, project = find_measure(session, actor, measure_id)
    names = _names(session, row.ordered_by_id, row.answered_by_id, row.settled_by_id)
    rectify = row.kind is MeasureKind.RECTIFICATION
    ordered, answered = row.state is MeasureState.ORDERED, row.state is MeasureState.ANSWERED
    inspects, approves = actor.may(Permission.INSPECT), actor.may(Permission.APPROVE_MEASURE)
    overdue = rectify and row.settled_on is None and row.due is not None and row.due < today
    hers = inspects if rectify else approves
    is_own = answered and hers and row.answered_by_id == actor.user_id
    theirs = rectify and ordered and actor.may(Permission.RECTIFY)
    return MeasurePage(
        row=row,
        project=project,
        inspection=session.get(Inspection, row.inspection_id) if row.inspection_id else None,
        files=attachments_of(session, project.id, "measure", row.id),
        ordered_by=names.get(row.ordered_by_id, ""),
        answered_by=names.get(row.answered_by_id, ""),
        settled_by=names.get(row.settled_by_id, ""),
        state=state_word(row.kind, row.state),
        waits_for=_waits_for(row),
        overdue=overdue,
        is_own=is_own,
        may_answer=theirs and acting_as(session, actor, project.id, Role.PI, Role.UNIT_MANAGER),
        may_verify=rectify and answered and inspects and not is_own,
        may_extend=rectify and ordered and approves,
        may_propose_lifting=not rectify and ordered and inspects,
        may_lift=not rectify and answered and approves and not is_own,
        may_escalate=overdue and inspects,
        notices=_notices(actor, row, project, today),
    )


def _notices(actor: Actor, row: Measure, project: Project, today: date) -> list[tuple[str, str]]:
    if row.settled_on is not None or not actor.may(Permission.SEND_REMINDERS):
        return []
    own = project.self_established
    kinds = measure_notices(row.kind, row.due, today, self_established=own)
    return [(kind.value, measure_url(project.number, kind, row.number)) for kind in kinds]


def state_word(kind: MeasureKind, state: MeasureState) -> str:
    """Return how the state of a measure reads; of a hold, *answered* says that its lifting is put forward."""
    if kind is MeasureKind.HOLD and state is MeasureState.ANSWERED:
        return "待审批解除"
    return "已解除" if kind is MeasureKind.HOLD and state is MeasureState.SETTLED else state.value


def _waits_for(row: Measure) -> str:
    rectify = row.kind is MeasureKind.RECTIFICATION
    if row.state is MeasureState.ORDERED:
        return "由承担单位或项目负责人整改并提交证明材料" if rectify else "整改到位后，由经办提请解除"
    if row.state is MeasureState.ANSWERED:
        return "由经办核验" if rectify else "由审批决定是否解除"
    return ""


@dataclass(frozen=True, slots=True)
class EntryPage:
    """An entry of research integrity with everything its page shows."""

    row: IntegrityEntry
    project: Project
    files: Sequence[ShownFile]
    proposed_by: str
    decided_by: str
    may_decide: bool
    is_own: bool


def entry_page(session: Session, actor: Actor, entry_id: int) -> EntryPage:
    """Return what the page of an entry shows. Raises ``NotFound``."""
    row, project = find_entry(session, actor, entry_id)
    names = _names(session, row.proposed_by_id, row.decided_by_id)
    waits = row.state is IntegrityState.PROPOSED and actor.may(Permission.APPROVE_INTEGRITY)
    is_own = row.proposed_by_id is not None and row.proposed_by_id == actor.user_id
    return EntryPage(
        row=row,
        project=project,
        files=attachments_of(session, project.id, "integrity", row.id, outside=not actor.sees_all_projects),
        proposed_by=names.get(row.proposed_by_id, ""),
        decided_by=names.get(row.decided_by_id, "") if row.decided_by_id else "",
        may_decide=waits and not is_own,
        is_own=waits and is_own,
    )
