"""Databases and workbooks of any size, made anew for each run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import islice
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.database import migrate
from app.demo.records import make_records
from lifecycle.command import Work, command
from lifecycle.database import open_database
from lifecycle.roles import Actor, Permission
from lifecycle.setup import set_up_agency
from lifecycle.standing import keep
from lifecycle.storing import add_projects
from reports.ledger.writing import write_ledger

TODAY = date(2026, 6, 30)


@command("bench.fill", Permission.IMPORT_LEDGER)
def _fill(work: Work, count: int) -> None:
    records = make_records(count, TODAY)
    while chunk := list(islice(records, 2000)):
        ids = add_projects(work.session, work.actor.agency_id, chunk)
        keep(work.session, work.actor.agency_id, zip(ids, chunk, strict=True), fresh=True)
    work.record("bench")


def empty_store(path: Path) -> tuple[str, Actor]:
    """Make a migrated SQLite database with one agency; return its URL and that agency's system actor."""
    url = f"sqlite:///{path}"
    migrate(url)
    with opened(url) as engine, Session(engine) as session:
        made = set_up_agency(session, "测试科技局")
        assert made is not None
        return url, Actor.system(made.agency_id)


def store(path: Path, count: int) -> tuple[str, Actor]:
    """Make such a database with so many projects in it."""
    url, actor = empty_store(path)
    with opened(url) as engine, Session(engine) as session:
        _fill(session, actor, count)
    return url, actor


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    """Lend an engine and close it."""
    engine = open_database(url)
    try:
        yield engine
    finally:
        engine.dispose()


def workbook(path: Path, count: int) -> Path:
    """Write a ledger workbook of so many projects."""
    write_ledger(make_records(count, TODAY), path)
    return path
