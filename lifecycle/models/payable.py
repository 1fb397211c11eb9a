"""How far a tranche has come before its money goes out: what was proposed, and what holds it.

Written by finance alone; part of the record, since duties follow from it.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lifecycle.models.base import Base, FenColumn, Id, choice
from lifecycle.models.project import Tranche
from lifecycle.stages import Ending

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
