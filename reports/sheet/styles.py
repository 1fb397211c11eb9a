"""The styles of a layout as far as printing needs them: what wraps in what type, and text that stays text."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

from reports.sheet.parts import STYLES, Element, sheet_tree, tag, to_bytes

_USUAL_SIZE = 11.0


class Styles:
    """The cell formats of a workbook, by the number cells refer to them with."""

    def __init__(self, parts: dict[str, bytes]) -> None:
        self._root = sheet_tree(parts[STYLES]) if STYLES in parts else None
        self._formats = self._of("cellXfs")
        self._fonts = self._of("fonts")
        self._text: dict[str, str] = {}

    def _of(self, name: str) -> list[Element]:
        found = None if self._root is None else self._root.find(tag(name))
        return [] if found is None else list(found)

    def wraps(self, style: str) -> float | None:
        """Return the size of type (points) of a format that breaks text into lines, else ``None``."""
        form = self._format(style)
        alignment = None if form is None else form.find(tag("alignment"))
        if form is None or alignment is None or alignment.get("wrapText") not in ("1", "true"):
            return None
        place = int(form.get("fontId", "0"))
        size = self._fonts[place].find(tag("sz")) if place < len(self._fonts) else None
        return _USUAL_SIZE if size is None else float(size.get("val", _USUAL_SIZE))

    def for_text(self, style: str) -> str:
        """Return a format that looks the same and keeps text text when somebody types on it in Excel."""
        form = self._format(style)
        if form is None or form.get("quotePrefix") in ("1", "true"):
            return style
        if style not in self._text:
            copy = deepcopy(form)
            copy.set("quotePrefix", "1")
            formats = form.getparent()
            formats.append(copy)
            formats.set("count", str(len(formats)))
            self._text[style] = str(len(formats) - 1)
        return self._text[style]

    def _format(self, style: str) -> Element | None:
        place = int(style)
        return self._formats[place] if place < len(self._formats) else None

    def written(self) -> Iterator[tuple[str, bytes]]:
        """Yield the part as it is now."""
        if self._root is not None:
            yield STYLES, to_bytes(self._root)


def widths_of(sheet: Element) -> dict[int, float]:
    """Return the widths (characters) of the columns that have one, by column counted from 1."""
    found: dict[int, float] = {}
    for column in sheet.iter(tag("col")):
        first, last = int(column.get("min", "0")), int(column.get("max", "0"))
        for place in range(first, min(last, first + 100) + 1):
            found[place] = float(column.get("width", "9"))
    return found
