"""Reports handed in: confirmed by the unit, accepted or returned by the bureau, sent on to the government.

What counts is the day on which the unit confirms, for then it hands the report to the bureau (SPB 26): it
stands in the record's rows. Returned for supplement keeps that day, returned as not handed in clears it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.attachments import StoredFile, attach, names_and_digests
from lifecycle.command import Work, command
from lifecycle.judging import MOST_TEXT
from lifecycle.models import AnnualReport, Milestone, Report, ReportKind, ReportState, TurnKind
from lifecycle.record import ProjectRecord
from lifecycle.records import load_record
from lifecycle.refusals import InvalidInput, NotFound, Obstructed
from lifecycle.report_opening import article_of, goes_to_government, rule_of
from lifecycle.report_states import REPORT_TRANSITIONS, find_report, name_of, owed_as, to_do
from lifecycle.roles import Permission, Role
from lifecycle.rules.duties import StageReports
from lifecycle.rules.time_limits import StageReview, ToGovernment
from lifecycle.stages import advance
from lifecycle.turns import DutyOf, Waits, hand_on
from lifecycle.visibility import demand_acting_as

AlsoDone = Callable[[Work, Report, ProjectRecord, date], None]
"""What else is done in the same act, by a floor that this one does not know."""


@command("report.confirm", Permission.CONFIRM_REPORT)
def confirm_report(work: Work, report_id: int, today: date, then: AlsoDone | None = None) -> None:
    """Hand a report to the bureau in the unit's name: the day that counts, unless one counts already.

    ``then`` is what else belongs to the act, done within it. Raises ``NotFound``, ``NotTheirs``,
    ``IllegalTransition``.
    """
    report, record = _of_the_unit(work, report_id)
    report.state = advance(REPORT_TRANSITIONS, report.state, ReportState.CONFIRMED)
    report.confirmed_by_id, report.confirmed_on, report.note = work.actor.user_id, today, None
    day = _count_from(work, report, today)
    name = name_of(report, record)
    hand_on(
        work, report.project_id, TurnKind.REPORT, report.id, [Waits(Role.HANDLER, to_do("审核", name))], today
    )
    work.record(
        f"{to_do('承担单位确认', name)}，报区科技局",
        project_id=report.project_id,
        citation=article_of(record, report.kind),
        details={"changes": [{"field": "提交日期", "old": None, "new": day.isoformat()}] if day else []},
    )
    if then is not None:
        then(work, report, record, today)


def _of_the_unit(work: Work, report_id: int) -> tuple[Report, ProjectRecord]:
    report = find_report(work.session, work.actor, report_id)
    demand_acting_as(work.session, work.actor, report.project_id, Role.UNIT_MANAGER)
    return report, load_record(work.session, report.project_id)


def _count_from(work: Work, report: Report, today: date) -> date | None:
    """Write into the record that the report is in; return the day where it counts from now on."""
    work.touch(report.project_id)
    if report.kind is ReportKind.ANNUAL:
        row = annual_row(work.session, report)
        row.with_accounts = bool(report.account)
        if row.submitted_on is None:
            row.submitted_on = today
            return today
    elif report.kind is ReportKind.STAGE:
        milestone = milestone_row(work.session, report)
        if milestone.reported_on is None:
            milestone.reported_on = today
            return today
    return None


def annual_row(session: Session, report: Report) -> AnnualReport:
    """Return the record's row of a report's year, added where there is none."""
    rows = session.scalars(select(AnnualReport).where(AnnualReport.project_id == report.project_id)).all()
    found = next((one for one in rows if one.year == report.subject), None)
    if found is None:
        found = AnnualReport(
            project_id=report.project_id,
            position=max((one.position for one in rows), default=-1) + 1,
            year=report.subject,
            with_accounts=False,
        )
        session.add(found)
    return found


def milestone_row(session: Session, report: Report) -> Milestone:
    """Return the record's row of a report's milestone. Raises ``NotFound`` where it is agreed no more."""
    query = select(Milestone).where(
        Milestone.project_id == report.project_id, Milestone.number == report.subject
    )
    found = session.scalar(query)
    if found is None:
        raise NotFound("任务书中的这个里程碑")
    return found


@command("report.send_back", Permission.CONFIRM_REPORT)
def send_back(work: Work, report_id: int, note: str, today: date) -> None:
    """Give a report back to the pi before the bureau has it.

    Raises what ``confirm_report`` does, ``Obstructed``, ``InvalidInput`` at ``note``.
    """
    report, record = _of_the_unit(work, report_id)
    if report.state is ReportState.CONFIRMED:
        raise Obstructed(["报告已报区科技局，请联系经办人退回"])
    _return(work, report, record, note, today, "承担单位退回")


@command("report.accept", Permission.DECIDE_REPORT)
def accept_report(work: Work, report_id: int, today: date) -> None:
    """Accept a report; what still has to be done with it stays on the handler's desk.

    Raises ``NotFound``, ``IllegalTransition``.
    """
    report = find_report(work.session, work.actor, report_id)
    record = load_record(work.session, report.project_id)
    report.state = advance(REPORT_TRANSITIONS, report.state, ReportState.ACCEPTED)
    report.decided_by_id, report.decided_on = work.actor.user_id, today
    name = name_of(report, record)
    hand_on(work, report.project_id, TurnKind.REPORT, report.id, _then(report, record, name), today)
    work.record(to_do("接收", name), project_id=report.project_id, citation=article_of(record, report.kind))


def _then(report: Report, record: ProjectRecord, name: str) -> list[Waits]:
    if report.kind is ReportKind.ANNUAL and goes_to_government(record) is not None:
        known = any(one.year == report.subject and one.to_government_on for one in record.annual_reports)
        duty = DutyOf(ToGovernment, str(report.subject))
        return [] if known else [Waits(Role.HANDLER, f"将 {name}报区政府", duty=duty)]
    if report.kind is ReportKind.STAGE and rule_of(record, StageReports) is not None:
        duty = DutyOf(StageReview, str(report.subject))
        return [Waits(Role.HANDLER, f"为{name}指定专家，组织阶段考核", duty=duty)]
    return []


@command("report.return", Permission.DECIDE_REPORT)
def return_report(work: Work, report_id: int, note: str, as_not_submitted: bool, today: date) -> None:
    """Return a report to the pi: for supplement (退回补正), or as if it had not been handed in (视为未提交).

    Raises ``NotFound``, ``IllegalTransition``, ``InvalidInput`` at ``note``.
    """
    report = find_report(work.session, work.actor, report_id)
    if report.state is ReportState.FILED:
        raise Obstructed(["报告还没有经承担单位确认，由承担单位处理"])
    record = load_record(work.session, report.project_id)
    report.decided_by_id, report.decided_on = work.actor.user_id, today
    words = "退回，视为未提交" if as_not_submitted else "退回补正"
    _return(
        work, report, record, note, today, words, cleared=_clear(work, report) if as_not_submitted else None
    )


def _clear(work: Work, report: Report) -> date | None:
    """Take the day back out of the record; return what it was."""
    work.touch(report.project_id)
    if report.kind is ReportKind.ANNUAL:
        row = annual_row(work.session, report)
        day, row.submitted_on, row.with_accounts = row.submitted_on, None, False
        return day
    if report.kind is ReportKind.STAGE:
        milestone = milestone_row(work.session, report)
        day, milestone.reported_on = milestone.reported_on, None
        return day
    return None


def _return(
    work: Work,
    report: Report,
    record: ProjectRecord,
    note: str,
    today: date,
    words: str,
    cleared: date | None = None,
) -> None:
    report.state = advance(REPORT_TRANSITIONS, report.state, ReportState.RETURNED)
    if not note.strip():
        raise InvalidInput({"note": "请写明退回的原因和需要补正的内容。"})
    if len(note) > MOST_TEXT:
        raise InvalidInput({"note": f"最多 {MOST_TEXT} 个字。"})
    report.note = note.strip()
    name = name_of(report, record)
    waits = [Waits(Role.PI, to_do("补正并重新提交", name), duty=owed_as(report))]
    hand_on(work, report.project_id, TurnKind.REPORT, report.id, waits, today)
    changes = [{"field": "提交日期", "old": cleared.isoformat(), "new": None}] if cleared else []
    work.record(
        f"{name}：{words}",
        project_id=report.project_id,
        citation=article_of(record, report.kind),
        details={"note": report.note, "changes": changes},
    )


@command("report.to_government", Permission.DECIDE_REPORT)
def note_government(
    work: Work, report_id: int, on: date | None, note: str, files: Sequence[StoredFile], today: date
) -> None:
    """Record the day on which a major project's annual report went on to the district government (SPB 26).

    Raises ``NotFound``, ``Obstructed`` before it is accepted, for a second time, or where no rule asks it,
    ``InvalidInput`` at ``on`` or ``note``.
    """
    report = find_report(work.session, work.actor, report_id)
    record = load_record(work.session, report.project_id)
    rule = goes_to_government(record)
    name = name_of(report, record)
    if report.kind is not ReportKind.ANNUAL or rule is None:
        raise Obstructed([f"{name}按规定不用报区政府"])
    if report.state is not ReportState.ACCEPTED:
        raise Obstructed([f"{name}尚未接收，接收之后再报区政府（{rule.citation}）"])
    row = annual_row(work.session, report)
    if row.to_government_on is not None:
        raise Obstructed([f"{name}已于 {row.to_government_on} 报区政府"])
    _check_day(on, row.submitted_on, today, note)
    row.to_government_on = on
    work.touch(report.project_id)
    attach(work, report.project_id, "report", report.id, files, "报区政府材料")
    hand_on(work, report.project_id, TurnKind.REPORT, report.id, (), today)
    work.record(
        f"{name}已报区政府",
        project_id=report.project_id,
        citation=rule.citation,
        details={
            "changes": [{"field": "报区政府日期", "old": None, "new": str(on)}],
            "note": note.strip(),
            "files": names_and_digests(files),
        },
    )


def _check_day(on: date | None, submitted_on: date | None, today: date, note: str) -> None:
    errors = {}
    if on is None:
        errors["on"] = "请填写报区政府的日期。"
    elif submitted_on is not None and on < submitted_on:
        errors["on"] = f"不能早于报告提交日期 {submitted_on}。"
    elif on > today:
        errors["on"] = "不能晚于今天。"
    if len(note) > MOST_TEXT:
        errors["note"] = f"最多 {MOST_TEXT} 个字。"
    if errors:
        raise InvalidInput(errors)
