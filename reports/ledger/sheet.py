"""Reads the cells of one worksheet as a stream: only what is filled, exactly as the file keeps it.

Written on the standard library's expat because the contract asks for what spreadsheet libraries hide: error
values and formulas without a cached value must be told from blanks, a stray cell in the last row and column
must cost nothing, and East Asian date formats must count as dates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import isfinite
from typing import TypeAlias

from reports.ledger.errors import NotAWorkbook
from reports.ledger.formats import Shows
from reports.ledger.package import DAMAGED, TOO_BIG, feed, new_parser


@dataclass(frozen=True, slots=True)
class Flaw:
    """A cell that holds no value anyone can use; ``message`` says why."""

    message: str


Cell: TypeAlias = str | float | bool | date | Flaw
"""A filled cell. Text is trimmed and never empty; a date has lost its time part."""

Row: TypeAlias = dict[int, Cell]
"""The filled cells of a row by column, counted from 0, from left to right."""

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
LONGEST_TEXT = 1_000_000
"""Excel itself allows 32,767 characters."""

NOT_CACHED = Flaw("公式没有保存计算结果，请在 Excel 中重新计算并保存")
NOT_A_NUMBER = Flaw("数值无效")
NOT_A_DATE = Flaw("只有时间，没有日期")

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DAY = 86_400_000
_LAST_SERIAL = 2_958_466
_EPOCH = date(1899, 12, 30)
_FALSE_LEAP_DAY = 60
"""Excel believes in 29 February 1900; days before it count from a day later."""
_FILLED = (b"<v", b"<f", b"<is", b"<!", b"</sheetData")


@dataclass(frozen=True, slots=True)
class Tables:
    """What the cells of every sheet of a workbook refer to."""

    strings: list[str]
    styles: Mapping[str, Shows]
    from_1904: bool


def clean(text: str) -> str:
    """Return text as people see it: escapes resolved, what XML cannot hold left out, trimmed."""
    if "_x" in text:
        text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
        text = _NOT_IN_XML.sub("", text)
    return text.strip()


def read_rows(pieces: Iterator[bytes], tables: Tables) -> Iterator[tuple[int, Row]]:
    """Yield every row that has a filled cell, with its number as Excel shows it."""
    sheet = _Sheet(tables)
    for _ in feed(sheet.parser, _without_empty_rows(pieces)):
        yield from sheet.take_rows()
    yield from sheet.take_last_row()


def _without_empty_rows(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Leave out stretches of numbered rows without a value: offices format a million of them."""
    rest = b""
    for piece in pieces:
        rest += piece
        cut = max(rest.rfind(b"<row "), 0)
        stretch, rest = (rest[:cut], rest[cut:]) if cut else (rest, b"")
        yield stretch[stretch.rfind(b"<row ") :] if _is_empty(stretch) else stretch
    yield rest


def _is_empty(stretch: bytes) -> bool:
    """Whether bytes that end where a row ends are nothing but empty rows, each with its number."""
    return (
        stretch.startswith(b"<row ")
        and not any(mark in stretch for mark in _FILLED)
        and stretch.count(b"<row") == stretch.count(b"<row r=")
    )


class _Sheet:
    """Takes the parser's events and puts rows together. This is where the time of a ledger check goes."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._styles = tables.styles
        self._texts: dict[str, str] = {}
        self._numbers: dict[str, Cell] = {}
        self._dates: dict[tuple[str, str], Cell] = {}
        self._columns: dict[str, int] = {}
        self._readers: dict[str, Callable[[str], Cell | None]] = {
            "n": self._number,
            "s": self._shared,
            "str": self._own_text,
            "inlineStr": self._own_text,
            "b": _boolean,
            "e": _error,
            "d": _iso_date,
        }
        self._rows: list[tuple[int, Row]] = []
        self._row: Row = {}
        self._row_number = 0
        self._column = self._filled_up_to = -1
        self._in_cell = self._collecting = self._in_phonetic = False
        self._has_value = self._has_formula = False
        self._kind, self._style, self._text = "n", "0", ""
        self.parser = new_parser()
        self.parser.ordered_attributes = True
        self.parser.StartElementHandler = self._root
        self.parser.CharacterDataHandler = self._data

    def take_rows(self) -> list[tuple[int, Row]]:
        """Hand over the rows that are complete."""
        rows, self._rows = self._rows, []
        return rows

    def take_last_row(self) -> list[tuple[int, Row]]:
        """Hand over what is left when the sheet has ended."""
        self._end_row()
        return self.take_rows()

    def _root(self, name: str, attributes: list[str]) -> None:
        """Learn the prefix from the first tag; all others carry the same."""
        del attributes
        prefix = name[: name.rfind(":") + 1]
        self._v, self._c, self._t, self._f, self._run, self._phonetic, self._row_tag = (
            prefix + tag for tag in ("v", "c", "t", "f", "r", "rPh", "row")
        )
        self.parser.StartElementHandler = self._start

    def _start(self, name: str, attributes: list[str]) -> None:
        self._collecting = False
        if name == self._v:
            self._has_value = self._collecting = True
        elif name == self._c:
            self._start_cell(attributes)
        elif name == self._t:
            self._collecting = not self._in_phonetic
        elif name == self._row_tag:
            self._start_row(attributes)
        elif name == self._f:
            self._has_formula = True
        elif name in (self._run, self._phonetic):
            self._in_phonetic = name == self._phonetic
            self.parser.EndElementHandler = self._end

    def _end(self, name: str) -> None:
        """Watches from the first rich text on: blanks between its tags are not part of the text."""
        self._collecting = False
        if name == self._phonetic:
            self._in_phonetic = False

    def _data(self, text: str) -> None:
        if self._collecting:
            self._text += text
            if len(self._text) > LONGEST_TEXT:
                raise NotAWorkbook(TOO_BIG)

    def _start_row(self, attributes: list[str]) -> None:
        self._end_row()
        self._row_number += 1
        if "r" in attributes[::2]:
            number = attributes[attributes.index("r") + 1]
            self._row_number = int(number) if number.isdecimal() else 0
        if not 0 < self._row_number <= LAST_ROW:
            raise NotAWorkbook(DAMAGED)

    def _end_row(self) -> None:
        if self._in_cell:
            self._end_cell()
        if self._row:
            self._rows.append((self._row_number, self._row))
            self._row = {}
        self._column = self._filled_up_to = -1

    def _start_cell(self, attributes: list[str]) -> None:
        if self._in_cell:
            self._end_cell()
        self._in_cell = True
        self._column += 1
        for place in range(0, len(attributes), 2):
            name, value = attributes[place], attributes[place + 1]
            if name == "r":
                letters = value.rstrip("0123456789")
                self._column = self._columns.get(letters, -1)
                if self._column < 0:
                    self._column = self._columns[letters] = _column(letters)
            elif name == "s":
                self._style = value
            elif name == "t":
                self._kind = value

    def _end_cell(self) -> None:
        value: Cell | None = None
        if self._has_formula and not (self._text or (self._has_value and self._kind == "str")):
            value = NOT_CACHED
        elif self._text:
            reader = self._readers.get(self._kind)
            value = reader(self._text) if reader else NOT_A_NUMBER
        if value is not None:
            self._put(value)
        self._in_cell = self._has_value = self._has_formula = self._in_phonetic = False
        self._kind, self._style, self._text = "n", "0", ""

    def _put(self, value: Cell) -> None:
        self._row[self._column] = value
        if self._column > self._filled_up_to:
            self._filled_up_to = self._column
        else:
            self._row = dict(sorted(self._row.items()))

    def _own_text(self, text: str) -> str | None:
        cleaned = self._texts.get(text)
        if cleaned is None:
            cleaned = self._texts[text] = clean(text)
        return cleaned or None

    def _shared(self, text: str) -> Cell | None:
        place = int(text) if text.isdecimal() else -1
        if not 0 <= place < len(self._tables.strings):
            raise NotAWorkbook(DAMAGED)
        return self._tables.strings[place] or None

    def _number(self, text: str) -> Cell | None:
        if self._style in self._styles:
            return self._date(text)
        number = self._numbers.get(text)
        if number is None:
            number = self._numbers[text] = _number(text)
        return number

    def _date(self, text: str) -> Cell | None:
        key = (self._style, text)
        found = self._dates.get(key)
        if found is None:
            shows = self._styles[self._style]
            number = _number(text)
            found = _day(number, shows, self._tables.from_1904) if isinstance(number, float) else number
            self._dates[key] = found
        return found


def _column(letters: str) -> int:
    """Return the place of a column, counted from 0, by its letters."""
    if not (0 < len(letters) <= 3 and letters.isascii() and letters.isupper()):
        raise NotAWorkbook(DAMAGED)
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - ord("A") + 1
    if column > LAST_COLUMN:
        raise NotAWorkbook(DAMAGED)
    return column - 1


def _number(text: str) -> float | Flaw:
    try:
        number = float(text)
    except ValueError:
        return NOT_A_NUMBER
    return number if isfinite(number) else NOT_A_NUMBER


def _day(serial: float, shows: Shows, from_1904: bool) -> Cell:
    """Return the day of an Excel date; it is kept in days, which float blurs by less than a millisecond."""
    if shows is Shows.DURATION:
        return NOT_A_DATE
    days = round(serial * _DAY) // _DAY
    if from_1904:
        days += 1462
    if not 1 <= days < _LAST_SERIAL:
        return NOT_A_DATE
    return _EPOCH + timedelta(days + (days < _FALSE_LEAP_DAY))


def _boolean(text: str) -> Cell:
    return text.strip() in ("1", "true")


def _error(text: str) -> Cell:
    return Flaw(f"单元格是错误值 {text.strip()}")


def _iso_date(text: str) -> Cell:
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        return NOT_A_DATE
