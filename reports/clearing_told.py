"""What the papers of a clearing tell, whoever prints them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from finance.clearing.figures import Figures
from finance.clearing.shown import ShownLine, ShownReturn
from lifecycle.money import Fen
from lifecycle.record import Conclusion, Source


@dataclass(frozen=True, slots=True)
class ClearingTold:
    """A clearing as its papers have it. Amounts are fen."""

    agency: str
    kind: str
    """财务清算 or 结余处理."""
    number: str
    title: str
    programme: str
    lead_unit: str
    pi_name: str
    conclusion: Conclusion | None
    concluded_on: date | None
    citation: str
    figures: Figures
    settled_by: str = ""
    settled_on: date | None = None
    confirmed_by: str = ""
    confirmed_on: date | None = None
    """``None``: a draft, and marked as one."""
    due_on: date | None = None
    note: str = ""
    returned: Mapping[Source, Fen] = field(default_factory=dict)
    lines: Sequence[ShownLine] = ()
    returns: Sequence[ShownReturn] = ()

    @property
    def heading(self) -> str:
        """The papers' title."""
        return f"{'财务清算表' if self.kind == '财务清算' else '结余资金处理表'}{self.mark and '（草稿）'}"

    @property
    def mark(self) -> str:
        """What stands beside the title of what is not settled for good."""
        return "" if self.confirmed_on else "草稿"

    @property
    def back(self) -> Fen:
        """What has come back."""
        return sum(self.returned.values())
