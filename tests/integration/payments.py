"""Bringing a tranche of a stored project some way to its payment, by the commands people use."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.batching import make_batch
from finance.booking import book_payment
from finance.issuing import issue_batch
from finance.models import BatchLine
from finance.proposing import approve, propose, return_
from lifecycle.models import Project, Tranche
from lifecycle.roles import Role
from lifecycle.stages import TrancheState
from tests.web.site import People

TODAY = date(2026, 2, 5)


def first_tranche(session: Session, number: str) -> int:
    """Return the id of the first row of a project's tranches."""
    query = select(Tranche.id).join(Project, Project.id == Tranche.project_id).where(Project.number == number)
    found = session.scalars(query.order_by(Tranche.position).limit(1)).one()
    session.rollback()
    return found


def bring(session: Session, people: People, number: str, state: TrancheState) -> None:
    """Bring the first tranche of a project to ``state``."""
    handler, approver, finance = (
        people.a[role].actor for role in (Role.HANDLER, Role.APPROVER, Role.FINANCE)
    )
    tranche_id = first_tranche(session, number)
    steps = list(TrancheState)
    wanted = steps.index(state)
    if wanted >= steps.index(TrancheState.PROPOSED):
        propose(session, handler, tranche_id, TODAY, {})
    if wanted >= steps.index(TrancheState.APPROVED):
        approve(session, approver, tranche_id, TODAY)
    if wanted >= steps.index(TrancheState.BATCHED):
        batch_id = make_batch(session, finance, [tranche_id], TODAY)
    if wanted >= steps.index(TrancheState.ISSUED):
        issue_batch(session, finance, batch_id, TODAY, lambda _: b"sheet")
    if wanted >= steps.index(TrancheState.PAID):
        line_id = session.scalars(select(BatchLine.id).where(BatchLine.tranche_id == tranche_id)).one()
        book_payment(session, finance, line_id, "记-12", TODAY, TODAY)


def send_back(session: Session, people: People, number: str) -> None:
    """Propose the first tranche of a project and have the approver return it."""
    bring(session, people, number, TrancheState.PROPOSED)
    tranche_id = first_tranche(session, number)
    return_(session, people.a[Role.APPROVER].actor, tranche_id, TODAY, "金额有误")
