"""Duties that are turns: whose they are, and who may know of them.

What waits for somebody is listed as a turn (``lifecycle.turns``) and kept as a duty, so that the clock speaks
of it. Lists of duties leave out what the list of turns beside them shows, and what goes on within the bureau
stays there.
"""

from __future__ import annotations

from datetime import date
from functools import cache

from sqlalchemy import ColumnElement, String, and_, cast, func, or_, select, true

from lifecycle.models import KeptDuty, Project, Turn
from lifecycle.roles import BUREAU_ROLES, Actor, Role
from lifecycle.rulebook import rulebook
from lifecycle.rules.time_limits import TurnWithin
from lifecycle.visibility import visible_as

OUTSIDE = frozenset({Role.PI, Role.UNIT_MANAGER, Role.UNIT_FINANCE, Role.JOINT_UNIT})
"""The roles whose turns everybody who sees the project knows of."""


@cache
def turn_rules() -> frozenset[str]:
    """Return the ids of the rules by which what waits is a duty."""
    book = rulebook()
    rules = (rule for name in book.programmes for rule in book.programme(name).rules)
    return frozenset(rule.id for rule in rules if isinstance(rule.kind, TurnWithin))


def is_turn() -> ColumnElement[bool]:
    """Return the condition that a kept duty is a turn."""
    return KeptDuty.rule.in_(sorted(turn_rules()))


def is_hers(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that it is the actor herself who owes a kept duty."""
    ways: list[ColumnElement[bool]] = [KeptDuty.user_id == actor.user_id]
    for role in sorted(actor.roles):
        of_role = and_(KeptDuty.user_id.is_(None), KeptDuty.owner == role)
        if role in BUREAU_ROLES:
            ways.append(of_role)
        elif role in OUTSIDE:
            hers = select(Project.id).where(visible_as(actor, role))
            ways.append(and_(of_role, KeptDuty.project_id.in_(hers)))
    return or_(*ways)


def not_within_bureau() -> ColumnElement[bool]:
    """Return the condition that a kept duty is nothing that waits within the bureau or for an expert."""
    return or_(~is_turn(), KeptDuty.owner.in_(sorted(OUTSIDE)))


def may_know(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that a kept duty of a project that the actor sees is hers to know of."""
    if actor.sees_all_projects:
        return true()
    return or_(not_within_bureau(), is_hers(actor))


def of_turn() -> ColumnElement[bool]:
    """Return the condition on which a turn is joined with the duty it is; one without days has none."""
    same = and_(KeptDuty.project_id == Turn.project_id, KeptDuty.subject == cast(Turn.id, String))
    return and_(same, is_turn())


DEADLINE: ColumnElement[date | None] = func.coalesce(KeptDuty.due, Turn.due)
"""By when what waits is owed, where it is joined with its duty."""
