"""Duties that are listed elsewhere, too: whose they are, and who may know of them.

What waits for somebody is listed as a turn (``lifecycle.turns``), a proposal to pay among the money that
waits (``finance.waiting``), and both are kept as duties, so that the clock speaks of them. Lists of duties
leave out what the lists beside them show, and what goes on within the bureau stays there.
"""

from __future__ import annotations

from datetime import date
from functools import cache

from sqlalchemy import ColumnElement, String, and_, cast, func, or_, select, true

from lifecycle.models import KeptDuty, Project, Turn
from lifecycle.roles import BUREAU_ROLES, Actor, Role
from lifecycle.rulebook import rulebook
from lifecycle.rules.base import Kind
from lifecycle.rules.payments_owed import LaterPayment, PaymentDecision
from lifecycle.rules.time_limits import TurnWithin
from lifecycle.visibility import visible_as

OUTSIDE = frozenset({Role.PI, Role.UNIT_MANAGER, Role.UNIT_FINANCE, Role.JOINT_UNIT})
"""The roles whose turns everybody who sees the project knows of."""


@cache
def turn_rules() -> frozenset[str]:
    """Return the ids of the rules by which what waits is a duty."""
    return _rules_of(TurnWithin)


@cache
def decision_rules() -> frozenset[str]:
    """Return the ids of the rules by which a proposal to pay is to be decided."""
    return _rules_of(PaymentDecision)


@cache
def later_payment_rules() -> frozenset[str]:
    """Return the ids of the rules by which money is to be paid once its payment has begun."""
    return _rules_of(LaterPayment)


def _rules_of(kind: type[Kind]) -> frozenset[str]:
    book = rulebook()
    rules = (rule for name in book.programmes for rule in book.programme(name).rules)
    return frozenset(rule.id for rule in rules if isinstance(rule.kind, kind))


def is_listed() -> ColumnElement[bool]:
    """Return the condition that a list beside the duties shows a kept duty to whoever owes it."""
    return KeptDuty.rule.in_(sorted(turn_rules() | decision_rules()))


def rule_of(role: Role) -> str:
    """Return the id of the rule by which what waits for a role is a duty; empty where there is none."""
    return next((id_ for id_ in sorted(turn_rules()) if role_of(id_) is role), "")


def role_of(rule_id: str) -> Role | None:
    """Return for which role something waits by a rule; ``None`` where it is another kind of rule."""
    rule = rulebook().find(rule_id)
    return rule.kind.role if rule and isinstance(rule.kind, TurnWithin) else None


def is_turn(duty: type[KeptDuty]) -> ColumnElement[bool]:
    """Return the condition that a kept duty is a turn."""
    return duty.rule.in_(sorted(turn_rules()))


def owed_by(*roles: Role) -> ColumnElement[bool]:
    """Return the condition that it is one of those roles that owes a kept duty, or may do it as well."""
    as_well = and_(KeptDuty.also.is_not(None), KeptDuty.also.in_(roles))
    return or_(KeptDuty.owner.in_(roles), as_well)


def is_hers(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that it is the actor herself who owes a kept duty."""
    # Never unknown: the condition is denied, too.
    ways: list[ColumnElement[bool]] = [and_(KeptDuty.user_id.is_not(None), KeptDuty.user_id == actor.user_id)]
    may = or_(KeptDuty.not_user_id.is_(None), KeptDuty.not_user_id != actor.user_id)
    for role in sorted(actor.roles):
        of_role = and_(KeptDuty.user_id.is_(None), owed_by(role), may)
        if role in BUREAU_ROLES:
            ways.append(of_role)
        elif role in OUTSIDE:
            hers = select(Project.id).where(visible_as(actor, role))
            ways.append(and_(of_role, KeptDuty.project_id.in_(hers)))
    return or_(*ways)


def not_within_bureau() -> ColumnElement[bool]:
    """Return the condition that a kept duty is nothing that waits within the bureau or for an expert."""
    return or_(~is_listed(), KeptDuty.owner.in_(sorted(OUTSIDE)))


def may_know(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that a kept duty of a project that the actor sees is hers to know of."""
    if actor.sees_all_projects:
        return true()
    return or_(not_within_bureau(), is_hers(actor))


def of_turn() -> ColumnElement[bool]:
    """Return the condition on which a turn is joined with the duty that speaks of it, where one does."""
    speaks = or_(KeptDuty.speaks_of == Turn.duty, KeptDuty.speaks_of == cast(Turn.id, String))
    return and_(KeptDuty.project_id == Turn.project_id, speaks)


DEADLINE: ColumnElement[date | None] = func.coalesce(KeptDuty.due, Turn.due)
"""By when what waits is owed, where it is joined with its duty."""
