"""Projects with everything that belongs to them, in two statements: what a page can afford.

All lines of a project come back from one UNION, each as a JSON array, which carries any table's columns;
reading very many records at a time is ``lifecycle.records``' way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    CompoundSelect,
    Date,
    Enum,
    Row,
    Select,
    Table,
    bindparam,
    literal,
    select,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import GenericFunction

from lifecycle.columns import (
    ACCEPTANCE,
    ACCEPTANCE_COLUMNS,
    HOLD,
    LINES,
    PARTY,
    PAYMENT,
    PROJECT,
    PROJECT_COLUMNS,
    PROJECT_FIELDS,
    PROPOSAL,
    TRANCHE,
    TURN,
)
from lifecycle.models import Agency
from lifecycle.models.base import ExactDecimal
from lifecycle.record import Acceptance, ProjectRecord, Signatory, Tranche
from lifecycle.records import (
    CHUNK,
    HOLD_COLUMNS,
    IS_CONFIRMED,
    PROPOSAL_COLUMNS,
    RECEIPT_COLUMNS,
    WAITING_COLUMNS,
    held_of,
    proposed_of,
    receipt_of,
    tranche_of,
    waiting_of,
)
from lifecycle.stages import Stage, TrancheState


@dataclass(frozen=True, slots=True)
class TrancheAt:
    """A tranche with its row's id and where its payment stands."""

    id: int
    state: TrancheState
    tranche: Tranche


@dataclass(frozen=True, slots=True)
class WholeProject:
    """A project as the database holds it at one revision of its agency."""

    id: int
    stage: Stage
    revision: int
    record: ProjectRecord
    tranches: tuple[TrancheAt, ...]
    """The record's tranches, in its order."""


def load_wholes(session: Session, project_ids: Iterable[int]) -> Iterator[WholeProject]:
    """Yield those projects by id, in two statements for every ``CHUNK`` of them."""
    ids = sorted(project_ids)
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        found = _found(session, chunk)
        for row in session.execute(_projects().where(PROJECT.c.id.in_(chunk)).order_by(PROJECT.c.id)):
            yield _whole(row, found[row.id])


def record_of(session: Session, project_id: int) -> ProjectRecord:
    """Return the record of one project, in two statements. Raises ``LookupError`` when there is none."""
    for project in load_wholes(session, [project_id]):
        return project.record
    raise LookupError(project_id)


Found = dict[str, list[Any]]
"""Field of the record → its items."""


def _projects() -> Select[*tuple[Any, ...]]:
    own = [PROJECT.c[name] for name in PROJECT_COLUMNS]
    query = select(PROJECT.c.id, PROJECT.c.stage, Agency.revision, *own)
    return query.join(Agency, Agency.id == PROJECT.c.agency_id)


def _found(session: Session, ids: Sequence[int]) -> dict[int, Found]:
    """Return every line of those projects, in their order."""
    found: dict[int, Found] = defaultdict(lambda: defaultdict(list))
    for project_id, attribute, _, line in sorted(
        session.execute(_statement(), {"projects": ids}), key=_place
    ):
        found[project_id][attribute].append(_BUILDERS[attribute](line))
    return found


def _whole(row: Row[*tuple[Any, ...]], found: Found) -> WholeProject:
    id_, stage, revision, *values = row
    fields: dict[str, Any] = dict(zip(PROJECT_FIELDS, values, strict=True))
    tranches: list[TrancheAt] = found.pop("tranches", [])
    fields["acceptance"] = next(iter(found.pop("acceptance", [])), None)
    fields["tranches"] = tuple(one.tranche for one in tranches)
    fields["signatories"] = ()
    fields.update({attribute: tuple(lines) for attribute, lines in found.items()})
    return WholeProject(id_, stage, revision, ProjectRecord(**fields), tuple(tranches))


def _place(row: Any) -> tuple[int, str, int]:
    return row[0], row[1], row[2]


class _json_row(GenericFunction[Any]):  # noqa: N801 the name is the function's in SQL
    """The values as one JSON array, by whatever name the database calls that."""

    type = JSON()
    inherit_cache = True


@compiles(_json_row)
def _json_build_array(element: Any, compiler: Any, **more: Any) -> str:
    return f"json_build_array({compiler.process(element.clauses, **more)})"


@compiles(_json_row, "sqlite")
def _json_array(element: Any, compiler: Any, **more: Any) -> str:
    return f"json_array({compiler.process(element.clauses, **more)})"


_TRANCHE_COLUMNS = (
    *(TRANCHE.c.id, TRANCHE.c.state, TRANCHE.c.number, TRANCHE.c.source, TRANCHE.c.planned_fen),
    *(TRANCHE.c.planned_on, PAYMENT.c.amount_fen, PAYMENT.c.paid_on),
)


@cache
def _statement() -> CompoundSelect[Any]:
    """Return the statement that finds every line of some projects: project, field, place and values."""
    parts = [_lines(one.attribute, one.table, [one.table.c[name] for name in one.columns]) for one in LINES]
    parts.append(_lines("signatories", PARTY, [PARTY.c.signatory]))
    tranches = _lines("tranches", TRANCHE, _TRANCHE_COLUMNS)
    paid = TRANCHE.outerjoin(PAYMENT, PAYMENT.c.tranche_id == TRANCHE.c.id)
    parts.append(tranches.select_from(paid))
    parts.append(_lines("waiting", TURN, WAITING_COLUMNS, TURN.c.id))
    receipts = _lines("receipts", TRANCHE, RECEIPT_COLUMNS)
    parts.append(
        receipts.join_from(TRANCHE, PAYMENT, PAYMENT.c.tranche_id == TRANCHE.c.id).where(IS_CONFIRMED)
    )
    proposals = _lines("proposals", TRANCHE, PROPOSAL_COLUMNS, PROPOSAL.c.id)
    parts.append(proposals.join_from(TRANCHE, PROPOSAL, PROPOSAL.c.tranche_id == TRANCHE.c.id))
    holds = _lines("holds", HOLD, HOLD_COLUMNS, HOLD.c.id)
    parts.append(holds.join_from(HOLD, TRANCHE, TRANCHE.c.id == HOLD.c.tranche_id))
    parts.append(_lines("acceptance", ACCEPTANCE, [ACCEPTANCE.c[name] for name in ACCEPTANCE_COLUMNS]))
    return union_all(*parts)


def _lines(
    attribute: str, table: Table, columns: Sequence[Column[Any]], order: Column[int] | None = None
) -> Select[Any]:
    place: Any = order
    if place is None:
        place = table.c.position if "position" in table.c else literal(0)
    query: Select[Any] = select(
        table.c.project_id, literal(attribute).label("attribute"), place, _json_row(*columns)
    )
    return query.where(table.c.project_id.in_(bindparam("projects", expanding=True)))


Read = Callable[[Any], Any]


def _reader(column: Column[Any]) -> Read | None:
    """Return how a column's value is read back from JSON; ``None``: as it is."""
    type_ = column.type
    if isinstance(type_, Enum):
        return type_.enum_class
    ways: dict[type[Any], Read] = {Date: date.fromisoformat, Boolean: bool, ExactDecimal: Decimal}
    return next((way for kind, way in ways.items() if isinstance(type_, kind)), None)


def _builder(build: Callable[..., Any], columns: Sequence[Column[Any]]) -> Read:
    readers = [_reader(column) for column in columns]

    def read(line: list[Any]) -> Any:
        return build(
            *(
                value if reader is None or value is None else reader(value)
                for reader, value in zip(readers, line, strict=True)
            )
        )

    return read


def _tranche_at(id_: int, state: TrancheState, *values: Any) -> TrancheAt:
    return TrancheAt(id_, state, tranche_of(*values))


_BUILDERS: dict[str, Read] = {
    **{one.attribute: _builder(one.item, [one.table.c[name] for name in one.columns]) for one in LINES},
    "signatories": _builder(Signatory, [PARTY.c.signatory]),
    "tranches": _builder(_tranche_at, _TRANCHE_COLUMNS),
    "waiting": _builder(waiting_of, WAITING_COLUMNS),
    "receipts": _builder(receipt_of, RECEIPT_COLUMNS),
    "proposals": _builder(proposed_of, PROPOSAL_COLUMNS),
    "holds": _builder(held_of, HOLD_COLUMNS),
    "acceptance": _builder(Acceptance, [ACCEPTANCE.c[name] for name in ACCEPTANCE_COLUMNS]),
}
"""Field of the record → how one of its items is made of a JSON array."""
