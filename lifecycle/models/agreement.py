"""The task agreement's versions with their signatures, and requests to change what was agreed."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lifecycle.models.base import Base, Id, choice
from lifecycle.record import ChangeKind, Signatory


class AgreementState(StrEnum):
    """Where a version of a task agreement stands."""

    DRAFT = "起草中"
    AWAITING = "待签署"
    IN_FORCE = "已生效"
    SUPERSEDED = "已被替代"


class ChangeState(StrEnum):
    """Where a request for a change stands: whose turn it is, or how it ended."""

    DRAFT = "起草中"
    WITH_UNIT = "待承担单位确认"
    WITH_JOINT_UNIT = "待联合实施单位同意"
    WITH_BUREAU = "待科技局审查"
    WITH_CONFERENCE = "待联席会议审定"
    WITH_APPROVER = "待科技局批准"
    TO_FILE = "待平台备案"
    DONE = "已办结"
    RETURNED = "已退回"
    REJECTED = "不予批准"
    WITHDRAWN = "已撤回"


class AgreementVersion(Base):
    """One version of a project's task agreement. Once in force its terms are never edited."""

    __tablename__ = "agreement_version"
    __table_args__ = (
        UniqueConstraint("project_id", "number"),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("(in_force_on IS NULL) = (state IN ('起草中', '待签署'))", name="in_force"),
        Index(
            "uq_agreement_version_in_force",
            "project_id",
            unique=True,
            sqlite_where=text("state = '已生效'"),
            postgresql_where=text("state = '已生效'"),
        ),
    )

    id: Mapped[Id]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    state: Mapped[AgreementState] = mapped_column(choice(AgreementState, "state"))
    terms: Mapped[dict[str, Any]] = mapped_column(JSON)
    """``lifecycle.terms.Terms`` in plain values."""
    revision: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    """Rises with every save of the draft; who saves an older one is told that somebody else was quicker."""
    drafted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    drafted_on: Mapped[date]
    finalised_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    finalised_on: Mapped[date | None]
    reasons: Mapped[dict[str, str]] = mapped_column(JSON)
    """Rule id → the written reason for going on although a usual rule is not held."""
    verdict: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """The checklist as it stood when the version was finalised or approved."""
    in_force_on: Mapped[date | None]
    superseded_on: Mapped[date | None]
    change_number: Mapped[int | None]
    """The change that made it; NULL for the first version and for what came with a ledger."""

    signatures: Mapped[list[Signature]] = relationship(
        back_populates="version", order_by="Signature.id", cascade="all, delete-orphan"
    )


class Signature(Base):
    """That one party has signed a version: who, on which day, with the scan."""

    __tablename__ = "signature"
    __table_args__ = (UniqueConstraint("version_id", "party"),)

    id: Mapped[Id]
    version_id: Mapped[int] = mapped_column(ForeignKey("agreement_version.id", ondelete="CASCADE"))
    party: Mapped[Signatory] = mapped_column(choice(Signatory, "party"))
    signer: Mapped[str]
    signed_on: Mapped[date]
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    recorded_on: Mapped[date]

    version: Mapped[AgreementVersion] = relationship(back_populates="signatures")


class ChangeRequest(Base):
    """A request for a change on its way. Its row of 变更 is there while the bureau knows of it."""

    __tablename__ = "change_request"
    __table_args__ = (
        UniqueConstraint("project_id", "number"),
        CheckConstraint("number >= 1", name="number"),
        Index("ix_change_request_state", "state"),
    )

    id: Mapped[Id]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    """The same as its row of 变更 has; numbers of requests that came to nothing are not given again."""
    kind: Mapped[ChangeKind] = mapped_column(choice(ChangeKind, "kind"))
    state: Mapped[ChangeState] = mapped_column(choice(ChangeState, "state"))
    self_decided: Mapped[bool]
    reason: Mapped[str]
    terms: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What shall be agreed: all terms as they would be."""
    base_version_id: Mapped[int | None] = mapped_column(ForeignKey("agreement_version.id"))
    """The version in force when it was drafted; once another is in force it must be drafted anew."""
    revision: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    before: Mapped[str | None]
    after: Mapped[str | None]
    reasons: Mapped[dict[str, str]] = mapped_column(JSON)
    verdict: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    drafted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    drafted_on: Mapped[date]
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    confirmed_on: Mapped[date | None]
    consented_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    consented_on: Mapped[date | None]
    applied_on: Mapped[date | None]
    """The day it was handed to the bureau, or, of the unit's own to decide, settled by it."""
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    proposed_on: Mapped[date | None]
    opinion: Mapped[str | None]
    """What the handler has found and proposes."""
    conference_on: Mapped[date | None]
    conference_note: Mapped[str | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_on: Mapped[date | None]
    approval_number: Mapped[str | None]
    note: Mapped[str | None]
    """Why it was returned, rejected or withdrawn."""
    filed_on: Mapped[date | None]
    """The day of its filing on the municipal platform."""
