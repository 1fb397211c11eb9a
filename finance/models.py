"""The way of a tranche to its payment: proposals with what the rules said, and batches with their lines."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from finance.states import BatchState, Ending
from lifecycle.models.base import Base, FenColumn, Id, choice
from lifecycle.models.project import Project, Tranche
from lifecycle.record import Source

_LIVE = text("ending IS NULL")


class Proposal(Base):
    """A handler's proposal to pay a tranche, with the verdict it was made on. Kept whatever becomes of it.

    The tranche's ``state`` says where it stands; its live proposal, of which there is at most one, says who
    acted.
    """

    __tablename__ = "proposal"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("(approved_by_id IS NULL) = (approved_on IS NULL)", name="approved"),
        CheckConstraint("approved_by_id <> proposed_by_id", name="two_people"),
        Index("uq_proposal_live", "tranche_id", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
    )

    id: Mapped[Id]
    tranche_id: Mapped[int] = mapped_column(ForeignKey("tranche.id"), index=True)
    amount_fen: Mapped[FenColumn]
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    proposed_on: Mapped[date]
    reasons: Mapped[dict[str, str]] = mapped_column(JSON)
    """Rule id → the written reason for going on although a usual rule is not held."""
    verdict: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """The checklist as it was shown: rule, article, mark and text of every line."""
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    approved_on: Mapped[date | None]
    ending: Mapped[Ending | None] = mapped_column(choice(Ending, "ending"))
    """NULL while it is live; a proposal that was paid stays so."""
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    ended_on: Mapped[date | None]
    note: Mapped[str | None]
    """Why it was returned or withdrawn."""

    tranche: Mapped[Tranche] = relationship()


class Batch(Base):
    """A 拨付批次: approved tranches of one source, sent out as one sheet that never changes once issued."""

    __tablename__ = "batch"
    __table_args__ = (
        UniqueConstraint("agency_id", "year", "running"),
        CheckConstraint("running >= 1", name="running"),
        Index("ix_batch_state", "agency_id", "state"),
    )

    id: Mapped[Id]
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    year: Mapped[int]
    running: Mapped[int]
    """Counts up within the agency's year; a discarded batch keeps its number."""
    source: Mapped[Source] = mapped_column(choice(Source, "source"))
    state: Mapped[BatchState] = mapped_column(choice(BatchState, "state"))
    made_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    made_on: Mapped[date]
    issued_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    issued_on: Mapped[date | None]
    checksum: Mapped[str | None]
    """SHA-256 of the issued lines in canonical form, printed on the sheet."""
    sheet: Mapped[bytes | None] = mapped_column(deferred=True)
    """The issued workbook itself, byte for byte."""

    lines: Mapped[list[BatchLine]] = relationship(
        back_populates="batch", order_by="BatchLine.position", cascade="all, delete-orphan"
    )

    @property
    def number(self) -> str:
        """The number as it is printed: ``2026-003``."""
        return f"{self.year}-{self.running:03d}"


class BatchLine(Base):
    """One payment of a batch, with the unit and account as they were when the sheet was issued."""

    __tablename__ = "batch_line"
    __table_args__ = (
        UniqueConstraint("batch_id", "position"),
        UniqueConstraint("tranche_id"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("paid_before_fen >= 0", name="paid_before"),
    )

    id: Mapped[Id]
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id", ondelete="CASCADE"))
    position: Mapped[int]
    """Only the order; the number printed is counted anew."""
    tranche_id: Mapped[int] = mapped_column(ForeignKey("tranche.id"))
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    project_number: Mapped[str]
    project_title: Mapped[str]
    payee: Mapped[str]
    bank_name: Mapped[str]
    bank_account: Mapped[str]
    granted_fen: Mapped[FenColumn]
    """资助总额: what the project has from this source."""
    paid_before_fen: Mapped[FenColumn]
    """What was paid from this source before, sheets issued and not yet booked included."""
    amount_fen: Mapped[FenColumn]
    basis: Mapped[str]
    """依据: document and article."""

    batch: Mapped[Batch] = relationship(back_populates="lines")
    project: Mapped[Project] = relationship()
    tranche: Mapped[Tranche] = relationship()


class SeparateAccount(Base):
    """专账: what the unit last stated of the account that keeps the project's money (SPB 29, EA 15)."""

    __tablename__ = "separate_account"

    id: Mapped[Id]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), unique=True)
    kept: Mapped[bool]
    """Whether there is one; the record of the project says the same."""
    account: Mapped[str]
    """Its name and number, or how it is told apart within the unit's books."""
    stated_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    stated_on: Mapped[date]
