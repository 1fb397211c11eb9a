"""One reconciliation: all projects, sources and batches of an agency, as of one moment, nothing locked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from typing import TypeAlias

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from finance.models import Batch
from finance.parts import MoneyParts
from finance.reconcile.books import Books, read_books
from finance.reconcile.clearings import clearings_tie
from finance.reconcile.difference import Difference
from finance.reconcile.movements import Kind, Statement, movements_tie, statements_of
from finance.reconcile.past import past_ties
from finance.reconcile.plans import Key, parts_in, plans_tie
from finance.reconcile.refunds import refunds_tie
from finance.reconcile.sheets import ReadBack, batches_tie
from finance.reconcile.states import states_tie
from lifecycle.database import begin_reading
from lifecycle.models import Project
from lifecycle.money import Fen
from lifecycle.record import Source

Progress: TypeAlias = Callable[[int, int], None]
"""Told how many have been looked at, of how many."""


def nobody(done: int, total: int) -> None:
    """Tell nobody."""
    del done, total


MOST = 1000
"""Differences, and remarks, told of one reconciliation: more are counted only."""


@dataclass(slots=True)
class Totals:
    """What one source adds up to over all projects. Amounts are fen."""

    planned: Fen = 0
    paid: Fen = 0
    held: Fen = 0
    open: Fen = 0
    on_way: Fen = 0
    """Of what is open."""
    cancelled: Fen = 0
    received: Fen = 0
    spent: Fen = 0
    """As far as it is allowed."""
    disallowed: Fen = 0
    """What was spent and is not allowed; not kept by reconciliations of older programs."""
    balance: Fen = 0
    returned: Fen = 0


@dataclass(slots=True)
class Result:
    """What one reconciliation found."""

    as_of: date
    projects: int = 0
    batches: int = 0
    totals: dict[Source, Totals] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    remarks: list[Difference] = field(default_factory=list)
    left_out: int = 0
    """Differences beyond ``MOST``."""
    remarks_left_out: int = 0

    @property
    def ties(self) -> bool:
        """Whether everything does."""
        return not self.differences

    @property
    def count(self) -> int:
        """How many differences there are, told or not."""
        return len(self.differences) + self.left_out

    def found(self, one: Difference) -> None:
        """Note a difference or a remark."""
        if one.remark and len(self.remarks) < MOST:
            self.remarks.append(one)
        elif one.remark:
            self.remarks_left_out += 1
        elif len(self.differences) < MOST:
            self.differences.append(one)
        else:
            self.left_out += 1


def reconcile(
    session: Session,
    agency_id: int,
    as_of: date,
    today: date,
    read_back: ReadBack,
    of_projects: Progress = nobody,
    of_batches: Progress = nobody,
) -> Result:
    """Hold every project, source and batch of an agency against all that is written of it, as of a day.

    Payments, spending and returns dated later are left out. Reads only, as of one moment, a chunk of projects
    at a time; ends whatever the session was at. The last two are told how many have been looked at.
    """
    begin_reading(session)
    try:
        result = Result(as_of)
        projects, batches = _how_many(session, agency_id)
        of_projects(0, projects)
        for books in read_books(session, agency_id, as_of, today):
            _take(session, agency_id, books, result)
            of_projects(result.projects, projects)
        for one in batches_tie(session, agency_id, read_back):
            if one is None:
                result.batches += 1
                of_batches(result.batches, batches)
            else:
                result.found(one)
        result.totals = {source: result.totals[source] for source in Source if source in result.totals}
    finally:
        session.rollback()
    return result


def _how_many(session: Session, agency_id: int) -> tuple[int, int]:
    """Return how many projects and batches an agency has."""
    of_projects = select(func.count()).select_from(Project).where(Project.agency_id == agency_id)
    of_batches = select(func.count()).select_from(Batch).where(Batch.agency_id == agency_id)
    return session.scalar(of_projects) or 0, session.scalar(of_batches) or 0


def _take(session: Session, agency_id: int, books: Books, result: Result) -> None:
    """Add the projects of one chunk."""
    parts, statements = parts_in(books), statements_of(session, books)
    result.projects += len(books.projects)
    _add_up(result, parts, statements)
    found: Iterable[Difference] = chain(
        plans_tie(session, agency_id, books, parts),
        states_tie(books),
        movements_tie(session, books, statements),
        clearings_tie(session, books),
        past_ties(session, agency_id, books),
        refunds_tie(session, agency_id, books),
    )
    by_project: dict[str, list[Difference]] = defaultdict(list)
    for one in found:
        by_project[one.project].append(one)
    for project in books.projects.values():
        for one in by_project.get(project.number, ()):
            result.found(one)


def _add_up(result: Result, parts: Mapping[Key, MoneyParts], statements: Mapping[Key, Statement]) -> None:
    for (_, source), part in parts.items():
        totals = result.totals.setdefault(source, Totals())
        totals.planned += part.planned
        totals.paid += part.paid
        totals.held += part.held
        totals.open += part.open
        totals.on_way += part.on_way
        totals.cancelled += part.cancelled
    for (_, source), statement in statements.items():
        totals = result.totals.setdefault(source, Totals())
        totals.received += statement.sums[Kind.RECEIVED]
        totals.spent += statement.sums[Kind.SPENT]
        totals.disallowed += statement.disallowed
        totals.balance += statement.balance
        totals.returned += statement.sums[Kind.RETURNED]
