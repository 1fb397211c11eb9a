"""Notices that a bureau sends on paper: 提醒, 催办, 整改通知, 暂缓拨付通知, 终止建议."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lifecycle.models.base import Base, Id, Whole, choice


class NoticeKind(StrEnum):
    """Which notice it is; the words are its title."""

    REMINDER = "提醒通知"
    URGING = "催办通知"
    RECTIFICATION = "整改通知"
    HOLD = "暂缓拨付通知"
    TERMINATION = "终止建议"


class PaperNotice(Base):
    """A numbered notice about a project: what it says stays as it was drawn up."""

    __tablename__ = "paper_notice"
    __table_args__ = (
        UniqueConstraint("agency_id", "year", "running"),
        Index("ix_paper_notice_project", "project_id"),
    )

    id: Mapped[Id]
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    kind: Mapped[NoticeKind] = mapped_column(choice(NoticeKind, "kind"))
    year: Mapped[int]
    running: Mapped[int]
    """Counts up within the agency's year."""
    rule: Mapped[str | None]
    subject: Mapped[str | None]
    due: Mapped[date | None]
    """The duty it speaks of, where it speaks of one."""
    measure_number: Mapped[Whole | None]
    """The measure of supervision it carries out, where there is one."""
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    """To whom, facts, articles, what is asked for, by when: everything the paper says."""
    drawn_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    drawn_on: Mapped[date]
    sent_on: Mapped[date | None]
    sent_by: Mapped[str | None]
    """How it was sent: 通过科管送达, 当面送达, 邮寄, 平台."""
    received_on: Mapped[date | None]
    received_by: Mapped[str | None]
    received_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    """Who signed for it in Keguan; NULL where the receipt was entered by the bureau."""
    mark: Mapped[str | None]
    """The agency's mark in its number (沙科催), as it was when the notice was drawn up; NULL: none."""
    void_on: Mapped[date | None]
    void_note: Mapped[str | None]
