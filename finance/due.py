"""Public money still to be paid: what is due, what is coming, and where each tranche stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from finance.basis import deadline_rules
from finance.models import Proposal
from finance.states import PAYABLE_NO_MORE, UNPAID
from lifecycle.models import KeptDuty, Project, Tranche, User
from lifecycle.money import Fen
from lifecycle.record import FISCAL, Source
from lifecycle.roles import Actor
from lifecycle.rules.base import ONE_DAY
from lifecycle.stages import TrancheState
from lifecycle.visibility import visible

COMING = timedelta(days=30)
"""How far ahead *coming* looks."""


@dataclass(frozen=True, slots=True)
class TrancheFilter:
    """What is asked of the list. Empty fields ask nothing."""

    states: frozenset[TrancheState] = UNPAID
    source: Source | None = None
    sources: frozenset[Source] = FISCAL
    """Any of those; ``source`` may narrow it further."""
    when: str = ""
    """``overdue``, ``coming`` (due within 30 days, overdue included) or nothing."""
    text: str = ""
    programme: str = ""
    not_proposed_by: int | None = None
    """A user: an approver need not see what she proposed herself."""
    page: int = 1
    per_page: int = 50


@dataclass(frozen=True, slots=True)
class UnpaidTranche:
    """One tranche of public money that is not paid. ``planned`` is fen."""

    id: int
    project_id: int
    project_number: str
    project_title: str
    lead_unit: str
    signed_on: date | None
    bank_name: str | None
    bank_account: str | None
    number: int
    source: Source
    planned: Fen
    planned_on: date | None
    state: TrancheState
    due_on: date | None
    """The planned day or, of a first tranche, the day the law sets, whichever is earlier."""
    proposed_by_id: int | None
    proposed_by: str | None
    proposed_on: date | None
    approved_by_id: int | None
    approved_by: str | None
    approved_on: date | None
    overdue: bool
    """Whether the agreement is signed and the due day has gone by."""


@dataclass(frozen=True, slots=True)
class TranchePage:
    """One page, with count and sum of everything that is filtered."""

    rows: Sequence[UnpaidTranche]
    count: int
    total: Fen
    number: int
    pages: int


def list_tranches(session: Session, actor: Actor, asked: TrancheFilter, today: date) -> TranchePage:
    """Return a page of unpaid public money, the earliest due first; a page beyond the last gives the last.

    Two queries whatever the number of projects. Paid tranches and projects that are being cleared are not in.
    """
    count, total = count_tranches(session, actor, asked, today)
    pages = max(1, -(-count // asked.per_page))
    number = min(max(1, asked.page), pages)
    query = (
        _rows(today)
        .where(_chosen(actor, asked, today))
        .limit(asked.per_page)
        .offset((number - 1) * asked.per_page)
    )
    found = session.execute(query)
    rows = [UnpaidTranche(*(*row, _is_past(row.signed_on, row.due_on, today))) for row in found]
    return TranchePage(rows, count, total, number, pages)


def count_tranches(session: Session, actor: Actor, asked: TrancheFilter, today: date) -> tuple[int, Fen]:
    """Return how many tranches are asked for, and their sum."""
    query = select(func.count(), func.coalesce(func.sum(Tranche.planned_fen), 0)).select_from(Tranche)
    query = query.join(Project, Project.id == Tranche.project_id)
    count, total = session.execute(query.where(_chosen(actor, asked, today))).one()
    return count, int(total)


def _is_past(signed_on: date | None, due_on: date | None, today: date) -> bool:
    return signed_on is not None and signed_on <= today and due_on is not None and due_on < today


def _deadline(today: date) -> Select[date]:
    """Return the statement that finds the day set by the law for a first tranche, where it is still owed."""
    query = select(func.min(KeptDuty.due))
    query = query.where(KeptDuty.project_id == Tranche.project_id, KeptDuty.rule.in_(deadline_rules()))
    owed = or_(KeptDuty.done_on.is_(None), KeptDuty.done_on > today)
    return query.where(owed, Tranche.number == 1).correlate(Tranche)


def _due_on(today: date) -> ColumnElement[Any]:
    """Return the earlier of the planned day and, for a first tranche, the day set by the law."""
    earlier = KeptDuty.due < func.coalesce(Tranche.planned_on, date.max)
    return func.coalesce(_deadline(today).where(earlier).scalar_subquery(), Tranche.planned_on)


def due_by(day: date, today: date) -> ColumnElement[bool]:
    """Return the condition that a tranche of a signed agreement is due on ``day`` or before."""
    by_law = _deadline(today).where(KeptDuty.due <= day).with_only_columns(KeptDuty.id).exists()
    return and_(Project.signed_on <= today, or_(Tranche.planned_on <= day, by_law))


def _chosen(actor: Actor, asked: TrancheFilter, today: date) -> ColumnElement[bool]:
    conditions = [
        visible(actor),
        Tranche.source.in_(FISCAL & asked.sources & ({asked.source} if asked.source else FISCAL)),
        Tranche.state.in_(asked.states & UNPAID),
        Tranche.planned_fen > 0,
        or_(Tranche.state != TrancheState.PLANNED, Project.stage.not_in(PAYABLE_NO_MORE)),
    ]
    conditions += [Project.search_text.contains(word, autoescape=True) for word in asked.text.lower().split()]
    if asked.programme:
        conditions.append(Project.programme == asked.programme)
    if asked.when == "overdue":
        conditions.append(due_by(today - ONE_DAY, today))
    if asked.when == "coming":
        conditions.append(due_by(today + COMING, today))
    if asked.not_proposed_by is not None:
        mine = select(Proposal.tranche_id).where(
            Proposal.ending.is_(None), Proposal.proposed_by_id == asked.not_proposed_by
        )
        conditions.append(Tranche.id.not_in(mine))
    return and_(*conditions)


def _rows(today: date) -> Select[*tuple[Any, ...]]:
    proposer, approver = aliased(User), aliased(User)
    due_on = _due_on(today).label("due_on")
    query = select(
        Tranche.id,
        Project.id,
        Project.number,
        Project.title,
        Project.lead_unit,
        Project.signed_on,
        Project.bank_name,
        Project.bank_account,
        Tranche.number,
        Tranche.source,
        Tranche.planned_fen,
        Tranche.planned_on,
        Tranche.state,
        due_on,
        Proposal.proposed_by_id,
        proposer.name,
        Proposal.proposed_on,
        Proposal.approved_by_id,
        approver.name,
        Proposal.approved_on,
    ).select_from(Tranche)
    query = (
        query.join(Project, Project.id == Tranche.project_id)
        .outerjoin(Proposal, and_(Proposal.tranche_id == Tranche.id, Proposal.ending.is_(None)))
        .outerjoin(proposer, proposer.id == Proposal.proposed_by_id)
        .outerjoin(approver, approver.id == Proposal.approved_by_id)
    )
    return query.order_by(due_on.nulls_last(), Project.number, Tranche.position, Tranche.id)


def due_day(today: date) -> ColumnElement[Any]:
    """Return the day by which a tranche is to be paid, by the plan or by the law, whichever is earlier."""
    return _due_on(today)
