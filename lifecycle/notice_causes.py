"""Of what a notice can be drawn up now: a duty that the project's people owe, or a measure in force."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import func, not_, or_, select
from sqlalchemy.orm import Session

from lifecycle.addresses import turn_path
from lifecycle.listing import open_duties
from lifecycle.models import (
    Inspection,
    KeptDuty,
    Measure,
    NoticeKind,
    PaperNotice,
    Project,
    Reminder,
    TurnKind,
)
from lifecycle.notice_holds import lawful_holds
from lifecycle.notice_settings import NoticeSettings, notice_settings_of
from lifecycle.notice_words import (
    Ladder,
    Matter,
    NoticeText,
    Told,
    cited_in,
    day_words,
    notice_text,
    number_words,
)
from lifecycle.record import MeasureKind
from lifecycle.records import load_record
from lifecycle.refusals import Obstructed
from lifecycle.roles import Actor, Role
from lifecycle.rules.base import Rule
from lifecycle.settings import Settings, settings_of
from lifecycle.visibility import find_project

AHEAD = timedelta(days=90)
"""How far ahead a duty may be reminded of on paper."""

TO_THE_PROJECT = frozenset({Role.PI, Role.UNIT_MANAGER, Role.UNIT_FINANCE, Role.JOINT_UNIT})
"""Whose duties a notice speaks of: the bureau sends itself none."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What a notice is drawn up for: a duty by rule, subject and day, or a measure by its number.

    Of money that a rule keeps back: the rule, the tranche and the first day.
    """

    kind: NoticeKind
    rule: str | None = None
    subject: str | None = None
    due: date | None = None
    measure: int | None = None


class Offered(NamedTuple):
    """A notice that can be drawn up, and what it would be about."""

    cause: Cause
    what: str
    due: date | None


class Drafted(NamedTuple):
    """A notice as it would be drawn up."""

    project: Project
    cause: Cause
    text: NoticeText
    citation: str | None


def kind_for(due: date, today: date) -> NoticeKind:
    """Return which notice speaks of a duty: 提醒 up to its day, 催办 after."""
    return NoticeKind.URGING if due < today else NoticeKind.REMINDER


def offers(session: Session, actor: Actor, number: str, today: date) -> tuple[Project, Sequence[Offered]]:
    """Return the project of that number with every notice that can be drawn up of it. Raises ``NotFound``."""
    project = find_project(session, actor, number)
    offered = [
        *_of_duties(session, project, today),
        *_of_measures(session, project, today),
        *_of_holds(session, project, today),
    ]
    return project, offered


def _of_duties(session: Session, project: Project, today: date) -> Iterator[Offered]:
    query = select(KeptDuty).where(
        KeptDuty.project_id == project.id, KeptDuty.since <= today, open_duties(today)
    )
    query = query.where(KeptDuty.owner.in_(TO_THE_PROJECT), KeptDuty.due <= today + AHEAD)
    # Whoever does not sign for a notice is urged by the clock and by the desk, not by one more notice.
    signing = KeptDuty.path.startswith(turn_path(TurnKind.NOTICE, 0).removesuffix("0"), autoescape=True)
    query = query.where(or_(KeptDuty.path.is_(None), not_(signing)))
    for row in session.scalars(query.order_by(KeptDuty.due, KeptDuty.id)):
        cause = Cause(kind_for(row.due, today), row.rule, row.subject, row.due)
        yield Offered(cause, row.message, row.due)


def _of_measures(session: Session, project: Project, today: date) -> Iterator[Offered]:
    query = select(Measure).where(Measure.project_id == project.id, Measure.settled_on.is_(None))
    for row in session.scalars(query.order_by(Measure.number)):
        for kind in measure_notices(row.kind, row.due, today, self_established=project.self_established):
            yield Offered(Cause(kind, measure=row.number), row.text, row.due)


def _of_holds(session: Session, project: Project, today: date) -> Iterator[Offered]:
    for hold in lawful_holds(session, project, today):
        cause = Cause(NoticeKind.HOLD, hold.rule, hold.tranche, hold.since)
        yield Offered(cause, f"{hold.tranche}：{hold.words}", None)


def measure_notices(
    kind: MeasureKind, due: date | None, today: date, *, self_established: bool = False
) -> Sequence[NoticeKind]:
    """Return the notices that a measure in force gives cause for.

    That a project be ended is suggested where a rectification is overdue or money waits already; a project
    that its unit has set up itself is not the bureau's to end.
    """
    own = NoticeKind.HOLD if kind is MeasureKind.HOLD else NoticeKind.RECTIFICATION
    late = kind is MeasureKind.HOLD or (due is not None and due < today)
    return (own, NoticeKind.TERMINATION) if late and not self_established else (own,)


def draft(session: Session, actor: Actor, number: str, cause: Cause, today: date) -> Drafted:
    """Return the notice that would be drawn up for a cause.

    Raises ``NotFound``, and ``Obstructed`` where the cause has gone meanwhile.
    """
    project, offered = offers(session, actor, number, today)
    if cause not in {one.cause for one in offered}:
        raise Obstructed(["这一事项已经办结、变动或不适用这种通知，请重新选择要通知的事项。"])
    settings = settings_of(session, project.agency_id)
    record = load_record(session, project.id)
    programme = settings.rulebook.programme(record.programme, record.signed_on)
    ladder = Ladder.of(programme, record)
    matter, owner = _matter(session, project, cause, today)
    basis = _basis(cause, ladder, {rule.id: rule for rule in programme.rules})
    text = notice_text(
        record,
        matter,
        basis,
        ladder,
        _told(session, project.id, cause),
        by=_answer_by(matter, settings, notice_settings_of(session, project.agency_id), today),
        days=settings.clockwork.days,
        to_joint_unit=owner is Role.JOINT_UNIT,
        today=today,
    )
    return Drafted(project, cause, text, cited_in(record, basis[0]) if basis else None)


def _matter(session: Session, project: Project, cause: Cause, today: date) -> tuple[Matter, Role]:
    if cause.kind is NoticeKind.HOLD and cause.measure is None:
        holds = lawful_holds(session, project, today)
        hold = next(one for one in holds if Cause(cause.kind, *one[:3]) == cause)
        return Matter(cause.kind, hold.tranche, None, hold.since, findings=(hold.words,)), Role.UNIT_MANAGER
    if cause.measure is None:
        query = select(KeptDuty).where(KeptDuty.project_id == project.id, KeptDuty.rule == cause.rule)
        query = query.where(KeptDuty.subject == cause.subject, KeptDuty.due == cause.due)
        duty = session.scalars(query).one()
        return Matter(cause.kind, duty.message, duty.due), duty.owner
    rows = select(Measure, Inspection).outerjoin(Inspection, Inspection.id == Measure.inspection_id)
    rows = rows.where(Measure.project_id == project.id, Measure.number == cause.measure)
    row, inspection = session.execute(rows).one()
    found = tuple(one["text"] for one in inspection.findings) if inspection else ()
    source = _source(inspection) if inspection else ""
    matter = Matter(cause.kind, row.text, row.due, row.ordered_on, row.number, source, found or (row.text,))
    return matter, Role.UNIT_MANAGER


def _source(inspection: Inspection) -> str:
    return f"{day_words(inspection.inspected_on)}，{inspection.organiser}对本项目进行{inspection.kind}"


def _basis(cause: Cause, ladder: Ladder, rules: Mapping[str, Rule]) -> list[Rule]:
    if cause.rule is not None:
        return [rules[cause.rule]] if cause.rule in rules else []
    first, second = ladder.rectify, ladder.hold
    if cause.kind is NoticeKind.HOLD:
        first, second = second, None
    if cause.kind is NoticeKind.RECTIFICATION:
        second = None
    return [rule for rule in (first, second) if rule is not None]


def _answer_by(matter: Matter, settings: Settings, own: NoticeSettings, today: date) -> date | None:
    """Return the day of the duty itself while it is to come, else some days on, and on a working day.

    The handler may set another.
    """
    if matter.kind is NoticeKind.HOLD:
        return None
    if matter.due is not None and matter.due > today and matter.kind is not NoticeKind.TERMINATION:
        return matter.due
    if matter.kind is NoticeKind.REMINDER:
        return today
    wanted = settings.clockwork.days.last_on_or_before(today + own.answer_within(matter.kind))
    return max(wanted, today + timedelta(1))


def _told(session: Session, project_id: int, cause: Cause) -> Told:
    same = select(PaperNotice).where(PaperNotice.project_id == project_id, PaperNotice.sent_on.is_not(None))
    same = same.where(PaperNotice.void_on.is_(None)).order_by(PaperNotice.id)
    if cause.measure is not None:
        same = same.where(PaperNotice.measure_number == cause.measure)
    else:
        same = same.where(PaperNotice.rule == cause.rule, PaperNotice.subject == cause.subject)
        same = same.where(PaperNotice.due == cause.due)
    notices = tuple(
        f"{row.kind}（{number_words(row.year, row.running, row.mark)}，{day_words(row.sent_on)}）"
        for row in session.scalars(same)
        if row.sent_on is not None
    )
    if cause.measure is not None:
        return Told(notices=notices)
    query = select(func.count(), func.max(Reminder.told_on)).where(Reminder.project_id == project_id)
    query = query.where(Reminder.rule == cause.rule, Reminder.subject == cause.subject)
    count, last = session.execute(query.where(Reminder.due == cause.due)).one()
    return Told(count, last, notices)
