"""Why a ledger workbook is refused: every wrong cell at once, as data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lifecycle.refusals import Refusal


class CellError(NamedTuple):
    """One wrong cell. ``row`` is the row as Excel shows it; ``column`` the header without its unit.

    A missing 项目 sheet has neither row nor column; a file that is no workbook has none of the three.
    """

    sheet: str | None
    row: int | None
    column: str | None
    message: str

    @property
    def where(self) -> str:
        """The place as people say it: ``项目 第 5 行“实施结束”``."""
        row = f"第 {self.row} 行" if self.row is not None else ""
        column = f"“{self.column}”" if self.column is not None else ""
        return f"{self.sheet or ''} {row}{column}".strip()

    def __str__(self) -> str:
        return f"{self.where}：{self.message}" if self.where else self.message


class PassedOver(NamedTuple):
    """A sheet, or a column of a known sheet, that the ledger does not know."""

    sheet: str
    column: str | None

    def __str__(self) -> str:
        return f"工作表“{self.sheet}”" if self.column is None else f"工作表“{self.sheet}”的“{self.column}”列"


class LedgerRefused(Refusal):
    """The workbook is not valid; ``errors`` are all its errors in the order of the contract.

    ``passed_over`` often shows why: a column is missing because its header is misspelt.
    """

    def __init__(self, errors: Sequence[CellError], passed_over: Sequence[PassedOver] = ()) -> None:
        self.errors = tuple(errors)
        self.passed_over = tuple(passed_over)
        super().__init__("；".join(str(error) for error in self.errors[:3]))


class NotAWorkbook(Refusal):
    """The file is no workbook that can be read; the message says why."""
