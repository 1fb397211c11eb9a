"""Which projects an actor may see. The one place that says so; every query of projects goes through it."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session

from lifecycle.models import Project
from lifecycle.refusals import NotFound, NotTheirs
from lifecycle.roles import UNIT_ROLES, Actor, Role


def visible(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that a project is this actor's to see.

    Bureau roles see every project of their agency; a pi sees those that bear her e-mail address, in capitals
    or not, people of a lead or a joint unit those of their units; nobody sees another agency's.
    """
    own_agency = Project.agency_id == actor.agency_id
    if actor.sees_all_projects:
        return own_agency
    ways: list[ColumnElement[bool]] = [
        (Project.joint_unit if role is Role.JOINT_UNIT else Project.lead_unit) == unit
        for role, unit in actor.units
        if unit and role in UNIT_ROLES
    ]
    if Role.PI in actor.roles and actor.email:
        ways.append(func.lower(Project.pi_email) == actor.email.lower())
    return and_(own_agency, or_(*ways)) if ways else false()


def visible_as(actor: Actor, role: Role) -> ColumnElement[bool]:
    """Return the condition that a project is the actor's to act on in one of her roles.

    A person who is one project's unit and another's joint unit sees both, but acts for each as what she is.
    """
    return visible(replace(actor, roles=actor.roles & {role}, units=_units_as(actor, role)))


def _units_as(actor: Actor, role: Role) -> frozenset[tuple[Role, str]]:
    return frozenset((held, unit) for held, unit in actor.units if held is role)


def acting_as(session: Session, actor: Actor, project_id: int, *roles: Role) -> bool:
    """Whether the actor holds one of the roles for this very project. The system acts as anybody."""
    if actor.is_system:
        return True
    ways = [visible_as(actor, role) for role in roles if role in actor.roles]
    if not ways:
        return False
    return session.scalar(select(Project.id).where(Project.id == project_id, or_(*ways))) is not None


def demand_acting_as(session: Session, actor: Actor, project_id: int, *roles: Role) -> None:
    """Demand that the actor holds one of the roles for this very project. Raises ``NotTheirs``."""
    if not acting_as(session, actor, project_id, *roles):
        raise NotTheirs(roles)


def find_project(session: Session, actor: Actor, number: str) -> Project:
    """Return the project of that number. Raises ``NotFound`` where there is none that the actor may see."""
    project = session.scalar(select(Project).where(visible(actor), Project.number == number))
    if project is None:
        raise NotFound(f"编号为“{number}”的项目")
    return project
