"""Holds a ledger against what Keguan itself has done: each cell that would alter it is refused by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from lifecycle.lasting import spending_rows, tranche_key, tranche_rows
from lifecycle.matching import left_over, match
from lifecycle.storing import Known
from reports.ledger.errors import CellError
from reports.ledger.guards import Hold, Row, Written, holds
from reports.ledger.reading import Ledger
from reports.ledger.schema import PROJECTS, SHEETS, Sheet

ErrorAt = tuple[int, int, int, CellError]
"""Sheet, row and column by which errors are put in order, and the error."""

Line = Any
"""An item of the record."""

LineRows = Mapping[str, Mapping[int, Sequence[tuple[int, Line]]]]
"""Attribute → project id → ids and values of the rows, in the order in which storing matches them."""


def errors_of(session: Session, ledger: Ledger, projects: Sequence[Known]) -> list[ErrorAt]:
    """Return the cells in which the ledger differs from what Keguan itself has under way or has done."""
    if not projects:
        return []
    ids = [one.id for one in projects]
    held, rows = holds(session, ids), _lasting_rows(session, ids)
    errors: dict[tuple[int, int, int], CellError] = {}
    for project in projects:
        for *place, error in _of_project(ledger, project, held[project.id], rows):
            errors.setdefault((place[0], place[1], place[2]), error)
    return [(*place, error) for place, error in errors.items()]


def _lasting_rows(session: Session, ids: Sequence[int]) -> LineRows:
    spending, tranches = spending_rows(session, ids), tranche_rows(session, ids)
    return {
        "spending": {key: [(row.id, row.spending) for row in rows] for key, rows in spending.items()},
        "tranches": {key: [(row.id, row.tranche) for row in rows] for key, rows in tranches.items()},
    }


def _of_project(ledger: Ledger, project: Known, held: Sequence[Hold], rows: LineRows) -> Iterator[ErrorAt]:
    for place, sheet in enumerate(SHEETS):
        own = [hold for hold in held if hold.sheet == sheet.attribute]
        if own and sheet is PROJECTS:
            compared = _Compared(place, sheet, project.new.number, own)
            yield from compared.cells(own, ledger.row_of(project.new.number), project.old, project.new)
        elif own and getattr(project.old, sheet.attribute) != getattr(project.new, sheet.attribute):
            yield from _of_lines(ledger, project, _Compared(place, sheet, project.new.number, own), rows)


class _Compared(NamedTuple):
    """One sheet of one project, held against what of it is Keguan's."""

    place: int
    sheet: Sheet
    number: str
    holds: Sequence[Hold]

    def of_row(self, row: Row, line: Line) -> list[Hold]:
        """Return the holds on a row that is there."""
        return [hold for hold in self.holds if hold.row is None or _is(hold.row, row, line)]

    def cells(self, own: Sequence[Hold], row: int, old: Line, new: Line) -> Iterator[ErrorAt]:
        """Yield the cells of a row that differ although they are held."""
        for place, column in enumerate(self.sheet.columns):
            hold = next((one for one in own if column.field in one.fields), None)
            if hold and getattr(old, column.field) != getattr(new, column.field):
                yield self._error(row, place, hold)

    def key_cell(self, row: int, hold: Hold) -> ErrorAt:
        """Return the error of a row that may not be there: at the last column of its key."""
        keys = [place for place, column in enumerate(self.sheet.columns) if column.key or place == 0]
        return self._error(row, keys[-1], hold)

    def left_out(self, hold: Hold, old: Line) -> ErrorAt:
        """Return the error of a row that is held and not in the ledger."""
        message = f"项目 {self.number} {_named(self.sheet, old, hold)}已在系统中办理，不能从台账中删去这一行"
        return self.place, 0, 0, CellError(self.sheet.name, None, None, message)

    def _error(self, row: int, place: int, hold: Hold) -> ErrorAt:
        message = f"已在系统中办理（{hold.what}），请保持一致或在系统中办理变更"
        error = CellError(self.sheet.name, row, self.sheet.columns[place].name, message)
        return self.place, row, place, error


def _is(held: Row, row: Row, line: Line) -> bool:
    if isinstance(held, Written):
        return bool(line.rule == held.rule and line.reason == held.reason)
    return bool(held == row)


def _named(sheet: Sheet, line: Line, hold: Hold) -> str:
    keys = [getattr(line, column.field) for column in sheet.columns[1:] if column.key]
    return f"“{'、'.join(map(str, keys))}”（{hold.what}）" if keys else hold.what


def _of_lines(ledger: Ledger, project: Known, compared: _Compared, rows: LineRows) -> Iterator[ErrorAt]:
    sheet, number = compared.sheet, project.new.number
    new = _lines(project.new, sheet)
    if sheet.attribute in rows:
        old = rows[sheet.attribute].get(project.id, ())
    else:
        old = [(_key(sheet, line), line) for line in _lines(project.old, sheet)]
    found = match([line for _, line in old], new, _matching_key(sheet))
    spare = left_over(found, len(new))
    for (row, line), place in zip(old, found, strict=True):
        own = compared.of_row(row, line)
        if not own:
            continue
        if place is None and (place := _closest(sheet, line, new, spare)) is not None:
            spare.remove(place)
            own = [Hold(one.sheet, one.row, one.fields | _key_fields(sheet), one.what) for one in own]
        if place is None:
            yield compared.left_out(own[0], line)
        else:
            yield from compared.cells(own, ledger.line_row(sheet, number, place), line, new[place])
    for place in spare:
        key = None if sheet.attribute in rows else _key(sheet, new[place])
        hold = next((one for one in compared.holds if one.row is None or one.row == key), None)
        if hold is not None:
            yield compared.key_cell(ledger.line_row(sheet, number, place), hold)


def _lines(record: Any, sheet: Sheet) -> Sequence[Line]:
    lines = getattr(record, sheet.attribute)
    if sheet.attribute == "acceptance":
        return () if lines is None else (lines,)
    return tuple(lines)


def _key(sheet: Sheet, line: Line) -> Row:
    return tuple(getattr(line, column.field) for column in sheet.columns[1:] if column.key)


def _matching_key(sheet: Sheet) -> Any:
    if sheet.attribute == "spending":
        return None
    return tranche_key if sheet.attribute == "tranches" else lambda line: _key(sheet, line)


def _key_fields(sheet: Sheet) -> frozenset[str]:
    """Return the fields by which a row is known again: where one differs, the row was altered there."""
    if sheet.attribute == "tranches":
        return frozenset({"number", "source"})
    return frozenset(column.field for column in sheet.columns[1:] if column.key)


def _closest(sheet: Sheet, line: Line, new: Sequence[Line], spare: Sequence[int]) -> int | None:
    """Return the new line that is plainly the old one altered: alike in at least half of its columns."""
    fields = [column.field for column in sheet.columns[1:]]
    alike = {
        place: sum(getattr(line, name) == getattr(new[place], name) for name in fields) for place in spare
    }
    best = max(spare, key=lambda place: alike[place], default=None)
    return best if best is not None and alike[best] * 2 >= len(fields) else None
