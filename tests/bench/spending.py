"""A workbook of spending: read, and entered against raw ``executemany`` of the same rows."""

from __future__ import annotations

import sqlite3
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from shutil import copyfile

from openpyxl import Workbook, load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.spending import import_spending
from lifecycle.attachments import StoredFile
from lifecycle.models import Project
from lifecycle.record import BudgetUse, Source, Spending
from lifecycle.records import load_records
from lifecycle.roles import Actor
from reports.spending_book import read_spending
from tests.bench.measuring import in_turn, say, timed
from tests.bench.stores import TODAY, opened, store

ROWS = 10_000
HEAD = ("日期", "资金来源", "科目", "金额（元）", "凭证号", "备注")


def rows_of_spending(count: int) -> list[Spending]:
    """Return so many rows of spending, no two alike."""
    sources, uses = list(Source), list(BudgetUse)
    first = date(2025, 8, 1)
    return [
        Spending(
            first + timedelta(days=at % 150),
            sources[at % len(sources)],
            uses[at % len(uses)],
            10_000 + at,
            f"记-{at:05d}",
            "试剂和耗材采购",
        )
        for at in range(count)
    ]


def spending_workbook(rows: list[Spending]) -> bytes:
    """Return a workbook of these rows, as an office would send it."""
    book = Workbook(write_only=True)
    page = book.create_sheet("支出")
    page.append(HEAD)
    for row in rows:
        page.append([row.on, row.source.value, row.use.value, row.amount / 100, row.voucher, row.note])
    target = BytesIO()
    book.save(target)
    return target.getvalue()


def read() -> None:
    """Reading such a workbook, with every cell checked, against merely reading it."""
    content = spending_workbook(rows_of_spending(ROWS))

    def bare() -> None:
        for _ in load_workbook(BytesIO(content), read_only=True).worksheets[0].iter_rows(values_only=True):
            pass

    ours, theirs = in_turn(lambda: read_spending(content, "KG-1", TODAY), bare, times=3)
    note = f"({ours.seconds:.2f} s, {theirs.seconds:.2f} s)"
    say("spending read, 10,000 rows", "openpyxl read_only", ours.seconds / theirs.seconds, 1, note)


def enter(folder: Path) -> None:
    """Entering its rows against raw ``executemany`` of the rows that this leaves behind."""
    file = folder / "spending.sqlite3"
    _, actor = store(file, 50)
    rows = rows_of_spending(ROWS)
    with opened(f"sqlite:///{file}") as engine, Session(engine) as session:
        number = _running(session, actor)
    seconds = [_entered(folder, file, actor, number, rows) for _ in range(3)]
    ours, theirs = (sorted(side)[1] for side in zip(*seconds, strict=True))
    note = f"({ours:.2f} s, {theirs:.2f} s)"
    say("spending entered, 10,000 rows", "raw executemany", ours / theirs, 4, note)


def _running(session: Session, actor: Actor) -> str:
    """Return the number of a project of which spending can be entered."""
    ids = session.scalars(select(Project.id).where(Project.agency_id == actor.agency_id)).all()
    return next(
        record.number
        for _, record in load_records(session, ids)
        if record.signed_on is not None and record.concluded_on is None
    )


def _entered(
    folder: Path, file: Path, actor: Actor, number: str, rows: list[Spending]
) -> tuple[float, float]:
    """Enter the rows into a fresh copy, then the same rows raw into another; return both times."""
    ours, raw = folder / "spending-ours.sqlite3", folder / "spending-raw.sqlite3"
    for copy in (ours, raw):
        for old in folder.glob(f"{copy.name}*"):
            old.unlink()
        copyfile(file, copy)
    workbook = StoredFile("0" * 64, "支出.xlsx", "application/x", 1)
    with opened(f"sqlite:///{ours}") as engine, Session(engine) as session:
        session.scalars(select(Project.id)).all()  # the first connection is not what is measured
        first = timed(lambda: import_spending(session, actor, number, rows, workbook, TODAY), 1)
    with sqlite3.connect(ours) as made:
        kept = made.execute("SELECT * FROM spending WHERE entered_at IS NOT NULL").fetchall()
    made.close()
    return first.seconds, timed(lambda: _insert(raw, kept), 1).seconds


def _insert(path: Path, rows: list[tuple[object, ...]]) -> None:
    raw = sqlite3.connect(path)
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        raw.execute(f"PRAGMA {pragma}")
    with raw:
        marks = ", ".join("?" * len(rows[0]))
        raw.executemany(f"INSERT INTO spending VALUES ({marks})", rows)
    raw.close()
