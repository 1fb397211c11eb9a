"""The way of a tranche from its approval to its payment: in which batch it went, and what came of it.

What was proposed and what is held are part of the record of a project (``lifecycle.models.payable``).
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import (
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

from finance.states import BatchState, LineResult
from lifecycle.models.base import Base, FenColumn, Id, choice
from lifecycle.models.project import Project, Tranche
from lifecycle.record import Source

_STANDS = text("result IS NULL OR result = '已拨付'")
"""A tranche is in one batch at a time: a line that came to nothing leaves it free for the next."""


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
