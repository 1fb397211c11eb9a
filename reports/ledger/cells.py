"""Makes of a cell what its column asks. A converter is prepared once a column and called for each cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from functools import lru_cache
from typing import Any, TypeAlias

from lifecycle.money import LIMIT, WAN, YUAN, Fen
from lifecycle.place_names import home_place, place
from reports.ledger.schema import Column, IndicatorValue, Kind
from reports.ledger.xlsx.values import Cell, Flaw

Convert: TypeAlias = Callable[[Cell], Any]
"""Returns the value of a filled cell; raises ``UnfitError``."""

UNITS: Mapping[str, Fen] = {"万元": WAN, "元": YUAN}
"""The units a money header may carry, in fen."""

FIRST_YEAR, LAST_YEAR = 1990, 2100
LARGEST_WHOLE = 2**31 - 1
"""What an integer column of any database holds."""

_PLAIN_DECIMAL = re.compile(r"-?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]+)?")
_DATES = (
    re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"),
    re.compile(r"([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})"),
    re.compile(r"([0-9]{4})\.([0-9]{1,2})\.([0-9]{1,2})"),
    re.compile(r"([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})日"),
)
_DATE_WANTED = "应为日期，如 2026-01-31、2026/1/31、2026.1.31 或 2026年1月31日"
_LONGEST_NUMBER = 10**15
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
_SEPARATORS = re.compile("[、，,]")


class UnfitError(Exception):
    """A cell is not what its column asks; the message says what is wanted."""


def converter(column: Column, unit: Fen = 0) -> Convert:
    """Return the converter of a column; ``unit`` is that of a money column's header, in fen."""
    if column.kind.is_money:
        return _money(unit, may_be_negative=column.kind is Kind.REVERSIBLE_MONEY)
    if column.kind is Kind.CHOICE:
        return _choice(_options(column))
    if column.kind is Kind.CHOICES:
        return _several(_options(column))
    return _CONVERTERS[column.kind]


def number_text(number: float) -> str:
    """Return a number, rounded to the 15 digits that Excel keeps, in its shortest plain form."""
    text = f"{number:.15g}"
    if "e" in text:
        text = f"{Decimal(text):f}"
    return "0" if text == "-0" else text


def plain_decimal(text: str) -> Decimal | None:
    """Return the number that text in plain decimal form ("1,234.5") stands for, else ``None``."""
    return Decimal(text.replace(",", "")) if _PLAIN_DECIMAL.fullmatch(text) else None


def read_money(text: str, unit: Fen, *, may_be_negative: bool = False) -> Fen:
    """Return what an amount as people type it ("1,000.00") comes to, exactly; ``unit`` in fen.

    Raises ``UnfitError``, as for a cell of a ledger.
    """
    return int(_money(unit, may_be_negative=may_be_negative)(text))


def _unfit(cell: Cell, wanted: str) -> UnfitError:
    if isinstance(cell, Flaw):
        return UnfitError(cell.message)
    shown = cell if isinstance(cell, str) else _shown(cell)
    shown = shown if len(shown) <= 30 else f"{shown[:30]}…"
    return UnfitError(f"“{shown}”不符合要求：{wanted}")


def _shown(cell: bool | float | date) -> str:
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    return cell.isoformat() if isinstance(cell, date) else number_text(cell)


def _text(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool | Flaw):
        raise _unfit(cell, "应为文字")
    return _shown(cell)


def _code(cell: Cell) -> str:
    if isinstance(cell, float) and abs(float(f"{cell:.15g}")) >= _LONGEST_NUMBER:
        raise UnfitError("超过 15 位的数字已被 Excel 改动，请将单元格设为文本格式后重新填写")
    return _text(cell)


def _value(cell: Cell) -> IndicatorValue:
    if isinstance(cell, Flaw):
        raise _unfit(cell, "")
    if isinstance(cell, float):
        text = number_text(cell)
        return IndicatorValue(text, Decimal(text))
    text = _shown(cell) if not isinstance(cell, str) else cell
    return IndicatorValue(text, plain_decimal(text))


def _number(cell: Cell, wanted: str) -> Decimal:
    if isinstance(cell, float):
        return Decimal(f"{cell:.15g}")
    number = plain_decimal(cell) if isinstance(cell, str) else None
    if number is None:
        raise _unfit(cell, wanted)
    return number


def _whole_from(least: int, wanted: str) -> Convert:
    def convert(cell: Cell) -> int:
        number = _number(cell, wanted)
        if not least <= number <= LARGEST_WHOLE or number != int(number):
            raise _unfit(cell, wanted)
        return int(number)

    return convert


def _date(cell: Cell) -> date:
    if isinstance(cell, date):
        day: date | None = cell
    else:
        day = _date_of(cell) if isinstance(cell, str) else None
    if day is None:
        raise _unfit(cell, _DATE_WANTED)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise _unfit(cell, f"年份应在 {FIRST_YEAR} 至 {LAST_YEAR} 之间")
    return day


@lru_cache(maxsize=8192)
def _date_of(text: str) -> date | None:
    for form in _DATES:
        if match := form.fullmatch(text):
            try:
                return date(int(match[1]), int(match[2]), int(match[3]))
            except ValueError:
                return None
    return None


def _money(unit: Fen, *, may_be_negative: bool) -> Convert:
    known: dict[Cell, Fen] = {}

    def convert(cell: Cell) -> Fen:
        fen: Fen | Decimal | None
        if isinstance(cell, float) and (fen := known.get(cell)) is not None:
            return fen
        fen = _EXACT.multiply(_number(cell, "应为金额（数字）"), unit)
        if fen != fen.to_integral_value():
            raise _unfit(cell, "金额应精确到分")
        if abs(fen) >= LIMIT:
            raise _unfit(cell, "金额应小于 100 亿万元")
        if fen < 0 and not may_be_negative:
            raise _unfit(cell, "金额不能为负数")
        exact = int(fen)
        if isinstance(cell, float):
            known[cell] = exact
        return exact

    return convert


def _flag(cell: Cell) -> bool:
    if cell == "是":
        return True
    if cell == "否":
        return False
    raise _unfit(cell, "应为“是”或“否”")


def _options(column: Column) -> dict[Cell, str]:
    options = column.choices() if column.choices else ()
    return {str(option): option for option in options}


def _one_of(options: Mapping[Cell, str]) -> str:
    names = "、".join(options.values())
    return f"应为其中之一：{names}" if len(names) <= 60 else "请按模板中的下拉选项填写"


def _choice(options: Mapping[Cell, str]) -> Convert:
    def convert(cell: Cell) -> str:
        found = options.get(cell)
        if found is None:
            raise _unfit(cell, _one_of(options))
        return found

    return convert


def _several(options: Mapping[Cell, str]) -> Convert:
    choose = _choice(options)

    def convert(cell: Cell) -> tuple[str, ...]:
        if not isinstance(cell, str):
            raise _unfit(cell, _one_of(options))
        pieces = (piece.strip() for piece in _SEPARATORS.split(cell))
        return tuple(dict.fromkeys(choose(piece) for piece in pieces if piece))

    return convert


def _placed(find: Callable[[str], str | None], wanted: str) -> Convert:
    def convert(cell: Cell) -> str:
        found = find(cell) if isinstance(cell, str) else None
        if found is None:
            raise _unfit(cell, wanted)
        return found

    return convert


_CONVERTERS: Mapping[Kind, Convert] = {
    Kind.TEXT: _text,
    Kind.CODE: _code,
    Kind.VALUE: _value,
    Kind.WHOLE: _whole_from(1, "应为不小于 1 的整数"),
    Kind.COUNT: _whole_from(0, "应为不小于 0 的整数"),
    Kind.DATE: _date,
    Kind.FLAG: _flag,
    Kind.HOME_PLACE: _placed(home_place, "应为省、自治区、直辖市或港澳台地区的名称"),
    Kind.PLACE: _placed(place, "应为省、自治区、直辖市、港澳台地区或国家的名称"),
}
