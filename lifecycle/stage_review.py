"""The review of a stage by experts, with the joint unit (SPB 26): named, and concluded on their opinions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.command import Work, command
from lifecycle.filings import milestone_row
from lifecycle.judging import LEAST_REASON, MOST_TEXT
from lifecycle.models import (
    Panel,
    PanelMember,
    PanelState,
    PanelSubject,
    Project,
    Report,
    ReportKind,
    ReportState,
)
from lifecycle.panels import Named, ShownPanel, conclude_panel, form_panel, panel_of
from lifecycle.record import ProjectRecord, Review
from lifecycle.records import load_record
from lifecycle.refusals import InvalidInput, NotFound, Obstructed
from lifecycle.report_opening import article_of
from lifecycle.report_states import find_report, name_of
from lifecycle.roles import Actor, Permission
from lifecycle.visibility import visible


@command("report.name_experts", Permission.FORM_PANEL)
def name_experts(work: Work, report_id: int, members: Sequence[Named], due: date | None, today: date) -> int:
    """Name the experts who review a stage report that was accepted; return the panel's id.

    Raises ``NotFound``, ``Obstructed``, ``InvalidInput`` at ``members`` or ``due``, ``VerdictRefused``.
    """
    report, record = _stage_report(work, report_id)
    panel_id = form_panel(work, report.project_id, PanelSubject.STAGE, report.id, members, due, today)
    panel = panel_of(work.session, report.project_id, PanelSubject.STAGE, report.id)
    names = [one.name for one in panel.members] if panel else []
    work.record(
        f"为{name_of(report, record)}指定专家 {len(names)} 名：{'、'.join(names)}",
        project_id=report.project_id,
        citation=article_of(record, report.kind),
        details={"new": {"experts": names, "due": str(due) if due else None}},
    )
    return panel_id


def _stage_report(work: Work, report_id: int) -> tuple[Report, ProjectRecord]:
    report = find_report(work.session, work.actor, report_id)
    record = load_record(work.session, report.project_id)
    name = name_of(report, record)
    if report.kind is not ReportKind.STAGE:
        raise Obstructed([f"{name}不作阶段考核"])
    cited = article_of(record, report.kind)
    if report.state is not ReportState.ACCEPTED:
        because = f"（{cited}）" if cited else ""
        raise Obstructed([f"{name}尚未接收（{report.state}），接收之后再组织阶段考核{because}"])
    reviewed_on = milestone_row(work.session, report).reviewed_on
    if reviewed_on is not None:
        raise Obstructed([f"这个里程碑已于 {reviewed_on} 作出考核结论"])
    return report, record


@command("report.conclude_review", Permission.FORM_PANEL)
def conclude_review(
    work: Work, report_id: int, review: Review | None, text: str, reason: str, today: date
) -> None:
    """Conclude the review of a stage; against the majority of the experts only with a written reason.

    Raises ``NotFound``, ``Obstructed`` with everything that is missing, ``InvalidInput`` at ``review``,
    ``conclusion`` or ``reason``.
    """
    report, record = _stage_report(work, report_id)
    panel = panel_of(work.session, report.project_id, PanelSubject.STAGE, report.id)
    if panel is None or panel.state is not PanelState.AT_WORK:
        raise Obstructed(["还没有指定专家，不能形成考核结论"])
    if review is None:
        raise InvalidInput({"review": "请选择通过或不通过。"})
    concluded = conclude_panel(work, panel.id, text, today)
    _demand_reason(concluded, review, reason.strip())
    milestone = milestone_row(work.session, report)
    milestone.reviewed_on, milestone.review = today, review
    work.touch(report.project_id)
    work.record(
        f"{name_of(report, record)}考核结论：{review}",
        project_id=report.project_id,
        citation=article_of(record, report.kind),
        details={
            "changes": [{"field": "考核结论", "old": None, "new": str(review)}],
            "note": "；".join(one for one in (text.strip(), reason.strip()) if one),
            "new": {"average": concluded.average, "passed": concluded.votes(Review.PASSED)},
        },
    )


def _demand_reason(panel: ShownPanel, review: Review, reason: str) -> None:
    if panel.majority in (None, review):
        return
    if not LEAST_REASON <= len(reason) <= MOST_TEXT:
        raise InvalidInput(
            {
                "reason": f"多数专家的意见是“{panel.majority}”，与结论不同，"
                f"请写明理由，{LEAST_REASON} 至 {MOST_TEXT} 字。"
            }
        )


def report_of_seat(session: Session, actor: Actor, seat_id: int) -> int:
    """Return the report on whose panel an expert sits. Raises ``NotFound``."""
    query = (
        select(Panel.subject_id)
        .join(PanelMember, PanelMember.panel_id == Panel.id)
        .join(Project, Project.id == Panel.project_id)
        .where(PanelMember.id == seat_id, Panel.subject_kind == PanelSubject.STAGE, visible(actor))
    )
    report_id = session.scalar(query)
    if report_id is None:
        raise NotFound("这名专家")
    return report_id


def panel_of_report(session: Session, actor: Actor, report_id: int) -> int:
    """Return the panel that reviews a report. Raises ``NotFound``, ``Obstructed`` where none was named."""
    report = find_report(session, actor, report_id)
    panel = panel_of(session, report.project_id, PanelSubject.STAGE, report.id)
    if panel is None:
        raise Obstructed(["还没有指定专家"])
    return panel.id
