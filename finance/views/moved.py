"""Public money that has moved: paid, taken back, returned. The lines behind every sum of payments.

A payment that was taken back later stays among the payments of its day; the reversal stands on a day of its
own. So a year that is over never changes. What came back is what was recorded payment by payment; where a
ledger says that more came back than that, the rest is one line without day and voucher: nothing counts twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Date,
    Integer,
    Select,
    String,
    Subquery,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session

from finance.models import Batch, BatchLine, ClearingReturn, PaymentReversal
from finance.views.asking import Which, of_projects, plain, within
from lifecycle.models import Acceptance, Clearing, Payment, Project, Tranche
from lifecycle.money import Fen
from lifecycle.record import FISCAL, Source
from lifecycle.roles import Actor
from lifecycle.visibility import visible


class Book(StrEnum):
    """What moved."""

    PAID = "paid"
    REVERSED = "reversed"
    RETURNED = "returned"


BOOK_NAMES = {Book.PAID: "拨付", Book.REVERSED: "冲正", Book.RETURNED: "退回"}


@dataclass(frozen=True, slots=True)
class Movement:
    """One line. ``amount`` is fen; of a return it is below 0 where an earlier one was taken back."""

    project_number: str
    project_title: str
    programme: str
    lead_unit: str
    source: Source | None
    tranche_id: int | None
    tranche_number: int | None
    batch_id: int | None
    batch_number: str | None
    clearing_id: int | None
    day: date | None
    voucher: str | None
    amount: Fen
    other_day: date | None
    """Of a payment, when it was taken back; of a reversal, when the money had been paid."""
    note: str | None


@dataclass(frozen=True, slots=True)
class MovedPage:
    """One page of lines, with count and sum of everything that is asked for."""

    rows: Sequence[Movement]
    count: int
    total: Fen
    number: int
    pages: int


def moved_page(
    session: Session, actor: Actor, book: Book, which: Which, today: date, page: int, per_page: int
) -> MovedPage:
    """Return a page of what moved by ``today``, the earliest first; a page beyond the last gives the last."""
    moved = _BOOKS[book](today)
    sums = select(func.count(), func.coalesce(func.sum(moved.c.amount_fen), 0))
    count, total = session.execute(_asked(sums, moved, actor, which)).one()
    pages = max(1, -(-count // per_page))
    number = min(max(1, page), pages)
    query = _rows(moved, actor, which).limit(per_page).offset((number - 1) * per_page)
    return MovedPage([_movement(*row) for row in session.execute(query)], count, int(total), number, pages)


def count_moved(session: Session, actor: Actor, which: Which, today: date) -> int:
    """Return how many lines moved by ``today``, in all books; one statement."""
    counts = (_asked(select(func.count()), book(today), actor, which) for book in _BOOKS.values())
    return sum(session.execute(select(*(one.scalar_subquery() for one in counts))).one())


def every_movement(
    session: Session, actor: Actor, book: Book, which: Which, today: date
) -> Iterator[Movement]:
    """Yield all that moved and is asked for, in the order of the pages, for an export."""
    for row in session.execute(_rows(_BOOKS[book](today), actor, which)):
        yield _movement(*row)


def moved_by(
    session: Session, actor: Actor, book: Book, which: Which, today: date, by: Sequence[str]
) -> dict[tuple[Any, ...], Fen]:
    """Return what moved, summed by ``programme``, ``unit``, ``source`` or ``year``; one statement."""
    moved = _BOOKS[book](today)
    ways: Mapping[str, Any] = {
        "programme": Project.programme,
        "unit": Project.lead_unit,
        "source": moved.c.source,
        "year": func.extract("year", moved.c.day),
    }
    keys = [ways[name].label(f"by_{name}") for name in by]
    total = func.coalesce(func.sum(moved.c.amount_fen), 0)
    query = _asked(select(*keys, total), moved, actor, which).group_by(*keys)
    return {tuple(map(plain, row[:-1])): int(row[-1]) for row in session.execute(query)}


def _asked(query: Select[Any], moved: Subquery, actor: Actor, which: Which) -> Select[Any]:
    query = query.select_from(moved).join(Project, Project.id == moved.c.project_id)
    query = query.where(visible(actor), *of_projects(which), *within(which, moved.c.day))
    if which.sourceless:
        return query.where(moved.c.source.is_(None))
    return query if which.source is None else query.where(moved.c.source == which.source)


def _rows(moved: Subquery, actor: Actor, which: Which) -> Select[*tuple[Any, ...]]:
    line = moved.c
    query: Select[*tuple[Any, ...]] = select(
        Project.number,
        Project.title,
        Project.programme,
        Project.lead_unit,
        line.source,
        line.tranche_id,
        Tranche.number,
        Batch.id,
        Batch.year,
        Batch.running,
        line.clearing_id,
        line.day,
        line.voucher,
        line.amount_fen,
        line.other_day,
        line.note,
    )
    query = _asked(query, moved, actor, which)
    query = query.outerjoin(Tranche, Tranche.id == line.tranche_id)
    query = query.outerjoin(BatchLine, BatchLine.id == line.line_id)
    query = query.outerjoin(Batch, Batch.id == BatchLine.batch_id)
    order = (func.coalesce(line.day, date.max), func.coalesce(line.voucher, ""), Project.number)
    return query.order_by(*order, line.tranche_id, line.row_id)


def _movement(*row: Any) -> Movement:
    before, (batch_id, year, running) = row[:7], row[7:10]
    clearing_id, day, voucher, amount, *rest = row[10:]
    number = None if batch_id is None else f"{year}-{running:03d}"
    values: tuple[Any, ...] = (*before, batch_id, number, clearing_id, day, voucher, int(amount), *rest)
    return Movement(*values)


def _paid(today: date) -> Subquery:
    """Return what was paid, what was taken back later included."""
    standing = (
        select(
            *_line_of(
                row_id=Payment.id,
                line_id=BatchLine.id,
                amount_fen=Payment.amount_fen,
                day=Payment.paid_on,
                voucher=Payment.voucher,
                other_day=cast(null(), Date),
                note=cast(null(), String),
            )
        )
        .join(Tranche, Tranche.id == Payment.tranche_id)
        .outerjoin(BatchLine, and_(BatchLine.tranche_id == Tranche.id, BatchLine.stands))
        .where(Payment.paid_on <= today, Payment.amount_fen != 0, Tranche.source.in_(FISCAL))
    )
    taken_back = _reversals(
        PaymentReversal.paid_on, PaymentReversal.voucher, PaymentReversal.reversed_on, today
    )
    return union_all(standing, taken_back).subquery()


def _reversed(today: date) -> Subquery:
    """Return what was taken back, each on the day on which it was."""
    return _reversals(
        PaymentReversal.reversed_on, PaymentReversal.reversal_voucher, PaymentReversal.paid_on, today
    ).subquery()


def _reversals(day: Any, voucher: Any, other_day: Any, today: date) -> Select[*tuple[Any, ...]]:
    return (
        select(
            *_line_of(
                row_id=PaymentReversal.id,
                line_id=PaymentReversal.line_id,
                amount_fen=PaymentReversal.amount_fen,
                day=day,
                voucher=voucher,
                other_day=other_day,
                note=PaymentReversal.reason,
            )
        )
        .join(Tranche, Tranche.id == PaymentReversal.tranche_id)
        .where(day <= today, Tranche.source.in_(FISCAL))
    )


def _line_of(**columns: Any) -> Iterator[Any]:
    """Yield the columns of a line that belongs to a tranche."""
    yield Tranche.project_id.label("project_id")
    yield Tranche.id.label("tranche_id")
    yield cast(null(), Integer).label("clearing_id")
    yield Tranche.source.label("source")
    for name, column in columns.items():
        yield column.label(name)


def _returned(today: date) -> Subquery:
    """Return what came back: every return on its day, and what only a ledger knows of, without one."""
    recorded = (
        select(
            Clearing.project_id.label("project_id"),
            ClearingReturn.clearing_id.label("clearing_id"),
            ClearingReturn.source.label("source"),
            ClearingReturn.id.label("row_id"),
            ClearingReturn.amount_fen.label("amount_fen"),
            ClearingReturn.returned_on.label("day"),
            ClearingReturn.voucher.label("voucher"),
            ClearingReturn.note.label("note"),
        )
        .join(Clearing, Clearing.id == ClearingReturn.clearing_id)
        .where(ClearingReturn.returned_on <= today, ClearingReturn.source.in_(FISCAL))
    )
    lines = union_all(recorded, _from_ledgers()).subquery()
    return select(
        lines,
        cast(null(), Integer).label("tranche_id"),
        cast(null(), Integer).label("line_id"),
        cast(null(), Date).label("other_day"),
    ).subquery()


def _from_ledgers() -> Select[*tuple[Any, ...]]:
    """Return, by project, what its record says came back beyond the returns recorded one by one.

    Of a project with money of one public source alone it is that source's; else nobody said whose it is.
    """
    known = (
        select(func.coalesce(func.sum(ClearingReturn.amount_fen), 0))
        .join(Clearing, Clearing.id == ClearingReturn.clearing_id)
        .where(Clearing.project_id == Acceptance.project_id)
        .correlate(Acceptance)
        .scalar_subquery()
    )
    one_source = case(
        (Project.provincial_fen == 0, Source.DISTRICT.value),
        (Project.district_fen == 0, Source.PROVINCIAL.value),
    )
    return (
        select(
            Acceptance.project_id.label("project_id"),
            Clearing.id.label("clearing_id"),
            type_coerce(one_source, ClearingReturn.source.type).label("source"),
            Acceptance.id.label("row_id"),
            (Acceptance.returned_fen - known).label("amount_fen"),
            cast(null(), Date).label("day"),
            cast(null(), String).label("voucher"),
            literal("随台账导入").label("note"),
        )
        .join(Project, Project.id == Acceptance.project_id)
        .outerjoin(Clearing, Clearing.project_id == Acceptance.project_id)
        .where(Acceptance.returned_fen > known)
    )


_BOOKS: Mapping[Book, Callable[[date], Subquery]] = {
    Book.PAID: _paid,
    Book.REVERSED: _reversed,
    Book.RETURNED: _returned,
}
