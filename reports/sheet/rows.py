"""The payments of a sheet as the XML of its rows: set as text, so that no amount passes through a float.

A row is one pattern that is filled in for every payment, which takes a fraction of the time of making cells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count, repeat
from xml.sax.saxutils import escape, quoteattr

from finance.disbursement import Disbursement
from reports.ledger.writing import escaped
from reports.sheet.cells import LayoutCell, letter_of
from reports.sheet.layout import Layout
from reports.sheet.marks import LINE_MARKS, Holds, alone, values_of
from reports.sheet.parts import Element, tag
from reports.sheet.styles import Styles, widths_of

Progress = Callable[[int, int], None]
"""Told how many of how many lines are done."""

EVERY = 500
"""Lines between two words of progress."""

_LEADING = 1.35
_PADDING = 3.0
_OWN = ("r", "ht", "customHeight", "spans")
"""What of the layout's row is written anew."""


def nobody(_done: int, _all: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class _Wrapped:
    """A column whose text is broken into lines."""

    values: list[str]
    width: int
    """Narrow characters that fit on a line."""
    line: float
    """Height of one, in points."""


class Rows:
    """The repeated row of a layout, ready to be filled in."""

    def __init__(self, layout: Layout, styles: Styles, told: Disbursement) -> None:
        self._line = layout.line
        self._count = len(told.lines)
        self._row = next(row for row in layout.sheet.iter(tag("row")) if row.get("r") == str(layout.line))
        prefix = layout.sheet.prefix
        self._name = f"{prefix}:" if prefix else ""
        self._wrapped: list[_Wrapped] = []
        self._columns: list[Iterable[object]] = []
        self._widths = widths_of(layout.sheet)
        cells = [cell for cell in layout.line_cells if cell.text or cell.element.get("s")]
        self._cells = "".join(self._pattern(cell, styles, told) for cell in cells)

    def _pattern(self, cell: LayoutCell, styles: Styles, told: Disbursement) -> str:
        """Return the pattern of one cell; what fills its gaps is added to the columns."""
        name, style = alone(cell.text), cell.element.get("s", "0")
        mark = LINE_MARKS[name] if name in LINE_MARKS and name else None
        self._columns.append(self._numbers())
        start = f'<{self._name}c r="{letter_of(cell.column)}%s"'
        if mark is None or name is None:
            return self._constant(cell.text, start, style)
        if mark.holds is Holds.ANSWER:
            return f'{start} s="{style}"/>'
        values = list(values_of(name, told))
        if mark.holds is Holds.NUMBER:
            self._columns.append(values)
            return f'{start} s="{style}"><{self._name}v>%s</{self._name}v></{self._name}c>'
        size = styles.wraps(style)
        if size is not None:
            width = max(int(self._widths.get(cell.column, 9.0) * 10 / size) - 1, 2)
            self._wrapped.append(_Wrapped(values, width, size * _LEADING))
        self._columns.append(map(_written, values))
        return self._text(start, styles.for_text(style), "%s")

    def _constant(self, text: str, start: str, style: str) -> str:
        if not text:
            return f'{start} s="{style}"/>'
        return self._text(start, style, _written(text).replace("%", "%%"))

    def _text(self, start: str, style: str, text: str) -> str:
        n = self._name
        held = f'<{n}is><{n}t xml:space="preserve">{text}</{n}t></{n}is>'
        return f'{start} s="{style}" t="inlineStr">{held}</{n}c>'

    def _numbers(self) -> Iterator[int]:
        return count(self._line)

    def xml(self, progress: Progress) -> Iterator[str]:
        """Yield the rows."""
        kept = (
            f" {name}={quoteattr(value).replace('%', '%%')}"
            for name, value in self._row.items()
            if name not in _OWN and "{" not in name
        )
        pattern = f'<{self._name}row r="%s"{"".join(kept)}%s>{self._cells}</{self._name}row>'
        heights = self._heights()
        for place, values in enumerate(zip(self._numbers(), heights, *self._columns, strict=False)):
            if place == self._count:
                break
            if place % EVERY == 0:
                progress(place, self._count)
            yield pattern % values
        progress(self._count, self._count)

    def _heights(self) -> Iterator[str]:
        """Yield how tall each row is: as in the layout, and taller where its text needs it.

        Not every program sees to that itself.
        """
        least = float(self._row.get("ht", "0"))
        if not self._wrapped:
            fixed = f' ht="{least:g}" customHeight="1"' if least else ""
            return repeat(fixed, self._count)
        return map(self._height, range(self._count), repeat(least))

    def _height(self, place: int, least: float) -> str:
        needed = max(
            -(-_width(column.values[place]) // column.width) * column.line for column in self._wrapped
        )
        return f' ht="{max(needed + _PADDING, least):g}" customHeight="1"'


def _written(text: str) -> str:
    return escape(escaped(text))


def _width(text: str) -> int:
    """Return how many narrow characters wide a text is; what is beyond Latin counts as wide."""
    return len(text) if text.isascii() else sum(1 if char < "\u0300" else 2 for char in text)


def set_text(cell: Element, text: str) -> None:
    """Let a cell hold a text, written within itself."""
    _emptied(cell).set("t", "inlineStr")
    held = cell.makeelement(tag("is"))
    inner = cell.makeelement(tag("t"))
    inner.text = escaped(text)
    inner.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    held.append(inner)
    cell.append(held)


def set_number(cell: Element, digits: str, formula: str | None = None) -> None:
    """Let a cell hold a number, digit for digit, or a formula whose value it is."""
    _emptied(cell)
    for name, text in (("f", formula), ("v", digits)):
        if text is not None:
            part = cell.makeelement(tag(name))
            part.text = text
            cell.append(part)


def _emptied(cell: Element) -> Element:
    for part in list(cell):
        cell.remove(part)
    cell.attrib.pop("t", None)
    return cell
