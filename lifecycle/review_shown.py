"""What an expert is shown: what she is asked for, and the page of one review with everything it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, case, select
from sqlalchemy.orm import Session

from lifecycle.attachments import ShownFile, attachments_of
from lifecycle.models import (
    AcceptanceCase,
    MemberState,
    Panel,
    PanelMember,
    PanelState,
    PanelSubject,
    Project,
    Report,
)
from lifecycle.panel_shown import ASPECTS, Aspect, ShownMember, shown_member
from lifecycle.record import ProjectRecord
from lifecycle.report_shown import ShownReport, shown_report
from lifecycle.reviews import find_review
from lifecycle.roles import Actor
from lifecycle.whole import load_wholes

MOST_LISTED = 200
"""Reviews listed, those that wait first and then the newest."""


@dataclass(frozen=True, slots=True)
class ListedReview:
    """One thing an expert was asked for."""

    id: int
    title: str
    lead_unit: str
    subject: PanelSubject
    state: MemberState
    panel_state: PanelState
    invited_on: date
    due: date | None
    submitted_on: date | None

    @property
    def waits(self) -> bool:
        """Whether her opinion is still wanted."""
        return self.state is MemberState.INVITED and self.panel_state is PanelState.AT_WORK


def list_reviews(session: Session, actor: Actor) -> list[ListedReview]:
    """Return what the actor is or was asked for as an expert, what waits first."""
    query: Select[*tuple[Any, ...]] = select(
        *(PanelMember.id, Project.title, Project.lead_unit, Panel.subject_kind),
        *(PanelMember.state, Panel.state, PanelMember.invited_on, Panel.due, PanelMember.submitted_on),
    )
    waiting = case((PanelMember.state == MemberState.INVITED, 0), else_=1)
    query = (
        query.select_from(PanelMember)
        .join(Panel, Panel.id == PanelMember.panel_id)
        .join(Project, Project.id == Panel.project_id)
        .where(
            PanelMember.user_id == actor.user_id,
            PanelMember.state != MemberState.REPLACED,
            Panel.state != PanelState.DISSOLVED,
            Project.agency_id == actor.agency_id,
        )
        .order_by(waiting, PanelMember.id.desc())
        .limit(MOST_LISTED)
    )
    return [ListedReview(*row) for row in session.execute(query)]


@dataclass(frozen=True, slots=True)
class ShownReview:
    """One review with everything that is put before the expert; nothing of it once she stands aside."""

    member: ShownMember
    subject: PanelSubject
    is_at_work: bool
    due: date | None
    title: str
    lead_unit: str
    aspects: tuple[Aspect, ...]
    record: ProjectRecord | None
    report: ShownReport | None
    application: AcceptanceCase | None
    files: Sequence[ShownFile]
    agreement_files: Sequence[ShownFile]
    own_files: Sequence[ShownFile]

    @property
    def may_answer(self) -> bool:
        """Whether her opinion is still wanted."""
        return self.is_at_work and self.member.state is MemberState.INVITED


def load_review(session: Session, actor: Actor, member_id: int, today: date) -> ShownReview:
    """Return what the actor is asked for as an expert. Raises ``NotFound`` for anybody else's."""
    row = find_review(session, actor, member_id)
    panel, member = row.panel, shown_member(row)
    project = session.get_one(Project, panel.project_id)
    aside = member.state is MemberState.RECUSED
    report = application = record = None
    files: list[ShownFile] = []
    if not aside:
        files = attachments_of(session, panel.project_id)
        record, report, application = _subject(session, panel, today)
    kind = "report" if panel.subject_kind is PanelSubject.STAGE else "acceptance"
    return ShownReview(
        member=member,
        subject=panel.subject_kind,
        is_at_work=panel.state is PanelState.AT_WORK,
        due=panel.due,
        title=project.title,
        lead_unit=project.lead_unit,
        aspects=ASPECTS[panel.subject_kind],
        record=record,
        report=report,
        application=application,
        files=[one for one in files if (one.kind, one.subject_id) == (kind, panel.subject_id)],
        agreement_files=[one for one in files if one.kind in ("agreement", "signature")],
        own_files=[one for one in files if (one.kind, one.subject_id) == ("review", member.id)],
    )


def _subject(
    session: Session, panel: Panel, today: date
) -> tuple[ProjectRecord, ShownReport | None, AcceptanceCase | None]:
    if panel.subject_kind is PanelSubject.STAGE:
        report = session.get_one(Report, panel.subject_id)
        shown = shown_report(session, report, ["", "", ""], today)
        return shown.record, shown, None
    (whole,) = load_wholes(session, [panel.project_id])
    return whole.record, None, session.get(AcceptanceCase, panel.subject_id)
