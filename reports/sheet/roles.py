"""What an issued sheet tells of itself, by hidden names: which column holds what, and where its lines are.

An office's headers say it in words of its own, so whoever reads a sheet again asks these.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from zipfile import BadZipFile, ZipFile

from openpyxl.utils import column_index_from_string

from reports.sheet.parts import WORKBOOK, LayoutRefused, sheet_tree, tag

ROLE = "科管_"
"""Begins each of the names; the mark of the line follows."""
_AREA = re.compile(r"(.+)!\$([A-Z]{1,3})\$([0-9]+):\$[A-Z]{1,3}\$([0-9]+)")


@dataclass(frozen=True, slots=True)
class Roles:
    """The columns of an issued sheet by mark, and where its lines are."""

    sheet: str
    first: int
    last: int
    columns: dict[str, int]
    """Mark of the line → column, counted from 0."""


def roles_of(issued: bytes) -> Roles | None:
    """Return what an issued sheet tells of itself; ``None`` where it tells nothing."""
    try:
        with ZipFile(BytesIO(issued)) as package:
            root = sheet_tree(package.read(WORKBOOK))
    except (BadZipFile, KeyError, LayoutRefused):
        return None
    columns: dict[str, int] = {}
    sheet, first, last = "", 0, 0
    for name in root.iter(tag("definedName")):
        match = _AREA.fullmatch(name.text or "")
        if match and name.get("name", "").startswith(ROLE):
            columns[name.get("name", "").removeprefix(ROLE)] = column_index_from_string(match[2]) - 1
            sheet = match[1].strip("'").replace("''", "'")
            first, last = int(match[3]), int(match[4])
    return Roles(sheet, first, last, columns) if columns else None
