"""Inspections, what they order of a project, and entries of research integrity."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lifecycle.models.base import Base, Id, choice
from lifecycle.models.project import OfProject
from lifecycle.record import MeasureKind


class InspectionKind(StrEnum):
    """How a project is looked into (SPB 31, EA 18)."""

    SPECIAL = "专项检查"
    PERFORMANCE = "绩效评估"
    SPOT_CHECK = "抽查检查"


class Outcome(StrEnum):
    """What an inspection ends in (SPB 31)."""

    NOTHING = "未发现问题"
    RECTIFY = "限期整改"
    HOLD = "暂缓拨付"
    TERMINATE = "终止实施"


class InspectionState(StrEnum):
    """Where an inspection stands."""

    RECORDED = "已登记"
    PROPOSED = "待审批处理意见"
    DECIDED = "已处理"


class MeasureState(StrEnum):
    """Where a measure stands."""

    ORDERED = "执行中"
    ANSWERED = "待核验"
    SETTLED = "已办结"


class IntegrityState(StrEnum):
    """Where an entry of research integrity stands."""

    PROPOSED = "待审批"
    RECORDED = "已记录"
    REJECTED = "不予记录"


class IntegrityAct(StrEnum):
    """What is entered: the acts that EA 19 names, and the unit's own fault in a failure (SPB 33)."""

    WITHHOLDING = "截留"
    CROWDING_OUT = "挤占"
    MISAPPROPRIATION = "挪用"
    FALSE_REPORTING = "虚报"
    FALSE_CLAIM = "冒领"
    FRAUDULENT_TAKING = "套取"
    TRANSFER = "转移"
    PRIVATE_SHARING = "私分"
    OBSTRUCTION = "不配合经费监督检查或审计"
    NOT_RETURNING = "不按规定退回违规使用或结余的财政科研经费"
    OTHER_SERIOUS = "其他严重违规行为"
    OWN_FAULT = "因主观原因终止或未通过验收"


class Inspection(Base):
    """One inspection of a project: by whom, what was found, what came of it."""

    __tablename__ = "inspection"
    __table_args__ = (UniqueConstraint("project_id", "number"), CheckConstraint("number >= 1", name="number"))

    id: Mapped[Id]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    kind: Mapped[InspectionKind] = mapped_column(choice(InspectionKind, "kind"))
    state: Mapped[InspectionState] = mapped_column(choice(InspectionState, "state"))
    organiser: Mapped[str]
    """Which department or unit made it."""
    recognised: Mapped[bool]
    """Whether another department made it and its result is recognised here (SPB 31)."""
    shared_with: Mapped[str | None]
    """The departments to which the result has been made known."""
    inspected_on: Mapped[date]
    inspectors: Mapped[str]
    summary: Mapped[str]
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """What was found, point by point."""
    outcome: Mapped[Outcome] = mapped_column(choice(Outcome, "outcome"))
    due: Mapped[date | None]
    """By when what was found is to be put right."""
    own_fault: Mapped[bool]
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    recorded_on: Mapped[date]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_on: Mapped[date | None]
    note: Mapped[str | None]
    """Why the approver sent it back."""


class Measure(OfProject, Base):
    """What was ordered of a project. Rows are made once an approver has agreed; only these bind."""

    __tablename__ = "measure"
    __table_args__ = (
        UniqueConstraint("project_id", "number"),
        Index("ix_measure_open", "kind", "settled_on"),
    )

    position: Mapped[int]
    number: Mapped[int]
    kind: Mapped[MeasureKind] = mapped_column(choice(MeasureKind, "kind"))
    ordered_on: Mapped[date]
    due: Mapped[date | None]
    settled_on: Mapped[date | None]
    text: Mapped[str]
    state: Mapped[MeasureState] = mapped_column(choice(MeasureState, "state"))
    inspection_id: Mapped[int | None] = mapped_column(ForeignKey("inspection.id"), index=True)
    ordered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    answer: Mapped[str | None]
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    answered_on: Mapped[date | None]
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    note: Mapped[str | None]
    """Why an answer was not enough, or why a hold was lifted."""


class IntegrityEntry(Base):
    """An entry of research integrity against a unit or a person, naming the act."""

    __tablename__ = "integrity_entry"
    __table_args__ = (UniqueConstraint("project_id", "number"), CheckConstraint("number >= 1", name="number"))

    id: Mapped[Id]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    state: Mapped[IntegrityState] = mapped_column(choice(IntegrityState, "state"))
    about: Mapped[str]
    """The unit or person it is about."""
    act: Mapped[IntegrityAct] = mapped_column(choice(IntegrityAct, "act"))
    citation: Mapped[str | None]
    facts: Mapped[str]
    happened_on: Mapped[date | None]
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    proposed_on: Mapped[date]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_on: Mapped[date | None]
    note: Mapped[str | None]
