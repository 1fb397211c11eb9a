"""Whose turn it is: what commands say waits for whom, and what a desk lists of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, or_, select
from sqlalchemy.orm import Session

from lifecycle.at_once import Heard, tell_at_once
from lifecycle.command import Work
from lifecycle.models import KeptDuty, Project, Turn, TurnKind
from lifecycle.records import load_record
from lifecycle.roles import BUREAU_ROLES, Actor, Role
from lifecycle.rules.base import DutyKind
from lifecycle.settings import settings_of
from lifecycle.turn_duties import DEADLINE, OUTSIDE, of_turn
from lifecycle.visibility import visible_as
from lifecycle.waiting import duty_key


class DutyOf(NamedTuple):
    """A duty by its kind and subject ("" is the whole project)."""

    kind: type[DutyKind]
    subject: str = ""

    @property
    def key(self) -> str:
        """How a turn names it."""
        return duty_key(self.kind.called, self.subject)


_Same = tuple[Role, Role | None, int | None, str, date | None]


@dataclass(frozen=True, slots=True)
class Waits:
    """What waits for a role of the project or, with ``user_id``, for one person; ``words`` say what to do."""

    role: Role
    words: str
    user_id: int | None = None
    due: date | None = None
    duty: DutyOf | None = None
    """The duty that speaks of this very work while it is owed, whosesoever: the clock speaks but once."""
    also: Role | None = None
    """The role that may do it just as well: what either of two may do waits once, told to both."""

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles of which one does it."""
        return (self.role,) if self.also is None else (self.role, self.also)

    @property
    def same(self) -> _Same:
        """What tells it from everything else that waits of the same thing."""
        return self.role, self.also, self.user_id, self.words, self.due


@dataclass(frozen=True, slots=True)
class WaitingTurn:
    """One thing that waits for whoever looks."""

    kind: TurnKind
    ref_id: int
    words: str
    since: date
    due: date | None
    project_number: str
    project_title: str
    lead_unit: str


def hand_on(
    work: Work,
    project_id: int,
    kind: TurnKind,
    ref_id: int,
    waits: Iterable[Waits],
    today: date,
) -> list[Heard]:
    """Say for whom a thing waits from now on, and for nobody else; nothing: it is done.

    Called when the record is as it shall be. What waited before and still does goes on as it was; the rest is
    done today and kept. Everybody for whom it newly waits finds a message in the inbox, whoever acts herself
    apart; from then on the clock speaks of it (``lifecycle.rules.time_limits.TurnWithin``). Returns who found
    one.
    """
    session = work.session
    still = (Turn.kind == kind, Turn.ref_id == ref_id, Turn.done_on.is_(None))
    rows = {
        (one.role, one.also, one.user_id, one.words, one.due): one
        for one in session.scalars(select(Turn).where(*still))
    }
    told = {key[:-1] for key in rows}
    wanted = list({one.same: one for one in waits}.values())
    new: list[Turn] = []
    for one in wanted:
        row = rows.pop(one.same, None)
        if row is None:
            row = _new_turn(work, project_id, kind, ref_id, one, today)
            if one.same[:-1] not in told:
                new.append(row)
        row.duty = one.duty.key if one.duty else None
    for row in rows.values():
        row.done_on = today
    work.touch(project_id)
    if not new:
        return []
    session.flush()
    project = session.get_one(Project, project_id)
    return tell_at_once(work, project, _with_deadlines(work, project_id, new), today)


def _with_deadlines(work: Work, project_id: int, turns: Iterable[Turn]) -> Iterator[tuple[Turn, date | None]]:
    """Yield turns with the days by which they are owed, each by the duty that speaks of it."""
    book = settings_of(work.session, work.actor.agency_id).rulebook
    duties = book.duties(load_record(work.session, project_id))
    speaking = {duty.speaks_of: duty for duty in duties if duty.speaks_of is not None}
    for turn in turns:
        duty = speaking.get(str(turn.id)) or speaking.get(turn.duty or "")
        if duty is not None and duty.speaks_of == turn.duty:
            turn.duty_rule, turn.duty_subject = duty.rule.id, duty.subject
        yield turn, duty.due if duty else turn.due


def _new_turn(work: Work, project_id: int, kind: TurnKind, ref_id: int, one: Waits, today: date) -> Turn:
    row = Turn(
        agency_id=work.actor.agency_id,
        project_id=project_id,
        kind=kind,
        ref_id=ref_id,
        role=one.role,
        also=one.also,
        user_id=one.user_id,
        words=one.words,
        since=today,
        due=one.due,
    )
    work.session.add(row)
    return row


def waits_for(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that a turn (joined with its project) is the actor's."""
    if actor.is_system:
        return false()
    ways: list[ColumnElement[bool]] = [Turn.user_id == actor.user_id]
    for role in actor.roles:
        of_role = and_(Turn.user_id.is_(None), or_(Turn.role == role, Turn.also == role))
        ways.append(of_role if role in BUREAU_ROLES else and_(of_role, visible_as(actor, role)))
    return and_(Turn.agency_id == actor.agency_id, Turn.done_on.is_(None), or_(*ways))


def is_a_turn_of(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that the actor's list of turns shows of what a kept duty speaks."""
    hers = select(Turn.id).join(Project, Project.id == Turn.project_id).where(of_turn(), waits_for(actor))
    return and_(KeptDuty.speaks_of.is_not(None), exists(hers.correlate(KeptDuty)))


def list_turns(
    session: Session, actor: Actor, limit: int, offset: int = 0, kind: TurnKind | None = None
) -> list[WaitingTurn]:
    """Return what waits for the actor, the earliest deadline first, by one query."""
    query: Select[*tuple[Any, ...]] = select(
        *(Turn.kind, Turn.ref_id, Turn.words, Turn.since, DEADLINE),
        *(Project.number, Project.title, Project.lead_unit),
    )
    query = query.join(Project, Project.id == Turn.project_id).outerjoin(KeptDuty, of_turn())
    query = query.where(waits_for(actor))
    if kind is not None:
        query = query.where(Turn.kind == kind)
    in_order = func.coalesce(DEADLINE, date.max), Turn.since, Turn.id
    query = query.order_by(*in_order).limit(limit).offset(offset)
    return [WaitingTurn(*row) for row in session.execute(query)]


class TurnCounts(NamedTuple):
    """How many things wait for somebody, and how many of them are late."""

    all: int
    late: int


def count_turns(session: Session, actor: Actor, today: date) -> TurnCounts:
    """Return how many things wait for the actor."""
    late = func.coalesce(func.sum(case((today > DEADLINE, 1), else_=0)), 0)
    query = select(func.count(), late).select_from(Turn).join(Project, Project.id == Turn.project_id)
    row = session.execute(query.outerjoin(KeptDuty, of_turn()).where(waits_for(actor))).one()
    return TurnCounts(row[0], int(row[1]))


@dataclass(frozen=True, slots=True)
class ProjectTurn:
    """One thing that waits in a project, and for whom."""

    kind: TurnKind
    ref_id: int
    role: Role
    user_id: int | None
    words: str
    since: date
    due: date | None
    also: Role | None
    duty: str | None
    """The duty that speaks of it while it is owed."""

    @property
    def roles(self) -> list[Role]:
        """The roles of which one does it."""
        return [self.role] if self.also is None else [self.role, self.also]

    def is_hers(self, actor: Actor) -> bool:
        """Whether it waits for the actor, who acts on this project in every role she holds."""
        if self.user_id is not None:
            return self.user_id == actor.user_id
        return not actor.roles.isdisjoint(self.roles)

    def is_told_to(self, actor: Actor) -> bool:
        """Whether the actor is told of it: what goes on within the bureau stays there."""
        return self.is_hers(actor) or actor.sees_all_projects or self.role in OUTSIDE


def project_turns(session: Session, project_id: int) -> list[ProjectTurn]:
    """Return everything that waits in one project, whoever's turn it is, the oldest first."""
    query: Select[*tuple[Any, ...]] = select(
        *(
            Turn.kind,
            Turn.ref_id,
            Turn.role,
            Turn.user_id,
            Turn.words,
            Turn.since,
            DEADLINE,
            Turn.also,
            Turn.duty,
        )
    ).outerjoin(KeptDuty, of_turn())
    query = query.where(Turn.project_id == project_id, Turn.done_on.is_(None)).order_by(Turn.since, Turn.id)
    return [ProjectTurn(*row) for row in session.execute(query)]
