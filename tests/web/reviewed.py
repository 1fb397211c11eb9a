"""A stage report that experts are at, for tests that need one at hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.filings import accept_report, confirm_report
from lifecycle.models import MemberField, Panel, PanelMember, PanelSubject, ReportKind
from lifecycle.panels import Named
from lifecycle.record import Milestone
from lifecycle.report_content import Content
from lifecycle.report_writing import Written, file_report, start_report
from lifecycle.roles import Role
from lifecycle.stage_review import name_experts
from tests.web.site import People, store_project

NUMBER = "KG-REVIEWED"
DAY = date(2026, 3, 20)


def stage_report(people: People, session: Session, _folder: Path) -> int:
    """Return a stage report of a project of its own, accepted and before the agency's expert."""
    milestone = Milestone(1, "样机", date(2026, 3, 31), None, None, None)
    store_project(session, people.agency_a, NUMBER, milestone_managed=True, milestones=(milestone,))
    pi, unit = people.a[Role.PI].actor, people.a[Role.UNIT_MANAGER].actor
    handler = people.a[Role.HANDLER].actor
    report_id = start_report(session, pi, NUMBER, ReportKind.STAGE, 1, DAY)
    content = Content(progress="样机试制完成，开始台架测试。", no_spending=True)
    file_report(session, pi, report_id, 1, Written(content), DAY)
    confirm_report(session, unit, report_id, DAY)
    accept_report(session, handler, report_id, DAY)
    expert = Named(people.a[Role.EXPERT].id, MemberField.TECHNICAL, leads=True)
    name_experts(session, handler, report_id, [expert], None, DAY)
    return report_id


def seat(_people: People, session: Session, _folder: Path) -> int:
    """Return the place of the expert on that report's panel."""
    query = select(PanelMember.id).join(Panel).where(Panel.subject_kind == PanelSubject.STAGE)
    return session.scalars(query).one()
