"""The people of an agency as its admin sees them: who holds which role, by which account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from lifecycle.models import Membership, User
from lifecycle.refusals import NotFound
from lifecycle.roles import ROLE_NAMES, Actor, Role

PER_PAGE = (20, 50, 100)
"""The page sizes on offer."""


class Post(NamedTuple):
    """A role in the agency; ``unit`` is "" where the role is not a unit's."""

    role: Role
    unit: str = ""

    @property
    def label(self) -> str:
        """The role's name, with the unit where there is one."""
        return f"{ROLE_NAMES[self.role]}（{self.unit}）" if self.unit else ROLE_NAMES[self.role]


@dataclass(frozen=True, slots=True)
class Member:
    """A person as her agency's admin sees her: the account and the posts held here."""

    id: int
    username: str
    name: str
    email: str | None
    is_active: bool
    shared: bool
    """Whether another agency has given the account a role too."""
    posts: tuple[Post, ...]


@dataclass(frozen=True, slots=True)
class Members:
    """One page of the people of an agency."""

    rows: tuple[Member, ...]
    count: int
    number: int
    pages: int


def list_members(
    session: Session, actor: Actor, text: str = "", page: int = 1, per_page: int = 50
) -> Members:
    """Return the people who hold, or held until deactivated, a role in the actor's agency, by user name."""
    here = select(Membership.user_id).where(Membership.agency_id == actor.agency_id)
    wanted: list[ColumnElement[bool]] = [User.id.in_(here)]
    for word in text.lower().split():
        columns = (User.name, User.username, func.coalesce(User.email, ""))
        wanted.append(or_(*(func.lower(column).contains(word, autoescape=True) for column in columns)))
    count = session.scalar(select(func.count()).select_from(User).where(*wanted)) or 0
    pages = max(1, -(-count // per_page))
    number = min(max(1, page), pages)
    query = select(User).where(*wanted).order_by(User.is_active.desc(), User.username)
    query = query.limit(per_page).offset((number - 1) * per_page)
    return Members(_members(session, actor.agency_id, query), count, number, pages)


def find_member(session: Session, actor: Actor, user_id: int) -> Member:
    """Return a person of the actor's agency; raises ``NotFound`` for everybody else."""
    query = select(User).where(
        User.id == user_id,
        User.id.in_(select(Membership.user_id).where(Membership.agency_id == actor.agency_id)),
    )
    for member in _members(session, actor.agency_id, query):
        return member
    raise NotFound("这位人员")


def _members(session: Session, agency_id: int, query: Select[User]) -> tuple[Member, ...]:
    """Return the people of a query of users with their posts: two queries, however many there are."""
    users = session.scalars(query).all()
    posts: dict[int, list[Post]] = {user.id: [] for user in users}
    shared: set[int] = set()
    held = select(Membership.user_id, Membership.agency_id, Membership.role, Membership.unit)
    order = list(Role)
    for user_id, at, role, unit in session.execute(held.where(Membership.user_id.in_(posts))):
        if at == agency_id:
            posts[user_id].append(Post(role, unit))
        else:
            shared.add(user_id)
    return tuple(
        Member(
            id=user.id,
            username=user.username,
            name=user.name,
            email=user.email,
            is_active=user.is_active,
            shared=user.id in shared,
            posts=tuple(sorted(posts[user.id], key=lambda post: (order.index(post.role), post.unit))),
        )
        for user in users
    )
