"""A workbook of spending as long work: read and looked at first, then entered, all of it or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, replace
from typing import Any

from flask import url_for

from app import clock
from app.longwork.kinds import Act, Crumb, Parameters, Task, WorkRefused, register_intake
from app.longwork.reading import ToldFile
from app.longwork.wrong_cells import counts_by_sheet, write_errors, write_lines
from app.steps import tab_url
from finance.spending import demand_entering, import_spending
from finance.spent import all_over_budget, file_taken_in, twins
from lifecycle.attachments import StoredFile
from lifecycle.files import FileMissing
from lifecycle.record import ProjectRecord, Spending
from lifecycle.records import load_record
from lifecycle.roles import Permission
from lifecycle.visibility import find_project
from reports.spending_book import SpendingBook, read_spending

MOST_SHOWN = 200
"""Rows of a workbook that its preview shows."""


def asked_of(number: str, file: StoredFile) -> dict[str, Any]:
    """Return with what the reading of a workbook is asked for."""
    return {"number": number, "file": list(astuple(file)), "again": False}


def _file(parameters: Parameters) -> StoredFile:
    return StoredFile(*parameters["file"])


def _look(task: Task) -> dict[str, Any]:
    """Read the workbook; keep its wrong cells, or the rows to look at before it is entered."""
    project_id, _ = _to_enter(task)
    book = _book(task)
    task.step("与已登记的支出比对", 2, 2)(0, 0)
    _, record = _to_enter(task)
    there = twins(task.session, project_id, book.rows)
    shown = [(row, twin, *_plain(one)) for row, one, twin in zip(book.numbers, book.rows, there, strict=True)]
    # Rows that are there already first: they are what somebody has to look at.
    write_lines(task.rows, sorted(shown, key=lambda one: not one[1])[:MOST_SHOWN])
    as_it_would_be = replace(record, spending=(*record.spending, *book.rows))
    return {
        **_sums(book),
        "twins": sum(there),
        "taken": file_taken_in(task.session, project_id, _file(task.parameters).sha256),
        "over": _over(as_it_would_be),
    }


def _enter(task: Task) -> dict[str, Any]:
    """Enter what the workbook lists."""
    number, file = task.parameters["number"], _file(task.parameters)
    book = _book(task)
    task.step(f"登记 {len(book.rows):,} 笔支出", 2, 2)(0, 0)
    again = bool(task.parameters["again"])
    import_spending(task.session, task.actor, number, book.rows, file, clock.today(), again=again)
    project_id = find_project(task.session, task.actor, number).id
    return {**_sums(book), "over": _over(load_record(task.session, project_id))}


def _to_enter(task: Task) -> tuple[int, ProjectRecord]:
    """Return a project of which the person may enter spending now; raises what stands against it."""
    session = task.session
    session.rollback()
    project_id = find_project(session, task.actor, task.parameters["number"]).id
    record = load_record(session, project_id)
    demand_entering(session, task.actor, project_id, record)
    return project_id, record


def _book(task: Task) -> SpendingBook:
    """Read the workbook. Raises ``WorkRefused`` where a cell is wrong."""
    task.session.rollback()  # nobody waits while it is read
    path = task.store.path(_file(task.parameters).sha256)
    if not path.exists():
        raise FileMissing
    with ToldFile(path, task.step("读取工作簿", 1, 2)) as stream:
        book = read_spending(stream, task.parameters["number"], clock.today())
    if not book.is_sound:
        write_errors(task.rows, book.errors)
        raise WorkRefused({**_sums(book), **counts_by_sheet(book.errors)})
    return book


def _sums(book: SpendingBook) -> dict[str, Any]:
    return {"rows": len(book.rows), "total": sum(one.amount for one in book.rows)}


def _plain(row: Spending) -> tuple[str, str, str, int, str | None, str | None]:
    return row.on.isoformat(), row.source.value, row.use.value, row.amount, row.voucher, row.note


def _over(record: ProjectRecord) -> list[list[Any]]:
    """Return what is over the budget: source, use (none: the source as a whole), spent and budgeted."""
    over = all_over_budget(record, clock.today())
    return [[one.source.value, one.use and one.use.value, one.spent, one.budget] for one in over]


def _page(key: str) -> str:
    return url_for("spending.book", book_key=key)


def _crumbs(parameters: Parameters) -> Sequence[Crumb]:
    number = parameters["number"]
    return (
        Crumb("项目", url_for("projects.index")),
        Crumb(number, tab_url(number, "money")),
        Crumb("导入支出", url_for("spending.upload", number=number)),
    )


LOOK, ENTER = register_intake(
    Permission.ENTER_SPENDING,
    Act("spending.look", "核对", "核对支出明细", _look),
    Act("spending.enter", "导入", "导入支出明细", _enter),
    crumbs=_crumbs,
    page=_page,
    anew=True,  # others may have entered the same meanwhile
)
