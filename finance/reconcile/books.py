"""The rows that are compared, read for some hundred projects at a time: tuples, not objects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from finance.models import Batch, BatchLine, PaymentReversal, Proposal, TrancheHold
from finance.reconcile.difference import Difference, Sum
from finance.states import BatchState, LineResult
from lifecycle.models import Payment, Project, Tranche
from lifecycle.money import Fen
from lifecycle.record import Source
from lifecycle.stages import Stage, TrancheState

CHUNK = 500
"""Projects read at a time: keeps memory level whatever their number."""


class ProjectRow(NamedTuple):
    """A project and its funds by source."""

    id: int
    number: str
    stage: Stage
    funds: Mapping[Source, Fen]


class TrancheRow(NamedTuple):
    """A tranche with its payment, where there is one. Amounts are fen."""

    id: int
    project_id: int
    number: int
    source: Source
    planned: Fen
    state: TrancheState
    paid: Fen | None
    paid_on: date | None
    booked_by_id: int | None

    @property
    def name(self) -> str:
        """The tranche in words."""
        return f"{self.source}第 {self.number} 期"

    @property
    def of_ledger(self) -> bool:
        """Whether its payment came with a ledger."""
        return self.paid is not None and self.booked_by_id is None


class LineRow(NamedTuple):
    """A line of a batch."""

    id: int
    tranche_id: int
    source: Source
    amount: Fen
    result: LineResult | None
    result_on: date | None
    batch_state: BatchState
    year: int
    running: int

    @property
    def stands(self) -> bool:
        """Whether it holds its tranche."""
        return self.result in {None, LineResult.PAID}

    @property
    def batch(self) -> str:
        """The number of its batch."""
        return f"{self.year}-{self.running:03d}"


class ProposalRow(NamedTuple):
    """A live proposal."""

    tranche_id: int
    amount: Fen
    approved_by_id: int | None


class ReversalRow(NamedTuple):
    """A payment that was taken back."""

    tranche_id: int
    line_id: int
    amount: Fen
    paid_on: date
    reversed_on: date


@dataclass(frozen=True, slots=True)
class Books:
    """What is written of some projects, by project or by tranche, and the day as of which it is compared."""

    as_of: date
    is_now: bool
    """Whether nothing in the books is later than ``as_of``: only then do states say how things stood."""
    projects: Mapping[int, ProjectRow]
    tranches: Mapping[int, Sequence[TrancheRow]]
    lines: Mapping[int, Sequence[LineRow]]
    proposals: Mapping[int, Sequence[ProposalRow]]
    reversals: Mapping[int, Sequence[ReversalRow]]
    held: frozenset[int]
    """Tranches on which a hold is."""

    def paid(self, tranche: TrancheRow) -> Fen:
        """Return what had been paid of a tranche by the day, what was taken back later included."""
        standing = tranche.paid or 0 if tranche.paid_on is not None and tranche.paid_on <= self.as_of else 0
        return standing + sum(
            one.amount
            for one in self.reversals.get(tranche.id, ())
            if one.paid_on <= self.as_of < one.reversed_on
        )

    def differ(
        self,
        project_id: int,
        source: Source | None,
        what: str,
        left: Sum,
        right: Sum,
        cause: str,
        *,
        remark: bool = False,
    ) -> Iterator[Difference]:
        """Yield that the two sums differ, if they do."""
        if left.fen != right.fen:
            number = self.projects[project_id].number
            yield Difference(what, left, right, cause, project=number, source=source, remark=remark)


def read_books(session: Session, agency_id: int, as_of: date, today: date) -> Iterator[Books]:
    """Yield the books of all projects of an agency, ``CHUNK`` of them at a time, by id."""
    last = 0
    while projects := _projects(session, agency_id, last):
        first, last = projects[0].id, projects[-1].id
        mine = and_(Project.agency_id == agency_id, Project.id.between(first, last))
        yield Books(
            as_of,
            as_of >= today,
            {row.id: row for row in projects},
            _by(_tranches(session, mine), "project_id"),
            _by(_lines(session, mine), "tranche_id"),
            _by(_proposals(session, mine), "tranche_id"),
            _by(_reversals(session, mine), "tranche_id"),
            _held(session, mine, as_of),
        )


def _by(rows: Iterator[Any], name: str) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[getattr(row, name)].append(row)
    return found


def _projects(session: Session, agency_id: int, after: int) -> list[ProjectRow]:
    query = (
        select(
            *(Project.id, Project.number, Project.stage),
            *(Project.provincial_fen, Project.district_fen, Project.joint_fen, Project.own_fen),
        )
        .where(Project.agency_id == agency_id, Project.id > after)
        .order_by(Project.id)
        .limit(CHUNK)
    )
    sources = (Source.PROVINCIAL, Source.DISTRICT, Source.JOINT, Source.OWN)
    return [
        ProjectRow(id_, number, stage, dict(zip(sources, funds, strict=True)))
        for id_, number, stage, *funds in session.execute(query)
    ]


def _tranches(session: Session, mine: Any) -> Iterator[TrancheRow]:
    query = (
        select(
            *(Tranche.id, Tranche.project_id, Tranche.number, Tranche.source, Tranche.planned_fen),
            *(Tranche.state, Payment.amount_fen, Payment.paid_on, Payment.booked_by_id),
        )
        .join(Project, Project.id == Tranche.project_id)
        .outerjoin(Payment, Payment.tranche_id == Tranche.id)
        .where(mine)
        .order_by(Tranche.project_id, Tranche.position)
    )
    return (TrancheRow(*row) for row in session.execute(query))


def _lines(session: Session, mine: Any) -> Iterator[LineRow]:
    query = (
        select(
            *(BatchLine.id, BatchLine.tranche_id, BatchLine.source, BatchLine.amount_fen, BatchLine.result),
            *(BatchLine.result_on, Batch.state, Batch.year, Batch.running),
        )
        .join(Batch, Batch.id == BatchLine.batch_id)
        .order_by(BatchLine.id)
    )
    return (LineRow(*row) for row in session.execute(_of_tranches(query, BatchLine.tranche_id, mine)))


def _proposals(session: Session, mine: Any) -> Iterator[ProposalRow]:
    query = select(Proposal.tranche_id, Proposal.amount_fen, Proposal.approved_by_id)
    query = query.where(Proposal.ending.is_(None))
    return (ProposalRow(*row) for row in session.execute(_of_tranches(query, Proposal.tranche_id, mine)))


def _reversals(session: Session, mine: Any) -> Iterator[ReversalRow]:
    one = PaymentReversal
    query = select(one.tranche_id, one.line_id, one.amount_fen, one.paid_on, one.reversed_on)
    return (ReversalRow(*row) for row in session.execute(_of_tranches(query, one.tranche_id, mine)))


def _held(session: Session, mine: Any, as_of: date) -> frozenset[int]:
    query = select(TrancheHold.tranche_id).where(TrancheHold.since <= as_of)
    query = query.where(TrancheHold.until.is_(None) | (TrancheHold.until > as_of))
    return frozenset(session.scalars(_of_tranches(query, TrancheHold.tranche_id, mine)))


def _of_tranches(query: Any, column: Any, mine: Any) -> Any:
    """Narrow a statement to the tranches of some projects, by whatever column points to them."""
    return (
        query.join(Tranche, Tranche.id == column).join(Project, Project.id == Tranche.project_id).where(mine)
    )
