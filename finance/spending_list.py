"""Spending of all projects that somebody may see: filtered, counted and added up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from finance.overspent import over_keys
from lifecycle.models import Project, Spending, User
from lifecycle.money import Fen
from lifecycle.record import BudgetUse, Source
from lifecycle.roles import Actor
from lifecycle.visibility import visible


class Standing(StrEnum):
    """Which rows are asked for."""

    STANDS = "有效"
    REVERSED = "冲销"
    OVER = "超预算科目"


@dataclass(frozen=True, slots=True)
class AskedSpending:
    """What is asked of the list. Empty fields ask nothing."""

    text: str = ""
    source: Source | None = None
    use: BudgetUse | None = None
    since: date | None = None
    until: date | None = None
    standing: Standing | None = None
    page: int = 1
    per_page: int = 50


@dataclass(frozen=True, slots=True)
class SpentRow:
    """One row of spending with its project. ``amount`` is fen."""

    id: int
    project_number: str
    project_title: str
    lead_unit: str
    on: date
    source: Source
    use: BudgetUse
    amount: Fen
    voucher: str | None
    note: str | None
    reversal_of: int | None
    reversed_by: int | None
    entered_by: str | None


@dataclass(frozen=True, slots=True)
class SpendingPage:
    """A page of rows, with count and sum of everything that is filtered."""

    rows: Sequence[SpentRow]
    count: int
    total: Fen
    number: int
    pages: int


def list_all_spending(session: Session, actor: Actor, asked: AskedSpending, today: date) -> SpendingPage:
    """Return a page of spending, the latest day first; two statements."""
    sums = select(func.count(), func.coalesce(func.sum(Spending.amount_fen), 0)).select_from(Spending)
    count, total = session.execute(_joined(sums).where(_chosen(actor, asked, today))).one()
    pages = max(1, -(-count // asked.per_page))
    number = min(max(1, asked.page), pages)
    query = _rows(actor, asked, today).limit(asked.per_page).offset((number - 1) * asked.per_page)
    return SpendingPage([SpentRow(*row) for row in session.execute(query)], count, int(total), number, pages)


def every_spending(session: Session, actor: Actor, asked: AskedSpending, today: date) -> Iterator[SpentRow]:
    """Yield all rows that are asked for, in the order of the list."""
    for row in session.execute(_rows(actor, asked, today)).yield_per(1000):
        yield SpentRow(*row)


_reversal = aliased(Spending)


def _joined(query: Any) -> Any:
    query = query.join(Project, Project.id == Spending.project_id)
    return query.outerjoin(_reversal, _reversal.reversal_of_id == Spending.id)


def _rows(actor: Actor, asked: AskedSpending, today: date) -> Any:
    one = Spending
    query = select(
        *(one.id, Project.number, Project.title, Project.lead_unit),
        *(one.spent_on, one.source, one.use, one.amount_fen, one.voucher, one.note),
        *(one.reversal_of_id, _reversal.id, User.name),
    ).select_from(one)
    query = _joined(query).outerjoin(User, User.id == one.entered_by_id)
    return query.where(_chosen(actor, asked, today)).order_by(one.spent_on.desc(), one.id.desc())


def _chosen(actor: Actor, asked: AskedSpending, today: date) -> ColumnElement[bool]:
    one = Spending
    conditions = [visible(actor)]
    for word in asked.text.lower().split():
        in_project = Project.search_text.contains(word, autoescape=True)
        conditions.append(or_(in_project, func.lower(one.voucher).contains(word, autoescape=True)))
    wanted = (
        (asked.source, one.source == asked.source),
        (asked.use, one.use == asked.use),
        (asked.since, one.spent_on >= asked.since if asked.since else None),
        (asked.until, one.spent_on <= asked.until if asked.until else None),
    )
    conditions += [condition for asks, condition in wanted if asks and condition is not None]
    if asked.standing is Standing.STANDS:
        conditions += [one.reversal_of_id.is_(None), _reversal.id.is_(None)]
    elif asked.standing is Standing.REVERSED:
        conditions.append(or_(one.reversal_of_id.is_not(None), _reversal.id.is_not(None)))
    elif asked.standing is Standing.OVER:
        conditions.append(tuple_(one.project_id, one.source, one.use).in_(over_keys(today)))
    return and_(*conditions)
