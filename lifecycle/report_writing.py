"""Writing a report: begun by the pi or the unit, saved, and handed to the unit for its confirmation."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lifecycle.attachments import StoredFile, attach, attachments_of, drop, names_and_digests
from lifecycle.command import Work, command
from lifecycle.models import Report, ReportKind, ReportState, TurnKind
from lifecycle.record import ProjectRecord
from lifecycle.records import load_record
from lifecycle.refusals import InvalidInput, Obstructed, OutOfDate
from lifecycle.report_content import (
    Content,
    account_of,
    content_from,
    incomplete,
    overlong,
    plain_account,
    plain_of,
    title_of,
    with_indicators,
)
from lifecycle.report_opening import against, article_of
from lifecycle.report_states import OPEN, REPORT_TRANSITIONS, find_report, name_of, owed_as, to_do
from lifecycle.roles import Permission, Role
from lifecycle.stages import advance
from lifecycle.turns import Waits, hand_on
from lifecycle.visibility import demand_acting_as, find_project


@dataclass(frozen=True, slots=True)
class Written:
    """What a form sends: the content, new files, and the ids of attached ones that are taken off."""

    content: Content
    files: Sequence[StoredFile] = ()
    dropped: Collection[int] = ()


@command("report.draft", Permission.FILE_REPORT)
def start_report(work: Work, number: str, kind: ReportKind, subject: int | None, today: date) -> int:
    """Begin a report of a year, a milestone or an event, or go on with the one begun; return its id.

    ``subject`` is the year or the milestone's number; events are numbered here. Raises ``NotFound``,
    ``NotTheirs``, ``Obstructed`` where none is owed or the year is not over, with the article.
    """
    project = find_project(work.session, work.actor, number)
    demand_acting_as(work.session, work.actor, project.id, Role.PI, Role.UNIT_MANAGER)
    if kind is ReportKind.EVENT:
        subject = _next_event(work.session, project.id)
    known = _known(work.session, project.id, kind, subject or 0)
    if known is not None:
        work.record(to_do("继续填写", title_of(kind, known.subject)), project_id=project.id)
        return known.id
    record = load_record(work.session, project.id)
    _demand_free(against(record, kind, subject or 0, today) or _handed_in(record, kind, subject or 0))
    content = with_indicators(Content(), [one.name for one in record.indicators])
    report = Report(
        project_id=project.id,
        kind=kind,
        subject=subject or 0,
        state=ReportState.DRAFT,
        content=plain_of(content),
        account={},
        drafted_by_id=work.actor.user_id,
        drafted_on=today,
    )
    work.session.add(report)
    work.session.flush()
    name = name_of(report, record)
    waits = [Waits(Role.PI, to_do("填写并提交", name), duty=owed_as(report))]
    hand_on(work, project.id, TurnKind.REPORT, report.id, waits, today)
    work.record(to_do("开始填写", name), project_id=project.id, citation=article_of(record, kind))
    return report.id


def _next_event(session: Session, project_id: int) -> int:
    events = select(func.max(Report.subject)).where(
        Report.project_id == project_id, Report.kind == ReportKind.EVENT
    )
    return (session.scalar(events) or 0) + 1


def _known(session: Session, project_id: int, kind: ReportKind, subject: int) -> Report | None:
    query = select(Report).where(
        Report.project_id == project_id, Report.kind == kind, Report.subject == subject
    )
    return session.scalar(query)


def _handed_in(record: ProjectRecord, kind: ReportKind, subject: int) -> list[str]:
    """Return that a report was handed in before its project was led here, as the ledger has it."""
    if kind is ReportKind.ANNUAL:
        days = [one.submitted_on for one in record.annual_reports if one.year == subject]
    else:
        days = [one.reported_on for one in record.milestones if one.number == subject]
    return [f"{title_of(kind, subject)}已于 {day} 提交（台账登记）" for day in days if day is not None]


def _demand_free(obstacles: Sequence[str]) -> None:
    if obstacles:
        raise Obstructed(obstacles)


@command("report.save", Permission.FILE_REPORT)
def save_report(work: Work, report_id: int, revision: int, written: Written, today: date) -> None:
    """Keep what has been written so far; nothing of it need be complete.

    Raises ``NotFound``, ``NotTheirs``, ``Obstructed`` once filed, ``OutOfDate``, ``InvalidInput``.
    """
    del today
    report, record = _mine(work, report_id)
    changed = _take(work, report, record, revision, written)
    work.record(to_do("保存", name_of(report, record)), project_id=report.project_id, details=changed)


@command("report.file", Permission.FILE_REPORT)
def file_report(work: Work, report_id: int, revision: int, written: Written, today: date) -> None:
    """Hand a report to the unit for its confirmation; the stage account is frozen as it stands now.

    Raises what ``save_report`` raises, ``InvalidInput`` with everything that is missing, ``Obstructed`` where
    none is owed any more.
    """
    report, record = _mine(work, report_id)
    _demand_free(against(record, report.kind, report.subject, today))
    changed = _take(work, report, record, revision, written)
    account = account_of(record, report.kind, report.subject, today)
    errors = incomplete(content_from(report.content), report.kind, account, today)
    if errors:
        raise InvalidInput(errors)
    report.state = advance(REPORT_TRANSITIONS, report.state, ReportState.FILED)
    report.account = plain_account(account)
    report.filed_by_id, report.filed_on = work.actor.user_id, today
    name = name_of(report, record)
    hand_on(
        work,
        report.project_id,
        TurnKind.REPORT,
        report.id,
        [Waits(Role.UNIT_MANAGER, to_do("确认并报出", name), duty=owed_as(report))],
        today,
    )
    work.record(
        f"{to_do('提交', name)}，待承担单位确认",
        project_id=report.project_id,
        citation=article_of(record, report.kind),
        details=changed,
    )


def _mine(work: Work, report_id: int) -> tuple[Report, ProjectRecord]:
    """Return a report that the actor, as its pi or unit, may write on, and the project's record."""
    report = find_report(work.session, work.actor, report_id)
    demand_acting_as(work.session, work.actor, report.project_id, Role.PI, Role.UNIT_MANAGER)
    record = load_record(work.session, report.project_id)
    if report.state not in OPEN:
        raise Obstructed([f"{name_of(report, record)}已经提交（{report.state}），不能再修改"])
    return report, record


def _take(
    work: Work, report: Report, record: ProjectRecord, revision: int, written: Written
) -> dict[str, Any]:
    """Put what was written into the report; return what an audit entry says of it."""
    if revision != report.revision:
        raise OutOfDate
    content = with_indicators(written.content, [one.name for one in record.indicators])
    errors = dict(overlong(content))
    if errors:
        raise InvalidInput(errors)
    there = {file.id for file in attachments_of(work.session, report.project_id, "report", report.id)}
    gone = [drop(work, one) for one in written.dropped if one in there]
    attach(work, report.project_id, "report", report.id, written.files, name_of(report, record))
    report.content, report.nothing_to_report = plain_of(content), content.nothing
    report.revision += 1
    return {"files": names_and_digests(written.files), "dropped": names_and_digests(gone)}
