"""A layout (版式) of the disbursement sheet: the office's own workbook, read and found fit."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from reports.ledger.xlsx.package import DAMAGED
from reports.sheet.cells import LayoutCell, cells, header_above, letter_of, shared_strings
from reports.sheet.marks import BRACE, LINE_MARKS, MARK, SUMMED, WHOLE_MARKS, alone, names_in
from reports.sheet.parts import (
    LINKS,
    WORKBOOK,
    Element,
    LayoutRefused,
    Wrong,
    read_parts,
    sheet_tree,
    tag,
    tree,
)

MOST_COLUMNS, MOST_ROWS = 60, 500
MOST_WRONG = 50
"""Complaints shown at once."""

LINE_ONLY = frozenset(LINE_MARKS) - frozenset(WHOLE_MARKS)


@dataclass(frozen=True)
class Layout:
    """A layout that is fit: its package and where in it what goes."""

    parts: dict[str, bytes]
    part: str
    """The worksheet that is printed into."""
    name: str
    """Its name on the tab."""
    sheet: Element
    line: int
    """The row that is repeated, as Excel counts."""
    columns: dict[str, int]
    """Mark of the line → column, counted from 1."""
    headers: dict[str, str]
    """Mark of the line → the header above it."""
    line_cells: list[LayoutCell]
    """The cells of that row."""
    marked: list[LayoutCell]
    """The cells of head and foot that hold marks."""


def read_layout(workbook: bytes) -> Layout:
    """Return the layout that a workbook holds. Raises ``LayoutRefused`` with everything that is wrong."""
    try:
        return _read(read_parts(workbook))
    except (ValueError, KeyError) as error:  # numbers that are none, parts that are not there
        raise LayoutRefused([Wrong(None, f"{DAMAGED}。")]) from error


def _read(parts: dict[str, bytes]) -> Layout:
    strings = shared_strings(parts)
    sheets = [_Sheet(name, part, sheet_tree(parts[part]), strings) for name, part in _worksheets(parts)]
    marked = [sheet for sheet in sheets if sheet.has_marks]
    wrong = [one for sheet in sheets for one in sheet.formulas()]
    if not marked:
        wrong.append(Wrong(None, "没有找到标记。请下载标准版式，照着其中花括号里的标记编制。"))
    elif len(marked) > 1:
        names = "、".join(f"“{sheet.name}”" for sheet in marked)
        wrong.append(Wrong(None, f"工作表{names}中都有标记，只能在一张工作表中使用标记。"))
    else:
        wrong.extend(marked[0].wrong())
    if wrong:
        raise LayoutRefused(wrong[:MOST_WRONG])
    return marked[0].layout(parts)


def _worksheets(parts: dict[str, bytes]) -> Iterator[tuple[str, str]]:
    """Yield the name and the part of each worksheet, in the order of their tabs."""
    links = sheet_links(parts)
    for sheet in sheet_tree(parts[WORKBOOK]).iter(tag("sheet")):
        part = links.get(sheet.get(f"{{{LINKS}}}id", ""), "")
        if part in parts:
            yield sheet.get("name", ""), part


def sheet_links(parts: dict[str, bytes]) -> dict[str, str]:
    """Return the parts that the workbook links to, by the id of the link."""
    found = tree(parts.get("xl/_rels/workbook.xml.rels", b"<none/>"))
    targets = ((link.get("Id", ""), link.get("Target", "")) for link in found)
    return {id_: posixpath.normpath(posixpath.join("/xl", target)).lstrip("/") for id_, target in targets}


class _Sheet:
    """One worksheet of a workbook that may be a layout."""

    def __init__(self, name: str, part: str, root: Element, strings: list[str]) -> None:
        self.name, self.part, self.root = name, part, root
        self.cells = list(cells(root, strings))
        self.texts = {(cell.row, cell.column): cell.text for cell in self.cells if cell.text}
        self.rows = {cell.row for cell in self.cells if set(names_in(cell.text)) & LINE_ONLY}
        self.line = self._line()

    @property
    def has_marks(self) -> bool:
        return any(MARK.search(cell.text) for cell in self.cells)

    def _line(self) -> int:
        """Return the row that most marks of a line stand in."""
        counts = {
            row: sum(len(set(names_in(cell.text)) & LINE_ONLY) for cell in self.cells if cell.row == row)
            for row in self.rows
        }
        return max(counts, key=lambda row: (counts[row], row), default=0)

    def formulas(self) -> Iterator[Wrong]:
        for cell in self.cells:
            if cell.is_formula:
                yield Wrong(
                    cell.place, "版式中不能有公式；合计请用 {合计金额} 等标记，出表时会成为求和公式。"
                )

    def wrong(self) -> Iterator[Wrong]:
        """Yield everything that is wrong with the worksheet as a layout."""
        yield from self._too_large()
        for cell in self.cells:
            yield from self._wrong_marks(cell)
        if self.line:
            yield from self._wrong_line()
        yield from self._missing()
        yield from self._merged()

    def _too_large(self) -> Iterator[Wrong]:
        beyond = [cell for cell in self.cells if cell.column > MOST_COLUMNS or cell.row > MOST_ROWS]
        if beyond:
            words = f"版式最多 {MOST_COLUMNS} 列、{MOST_ROWS} 行，请删除这里以外的内容和格式。"
            yield Wrong(beyond[0].place, words)

    def _wrong_marks(self, cell: LayoutCell) -> Iterator[Wrong]:
        names = names_in(cell.text)
        if BRACE.search(MARK.sub("", cell.text)):
            yield Wrong(cell.place, "花括号没有成对，标记应写成 {项目编号} 这样。")
        for name in names:
            if name not in LINE_MARKS and name not in WHOLE_MARKS:
                yield Wrong(cell.place, f"没有“{{{name}}}”这个标记{_close_to(name)}。")
            elif cell.row == self.line:
                yield from self._wrong_in_line(cell, name)
            elif name in LINE_ONLY:
                words = f"“{{{name}}}”是逐笔的标记，应与其他逐笔的标记同在第 {self.line} 行。"
                yield Wrong(cell.place, words)

    def _wrong_in_line(self, cell: LayoutCell, name: str) -> Iterator[Wrong]:
        if name not in LINE_MARKS:
            yield Wrong(cell.place, f"“{{{name}}}”是整张表的标记，不能放在逐笔重复的第 {self.line} 行。")
        elif alone(cell.text) != name:
            yield Wrong(cell.place, "逐笔的标记须单独占一格，不能与其他文字写在一起。")

    def _wrong_line(self) -> Iterator[Wrong]:
        seen: dict[str, str] = {}
        headers: dict[str, str] = {}
        for cell in self.line_cells():
            name = alone(cell.text)
            if name is None or name not in LINE_MARKS:
                continue
            if name in seen:
                yield Wrong(cell.place, f"“{{{name}}}”已在 {seen[name]} 用过，每个逐笔的标记只用一次。")
            seen[name] = cell.place
            header = header_above(self.texts, self.line, cell.column)
            if not header or BRACE.search(header):
                yield Wrong(cell.place, "这一列上方没有表头文字；回执按表头认列，请在上一行写明。")
            elif header in headers:
                yield Wrong(cell.place, f"表头“{header}”与 {headers[header]} 一列相同，请改为不同的文字。")
            headers[header] = cell.place

    def _missing(self) -> Iterator[Wrong]:
        used = {name for cell in self.cells for name in names_in(cell.text)}
        lacking = [name for marks in (WHOLE_MARKS, LINE_MARKS) for name, mark in marks.items() if mark.needed]
        if absent := [f"{{{name}}}" for name in lacking if name not in used]:
            yield Wrong(None, f"缺少必须有的标记：{'、'.join(absent)}。")
        for line_name, name in SUMMED.items():
            stands = [cell for cell in self.cells if alone(cell.text) == name and cell.row != self.line]
            if stands and line_name not in used:
                words = f"“{{{name}}}”要对“{{{line_name}}}”一列求和，表中没有这一列。"
                yield Wrong(stands[0].place, words)

    def _merged(self) -> Iterator[Wrong]:
        for merge in self.root.iter(tag("mergeCell")):
            first, _, last = merge.get("ref", "").partition(":")
            top, bottom = (int("".join(filter(str.isdigit, end)) or 0) for end in (first, last or first))
            if top <= self.line <= bottom:
                yield Wrong(first, "逐笔重复的一行不能有合并单元格，请取消合并。")

    def line_cells(self) -> list[LayoutCell]:
        """Return the cells of the row that is repeated."""
        return [cell for cell in self.cells if cell.row == self.line]

    def layout(self, parts: dict[str, bytes]) -> Layout:
        """Return the layout, the worksheet having been found fit."""
        columns = {
            name: cell.column
            for cell in self.line_cells()
            if (name := alone(cell.text)) in LINE_MARKS and name
        }
        headers = {name: header_above(self.texts, self.line, column) for name, column in columns.items()}
        marked = [cell for cell in self.cells if cell.row != self.line and MARK.search(cell.text)]
        return Layout(
            parts,
            self.part,
            self.name,
            self.root,
            self.line,
            columns,
            headers,
            self.line_cells(),
            marked,
        )


def _close_to(name: str) -> str:
    close = get_close_matches(name, [*LINE_MARKS, *WHOLE_MARKS], 1, 0.5)
    return f"，是不是“{{{close[0]}}}”" if close else "，可用的标记见页面下方"


def told_columns(layout: Layout) -> list[tuple[str, str, str]]:
    """Return letter, header and mark of every column that is filled line by line, from left to right."""
    found = sorted((column, name) for name, column in layout.columns.items())
    return [(letter_of(column), layout.headers[name], name) for column, name in found]
