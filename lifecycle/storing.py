"""Records into the database: new projects in bulk, known ones where they differ.

What is worked out of a record, and kept, is ``lifecycle.standing``'s.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Table, bindparam, update
from sqlalchemy.orm import Session

from lifecycle.bulk import Values, delete_rows, insert_rows, reserve_ids
from lifecycle.columns import (
    ACCEPTANCE,
    ACCEPTANCE_COLUMNS,
    LINES,
    PARTY,
    PAYMENT,
    PROJECT,
    PROJECT_COLUMNS,
    TRANCHE,
    Derived,
    acceptance_values,
    derived,
    project_values,
)
from lifecycle.record import ProjectRecord, Source, Tranche
from lifecycle.records import tranche_of, tranche_query
from lifecycle.stages import TrancheState

TrancheKey = tuple[Source, int, int]
"""Source, number (期次), and how many rows of these two stand before: one tranche may have several rows."""

TRANCHE_COLUMNS = ("project_id", "position", "number", "source", "planned_fen", "planned_on", "state")
PAYMENT_COLUMNS = ("tranche_id", "amount_fen", "paid_on")


class Known(NamedTuple):
    """A project in the database: its id, its record as it is and as it shall be."""

    id: int
    old: ProjectRecord
    new: ProjectRecord


def tranche_keys(tranches: Iterable[Tranche]) -> Iterator[TrancheKey]:
    """Yield the keys by which the rows of a project's tranches are known again, in their order."""
    seen: dict[tuple[Source, int], int] = defaultdict(int)
    for tranche in tranches:
        place = tranche.source, tranche.number
        yield (*place, seen[place])
        seen[place] += 1


def add_projects(session: Session, agency_id: int, records: Sequence[ProjectRecord]) -> Sequence[int]:
    """Insert projects that the agency does not have, with everything of theirs; return their ids."""
    ids = reserve_ids(session, PROJECT, len(records))
    columns = ("id", "agency_id", *PROJECT_COLUMNS, *Derived._fields)
    new = list(zip(ids, records, strict=True))
    rows = [(id_, agency_id, *project_values(record), *derived(record)) for id_, record in new]
    insert_rows(session, PROJECT, columns, rows)
    for attribute, add in _WAYS.items():
        add(session, [one for one in new if getattr(one[1], attribute)])
    return ids


def change_projects(session: Session, projects: Sequence[Known]) -> None:
    """Bring known projects from their old to their new records; lines that are alike are not touched."""
    _change_own_columns(session, projects)
    for attribute, add in _WAYS.items():
        changed = [one for one in projects if getattr(one.old, attribute) != getattr(one.new, attribute)]
        if attribute == "tranches":
            _change_tranches(session, changed)
            continue
        table = _TABLES[attribute]
        delete_rows(session, table.c.project_id, [one.id for one in changed])
        add(session, [(one.id, one.new) for one in changed])


New = tuple[int, ProjectRecord]
Add = Callable[[Session, Sequence[New]], None]


def _add_lines(table: Table, columns: Sequence[str], rows_of: Callable[[int, ProjectRecord], Any]) -> Add:
    def add(session: Session, new: Sequence[New]) -> None:
        rows: list[Values] = [row for id_, record in new for row in rows_of(id_, record)]
        insert_rows(session, table, columns, rows)

    return add


def _acceptance_rows(project_id: int, record: ProjectRecord) -> Iterator[Values]:
    if record.acceptance is not None:
        yield (project_id, *acceptance_values(record.acceptance))


def _party_rows(project_id: int, record: ProjectRecord) -> Iterator[Values]:
    for position, signatory in enumerate(record.signatories):
        yield project_id, position, signatory


def _add_tranches(session: Session, new: Sequence[New]) -> None:
    _insert_tranches(
        session,
        [(id_, position, one) for id_, record in new for position, one in enumerate(record.tranches)],
    )


_WAYS: dict[str, Add] = {
    "signatories": _add_lines(PARTY, ("project_id", "position", "signatory"), _party_rows),
    **{
        lines.attribute: _add_lines(lines.table, ("project_id", "position", *lines.columns), lines.rows)
        for lines in LINES
    },
    "acceptance": _add_lines(ACCEPTANCE, ("project_id", *ACCEPTANCE_COLUMNS), _acceptance_rows),
    "tranches": _add_tranches,
}
"""Field of the record → how its rows are inserted."""

_TABLES = {
    "signatories": PARTY,
    "acceptance": ACCEPTANCE,
    **{lines.attribute: lines.table for lines in LINES},
}


def _insert_tranches(session: Session, tranches: Sequence[tuple[int, int, Tranche]]) -> None:
    """Insert rows of tranches: project, position and the tranche, with its payment where there is one."""
    ids = reserve_ids(session, TRANCHE, len(tranches))
    rows = [
        (id_, project_id, position, one.number, one.source, one.planned, one.planned_on, _state(one))
        for id_, (project_id, position, one) in zip(ids, tranches, strict=True)
    ]
    insert_rows(session, TRANCHE, ("id", *TRANCHE_COLUMNS), rows)
    paid = [
        (id_, one.paid, one.paid_on)
        for id_, (_, _, one) in zip(ids, tranches, strict=True)
        if _has_payment(one)
    ]
    insert_rows(session, PAYMENT, PAYMENT_COLUMNS, paid)


def _has_payment(tranche: Tranche) -> bool:
    """Whether there is anything of a payment to keep: a ledger may give a day without an amount."""
    return tranche.paid > 0 or tranche.paid_on is not None


def _state(tranche: Tranche) -> TrancheState:
    return TrancheState.PAID if tranche.paid > 0 else TrancheState.PLANNED


def _change_own_columns(session: Session, projects: Sequence[Known]) -> None:
    rows = [
        {"the_id": one.id, **dict(zip(PROJECT_COLUMNS, project_values(one.new), strict=True))}
        for one in projects
        if project_values(one.old) != project_values(one.new)
    ]
    _update_by_id(session, PROJECT, PROJECT_COLUMNS, rows)


def _update_by_id(session: Session, table: Table, columns: Iterable[str], rows: list[dict[str, Any]]) -> None:
    if rows:
        values: dict[str, Any] = {name: bindparam(name) for name in columns}
        statement = update(table).where(table.c.id == bindparam("the_id")).values(values)
        session.connection().execute(statement, rows)


class TrancheRow(NamedTuple):
    """A row of a tranche in the database, with its payment's."""

    id: int
    payment_id: int | None
    booked_by_id: int | None
    """Who booked the payment; ``None`` where it came with a ledger."""
    state: TrancheState
    tranche: Tranche


def _change_tranches(session: Session, projects: Sequence[Known]) -> None:
    """Change the rows of tranches in place: proposals, batches and vouchers point to them."""
    known = tranche_rows(session, [one.id for one in projects])
    added: list[tuple[int, int, Tranche]] = []
    changed: list[tuple[TrancheRow, int, Tranche]] = []
    for project_id, _, new in projects:
        rows = known.get(project_id, {})
        keys = tranche_keys(new.tranches)
        for position, (key, tranche) in enumerate(zip(keys, new.tranches, strict=True)):
            if key in rows:
                changed.append((rows.pop(key), position, tranche))
            else:
                added.append((project_id, position, tranche))
    left_out = [row.id for rows in known.values() for row in rows.values()]
    delete_rows(session, PAYMENT.c.tranche_id, left_out)
    delete_rows(session, TRANCHE.c.id, left_out)
    _update_tranches(session, changed)
    _insert_tranches(session, added)


def tranche_rows(session: Session, project_ids: Sequence[int]) -> dict[int, dict[TrancheKey, TrancheRow]]:
    """Return the rows of those projects' tranches by project id and key."""
    rows: dict[int, list[TrancheRow]] = defaultdict(list)
    query = tranche_query(project_ids, TRANCHE.c.id, PAYMENT.c.id, PAYMENT.c.booked_by_id, TRANCHE.c.state)
    for project_id, *values, id_, payment_id, booked_by_id, state in session.execute(query):
        rows[project_id].append(TrancheRow(id_, payment_id, booked_by_id, state, tranche_of(*values)))
    return {
        project_id: dict(zip(tranche_keys(row.tranche for row in found), found, strict=True))
        for project_id, found in rows.items()
    }


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
    _update_by_id(session, TRANCHE, ("position", "planned_fen", "planned_on", "state"), rows)
    _change_payments(session, [(row, new) for row, _, new in changed if new != row.tranche])


def _change_payments(session: Session, changed: Sequence[tuple[TrancheRow, Tranche]]) -> None:
    delete_rows(session, PAYMENT.c.tranche_id, [row.id for row, new in changed if not _has_payment(new)])
    rows = [
        {"the_id": row.payment_id, "amount_fen": new.paid, "paid_on": new.paid_on}
        for row, new in changed
        if row.payment_id is not None and _has_payment(new)
    ]
    _update_by_id(session, PAYMENT, ("amount_fen", "paid_on"), rows)
    added = [
        (row.id, new.paid, new.paid_on)
        for row, new in changed
        if row.payment_id is None and _has_payment(new)
    ]
    insert_rows(session, PAYMENT, PAYMENT_COLUMNS, added)
