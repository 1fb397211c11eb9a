"""One report as its page shows it: what it says, how far it has come, and what belongs to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from lifecycle.attachments import ShownFile, attachments_of
from lifecycle.models import PanelSubject, Project, Report, ReportKind, ReportState, User
from lifecycle.panels import ShownPanel, panel_of
from lifecycle.record import AnnualReport, Milestone, ProjectRecord
from lifecycle.refusals import NotFound
from lifecycle.report_content import Content, StageAccount, account_from, account_of, content_from, title_of
from lifecycle.report_opening import goes_to_government, milestone_of
from lifecycle.roles import Actor
from lifecycle.rules.base import Rule
from lifecycle.visibility import visible
from lifecycle.whole import load_wholes


@dataclass(frozen=True, slots=True)
class Deed:
    """One step of a report's way: what was done, by whom and when."""

    what: str
    who: str
    on: date


@dataclass(frozen=True, slots=True)
class ShownReport:
    """A report with its project's record, its account, files and panel."""

    id: int
    project_id: int
    kind: ReportKind
    subject: int
    state: ReportState
    revision: int
    name: str
    note: str | None
    content: Content
    account: StageAccount | None
    """As frozen when it was filed; before that, and once it is returned, as it stands now."""
    is_frozen: bool
    deeds: tuple[Deed, ...]
    record: ProjectRecord
    files: Sequence[ShownFile]
    panel: ShownPanel | None

    @property
    def milestone(self) -> Milestone | None:
        """The milestone that a stage report is about."""
        return milestone_of(self.record, self.subject) if self.kind is ReportKind.STAGE else None

    @property
    def in_record(self) -> AnnualReport | None:
        """What counts of an annual report."""
        if self.kind is not ReportKind.ANNUAL:
            return None
        return next((one for one in self.record.annual_reports if one.year == self.subject), None)

    @property
    def to_government(self) -> Rule | None:
        """The rule by which it goes on to the district government."""
        return goes_to_government(self.record) if self.kind is ReportKind.ANNUAL else None

    @property
    def awaits_government(self) -> bool:
        """Whether it is accepted and has to go on to the district government."""
        gone = self.in_record is not None and self.in_record.to_government_on is not None
        return self.state is ReportState.ACCEPTED and self.to_government is not None and not gone

    @property
    def awaits_review(self) -> bool:
        """Whether its stage can be reviewed by experts and is not yet."""
        one = self.milestone
        return self.state is ReportState.ACCEPTED and one is not None and one.reviewed_on is None


def load_report(session: Session, actor: Actor, report_id: int, today: date) -> ShownReport:
    """Return a report of a project that the actor may see. Raises ``NotFound``."""
    filer, confirmer, decider = aliased(User), aliased(User), aliased(User)
    query = (
        select(Report, filer.name, confirmer.name, decider.name)
        .join(Project, Project.id == Report.project_id)
        .outerjoin(filer, filer.id == Report.filed_by_id)
        .outerjoin(confirmer, confirmer.id == Report.confirmed_by_id)
        .outerjoin(decider, decider.id == Report.decided_by_id)
    )
    row = session.execute(query.where(visible(actor), Report.id == report_id)).one_or_none()
    if row is None:
        raise NotFound("这份报告")
    report, *names = row
    return shown_report(session, report, [name or "系统" for name in names], today)


def shown_report(session: Session, report: Report, names: Sequence[str], today: date) -> ShownReport:
    """Return a report as it is shown; ``names`` are of whoever filed, confirmed and decided."""
    (whole,) = load_wholes(session, [report.project_id])
    record, content = whole.record, content_from(report.content)
    frozen = report.state not in (ReportState.DRAFT, ReportState.RETURNED)
    account = (
        account_from(report.account) if frozen else account_of(record, report.kind, report.subject, today)
    )
    milestone = milestone_of(record, report.subject) if report.kind is ReportKind.STAGE else None
    name = title_of(report.kind, report.subject, content, (milestone.name or "") if milestone else "")
    reviewed = report.kind is ReportKind.STAGE
    panel = panel_of(session, report.project_id, PanelSubject.STAGE, report.id) if reviewed else None
    return ShownReport(
        id=report.id,
        project_id=report.project_id,
        kind=report.kind,
        subject=report.subject,
        state=report.state,
        revision=report.revision,
        name=name,
        note=report.note,
        content=content,
        account=account,
        is_frozen=frozen,
        deeds=tuple(_deeds(report, names)),
        record=record,
        files=attachments_of(session, report.project_id, "report", report.id),
        panel=panel,
    )


def _deeds(report: Report, names: Sequence[str]) -> list[Deed]:
    decided = "接收" if report.state is ReportState.ACCEPTED else "退回"
    steps = (
        ("提交", names[0], report.filed_on),
        ("承担单位确认", names[1], report.confirmed_on),
        (decided, names[2], report.decided_on),
    )
    return [Deed(what, who, on) for what, who, on in steps if on is not None]
