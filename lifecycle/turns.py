"""Whose turn it is: what commands say waits for whom, and what a desk lists of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select
from sqlalchemy.orm import Session

from lifecycle.at_once import Heard, tell_at_once
from lifecycle.command import Work
from lifecycle.models import KeptDuty, Project, Turn, TurnKind
from lifecycle.records import load_record
from lifecycle.roles import BUREAU_ROLES, Actor, Role
from lifecycle.rulebook import rulebook
from lifecycle.rules.base import Duty, DutyKind
from lifecycle.settings import settings_of
from lifecycle.turn_duties import DEADLINE, OUTSIDE, days_given, of_turn
from lifecycle.visibility import visible_as


class DutyOf(NamedTuple):
    """A duty by its kind and subject ("" is the whole project)."""

    kind: type[DutyKind]
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Waits:
    """What waits for a role of the project or, with ``user_id``, for one person; ``words`` say what to do."""

    role: Role
    words: str
    user_id: int | None = None
    due: date | None = None
    duty: DutyOf | None = None
    """The duty that speaks of this very work already, where the role owes it: the clock speaks but once."""

    @property
    def same(self) -> tuple[Role, int | None, str, date | None]:
        """What tells it from everything else that waits of the same thing."""
        return self.role, self.user_id, self.words, self.due


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
        (one.role, one.user_id, one.words, one.due): one
        for one in session.scalars(select(Turn).where(*still))
    }
    told = {key[:-1] for key in rows}
    wanted = list({one.same: one for one in waits}.values())
    owed = _owed(work, project_id, wanted)
    new: list[tuple[Turn, date | None]] = []
    for one in wanted:
        row, duty = rows.pop(one.same, None), owed.get(one.same)
        if row is None:
            row = _new_turn(work, project_id, kind, ref_id, one, today)
            if one.same[:-1] not in told:
                new.append((row, duty.due if duty else one.due))
        row.duty_rule, row.duty_subject = (duty.rule.id, duty.subject) if duty else (None, None)
    for row in rows.values():
        row.done_on = today
    work.touch(project_id)
    if not new:
        return []
    session.flush()
    project = session.get_one(Project, project_id)
    return tell_at_once(work, project, _with_deadlines(work, new), today)


def _with_deadlines(
    work: Work, turns: Iterable[tuple[Turn, date | None]]
) -> Iterator[tuple[Turn, date | None]]:
    """Yield turns with the days by which they are owed: named, or as many days as the agency gives."""
    days = days_given(settings_of(work.session, work.actor.agency_id).rulebook)
    for turn, due in turns:
        given = days.get(turn.role)
        yield turn, due or (turn.since + timedelta(given) if given else None)


def _owed(work: Work, project_id: int, wanted: Sequence[Waits]) -> dict[tuple[object, ...], Duty]:
    """Return of which of these an open duty of the record speaks, whatever limits the agency has set."""
    asked = [one for one in wanted if one.duty is not None]
    if not asked:
        return {}
    work.session.flush()
    duties = [
        duty for duty in rulebook().duties(load_record(work.session, project_id)) if not duty.settled_on
    ]
    return {one.same: duty for one in asked for duty in duties if _speaks_of(duty, one)}


def _speaks_of(duty: Duty, one: Waits) -> bool:
    return (
        one.duty is not None
        and isinstance(duty.rule.kind, one.duty.kind)
        and duty.subject == one.duty.subject
        and one.role in (duty.rule.owner, *duty.rule.also)
    )


def _new_turn(work: Work, project_id: int, kind: TurnKind, ref_id: int, one: Waits, today: date) -> Turn:
    row = Turn(
        agency_id=work.actor.agency_id,
        project_id=project_id,
        kind=kind,
        ref_id=ref_id,
        role=one.role,
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
        of_role = and_(Turn.user_id.is_(None), Turn.role == role)
        ways.append(of_role if role in BUREAU_ROLES else and_(of_role, visible_as(actor, role)))
    return and_(Turn.agency_id == actor.agency_id, Turn.done_on.is_(None), or_(*ways))


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

    def is_hers(self, actor: Actor) -> bool:
        """Whether it waits for the actor, who acts on this project in every role she holds."""
        return self.user_id == actor.user_id if self.user_id is not None else self.role in actor.roles

    def is_told_to(self, actor: Actor) -> bool:
        """Whether the actor is told of it: what goes on within the bureau stays there."""
        return self.is_hers(actor) or actor.sees_all_projects or self.role in OUTSIDE


def project_turns(session: Session, project_id: int) -> list[ProjectTurn]:
    """Return everything that waits in one project, whoever's turn it is, the oldest first."""
    query: Select[*tuple[Any, ...]] = select(
        *(Turn.kind, Turn.ref_id, Turn.role, Turn.user_id, Turn.words, Turn.since, DEADLINE)
    ).outerjoin(KeptDuty, of_turn())
    query = query.where(Turn.project_id == project_id, Turn.done_on.is_(None)).order_by(Turn.since, Turn.id)
    return [ProjectTurn(*row) for row in session.execute(query)]
