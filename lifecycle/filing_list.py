"""Who has reported and who has not: what is owed joined with the reports there are, by unit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, func, or_, select
from sqlalchemy.orm import Session

from lifecycle.listing import USUAL_SIZE
from lifecycle.models import AnnualReport, KeptDuty, Project, Reminder, Report, ReportKind, ReportState
from lifecycle.report_content import content_from, title_of
from lifecycle.roles import Actor
from lifecycle.rulebook import rulebook
from lifecycle.rules.base import Kind
from lifecycle.rules.duties import AnnualReports, StageReports
from lifecycle.rules.filings import ReportToGovernment
from lifecycle.visibility import visible

AHEAD = timedelta(days=30)
"""How long before its day a milestone's report is listed."""


Query: TypeAlias = Select[*tuple[Any, ...]]


class FilingState(StrEnum):
    """Where what is owed stands, as the list says it."""

    NOT_FILED = "未提交"
    OVERDUE = "逾期未提交"
    WITH_UNIT = "待确认"
    WITH_BUREAU = "待审核"
    RETURNED = "已退回"
    TO_GOVERNMENT = "待报区政府"
    ACCEPTED = "已接收"


@dataclass(frozen=True, slots=True)
class FilingFilter:
    """What is asked of the list. Empty fields ask nothing."""

    kind: ReportKind = ReportKind.ANNUAL
    text: str = ""
    year: int | None = None
    """The year reported on; of milestones, in which it falls due; of events, in which it was begun."""
    programme: str = ""
    state: FilingState | None = None
    project_id: int | None = None
    page: int = 1
    per_page: int = USUAL_SIZE


@dataclass(frozen=True, slots=True)
class Filing:
    """One report that is owed, or was made of an event."""

    project_id: int
    number: str
    title: str
    programme: str
    lead_unit: str
    pi_name: str
    kind: ReportKind
    subject: int
    what: str
    due: date | None
    submitted_on: date | None
    to_government_on: date | None
    report_id: int | None
    report_state: ReportState | None
    state: FilingState


@dataclass(frozen=True, slots=True)
class FilingPage:
    """One page of the list; the counts are of everything asked for but the state."""

    rows: Sequence[Filing]
    counts: Mapping[FilingState, int]
    count: int
    number: int
    pages: int


KINDS: Mapping[ReportKind, type[Kind]] = {
    ReportKind.ANNUAL: AnnualReports,
    ReportKind.STAGE: StageReports,
}
"""Kind of report → the kind of rule by which it is owed."""


def rules_of(kind: type[Kind]) -> frozenset[str]:
    """Return the ids of the rules of a kind in all programmes."""
    return frozenset(rule for _, rule in _with_rule(kind))


def _with_rule(kind: type[Kind]) -> Iterator[tuple[str, str]]:
    book = rulebook()
    for name in book.programmes:
        for rule in book.programme(name).rules:
            if isinstance(rule.kind, kind):
                yield name, rule.id


def list_filings(session: Session, actor: Actor, asked: FilingFilter, today: date) -> FilingPage:
    """Return the page asked for: what is still open first, by unit; a page beyond the last gives the last."""
    state = _state(asked.kind, today)
    tally: Query = select(state, func.count())
    tally = _from(asked.kind, tally, today).where(*_chosen(actor, asked))
    counts = {FilingState(word): number for word, number in session.execute(tally.group_by(state))}
    count = sum(counts.values()) if asked.state is None else counts.get(asked.state, 0)
    pages = max(1, -(-count // asked.per_page))
    number = min(max(1, asked.page), pages)
    query = _rows(actor, asked, today).limit(asked.per_page).offset((number - 1) * asked.per_page)
    rows = [_filing(asked.kind, *row) for row in session.execute(query)] if count else []
    return FilingPage(rows, counts, count, number, pages)


def every_filing(session: Session, actor: Actor, asked: FilingFilter, today: date) -> Iterator[Filing]:
    """Yield everything asked for, in its order, for an export."""
    for row in session.execute(_rows(actor, asked, today)):
        yield _filing(asked.kind, *row)


def _rows(actor: Actor, asked: FilingFilter, today: date) -> Query:
    state = _state(asked.kind, today)
    columns: list[Any] = [Project.id, Project.number, Project.title]
    columns += [Project.programme, Project.lead_unit, Project.pi_name]
    columns += [Report.id, Report.state, Report.subject, Report.content, Report.confirmed_on, state]
    settled = case((state == FilingState.ACCEPTED.value, 1), else_=0)
    order: list[Any] = [settled, Project.unit_order, Project.id]
    if asked.kind is ReportKind.EVENT:
        order.append(Report.subject)
    else:
        columns += [KeptDuty.subject, KeptDuty.due, _done_on(today), KeptDuty.message]
        order.append(KeptDuty.due)
    if asked.kind is ReportKind.ANNUAL:
        columns.append(AnnualReport.to_government_on)
    query: Query = select(*columns)
    query = _from(asked.kind, query, today).where(*_chosen(actor, asked)).order_by(*order)
    return query if asked.state is None else query.where(state == asked.state.value)


def _filing(kind: ReportKind, *row: Any) -> Filing:
    own, (report_id, report_state, number, content, confirmed_on, state) = row[:6], row[6:12]
    due = to_government = None
    if kind is ReportKind.EVENT:
        subject, submitted_on = number, confirmed_on
        what = title_of(kind, subject, content_from(content))
    else:
        subject, due, submitted_on, message = int(row[12]), *row[13:16]
        what = title_of(kind, subject) if kind is ReportKind.ANNUAL else message.removeprefix("提交")
        to_government = row[16] if kind is ReportKind.ANNUAL else None
    in_order: list[Any] = [*own, kind, subject, what, due, submitted_on, to_government]
    in_order += [report_id, report_state, FilingState(state)]
    return Filing(*in_order)


def _from(kind: ReportKind, query: Query, today: date) -> Query:
    """Say from which tables a query of filings reads, and what of them is listed on ``today``."""
    if kind is ReportKind.EVENT:
        return query.select_from(Report).join(Project).where(Report.kind == kind)
    of_report = and_(
        Report.project_id == KeptDuty.project_id,
        Report.kind == kind,
        cast(Report.subject, String) == KeptDuty.subject,
    )
    query = query.select_from(KeptDuty).join(Project, Project.id == KeptDuty.project_id)
    query = query.outerjoin(Report, of_report)
    if kind is ReportKind.ANNUAL:
        of_year = and_(
            AnnualReport.project_id == KeptDuty.project_id,
            cast(AnnualReport.year, String) == KeptDuty.subject,
        )
        query = query.outerjoin(AnnualReport, of_year)
    # The report of a year opens on the first of January after it.
    horizon = date(today.year, 1, 31) if kind is ReportKind.ANNUAL else today + AHEAD
    closed = and_(KeptDuty.closed_on.is_not(None), KeptDuty.closed_on <= today)
    return query.where(
        KeptDuty.rule.in_(rules_of(KINDS[kind])),
        KeptDuty.since <= today,
        or_(_done(today), and_(~closed, or_(KeptDuty.due <= horizon, Report.id.is_not(None)))),
    )


def _done(today: date) -> ColumnElement[bool]:
    return and_(KeptDuty.done_on.is_not(None), KeptDuty.done_on <= today)


def _done_on(today: date) -> ColumnElement[date | None]:
    return case((_done(today), KeptDuty.done_on), else_=None)


def _state(kind: ReportKind, today: date) -> ColumnElement[str]:
    ways: list[tuple[ColumnElement[bool], str]] = [
        (Report.state == ReportState.FILED, FilingState.WITH_UNIT.value),
        (Report.state == ReportState.CONFIRMED, FilingState.WITH_BUREAU.value),
        (Report.state == ReportState.RETURNED, FilingState.RETURNED.value),
    ]
    if kind is ReportKind.EVENT:
        ways.append((Report.state == ReportState.ACCEPTED, FilingState.ACCEPTED.value))
        return case(*ways, else_=FilingState.NOT_FILED.value)
    if kind is ReportKind.ANNUAL:
        majors = {name for name, _ in _with_rule(ReportToGovernment)}
        open_ = and_(Project.programme.in_(majors), AnnualReport.to_government_on.is_(None))
        ways.append((and_(_done(today), open_), FilingState.TO_GOVERNMENT.value))
    ways.append((_done(today), FilingState.ACCEPTED.value))
    ways.append((KeptDuty.due < today, FilingState.OVERDUE.value))
    return case(*ways, else_=FilingState.NOT_FILED.value)


def _chosen(actor: Actor, asked: FilingFilter) -> list[ColumnElement[bool]]:
    conditions = [visible(actor)]
    if asked.project_id is not None:
        conditions.append(Project.id == asked.project_id)
    if asked.kind is not ReportKind.EVENT:
        conditions.append(KeptDuty.agency_id == actor.agency_id)
    conditions += [Project.search_text.contains(word, autoescape=True) for word in asked.text.lower().split()]
    if asked.programme:
        conditions.append(Project.programme == asked.programme)
    if asked.year is not None:
        conditions.append(_of_year(asked.kind, asked.year))
    return conditions


def _of_year(kind: ReportKind, year: int) -> ColumnElement[bool]:
    if kind is ReportKind.ANNUAL:
        return KeptDuty.subject == str(year)
    day = KeptDuty.due if kind is ReportKind.STAGE else Report.drafted_on
    return day.between(date(year, 1, 1), date(year, 12, 31))


def reminder_step(today: date) -> str:
    """Return what the log of reminders calls a press of ``today``: it is made once a day."""
    return f"催报 {today}"


@dataclass(frozen=True, slots=True)
class Rest:
    """Who has not handed in and was not reminded today by a press."""

    units: int
    filings: int


def count_rest(session: Session, actor: Actor, asked: FilingFilter, today: date) -> Rest:
    """Count whom a press would remind."""
    if asked.kind is ReportKind.EVENT:
        return Rest(0, 0)
    query: Query = select(func.count(Project.lead_unit.distinct()), func.count())
    row = session.execute(rest_of(query, actor, asked, today)).one()
    return Rest(row[0], row[1])


def rest_of(query: Query, actor: Actor, asked: FilingFilter, today: date) -> Query:
    """Narrow a query of filings to what was asked, is not handed in, and was not pressed for today."""
    told = select(Reminder.id).where(
        Reminder.project_id == KeptDuty.project_id,
        Reminder.rule == KeptDuty.rule,
        Reminder.subject == KeptDuty.subject,
        Reminder.due == KeptDuty.due,
        Reminder.step == reminder_step(today),
    )
    query = _from(asked.kind, query, today).where(*_chosen(actor, asked))
    query = query.where(~_done(today), ~told.exists())
    return query if asked.state is None else query.where(_state(asked.kind, today) == asked.state.value)


def filing_years(session: Session, actor: Actor, today: date) -> list[int]:
    """Return the years that the filter offers, the latest first."""
    first = session.scalar(select(func.min(Project.year)).where(visible(actor)))
    return list(range(today.year, (first or today.year) - 1, -1))
