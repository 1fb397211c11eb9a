"""The list of stage accounts: what waits for whoever looks stands first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from finance.models import SeparateAccount, StageAccount
from finance.stage_figures import Figures, read
from finance.states import StageAccountState
from lifecycle.models import Project
from lifecycle.money import Fen
from lifecycle.roles import Actor
from lifecycle.visibility import visible

_State = StageAccountState
_COLUMNS: tuple[Any, ...] = (
    *(StageAccount.id, Project.number, Project.title, Project.lead_unit),
    *(StageAccount.as_of, StageAccount.state, StageAccount.figures, StageAccount.bank_balance_fen),
    *(StageAccount.drawn_on, StageAccount.confirmed_on, StageAccount.accepted_on),
    StageAccount.report_id.is_not(None),
)
_FIRST_OF_THE_BUREAU = (_State.CONFIRMED, _State.DRAWN, _State.RETURNED, _State.ACCEPTED)
_FIRST_OF_THE_UNIT = (_State.DRAWN, _State.RETURNED, _State.CONFIRMED, _State.ACCEPTED)


@dataclass(frozen=True, slots=True)
class AskedAccounts:
    """What is asked of the list. Empty fields ask nothing."""

    text: str = ""
    state: StageAccountState | None = None
    page: int = 1
    per_page: int = 50


@dataclass(frozen=True, slots=True)
class ListedAccount:
    """One account as it is listed. Sums are fen."""

    id: int
    project_number: str
    project_title: str
    lead_unit: str
    as_of: date
    state: StageAccountState
    figures: Figures
    bank: Fen | None
    drawn_on: date
    confirmed_on: date | None
    accepted_on: date | None
    with_report: bool

    @property
    def apart(self) -> Fen:
        """By how much the bank has more than the books; 0 where it has not been said."""
        return 0 if self.bank is None else self.bank - self.figures.total.left


@dataclass(frozen=True, slots=True)
class AccountPage:
    """A page of accounts, and how many there are."""

    rows: Sequence[ListedAccount]
    count: int
    number: int
    pages: int


def list_accounts(
    session: Session, actor: Actor, asked: AskedAccounts, *, whole: bool = False
) -> AccountPage:
    """Return a page of the accounts that the actor may see, or all of them; two statements."""
    count = session.scalar(
        select(func.count()).select_from(StageAccount).join(Project).where(_chosen(actor, asked))
    )
    pages = max(1, -(-(count or 0) // asked.per_page))
    number = min(max(1, asked.page), pages)
    query = _rows(actor).where(_chosen(actor, asked))
    if not whole:
        query = query.limit(asked.per_page).offset((number - 1) * asked.per_page)
    rows = [_listed(row) for row in session.execute(query)]
    return AccountPage(rows, count or 0, number, pages)


def count_accounts(session: Session, actor: Actor) -> Mapping[StageAccountState, int]:
    """Return how many accounts stand in each state."""
    query = select(StageAccount.state, func.count()).join(Project, Project.id == StageAccount.project_id)
    query = query.where(visible(actor)).group_by(StageAccount.state)
    return {row[0]: row[1] for row in session.execute(query)}


def books_of(session: Session, project_id: int) -> tuple[SeparateAccount | None, list[ListedAccount]]:
    """Return what was stated of a project's separate account, and its stage accounts; one statement."""
    query = (
        select(SeparateAccount, *_COLUMNS)
        .select_from(Project)
        .outerjoin(SeparateAccount, SeparateAccount.project_id == Project.id)
        .outerjoin(StageAccount, StageAccount.project_id == Project.id)
        .where(Project.id == project_id)
        .order_by(StageAccount.as_of.desc())
    )
    rows = session.execute(query).all()
    return rows[0][0], [_listed(row[1:]) for row in rows if row[1] is not None]


def _chosen(actor: Actor, asked: AskedAccounts) -> ColumnElement[bool]:
    conditions = [visible(actor), Project.id == StageAccount.project_id]
    conditions += [Project.search_text.contains(word, autoescape=True) for word in asked.text.lower().split()]
    if asked.state is not None:
        conditions.append(StageAccount.state == asked.state)
    return and_(*conditions)


def _rows(actor: Actor) -> Any:
    order = _FIRST_OF_THE_BUREAU if actor.sees_all_projects else _FIRST_OF_THE_UNIT
    one = StageAccount
    query = select(*_COLUMNS)
    place = case({state: place for place, state in enumerate(order)}, value=one.state)
    query = query.join(Project, Project.id == one.project_id)
    return query.order_by(place, one.as_of.desc(), Project.number, one.id)


def _listed(row: Any) -> ListedAccount:
    id_, number, title, unit, as_of, state, figures, *more = row
    return ListedAccount(id_, number, title, unit, as_of, state, read(figures), *more)
