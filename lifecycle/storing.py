"""Records into the database: new projects in bulk, known ones where they differ.

What is worked out of a record, and kept, is ``lifecycle.standing``'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Table
from sqlalchemy.orm import Session

from lifecycle.bulk import Values, delete_rows, insert_rows, reserve_ids
from lifecycle.columns import (
    ACCEPTANCE,
    ACCEPTANCE_COLUMNS,
    LINES,
    PARTY,
    PROJECT,
    PROJECT_COLUMNS,
    Derived,
    acceptance_values,
    derived,
    project_values,
)
from lifecycle.lasting import change_spending, change_tranches, insert_tranches, update_by_id
from lifecycle.record import ProjectRecord


class Known(NamedTuple):
    """A project in the database: its id, its record as it is and as it shall be."""

    id: int
    old: ProjectRecord
    new: ProjectRecord


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
        if attribute in _LASTING:
            _LASTING[attribute](session, {one.id: getattr(one.new, attribute) for one in changed})
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
    insert_tranches(
        session,
        [((id_, position), one) for id_, record in new for position, one in enumerate(record.tranches)],
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

_LASTING: dict[str, Callable[[Session, dict[int, Any]], None]] = {
    "tranches": change_tranches,
    "spending": change_spending,
}
"""Fields whose rows are changed in place, as other rows point to them."""


def _change_own_columns(session: Session, projects: Sequence[Known]) -> None:
    rows = [
        {"the_id": one.id, **dict(zip(PROJECT_COLUMNS, project_values(one.new), strict=True))}
        for one in projects
        if project_values(one.old) != project_values(one.new)
    ]
    update_by_id(session, PROJECT, PROJECT_COLUMNS, rows)
