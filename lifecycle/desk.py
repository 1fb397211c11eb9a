"""What is on a person's desk: duties that are overdue or coming, most urgent first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from lifecycle.listing import open_duties
from lifecycle.models import KeptDuty, Project
from lifecycle.roles import Actor, Role
from lifecycle.visibility import visible

AHEAD = timedelta(days=30)
"""How far ahead a desk looks: the first reminder's distance."""


class Urgency(StrEnum):
    """The two heaps of a desk."""

    OVERDUE = "overdue"
    COMING = "coming"


@dataclass(frozen=True, slots=True)
class DeskDuty:
    """One duty as a desk shows it."""

    number: str
    title: str
    lead_unit: str
    pi_name: str
    joint_unit: str | None
    rule: str
    subject: str
    due: date
    owner: Role
    message: str

    @property
    def who(self) -> str:
        """Whose turn it is, by name where the record has one."""
        names = {
            Role.PI: f"{self.pi_name}（{self.lead_unit}）",
            Role.UNIT_MANAGER: self.lead_unit,
            Role.JOINT_UNIT: self.joint_unit or "联合实施单位",
            Role.FINANCE: "科技局财务",
            Role.HANDLER: "科技局经办",
            Role.APPROVER: "科技局审批",
        }
        return names.get(self.owner, self.lead_unit)


@dataclass(frozen=True, slots=True)
class Heap:
    """One heap: its most urgent duties and how many there are in all."""

    duties: Sequence[DeskDuty]
    count: int


def heap(session: Session, actor: Actor, urgency: Urgency, today: date, limit: int, offset: int = 0) -> Heap:
    """Return the duties of one heap that concern the actor, the earliest deadline first."""
    where = and_(_on_desk(actor), open_duties(today), _within(urgency, today))
    joined = select(func.count()).select_from(KeptDuty).join(Project, Project.id == KeptDuty.project_id)
    query: Select[*tuple[Any, ...]] = (
        select(
            Project.number,
            Project.title,
            Project.lead_unit,
            Project.pi_name,
            Project.joint_unit,
            KeptDuty.rule,
            KeptDuty.subject,
            KeptDuty.due,
            KeptDuty.owner,
            KeptDuty.message,
        )
        .join(Project, Project.id == KeptDuty.project_id)
        .where(where)
        .order_by(KeptDuty.due, KeptDuty.id)
        .limit(limit)
        .offset(offset)
    )
    duties = [DeskDuty(*row) for row in session.execute(query)]
    return Heap(duties, session.scalar(joined.where(where)) or 0)


def _within(urgency: Urgency, today: date) -> ColumnElement[bool]:
    if urgency is Urgency.OVERDUE:
        return KeptDuty.due < today
    return KeptDuty.due.between(today, today + AHEAD)


def _on_desk(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that a duty concerns the actor: a bureau follows all, the others their own."""
    seen = and_(visible(actor), KeptDuty.agency_id == actor.agency_id)
    if actor.sees_all_projects:
        return seen
    owners = set(actor.roles)
    if Role.UNIT_MANAGER in owners:
        owners.add(Role.PI)
    return and_(seen, KeptDuty.owner.in_(owners))
