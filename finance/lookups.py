"""Finding what a command is about, within the actor's agency only: anything else is not there."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload, undefer

from finance.models import Batch, BatchLine, Proposal
from lifecycle.command import Work
from lifecycle.models import Project, Tranche
from lifecycle.refusals import NotFound, SamePerson
from lifecycle.roles import Actor


def find_tranche(session: Session, actor: Actor, tranche_id: int) -> tuple[Tranche, Project]:
    """Return a tranche and its project. Raises ``NotFound``."""
    query = select(Tranche, Project).join(Project, Project.id == Tranche.project_id)
    row = session.execute(
        query.where(Tranche.id == tranche_id, Project.agency_id == actor.agency_id)
    ).one_or_none()
    if row is None:
        raise NotFound("这一期拨付")
    return row[0], row[1]


def find_batch(
    session: Session, actor: Actor, batch_id: int, *, with_lines: bool = False, with_sheet: bool = False
) -> Batch:
    """Return a batch, with its lines and their tranches, or its sheet, read at once. Raises ``NotFound``."""
    query = select(Batch).where(Batch.id == batch_id, Batch.agency_id == actor.agency_id)
    if with_lines:
        query = query.options(selectinload(Batch.lines).joinedload(BatchLine.tranche))
    if with_sheet:
        query = query.options(undefer(Batch.sheet))
    batch = session.scalar(query)
    if batch is None:
        raise NotFound("这个拨付批次")
    return batch


def size_of(session: Session, actor: Actor, batch_id: int) -> tuple[str, int]:
    """Return the number of a batch, as it is called, and how many lines it has. Raises ``NotFound``."""
    batch = find_batch(session, actor, batch_id)
    count = session.scalar(select(func.count()).where(BatchLine.batch_id == batch.id)) or 0
    return batch.number, count


def find_line(session: Session, actor: Actor, line_id: int) -> BatchLine:
    """Return a line of a batch. Raises ``NotFound``."""
    query = select(BatchLine).join(Batch).where(BatchLine.id == line_id, Batch.agency_id == actor.agency_id)
    line = session.scalar(query)
    if line is None:
        raise NotFound("这笔款项")
    return line


def live_proposals(session: Session, tranche_ids: Iterable[int]) -> dict[int, Proposal]:
    """Return the live proposals of those tranches, by tranche."""
    query = select(Proposal).where(Proposal.tranche_id.in_(list(tranche_ids)), Proposal.ending.is_(None))
    return {proposal.tranche_id: proposal for proposal in session.scalars(query)}


def person(work: Work) -> int:
    """Return who acts; money is moved by people, never by the system. Raises ``SamePerson``."""
    if work.actor.user_id is None:
        raise SamePerson("拨付须由具体人员办理，系统不能代办。")
    return work.actor.user_id
