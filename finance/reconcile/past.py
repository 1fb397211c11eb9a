"""The history as an independent book: what its entries add up to, against the rows of today.

Whoever alters a row behind everybody's back would have to alter the chained history as well, and
``keguan audit verify`` shows that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from finance.reconcile.books import Books, TrancheRow
from finance.reconcile.difference import BEHIND_BACK, Difference, Sum
from finance.states import LineResult
from lifecycle.models import AuditEntry
from lifecycle.models import Spending as SpendingRow
from lifecycle.money import Fen
from lifecycle.record import FISCAL, Source
from lifecycle.stages import TrancheState

_RECORDED, _UNDONE = "receipt.record", "receipt.undo"
_ENTERED, _REVERSED = ("spending.enter", "spending.import"), "spending.reverse"
_PASSED_OVER = ("tranche.propose", "tranche.approve", "tranche.return", "tranche.withdraw")
_FAILED = frozenset({LineResult.FAILED, LineResult.VOIDED})
_CHANGED = f"办理之后数据被改动；{BEHIND_BACK}"

At = tuple[int, int]
"""A project's id and a tranche's: ids of rows that are gone may be given again."""


class Entered(NamedTuple):
    """A row of spending as it is in the database."""

    id: int
    project_id: int
    source: Source
    amount: Fen
    voucher: str | None
    reversal_of_id: int | None
    reversed: Fen | None
    """Of a reversal, what the row says that it takes back, where that is of the same source."""


class Book:
    """What the history of some projects adds up to. Amounts are fen."""

    def __init__(self) -> None:
        self.paid: dict[At, Fen] = defaultdict(int)
        """Booked as paid or arrived, and not taken back."""
        self.failed: dict[At, Fen] = defaultdict(int)
        """On an issued sheet and not paid."""
        self.taken_back: dict[At, Fen] = defaultdict(int)
        """Booked as paid and taken back."""
        self.told: dict[int, tuple[Source, Fen]] = {}
        """Row of spending → its source and amount as it was entered; of a large file only the first."""
        self.entered: dict[tuple[int, Source], Fen] = defaultdict(int)
        """Project and source → all spending entered, those included."""
        self.reversals: dict[At, int] = {}
        """Project and row of spending → the row it takes back."""

    def take(
        self, project_id: int, action: str, details: Mapping[str, Any], sources: Mapping[int, Source]
    ) -> None:
        """Add an entry; ``sources`` are those of the tranches that are there."""
        if action in _ENTERED:
            self._take_spending(project_id, details)
        elif action == _REVERSED:
            old, new = details["spending"]
            self.reversals[project_id, new] = old
        elif "tranche" in details and "amount_fen" in details:
            public = sources.get(details["tranche"]) in FISCAL
            self._take_money((project_id, details["tranche"]), action, details, public=public)

    def _take_spending(self, project_id: int, details: Mapping[str, Any]) -> None:
        rows = [(Source(row["source"]), row["amount_fen"]) for row in details["rows"]]
        self.told.update(zip(details["spending"], rows, strict=True))
        for source, fen in details["sums"].items():
            self.entered[project_id, Source(source)] += fen

    def _take_money(self, at: At, action: str, details: Mapping[str, Any], *, public: bool) -> None:
        fen = details["amount_fen"]
        states = details.get("old"), details.get("new")
        if action == _RECORDED or states[1] == TrancheState.PAID:
            self.paid[at] += fen
        elif action == _UNDONE:
            self.paid[at] -= 0 if public else fen
        elif states == (TrancheState.PAID, TrancheState.APPROVED):
            self.paid[at] -= fen
            self.taken_back[at] += fen
        elif states == (TrancheState.ISSUED, TrancheState.APPROVED):
            self.failed[at] += fen


def read_past(session: Session, agency_id: int, books: Books) -> Book:
    """Return what the history says of the money of some projects."""
    sources = {row.id: row.source for rows in books.tranches.values() for row in rows}
    entry = AuditEntry
    query = (
        select(entry.project_id, entry.action, entry.details)
        .where(entry.chain == agency_id, entry.project_id.in_(books.projects))
        .where(_of_money(entry.action))
        .order_by(entry.project_id, entry.serial)
    )
    book = Book()
    for project_id, action, details in session.execute(query):
        book.take(project_id, action, details, sources)
    return book


def _of_money(action: Any) -> Any:
    """Return the condition that an entry may be about money."""
    kinds = ("payment.%", "batch.%", "return.%", "receipt.%", "spending.%")
    found = action.like(kinds[0])
    for kind in kinds[1:]:
        found |= action.like(kind)
    return found


def past_ties(session: Session, agency_id: int, books: Books) -> Iterator[Difference]:
    """Yield where the history and the rows differ."""
    book = read_past(session, agency_id, books)
    there = {(row.project_id, row.id): row for rows in books.tranches.values() for row in rows}
    for at in sorted(there.keys() | book.paid.keys()):
        yield from _tranche(books, book, at, there.get(at))
    yield from _spending(books, book, _entered(session, books))


def _tranche(books: Books, book: Book, at: At, row: TrancheRow | None) -> Iterator[Difference]:
    lines = books.lines.get(at[1], ()) if row else ()
    back = sum(one.amount for one in books.reversals.get(at[1], ()) if row)
    compared = {
        "拨付、到账": (book.paid[at], (row.paid or 0) if row and row.booked_by_id is not None else 0),
        "未拨出、作废": (book.failed[at], sum(one.amount for one in lines if one.result in _FAILED)),
        "冲正": (book.taken_back[at], back),
    }
    for what, (told, is_there) in compared.items():
        yield from books.differ(
            at[0],
            row.source if row else None,
            f"{row.name if row else '已删去的期次'}：办理记录与{what}登记",
            Sum("办理记录", told),
            Sum("现有登记", is_there),
            _CHANGED,
        )


def _entered(session: Session, books: Books) -> list[Entered]:
    row = SpendingRow
    old = aliased(SpendingRow)
    own = (row.id, row.project_id, row.source, row.amount_fen, row.voucher, row.reversal_of_id)
    query = select(*own, old.amount_fen).outerjoin(
        old, and_(old.id == row.reversal_of_id, old.source == row.source, old.project_id == row.project_id)
    )
    query = query.where(row.project_id.in_(books.projects), row.entered_at.is_not(None))
    return [Entered(*one) for one in session.execute(query)]


def _spending(books: Books, book: Book, rows: list[Entered]) -> Iterator[Difference]:
    """Yield rows of spending that are not what was entered, are gone, or that nobody entered."""
    left = dict(book.entered)
    known = {row.id: row for row in rows}
    for row in rows:
        if row.reversal_of_id is not None:
            continue
        told = book.told.get(row.id)
        key = row.project_id, told[0] if told else row.source
        left[key] = left.get(key, 0) - (told[1] if told else row.amount)
        if told is not None and told != (row.source, row.amount):
            yield from _altered(books, row, told)
    for (project_id, source), fen in left.items():
        yield from books.differ(
            project_id,
            source,
            "支出登记与办理记录",
            Sum("办理记录多于登记", max(fen, 0)),
            Sum("登记多于办理记录", max(-fen, 0)),
            f"有支出被删去、加入或改动；{BEHIND_BACK}",
        )
    yield from _reversals(books, book, known)


def _altered(books: Books, row: Entered, told: tuple[Source, Fen]) -> Iterator[Difference]:
    same = row.amount if row.source is told[0] else 0
    yield from books.differ(
        row.project_id,
        told[0],
        f"支出（凭证 {row.voucher or '未登记'}）：登记时与现在",
        Sum("办理记录", told[1]),
        Sum("现有登记", same),
        _CHANGED,
    )


def _reversals(books: Books, book: Book, known: Mapping[int, Entered]) -> Iterator[Difference]:
    """Yield reversals that do not take back exactly their row, that nobody made, or that are gone."""
    there = {(row.project_id, row.id): row for row in known.values() if row.reversal_of_id is not None}
    for at in sorted(there.keys() | book.reversals.keys()):
        row = there.get(at)
        told = row is not None and book.reversals.get(at) == row.reversal_of_id
        yield from books.differ(
            at[0],
            row.source if row else None,
            f"支出冲销（凭证 {row.voucher if row else '已删去'}）：与原支出、办理记录",
            Sum("冲销金额", -row.amount if row else 0),
            _taken_back(row, told=told),
            f"冲销不是在系统中办理的，或原支出被改动；{BEHIND_BACK}",
        )


def _taken_back(row: Entered | None, *, told: bool) -> Sum:
    if row is None:
        return Sum("办理记录（1 笔，金额见记录）", 1)
    return Sum("在系统中冲销的原支出", (row.reversed or 0) if told else 0)
