"""The empty ledger workbook for offices to fill in: headers, lists to choose from, what each column asks."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from reports.ledger.schema import SHEETS, Column, Kind
from reports.ledger.writing import Page, SheetWriter, head_cell, header, new_book
from reports.ledger.xlsx.values import LAST_ROW

NOTES, OPTIONS = "填写说明", "选项"
"""Two more sheets, which reading passes over."""

_WIDTHS = (12, 26, 8, 60)
_FLAGS = ("是", "否")
_ASKED = {
    Kind.TEXT: "文字",
    Kind.CODE: "编号，请按文本填写，长数字不要设为数值格式",
    Kind.VALUE: "数字；不能量化的写文字，如 95%",
    Kind.WHOLE: "不小于 1 的整数",
    Kind.COUNT: "不小于 0 的整数",
    Kind.DATE: "日期，如 2026-01-31",
    Kind.MONEY: "金额，精确到分，不为负；表头可改为“（元）”",
    Kind.REVERSIBLE_MONEY: "金额，精确到分，冲销写负数；表头可改为“（元）”",
    Kind.FLAG: "是或否",
    Kind.CHOICE: "从下拉选项中选择",
    Kind.CHOICES: "可填多项，用顿号分隔",
    Kind.HOME_PLACE: "省、自治区、直辖市或港澳台地区",
    Kind.PLACE: "省、自治区、直辖市、港澳台地区或国家",
}


def write_template(target: str | Path | IO[bytes]) -> None:
    """Write a workbook with the headers of every sheet and no projects."""
    book = new_book()
    writers = [SheetWriter(book, sheet) for sheet in SHEETS]
    notes, options = book.create_sheet(NOTES), book.create_sheet(OPTIONS)
    lists = _Lists(options)
    for writer in writers:
        for place, column in enumerate(writer.sheet.columns, 1):
            lists.offer(writer.page, get_column_letter(place), column)
    lists.write()
    _write_notes(notes)
    book.save(target)


class _Lists:
    """The lists of options, a column each, and the cells that choose from them.

    Excel takes a list spelt out in a cell only up to 255 characters, which the programmes exceed.
    """

    def __init__(self, page: Page) -> None:
        self._page = page
        self._lists: dict[tuple[str, ...], str] = {}

    def offer(self, page: Page, letter: str, column: Column) -> None:
        """Let the cells of a column choose from its options, where it has any."""
        options = _options(column)
        if not options:
            return
        rule = DataValidation(type="list", formula1=self._range(options), allow_blank=True)
        rule.showErrorMessage = column.kind is not Kind.CHOICES
        rule.add(f"{letter}2:{letter}{LAST_ROW}")
        page.data_validations.append(rule)

    def _range(self, options: tuple[str, ...]) -> str:
        letter = self._lists.setdefault(options, get_column_letter(len(self._lists) + 1))
        return f"'{OPTIONS}'!${letter}$1:${letter}${len(options)}"

    def write(self) -> None:
        """Write every list offered."""
        for row in range(max(map(len, self._lists))):
            self._page.append([options[row] if row < len(options) else None for options in self._lists])
        self._page.sheet_state = "hidden"


def _options(column: Column) -> tuple[str, ...]:
    if column.kind is Kind.FLAG:
        return _FLAGS
    return tuple(map(str, column.choices())) if column.choices else ()


def _write_notes(page: Page) -> None:
    for place, width in enumerate(_WIDTHS, 1):
        page.column_dimensions[get_column_letter(place)].width = width
    page.freeze_panes = "A2"
    page.append([head_cell(page, text) for text in ("工作表", "列", "必填", "填写要求")])
    for sheet in SHEETS:
        for column in sheet.columns:
            needed = "必填" if column.required else None
            page.append([sheet.name, header(column), needed, _asked(column)])


def _asked(column: Column) -> str:
    options = "、".join(_options(column))
    return f"{_ASKED[column.kind]}：{options}" if column.choices else _ASKED[column.kind]
