"""The reports of a project as its page lists them: what is owed, what was handed in, the next step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from app import clock
from app.extensions import db
from app.filings.steps import FilingStep, beginning, report_step, step_of, writes_on
from app.permissions import current_actor
from lifecycle.filing_list import Filing, FilingFilter, every_filing
from lifecycle.models import ReportKind
from lifecycle.overview import KnownDuty, Overview
from lifecycle.record import AnnualReport, Milestone
from lifecycle.report_opening import against, opens_on
from lifecycle.rules.base import DutyKind
from lifecycle.rules.duties import AnnualReports, StageReports


@dataclass(frozen=True, slots=True)
class AnnualRow:
    """One year: when its report is due, and the report itself where there is one."""

    year: int
    duty: KnownDuty | None
    report: AnnualReport | None
    filing: Filing | None = None
    step: FilingStep | None = None
    opens_on: date | None = None
    """From when it may be written, where that is still to come."""


@dataclass(frozen=True, slots=True)
class StageRow:
    """One milestone, and the duty to report on it where there is one."""

    milestone: Milestone
    duty: KnownDuty | None
    filing: Filing | None = None
    step: FilingStep | None = None


class ReportsTab:
    """The tab of one project, as one person sees it."""

    def __init__(self, overview: Overview) -> None:
        self._overview, self._record = overview, overview.record
        self._actor, self._today = current_actor(), clock.today()
        self._writes = writes_on(self._actor, self._record)

    def shown(self) -> Mapping[str, Any]:
        """Return what the template needs."""
        may_tell = self._writes and not self._against(ReportKind.EVENT, 0)
        return {
            "annual": self._annual(),
            "stages": self._stages(),
            "events": [(one, step_of(one, self._actor)) for one in self._filings(ReportKind.EVENT).values()],
            "tell": beginning(self._record.number, ReportKind.EVENT, None) if may_tell else None,
            "status_of": status_of,
        }

    def _filings(self, kind: ReportKind) -> dict[int, Filing]:
        asked = FilingFilter(kind=kind, project_id=self._overview.project.id)
        return {one.subject: one for one in every_filing(db.session(), self._actor, asked, self._today)}

    def _against(self, kind: ReportKind, subject: int) -> list[str]:
        return against(self._record, kind, subject, self._today)

    def _annual(self) -> list[AnnualRow]:
        """Return every year that owes a report or has one."""
        reports = {report.year: report for report in self._record.annual_reports}
        duties, filings = _by_subject(self._overview, AnnualReports), self._filings(ReportKind.ANNUAL)
        years = sorted({*reports, *(int(subject) for subject in duties)})
        return [
            AnnualRow(
                year,
                duties.get(str(year)),
                reports.get(year),
                filings.get(year),
                self._step(ReportKind.ANNUAL, year, filings.get(year)),
                opens_on(year) if self._today < opens_on(year) else None,
            )
            for year in years
        ]

    def _stages(self) -> list[StageRow]:
        """Return every milestone with its report."""
        duties, filings = _by_subject(self._overview, StageReports), self._filings(ReportKind.STAGE)
        return [
            StageRow(
                one,
                duties.get(str(one.number)),
                filings.get(one.number),
                self._step(ReportKind.STAGE, one.number, filings.get(one.number)),
            )
            for one in self._record.milestones
        ]

    def _step(self, kind: ReportKind, subject: int, filing: Filing | None) -> FilingStep | None:
        if filing is not None and filing.report_id is not None:
            return report_step(filing.report_id, filing.report_state, self._actor, self._record.lead_unit)
        handed_in = filing is not None and filing.submitted_on is not None
        if not self._writes or handed_in or self._against(kind, subject):
            return None
        return beginning(self._record.number, kind, subject)


def status_of(duty: KnownDuty | None, done_on: date | None, today: date) -> str:
    """Return in one word where a report stands."""
    if done_on is not None and done_on <= today:
        return "逾期提交" if duty is not None and done_on > duty.due else "已提交"
    if duty is None:
        return "未提交"
    return "" if duty.is_open(today) else "项目已结，不再需要"


def _by_subject(overview: Overview, kind: type[DutyKind]) -> dict[str, KnownDuty]:
    return {
        duty.subject: duty
        for duty in overview.duties
        if duty.rule is not None and isinstance(duty.rule.kind, kind)
    }
