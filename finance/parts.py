"""Where the planned money stands on a day: paid, held, open or cancelled. The one division everybody uses.

Of a tranche, ``planned = paid + held + open + cancelled`` to the fen, whatever happened to it; only where
more was paid than planned does that leave a ``difference``, which is for the reconciliation to report. There
are two ways to ask, which a test holds to agree: of a record (``parts_of``, pure) and of the database, in one
statement over any number of projects (``parts_by``, ``each_part``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, or_, select
from sqlalchemy.orm import Session

from finance.models import Batch, BatchLine, PaymentReversal, Proposal, TrancheHold
from finance.states import IN_PROCESS
from lifecycle.models import Acceptance, Payment, Project, Tranche
from lifecycle.money import Fen
from lifecycle.record import Conclusion, ProjectRecord
from lifecycle.record import Tranche as Plan
from lifecycle.roles import Actor
from lifecycle.stages import TrancheState
from lifecycle.visibility import visible

_LOST = (Conclusion.FAILED, Conclusion.TERMINATED)
"""Conclusions after which accounts are cleared instead of money paid (SPB 33, EA 17)."""


@dataclass(frozen=True, slots=True)
class MoneyParts:
    """Planned money, divided. Amounts are fen."""

    planned: Fen = 0
    paid: Fen = 0
    held: Fen = 0
    """Stopped by a rule or by supervision: see ``finance.holding``."""
    on_way: Fen = 0
    """Of what is open: proposed, approved, in a batch or on an issued sheet."""
    open: Fen = 0
    """Not paid and not held: not due yet, or due and payable; ``on_way`` included."""
    cancelled: Fen = 0
    """Not to be paid any more: the project failed or was terminated, and no sheet of it is out."""

    @property
    def difference(self) -> Fen:
        """What does not tie: below 0 where more was paid than planned, else 0."""
        return self.planned - self.paid - self.held - self.open - self.cancelled

    def __add__(self, other: MoneyParts) -> MoneyParts:
        """Return both together."""
        return MoneyParts(*(one + more for one, more in zip(astuple(self), astuple(other), strict=True)))


def parts_of(
    record: ProjectRecord, states: Sequence[TrancheState], held: Collection[int], day: date
) -> list[MoneyParts]:
    """Divide each of the record's tranches, in their order, as it stands at the end of ``day``.

    ``states`` say where each tranche stood that day, ``held`` which of them, by place, a hold was on.
    """
    lost = _is_lost(record, day)
    return [
        _part(tranche, state, day, held=place in held, lost=lost)
        for place, (tranche, state) in enumerate(zip(record.tranches, states, strict=True))
    ]


def total_of(parts: Iterable[MoneyParts]) -> MoneyParts:
    """Return all of them together."""
    return sum(parts, MoneyParts())


def _is_lost(record: ProjectRecord, day: date) -> bool:
    end = record.acceptance
    if end is None or record.self_established or end.concluded_on is None:
        return False
    return end.conclusion in _LOST and end.concluded_on <= day


def _part(tranche: Plan, state: TrancheState, day: date, *, held: bool, lost: bool) -> MoneyParts:
    paid = tranche.paid if tranche.paid_on is not None and tranche.paid_on <= day else 0
    owed = max(0, tranche.planned - paid)
    part = MoneyParts(tranche.planned, paid)
    if state is TrancheState.ISSUED:
        return part + MoneyParts(on_way=owed, open=owed)
    if lost:
        return part + MoneyParts(cancelled=owed)
    if held:
        return part + MoneyParts(held=owed)
    return part + MoneyParts(on_way=owed if state in IN_PROCESS else 0, open=owed)


def parts_by(
    session: Session,
    whose: Actor | int,
    *columns: Any,
    as_of: date,
    where: Iterable[ColumnElement[bool]] = (),
) -> list[tuple[tuple[Any, ...], MoneyParts]]:
    """Divide what an actor sees, or everything of an agency, by columns of ``Project`` and ``Tranche``.

    Returns each combination of values with its parts, in the order of the columns; one statement. Without
    columns it is the one sum of everything.
    """
    mine = visible(whose) if isinstance(whose, Actor) else Project.agency_id == whose
    named = [column.label(f"by_{place}") for place, column in enumerate(columns)]
    each = each_part(*named, as_of=as_of).where(mine, *where).subquery()
    by = [each.c[one.name] for one in named]
    sums = [func.coalesce(func.sum(each.c[name]), 0) for name in MoneyParts.__dataclass_fields__]
    query = select(*by, *sums)
    if by:
        query = query.group_by(*by).order_by(*by)
    return [
        (tuple(row[: len(by)]), MoneyParts(*(int(fen) for fen in row[len(by) :])))
        for row in session.execute(query)
    ]


def each_part(*columns: Any, as_of: date) -> Select[*tuple[Any, ...]]:
    """Return the statement that divides every tranche as it stood at the end of ``as_of``.

    It gives ``columns`` (of ``Project`` and ``Tranche``), then a column for each field of ``MoneyParts``, by
    that name. Conditions on projects and tranches may be added; whose projects they are must be.
    """
    out, holds, taken = _out(as_of), _holds(as_of), _taken_back(as_of)
    sheet, held = out.c.tranche_id.is_not(None), holds.c.tranche_id.is_not(None)
    lost, way = _lost(as_of), _is_on_way(as_of)
    paid = case((Payment.paid_on <= as_of, Payment.amount_fen), else_=0) + func.coalesce(taken.c.fen, 0)
    owed = case((Tranche.planned_fen > paid, Tranche.planned_fen - paid), else_=0)
    parts = {
        "planned": Tranche.planned_fen,
        "paid": paid,
        "held": case((or_(owed == 0, sheet, lost), 0), (held, owed), else_=0),
        "on_way": case((owed == 0, 0), (sheet, owed), (or_(lost, held, paid > 0), 0), (way, owed), else_=0),
        "open": case((owed == 0, 0), (sheet, owed), (or_(lost, held), 0), else_=owed),
        "cancelled": case((or_(owed == 0, sheet), 0), (lost, owed), else_=0),
    }
    return (
        select(*columns, *(part.label(name) for name, part in parts.items()))
        .select_from(Tranche)
        .join(Project, Project.id == Tranche.project_id)
        .outerjoin(Payment, Payment.tranche_id == Tranche.id)
        .outerjoin(Acceptance, Acceptance.project_id == Project.id)
        .outerjoin(out, out.c.tranche_id == Tranche.id)
        .outerjoin(holds, holds.c.tranche_id == Tranche.id)
        .outerjoin(taken, taken.c.tranche_id == Tranche.id)
    )


def _out(as_of: date) -> Subquery:
    """Return the tranches that were on an issued sheet of which nothing was known yet."""
    query = select(BatchLine.tranche_id).join(Batch, Batch.id == BatchLine.batch_id)
    query = query.where(Batch.issued_on <= as_of)
    unknown = or_(BatchLine.result.is_(None), BatchLine.result_on > as_of)
    return query.where(unknown).distinct().subquery("out")


def _holds(as_of: date) -> Subquery:
    """Return the tranches on which a hold was."""
    query = select(TrancheHold.tranche_id).where(TrancheHold.since <= as_of)
    return query.where(or_(TrancheHold.until.is_(None), TrancheHold.until > as_of)).distinct().subquery("on")


def _taken_back(as_of: date) -> Subquery:
    """Return what had been paid by then and was taken back later, by tranche."""
    one = PaymentReversal
    query = select(one.tranche_id, func.sum(one.amount_fen).label("fen"))
    query = query.where(one.paid_on <= as_of, one.reversed_on > as_of)
    return query.group_by(one.tranche_id).subquery("taken")


def _lost(as_of: date) -> ColumnElement[bool]:
    lost = and_(Acceptance.conclusion.in_(_LOST), Acceptance.concluded_on <= as_of)
    return func.coalesce(and_(lost, ~Project.self_established), False)


def _is_on_way(as_of: date) -> ColumnElement[bool]:
    """Whether a proposal was live; asked by its index, of the few tranches that are open."""
    live = select(Proposal.id).where(Proposal.tranche_id == Tranche.id, Proposal.proposed_on <= as_of)
    live = live.where(or_(Proposal.ending.is_(None), Proposal.ended_on > as_of))
    return live.correlate(Tranche).exists()
