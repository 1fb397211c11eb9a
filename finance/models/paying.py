"""The way of a tranche to its payment: what was proposed, in which batch it went, and what came of it."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    UniqueConstraint,
    or_,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from finance.states import BatchState, Ending, LineResult
from lifecycle.models.base import Base, FenColumn, Id, choice
from lifecycle.models.project import Project, Tranche
from lifecycle.record import Source

_LIVE = text("ending IS NULL")
_STANDS = text("result IS NULL OR result = '已拨付'")
"""A tranche is in one batch at a time: a line that came to nothing leaves it free for the next."""


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
    """A 拨付批次: approved tranches of one paying body, sent out as one sheet that never changes once issued.

    A sheet that was issued and is not to be paid is made void (``DISCARDED`` with ``issued_on``); the batch
    that takes its place names it in ``replaces_id``.
    """

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
    payer: Mapped[str]
    """拨款单位: whoever pays what is in it, as named when it was made."""
    state: Mapped[BatchState] = mapped_column(choice(BatchState, "state"))
    made_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    made_on: Mapped[date]
    issued_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    issued_on: Mapped[date | None]
    checksum: Mapped[str | None]
    """SHA-256 of the issued lines in canonical form, printed on the sheet."""
    sheet: Mapped[bytes | None] = mapped_column(deferred=True)
    """The issued workbook itself, byte for byte."""
    layout_id: Mapped[int | None] = mapped_column(ForeignKey("sheet_layout.id"))
    """The office's own layout in which it was printed; NULL for the one that comes with Keguan."""
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("batch.id"), unique=True)
    """The void batch whose place this one takes."""
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    ended_on: Mapped[date | None]
    ended_note: Mapped[str | None]
    """Who discarded it or made it void, when and why."""

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
        Index(
            "uq_batch_line_stands", "tranche_id", unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS
        ),
        Index("ix_batch_line_tranche_id", "tranche_id"),
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
    source: Mapped[Source] = mapped_column(choice(Source, "source"))
    result: Mapped[LineResult | None] = mapped_column(choice(LineResult, "result"))
    """What came of it; NULL while nobody knows. Only a line without one, or a paid one, holds its tranche."""
    result_on: Mapped[date | None]
    result_note: Mapped[str | None]
    """Why it was not paid, made void or taken back."""
    result_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))

    @hybrid_property
    def stands(self) -> bool:
        """Whether it holds its tranche: its money is on its way, or paid."""
        return self.result in {None, LineResult.PAID}

    @stands.inplace.expression
    @classmethod
    def _stands(cls) -> ColumnElement[bool]:
        return or_(cls.result.is_(None), cls.result == LineResult.PAID)

    batch: Mapped[Batch] = relationship(back_populates="lines")
    project: Mapped[Project] = relationship()
    tranche: Mapped[Tranche] = relationship()


class PaymentReversal(Base):
    """冲正: a booked payment that was taken back (退汇, or booked by mistake). Kept for ever."""

    __tablename__ = "payment_reversal"
    __table_args__ = (UniqueConstraint("line_id"), CheckConstraint("amount_fen > 0", name="amount"))

    id: Mapped[Id]
    tranche_id: Mapped[int] = mapped_column(ForeignKey("tranche.id"), index=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("batch_line.id"))
    """The line it was paid by."""
    amount_fen: Mapped[FenColumn]
    paid_on: Mapped[date]
    voucher: Mapped[str]
    """Day and voucher of the payment that was taken back."""
    reversed_on: Mapped[date]
    reversal_voucher: Mapped[str]
    reason: Mapped[str]
    reversed_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))


class TrancheHold(Base):
    """暂缓: from when to when a tranche had to wait, by which rule, and what lifted it.

    Kept by the clock and by whatever changes the money of a project; see ``finance.holding``.
    """

    __tablename__ = "tranche_hold"
    __table_args__ = (
        UniqueConstraint("tranche_id", "rule", "since"),
        CheckConstraint("until >= since", name="until"),
        Index("ix_tranche_hold_open", "agency_id", "until"),
    )

    id: Mapped[Id]
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), index=True)
    tranche_id: Mapped[int] = mapped_column(ForeignKey("tranche.id", ondelete="CASCADE"))
    rule: Mapped[str]
    since: Mapped[date]
    words: Mapped[str]
    """The rule's line with its figures, as it stood when the hold began."""
    citation: Mapped[str]
    until: Mapped[date | None]
    """The first day on which it held no more; NULL while it holds."""
    released: Mapped[str | None]
    """What lifted it, in words."""
