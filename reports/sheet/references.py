"""What becomes of cell references when one row of a sheet is repeated: those below move down."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_RANGE = re.compile(r"(\$?[A-Z]{1,3}\$?)([0-9]+)(?::(\$?[A-Z]{1,3}\$?)([0-9]+))?")
_IN_FORMULA = re.compile(
    r"""("(?:[^"]|"")*")"""  # a text
    r"""|((?:'(?:[^']|'')*'|[^\s'"!(),:+\-*/&=<>^]+)!)?"""  # the name of a sheet
    r"""(?<![A-Za-z0-9_.])((?:\$?[A-Z]{1,3})?\$?[0-9]+(?::(?:\$?[A-Z]{1,3})?\$?[0-9]+)|\$?[A-Z]{1,3}\$?[0-9]+)(?![A-Za-z0-9_(.])"""
)
_ROW = re.compile(r"(\$?[A-Z]{0,3}\$?)([0-9]+)")


@dataclass(frozen=True, slots=True)
class Repeated:
    """Row ``line`` of a sheet (as Excel counts) stands ``times`` times, one below the other."""

    line: int
    times: int

    @property
    def more(self) -> int:
        """By how many rows everything below it moves down."""
        return self.times - 1

    def row(self, row: int) -> int:
        """Return where a row is afterwards; the repeated row itself stays where its first copy is."""
        return row + self.more if row > self.line else row

    def references(self, text: str) -> str:
        """Return references (``A5:B5 D7``) as they are afterwards; one with the row then has all copies."""
        return _RANGE.sub(self._range, text)

    def _range(self, match: re.Match[str]) -> str:
        first = int(match[2])
        last = int(match[4]) if match[4] else first
        start, end = self.row(first), (last + self.more if last >= self.line else last)
        if not match[4] and end == start:
            return f"{match[1]}{start}"
        return f"{match[1]}{start}:{match[3] or match[1]}{end}"

    def formula(self, text: str, ours: Callable[[str | None], bool]) -> str:
        """Return a formula as it is afterwards; ``ours`` tells by its name whether a sheet is this one."""

        def moved(match: re.Match[str]) -> str:
            if match[1]:
                return match[0]
            name = match[2]
            if not ours(None if name is None else name[:-1].strip("'").replace("''", "'")):
                return match[0]
            return (name or "") + self._span(match[3])

        return _IN_FORMULA.sub(moved, text)

    def _span(self, text: str) -> str:
        """Move both ends; the end of a span that holds the repeated row goes along with its last copy."""
        first, colon, last = text.partition(":")
        start = _ROW.sub(lambda match: f"{match[1]}{self.row(int(match[2]))}", first)
        if not colon:
            return start

        def end(match: re.Match[str]) -> str:
            row = int(match[2])
            return f"{match[1]}{row + self.more if row >= self.line else row}"

        return f"{start}:{_ROW.sub(end, last)}"
