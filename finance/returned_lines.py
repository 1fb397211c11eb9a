"""What a returned sheet says of each line of its batch, as data: what is shown, and what may be booked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from lifecycle.refusals import Refusal


class Heap(StrEnum):
    """What becomes of a line of a returned sheet."""

    PAID = "已拨付"
    FAILED = "未拨出"
    OPEN = "尚未办理"
    """Nothing is filled in: it stays open."""
    FAULTY = "填写有误"
    ALTERED = "内容被改动"
    TWICE = "重复出现"
    UNKNOWN = "不属于本批次"
    MISSING = "回执中没有"
    SETTLED = "此前已登记"
    """Somebody has booked it in the meantime, or before."""


BOOKABLE = (Heap.PAID, Heap.FAILED)
BARRED = (Heap.ALTERED, Heap.UNKNOWN, Heap.TWICE, Heap.FAULTY)
"""Never booked from this sheet: where there are any, the officer must say that they are left out."""


class CellNote(NamedTuple):
    """What is to be said of a cell, named as Excel shows it (``N12``)."""

    cell: str
    words: str


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One line as the returned sheet has it, or one of the batch that is not in it."""

    heap: Heap
    sequence: int | None
    """Which line of the batch, from 1; ``None`` where it is none of it."""
    row: int | None
    """Its row as Excel shows it."""
    on: date | None = None
    voucher: str = ""
    reason: str = ""
    said: str = ""
    """How a line that is none of the batch's names itself."""
    notes: tuple[CellNote, ...] = ()

    def to_plain(self) -> list[Any]:
        """Return it as JSON holds it."""
        day = self.on.isoformat() if self.on else None
        notes = [list(note) for note in self.notes]
        return [self.heap.value, self.sequence, self.row, day, self.voucher, self.reason, self.said, notes]

    @classmethod
    def from_plain(cls, plain: Sequence[Any]) -> ReadLine:
        """Return what ``to_plain`` made plain."""
        heap, sequence, row, day, voucher, reason, said, notes = plain
        on = date.fromisoformat(day) if day else None
        told = tuple(CellNote(*note) for note in notes)
        return cls(Heap(heap), sequence, row, on, voucher, reason, said, told)


@dataclass(frozen=True, slots=True)
class ReadSheet:
    """A returned sheet, read and matched line by line with the sheet that was issued."""

    lines: tuple[ReadLine, ...]
    """In the order of its rows; then what is missing, in the order of the batch."""
    columns: dict[str, str]
    """办理结果, 拨付日期, 凭证号, 未拨出原因 → the letter of the column it was read from."""
    remarks: tuple[str, ...] = ()
    """What is to be said of it as a whole."""

    def to_plain(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        lines = [line.to_plain() for line in self.lines]
        return {"lines": lines, "columns": self.columns, "remarks": list(self.remarks)}

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> ReadSheet:
        """Return what ``to_plain`` made plain."""
        lines = tuple(ReadLine.from_plain(line) for line in plain["lines"])
        return cls(lines, plain["columns"], tuple(plain["remarks"]))


@dataclass(frozen=True, slots=True)
class IssuedSheet:
    """The sheet that is held against what came back."""

    number: str
    checksum: str
    issued_on: date
    lines: int
    workbook: bytes


class NotTheSheet(Refusal):
    """The workbook is not the sheet of this batch, or what tells its lines is gone."""
