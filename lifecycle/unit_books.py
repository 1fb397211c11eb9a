"""Who confirms a unit's books: its finance person or, where it has none with an account, the manager.

What waits for one of them is passed on when that changes, so that whoever may act finds it on her desk.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from lifecycle.command import Work
from lifecycle.models import Membership, Project, Turn, TurnKind, User
from lifecycle.roles import Role

_KEEPERS = (Role.UNIT_FINANCE, Role.UNIT_MANAGER)


def keeper_of(session: Session, project: Project) -> Role:
    """Return the role that confirms the books of a project's unit."""
    query = select(_has_finance()).select_from(Project).where(Project.id == project.id)
    return _keeper(bool(session.scalar(query)))


def pass_on_books(work: Work) -> None:
    """Let what waits for whoever confirms a unit's books wait for whom that is now, for a command."""
    query = (
        select(Turn, _has_finance())
        .join(Project, Project.id == Turn.project_id)
        .where(Turn.agency_id == work.actor.agency_id, Turn.kind == TurnKind.ACCOUNT)
        .where(Turn.role.in_(_KEEPERS), Turn.user_id.is_(None), Turn.done_on.is_(None))
    )
    for turn, has_finance in work.session.execute(query).all():
        if turn.role is not _keeper(has_finance):
            turn.role = _keeper(has_finance)
            work.touch(turn.project_id)


def _keeper(has_finance: bool) -> Role:
    return Role.UNIT_FINANCE if has_finance else Role.UNIT_MANAGER


def _has_finance() -> ColumnElement[bool]:
    """Return whether a project's unit has a finance person whose account is open."""
    member = (
        Membership.agency_id == Project.agency_id,
        Membership.unit == Project.lead_unit,
        Membership.role == Role.UNIT_FINANCE,
    )
    person = select(Membership.id).join(User, User.id == Membership.user_id)
    return exists(person.where(*member, User.is_active).correlate(Project))
