"""Reports on their way from the pi to the bureau, and panels of experts with their opinions."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lifecycle.models.base import Base, Id, Whole, choice
from lifecycle.record import Review


class ReportKind(StrEnum):
    """What a report is about."""

    ANNUAL = "年度报告"
    STAGE = "阶段报告"
    EVENT = "重大事项报告"


class ReportState(StrEnum):
    """Where a report stands."""

    DRAFT = "起草中"
    FILED = "待承担单位确认"
    CONFIRMED = "待科技局审核"
    ACCEPTED = "已接收"
    RETURNED = "已退回"


class PanelSubject(StrEnum):
    """What experts are asked about."""

    STAGE = "阶段考核"
    ACCEPTANCE = "验收"


class PanelState(StrEnum):
    """Where a panel stands."""

    AT_WORK = "评议中"
    CONCLUDED = "已形成结论"
    DISSOLVED = "已解散"


class MemberState(StrEnum):
    """Where one expert stands."""

    INVITED = "待评议"
    SUBMITTED = "已提交"
    RECUSED = "已回避"
    REPLACED = "已更换"


class MemberField(StrEnum):
    """As what an expert sits on a panel (SPB 20, 32: technical and financial in one)."""

    TECHNICAL = "技术"
    FINANCIAL = "财务"
    MANAGEMENT = "管理"


class Report(Base):
    """A report of a year, a milestone or a serious event; what counts of it stands in the record's rows."""

    __tablename__ = "report"
    __table_args__ = (
        UniqueConstraint("project_id", "kind", "subject"),
        Index("ix_report_state", "kind", "state"),
    )

    id: Mapped[Id]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), index=True)
    kind: Mapped[ReportKind] = mapped_column(choice(ReportKind, "kind"))
    subject: Mapped[Whole]
    """The year, the milestone's number, or the event's running number."""
    state: Mapped[ReportState] = mapped_column(choice(ReportState, "state"))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    account: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The stage account as it was worked out from the spending when the report was filed."""
    nothing_to_report: Mapped[bool] = mapped_column(default=False, server_default=false())
    revision: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    drafted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    drafted_on: Mapped[date]
    filed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    filed_on: Mapped[date | None]
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    confirmed_on: Mapped[date | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_on: Mapped[date | None]
    note: Mapped[str | None]
    """Why it was returned."""


class Panel(Base):
    """Experts named to review a milestone or an acceptance."""

    __tablename__ = "panel"
    __table_args__ = (
        Index(
            "uq_panel_at_work",
            "project_id",
            "subject_kind",
            "subject_id",
            unique=True,
            sqlite_where=text("state = '评议中'"),
            postgresql_where=text("state = '评议中'"),
        ),
    )

    id: Mapped[Id]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), index=True)
    subject_kind: Mapped[PanelSubject] = mapped_column(choice(PanelSubject, "subject_kind"))
    subject_id: Mapped[int]
    """The report's or the acceptance case's id."""
    state: Mapped[PanelState] = mapped_column(choice(PanelState, "state"))
    formed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    formed_on: Mapped[date]
    due: Mapped[date | None]
    joint_opinion: Mapped[str | None]
    """What the joint unit, which takes part, has to say."""
    joint_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    joint_on: Mapped[date | None]
    concluded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    concluded_on: Mapped[date | None]
    conclusion: Mapped[str | None]
    """What the panel found as a whole, in words."""

    members: Mapped[list[PanelMember]] = relationship(
        back_populates="panel", order_by="PanelMember.id", cascade="all, delete-orphan"
    )


class PanelMember(Base):
    """One expert of a panel, and what she thinks."""

    __tablename__ = "panel_member"
    __table_args__ = (
        UniqueConstraint("panel_id", "user_id"),
        Index("ix_panel_member_user", "user_id", "state"),
    )

    id: Mapped[Id]
    panel_id: Mapped[int] = mapped_column(ForeignKey("panel.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    name: Mapped[str]
    field: Mapped[MemberField] = mapped_column(choice(MemberField, "field"))
    leads: Mapped[bool] = mapped_column(default=False, server_default=false())
    state: Mapped[MemberState] = mapped_column(choice(MemberState, "state"))
    invited_on: Mapped[date]
    no_conflict_on: Mapped[date | None]
    """The day on which she declared to have no part in the project."""
    scores: Mapped[dict[str, int]] = mapped_column(JSON)
    """Aspect → points out of what the aspect is worth."""
    total: Mapped[int | None]
    verdict: Mapped[Review | None] = mapped_column(choice(Review, "verdict"))
    opinion: Mapped[str | None]
    submitted_on: Mapped[date | None]
    note: Mapped[str | None]
    """Why she stands aside, or was replaced."""

    panel: Mapped[Panel] = relationship(back_populates="members")
