"""The list of acceptances, and what waits for the joint conference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, null, select
from sqlalchemy.orm import Session

from lifecycle.acceptance.states import state_words
from lifecycle.models import Acceptance, AcceptanceCase, AcceptanceState, ChangeRequest, ChangeState, Project
from lifecycle.record import ChangeKind, Conclusion, Review
from lifecycle.roles import Actor
from lifecycle.stages import Stage
from lifecycle.visibility import visible


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """What is asked of the list. Empty fields ask nothing."""

    text: str = ""
    programme: str = ""
    state: str = ""
    """A state's value, or ``open`` for everything that is not over."""
    page: int = 1
    per_page: int = 50


@dataclass(frozen=True, slots=True)
class ListedCase:
    """One row of the list."""

    id: int
    state: AcceptanceState
    drafted_on: date
    confirmed_on: date | None
    proposed: Conclusion | None
    certificate_number: str | None
    number: str
    title: str
    programme: str
    lead_unit: str
    pi_name: str
    self_established: bool
    stage: Stage
    conclusion: Conclusion | None
    concluded_on: date | None

    @property
    def words(self) -> str:
        """The state as it reads."""
        return state_words(self.state, self_established=self.self_established)


@dataclass(frozen=True, slots=True)
class CasePage:
    """One page of the list."""

    rows: Sequence[ListedCase]
    count: int
    number: int
    pages: int


def list_cases(session: Session, actor: Actor, asked: CaseFilter) -> CasePage:
    """Return the page asked for, what waits longest first; a page beyond the last gives the last."""
    chosen = _chosen(actor, asked)
    joined = select(func.count()).select_from(AcceptanceCase).join(Project, _OF)
    count = session.scalar(joined.where(chosen)) or 0
    pages = max(1, -(-count // asked.per_page))
    number = min(max(1, asked.page), pages)
    query = _rows(actor, chosen).limit(asked.per_page).offset((number - 1) * asked.per_page)
    return CasePage([ListedCase(*row) for row in session.execute(query)], count, number, pages)


def every_case(session: Session, actor: Actor, asked: CaseFilter) -> Iterator[ListedCase]:
    """Yield everything the filter asks for, for an export."""
    for row in session.execute(_rows(actor, _chosen(actor, asked))):
        yield ListedCase(*row)


_OF = Project.id == AcceptanceCase.project_id


def _rows(actor: Actor, chosen: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    # What is put forward and not decided stays within the bureau.
    proposed = AcceptanceCase.proposed if actor.sees_all_projects else null()
    query: Select[*tuple[Any, ...]] = select(
        *(AcceptanceCase.id, AcceptanceCase.state, AcceptanceCase.drafted_on, AcceptanceCase.confirmed_on),
        *(proposed, AcceptanceCase.certificate_number),
        *(Project.number, Project.title, Project.programme, Project.lead_unit, Project.pi_name),
        *(Project.self_established, Project.stage, Acceptance.conclusion, Acceptance.concluded_on),
    )
    query = query.join(Project, _OF).outerjoin(Acceptance, Acceptance.project_id == Project.id)
    return query.where(chosen).order_by(AcceptanceCase.drafted_on, AcceptanceCase.id)


def _chosen(actor: Actor, asked: CaseFilter) -> ColumnElement[bool]:
    conditions = [visible(actor)]
    conditions += [Project.search_text.contains(word, autoescape=True) for word in asked.text.lower().split()]
    if asked.programme:
        conditions.append(Project.programme == asked.programme)
    if asked.state == "open":
        conditions.append(AcceptanceCase.state != AcceptanceState.DONE)
    elif asked.state in set(AcceptanceState):
        conditions.append(AcceptanceCase.state == AcceptanceState(asked.state))
    return and_(*conditions)


@dataclass(frozen=True, slots=True)
class AwaitingCase:
    """An acceptance that waits for the joint conference."""

    id: int
    number: str
    title: str
    lead_unit: str
    pi_name: str
    technical: Review | None
    financial: Review | None
    proposed: Conclusion | None
    opinion: str | None


@dataclass(frozen=True, slots=True)
class AwaitingChange:
    """A change that waits for the joint conference."""

    id: int
    number: str
    title: str
    lead_unit: str
    kind: ChangeKind
    before: str | None
    after: str | None
    reason: str
    opinion: str | None


def awaiting_conference(session: Session, actor: Actor) -> tuple[list[AwaitingCase], list[AwaitingChange]]:
    """Return what the actor can put before the joint conference: acceptances and changes."""
    cases = select(
        *(AcceptanceCase.id, Project.number, Project.title, Project.lead_unit, Project.pi_name),
        *(AcceptanceCase.technical, AcceptanceCase.financial, AcceptanceCase.proposed),
        AcceptanceCase.opinion,
    ).join(Project, _OF)
    cases = cases.where(visible(actor), AcceptanceCase.state == AcceptanceState.WITH_CONFERENCE)
    changes = select(
        *(ChangeRequest.id, Project.number, Project.title, Project.lead_unit, ChangeRequest.kind),
        *(ChangeRequest.before, ChangeRequest.after, ChangeRequest.reason, ChangeRequest.opinion),
    ).join(Project, Project.id == ChangeRequest.project_id)
    changes = changes.where(visible(actor), ChangeRequest.state == ChangeState.WITH_CONFERENCE)
    return (
        [AwaitingCase(*row) for row in session.execute(cases.order_by(Project.number))],
        [AwaitingChange(*row) for row in session.execute(changes.order_by(Project.number, ChangeRequest.id))],
    )
