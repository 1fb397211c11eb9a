"""Whose turn it is: one row for everything that waits, or waited, for somebody, kept by the commands."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from lifecycle.models.base import Base, Id, choice
from lifecycle.roles import Role


class TurnKind(StrEnum):
    """What waits; with the id of its row it says which page to open."""

    AGREEMENT = "agreement"
    REPORT = "report"
    CHANGE = "change"
    INSPECTION = "inspection"
    MEASURE = "measure"
    INTEGRITY = "integrity"
    ACCEPTANCE = "acceptance"
    CLEARING = "clearing"
    REVIEW = "review"
    ACCOUNT = "account"
    NOTICE = "notice"


ENDS_WITH_PROJECT = frozenset(
    {
        *(TurnKind.AGREEMENT, TurnKind.REPORT, TurnKind.CHANGE, TurnKind.MEASURE, TurnKind.REVIEW),
        *(TurnKind.ACCEPTANCE, TurnKind.NOTICE),
    }
)
"""What nobody has to do any more for a project that has its conclusion, unless it came with that."""


class Turn(Base):
    """Something that waits for a role of a project, or for one person."""

    __tablename__ = "turn"
    __table_args__ = (
        Index("ix_turn_ref", "kind", "ref_id"),
        Index("ix_turn_role", "agency_id", "role", "done_on", "since"),
        Index("ix_turn_user", "user_id", "agency_id", "done_on"),
    )

    id: Mapped[Id]
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), index=True)
    kind: Mapped[TurnKind] = mapped_column(choice(TurnKind, "kind"))
    ref_id: Mapped[int]
    role: Mapped[Role] = mapped_column(choice(Role, "role"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    """The one person it waits for; NULL: anybody who holds the role for the project."""
    words: Mapped[str]
    """What is to be done, as a desk lists it: 确认 2025 年度报告."""
    since: Mapped[date]
    due: Mapped[date | None]
    also: Mapped[Role | None] = mapped_column(choice(Role, "also"))
    """The role that may do it just as well; either of them does it once."""
    duty: Mapped[str | None]
    """The duty that speaks of this very work while it is owed, by kind and subject; NULL: none does."""
    duty_rule: Mapped[str | None]
    """The rule of the duty that spoke of it when it came to wait, for the proof; NULL: it was one itself."""
    duty_subject: Mapped[str | None]
    done_on: Mapped[date | None]
    """When it waited no more; NULL while it waits."""
