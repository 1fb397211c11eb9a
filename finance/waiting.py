"""What waits for somebody in the bureau before money can go on: to propose, to approve, to batch, to book.

Three statements at most, whatever the number of projects and of roles somebody holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, func, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from finance.models import Batch, BatchLine, Proposal
from finance.states import PAYABLE_NO_MORE, BatchState
from lifecycle.keeping import Kept
from lifecycle.models import KeptDuty, Project, Tranche, User
from lifecycle.money import Fen
from lifecycle.record import FISCAL, Source
from lifecycle.roles import Actor, Permission
from lifecycle.stages import TrancheState
from lifecycle.turn_duties import decision_rules

AHEAD = timedelta(days=30)
"""How many days before its planned day a tranche begins to wait for a proposal."""

WHOSE: Mapping[TrancheState, Permission] = {
    TrancheState.PLANNED: Permission.PROPOSE_PAYMENT,
    TrancheState.PROPOSED: Permission.APPROVE_PAYMENT,
    TrancheState.APPROVED: Permission.MAKE_BATCH,
}
"""Where a tranche stands → who takes it on from there."""

OPEN = (BatchState.DRAFT, BatchState.ISSUED)


@dataclass(frozen=True, slots=True)
class WaitingTranche:
    """A tranche that waits. ``amount`` is fen; ``since`` the day it was planned for, proposed or approved.

    ``due`` is by when: the planned day, or the day by which the agency decides on a proposal.
    """

    id: int
    state: TrancheState
    project_number: str
    project_title: str
    lead_unit: str
    number: int
    source: Source
    amount: Fen
    since: date | None
    due: date | None
    by: str | None
    """Who proposed it."""


@dataclass(frozen=True, slots=True)
class WaitingBatch:
    """A batch whose sheet is still to be issued, or whose payments are still to be booked."""

    id: int
    number: str
    payer: str
    state: BatchState
    since: date
    lines: int
    total: Fen


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for one person: the first of each kind, and how many there are of it in all."""

    tranches: Mapping[TrancheState, Sequence[WaitingTranche]]
    counts: Mapping[TrancheState, int]
    late: int
    """Of how many proposals the day by which to decide has gone by."""
    batches: Sequence[WaitingBatch]

    @property
    def count(self) -> int:
        """How many things wait in all."""
        return sum(self.counts.values()) + len(self.batches)


_found: Kept[tuple[object, ...], Waiting] = Kept()


def find_waiting(session: Session, actor: Actor, today: date, limit: int, revision: int | None) -> Waiting:
    """Return what waits for the actor, at most ``limit`` tranches of each kind; nothing for mere readers.

    Kept as long as ``revision``, the agency's, stays the same.
    """
    key = (str(session.get_bind().engine.url), actor, today, limit)
    return _found.get(key, revision, lambda: _find(session, actor, today, limit))


def _find(session: Session, actor: Actor, today: date, limit: int) -> Waiting:
    states = [state for state, permission in WHOSE.items() if actor.may(permission)]
    tranches: dict[TrancheState, list[WaitingTranche]] = {state: [] for state in states}
    counts: dict[TrancheState, int] = {}
    late = 0
    if states:
        whose = {state: _waits(actor, state, today) for state in states}
        counts, late = _count(session, whose, today)
        parts = [select(_rows(state, where).limit(limit).subquery()) for state, where in whose.items()]
        found = [WaitingTranche(*row) for row in session.execute(union_all(*parts))]
        for one in sorted(found, key=lambda one: (one.since or date.max, one.id)):
            tranches[one.state].append(one)
    batches = _batches(session, actor) if actor.may(Permission.BOOK_PAYMENT) else []
    return Waiting(tranches, counts, late, batches)


def _waits(actor: Actor, state: TrancheState, today: date) -> ColumnElement[bool]:
    """Return the condition that a tranche in ``state`` waits for the actor: never one she had a hand in."""
    payable = and_(
        Project.agency_id == actor.agency_id,
        Tranche.state == state,
        Tranche.source.in_(FISCAL),
        Tranche.planned_fen > 0,
    )
    if state is TrancheState.PLANNED:
        due = and_(Tranche.planned_on <= today + AHEAD, Project.signed_on <= today)
        return and_(payable, due, Project.stage.not_in(PAYABLE_NO_MORE))
    hers = [Proposal.proposed_by_id == actor.user_id]
    if state is TrancheState.APPROVED:
        hers.append(Proposal.approved_by_id == actor.user_id)
    return and_(payable, ~func.coalesce(or_(*hers), False))


def _joined(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    live = and_(Proposal.tranche_id == Tranche.id, Proposal.ending.is_(None))
    decision = and_(
        Tranche.state == TrancheState.PROPOSED,
        KeptDuty.project_id == Tranche.project_id,
        KeptDuty.rule.in_(sorted(decision_rules())),
        KeptDuty.subject == cast(Proposal.id, String),
    )
    return (
        query.select_from(Tranche)
        .join(Project, Project.id == Tranche.project_id)
        .outerjoin(Proposal, live)
        .outerjoin(KeptDuty, decision)
    )


def _count(
    session: Session, whose: Mapping[TrancheState, ColumnElement[bool]], today: date
) -> tuple[dict[TrancheState, int], int]:
    late = func.sum(case((KeptDuty.due < today, 1), else_=0))
    query = _joined(select(Tranche.state, func.count(), late)).where(or_(*whose.values()))
    found = {row[0]: row[1:] for row in session.execute(query.group_by(Tranche.state))}
    counts = {state: found[state][0] if state in found else 0 for state in whose}
    return counts, sum(int(row[1]) for row in found.values())


def _rows(state: TrancheState, where: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    proposer = aliased(User)
    since = {
        TrancheState.PLANNED: Tranche.planned_on,
        TrancheState.PROPOSED: Proposal.proposed_on,
        TrancheState.APPROVED: Proposal.approved_on,
    }[state]
    query = _joined(
        select(
            Tranche.id,
            Tranche.state,
            Project.number,
            Project.title,
            Project.lead_unit,
            Tranche.number.label("tranche_number"),
            Tranche.source,
            Tranche.planned_fen,
            since.label("since"),
            (Tranche.planned_on if state is TrancheState.PLANNED else KeptDuty.due).label("due"),
            proposer.name,
        )
    )
    query = query.outerjoin(proposer, proposer.id == Proposal.proposed_by_id)
    return query.where(where).order_by(since, Tranche.id)


def _batches(session: Session, actor: Actor) -> list[WaitingBatch]:
    query = (
        select(Batch, func.count(BatchLine.id), func.coalesce(func.sum(BatchLine.amount_fen), 0))
        .outerjoin(BatchLine, and_(BatchLine.batch_id == Batch.id, BatchLine.result.is_(None)))
        .where(Batch.agency_id == actor.agency_id, Batch.state.in_(OPEN))
        .group_by(Batch.id)
        .order_by(Batch.id)
    )
    return [
        WaitingBatch(
            id=batch.id,
            number=batch.number,
            payer=batch.payer,
            state=batch.state,
            since=batch.issued_on or batch.made_on,
            lines=lines,
            total=int(total),
        )
        for batch, lines, total in session.execute(query)
    ]
