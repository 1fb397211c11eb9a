"""A workbook opened for reading: its worksheets in order, and what their cells refer to."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import IO

from reports.ledger.errors import NotAWorkbook
from reports.ledger.xlsx.events import LONGEST_TEXT
from reports.ledger.xlsx.formats import Shows, styles
from reports.ledger.xlsx.package import NO_WORKBOOK, TOO_BIG, MiB, Package, local, new_parser, parse
from reports.ledger.xlsx.sheet import read_rows
from reports.ledger.xlsx.values import Row, Tables, clean

MOST_STRINGS = 192 * MiB
"""Shared strings are the one part that has to be kept in memory."""
_MAIN = "xl/workbook.xml"


class Workbook:
    """An .xlsx workbook. Every method raises ``NotAWorkbook`` for what cannot be read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._package = Package(stream)
        main = [link.target for link in self._package.relations("") if link.kind == "officeDocument"]
        self._main = main[0] if main else _MAIN
        if self._main not in self._package or self._main.endswith(".bin"):
            raise NotAWorkbook(NO_WORKBOOK)
        self._links = self._package.relations(self._main)
        self._from_1904 = False
        self._sheets: dict[str, str] = {}
        self._read_main()

    @property
    def sheet_names(self) -> list[str]:
        """The names of the worksheets, trimmed, in the order of their tabs; charts are left out."""
        return list(self._sheets)

    def rows(self, sheet: str) -> Iterator[tuple[int, Row]]:
        """Yield the rows of a worksheet that have a filled cell, with their numbers as Excel shows them."""
        return read_rows(self._package.pieces(self._sheets[sheet]), self._tables)

    def _read_main(self) -> None:
        parts = {link.id: link.target for link in self._links if link.kind == "worksheet"}
        root = ""
        for name, attributes in self._package.tags(self._main):
            root = root or name
            if name == "workbookPr":
                self._from_1904 = attributes.get("date1904") in ("1", "true")
            elif name == "sheet" and attributes.get("id") in parts:
                self._add_sheet(attributes.get("name", ""), parts[attributes["id"]])
        if root != "workbook":
            raise NotAWorkbook(NO_WORKBOOK)

    def _add_sheet(self, name: str, part: str) -> None:
        """Note a sheet by its trimmed name; one that needs no trimming goes before one that does."""
        if name == name.strip() or name.strip() not in self._sheets:
            self._sheets[name.strip()] = part

    @cached_property
    def _tables(self) -> Tables:
        return Tables(list(self._strings()), self._styles(), self._from_1904)

    def _part(self, kind: str) -> str | None:
        targets = [link.target for link in self._links if link.kind == kind]
        return targets[0] if targets and targets[0] in self._package else None

    def _styles(self) -> dict[str, Shows]:
        part = self._part("styles")
        return styles(self._package.tags(part)) if part else {}

    def _strings(self) -> Iterator[str]:
        part = self._part("sharedStrings")
        if part is None:
            return
        if self._package.size(part) > MOST_STRINGS:
            raise NotAWorkbook(TOO_BIG)
        strings = _Strings()
        for piece in self._package.pieces(part):
            parse(strings.parser, piece)
            yield from strings.take()
        parse(strings.parser, b"", last=True)


class _Strings:
    """Takes the parser's events and puts shared strings together; readings (phonetic runs) are left out."""

    def __init__(self) -> None:
        self._found: list[str] = []
        self._text = ""
        self._collecting = False
        self._in_phonetic = False
        self.parser = new_parser()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data

    def take(self) -> list[str]:
        """Hand over the strings that are complete."""
        found, self._found = self._found, []
        return found

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        del attributes
        tag = local(name)
        self._collecting = tag == "t" and not self._in_phonetic
        if tag == "rPh":
            self._in_phonetic = True

    def _end(self, name: str) -> None:
        self._collecting = False
        tag = local(name)
        if tag == "rPh":
            self._in_phonetic = False
        elif tag == "si":
            self._found.append(clean(self._text))
            self._text = ""

    def _data(self, text: str) -> None:
        if self._collecting:
            self._text += text
            if len(self._text) > LONGEST_TEXT:
                raise NotAWorkbook(TOO_BIG)
