"""What the text of a cell means: by its type, its style and the strings it refers to."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import isfinite
from typing import TypeAlias

from reports.ledger.errors import NotAWorkbook
from reports.ledger.xlsx.formats import Shows
from reports.ledger.xlsx.package import DAMAGED


@dataclass(frozen=True, slots=True)
class Flaw:
    """A cell that holds no value anyone can use; ``message`` says why."""

    message: str


Cell: TypeAlias = str | float | bool | date | Flaw
"""A filled cell. Text is trimmed and never empty; a date has lost its time part."""

Row: TypeAlias = dict[int, Cell]
"""The filled cells of a row by column, counted from 0, from left to right."""

NOT_CACHED = Flaw("公式没有保存计算结果，请在 Excel 中重新计算并保存")
NOT_A_NUMBER = Flaw("数值无效")
NOT_A_DATE = Flaw("只有时间，没有日期")

PLAIN_STYLE = "0"
"""The style of a cell that names none."""

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MILLISECONDS = 86_400_000
_LAST_SERIAL = 2_958_466
_1904 = 1462
_EPOCH = date(1899, 12, 30)
_FALSE_LEAP_DAY = 60
"""Excel believes in 29 February 1900; days before it count from a day later."""


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


class Values:
    """The values of one sheet's cells; what stands in many cells is worked out once."""

    def __init__(self, tables: Tables) -> None:
        self._strings = tables.strings
        self._styles = tables.styles
        self._from_1904 = tables.from_1904
        self._numbers: dict[str, float | Flaw] = {}
        self._dates: dict[tuple[str, str], Cell] = {}
        self._texts: dict[str, str] = {}
        self._columns: dict[str, int] = {}
        self._readers: dict[str, Callable[[str], Cell | None]] = {
            "s": self._shared_text,
            "str": self._own_text,
            "inlineStr": self._own_text,
            "b": _boolean,
            "e": _error,
            "d": _iso_date,
        }

    def value(self, kind: str, style: str, text: str) -> Cell | None:
        """Return what a cell of that type and style with that text holds; ``None``: it is blank."""
        if kind == "n":
            return self._date(style, text) if style in self._styles else self._number(text)
        reader = self._readers.get(kind)
        return reader(text) if reader else NOT_A_NUMBER

    def column(self, letters: str) -> int:
        """Return the place of a column, counted from 0, by its letters."""
        place = self._columns.get(letters)
        if place is None:
            place = self._columns[letters] = _column(letters)
        return place

    def _own_text(self, text: str) -> str | None:
        cleaned = self._texts.get(text)
        if cleaned is None:
            cleaned = self._texts[text] = clean(text)
        return cleaned or None

    def _shared_text(self, text: str) -> str | None:
        place = _index(text)
        if not 0 <= place < len(self._strings):
            raise NotAWorkbook(DAMAGED)
        return self._strings[place] or None

    def _number(self, text: str) -> float | Flaw:
        number = self._numbers.get(text)
        if number is None:
            number = self._numbers[text] = _number(text)
        return number

    def _date(self, style: str, text: str) -> Cell:
        found = self._dates.get((style, text))
        if found is None:
            number = self._number(text)
            found = number if isinstance(number, Flaw) else self._day(number, self._styles[style])
            self._dates[style, text] = found
        return found

    def _day(self, serial: float, shows: Shows) -> Cell:
        """Return the day of an Excel date: days, which float blurs by less than a millisecond."""
        days = round(serial * _MILLISECONDS) // _MILLISECONDS + (_1904 if self._from_1904 else 0)
        if shows is Shows.DURATION or not 1 <= days < _LAST_SERIAL:
            return NOT_A_DATE
        return _EPOCH + timedelta(days + (days < _FALSE_LEAP_DAY))


def row_number(text: str) -> int:
    """Return the number of a row; raises ``NotAWorkbook`` for one that Excel has not."""
    number = _index(text)
    if not 0 < number <= LAST_ROW:
        raise NotAWorkbook(DAMAGED)
    return number


def _index(text: str) -> int:
    """Return a whole number that may be an index; -1 for anything else."""
    text = text.strip()
    return int(text) if len(text) <= 9 and text.isdecimal() else -1


def _column(letters: str) -> int:
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


def _boolean(text: str) -> Cell:
    return text.strip() in ("1", "true")


def _error(text: str) -> Cell:
    return Flaw(f"单元格是错误值 {text.strip()}")


def _iso_date(text: str) -> Cell:
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        return NOT_A_DATE
