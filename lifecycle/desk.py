"""What is on a person's desk: duties that are overdue or coming, most urgent first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from lifecycle.keeping import Kept
from lifecycle.listing import open_duties, revision_of, scope_of
from lifecycle.models import KeptDuty, Project
from lifecycle.roles import Actor, Permission, Role
from lifecycle.turn_duties import is_hers, is_listed, later_payment_rules, may_know, owed_by
from lifecycle.turns import is_a_turn_of
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
    user_id: int | None
    path: str | None
    asked_by: str | None
    also: Role | None
    """The role that is told as well."""

    @property
    def who(self) -> str:
        """Whose turn it is, by name where the record has one."""
        return who_owes(self.owner, self.lead_unit, self.pi_name, self.joint_unit)

    @property
    def whose_unit(self) -> str:
        """The unit of the person whose turn it is, where it is a person's."""
        return self.lead_unit if self.owner is Role.PI else ""


def who_owes(owner: Role, lead_unit: str, pi_name: str, joint_unit: str | None) -> str:
    """Return whose turn a duty is, by name where the project has one."""
    names = {
        Role.PI: pi_name,
        Role.UNIT_MANAGER: lead_unit,
        Role.UNIT_FINANCE: f"{lead_unit}财务",
        Role.JOINT_UNIT: joint_unit or "联合实施单位",
        Role.FINANCE: "科技局财务",
        Role.HANDLER: "科技局经办",
        Role.APPROVER: "科技局审批",
        Role.EXPERT: "评议专家",
    }
    return names.get(owner, lead_unit)


@dataclass(frozen=True, slots=True)
class Desk:
    """The most urgent of each heap, and how many there are in all, at one revision of the agency's data."""

    revision: int | None
    sizes: Mapping[Urgency, int]
    heaps: Mapping[Urgency, Sequence[DeskDuty]]


_desks: Kept[tuple[object, ...], Desk] = Kept()
_sizes: Kept[tuple[object, ...], Mapping[Urgency, int]] = Kept()


def open_desk(session: Session, actor: Actor, today: date, limit: int) -> Desk:
    """Return the actor's desk; kept until a command changes something in the agency."""
    revision = revision_of(session, actor)

    def look() -> Desk:
        sizes = _count(session, actor, today)
        heaps = {one: heap(session, actor, one, today, limit) if sizes[one] else [] for one in Urgency}
        return Desk(revision, sizes, heaps)

    return _desks.get((_whose(session, actor), today, limit), revision, look)


def heap(
    session: Session, actor: Actor, urgency: Urgency, today: date, limit: int, offset: int = 0
) -> Sequence[DeskDuty]:
    """Return the duties of one heap that concern the actor, the earliest deadline first."""
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
            KeptDuty.user_id,
            KeptDuty.path,
            KeptDuty.asked_by,
            KeptDuty.also,
        )
        .join(Project, Project.id == KeptDuty.project_id)
        .where(on_desk(actor), open_duties(today), _within(urgency, actor, today))
        .order_by(KeptDuty.due, KeptDuty.id)
        .limit(limit)
        .offset(offset)
    )
    return [DeskDuty(*row) for row in session.execute(query)]


def heap_sizes(session: Session, actor: Actor, today: date) -> Mapping[Urgency, int]:
    """Return how many duties are in each heap; kept until a command changes something in the agency."""
    revision = revision_of(session, actor)
    key = (_whose(session, actor), today)
    return _sizes.get(key, revision, lambda: _count(session, actor, today))


def _whose(session: Session, actor: Actor) -> tuple[object, ...]:
    """Return the key under which a desk can be kept: colleagues see the same, but each has her own turns."""
    return (*scope_of(session, actor), actor.user_id, actor.roles)


def _count(session: Session, actor: Actor, today: date) -> dict[Urgency, int]:
    sizes = [func.coalesce(func.sum(case((_within(one, actor, today), 1), else_=0)), 0) for one in Urgency]
    query = select(*sizes).where(on_desk(actor), open_duties(today), KeptDuty.due <= today + AHEAD)
    if not actor.sees_all_projects:
        query = query.join(Project, Project.id == KeptDuty.project_id)
    row = session.execute(query).one()
    return {urgency: int(size) for urgency, size in zip(Urgency, row, strict=True)}


def _within(urgency: Urgency, actor: Actor, today: date) -> ColumnElement[bool]:
    # What is hers stands in the lists beside the heaps; that of others is of interest once it is late.
    if urgency is Urgency.OVERDUE:
        return and_(KeptDuty.due < today, or_(~is_listed(), ~is_hers(actor)), ~is_a_turn_of(actor))
    coming = and_(KeptDuty.due.between(today, today + AHEAD), ~is_listed(), ~is_a_turn_of(actor))
    if actor.may(Permission.PROPOSE_PAYMENT):  # of which the money that waits for her speaks
        coming = and_(coming, KeptDuty.rule.not_in(sorted(later_payment_rules())))
    return coming


def on_desk(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that a duty concerns the actor: a bureau follows all, the others their own."""
    own_agency = KeptDuty.agency_id == actor.agency_id
    return own_agency if actor.sees_all_projects else and_(own_agency, concerning(actor))


def concerning(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that a duty is the actor's own, or of what she leads or keeps the books of."""
    owners = set(actor.roles)
    if Role.UNIT_MANAGER in owners:
        owners |= {Role.PI, Role.UNIT_FINANCE}
    if Role.UNIT_FINANCE in owners:
        owners.add(Role.UNIT_MANAGER)
    ways = or_(KeptDuty.user_id == actor.user_id, and_(owed_by(*owners), visible(actor)))
    return and_(ways, may_know(actor))
