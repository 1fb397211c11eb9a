"""Finds the header of a sheet, and in it the columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from lifecycle.money import Fen
from reports.ledger.cells import UNITS
from reports.ledger.schema import Column, Sheet
from reports.ledger.xlsx.values import Row

ROWS_SEARCHED = 10
"""Offices put titles above the header, but not more than fit here."""

_UNIT = re.compile(r"(.*?)\s*[（(]\s*([^（）()]*元)\s*[）)]", re.DOTALL)
_FULL_WIDTH = str.maketrans("()", "（）")


class Found(NamedTuple):
    """A column of the sheet as it stands: where, and in which unit (0 for what is not money)."""

    place: int
    unit: Fen


@dataclass(slots=True)
class Header:
    """What a header row says."""

    row: int
    found: dict[str, Found] = field(default_factory=dict)
    """Columns by name."""
    troubles: dict[str, str] = field(default_factory=dict)
    """What is wrong with a column, by its name."""
    unknown: list[str] = field(default_factory=list)
    """Headers of columns that are passed over."""


def find_header(sheet: Sheet, rows: Iterable[tuple[int, Row]]) -> Header | None:
    """Take rows until the header of ``sheet``; ``None`` where the first ten rows have none."""
    for number, row in rows:
        if number > ROWS_SEARCHED:
            return None
        if sheet.columns[0].name in row.values():
            return _read(sheet, number, row)
    return None


def _read(sheet: Sheet, number: int, row: Row) -> Header:
    header = Header(number)
    columns = {column.name: column for column in sheet.columns}
    for place, cell in row.items():
        if not isinstance(cell, str):
            continue
        name, unit = _name_and_unit(cell, columns)
        if name not in columns:
            header.unknown.append(cell)
        elif name in header.found or name in header.troubles:
            header.troubles[name] = "此列出现了不止一次，请只保留一列"
        elif columns[name].kind.is_money and unit is None:
            header.troubles[name] = "金额列的表头应注明单位，以“（万元）”或“（元）”结尾"
        else:
            header.found[name] = Found(place, unit or 0)
    for name, column in columns.items():
        if name not in header.found and (column.required or column.must_exist):
            header.troubles.setdefault(name, "缺少此列")
    return header


def _name_and_unit(text: str, columns: Mapping[str, Column]) -> tuple[str, Fen | None]:
    """Return the name a header cell means, and the unit it gives.

    Only money headers carry a unit. A unit other than 元 or 万元 is as good as none: better to ask than to be
    wrong by a thousand. Brackets within a name may be of either width too.
    """
    match = _UNIT.fullmatch(text)
    name, unit = (match[1], UNITS.get(match[2])) if match else (text, None)
    name = name.translate(_FULL_WIDTH)
    if name in columns and columns[name].kind.is_money:
        return name, unit
    return text, None
