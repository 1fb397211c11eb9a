"""What a clearing rests on, line by line: spending that is not allowed, and money that came back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lifecycle.models.base import Base, FenColumn, Id, choice
from lifecycle.record import Source


class DisallowedLine(Base):
    """不予认可: a row of spending, or a part of it, that is not allowed, and why."""

    __tablename__ = "disallowed_line"
    __table_args__ = (
        UniqueConstraint("clearing_id", "spending_id"),
        CheckConstraint("amount_fen > 0", name="amount"),
    )

    id: Mapped[Id]
    clearing_id: Mapped[int] = mapped_column(ForeignKey("clearing.id", ondelete="CASCADE"))
    spending_id: Mapped[int | None] = mapped_column(ForeignKey("spending.id"))
    """NULL for a sum without rows, as a ledger may bring it."""
    source: Mapped[Source] = mapped_column(choice(Source, "source"))
    amount_fen: Mapped[FenColumn]
    reason: Mapped[str]


class ClearingReturn(Base):
    """退款: a part of what had to come back and did. A negative amount takes one back."""

    __tablename__ = "clearing_return"
    __table_args__ = (
        UniqueConstraint("reversal_of_id"),
        CheckConstraint("amount_fen <> 0", name="amount"),
    )

    id: Mapped[Id]
    clearing_id: Mapped[int] = mapped_column(ForeignKey("clearing.id", ondelete="CASCADE"), index=True)
    source: Mapped[Source] = mapped_column(choice(Source, "source"))
    amount_fen: Mapped[FenColumn]
    returned_on: Mapped[date]
    voucher: Mapped[str]
    note: Mapped[str | None]
    reversal_of_id: Mapped[int | None] = mapped_column(ForeignKey("clearing_return.id"))
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    recorded_at: Mapped[datetime]

    def as_detail(self) -> dict[str, Any]:
        """Return what the entry of the act that made it says of it: by that it can be proved later."""
        return {
            "return": self.id,
            "source": self.source,
            "amount_fen": self.amount_fen,
            "voucher": self.voucher,
            "on": self.returned_on.isoformat(),
        }
