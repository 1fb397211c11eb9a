"""Which number formats show a date: Excel keeps dates as numbers, and only the format tells."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from functools import cache

from reports.ledger.xlsx.package import Tag


class Shows(Enum):
    """What a number format makes of a number."""

    NUMBER = "number"
    DATE = "date"
    DURATION = "duration"


_BUILT_IN_DATES = frozenset(map(str, (*range(14, 23), *range(27, 37), 45, 47, *range(50, 59))))
"""27–36 and 50–58 are the East Asian dates, which files carry without spelling them out."""
_BUILT_IN_DURATION = "46"
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.')
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_BRACKETED = re.compile(r"\[[^\]]*\]")
_DATE_LETTER = re.compile(r"[dmyhs]", re.IGNORECASE)
_SECTIONS = frozenset(
    {"numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs"}
)


@cache
def shown_by(code: str) -> Shows:
    """Return what a format code shows; its first section, for positive numbers, decides."""
    bare = _LITERAL.sub("", code).partition(";")[0]
    if _ELAPSED.search(bare):
        return Shows.DURATION
    return Shows.DATE if _DATE_LETTER.search(_BRACKETED.sub("", bare)) else Shows.NUMBER


def styles(tags: Iterable[Tag]) -> dict[str, Shows]:
    """Return what the cell styles of a styles part show, by their number; plain numbers are left out."""
    codes: dict[str, str] = {}
    formats: list[str] = []
    section = ""
    for name, attributes in tags:
        if name in _SECTIONS:
            section = name
        elif name == "numFmt" and section == "numFmts":
            codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name == "xf" and section == "cellXfs":
            formats.append(attributes.get("numFmtId", "0"))
    shows = ((str(place), _shown(id_, codes)) for place, id_ in enumerate(formats))
    return {place: shown for place, shown in shows if shown is not Shows.NUMBER}


def _shown(id_: str, codes: dict[str, str]) -> Shows:
    if id_ in codes:
        return shown_by(codes[id_])
    if id_ == _BUILT_IN_DURATION:
        return Shows.DURATION
    return Shows.DATE if id_ in _BUILT_IN_DATES else Shows.NUMBER
