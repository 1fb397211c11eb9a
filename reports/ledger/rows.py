"""Reads the rows of one sheet: cells converted, keys told apart, errors noted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple, TypeAlias

from reports.ledger.cells import Convert, UnfitError, converter
from reports.ledger.errors import CellError
from reports.ledger.headers import Header, find_header
from reports.ledger.schema import SHEETS, Sheet
from reports.ledger.xlsx.values import Row

MOST_ERRORS = 100_000
"""A workbook with more has been read far enough."""

Values: TypeAlias = list[Any]
"""The values of a row in the order of the sheet's columns."""

_TOTALS = frozenset({"合计", "小计", "总计"})
_WRONG = object()
"""Stands for the value of a cell that was refused."""


class TooManyErrors(Exception):
    """There is no use in reading on."""


class Errors:
    """Gathers errors, a cell once, and puts them in order."""

    def __init__(self, sheets: Sequence[Sheet] = SHEETS) -> None:
        self._by_place: dict[tuple[int, int, int], CellError] = {}
        self._sheets = list(sheets)

    def __bool__(self) -> bool:
        return bool(self._by_place)

    def add(self, sheet: Sheet, row: int, place: int, message: str) -> None:
        """Note what is wrong with a cell; ``place`` is that of its column among the sheet's columns."""
        error = CellError(sheet.name, row, sheet.columns[place].name, message)
        self._by_place.setdefault((self._sheets.index(sheet), row, place), error)
        if len(self._by_place) >= MOST_ERRORS:
            raise TooManyErrors

    def add_missing(self, sheet: Sheet) -> None:
        """Note that a sheet is not there."""
        error = CellError(sheet.name, None, None, f"缺少“{sheet.name}”工作表")
        self._by_place[self._sheets.index(sheet), 0, 0] = error

    def in_order(self) -> list[CellError]:
        """Return the errors by sheet, row and column, sheets and columns in the order of the contract."""
        return [self._by_place[place] for place in sorted(self._by_place)]


class _Step(NamedTuple):
    """What is done with one cell of every row."""

    place: int
    """Of the column among the sheet's columns."""
    column: int
    """Of the column in the sheet as it stands."""
    convert: Convert
    required: bool


class SheetRows:
    """The rows of one sheet that is there and not wholly empty."""

    def __init__(self, sheet: Sheet, rows: Iterator[tuple[int, Row]], errors: Errors) -> None:
        self.sheet = sheet
        self.header = find_header(sheet, rows)
        self._rows = rows
        self._errors = errors
        self._seen: set[tuple[Any, ...]] = set()
        self._key = [place for place, column in enumerate(sheet.columns) if column.key]
        self._check = _CHECKS.get(sheet.name)
        if self.header is None:
            first = sheet.columns[0].name
            errors.add(sheet, 1, 0, f"前 10 行中没有表头：找不到“{first}”列")

    def read(self, known: Mapping[str, int] | None) -> Iterator[tuple[int, Values, bool]]:
        """Yield number, values and soundness of each row; a wrong cell's value is of no use.

        ``known`` are the projects a line may belong to; ``None`` where that cannot be told.
        """
        if self.header is None:
            return
        steps = list(self._steps(self.header))
        blanks = [column.blank for column in self.sheet.columns]
        for number, row in self._rows:
            if next(iter(row.values())) in _TOTALS:
                continue
            values = blanks.copy()
            sound = self._convert(number, row, steps, values)
            if known is not None and values[0].__class__ is str and values[0] not in known:
                self._errors.add(self.sheet, number, 0, "“项目”工作表中没有这个项目编号")
                sound = False
            yield number, values, self._tell_apart(number, values) and sound

    def _steps(self, header: Header) -> Iterator[_Step]:
        for place, column in enumerate(self.sheet.columns):
            if message := header.troubles.get(column.name):
                self._errors.add(self.sheet, header.row, place, message)
            if found := header.found.get(column.name):
                yield _Step(place, found.place, converter(column, found.unit), column.required)

    def _convert(self, number: int, row: Row, steps: Sequence[_Step], values: Values) -> bool:
        """Put the converted cells of ``row`` into ``values``; return whether all were right."""
        sound = True
        for place, column, convert, required in steps:
            cell = row.get(column)
            if cell is not None:
                try:
                    values[place] = convert(cell)
                    continue
                except UnfitError as unfit:
                    message = str(unfit)
            elif required:
                message = "此项必填"
            else:
                continue
            values[place] = _WRONG
            self._errors.add(self.sheet, number, place, message)
            sound = False
        return sound

    def _tell_apart(self, number: int, values: Values) -> bool:
        """Note a doubled key and what the cells say against each other; return whether there was nothing."""
        troubles = list(self._check(self.sheet, values)) if self._check else []
        if self._key:
            key = tuple([values[place] for place in self._key])
            if key in self._seen:
                troubles.append((self._key[-1], "与前面的行重复"))
            elif _WRONG not in key and None not in key:
                self._seen.add(key)
        for place, message in troubles:
            self._errors.add(self.sheet, number, place, message)
        return not troubles


Check: TypeAlias = Callable[[Sheet, Values], Iterator[tuple[int, str]]]


def _check_period(sheet: Sheet, values: Values) -> Iterator[tuple[int, str]]:
    start, end = sheet.place("实施开始"), sheet.place("实施结束")
    dates = (values[start], values[end])
    if None not in dates and _WRONG not in dates and values[end] < values[start]:
        yield end, "实施结束早于实施开始"


def _check_conclusion(sheet: Sheet, values: Values) -> Iterator[tuple[int, str]]:
    conclusion, day = sheet.place("结论"), sheet.place("结论日期")
    if (values[conclusion] is None) != (values[day] is None):
        blank = conclusion if values[conclusion] is None else day
        yield blank, "“结论”与“结论日期”应同时填写或同时留空"


_CHECKS: Mapping[str, Check] = {"项目": _check_period, "验收": _check_conclusion}


def open_rows(sheet: Sheet, rows: Iterator[tuple[int, Row]], errors: Errors) -> SheetRows | None:
    """Return the rows of a sheet; ``None`` for a wholly empty one, which counts as missing."""
    first = next(rows, None)
    return None if first is None else SheetRows(sheet, chain([first], rows), errors)
