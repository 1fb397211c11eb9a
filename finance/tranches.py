"""The tranches of one project, as its page shows them: plan, payment, and who did what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session, aliased

from finance.models import Batch, BatchLine, Proposal
from lifecycle.models import Payment, Project, Tranche, User
from lifecycle.money import Fen
from lifecycle.record import Source
from lifecycle.roles import Actor
from lifecycle.stages import TrancheState
from lifecycle.visibility import visible


@dataclass(frozen=True, slots=True)
class ProjectTranche:
    """One tranche with where its payment stands. Amounts are fen."""

    id: int
    number: int
    source: Source
    planned: Fen
    planned_on: date | None
    state: TrancheState
    paid: Fen
    paid_on: date | None
    voucher: str | None
    booked_by: str | None
    proposed_by_id: int | None
    proposed_by: str | None
    proposed_on: date | None
    reasons: dict[str, str]
    """Rule id → the written reason of the live proposal."""
    approved_by_id: int | None
    approved_by: str | None
    approved_on: date | None
    batch_id: int | None
    batch_number: str | None


def project_tranches(session: Session, actor: Actor, project_id: int) -> list[ProjectTranche]:
    """Return the tranches of a project in their order, of every source, by one query.

    Empty where the project is not the actor's to see.
    """
    query = _rows().where(Tranche.project_id == project_id, visible(actor)).order_by(Tranche.position)
    return [_of(*row) for row in session.execute(query)]


def _rows() -> Select[*tuple[Any, ...]]:
    booker, proposer, approver = aliased(User), aliased(User), aliased(User)
    query = select(Tranche, Payment, Proposal, Batch, booker.name, proposer.name, approver.name)
    return (
        query.join(Project, Project.id == Tranche.project_id)
        .outerjoin(Payment, Payment.tranche_id == Tranche.id)
        .outerjoin(Proposal, and_(Proposal.tranche_id == Tranche.id, Proposal.ending.is_(None)))
        .outerjoin(BatchLine, and_(BatchLine.tranche_id == Tranche.id, BatchLine.stands))
        .outerjoin(Batch, Batch.id == BatchLine.batch_id)
        .outerjoin(booker, booker.id == Payment.booked_by_id)
        .outerjoin(proposer, proposer.id == Proposal.proposed_by_id)
        .outerjoin(approver, approver.id == Proposal.approved_by_id)
    )


def _of(
    tranche: Tranche,
    payment: Payment | None,
    proposal: Proposal | None,
    batch: Batch | None,
    booked_by: str | None,
    proposed_by: str | None,
    approved_by: str | None,
) -> ProjectTranche:
    return ProjectTranche(
        id=tranche.id,
        number=tranche.number,
        source=tranche.source,
        planned=tranche.planned_fen,
        planned_on=tranche.planned_on,
        state=tranche.state,
        paid=payment.amount_fen if payment else 0,
        paid_on=payment.paid_on if payment else None,
        voucher=payment.voucher if payment else None,
        booked_by=booked_by,
        proposed_by_id=proposal.proposed_by_id if proposal else None,
        proposed_by=proposed_by,
        proposed_on=proposal.proposed_on if proposal else None,
        reasons=dict(proposal.reasons) if proposal else {},
        approved_by_id=proposal.approved_by_id if proposal else None,
        approved_by=approved_by,
        approved_on=proposal.approved_on if proposal else None,
        batch_id=batch.id if batch else None,
        batch_number=batch.number if batch else None,
    )
