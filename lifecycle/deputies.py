"""Who may be told for somebody who is away: whoever sees the same projects as she does."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lifecycle.members import Member
from lifecycle.models import Membership, PersonChoice, Project, User
from lifecycle.roles import UNIT_ROLES, Role

Held = tuple[Role, str]
"""A role and, where it is a unit's, the unit."""


def held(role: Role, unit: str) -> Held:
    """Return a post as what it lets its holder see: the unit counts only where the role is a unit's."""
    return role, unit if role in UNIT_ROLES else ""


def stands_in(posts: Collection[Held], role: Role, unit: str) -> bool:
    """Whether whoever holds ``posts`` sees what a holder of ``role`` sees, and so may be told for her.

    ``unit`` is the one the role is held for; of a pi, the one that leads the project: its manager sees the
    project, while no other pi does. What an expert is asked is hers alone.
    """
    if role is Role.EXPERT:
        return False
    by_manager = role in (Role.PI, Role.UNIT_FINANCE) and (Role.UNIT_MANAGER, unit) in posts
    return by_manager or (role is not Role.PI and held(role, unit) in posts)


_NOT_TOLD = frozenset({Role.EXPERT, Role.AUDITOR})
"""Roles in which nobody needs a deputy: what an expert is asked is hers alone, an auditor owes nothing."""


def needs_deputy(member: Member) -> bool:
    """Whether a person is told of anything that may be told to somebody else for her."""
    return any(post.role not in _NOT_TOLD for post in member.posts)


class Deputy(NamedTuple):
    """An account that may be told for somebody."""

    user_id: int
    name: str


def possible_deputies(session: Session, agency_id: int, member: Member) -> Sequence[Deputy]:
    """Return who may be told for a person, by name; two statements.

    Whoever is active in the agency and sees, in every role in which the person is told of duties, what she
    sees. What an admin receives for others counts only where she holds no other role.
    """
    needed = _needed(session, agency_id, member)
    if not needed:
        return []
    query = (
        select(User.id, User.name, Membership.role, Membership.unit)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.agency_id == agency_id, User.is_active, User.id != member.id)
        .order_by(User.name, User.id)
    )
    posts: dict[Deputy, set[Held]] = {}
    for user_id, name, role, unit in session.execute(query):
        posts.setdefault(Deputy(user_id, name), set()).add(held(role, unit))
    return [one for one, hers in posts.items() if all(stands_in(hers, *post) for post in needed)]


class StoodFor(NamedTuple):
    """Somebody for whom an account is told, and until when."""

    user_id: int
    name: str
    first: date | None
    last: date | None


def stood_for(session: Session, agency_id: int, deputy_id: int, today: date) -> Sequence[StoodFor]:
    """Return whose deputy an account is, today or later, the earliest first; by one statement."""
    choice = PersonChoice
    query = (
        select(User.id, User.name, choice.deputy_from, choice.deputy_until)
        .join(choice, choice.user_id == User.id)
        .where(choice.agency_id == agency_id, choice.deputy_id == deputy_id, choice.deputy_until >= today)
        .where(User.is_active)
        .order_by(choice.deputy_from, User.id)
    )
    return [StoodFor(*row) for row in session.execute(query)]


def _needed(session: Session, agency_id: int, member: Member) -> set[Held]:
    """Return in which roles, and for which units, a deputy must see what the person sees."""
    told = [post for post in member.posts if post.role not in _NOT_TOLD]
    acting = [post for post in told if post.role is not Role.ADMIN] or told
    needed = {held(post.role, post.unit) for post in acting if post.role is not Role.PI}
    if any(post.role is Role.PI for post in acting):
        hers = func.lower(Project.pi_email) == (member.email or "").lower()
        units = select(Project.lead_unit).where(Project.agency_id == agency_id, hers).distinct()
        needed |= {(Role.PI, unit) for unit in session.scalars(units)}
    return needed
