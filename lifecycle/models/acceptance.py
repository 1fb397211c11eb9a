"""An acceptance on its way, and the clearing that follows a failure or a termination."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from lifecycle.models.base import Base, Id, choice
from lifecycle.record import Conclusion, Review


class AcceptanceState(StrEnum):
    """Where an acceptance stands: whose turn it is, or that it is over."""

    DRAFT = "起草中"
    WITH_UNIT = "待承担单位确认"
    WITH_BUREAU = "待科技局受理"
    IN_REVIEW = "专家评议中"
    WITH_CONFERENCE = "待联席会议审议"
    WITH_GOVERNMENT = "待区政府审定"
    WITH_APPROVER = "待科技局作出结论"
    TO_FILE = "待备案"
    DONE = "已办结"
    RETURNED = "已退回"


class AcceptanceCase(Base):
    """The acceptance of a project; what counts of it stands in the record's row of 验收."""

    __tablename__ = "acceptance_case"

    id: Mapped[Id]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), unique=True)
    state: Mapped[AcceptanceState] = mapped_column(choice(AcceptanceState, "state"))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Summary, what each indicator reached and by which evidence, goals met."""
    account: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The final account as it was worked out when the application was confirmed."""
    revision: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    drafted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    drafted_on: Mapped[date]
    filed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    filed_on: Mapped[date | None]
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    confirmed_on: Mapped[date | None]
    accepted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    accepted_on: Mapped[date | None]
    technical: Mapped[Review | None] = mapped_column(choice(Review, "technical"))
    financial: Mapped[Review | None] = mapped_column(choice(Review, "financial"))
    proposed: Mapped[Conclusion | None] = mapped_column(choice(Conclusion, "proposed"))
    """The conclusion that the handler puts forward on the experts' opinions."""
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    proposed_on: Mapped[date | None]
    own_fault: Mapped[bool]
    opinion: Mapped[str | None]
    conference_note: Mapped[str | None]
    government_note: Mapped[str | None]
    verdict: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_on: Mapped[date | None]
    certificate_number: Mapped[str | None]
    note: Mapped[str | None]
    """Why it was returned."""


class ClearingKind(StrEnum):
    """What is cleared."""

    CLEARING = "财务清算"
    """Of a project that failed or was terminated."""
    SURPLUS = "结余处理"
    """What a project that passed has left."""


class Clearing(Base):
    """The clearing of a project: its conclusion opens it, finance settles it, an approver confirms it."""

    __tablename__ = "clearing"

    id: Mapped[Id]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), unique=True)
    kind: Mapped[ClearingKind] = mapped_column(
        choice(ClearingKind, "kind"),
        default=ClearingKind.CLEARING,
        server_default=ClearingKind.CLEARING.value,
    )
    opened_on: Mapped[date]
    citation: Mapped[str]
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Paid, spent, disallowed and left by source, in fen, as settled."""
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    settled_on: Mapped[date | None]
    due_on: Mapped[date | None]
    """By when what must come back has to be back."""
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    confirmed_on: Mapped[date | None]
    note: Mapped[str | None]
