"""Batches as pages show them: the list, one with its lines, and its issued sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from finance.lookups import find_batch
from finance.models import Batch, BatchLine, Proposal
from finance.states import BatchState, LineResult
from lifecycle.models import Payment, Tranche, User
from lifecycle.money import Fen
from lifecycle.record import Source
from lifecycle.refusals import NotFound
from lifecycle.roles import Actor
from lifecycle.stages import TrancheState


@dataclass(frozen=True, slots=True)
class ListedBatch:
    """One batch with its sums. Amounts are fen."""

    id: int
    number: str
    payer: str
    state: BatchState
    made_by: str
    made_on: date
    issued_by: str | None
    issued_on: date | None
    checksum: str | None
    sources: tuple[Source, ...]
    """The sources of its lines, in their order."""
    lines: int
    booked: int
    """Of how many of the lines it is known what came of them."""
    total: Fen


@dataclass(frozen=True, slots=True)
class BatchPage:
    """One page of batches, the newest first."""

    rows: Sequence[ListedBatch]
    count: int
    number: int
    pages: int


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One line of a batch. Amounts are fen."""

    id: int
    sequence: int
    """序号, as printed."""
    tranche_id: int
    tranche_number: int
    state: TrancheState
    result: LineResult | None
    """What came of it; ``None`` while nobody knows."""
    result_on: date | None
    result_note: str | None
    project_id: int
    project_number: str
    project_title: str
    payee: str
    bank_name: str
    bank_account: str
    granted: Fen
    paid_before: Fen
    amount: Fen
    basis: str
    voucher: str | None
    paid_on: date | None


@dataclass(frozen=True, slots=True)
class ShownBatch:
    """A batch and one page of its lines."""

    batch: ListedBatch
    lines: Sequence[ShownLine]
    number: int
    pages: int


def list_batches(
    session: Session,
    actor: Actor,
    *,
    states: frozenset[BatchState] = frozenset(BatchState),
    page: int = 1,
    per_page: int = 50,
) -> BatchPage:
    """Return a page of the agency's batches; a page beyond the last gives the last."""
    where = (Batch.agency_id == actor.agency_id, Batch.state.in_(states))
    count = count_batches(session, actor, states)
    pages = max(1, -(-count // per_page))
    number = min(max(1, page), pages)
    query = select(Batch).where(*where).order_by(Batch.year.desc(), Batch.running.desc())
    rows = _listed(session, query.limit(per_page).offset((number - 1) * per_page))
    return BatchPage(rows, count, number, pages)


def show_batch(
    session: Session, actor: Actor, batch_id: int, *, page: int = 1, per_page: int = 100
) -> ShownBatch:
    """Return a batch with a page of its lines, in the sheet's order. Raises ``NotFound``."""
    query = select(Batch).where(Batch.id == batch_id, Batch.agency_id == actor.agency_id)
    found = _listed(session, query)
    if not found:
        raise NotFound("这个拨付批次")
    batch = found[0]
    pages = max(1, -(-batch.lines // per_page))
    number = min(max(1, page), pages)
    first = (number - 1) * per_page
    lines = session.execute(_lines(batch_id).limit(per_page).offset(first))
    shown = [_shown(first + place, *line) for place, line in enumerate(lines, 1)]
    return ShownBatch(batch, shown, number, pages)


def count_batches(session: Session, actor: Actor, states: frozenset[BatchState]) -> int:
    """Return how many of the agency's batches are in one of those states."""
    query = select(func.count()).select_from(Batch)
    return session.scalar(query.where(Batch.agency_id == actor.agency_id, Batch.state.in_(states))) or 0


def own_part(session: Session, actor: Actor, batch_id: int) -> Sequence[str]:
    """Return the projects whose payment in a batch, still open, the actor proposed or approved.

    Where there are any, somebody else must issue and book the batch.
    """
    acted = or_(Proposal.proposed_by_id == actor.user_id, Proposal.approved_by_id == actor.user_id)
    query = (
        select(BatchLine.project_number)
        .join(Tranche, Tranche.id == BatchLine.tranche_id)
        .join(Proposal, and_(Proposal.tranche_id == Tranche.id, Proposal.ending.is_(None)))
        .where(BatchLine.batch_id == batch_id, BatchLine.result.is_(None), acted)
        .order_by(BatchLine.position)
    )
    return session.scalars(query).all()


def issued_sheet(session: Session, actor: Actor, batch_id: int) -> tuple[str, bytes]:
    """Return file name and bytes of an issued batch's sheet. Raises ``NotFound``, also for a draft."""
    batch = find_batch(session, actor, batch_id, with_sheet=True)
    if batch.sheet is None:
        raise NotFound("这个批次的拨付表")
    return f"拨付表-{batch.number}.xlsx", batch.sheet


def _listed(session: Session, query: Select[Batch]) -> list[ListedBatch]:
    """Return those batches with their makers and sums: three queries, however many they are."""
    batches = session.scalars(query).all()
    people = {id_ for batch in batches for id_ in (batch.made_by_id, batch.issued_by_id)}
    asked = session.execute(select(User.id, User.name).where(User.id.in_(people)))
    names = {row.id: row.name for row in asked}
    sums = _sums(session, [batch.id for batch in batches])
    return [
        ListedBatch(
            batch.id,
            batch.number,
            batch.payer,
            batch.state,
            names[batch.made_by_id],
            batch.made_on,
            names.get(batch.issued_by_id or 0),
            batch.issued_on,
            batch.checksum,
            *sums.get(batch.id, _Sums()),
        )
        for batch in batches
    ]


class _Sums(NamedTuple):
    """What the lines of a batch come to."""

    sources: tuple[Source, ...] = ()
    lines: int = 0
    booked: int = 0
    total: Fen = 0


def _sums(session: Session, ids: Sequence[int]) -> dict[int, _Sums]:
    """Return, by batch, the sources of its lines, their number, how many have a result, and the sum."""
    line = BatchLine
    settled = func.count(line.result)
    query = select(line.batch_id, line.source, func.count(), settled, func.sum(line.amount_fen))
    rows = session.execute(query.where(line.batch_id.in_(ids)).group_by(line.batch_id, line.source)).all()
    order = list(Source)
    found: dict[int, _Sums] = {}
    for batch_id, source, count, known, total in sorted(rows, key=lambda row: order.index(row.source)):
        old = found.get(batch_id, _Sums())
        sums = (old.lines + count, old.booked + known, old.total + int(total))
        found[batch_id] = _Sums((*old.sources, source), *sums)
    return found


def _lines(batch_id: int) -> Select[BatchLine, int, TrancheState, str | None, date | None]:
    query = select(BatchLine, Tranche.number, Tranche.state, Payment.voucher, Payment.paid_on)
    query = query.join(Tranche, Tranche.id == BatchLine.tranche_id)
    paid = and_(Payment.tranche_id == Tranche.id, BatchLine.result == LineResult.PAID)
    query = query.outerjoin(Payment, paid)
    return query.where(BatchLine.batch_id == batch_id).order_by(BatchLine.position)


def _shown(
    sequence: int,
    line: BatchLine,
    number: int,
    state: TrancheState,
    voucher: str | None,
    paid_on: date | None,
) -> ShownLine:
    return ShownLine(
        id=line.id,
        sequence=sequence,
        tranche_id=line.tranche_id,
        tranche_number=number,
        state=state,
        result=line.result,
        result_on=line.result_on,
        result_note=line.result_note,
        project_id=line.project_id,
        project_number=line.project_number,
        project_title=line.project_title,
        payee=line.payee,
        bank_name=line.bank_name,
        bank_account=line.bank_account,
        granted=line.granted_fen,
        paid_before=line.paid_before_fen,
        amount=line.amount_fen,
        basis=line.basis,
        voucher=voucher,
        paid_on=paid_on,
    )
