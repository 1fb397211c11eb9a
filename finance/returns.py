"""Returned sheets as pages show them: those of a batch, and one with its lines heap by heap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.batches import ListedBatch, show_batch
from finance.models import BatchLine, ReturnedSheet
from finance.returned_lines import BARRED, BOOKABLE, Heap, ReadLine, ReadSheet
from finance.returning import find_returned
from finance.states import LineResult, ReturnedState
from lifecycle.models import User
from lifecycle.money import Fen
from lifecycle.roles import Actor


@dataclass(frozen=True, slots=True)
class ListedReturn:
    """A returned sheet in the list of its batch."""

    id: int
    file_name: str
    state: ReturnedState
    read_by: str
    read_on: date
    booked_on: date | None


@dataclass(frozen=True, slots=True)
class ReturnedLine:
    """One line of a returned sheet, with the line of the batch that it is."""

    heap: Heap
    """As it stands now: what was booked in the meantime is ``SETTLED``."""
    read: ReadLine
    line_id: int | None
    project_number: str
    project_title: str
    payee: str
    account: str
    amount: Fen | None
    result: LineResult | None


@dataclass(frozen=True, slots=True)
class HeapSum:
    """How many lines are in a heap, and what they come to."""

    heap: Heap
    lines: int
    total: Fen | None
    """``None`` where lines are none of the batch's."""


@dataclass(frozen=True, slots=True)
class HeapPage:
    """One page of the lines of a heap."""

    heap: Heap
    lines: Sequence[ReturnedLine]
    number: int
    pages: int


@dataclass(frozen=True)
class ShownReturn:
    """A returned sheet with everything that was read of it."""

    returned: ReturnedSheet
    batch: ListedBatch
    lines: Sequence[ReturnedLine]
    columns: Mapping[str, str]
    remarks: Sequence[str]

    @property
    def heaps(self) -> list[HeapSum]:
        """The heaps that have lines, in the order in which they are looked at."""
        return [self._sum(heap) for heap in Heap if any(line.heap is heap for line in self.lines)]

    def _sum(self, heap: Heap) -> HeapSum:
        own = [line for line in self.lines if line.heap is heap]
        amounts = {line.line_id: line.amount for line in own}
        known = all(amount is not None for amount in amounts.values())
        return HeapSum(heap, len(own), sum(amount or 0 for amount in amounts.values()) if known else None)

    @property
    def barred(self) -> int:
        """How many lines can never be booked from this sheet."""
        return sum(line.heap in BARRED for line in self.lines)

    @property
    def bookable(self) -> list[ReturnedLine]:
        """The lines that would be booked now."""
        return [line for line in self.lines if line.heap in BOOKABLE]

    def page_of(self, heap: Heap, number: int, per_page: int = 100) -> HeapPage:
        """Return a page of a heap; a page beyond the last gives the last."""
        own = [line for line in self.lines if line.heap is heap]
        pages = max(1, -(-len(own) // per_page))
        number = min(max(1, number), pages)
        return HeapPage(heap, own[(number - 1) * per_page : number * per_page], number, pages)

    @property
    def is_open(self) -> bool:
        """Whether it waits to be booked."""
        return self.returned.state is ReturnedState.READ


def list_returns(session: Session, actor: Actor, batch_id: int) -> tuple[ListedBatch, Sequence[ListedReturn]]:
    """Return a batch and what came back of it, the latest first. Raises ``NotFound``."""
    batch = show_batch(session, actor, batch_id, per_page=1).batch
    query = select(ReturnedSheet, User.name).join(User, User.id == ReturnedSheet.read_by_id)
    rows = session.execute(query.where(ReturnedSheet.batch_id == batch_id).order_by(ReturnedSheet.id.desc()))
    return batch, [
        ListedReturn(one.id, one.file_name, one.state, name, one.read_on, one.booked_on) for one, name in rows
    ]


def show_returned(session: Session, actor: Actor, returned_id: int) -> ShownReturn:
    """Return a returned sheet with its lines. Raises ``NotFound``."""
    returned = find_returned(session, actor, returned_id)
    batch = show_batch(session, actor, returned.batch_id, per_page=1).batch
    known = _lines_of(session, returned.batch_id)
    read = ReadSheet.from_plain(returned.found)
    if returned.state is ReturnedState.READ:
        settled = {place for place, line in known.items() if line.result is not None}
    else:
        settled = set(returned.found.get("settled", ()))
    lines = [_with_line(line, known.get(line.sequence or 0), settled) for line in read.lines]
    return ShownReturn(returned, batch, lines, read.columns, read.remarks)


def _lines_of(session: Session, batch_id: int) -> dict[int, Any]:
    """Return what is shown of a batch's lines, by their place on the sheet."""
    line = BatchLine
    shown = (line.project_number, line.project_title, line.payee, line.bank_account, line.amount_fen)
    query = select(line.id, *shown, line.result).where(line.batch_id == batch_id)
    return dict(enumerate(session.execute(query.order_by(line.position)), 1))


def _with_line(read: ReadLine, line: Any, settled: set[int]) -> ReturnedLine:
    heap = Heap.SETTLED if read.sequence in settled and read.heap not in BARRED else read.heap
    if line is None:
        return ReturnedLine(heap, read, None, "", read.said, "", "", None, None)
    return ReturnedLine(heap, read, *line)
