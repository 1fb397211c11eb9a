"""What the history says came back of clearings, row by row, against the rows of today.

Entries written before they bore amounts prove nothing and disprove nothing: their rows are a remark. What
such rows come to is still held against the acceptance and the clearing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.models import ClearingReturn
from finance.reconcile.books import Books
from finance.reconcile.difference import BEHIND_BACK, Difference, Sum
from finance.reconcile.plans import Key
from lifecycle.models import AuditEntry, Clearing
from lifecycle.money import Fen
from lifecycle.record import Source

_ACTS = ("clearing.record_return", "clearing.reverse_return", "clearing.take_over")
_RETURNS = "returns"
_CHANGED = f"登记之后退款被改动；{BEHIND_BACK}"


class Refund(NamedTuple):
    """A return as it is in the database."""

    id: int
    project_id: int
    source: Source
    amount: Fen
    voucher: str
    by_id: int | None
    at: datetime


class Told(NamedTuple):
    """A return as its entry tells it."""

    source: Source
    amount: Fen
    voucher: str


class Past:
    """What the history of some projects says came back."""

    def __init__(self) -> None:
        self.told: dict[tuple[int, int], Told] = {}
        """By project and row."""
        self.bare: set[tuple[int, datetime]] = set()
        """Project and moment of entries without amounts."""

    def take(self, project_id: int, at: datetime, details: Mapping[str, Any]) -> None:
        """Add an entry."""
        if _RETURNS not in details:
            self.bare.add((project_id, at))
        for one in details.get(_RETURNS, ()):
            told = Told(Source(one["source"]), one["amount_fen"], one["voucher"])
            self.told[project_id, one["return"]] = told

    def is_older(self, row: Refund) -> bool:
        """Whether a return was recorded when entries bore no amounts, or before it was a row."""
        return row.by_id is None or (row.project_id, row.at) in self.bare


def refunds_tie(session: Session, agency_id: int, books: Books) -> Iterator[Difference]:
    """Yield returns that are not what was recorded, are gone, or that nobody recorded."""
    past, older = _past(session, agency_id, books), dict[Key, Fen]()
    left = dict(past.told)
    for row in _rows(session, books):
        told = left.pop((row.project_id, row.id), None)
        if told is not None:
            yield from _altered(books, row.project_id, told, row)
        elif past.is_older(row):
            key = row.project_id, row.source
            older[key] = older.get(key, 0) + row.amount
        else:
            yield from _unknown(books, row)
    for (project_id, _), told in left.items():
        yield from _altered(books, project_id, told, None)
    for (project_id, source), fen in older.items():
        yield from books.differ(
            project_id,
            source,
            "较早登记的退款与办理记录",
            Sum("办理记录（当时没有记金额）", 0),
            Sum("现有登记", fen),
            "这些退款登记时，办理记录还没有记金额，无法逐笔核对；合计已与验收结论和清算核对",
            remark=True,
        )


def _past(session: Session, agency_id: int, books: Books) -> Past:
    entry, past = AuditEntry, Past()
    query = select(entry.project_id, entry.at, entry.details).where(
        entry.chain == agency_id, entry.project_id.in_(books.projects), entry.action.in_(_ACTS)
    )
    for project_id, at, details in session.execute(query.order_by(entry.serial)):
        past.take(project_id, at, details)
    return past


def _rows(session: Session, books: Books) -> list[Refund]:
    one = ClearingReturn
    query = (
        select(
            *(one.id, Clearing.project_id, one.source, one.amount_fen, one.voucher),
            *(one.recorded_by_id, one.recorded_at),
        )
        .join(Clearing, Clearing.id == one.clearing_id)
        .where(Clearing.project_id.in_(books.projects))
        .order_by(one.id)
    )
    return [Refund(*row) for row in session.execute(query)]


def _altered(books: Books, project_id: int, told: Told, row: Refund | None) -> Iterator[Difference]:
    """Yield that a return is not what was recorded; one of another source or voucher is not it at all."""
    same = row is not None and (row.source, row.voucher) == (told.source, told.voucher)
    yield from books.differ(
        project_id,
        told.source,
        f"退款（凭证 {told.voucher}）：登记时与现在",
        Sum("办理记录", told.amount),
        Sum("现有登记", row.amount if row is not None and same else 0),
        _CHANGED,
    )


def _unknown(books: Books, row: Refund) -> Iterator[Difference]:
    yield from books.differ(
        row.project_id,
        row.source,
        f"退款（凭证 {row.voucher}）与办理记录",
        Sum("办理记录", 0),
        Sum("现有登记", row.amount),
        f"退款不是在系统中登记的；{BEHIND_BACK}",
    )
