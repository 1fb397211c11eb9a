"""The unit's own account of a project's money: where it is kept, and how it stood on a day."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from finance.states import StageAccountState
from lifecycle.models.base import Base, FenColumn, Id, choice


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


class StageAccount(Base):
    """阶段账目: a project's money as of a day, confirmed by the unit's finance and accepted by the bureau."""

    __tablename__ = "stage_account"
    __table_args__ = (Index("ix_stage_account_project", "project_id", "as_of"),)

    id: Mapped[Id]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    as_of: Mapped[date]
    report_id: Mapped[int | None] = mapped_column(ForeignKey("report.id"), unique=True)
    """The annual report that it went with, where there is one."""
    state: Mapped[StageAccountState] = mapped_column(choice(StageAccountState, "state"))
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Received, spent and left by source and by use, in fen, as worked out on the day it was drawn up."""
    bank_balance_fen: Mapped[FenColumn | None]
    """What the bank's statement of the separate account says of that day."""
    difference_note: Mapped[str | None]
    """Why the bank says another sum than the books, where it does."""
    drawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    drawn_on: Mapped[date]
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    confirmed_on: Mapped[date | None]
    accepted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    accepted_on: Mapped[date | None]
    note: Mapped[str | None]
    """Why it was returned."""
