"""What has happened to a tranche or a batch so far, out of the audit trail: the latest first."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.models import AuditEntry, Tranche
from lifecycle.roles import Actor


def tranche_trail(session: Session, tranche: Tranche) -> Sequence[AuditEntry]:
    """Return every act on the payment of a tranche, the latest first."""
    query = (
        select(AuditEntry)
        .where(AuditEntry.project_id == tranche.project_id)
        .where(AuditEntry.details["tranche"].as_integer() == tranche.id)
        .order_by(AuditEntry.serial.desc())
    )
    return session.scalars(query).all()


def batch_trail(session: Session, actor: Actor, batch_id: int) -> Sequence[AuditEntry]:
    """Return every act on a batch as a whole, the latest first; what came of one line stands at the line."""
    query = (
        select(AuditEntry)
        .where(AuditEntry.chain == actor.agency_id, AuditEntry.project_id.is_(None))
        .where(AuditEntry.details["batch"].as_integer() == batch_id)
        .order_by(AuditEntry.serial.desc())
    )
    return session.scalars(query).all()
