"""Reads rows as a parser meets them: right for every workbook, and the slower of the two ways."""

from __future__ import annotations

from reports.ledger.errors import NotAWorkbook
from reports.ledger.xlsx.package import DAMAGED, TOO_BIG, new_parser
from reports.ledger.xlsx.values import LAST_ROW, NOT_CACHED, PLAIN_STYLE, Cell, Row, Values, row_number

LONGEST_TEXT = 1_000_000
"""Excel itself allows 32,767 characters in a cell."""


class Events:
    """Takes the parser's events of a sheet and puts rows together."""

    def __init__(self, values: Values) -> None:
        self._values = values
        self._rows: list[tuple[int, Row]] = []
        self._row: Row = {}
        self._number = 0
        self._column = self._filled_up_to = -1
        self._in_cell = self._collecting = self._in_phonetic = False
        self._has_value = self._has_formula = False
        self._kind, self._style, self._text = "n", PLAIN_STYLE, ""
        self.parser = new_parser()
        self.parser.ordered_attributes = True
        self.parser.StartElementHandler = self._root
        self.parser.CharacterDataHandler = self._data

    def take_rows(self) -> list[tuple[int, Row]]:
        """Hand over the rows that are complete."""
        rows, self._rows = self._rows, []
        return rows

    def take_all_rows(self) -> list[tuple[int, Row]]:
        """Hand over what is left where a row has ended for certain."""
        self._end_row()
        return self.take_rows()

    def skip_to(self, number: int) -> None:
        """Learn that the rows up to this one were read elsewhere."""
        self._number = number

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
        self._number += 1
        if "r" in attributes[::2]:
            self._number = row_number(attributes[attributes.index("r") + 1])
        elif self._number > LAST_ROW:
            raise NotAWorkbook(DAMAGED)

    def _end_row(self) -> None:
        if self._in_cell:
            self._end_cell()
        if self._row:
            self._rows.append((self._number, self._row))
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
                self._column = self._values.column(value.rstrip("0123456789"))
            elif name == "s":
                self._style = value
            elif name == "t":
                self._kind = value

    def _end_cell(self) -> None:
        value: Cell | None = None
        if self._has_formula and not (self._text or (self._has_value and self._kind == "str")):
            value = NOT_CACHED
        elif self._text:
            value = self._values.value(self._kind, self._style, self._text)
        if value is not None:
            self._put(value)
        self._in_cell = self._has_value = self._has_formula = self._in_phonetic = False
        self._kind, self._style, self._text = "n", PLAIN_STYLE, ""

    def _put(self, value: Cell) -> None:
        self._row[self._column] = value
        if self._column > self._filled_up_to:
            self._filled_up_to = self._column
        else:
            self._row = dict(sorted(self._row.items()))
