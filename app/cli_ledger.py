"""``keguan ledger``: the ledger workbook, from the console. Nothing is imported before it is needed."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, NoReturn

import click

from app.clock import today
from app.spoken import SpokenGroup

if TYPE_CHECKING:
    from reports.ledger.errors import LedgerRefused
    from reports.ledger.reading import Ledger

FOUND, NOT_VALID = 1, 2
"""Exit codes: something was found; the workbook is refused."""

as_of_option = click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    callback=lambda _ctx, _option, value: _day(value),
    metavar="日期",
    help="按哪一天判断，如 2026-06-30；默认今天。",
)
format_option = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="输出格式，默认 text。"
)


@click.group(cls=SpokenGroup)
def ledger() -> None:
    """台账：体检、导入、导出。"""


@ledger.command()
@click.argument("file", type=click.Path(), metavar="文件")
@as_of_option
@format_option
def check(file: str, as_of: date, form: str) -> None:
    """对照规定检查台账，不保存任何内容。"""
    from reports.ledger import check as checking

    gc.disable()  # records hold no cycles; looking for them takes a tenth of the time of a large ledger
    ledger = read_or_refuse(file, form)
    rows = checking.check(ledger.records, as_of)
    write(checking.findings_in(form, as_of, len(ledger.records), rows))
    if rows:
        raise SystemExit(FOUND)


def read_or_refuse(file: str, form: str) -> Ledger:
    """Return the ledger of a workbook, or write why it is refused and end; say what was passed over."""
    from reports.ledger.errors import LedgerRefused
    from reports.ledger.reading import read_ledger

    try:
        ledger = read_ledger(file)
    except LedgerRefused as refused:
        _tell_of_passed_over(refused, form)
        refuse(refused, form)
    _tell_of_passed_over(ledger, form)
    return ledger


def _tell_of_passed_over(reading: Ledger | LedgerRefused, form: str) -> None:
    if form == "text":
        for stranger in reading.passed_over:
            click.echo(f"未读取：{stranger}", err=True)


def refuse(refused: LedgerRefused, form: str) -> NoReturn:
    """Write why a workbook is refused and end."""
    from reports.ledger.check import errors_in

    write(errors_in(form, refused.errors))
    raise SystemExit(NOT_VALID)


def write(lines: Iterable[str]) -> None:
    """Write lines to standard output, in UTF-8 whatever the console believes in."""
    for line in lines:
        click.echo(f"{line}\n".encode(), nl=False)


def _day(moment: datetime | None) -> date:
    return moment.date() if moment else today()
