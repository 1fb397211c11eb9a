"""Tells of every row of a returned sheet which line of the batch it is, and whether it still says the same.

A row is known by its code; one whose code is gone by project number, account and amount, where only one line
has them. Nothing is guessed: what cannot be told apart is shown and never booked.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from io import BytesIO

from finance.disbursement import line_code
from finance.returned_lines import CellNote, Heap, IssuedSheet, NotTheSheet, ReadLine, ReadSheet
from reports.ledger.cells import number_text, plain_decimal
from reports.ledger.xlsx.values import Cell, Flaw
from reports.ledger.xlsx.workbook import Workbook
from reports.returned.answers import Days, read_answer, shown, understood
from reports.returned.pages import (
    Progress,
    Rows,
    code_in,
    columns_in,
    headers_of,
    letters,
    place,
    rows_of,
    texts_of,
)
from reports.sheet.marks import ACCOUNT, AMOUNT, ANSWERS, CODE, LINE_MARKS, NUMBER, RESULT, SEQUENCE, Holds
from reports.sheet.roles import Roles, roles_of
from reports.sheet.rows import nobody

_CHECKSUM = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_NO_CHECKSUM = "回执中没有找到校验码（可能已被删去），各行已按行码核对。"
_OTHER = "这不是本批次（{number}）的拨付表：表中的校验码是{whose}的。请到对应的批次上传。"

Whose = Callable[[str], str]
"""Says in words whose a checksum or a code of line is: ``批次 2026-002``."""

Line = dict[str, Cell]
"""Mark → cell."""


def read_returned(
    issued: IssuedSheet, returned: bytes, today: date, whose: Whose, progress: Progress = nobody
) -> ReadSheet:
    """Return what a returned workbook says of each line of an issued sheet.

    Raises ``NotAWorkbook`` for what cannot be read and ``NotTheSheet`` for what is no sheet of this batch.
    """
    frozen = Frozen(issued)
    page = _Page(
        frozen, returned, issued, whose, lambda done: progress(min(done, issued.lines), issued.lines)
    )
    days = Days(issued.issued_on, today)
    lines = [*page.lines(days)]
    seen = {line.sequence for line in lines if line.sequence}
    if not seen:
        raise NotTheSheet(f"表中没有认出本批次（{issued.number}）的任何一笔，请核对是否传错了文件。")
    missing = (ReadLine(Heap.MISSING, one, None) for one in range(1, issued.lines + 1) if one not in seen)
    progress(issued.lines, issued.lines)
    answered = {mark: letters(page.columns[mark]) for mark in ANSWERS}
    return ReadSheet((*_told_twice(lines), *missing), answered, tuple(page.remarks))


def _told_twice(lines: list[ReadLine]) -> Iterator[ReadLine]:
    """Yield the lines, those that stand in several rows as such."""
    rows: dict[int, list[int]] = defaultdict(list)
    for line in lines:
        if line.sequence and line.row:
            rows[line.sequence].append(line.row)
    for line in lines:
        others = [str(row) for row in rows.get(line.sequence or 0, ()) if row != line.row]
        if others:
            words = f"与第 {'、'.join(others)} 行是同一笔，不能确定以哪一行为准"
            yield replace(line, heap=Heap.TWICE, notes=(CellNote(f"{line.row}", words),))
        else:
            yield line


class Frozen:
    """The issued sheet: what every line said, and what else stands on it."""

    def __init__(self, issued: IssuedSheet) -> None:
        self.issued = issued
        self.roles = _demand_roles(issued.workbook)
        rows = rows_of(Workbook(BytesIO(issued.workbook)), self.roles.sheet.strip(), lambda _: None)
        self.headers = headers_of(rows, self.roles)
        first, last = self.roles.first, self.roles.last
        self.lines = [self._line(rows, row) for row in range(first, last + 1)]
        self.around = {self._identity(self._line(rows, row)) for row in rows if not first <= row <= last}
        """Number and account as they read in rows that are no lines."""
        codes = (line_code(issued.number, issued.checksum, place_ + 1) for place_ in range(issued.lines))
        self.sequences = {code: sequence for sequence, code in enumerate(codes, 1)}

    def _line(self, rows: Rows, row: int) -> Line:
        cells = rows.get(row, {})
        return {mark: cells[column] for mark, column in self.roles.columns.items() if column in cells}

    @staticmethod
    def _identity(line: Line) -> tuple[str, str]:
        return shown(line.get(NUMBER)), shown(line.get(ACCOUNT))

    @cached_property
    def by_identity(self) -> Mapping[tuple[str, str, Decimal | None], list[int]]:
        """Number, account and amount → the lines that have them."""
        found = defaultdict(list)
        for sequence, line in enumerate(self.lines, 1):
            found[*self._identity(line), number_in(line.get(AMOUNT))].append(sequence)
        return found

    def compared(self) -> list[str]:
        """Return the marks whose cells may not differ."""
        return [mark for mark in self.headers if mark not in (*ANSWERS, CODE, SEQUENCE)]


class _Page:
    """The worksheet of a returned workbook that is the sheet."""

    def __init__(
        self,
        frozen: Frozen,
        returned: bytes,
        issued: IssuedSheet,
        whose: Whose,
        progress: Callable[[int], None],
    ) -> None:
        self._frozen, self._issued, self._whose = frozen, issued, whose
        self.remarks: list[str] = []
        book = Workbook(BytesIO(returned))
        names = sorted(book.sheet_names, key=lambda name: name != frozen.roles.sheet.strip())
        lacking: list[str] = ["工作表"]
        self.rows: Rows = {}
        for name in names:
            self.rows = rows_of(book, name, progress)
            self.columns = columns_in(self.rows, frozen.roles, frozen.headers)
            if AMOUNT in self.columns or name == names[-1]:
                self._demand_checksum()
                lacking = [mark for mark in frozen.headers if mark not in self.columns]
                break
        lacking = [mark for mark in lacking if mark not in (CODE, SEQUENCE)]
        if lacking:
            names_ = "、".join(f"“{frozen.headers.get(mark, mark)}”" for mark in lacking)
            raise NotTheSheet(f"表中没有找到表头为{names_}的列（或有不止一列），请恢复出表时的表头后再上传。")

    def _demand_checksum(self) -> None:
        found = {checksum for text in texts_of(self.rows) for checksum in _CHECKSUM.findall(text.lower())}
        if found and self._issued.checksum not in found:
            whose = self._whose(min(found))
            raise NotTheSheet(_OTHER.format(number=self._issued.number, whose=whose))
        if not found:
            self.remarks.append(_NO_CHECKSUM)

    def lines(self, days: Days) -> Iterator[ReadLine]:
        """Yield the rows that are lines, in their order."""
        for row, cells in self.rows.items():
            line = {mark: cells[column] for mark, column in self.columns.items() if column in cells}
            sequence = self._sequence(line)
            if sequence is None:
                if self._claims(line):
                    yield self._unknown(row, line)
                continue
            altered = tuple(self._differences(row, line, self._frozen.lines[sequence - 1]))
            if altered:
                yield ReadLine(Heap.ALTERED, sequence, row, notes=altered)
                continue
            places = {mark: place(self.columns[mark], row) for mark in ANSWERS}
            told = read_answer({mark: line.get(mark) for mark in ANSWERS}, places, days)
            yield ReadLine(
                told.heap, sequence, row, told.on, told.voucher, told.reason, notes=tuple(told.notes)
            )

    def _sequence(self, line: Line) -> int | None:
        """Return which line of the batch a row is, if it can be told for certain."""
        code = line.get(CODE)
        if code is not None:
            return self._frozen.sequences.get(code_in(code))
        found = self._frozen.by_identity.get(self._identity(line), [])
        return found[0] if len(found) == 1 else None

    @staticmethod
    def _identity(line: Line) -> tuple[str, str, Decimal | None]:
        return shown(line.get(NUMBER)), shown(line.get(ACCOUNT)), number_in(line.get(AMOUNT))

    def _claims(self, line: Line) -> bool:
        """Whether a row that is no line of the batch wants to be one: it must be shown, not passed over."""
        if code_in(line.get(CODE)):
            return True
        number, account, amount = self._identity(line)
        if (number, account) in self._frozen.around and (number or account):
            return False
        answered = understood(line.get(RESULT)) in (Heap.PAID, Heap.FAILED)
        return answered or (amount is not None and bool(number or account))

    def _unknown(self, row: int, line: Line) -> ReadLine:
        code = code_in(line.get(CODE))
        number, account, amount = self._identity(line)
        if code:
            words, where = f"行码 {code} 是{self._whose(code)}的", CODE
        elif line.get(CODE) is not None and CODE in self.columns:
            words, where = f"“{shown(line.get(CODE))}”不是行码", CODE
        elif len(self._frozen.by_identity.get((number, account, amount), [])) > 1:
            words, where = "没有行码，而项目编号、账号和金额相同的有不止一笔，不能确定是哪一笔", AMOUNT
        else:
            words, where = "没有行码，按项目编号、账号和金额在本批次中也找不到这一笔", AMOUNT
        said = "，".join(text for text in (number, account, shown(line.get(AMOUNT))) if text)
        return ReadLine(
            Heap.UNKNOWN, None, row, said=said, notes=(CellNote(place(self.columns[where], row), words),)
        )

    def _differences(self, row: int, line: Line, before: Line) -> Iterator[CellNote]:
        for mark in self._frozen.compared():
            old, new = before.get(mark), line.get(mark)
            if not _same(old, new, is_number=LINE_MARKS[mark].holds is Holds.NUMBER):
                header = self._frozen.headers[mark]
                words = f"{header}由“{shown(old) or '空'}”改成了“{shown(new) or '空'}”"
                yield CellNote(place(self.columns[mark], row), words)


def _demand_roles(issued: bytes) -> Roles:
    roles = roles_of(issued)
    if roles is None or CODE not in roles.columns:
        raise NotTheSheet("这张拨付表出表时还没有行码和回执栏，不能按回执登记，请在批次页面登记。")
    return roles


def number_in(cell: Cell | None) -> Decimal | None:
    """Return the number that a cell holds, exactly as it was written; text such as ``1,234.50`` counts."""
    if isinstance(cell, bool) or cell is None or isinstance(cell, Flaw | date):
        return None
    if isinstance(cell, float):
        return Decimal(number_text(cell))
    text = cell.removeprefix("￥").removeprefix("¥").removesuffix("元").strip()
    if text.endswith("%"):
        number = plain_decimal(text[:-1])
        return None if number is None else number / 100
    return plain_decimal(text)


def _same(old: Cell | None, new: Cell | None, *, is_number: bool) -> bool:
    """Whether a cell still says what it said, be it kept as a number now or as text."""
    if old == new:
        return True
    if is_number:
        return number_in(old) is not None and number_in(old) == number_in(new)
    if isinstance(new, str) and isinstance(old, str):
        return _lines(old) == _lines(new)
    # Text that came back as a number is the same only where a spreadsheet cannot have lost a digit of it.
    return isinstance(new, float) and isinstance(old, str) and len(old) <= 15 and number_text(new) == old


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines()]
