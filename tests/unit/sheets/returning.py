"""Sheets as they come back: rows of an issued sheet answered, moved about, altered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from io import BytesIO
from typing import Any

from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from finance.disbursement import Disbursement
from finance.returned_lines import IssuedSheet, ReadSheet
from reports.returned.matching import read_returned
from reports.sheet import disbursement_sheet
from reports.sheet.layout import read_layout
from reports.sheet.standard import standard_layout
from tests.unit.sheets.layouts import saved

TODAY = date(2026, 7, 8)
PAID = {"办理结果": "已拨付", "拨付日期": date(2026, 7, 1), "凭证号": "记-12"}
FAILED = {"办理结果": "未拨出", "未拨出原因": "户名不符"}

Answers = Mapping[str, object]


def issued_of(told: Disbursement) -> IssuedSheet:
    """Return a batch's sheet as it was issued."""
    return IssuedSheet(told.number, told.checksum, told.issued_on, len(told.lines), disbursement_sheet(told))


class Returned:
    """An issued sheet on the desk of whoever pays."""

    def __init__(self, told: Disbursement) -> None:
        self.issued = issued_of(told)
        layout = read_layout(told.layout or standard_layout(with_source=len(told.sources) > 1))
        self.columns, self.first = layout.columns, layout.line
        self._count = len(told.lines)
        self.page: Worksheet = load_workbook(BytesIO(self.issued.workbook)).worksheets[0]

    def set(self, sequence: int, values: Answers) -> Returned:
        """Fill cells of a line in, by mark."""
        for mark, value in values.items():
            self.page.cell(self.first + sequence - 1, self.columns[mark]).value = value
        return self

    def set_all(self, values: Answers) -> Returned:
        """Fill the same into every line."""
        for sequence in range(1, self._count + 1):
            self.set(sequence, values)
        return self

    def arrange(self, rows: Sequence[Mapping[str, Any] | int | None]) -> Returned:
        """Put other rows in the place of the lines: a line's own, another's cells by mark, or a blank one."""
        width = self.page.max_column
        kept = {
            sequence: [
                self.page.cell(self.first + sequence - 1, place).value for place in range(1, width + 1)
            ]
            for sequence in range(1, self._count + 1)
        }
        for merge in [*self.page.merged_cells.ranges]:
            if merge.min_row >= self.first:
                self.page.unmerge_cells(str(merge))
        self.page.delete_rows(self.first, self._count)
        self.page.insert_rows(self.first, len(rows))
        for place, row in enumerate(rows):
            for column, value in enumerate(self._cells(row, kept), 1):
                self.page.cell(self.first + place, column).value = value
        return self

    def _cells(self, row: Mapping[str, Any] | int | None, kept: Mapping[int, list[Any]]) -> list[Any]:
        if isinstance(row, int) or row is None:
            return kept[row] if row else []
        cells = [*kept[row["of"]]]
        for mark, value in row.items():
            if mark != "of":
                cells[self.columns[mark] - 1] = value
        return cells

    def content(self) -> bytes:
        """Return the file that is sent back."""
        return saved(self.page.parent)

    def read(self, whose: Callable[[str], str] = lambda _: "批次 2026-002 ") -> ReadSheet:
        """Return what is read of it."""
        return read_returned(self.issued, self.content(), TODAY, whose)
