"""A project's spending as a workbook (支出明细): the empty one to fill in, and one that came back, read."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import IO

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from finance.spent import MOST_ROWS, faults
from lifecycle.record import BudgetUse, Source, Spending
from reports.ledger.errors import CellError, NotAWorkbook
from reports.ledger.rows import Errors, SheetRows, open_rows
from reports.ledger.schema import OWN_SPENDING
from reports.ledger.writing import head_cell, new_book
from reports.ledger.xlsx.values import LAST_ROW
from reports.ledger.xlsx.workbook import Workbook

_PLACES = {column.field: place for place, column in enumerate(OWN_SPENDING.columns)}
_NUMBER = len(OWN_SPENDING.columns) - 1
_WIDTHS = (14, 20, 14, 16, 20, 40)
_LISTS = {"资金来源": tuple(Source), "科目": tuple(BudgetUse)}
_UNREADABLE = "无法读取这个文件，请重新选择"


@dataclass(frozen=True, slots=True)
class SpendingBook:
    """What a workbook of spending says: its sound rows, and what is wrong with the others.

    ``numbers`` are the rows of the sheet, as Excel shows them, in which ``rows`` stand.
    """

    rows: Sequence[Spending]
    numbers: Sequence[int]
    errors: Sequence[CellError]

    @property
    def is_sound(self) -> bool:
        """Whether all of it can be entered."""
        return bool(self.rows) and not self.errors


def read_spending(source: Path | bytes | IO[bytes], number: str, today: date) -> SpendingBook:
    """Read the spending of the project of that number from the sheet 支出, else from the first one.

    Nothing is raised for what the workbook says wrongly: every wrong cell is among the errors.
    """
    try:
        with _opened(source) as stream:
            return _read(Workbook(stream), number, today)
    except NotAWorkbook as refusal:
        return SpendingBook((), (), [CellError(None, None, None, refusal.message)])
    except OSError:
        return SpendingBook((), (), [CellError(None, None, None, _UNREADABLE)])


def _opened(source: Path | bytes | IO[bytes]) -> AbstractContextManager[IO[bytes]]:
    if isinstance(source, bytes):
        return BytesIO(source)
    return source.open("rb") if isinstance(source, Path) else nullcontext(source)


def _read(workbook: Workbook, number: str, today: date) -> SpendingBook:
    names = workbook.sheet_names
    name = OWN_SPENDING.name if OWN_SPENDING.name in names else next(iter(names), "")
    errors = Errors([OWN_SPENDING])
    rows = open_rows(OWN_SPENDING, workbook.rows(name), errors) if name else None
    found: list[Spending] = []
    numbers: list[int] = []
    for row, spending in _sound_rows(rows, number, today, errors) if rows else ():
        if len(found) >= MOST_ROWS:
            errors.add(OWN_SPENDING, row, 0, f"一次最多导入 {MOST_ROWS:,} 笔，请分几个文件导入")
            break
        found.append(spending)
        numbers.append(row)
    told = errors.in_order()
    if not found and not told:
        told = [CellError(name or None, None, None, "没有读到支出，请在表头下面逐行填写")]
    return SpendingBook(found, numbers, told)


def _sound_rows(rows: SheetRows, number: str, today: date, errors: Errors) -> Sequence[tuple[int, Spending]]:
    found = []
    for row, values, sound in rows.read(known=None):
        if not sound or None in values[: _PLACES["voucher"]]:
            continue  # said already: at the cell, or at the column that is missing
        spending = OWN_SPENDING.build(*values)
        wrong = {_PLACES[field]: words.rstrip("。") for field, words in faults(spending, today).items()}
        if values[_NUMBER] not in {None, number}:
            wrong[_NUMBER] = f"这一行属于项目“{values[_NUMBER]}”，请只保留本项目的支出"
        for place, words in wrong.items():
            errors.add(OWN_SPENDING, row, place, words)
        if not wrong:
            found.append((row, spending))
            if len(found) > MOST_ROWS:
                break
    return found


def spending_template() -> bytes:
    """Return the empty workbook: headers, and lists to choose source and use from."""
    book = new_book()
    page = book.create_sheet(OWN_SPENDING.name)
    page.freeze_panes = "A2"
    for place, width in enumerate(_WIDTHS, 1):
        page.column_dimensions[get_column_letter(place)].width = width
    columns = OWN_SPENDING.columns[:_NUMBER]
    for place, column in enumerate(columns, 1):
        if column.name in _LISTS:
            choose = DataValidation(type="list", formula1=f'"{",".join(_LISTS[column.name])}"')
            choose.add(f"{get_column_letter(place)}2:{get_column_letter(place)}{LAST_ROW}")
            page.data_validations.append(choose)
    page.append([head_cell(page, c.name + ("（元）" if c.kind.is_money else "")) for c in columns])
    target = BytesIO()
    book.save(target)
    return target.getvalue()
