"""Opening the database so that concurrent writers are safe on SQLite and PostgreSQL alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

WRITE = "keguan_write"
"""Execution option of a connection that is going to write."""


def normalised(url: str) -> str:
    """Return ``url`` with the driver that Keguan ships with where only ``postgresql`` is named."""
    parsed = make_url(url)
    if parsed.drivername in {"postgresql", "postgres"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed.render_as_string(hide_password=False)


def open_database(url: str) -> Engine:
    """Return an engine for ``url``, tuned by ``tune``; a missing folder of a SQLite file is made."""
    parsed = make_url(normalised(url))
    if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed)
    tune(engine)
    return engine


def tune(engine: Engine) -> None:
    """Make a SQLite engine safe: WAL, foreign keys, patience, and ``BEGIN IMMEDIATE`` for writers.

    A writer that begins as a reader can lose updates or fail at commit; taking the write lock at the start
    cannot. PostgreSQL needs nothing here: commands lock their agency's row instead.
    """
    if engine.dialect.name != "sqlite":
        return
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)


def _on_connect(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin by itself; _on_begin does
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def begin_write(session: Session) -> None:
    """End whatever reading the session was at and begin a transaction that may write.

    Raises ``RuntimeError`` when there is unsaved work: writing outside a command is a mistake in the code.
    """
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("unsaved changes outside a command")
    session.rollback()
    session.connection(execution_options={WRITE: True})
