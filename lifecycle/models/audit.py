"""The audit trail: one entry for every command that took effect."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from lifecycle.models.base import Base, Id


class AuditEntry(Base):
    """Who did what to which project, when, on which article, with the old and new values."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_project", "project_id", "id"),)

    id: Mapped[Id]
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("agency.id"), index=True)
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id", ondelete="SET NULL"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    actor_name: Mapped[str]
    at: Mapped[datetime]
    action: Mapped[str]
    """The command's name, e.g. ``tranche.propose``."""
    summary: Mapped[str]
    """What happened, in Chinese, as the history shows it."""
    citation: Mapped[str | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Old and new values, and whatever else belongs to the act."""
