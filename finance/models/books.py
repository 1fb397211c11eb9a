"""Whether the books tie: what each reconciliation found."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from lifecycle.models.base import Base, Id


class Reconciliation(Base):
    """对账: one run over all projects, sources and batches of an agency, and what did not tie."""

    __tablename__ = "reconciliation"
    __table_args__ = (Index("ix_reconciliation_agency", "agency_id", "as_of"),)

    id: Mapped[Id]
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    as_of: Mapped[date]
    made_at: Mapped[datetime]
    projects: Mapped[int]
    batches: Mapped[int]
    """How many were looked at."""
    differences: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """What does not tie, each with project or batch, source, the two sums in fen and words."""
    totals: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The sums by source, in fen."""
