"""A disbursement (拨付表) as data: what an issued batch says, line by line, and its checksum."""

from __future__ import annotations

import json
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
        """SHA-256 of everything above in canonical form, in hexadecimal."""
        head = [self.agency, self.number, self.payer, self.issued_on.isoformat()]
        told = [head, list(self.lines)]
        return sha256(json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
