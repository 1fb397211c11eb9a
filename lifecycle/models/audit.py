"""The audit trail: one entry for every command that took effect, chained to the one before by its hash."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lifecycle.models.base import Base, Id


class AuditEntry(Base):
    """Who did what to which project, when, on which article, with the old and new values.

    Entries are added by ``lifecycle.audit.append`` alone, which fills in what chains them, and are never
    changed; a project that has a history cannot be deleted.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        UniqueConstraint("chain", "serial"),
        CheckConstraint("chain = coalesce(agency_id, 0)", name="chain"),
        CheckConstraint("serial >= 1", name="serial"),
        Index("ix_audit_entry_project", "project_id", "serial"),
    )

    id: Mapped[Id]
    chain: Mapped[int]
    """The agency's id, or 0: what belongs to no single agency is a chain of its own."""
    serial: Mapped[int]
    """Counts up within the chain from 1, without gaps."""
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("agency.id"), index=True)
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"))
    project_number: Mapped[str | None]
    """The project's number, so that an entry means something outside this database."""
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
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    """Of the previous hash and everything this entry says (``lifecycle.chain``)."""


class AuditChain(Base):
    """How long a chain of entries is and the hash of its last: whoever adds to it locks this row."""

    __tablename__ = "audit_chain"

    chain: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    length: Mapped[int]
    head_hash: Mapped[str] = mapped_column(String(64))
