"""Rows that last: tranches and spending are changed in place, since other rows point to theirs.

Proposals, batches and vouchers point to tranches, reversals and files to spending. Which new line is which
row ``lifecycle.matching`` says.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Select, Table, bindparam, select, update
from sqlalchemy.orm import Session

from lifecycle.bulk import delete_rows, insert_rows, reserve_ids
from lifecycle.columns import LINES, PAYMENT, TRANCHE
from lifecycle.matching import left_over, match
from lifecycle.record import Source, Spending, Tranche
from lifecycle.records import tranche_of, tranche_query
from lifecycle.stages import TrancheState

_TRANCHE_COLUMNS = ("project_id", "position", "number", "source", "planned_fen", "planned_on", "state")
_PAYMENT_COLUMNS = ("tranche_id", "amount_fen", "paid_on")
_SPENDING = next(lines for lines in LINES if lines.attribute == "spending")

Place = tuple[int, int]
"""A project's id and the place of a line among its lines of that kind."""


class TrancheRow(NamedTuple):
    """A row of a tranche in the database, with its payment's."""

    id: int
    payment_id: int | None
    booked_by_id: int | None
    """Who booked the payment; ``None`` where it came with a ledger."""
    received_on: date | None
    state: TrancheState
    tranche: Tranche

    @property
    def lasts(self) -> bool:
        """Whether Keguan itself has begun to pay it, has booked it, or was told that it has arrived."""
        paid_elsewhere = self.state in {TrancheState.PLANNED, TrancheState.PAID}
        return not paid_elsewhere or self.booked_by_id is not None or self.received_on is not None


class SpendingRow(NamedTuple):
    """A row of spending in the database. It lasts where it was entered, or has been reversed, in Keguan."""

    id: int
    position: int
    lasts: bool
    spending: Spending


def tranche_key(tranche: Tranche) -> tuple[Source, int]:
    """Return by what a tranche is known again; one tranche may have several rows."""
    return tranche.source, tranche.number


def tranche_rows(session: Session, project_ids: Sequence[int]) -> dict[int, list[TrancheRow]]:
    """Return the rows of those projects' tranches in their order, those that last first."""
    rows: dict[int, list[TrancheRow]] = defaultdict(list)
    more = (TRANCHE.c.id, PAYMENT.c.id, PAYMENT.c.booked_by_id, PAYMENT.c.received_on, TRANCHE.c.state)
    for project_id, *values in session.execute(tranche_query(project_ids, *more)):
        own, (id_, payment_id, booked_by_id, received_on, state) = values[: -len(more)], values[-len(more) :]
        row = TrancheRow(id_, payment_id, booked_by_id, received_on, state, tranche_of(*own))
        rows[project_id].append(row)
    return {project_id: sorted(found, key=lambda row: not row.lasts) for project_id, found in rows.items()}


def spending_rows(session: Session, project_ids: Sequence[int]) -> dict[int, list[SpendingRow]]:
    """Return the rows of those projects' spending in their order, those that last first."""
    rows: dict[int, list[SpendingRow]] = defaultdict(list)
    for project_id, id_, position, lasts, *values in session.execute(_spending_query(project_ids)):
        rows[project_id].append(SpendingRow(id_, position, bool(lasts), Spending(*values)))
    return {project_id: sorted(found, key=lambda row: not row.lasts) for project_id, found in rows.items()}


def _spending_query(project_ids: Sequence[int]) -> Select[Any]:
    table = _SPENDING.table
    reversed_ids = select(table.c.reversal_of_id).where(table.c.reversal_of_id.is_not(None))
    lasts = table.c.entered_at.is_not(None) | table.c.id.in_(reversed_ids)
    query: Select[Any] = select(table.c.project_id, table.c.id, table.c.position, lasts)
    query = query.add_columns(*(table.c[name] for name in _SPENDING.columns))
    return query.where(table.c.project_id.in_(project_ids)).order_by(table.c.project_id, table.c.position)


def change_tranches(session: Session, lines: Mapping[int, Sequence[Tranche]]) -> None:
    """Bring the tranches of those projects to these lines."""
    known = tranche_rows(session, list(lines))
    added: list[tuple[Place, Tranche]] = []
    changed: list[tuple[TrancheRow, int, Tranche]] = []
    gone: list[int] = []
    for project_id, new in lines.items():
        rows = known.get(project_id, [])
        found = match([row.tranche for row in rows], new, tranche_key)
        for row, place in zip(rows, found, strict=True):
            if place is None:
                gone.append(row.id)
            else:
                changed.append((row, place, new[place]))
        added += [((project_id, place), new[place]) for place in left_over(found, len(new))]
    delete_rows(session, PAYMENT.c.tranche_id, gone)
    delete_rows(session, TRANCHE.c.id, gone)
    _update_tranches(session, changed)
    insert_tranches(session, added)


def change_spending(session: Session, lines: Mapping[int, Sequence[Spending]]) -> None:
    """Bring the spending of those projects to these lines: rows alike stay, others go and come."""
    known = spending_rows(session, list(lines))
    added: list[tuple[Place, Spending]] = []
    moved: list[dict[str, Any]] = []
    gone: list[int] = []
    for project_id, new in lines.items():
        rows = known.get(project_id, [])
        found = match([row.spending for row in rows], new)
        for row, place in zip(rows, found, strict=True):
            if place is None:
                gone.append(row.id)
            elif place != row.position:
                moved.append({"the_id": row.id, "position": place})
        added += [((project_id, place), new[place]) for place in left_over(found, len(new))]
    delete_rows(session, _SPENDING.table.c.id, gone)
    update_by_id(session, _SPENDING.table, ("position",), moved)
    columns = ("project_id", "position", *_SPENDING.columns)
    insert_rows(session, _SPENDING.table, columns, [(*at, *_SPENDING.values(one)) for at, one in added])


def insert_tranches(session: Session, tranches: Sequence[tuple[Place, Tranche]]) -> None:
    """Insert rows of tranches, each with its payment where there is one."""
    ids = reserve_ids(session, TRANCHE, len(tranches))
    rows = [
        (id_, *at, one.number, one.source, one.planned, one.planned_on, _state(one))
        for id_, (at, one) in zip(ids, tranches, strict=True)
    ]
    insert_rows(session, TRANCHE, ("id", *_TRANCHE_COLUMNS), rows)
    paid = [
        (id_, one.paid, one.paid_on) for id_, (_, one) in zip(ids, tranches, strict=True) if _has_payment(one)
    ]
    insert_rows(session, PAYMENT, _PAYMENT_COLUMNS, paid)


def update_by_id(
    session: Session, table: Table, columns: Iterable[str], rows: Sequence[dict[str, Any]]
) -> None:
    """Update rows by their ids; each of ``rows`` holds the columns and, as ``the_id``, the id."""
    if rows:
        values: dict[str, Any] = {name: bindparam(name) for name in columns}
        statement = update(table).where(table.c.id == bindparam("the_id")).values(values)
        session.connection().execute(statement, list(rows))


def _has_payment(tranche: Tranche) -> bool:
    """Whether there is anything of a payment to keep: a ledger may give a day without an amount."""
    return tranche.paid > 0 or tranche.paid_on is not None


def _state(tranche: Tranche) -> TrancheState:
    return TrancheState.PAID if tranche.paid > 0 else TrancheState.PLANNED


def _update_tranches(session: Session, changed: Sequence[tuple[TrancheRow, int, Tranche]]) -> None:
    rows = [
        {
            "the_id": row.id,
            "position": position,
            "planned_fen": new.planned,
            "planned_on": new.planned_on,
            "state": row.state if new == row.tranche else _state(new),
        }
        for row, position, new in changed
    ]
    update_by_id(session, TRANCHE, ("position", "planned_fen", "planned_on", "state"), rows)
    _change_payments(session, [(row, new) for row, _, new in changed if new != row.tranche])


def _change_payments(session: Session, changed: Sequence[tuple[TrancheRow, Tranche]]) -> None:
    delete_rows(session, PAYMENT.c.tranche_id, [row.id for row, new in changed if not _has_payment(new)])
    rows = [
        {"the_id": row.payment_id, "amount_fen": new.paid, "paid_on": new.paid_on}
        for row, new in changed
        if row.payment_id is not None and _has_payment(new)
    ]
    update_by_id(session, PAYMENT, ("amount_fen", "paid_on"), rows)
    added = [
        (row.id, new.paid, new.paid_on)
        for row, new in changed
        if row.payment_id is None and _has_payment(new)
    ]
    insert_rows(session, PAYMENT, _PAYMENT_COLUMNS, added)
