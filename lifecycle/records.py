"""Records out of the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, and_, select
from sqlalchemy.orm import Session

from lifecycle.addresses import receipt_path, tranche_path, turn_path
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
    Lines,
)
from lifecycle.models.turn import ENDS_WITH_PROJECT, TurnKind
from lifecycle.money import Fen
from lifecycle.record import (
    FISCAL,
    Acceptance,
    ProjectRecord,
    Source,
    Tranche,
    tranche_name,
)
from lifecycle.roles import Role
from lifecycle.rulebook import rulebook
from lifecycle.waiting import Held, Proposed, Receipt, Waiting

CHUNK = 500
"""Projects read at a time: keeps memory level and stays below SQLite's limit of bound parameters."""

Belongings = dict[int, dict[str, Any]]
"""Project id → field of the record → its value."""


def load_records(session: Session, project_ids: Iterable[int]) -> Iterator[tuple[int, ProjectRecord]]:
    """Yield the records of those projects with their ids, by id within each chunk read at a time."""
    ids = list(project_ids)
    for start in range(0, len(ids), CHUNK):
        yield from _load_chunk(session, ids[start : start + CHUNK])


def load_record(session: Session, project_id: int) -> ProjectRecord:
    """Return the record of one project. Raises ``LookupError`` when there is none."""
    for _, record in load_records(session, [project_id]):
        return record
    raise LookupError(project_id)


def _load_chunk(session: Session, ids: list[int]) -> Iterator[tuple[int, ProjectRecord]]:
    belongings: Belongings = {project_id: {"signatories": ()} for project_id in ids}
    for lines in LINES:
        _gather(session, belongings, lines.attribute, _lines_query(lines, ids), lines.item)
    _gather(session, belongings, "tranches", tranche_query(ids), tranche_of)
    _gather(session, belongings, "signatories", _party_query(ids), lambda signatory: signatory)
    _gather(session, belongings, "waiting", waiting_query(ids), waiting_of)
    _gather(session, belongings, "receipts", receipt_query(ids), receipt_of)
    _gather(session, belongings, "proposals", proposal_query(ids), proposed_of)
    _gather(session, belongings, "holds", hold_query(ids), held_of)
    query: Select[Any] = select(ACCEPTANCE.c.project_id, *(ACCEPTANCE.c[name] for name in ACCEPTANCE_COLUMNS))
    for project_id, *values in session.execute(query.where(ACCEPTANCE.c.project_id.in_(ids))):
        belongings[project_id]["acceptance"] = Acceptance(*values)
    query = select(PROJECT.c.id, *(PROJECT.c[name] for name in PROJECT_COLUMNS))
    for project_id, *values in session.execute(query.where(PROJECT.c.id.in_(ids)).order_by(PROJECT.c.id)):
        own = dict(zip(PROJECT_FIELDS, values, strict=True))
        yield project_id, ProjectRecord(**own, **belongings[project_id])


def _gather(
    session: Session, belongings: Belongings, attribute: str, query: Select[Any], build: Callable[..., Any]
) -> None:
    """Put what a query finds (project id first, then an item's values) into the field of each project."""
    groups: dict[int, list[Any]] = defaultdict(list)
    for project_id, *values in session.execute(query):
        groups[project_id].append(build(*values))
    for project_id, items in groups.items():
        belongings[project_id][attribute] = tuple(items)


def _lines_query(lines: Lines, ids: list[int]) -> Select[Any]:
    table = lines.table
    query: Select[Any] = select(table.c.project_id, *(table.c[name] for name in lines.columns))
    return query.where(table.c.project_id.in_(ids)).order_by(table.c.project_id, table.c.position)


def _party_query(ids: list[int]) -> Select[Any]:
    query: Select[Any] = select(PARTY.c.project_id, PARTY.c.signatory)
    return query.where(PARTY.c.project_id.in_(ids)).order_by(PARTY.c.project_id, PARTY.c.position)


def tranche_query(ids: Sequence[int], *more: Column[Any]) -> Select[Any]:
    """Return the statement that reads rows of tranches: project id, what ``tranche_of`` asks, ``more``."""
    tranche, payment = TRANCHE.c, PAYMENT.c
    query: Select[Any] = select(
        *(tranche.project_id, tranche.number, tranche.source, tranche.planned_fen, tranche.planned_on),
        *(payment.amount_fen, payment.paid_on),
        *more,
    )
    return (
        query.select_from(TRANCHE.outerjoin(PAYMENT, payment.tranche_id == tranche.id))
        .where(tranche.project_id.in_(ids))
        .order_by(tranche.project_id, tranche.position)
    )


def tranche_of(
    number: int, source: Source, planned: Fen, planned_on: date | None, paid: Fen | None, paid_on: date | None
) -> Tranche:
    """Return the tranche of a row; where there is no payment, nothing is paid."""
    return Tranche(number, source, planned, planned_on, paid or 0, paid_on)


WAITING_COLUMNS = tuple(
    TURN.c[name]
    for name in (
        *("kind", "ref_id", "id", "role", "user_id", "words", "since", "due", "done_on"),
        *("also", "duty"),
    )
)
"""What ``waiting_of`` asks."""


def waiting_query(ids: Sequence[int]) -> Select[Any]:
    """Return the statement that reads what waits: project id, then what ``waiting_of`` asks."""
    query: Select[Any] = select(TURN.c.project_id, *WAITING_COLUMNS)
    return query.where(TURN.c.project_id.in_(ids)).order_by(TURN.c.project_id, TURN.c.id)


def waiting_of(
    kind: TurnKind,
    ref_id: int,
    id_: int,
    role: Role,
    user_id: int | None,
    words: str,
    since: date,
    due: date | None,
    done_on: date | None,
    also: Role | None,
    duty: str | None,
) -> Waiting:
    """Return what waits by the values of a turn's row."""
    path = turn_path(kind, ref_id)
    ends = kind in ENDS_WITH_PROJECT
    return Waiting(id_, role, user_id, words, since, due, done_on, ends, path, also, duty)


RECEIPT_COLUMNS = (
    *(TRANCHE.c.id, TRANCHE.c.number, TRANCHE.c.source),
    *(PAYMENT.c.amount_fen, PAYMENT.c.paid_on, PAYMENT.c.received_on),
)
"""What ``receipt_of`` asks."""

IS_CONFIRMED: ColumnElement[bool] = and_(
    *(PAYMENT.c.booked_by_id.is_not(None), PAYMENT.c.paid_on.is_not(None)),
    TRANCHE.c.source.in_(sorted(FISCAL)),
)
"""Which payments the unit confirms: those booked in Keguan, as nobody asks it of what came with a ledger."""


def receipt_query(ids: Sequence[int]) -> Select[Any]:
    """Return the statement that reads payments to be confirmed: project id, then what ``receipt_of`` asks."""
    query: Select[Any] = select(TRANCHE.c.project_id, *RECEIPT_COLUMNS)
    query = query.join_from(TRANCHE, PAYMENT, PAYMENT.c.tranche_id == TRANCHE.c.id)
    query = query.where(TRANCHE.c.project_id.in_(ids), IS_CONFIRMED)
    return query.order_by(TRANCHE.c.project_id, TRANCHE.c.position)


def receipt_of(
    tranche_id: int, number: int, source: Source, paid: Fen, paid_on: date, received_on: date | None
) -> Receipt:
    """Return a payment to be confirmed by the values of its rows."""
    return Receipt(
        tranche_id, tranche_name(source, number), paid, paid_on, received_on, receipt_path(tranche_id)
    )


PROPOSAL_COLUMNS = (
    *(PROPOSAL.c.id, TRANCHE.c.id, TRANCHE.c.source, TRANCHE.c.number, PROPOSAL.c.amount_fen),
    *(PROPOSAL.c.proposed_on, PROPOSAL.c.proposed_by_id, PROPOSAL.c.approved_on, PROPOSAL.c.ended_on),
)
"""What ``proposed_of`` asks."""


def proposal_query(ids: Sequence[int]) -> Select[Any]:
    """Return the statement that reads proposals to pay: project id, then what ``proposed_of`` asks."""
    query: Select[Any] = select(TRANCHE.c.project_id, *PROPOSAL_COLUMNS)
    query = query.join_from(TRANCHE, PROPOSAL, PROPOSAL.c.tranche_id == TRANCHE.c.id)
    return query.where(TRANCHE.c.project_id.in_(ids)).order_by(TRANCHE.c.project_id, PROPOSAL.c.id)


def proposed_of(
    id_: int,
    tranche_id: int,
    source: Source,
    number: int,
    amount: Fen,
    proposed_on: date,
    proposed_by_id: int,
    approved_on: date | None,
    ended_on: date | None,
) -> Proposed:
    """Return a proposal by the values of its rows; one that was returned once approved was decided then."""
    what, path = tranche_name(source, number), tranche_path(tranche_id)
    return Proposed(id_, what, amount, proposed_on, proposed_by_id, approved_on or ended_on, path)


HOLD_COLUMNS = (TRANCHE.c.source, TRANCHE.c.number, HOLD.c.until, HOLD.c.words, HOLD.c.citation, HOLD.c.rule)
"""What ``held_of`` asks."""


def hold_query(ids: Sequence[int]) -> Select[Any]:
    """Return the statement that reads what holds tranches: project id, then what ``held_of`` asks."""
    query: Select[Any] = select(HOLD.c.project_id, *HOLD_COLUMNS)
    query = query.join_from(HOLD, TRANCHE, TRANCHE.c.id == HOLD.c.tranche_id)
    return query.where(HOLD.c.project_id.in_(ids)).order_by(HOLD.c.project_id, HOLD.c.id)


def held_of(source: Source, number: int, until: date | None, words: str, citation: str, rule_id: str) -> Held:
    """Return a hold by the values of its rows."""
    rule = rulebook().find(rule_id)
    waits = rule is None or rule.kind.waits_for_others
    return Held(tranche_name(source, number), until, words, citation, waits)
