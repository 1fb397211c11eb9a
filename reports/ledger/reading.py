"""Reads a ledger workbook into records, or refuses it with every wrong cell."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from lifecycle.record import ProjectRecord
from reports.ledger.errors import CellError, LedgerRefused, NotAWorkbook, PassedOver
from reports.ledger.rows import Errors, SheetRows, TooManyErrors, Values, open_rows
from reports.ledger.schema import PROJECTS, SHEET_NAMES, SHEETS, Sheet
from reports.ledger.xlsx.workbook import Workbook

_UNREADABLE = "无法读取这个文件，请确认文件存在并且没有被其他程序占用"
_LINE_SHEETS = tuple(sheet for sheet in SHEETS if sheet.holds_lines)


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a valid workbook says."""

    records: list[ProjectRecord]
    """In the order of the rows of 项目, their lines in the order of theirs."""
    sheets_present: frozenset[str]
    """The names of the known sheets that were there, be it without rows."""
    passed_over: tuple[PassedOver, ...]
    _rows: Mapping[str, int] = field(repr=False)
    _line_rows: Mapping[str, Mapping[str, Sequence[int]]] = field(repr=False)

    def row_of(self, project_number: str) -> int:
        """Return the row of 项目 a project stands in, as Excel shows it; raises ``KeyError``."""
        return self._rows[project_number]

    def line_row(self, sheet: Sheet, project_number: str, position: int) -> int:
        """Return the row of a sheet that became the project's line at ``position``, counted from 0."""
        return self._line_rows[sheet.attribute][project_number][position]


def read_ledger(source: str | Path | bytes | IO[bytes]) -> Ledger:
    """Return the ledger a workbook holds; raises ``LedgerRefused`` with all its errors."""
    with ExitStack() as stack:
        try:
            if isinstance(source, bytes):
                source = BytesIO(source)
            elif isinstance(source, str | Path):
                source = stack.enter_context(open(source, "rb"))
            return _Reading(Workbook(source)).ledger()
        except NotAWorkbook as refusal:
            raise LedgerRefused([CellError(None, None, None, refusal.message)]) from refusal
        except OSError as error:
            raise LedgerRefused([CellError(None, None, None, _UNREADABLE)]) from error


class _Reading:
    """One reading of one workbook. 项目 is read first, wherever it stands: the lines belong to its rows."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self._errors = Errors()
        self._present: list[str] = []
        self._unknown_columns: list[PassedOver] = []
        self._rows: dict[str, int] = {}
        self._projects: list[Values] = []
        self._lines: dict[str, dict[str, list[Any]]] = {}
        self._line_rows: dict[str, dict[str, array[int]]] = {}

    def ledger(self) -> Ledger:
        """Return the ledger; raises ``LedgerRefused`` or ``NotAWorkbook``."""
        try:
            known = self._rows if self._read_projects() else None
            for sheet in _LINE_SHEETS:
                self._lines[sheet.attribute] = self._read_lines(sheet, known)
        except TooManyErrors:
            pass  # what was found is refused below
        unknown = [PassedOver(name, None) for name in self._workbook.sheet_names if name not in SHEET_NAMES]
        passed_over = (*unknown, *self._unknown_columns)
        if self._errors:
            raise LedgerRefused(self._errors.in_order(), passed_over)
        records = [ProjectRecord(*values, **self._lines_of(values[0])) for values in self._projects]
        return Ledger(records, frozenset(self._present), passed_over, self._rows, self._line_rows)

    def _open(self, sheet: Sheet) -> SheetRows | None:
        """Return the rows of a sheet; ``None`` where it is missing or has no header."""
        if sheet.name not in self._workbook.sheet_names:
            return None
        rows = open_rows(sheet, self._workbook.rows(sheet.name), self._errors)
        if rows is not None:
            self._present.append(sheet.name)
            unknown = rows.header.unknown if rows.header else []
            self._unknown_columns += [PassedOver(sheet.name, column) for column in unknown]
        return rows

    def _read_projects(self) -> bool:
        """Read 项目; return whether it says which projects there are."""
        rows = self._open(PROJECTS)
        if rows is None:
            self._errors.add_missing(PROJECTS)
            return False
        for row, values, sound in rows.read(known=None):
            if isinstance(values[0], str):
                self._rows.setdefault(values[0], row)
            if sound:
                self._projects.append(values)
        return rows.header is not None

    def _read_lines(self, sheet: Sheet, known: Mapping[str, int] | None) -> dict[str, list[Any]]:
        lines: dict[str, list[Any]] = {}
        numbers = self._line_rows.setdefault(sheet.attribute, {})
        rows = self._open(sheet)
        for row, values, sound in rows.read(known) if rows else ():
            if sound:
                lines.setdefault(values[0], []).append(sheet.build(*values[1:]))
                numbers.setdefault(values[0], array("I")).append(row)
        return lines

    def _lines_of(self, number: str) -> dict[str, Any]:
        """Return the lines of a project by the record's attributes; of acceptances there is at most one."""
        lines: dict[str, Any] = {
            attribute: tuple(by_project[number])
            for attribute, by_project in self._lines.items()
            if number in by_project
        }
        if "acceptance" in lines:
            (lines["acceptance"],) = lines["acceptance"]
        return lines
