"""received = spent + balance + returned, by a running statement of every movement of a project's source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from finance.models import ClearingReturn, DisallowedLine
from finance.reconcile.books import Books
from finance.reconcile.difference import Difference, Sum
from finance.reconcile.plans import Key
from lifecycle.models import Clearing, Spending
from lifecycle.money import Fen
from lifecycle.record import Source


class Kind(IntEnum):
    """What moves money; on one day it arrives before it is spent."""

    RECEIVED = 0
    SPENT = 1
    RETURNED = 2


class Movement(NamedTuple):
    """One movement of a source of a project; spending and returns are positive where money goes."""

    on: date
    kind: Kind
    amount: Fen
    disallowed: bool = False
    """Whether it is spending that is not allowed, taken off what was spent."""


@dataclass(slots=True)
class Statement:
    """The running statement of one source of one project up to a day. Amounts are fen."""

    sums: dict[Kind, Fen] = field(default_factory=lambda: dict.fromkeys(Kind, 0))
    disallowed: Fen = 0
    balance: Fen = 0
    lowest: Fen = 0
    lowest_on: date | None = None
    """When the balance stood lowest below zero."""

    def take(self, movement: Movement) -> None:
        """Add a movement."""
        self.sums[movement.kind] += movement.amount
        self.disallowed -= movement.amount if movement.disallowed else 0
        self.balance += movement.amount if movement.kind is Kind.RECEIVED else -movement.amount
        if self.balance < self.lowest:
            self.lowest, self.lowest_on = self.balance, movement.on


def statements_of(session: Session, books: Books) -> dict[Key, Statement]:
    """Return the running statement of each project and source, made movement by movement in order of days."""
    moved: dict[Key, list[Movement]] = defaultdict(list)
    read = (
        _arrivals(books),
        _spending(session, books),
        _disallowed(session, books),
        _returns(session, books),
    )
    for key, movement in chain(*read):
        if movement.on <= books.as_of:
            moved[key].append(movement)
    found: dict[Key, Statement] = {}
    for key, movements in moved.items():
        statement = found[key] = Statement()
        for movement in sorted(movements):
            statement.take(movement)
    return found


def _arrivals(books: Books) -> Iterator[tuple[Key, Movement]]:
    for project_id, rows in books.tranches.items():
        for tranche in rows:
            key = project_id, tranche.source
            if tranche.paid and tranche.paid_on is not None:
                yield key, Movement(tranche.paid_on, Kind.RECEIVED, tranche.paid)
            for one in books.reversals.get(tranche.id, ()):
                yield key, Movement(one.paid_on, Kind.RECEIVED, one.amount)
                yield key, Movement(one.reversed_on, Kind.RECEIVED, -one.amount)


def _spending(session: Session, books: Books) -> Iterator[tuple[Key, Movement]]:
    query = select(Spending.project_id, Spending.source, Spending.spent_on, Spending.amount_fen)
    for project_id, source, on, fen in session.execute(query.where(Spending.project_id.in_(books.projects))):
        yield (project_id, source), Movement(on, Kind.SPENT, fen)


def _disallowed(session: Session, books: Books) -> Iterator[tuple[Key, Movement]]:
    """Yield what the unit has to bear itself from the day on which that was confirmed."""
    query = select(
        Clearing.project_id, DisallowedLine.source, Clearing.confirmed_on, DisallowedLine.amount_fen
    ).join(Clearing, Clearing.id == DisallowedLine.clearing_id)
    query = query.where(Clearing.project_id.in_(books.projects))
    for project_id, source, on, fen in session.execute(query):
        if on is not None:
            yield (project_id, source), Movement(on, Kind.SPENT, -fen, disallowed=True)


def _returns(session: Session, books: Books) -> Iterator[tuple[Key, Movement]]:
    query = select(
        Clearing.project_id, ClearingReturn.source, ClearingReturn.returned_on, ClearingReturn.amount_fen
    ).join(Clearing, Clearing.id == ClearingReturn.clearing_id)
    for project_id, source, on, fen in session.execute(query.where(Clearing.project_id.in_(books.projects))):
        yield (project_id, source), Movement(on, Kind.RETURNED, fen)


def movements_tie(session: Session, books: Books, found: Mapping[Key, Statement]) -> Iterator[Difference]:
    """Yield where what came in is not what was spent, is left, or went back; and what was overspent."""
    spent, returned = _spent_by_database(session, books), _returned_by_database(session, books)
    disallowed = _disallowed_by_database(session, books)
    for key in sorted(found.keys() | spent.keys() | returned.keys()):
        project_id, source = key
        statement = found.get(key, Statement())
        recognised = spent.get(key, 0) - disallowed.get(key, 0)
        received = sum(
            books.paid(tranche) for tranche in books.tranches.get(project_id, ()) if tranche.source is source
        )
        yield from books.differ(
            project_id,
            source,
            "到账与支出、结余、退回之和",
            Sum("到账（各期拨付登记）", received),
            Sum("认可的支出、结余、退回之和", recognised + statement.balance + returned.get(key, 0)),
            "支出、退回或拨付的登记不完整，请核对收支明细",
        )
        yield from _overspent(books, project_id, source, statement)


def _overspent(books: Books, project_id: int, source: Source, statement: Statement) -> Iterator[Difference]:
    if statement.balance < 0:
        yield from books.differ(
            project_id,
            source,
            "到账与支出、退回",
            Sum("到账", statement.sums[Kind.RECEIVED]),
            Sum("支出和退回", statement.sums[Kind.SPENT] + statement.sums[Kind.RETURNED]),
            "支出和退回超过到账，由其他资金垫付，请核对支出的资金来源",
            remark=True,
        )


def _spent_by_database(session: Session, books: Books) -> dict[Key, Fen]:
    query = (
        select(Spending.project_id, Spending.source, func.sum(Spending.amount_fen))
        .where(Spending.project_id.in_(books.projects), Spending.spent_on <= books.as_of)
        .group_by(Spending.project_id, Spending.source)
    )
    return _sums(session, query)


def _returned_by_database(session: Session, books: Books) -> dict[Key, Fen]:
    query = (
        select(Clearing.project_id, ClearingReturn.source, func.sum(ClearingReturn.amount_fen))
        .join(Clearing, Clearing.id == ClearingReturn.clearing_id)
        .where(Clearing.project_id.in_(books.projects), ClearingReturn.returned_on <= books.as_of)
        .group_by(Clearing.project_id, ClearingReturn.source)
    )
    return _sums(session, query)


def _disallowed_by_database(session: Session, books: Books) -> dict[Key, Fen]:
    query = (
        select(Clearing.project_id, DisallowedLine.source, func.sum(DisallowedLine.amount_fen))
        .join(Clearing, Clearing.id == DisallowedLine.clearing_id)
        .where(Clearing.project_id.in_(books.projects), Clearing.confirmed_on <= books.as_of)
        .group_by(Clearing.project_id, DisallowedLine.source)
    )
    return _sums(session, query)


def _sums(session: Session, query: Any) -> dict[Key, Fen]:
    return {(row[0], row[1]): int(row[2]) for row in session.execute(query)}
