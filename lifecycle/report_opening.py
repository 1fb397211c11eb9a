"""Which reports may be written on a day, and, where one may not, why and on which article (SPB 26). Pure."""

from __future__ import annotations

from datetime import date

from lifecycle.models.report import ReportKind
from lifecycle.record import Milestone, ProjectRecord
from lifecycle.rulebook import rulebook
from lifecycle.rules.base import Duty, Kind, Rule
from lifecycle.rules.duties import AnnualReports, StageReports
from lifecycle.rules.filings import ReportToGovernment


def rule_of(record: ProjectRecord, kind: type[Kind]) -> Rule | None:
    """Return the rule of a kind that the project's programme has and that speaks of it."""
    rules = rulebook().programme(record.programme, record.signed_on).rules
    return next((one for one in rules if isinstance(one.kind, kind) and one.scope.covers(record)), None)


def article_of(record: ProjectRecord, kind: ReportKind) -> str | None:
    """Return the article by which reports of a kind are asked for; ``None`` where no article does."""
    wanted = StageReports if kind is ReportKind.STAGE else AnnualReports
    rule = rule_of(record, wanted)
    return rule.citation if rule else None


def goes_to_government(record: ProjectRecord) -> Rule | None:
    """Return the rule by which annual reports go on to the district government."""
    return rule_of(record, ReportToGovernment)


def annual_duty(record: ProjectRecord, year: int) -> Duty | None:
    """Return the duty to report on a year, done or not."""
    duties = (one for one in rulebook().duties(record) if isinstance(one.rule.kind, AnnualReports))
    return next((one for one in duties if one.subject == str(year)), None)


def opens_on(year: int) -> date:
    """Return the day from which the report of a year may be written."""
    return date(year + 1, 1, 1)


def milestone_of(record: ProjectRecord, number: int) -> Milestone | None:
    """Return the milestone of that number."""
    return next((one for one in record.milestones if one.number == number), None)


def against(record: ProjectRecord, kind: ReportKind, subject: int, today: date) -> list[str]:
    """Return why a report may not be written on ``today``; nothing: it may."""
    if record.signed_on is None or record.signed_on > today:
        return ["任务书尚未签订，签订之后才能填报"]
    if record.concluded_on is not None and record.concluded_on <= today:
        return [f"项目已于 {record.concluded_on} 作出结论，不再填报"]
    if kind is ReportKind.ANNUAL:
        return _against_annual(record, subject, today)
    if kind is ReportKind.STAGE:
        return _against_stage(record, subject)
    return []


def _against_annual(record: ProjectRecord, year: int, today: date) -> list[str]:
    rule = rule_of(record, AnnualReports)
    if rule is None:
        return [f"“{record.programme}”的制度没有要求这个项目提交年度报告"]
    if not record.start.year <= year <= record.end.year:
        return [f"{year} 年不在项目实施期内，没有年度报告（{rule.citation}）"]
    if annual_duty(record, year) is None:
        return [f"{year} 年度不用单独报送：当年实施不满 3 个月，或到期时任务书尚未签订（{rule.citation}）"]
    if today < opens_on(year):
        return [f"{year} 年度报告自 {opens_on(year)} 起填报，次年 1 月底前报送（{rule.citation}）"]
    return []


def _against_stage(record: ProjectRecord, number: int) -> list[str]:
    rule = rule_of(record, StageReports)
    cited = f"（{rule.citation}）" if rule else ""
    if not record.milestone_managed:
        return [f"项目没有实行里程碑管理，不用提交阶段报告{cited}"]
    if milestone_of(record, number) is None:
        return [f"任务书没有第 {number} 个里程碑{cited}"]
    return []
