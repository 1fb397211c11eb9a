"""Where reports stand, how they may go on, and how one is found and called."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.models import Project, Report, ReportKind, ReportState
from lifecycle.record import ProjectRecord
from lifecycle.refusals import NotFound
from lifecycle.report_content import content_from, title_of
from lifecycle.report_opening import milestone_of
from lifecycle.roles import Actor
from lifecycle.rules.base import DutyKind
from lifecycle.rules.duties import AnnualReports, StageReports
from lifecycle.turns import DutyOf
from lifecycle.visibility import visible

REPORT_TRANSITIONS: Mapping[ReportState, frozenset[ReportState]] = {
    ReportState.DRAFT: frozenset({ReportState.FILED}),
    ReportState.FILED: frozenset({ReportState.CONFIRMED, ReportState.RETURNED}),
    ReportState.CONFIRMED: frozenset({ReportState.ACCEPTED, ReportState.RETURNED}),
    ReportState.RETURNED: frozenset({ReportState.FILED}),
    ReportState.ACCEPTED: frozenset(),
}

OPEN = frozenset({ReportState.DRAFT, ReportState.RETURNED})
"""The states in which a report is written on."""


def find_report(session: Session, actor: Actor, report_id: int) -> Report:
    """Return a report of a project that the actor may see. Raises ``NotFound``."""
    query = select(Report).join(Project, Project.id == Report.project_id)
    report = session.scalar(query.where(visible(actor), Report.id == report_id))
    if report is None:
        raise NotFound("这份报告")
    return report


def name_of(report: Report, record: ProjectRecord) -> str:
    """Return what a report is called."""
    milestone = milestone_of(record, report.subject) if report.kind is ReportKind.STAGE else None
    name = (milestone.name or "") if milestone else ""
    return title_of(report.kind, report.subject, content_from(report.content), name)


def to_do(verb: str, name: str) -> str:
    """Return what is to be done with a report: 确认 2026 年度报告, 确认第 1 个里程碑阶段报告."""
    return f"{verb} {name}" if name[:1].isdigit() else f"{verb}{name}"


_OWED: Mapping[ReportKind, type[DutyKind]] = {
    ReportKind.ANNUAL: AnnualReports,
    ReportKind.STAGE: StageReports,
}


def owed_as(report: Report) -> DutyOf | None:
    """Return the duty as which a report is owed; nobody owes a report of an event."""
    kind = _OWED.get(report.kind)
    return DutyOf(kind, str(report.subject)) if kind else None
