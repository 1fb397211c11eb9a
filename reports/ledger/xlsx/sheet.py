"""Reads the rows of one worksheet as a stream: only what is filled, exactly as the file keeps it.

Written here because the contract asks for what spreadsheet libraries hide: error values and formulas without
a cached value must be told from blanks, East Asian date formats must count as dates, and a stray cell in the
last row and column, or a million formatted rows, must cost next to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.ledger.xlsx.events import Events
from reports.ledger.xlsx.package import parse
from reports.ledger.xlsx.shortcut import read_whole_rows
from reports.ledger.xlsx.values import Row, Tables, Values

LONGEST_ROW = 4 << 20
"""Rows longer than this (bytes) are left to the parser piece by piece, to keep memory level."""

_ROW = b"<row "
_ROW_NUMBER = re.compile(rb'<row r="([0-9]+)"')
_OTHER_ENCODING = re.compile(rb"""[^>]*\sencoding\s*=\s*["'](?!utf-8["'])""", re.IGNORECASE)


def read_rows(pieces: Iterator[bytes], tables: Tables) -> Iterator[tuple[int, Row]]:
    """Yield every row that has a filled cell, with its number as Excel shows it."""
    values = Values(tables)
    events = Events(values)
    for stretch, is_whole_rows in _stretches(pieces):
        rest = stretch
        if is_whole_rows and _is_empty(stretch):
            rest = stretch[stretch.rfind(_ROW) :]  # the last row, so that the count goes on from there
        elif is_whole_rows and (rows := read_whole_rows(stretch, values)):
            yield from events.take_all_rows()
            yield from rows
            events.skip_to(_last_number(stretch))
            continue
        parse(events.parser, rest)
        yield from events.take_rows()
    parse(events.parser, b"", last=True)
    yield from events.take_all_rows()


def _stretches(pieces: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield the bytes again, cut before rows where that can be seen, and whether they are whole rows."""
    rest = next(pieces, b"")
    readable = not _OTHER_ENCODING.match(rest)
    for piece in pieces:
        cut = rest.rfind(_ROW)
        if cut > 0:
            yield rest[:cut], readable and rest.startswith(_ROW)
            rest = rest[cut:]
        elif len(rest) > LONGEST_ROW:
            yield rest, False
            rest = b""
        rest += piece
    yield rest, False


def _is_empty(whole_rows: bytes) -> bool:
    """Whether these are nothing but numbered rows without a cell that has an end tag, that is, content."""
    return (
        b"</c" not in whole_rows
        and b"!" not in whole_rows
        and whole_rows.count(b"<row") == whole_rows.count(b"<row r=")
    )


def _last_number(whole_rows: bytes) -> int:
    match = _ROW_NUMBER.match(whole_rows, whole_rows.rfind(_ROW))
    return int(match[1]) if match else 0
