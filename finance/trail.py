"""What has happened to a tranche so far, out of the audit trail: the latest first."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.models import AuditEntry, Tranche


def tranche_trail(session: Session, tranche: Tranche) -> Sequence[AuditEntry]:
    """Return every act on the payment of a tranche, the latest first."""
    query = (
        select(AuditEntry)
        .where(AuditEntry.project_id == tranche.project_id)
        .where(AuditEntry.details["tranche"].as_integer() == tranche.id)
        .order_by(AuditEntry.serial.desc())
    )
    return session.scalars(query).all()
