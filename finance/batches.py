"""Batches as pages show them: the list, one with its lines, and its issued sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from finance.batch_lines import OPEN, ShownLine, lines_of
from finance.lookups import find_batch
from finance.models import Batch, BatchLine, Proposal
from finance.states import BatchState, LineResult
from lifecycle.models import Tranche, User
from lifecycle.money import Fen
from lifecycle.record import Source
from lifecycle.refusals import NotFound
from lifecycle.roles import Actor


class Came(NamedTuple):
    """How many lines came to the same, and their sum in fen."""

    lines: int
    total: Fen


class Part(NamedTuple):
    """The lines of a batch of one source that came to the same, and their sum in fen."""

    source: Source
    result: LineResult | None
    lines: int
    total: Fen


class Other(NamedTuple):
    """Another batch, by id and number."""

    id: int
    number: str


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
    ended_by: str | None
    ended_on: date | None
    ended_note: str | None
    """Who discarded it or made it void, when and why."""
    replaces: Other | None
    """The void batch whose place it takes."""
    replaced_by: Other | None
    parts: tuple[Part, ...]
    """Its lines summed up, in the order of their sources."""

    @property
    def sources(self) -> dict[Source, Came]:
        """What it holds of each source, in their order."""
        return {one.source: _summed(self.parts, source=one.source) for one in self.parts}

    @property
    def results(self) -> dict[LineResult | None, Came]:
        """What came of its lines; ``None``: not known yet, as of every line of a draft."""
        known = {one.result for one in self.parts}
        order = (None, *LineResult)
        return {one: _summed(self.parts, result=one) for one in order if one in known}

    @property
    def lines(self) -> int:
        """How many lines it has."""
        return sum(part.lines for part in self.parts)

    @property
    def total(self) -> Fen:
        """The sum of all lines, as its sheet has it."""
        return sum(part.total for part in self.parts)

    @property
    def open(self) -> Came:
        """Of what nobody knows yet what came."""
        return self.results.get(None, Came(0, 0))

    @property
    def booked(self) -> int:
        """Of how many lines it is known what came of them."""
        return self.lines - self.open.lines

    @property
    def is_void(self) -> bool:
        """Whether it was issued and is not to be paid."""
        return self.state is BatchState.DISCARDED and self.issued_on is not None


def _summed(parts: Sequence[Part], **alike: object) -> Came:
    """Return lines and sum of the parts that are alike in those fields."""
    own = [part for part in parts if all(getattr(part, name) == value for name, value in alike.items())]
    return Came(sum(part.lines for part in own), sum(part.total for part in own))


@dataclass(frozen=True, slots=True)
class BatchPage:
    """One page of batches, the newest first."""

    rows: Sequence[ListedBatch]
    count: int
    number: int
    pages: int


@dataclass(frozen=True, slots=True)
class ShownBatch:
    """A batch and one page of its lines, or of those that came to the same."""

    batch: ListedBatch
    came_to: LineResult | str
    """What is asked for; empty: all lines."""
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
    session: Session,
    actor: Actor,
    batch_id: int,
    *,
    came_to: LineResult | str = "",
    page: int = 1,
    per_page: int = 100,
) -> ShownBatch:
    """Return a batch with a page of its lines, in the sheet's order. Raises ``NotFound``.

    ``came_to`` asks for the lines of one result, or those still ``OPEN``.
    """
    query = select(Batch).where(Batch.id == batch_id, Batch.agency_id == actor.agency_id)
    found = _listed(session, query)
    if not found:
        raise NotFound("这个拨付批次")
    batch = found[0]
    count = batch.lines
    if came_to:
        count = batch.results.get(None if came_to == OPEN else LineResult(came_to), Came(0, 0)).lines
    pages = max(1, -(-count // per_page))
    number = min(max(1, page), pages)
    lines = lines_of(session, batch_id, (number - 1) * per_page, per_page, came_to)
    return ShownBatch(batch, came_to, lines, number, pages)


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
    return sheet_name(batch), batch.sheet


def sheet_name(batch: Batch) -> str:
    """Return what the file of an issued batch's sheet is called; a void one says so."""
    void = "（已作废）" if batch.state is BatchState.DISCARDED else ""
    return f"拨付表-{batch.number}{void}.xlsx"


def _listed(session: Session, query: Select[Batch]) -> list[ListedBatch]:
    """Return those batches with people, sums and neighbours: two queries, however many they are."""
    maker, issuer, ender = aliased(User), aliased(User), aliased(User)
    before, after = aliased(Batch), aliased(Batch)
    named = query.add_columns(maker.name, issuer.name, ender.name, before, after)
    named = named.join(maker, maker.id == Batch.made_by_id)
    named = named.outerjoin(issuer, issuer.id == Batch.issued_by_id)
    named = named.outerjoin(ender, ender.id == Batch.ended_by_id)
    named = named.outerjoin(before, before.id == Batch.replaces_id)
    rows = session.execute(named.outerjoin(after, after.replaces_id == Batch.id)).all()
    parts = _parts(session, [row[0].id for row in rows])
    return [
        ListedBatch(
            id=batch.id,
            number=batch.number,
            payer=batch.payer,
            state=batch.state,
            made_by=made_by,
            made_on=batch.made_on,
            issued_by=issued_by,
            issued_on=batch.issued_on,
            checksum=batch.checksum,
            ended_by=ended_by,
            ended_on=batch.ended_on,
            ended_note=batch.ended_note,
            replaces=_other(replaced),
            replaced_by=_other(successor),
            parts=parts.get(batch.id, ()),
        )
        for batch, made_by, issued_by, ended_by, replaced, successor in rows
    ]


def _other(batch: Batch | None) -> Other | None:
    return None if batch is None else Other(batch.id, batch.number)


def _parts(session: Session, ids: Sequence[int]) -> dict[int, tuple[Part, ...]]:
    """Return, by batch, how many lines of each source came to what, and their sums, in the sources' order."""
    line = BatchLine
    query = select(line.batch_id, line.source, line.result, func.count(), func.sum(line.amount_fen))
    query = query.where(line.batch_id.in_(ids)).group_by(line.batch_id, line.source, line.result)
    order = list(Source)
    found: dict[int, tuple[Part, ...]] = {}
    rows = sorted(session.execute(query), key=lambda row: order.index(row.source))
    for batch_id, source, result, count, total in rows:
        found[batch_id] = (*found.get(batch_id, ()), Part(source, result, count, int(total)))
    return found
