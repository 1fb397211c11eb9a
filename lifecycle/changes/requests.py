"""Requests for changes in the database: found, numbered, and the row of 变更 that each amounts to."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from lifecycle import models
from lifecycle.agreement_versions import terms_in_version, version_in_force
from lifecycle.changes.checking import Case, row_of
from lifecycle.changes.versions import as_recorded
from lifecycle.command import Work
from lifecycle.models import ChangeRequest, ChangeState, Project
from lifecycle.record import ChangeKind
from lifecycle.refusals import NotFound, Obstructed
from lifecycle.roles import Actor
from lifecycle.terms import terms_of
from lifecycle.visibility import visible
from lifecycle.whole import load_wholes

OVER = frozenset({ChangeState.DONE, ChangeState.REJECTED, ChangeState.WITHDRAWN})
"""States in which nothing more happens to a request."""

DECIDED = OVER | {ChangeState.TO_FILE}
"""States in which it is settled what becomes of a request."""


def find_request(session: Session, actor: Actor, request_id: int) -> tuple[ChangeRequest, Project]:
    """Return a request with its project. Raises ``NotFound`` where the actor may not see it."""
    query = select(ChangeRequest, Project).join(Project, Project.id == ChangeRequest.project_id)
    row = session.execute(query.where(visible(actor), ChangeRequest.id == request_id)).one_or_none()
    if row is None:
        raise NotFound("这项变更申请")
    return row[0], row[1]


def requests_of(session: Session, project_id: int) -> Sequence[ChangeRequest]:
    """Return the requests of a project, the latest first."""
    query = select(ChangeRequest).where(ChangeRequest.project_id == project_id)
    return session.scalars(query.order_by(ChangeRequest.number.desc())).all()


def load_case(session: Session, request: ChangeRequest) -> Case:
    """Return a request with the record and the terms that it is judged by."""
    session.flush()
    (whole,) = load_wholes(session, [request.project_id])
    record, version = whole.record, version_in_force(session, request.project_id)
    if version is None:
        now = terms_of(record)
        return Case(request, record, now, now, None, whole.tranches)
    base = terms_in_version(version)
    return Case(request, record, base, as_recorded(base, record), version.id, whole.tranches)


def next_number(session: Session, project_id: int) -> int:
    """Return the number of the project's next change: none is given twice, whatever became of it."""
    rows = (ChangeRequest, models.Change)
    queries = [select(func.max(row.number)).where(row.project_id == project_id) for row in rows]
    return max(session.scalar(query) or 0 for query in queries) + 1


def demand_no_other(session: Session, project_id: int, kind: ChangeKind) -> None:
    """Demand that no other request of that kind is on its way. Raises ``Obstructed``."""
    query = select(ChangeRequest.number).where(
        ChangeRequest.project_id == project_id,
        ChangeRequest.kind == kind,
        ChangeRequest.state.not_in(DECIDED),
    )
    number = session.scalar(query.limit(1))
    if number is not None:
        raise Obstructed([f"第 {number} 号“{kind}”变更还在办理中，办结或撤回后才能另行申请。"])


def write_row(work: Work, request: ChangeRequest) -> None:
    """Let the record's row of 变更 say what the request amounts to now."""
    change, row = models.Change, row_of(request)
    same = (change.project_id == request.project_id, change.number == request.number)
    position = work.session.scalar(select(change.position).where(*same))
    if position is None:
        last = select(func.coalesce(func.max(change.position), -1))
        position = (work.session.scalar(last.where(change.project_id == request.project_id)) or 0) + 1
    work.session.execute(delete(change).where(*same))
    values = {name: getattr(row, name) for name in row.__dataclass_fields__}
    work.session.add(change(project_id=request.project_id, position=position, **values))
    work.touch(request.project_id)


def drop_row(work: Work, request: ChangeRequest) -> None:
    """Take the row of 变更 of a request that came to nothing out of the record."""
    change = models.Change
    same = (change.project_id == request.project_id, change.number == request.number)
    work.session.execute(delete(change).where(*same))
    work.touch(request.project_id)


def renumber_if_taken(work: Work, request: ChangeRequest) -> None:
    """Give a request another number where a ledger has brought a change of the same one meanwhile."""
    change = models.Change
    taken = select(change.id).where(change.project_id == request.project_id, change.number == request.number)
    if work.session.scalar(taken) is not None:
        request.number = next_number(work.session, request.project_id)
