"""Which projects an actor may see. The one place that says so; every query of projects goes through it."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session

from lifecycle.models import Project
from lifecycle.refusals import NotFound
from lifecycle.roles import Actor, Role


def visible(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that a project is this actor's to see.

    Bureau roles see every project of their agency; a pi sees those that bear her e-mail address, in capitals
    or not, a unit manager and a joint unit those of their units; nobody sees another agency's.
    """
    own_agency = Project.agency_id == actor.agency_id
    if actor.sees_all_projects:
        return own_agency
    ways: list[ColumnElement[bool]] = [
        (Project.lead_unit if role is Role.UNIT_MANAGER else Project.joint_unit) == unit
        for role, unit in actor.units
        if unit and role in {Role.UNIT_MANAGER, Role.JOINT_UNIT}
    ]
    if Role.PI in actor.roles and actor.email:
        ways.append(func.lower(Project.pi_email) == actor.email.lower())
    return and_(own_agency, or_(*ways)) if ways else false()


def find_project(session: Session, actor: Actor, number: str) -> Project:
    """Return the project of that number. Raises ``NotFound`` where there is none that the actor may see."""
    project = session.scalar(select(Project).where(visible(actor), Project.number == number))
    if project is None:
        raise NotFound(f"编号为“{number}”的项目")
    return project
