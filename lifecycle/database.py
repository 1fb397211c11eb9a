"""Opening the database so that concurrent writers are safe on SQLite and PostgreSQL alike."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from lifecycle.refusals import Refusal

WRITE = "keguan_write"
"""Execution option of a connection that is going to write."""

MOUNTS = Path("/proc/mounts")

NETWORK_FILE_SYSTEMS = frozenset({
    "afpfs", "afs", "ceph", "cifs", "davfs", "fuse.davfs", "fuse.glusterfs", "fuse.s3fs", "fuse.sshfs",
    "gfs2", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "smb2", "smb3", "smbfs",
})  # fmt: skip
"""Types of file system that other machines write to as well, where SQLite's locks do not hold."""


class DatabaseOnNetworkShare(Refusal):
    """A SQLite file on a network share would lock up or be corrupted."""

    def __init__(self, file: Path) -> None:
        super().__init__(
            f"SQLite 数据库不能放在网络共享目录上（{file}），否则数据可能损坏。"
            "请改放在本机磁盘，或改用 PostgreSQL。"
        )


def normalised(url: str) -> str:
    """Return ``url`` with the driver that Keguan ships with where only ``postgresql`` is named."""
    parsed = make_url(url)
    if parsed.drivername in {"postgresql", "postgres"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed.render_as_string(hide_password=False)


def sqlite_file(url: URL) -> Path | None:
    """Return the file of a SQLite database; ``None`` for another kind or one in memory."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database)


def open_database(url: str) -> Engine:
    """Return an engine for ``url``, tuned by ``tune``; a missing folder of a SQLite file is made.

    Raises ``DatabaseOnNetworkShare``.
    """
    parsed = make_url(normalised(url))
    file = sqlite_file(parsed)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed)
    tune(engine)
    return engine


def tune(engine: Engine) -> None:
    """Make a SQLite engine safe: WAL, foreign keys, patience, and ``BEGIN IMMEDIATE`` for writers.

    A writer that begins as a reader can lose updates or fail at commit; taking the write lock at the start
    cannot. PostgreSQL needs nothing here: commands lock their agency's row instead. Raises
    ``DatabaseOnNetworkShare`` where it can be told that a SQLite file lies on one.
    """
    if engine.dialect.name != "sqlite":
        return
    file = sqlite_file(engine.url)
    if file is not None and _on_network_share(file):
        raise DatabaseOnNetworkShare(file)
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)


def _on_network_share(file: Path) -> bool:
    """Whether ``file`` lies on a network share, as far as the system tells: UNC paths and Linux mounts."""
    path = os.path.realpath(file)  # on Windows a mapped drive becomes the UNC path it stands for
    if path.startswith(("\\\\", "//")):
        return True
    try:
        mounts = MOUNTS.read_text("utf-8", "replace").splitlines()
    except OSError:
        return False
    length, kind = 0, ""
    for line in mounts:
        _, folder, found, *_ = line.split()
        folder = folder.replace("\\040", " ").rstrip("/")
        # Of mounts over one another the last is the one seen.
        if (path + "/").startswith(folder + "/") and len(folder) >= length:
            length, kind = len(folder), found
    return kind in NETWORK_FILE_SYSTEMS


def _on_connect(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin by itself; _on_begin does
    # Whoever wants to write waits for half a minute: a large ledger takes some seconds to come in.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=30000"):
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


def begin_reading(session: Session) -> None:
    """Begin a transaction whose every query sees the database as of one moment, as SQLite's all do."""
    session.rollback()
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
