"""The reports of a project as its page lists them: what was handed in beside what is owed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from lifecycle.overview import KnownDuty, Overview
from lifecycle.record import AnnualReport, Milestone
from lifecycle.rules.base import DutyKind
from lifecycle.rules.duties import AnnualReports, StageReports


@dataclass(frozen=True, slots=True)
class AnnualRow:
    """One year: when its report is due, and the report itself where there is one."""

    year: int
    duty: KnownDuty | None
    report: AnnualReport | None


@dataclass(frozen=True, slots=True)
class StageRow:
    """One milestone, and the duty to report on it where there is one."""

    milestone: Milestone
    duty: KnownDuty | None


def annual_rows(overview: Overview) -> list[AnnualRow]:
    """Return every year that owes a report or has one."""
    reports = {report.year: report for report in overview.record.annual_reports}
    duties = _by_subject(overview, AnnualReports)
    years = sorted({*reports, *(int(subject) for subject in duties)})
    return [AnnualRow(year, duties.get(str(year)), reports.get(year)) for year in years]


def stage_rows(overview: Overview) -> list[StageRow]:
    """Return every milestone with its report."""
    duties = _by_subject(overview, StageReports)
    return [StageRow(one, duties.get(str(one.number))) for one in overview.record.milestones]


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
