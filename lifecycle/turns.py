"""Whose turn it is: what commands say waits for whom, and what a desk lists of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, false, func, or_, select
from sqlalchemy.orm import Session

from lifecycle.addresses import turn_path
from lifecycle.command import Work
from lifecycle.models import InboxMessage, Project, Turn, TurnKind
from lifecycle.recipients import AddressBook, parties_of
from lifecycle.roles import BUREAU_ROLES, Actor, Role
from lifecycle.visibility import visible_as


@dataclass(frozen=True, slots=True)
class Waits:
    """What waits for a role of the project or, with ``user_id``, for one person; ``words`` say what to do."""

    role: Role
    words: str
    user_id: int | None = None
    due: date | None = None


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
) -> None:
    """Say for whom a thing waits from now on, and for nobody else; nothing: it is done.

    Everybody for whom it newly waits finds a message in the inbox, whoever acts herself apart.
    """
    session, agency_id = work.session, work.actor.agency_id
    ref = (Turn.kind == kind, Turn.ref_id == ref_id)
    old = {(one.role, one.user_id, one.words) for one in session.scalars(select(Turn).where(*ref))}
    session.execute(delete(Turn).where(*ref))
    wanted = list(waits)
    for one in wanted:
        session.add(
            Turn(
                agency_id=agency_id,
                project_id=project_id,
                kind=kind,
                ref_id=ref_id,
                role=one.role,
                user_id=one.user_id,
                words=one.words,
                since=today,
                due=one.due,
            )
        )
    new = [one for one in wanted if (one.role, one.user_id, one.words) not in old]
    if new:
        _tell(work, project_id, new, today, turn_path(kind, ref_id))


def _tell(work: Work, project_id: int, waits: Sequence[Waits], today: date, path: str) -> None:
    session, agency_id = work.session, work.actor.agency_id
    project = session.get_one(Project, project_id)
    parties = parties_of(project)
    book = AddressBook.of(session, agency_id, today)
    for one in waits:
        for person in book.told(one.role, -1, parties, one.user_id).in_app:
            if person.user_id is not None and person.user_id != work.actor.user_id:
                title = f"待办：{one.words}" + (f"（代 {person.stands_for}）" if person.stands_for else "")
                tell(work, person.user_id, project, title, today, path=path, due=one.due)


def tell(
    work: Work,
    user_id: int,
    project: Project,
    title: str,
    today: date,
    *,
    path: str | None = None,
    due: date | None = None,
) -> None:
    """Put a message about a project into one person's inbox."""
    body = f"项目：{project.number}《{project.title}》（{project.lead_unit}）"
    if due is not None:
        body += f"\n期限：{due.isoformat()}"
    work.session.add(
        InboxMessage(
            agency_id=work.actor.agency_id,
            user_id=user_id,
            project_id=project.id,
            title=title,
            body=body,
            path=path,
            told_on=today,
        )
    )


def waits_for(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that a turn (joined with its project) is the actor's."""
    if actor.is_system:
        return false()
    ways: list[ColumnElement[bool]] = [Turn.user_id == actor.user_id]
    for role in actor.roles:
        of_role = and_(Turn.user_id.is_(None), Turn.role == role)
        ways.append(of_role if role in BUREAU_ROLES else and_(of_role, visible_as(actor, role)))
    return and_(Turn.agency_id == actor.agency_id, or_(*ways))


def list_turns(
    session: Session, actor: Actor, limit: int, offset: int = 0, kind: TurnKind | None = None
) -> list[WaitingTurn]:
    """Return what waits for the actor, the oldest first, by one query."""
    query: Select[*tuple[Any, ...]] = select(
        *(Turn.kind, Turn.ref_id, Turn.words, Turn.since, Turn.due),
        *(Project.number, Project.title, Project.lead_unit),
    )
    query = query.join(Project, Project.id == Turn.project_id).where(waits_for(actor))
    if kind is not None:
        query = query.where(Turn.kind == kind)
    query = query.order_by(Turn.since, Turn.id).limit(limit).offset(offset)
    return [WaitingTurn(*row) for row in session.execute(query)]


def count_turns(session: Session, actor: Actor) -> int:
    """Return how many things wait for the actor."""
    query = select(func.count()).select_from(Turn).join(Project, Project.id == Turn.project_id)
    return session.scalar(query.where(waits_for(actor))) or 0


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
        return self.is_hers(actor) or actor.sees_all_projects or self.role in _OUTSIDE


_OUTSIDE = frozenset({Role.PI, Role.UNIT_MANAGER, Role.UNIT_FINANCE, Role.JOINT_UNIT})


def project_turns(session: Session, project_id: int) -> list[ProjectTurn]:
    """Return everything that waits in one project, whoever's turn it is, the oldest first."""
    query: Select[*tuple[Any, ...]] = select(
        *(Turn.kind, Turn.ref_id, Turn.role, Turn.user_id, Turn.words, Turn.since, Turn.due)
    )
    query = query.where(Turn.project_id == project_id).order_by(Turn.since, Turn.id)
    return [ProjectTurn(*row) for row in session.execute(query)]
