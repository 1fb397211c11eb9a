"""A disbursement (拨付表) as data: what an issued batch says, line by line, with checksum and codes."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import sha256
from typing import NamedTuple

from lifecycle.money import Fen
from lifecycle.record import Source

LARGEST: Fen = 10**15
"""Sums from here on have more than 15 digits in fen: no spreadsheet keeps them exactly."""

_LETTERS = "BCDFGHJKMNPQRTVWXY"
"""No vowels, and none that is easily taken for a digit: a code is neither a word nor a number."""
_CHECK_LETTERS = 4
_CODE = re.compile(rf"([0-9]{{2}})([0-9]{{3,}})-([0-9]{{4,}})-([{_LETTERS}]{{{_CHECK_LETTERS}}})")


class LineCode(NamedTuple):
    """行码, taken apart: of which batch and which of its lines it claims to be."""

    batch_number: str
    sequence: int

    @classmethod
    def read(cls, text: str) -> LineCode | None:
        """Return what a code says; ``None`` for what is none."""
        match = _CODE.fullmatch(text)
        return cls(f"20{match[1]}-{match[2]}", int(match[3])) if match else None


def line_code(batch_number: str, checksum: str, sequence: int) -> str:
    """Return the 行码 of a line (``26003-0012-KMPX``): batch, place, four letters of the checksum.

    It tells a line wherever it is moved to, and cannot be made up by counting on.
    """
    year, _, running = batch_number.partition("-")
    number = int.from_bytes(sha256(f"{checksum}/{sequence}".encode()).digest()[:8])
    letters = ""
    for _ in range(_CHECK_LETTERS):
        number, place = divmod(number, len(_LETTERS))
        letters += _LETTERS[place]
    return f"{year[-2:]}{running}-{sequence:04d}-{letters}"


class DisbursementLine(NamedTuple):
    """One payment of the sheet. Amounts are fen."""

    project_number: str
    project_title: str
    source: Source
    payee: str
    bank_name: str
    bank_account: str
    granted: Fen
    """资助总额: what the project has from this source."""
    paid_before: Fen
    amount: Fen
    basis: str


@dataclass(frozen=True)
class Disbursement:
    """The whole of what a sheet says."""

    agency: str
    number: str
    payer: str
    """拨款单位."""
    issued_on: date
    lines: Sequence[DisbursementLine]
    layout: bytes | None = None
    """The office's own workbook into which it is printed, if it has one. No part of what it says."""

    @property
    def codes(self) -> Sequence[str]:
        """The 行码 of every line, in order."""
        return [line_code(self.number, self.checksum, place + 1) for place in range(len(self.lines))]

    @property
    def total(self) -> Fen:
        """The sum of all payments."""
        return sum(line.amount for line in self.lines)

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources of its payments, in their order."""
        found = {line.source for line in self.lines}
        return tuple(source for source in Source if source in found)

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of everything it says in canonical form, in hexadecimal."""
        head = [self.agency, self.number, self.payer, self.issued_on.isoformat()]
        told = [head, list(self.lines)]
        return sha256(json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
