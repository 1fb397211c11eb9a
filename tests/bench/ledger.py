"""The ledger: checking a workbook, taking it in, and giving its findings back."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy.orm import Session

from app.database import migrate
from lifecycle.models import Base
from reports.findings import kept_findings
from reports.ledger.importing import import_ledger
from reports.ledger.reading import read_ledger
from tests.bench.measuring import in_turn, process, say, say_peak, timed
from tests.bench.stores import TODAY, empty_store, opened, workbook

PROJECTS = 20_000
_CONSOLE = "from app.cli import main; main()"
_MERELY_READ = (
    "import sys, openpyxl\n"
    "book = openpyxl.load_workbook(sys.argv[1], read_only=True)\n"
    "for sheet in book:\n"
    "    for row in sheet.iter_rows(values_only=True):\n"
    "        pass\n"
)


def check(folder: Path) -> Path:
    """Checking 20,000 projects against merely reading them; returns the workbook."""
    book = workbook(folder / "ledger.xlsx", PROJECTS)
    ours = process(["-c", _CONSOLE, "ledger", "check", str(book), "--as-of", str(TODAY), "--format", "json"])
    theirs = process(["-c", _MERELY_READ, str(book)])
    note = f"({ours.seconds:.1f} s, {theirs.seconds:.1f} s)"
    say("ledger check, 20,000 projects", "openpyxl read_only", ours.seconds / theirs.seconds, 0.4, note)
    say_peak("peak memory of that check", ours.peak_mb, 400)
    return book


def take_in(folder: Path, book: Path) -> None:
    """Importing that workbook against raw ``executemany`` of the rows it leaves behind."""
    url, actor = empty_store(folder / "imported.sqlite3")
    with opened(url) as engine, Session(engine) as session:
        ours = timed(lambda: import_ledger(session, actor, read_ledger(book), name=book.name), times=1)
    rows = _dump(folder / "imported.sqlite3")
    migrate(f"sqlite:///{folder / 'raw.sqlite3'}")
    theirs = timed(lambda: _insert(folder / "raw.sqlite3", rows), times=1)
    count = sum(len(table) for table in rows.values())
    note = f"({ours.seconds:.1f} s, {theirs.seconds:.1f} s, {count:,} rows)"
    say("ledger import of the same", "raw executemany", ours.seconds / theirs.seconds, 4, note)


def findings(url: str, agency_id: int) -> None:
    """The findings of 100,000 projects against a raw SELECT of the same rows."""
    raw = sqlite3.connect(url.removeprefix("sqlite:///"))
    query = (
        "SELECT p.number, f.rule, f.subject, f.strength, f.message, f.reason FROM kept_finding f"
        " JOIN project p ON p.id = f.project_id"
        " WHERE f.agency_id = ? AND f.since <= ? AND (f.until IS NULL OR f.until > ?)"
    )
    day = TODAY.isoformat()
    with opened(url) as engine, Session(engine) as session:
        ours, theirs = in_turn(
            lambda: list(kept_findings(session, agency_id, TODAY)),
            lambda: raw.execute(query, (agency_id, day, day)).fetchall(),
            times=3,
        )
    raw.close()
    note = f"({ours.seconds:.2f} s, {theirs.seconds:.2f} s)"
    say("findings of 100,000 projects", "raw SELECT", ours.seconds / theirs.seconds, 4, note)


def _dump(path: Path) -> dict[str, list[tuple[object, ...]]]:
    raw = sqlite3.connect(path)
    tables = [table.name for table in Base.metadata.sorted_tables]
    rows = {name: raw.execute(f'SELECT * FROM "{name}"').fetchall() for name in tables}
    raw.close()
    return {name: table for name, table in rows.items() if table}


def _insert(path: Path, rows: dict[str, list[tuple[object, ...]]]) -> None:
    raw = sqlite3.connect(path)
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        raw.execute(f"PRAGMA {pragma}")
    with raw:
        for name, table in rows.items():
            marks = ", ".join("?" * len(table[0]))
            raw.executemany(f'INSERT INTO "{name}" VALUES ({marks})', table)
    raw.close()
