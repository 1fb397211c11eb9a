"""What is worked out from the record and kept, so that no page or job has to judge: findings and duties."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lifecycle.models.base import Base, Id, choice
from lifecycle.roles import Role
from lifecycle.rules.base import Strength


class KeptFinding(Base):
    """A ``Finding``: the days on which a project does not hold a rule."""

    __tablename__ = "kept_finding"
    __table_args__ = (
        Index("ix_kept_finding_agency_since", "agency_id", "since", "until"),
        Index("ix_kept_finding_project", "project_id", "since", "until", "strength"),
    )

    id: Mapped[Id]
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    rule: Mapped[str]
    subject: Mapped[str]
    strength: Mapped[Strength] = mapped_column(choice(Strength, "strength"))
    since: Mapped[date]
    until: Mapped[date | None]
    message: Mapped[str]
    reason: Mapped[str | None]
    reason_since: Mapped[date | None]


class KeptDuty(Base):
    """A ``Duty``. ``next_step_on``: the day the clock must next speak of it, NULL = never, or while held."""

    __tablename__ = "kept_duty"
    __table_args__ = (
        UniqueConstraint("project_id", "rule", "subject", "due"),
        Index("ix_kept_duty_clock", "agency_id", "next_step_on", "done_on", "closed_on"),
        Index("ix_kept_duty_agency_due", "agency_id", "due", "done_on", "closed_on", "since"),
        # Few are one person's alone.
        Index(
            "ix_kept_duty_user",
            "user_id",
            sqlite_where=text("user_id IS NOT NULL"),
            postgresql_where=text("user_id IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    rule: Mapped[str]
    subject: Mapped[str]
    since: Mapped[date]
    due: Mapped[date]
    done_on: Mapped[date | None]
    closed_on: Mapped[date | None]
    owner: Mapped[Role] = mapped_column(choice(Role, "owner"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    """The one person who owes it; NULL: whoever holds the role for the project."""
    not_user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    """Who may not do it, though she holds the role: she did what it decides on."""
    also: Mapped[Role | None] = mapped_column(choice(Role, "also"))
    """The role that is told as well from the first step on."""
    speaks_of: Mapped[str | None]
    """What waits and of which it speaks: a turn's id or its duty's key; NULL: nothing waits."""
    message: Mapped[str]
    path: Mapped[str | None]
    """The page on which it goes on; NULL: its project's own."""
    asked_by: Mapped[str | None]
    """The article that asks it, where the rule is the agency's own and only says by when."""
    next_step_on: Mapped[date | None]
