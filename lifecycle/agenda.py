"""What falls due when: the duties of some days for a person, a unit or the bureau, and a person's feed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, case, delete, func, null, or_, select
from sqlalchemy.orm import Session

from lifecycle.command import Work, command
from lifecycle.desk import concerning, who_owes
from lifecycle.models import CalendarFeed, KeptDuty, Membership, Project, User
from lifecycle.roles import BUREAU_ROLES, UNIT_ROLES, Actor, Permission, Role
from lifecycle.turn_duties import is_hers, may_know, owed_by
from lifecycle.visibility import visible

MOST = 2_000
"""Duties shown or fed at once; more are counted only."""

FED_AHEAD = timedelta(days=400)
"""How far ahead a feed reaches."""


class Whose(StrEnum):
    """Whose duties are looked at."""

    MINE = "mine"
    """Owed by one of the actor's own roles."""
    ALL = "all"
    """Everything the actor may see."""


@dataclass(frozen=True, slots=True)
class AgendaFilter:
    """Which duties are asked for. Empty fields ask nothing."""

    first: date
    last: date
    whose: Whose = Whose.MINE
    unit: str = ""
    """Part of the name of a lead or joint unit."""
    owner: Role | None = None
    open_only: bool = False
    person: str = ""
    """Part of the name of somebody who owes it, with an account or named by the project as its leader."""


@dataclass(frozen=True, slots=True)
class AgendaDuty:
    """One duty as a calendar shows it."""

    project_id: int
    number: str
    title: str
    lead_unit: str
    pi_name: str
    joint_unit: str | None
    rule: str
    subject: str
    since: date
    due: date
    done_on: date | None
    closed_on: date | None
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

    def state(self, today: date) -> str:
        """How it stands, as a status: 已办结, 不再办理, 逾期, 临期 or 未到期."""
        if self.done_on is not None and self.done_on <= today:
            return "已办结"
        if self.closed_on is not None and self.closed_on <= today:
            return "不再办理"
        if self.due < today:
            return "逾期"
        return "临期" if (self.due - today).days <= 30 else "未到期"


def _whose(actor: Actor, asked: AgendaFilter) -> ColumnElement[bool]:
    found = [*_seen(actor), may_know(actor)]
    if asked.whose is Whose.MINE:
        found.append(is_hers(actor) if actor.sees_all_projects else concerning(actor))
    if asked.unit:
        units = (Project.lead_unit, Project.joint_unit)
        found.append(or_(*(one.contains(asked.unit, autoescape=True) for one in units)))
    if asked.owner is not None:
        found.append(owed_by(asked.owner))
    if asked.person:
        found.append(_owed_by(actor.agency_id, asked.person))
    return and_(*found)


def _seen(actor: Actor) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions that a duty is the actor's to see: of a project that is, or her own by name."""
    own_agency = KeptDuty.agency_id == actor.agency_id
    if actor.sees_all_projects:
        yield own_agency
        return
    of_hers = KeptDuty.project_id.in_(select(Project.id).where(visible(actor)))
    by_name = select(KeptDuty.id).where(KeptDuty.user_id == actor.user_id)
    # SQLite, which keeps no statistics, would rather look through every duty of the span than find her few
    # projects first: an agency hidden in an expression leaves it no index for that.
    yield func.coalesce(KeptDuty.agency_id, null()) == actor.agency_id
    yield or_(of_hers, KeptDuty.id.in_(by_name))


def _owed_by(agency_id: int, name: str) -> ColumnElement[bool]:
    """Return the condition that a duty is owed by somebody of that name, in any of her roles.

    The same as ``lifecycle.turn_duties.is_hers`` of each of them, however many bear that name.
    """
    named = and_(Membership.agency_id == agency_id, User.name.contains(name, autoescape=True))

    def held(what: SQLColumnExpression[Any], role: Role) -> Select[Any]:
        posts = select(what).join_from(Membership, User, User.id == Membership.user_id)
        return posts.where(named, Membership.role == role, what != "")

    by_name = select(Membership.user_id).join(User, User.id == Membership.user_id).where(named)
    leads = func.lower(Project.pi_email).in_(held(func.lower(User.email), Role.PI))
    of_role = [and_(owed_by(Role.PI), leads)]
    for role in sorted(BUREAU_ROLES):  # of whom one may have done what another must decide on
        other = held(User.name, role).where(Membership.user_id != KeptDuty.not_user_id)
        free = and_(KeptDuty.not_user_id.is_(None), held(User.name, role).exists())
        of_role.append(and_(owed_by(role), or_(free, other.exists())))
    for role in sorted(UNIT_ROLES):
        unit = Project.joint_unit if role is Role.JOINT_UNIT else Project.lead_unit
        of_role.append(and_(owed_by(role), unit.in_(held(Membership.unit, role))))
    called = and_(owed_by(Role.PI), Project.pi_name.contains(name, autoescape=True))
    return or_(called, KeptDuty.user_id.in_(by_name), and_(KeptDuty.user_id.is_(None), or_(*of_role)))


def _open(today: date) -> ColumnElement[bool]:
    return and_(
        or_(KeptDuty.done_on.is_(None), KeptDuty.done_on > today),
        or_(KeptDuty.closed_on.is_(None), KeptDuty.closed_on > today),
    )


def agenda(
    session: Session,
    actor: Actor,
    asked: AgendaFilter,
    today: date,
    most: int | None = MOST,
    *,
    latest: bool = False,
) -> Sequence[AgendaDuty]:
    """Return the duties due within the span, the earliest first, ``most`` at most (``None``: all of them).

    ``latest`` begins with those due last. One statement.
    """
    of_project = (Project.number, Project.title, Project.lead_unit, Project.pi_name, Project.joint_unit)
    query: Select[*tuple[Any, ...]] = select(
        KeptDuty.project_id,
        *of_project,
        *(KeptDuty.rule, KeptDuty.subject, KeptDuty.since, KeptDuty.due),
        *(KeptDuty.done_on, KeptDuty.closed_on, KeptDuty.owner, KeptDuty.message),
        *(KeptDuty.user_id, KeptDuty.path, KeptDuty.asked_by, KeptDuty.also),
    ).join(Project, Project.id == KeptDuty.project_id)
    query = query.where(_whose(actor, asked), KeptDuty.due.between(asked.first, asked.last))
    if asked.open_only:
        query = query.where(_open(today))
    due = KeptDuty.due.desc() if latest else KeptDuty.due
    query = query.order_by(due, Project.number, KeptDuty.rule, KeptDuty.subject).limit(most)
    return [AgendaDuty(*row) for row in session.execute(query)]


def feed_duties(session: Session, actor: Actor, today: date) -> Sequence[AgendaDuty]:
    """Return what the actor owes for her feed: what is coming first, then what is late, by two statements.

    However late, what is owed stays until it is done. Where there is more than calendars can take, what has
    been late for longest gives way.
    """
    coming = agenda(session, actor, AgendaFilter(today, today + FED_AHEAD, open_only=True), today)
    late = AgendaFilter(date.min, today - timedelta(1), open_only=True)
    return [*coming, *agenda(session, actor, late, today, MOST - len(coming), latest=True)]


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many duties fall on a day, and how many of them are still owed."""

    count: int
    owed: int


def day_counts(session: Session, actor: Actor, asked: AgendaFilter, today: date) -> Mapping[date, DayCount]:
    """Return how many duties fall due on each day of the span, by one statement."""
    owed = func.sum(case((_open(today), 1), else_=0))
    query = select(KeptDuty.due, func.count(), owed).select_from(KeptDuty)
    if asked.unit or asked.person or not actor.sees_all_projects:  # else an index answers by itself
        query = query.join(Project, Project.id == KeptDuty.project_id)
    query = query.where(_whose(actor, asked), KeptDuty.due.between(asked.first, asked.last))
    query = query.group_by(KeptDuty.due)
    return {row[0]: DayCount(row[1], int(row[2])) for row in session.execute(query)}


@command("feed.renew", Permission.SEE_OWN_DESK)
def renew_feed(work: Work) -> str:
    """Make the actor a new secret calendar address in this agency; the old one is worthless at once.

    The secret is returned this once and kept nowhere.
    """
    _forget(work)
    secret = token_urlsafe(32)
    row = CalendarFeed(agency_id=work.actor.agency_id, digest=_digest(secret), made_at=work.entry.at)
    row.user_id = _person(work)
    work.session.add(row)
    work.record("生成新的日历订阅地址，原地址作废")
    return secret


@command("feed.stop", Permission.SEE_OWN_DESK)
def stop_feed(work: Work) -> None:
    """Take the actor's secret calendar address back."""
    _forget(work)
    work.record("停用日历订阅地址")


def _forget(work: Work) -> None:
    own = (CalendarFeed.user_id == work.actor.user_id, CalendarFeed.agency_id == work.actor.agency_id)
    work.session.execute(delete(CalendarFeed).where(*own))


def _person(work: Work) -> int:
    if work.actor.user_id is None:
        raise ValueError("only a person has a calendar")
    return work.actor.user_id


def feed_made_at(session: Session, actor: Actor) -> datetime | None:
    """Return when the actor's address was made; ``None`` where there is none."""
    own = (CalendarFeed.user_id == actor.user_id, CalendarFeed.agency_id == actor.agency_id)
    return session.scalar(select(CalendarFeed.made_at).where(*own))


def feed_of(session: Session, secret: str) -> tuple[int, int] | None:
    """Return user and agency of a secret address; ``None`` where it is nobody's (any more)."""
    query = select(CalendarFeed.user_id, CalendarFeed.agency_id).where(CalendarFeed.digest == _digest(secret))
    row = session.execute(query).one_or_none()
    return None if row is None else (row[0], row[1])


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
