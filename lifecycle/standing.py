"""What stands of a project, worked out when its record changes and kept: findings and duties.

Both are facts about days (``lifecycle.rules.base``), so what is kept answers for any day and no page or job
has to judge. ``rebuild`` works everything out anew; it must change nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from typing import Any

from sqlalchemy import Table, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from lifecycle import models
from lifecycle.bulk import Values, insert_rows
from lifecycle.columns import PROJECT, Derived, derived
from lifecycle.record import ProjectRecord
from lifecycle.records import CHUNK, load_records
from lifecycle.reminding import ANNOUNCED, Clockwork
from lifecycle.rules.base import Duty, Finding
from lifecycle.settings import Settings, settings_of

Judged = tuple[int, ProjectRecord]
DutyKey = tuple[int, str, str, date]

_FINDING: Table = models.Base.metadata.tables["kept_finding"]
_DUTY: Table = models.Base.metadata.tables["kept_duty"]


def restate(session: Session, agency_id: int, project_ids: Iterable[int]) -> None:
    """Work out anew, from the database, what stands of those projects."""
    ids = sorted(project_ids)
    if ids:
        keep(session, agency_id, load_records(session, ids))


def keep(session: Session, agency_id: int, judged: Iterable[Judged], *, fresh: bool = False) -> None:
    """Keep what stands of those records; ``fresh`` says that nothing is kept of them yet."""
    settings = settings_of(session, agency_id)
    remaining = iter(judged)
    while chunk := list(islice(remaining, CHUNK)):
        _keep_chunk(session, agency_id, settings, chunk, fresh=fresh)


def rebuild(session: Session, agency_id: int) -> int:
    """Work out everything kept of the agency anew; return the number of projects."""
    ids = session.scalars(select(PROJECT.c.id).where(PROJECT.c.agency_id == agency_id)).all()
    restate(session, agency_id, ids)
    kept_by = settings_of(session, agency_id).fingerprint
    session.execute(update(models.Agency).where(models.Agency.id == agency_id).values(kept_by=kept_by))
    return len(ids)


def is_outdated(session: Session, agency_id: int) -> bool:
    """Whether what is kept was worked out by other rules, settings or days off than hold now.

    An agency without projects keeps nothing.
    """
    query = select(models.Agency.kept_by).where(models.Agency.id == agency_id)
    if session.scalar(query) == settings_of(session, agency_id).fingerprint:
        return False
    return session.scalar(select(PROJECT.c.id).where(PROJECT.c.agency_id == agency_id).limit(1)) is not None


def _keep_chunk(
    session: Session, agency_id: int, settings: Settings, chunk: list[Judged], *, fresh: bool
) -> None:
    told: dict[DutyKey, date] = {}
    if not fresh:
        ids = [project_id for project_id, _ in chunk]
        told = _told(session, ids)
        session.execute(delete(_FINDING).where(_FINDING.c.project_id.in_(ids)))
        session.execute(delete(_DUTY).where(_DUTY.c.project_id.in_(ids)))
        _update_derived(session, chunk)
    book, clockwork = settings.rulebook, settings.clockwork
    findings = [
        _finding_row(agency_id, project_id, finding)
        for project_id, record in chunk
        for finding in book.judge(record)
    ]
    insert_rows(session, _FINDING, _FINDING_COLUMNS, findings)
    duties = [
        _duty_row(agency_id, project_id, duty, clockwork, told)
        for project_id, record in chunk
        for duty in book.duties(record)
    ]
    insert_rows(session, _DUTY, _DUTY_COLUMNS, duties)


def _update_derived(session: Session, chunk: list[Judged]) -> None:
    rows = [{"the_id": project_id, **derived(record)._asdict()} for project_id, record in chunk]
    values: dict[str, Any] = {name: bindparam(name) for name in Derived._fields}
    statement = update(PROJECT).where(PROJECT.c.id == bindparam("the_id")).values(values)
    session.connection().execute(statement, rows)


def _told(session: Session, ids: list[int]) -> dict[DutyKey, date]:
    """Return for which day the clock last spoke of each duty; that survives its being worked out anew.

    What somebody has told by hand besides is no step of the clock's and puts none off.
    """
    reminder = models.Reminder
    key = (reminder.project_id, reminder.rule, reminder.subject, reminder.due)
    query = select(*key, func.max(reminder.told_on)).where(reminder.project_id.in_(ids))
    query = query.where(reminder.step.startswith(ANNOUNCED)).group_by(*key)
    return {(row[0], row[1], row[2], row[3]): row[4] for row in session.execute(query)}


_FINDING_COLUMNS = (
    *("agency_id", "project_id", "rule", "subject", "strength"),
    *("since", "until", "message", "reason", "reason_since"),
)


def _finding_row(agency_id: int, project_id: int, finding: Finding) -> Values:
    rule = finding.rule
    return (
        *(agency_id, project_id, rule.id, finding.subject, rule.strength),
        *(finding.since, finding.until, finding.message, finding.reason, finding.reason_since),
    )


_DUTY_COLUMNS = (
    *("agency_id", "project_id", "rule", "subject", "since", "due"),
    *("done_on", "closed_on", "owner", "user_id", "not_user_id", "also", "speaks_of"),
    *("message", "path", "asked_by", "next_step_on"),
)


def _duty_row(
    agency_id: int, project_id: int, duty: Duty, clockwork: Clockwork, told: dict[DutyKey, date]
) -> Values:
    rule, also = duty.rule, next(iter(duty.told_too), None)
    told_on = told.get((project_id, rule.id, duty.subject, duty.due))
    next_step = clockwork.next_step_on(duty.due, duty.since, duty.settled_on, told_on)
    if duty.held:  # nobody is urged; what lifts it has the project worked out anew
        next_step = None
    return (
        *(agency_id, project_id, rule.id, duty.subject, duty.since, duty.due),
        *(duty.done_on, duty.closed_on, duty.owner, duty.user_id, duty.not_user_id, also, duty.speaks_of),
        *(duty.words, duty.path, duty.asked_by, next_step),
    )


def standing_rows(session: Session, agency_id: int) -> Iterator[tuple[object, ...]]:
    """Yield what is kept of the agency, without row ids and in a fixed order, to be compared."""
    for table in (_FINDING, _DUTY):
        columns = [column for column in table.c if column.name != "id"]
        query = select(*columns).where(table.c.agency_id == agency_id)
        yield from sorted((tuple(row) for row in session.execute(query)), key=repr)
    columns = [PROJECT.c.number, *(PROJECT.c[name] for name in Derived._fields)]
    query = select(*columns).where(PROJECT.c.agency_id == agency_id)
    yield from sorted((tuple(row) for row in session.execute(query)), key=repr)
