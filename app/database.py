"""Which database Keguan uses, where its own files lie, and how the schema is brought up to date."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from lifecycle.database import normalised, open_database, sqlite_file
from lifecycle.refusals import Refusal

ROOT = Path(__file__).resolve().parent.parent
MIGRATIONS = Path(__file__).resolve().parent / "migrations"


class DatabaseNotReady(Refusal):
    """The database has not been set up, or is of another version than the program."""


def instance_folder() -> Path:
    """Return the folder of our own files: ``KEGUAN_INSTANCE``, else instance/, made if missing."""
    folder = Path(os.environ.get("KEGUAN_INSTANCE") or ROOT / "instance")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def database_url() -> str:
    """Return the SQLAlchemy URL in ``KEGUAN_DATABASE_URL``, else that of SQLite in the instance folder."""
    return normalised(
        os.environ.get("KEGUAN_DATABASE_URL") or f"sqlite:///{instance_folder() / 'keguan.sqlite3'}"
    )


def open_ready_database(url: str | None = None) -> Engine:
    """Return an engine for a database whose schema is this program's; nothing is made or changed.

    Raises ``DatabaseNotReady``.
    """
    url = url or database_url()
    file = sqlite_file(make_url(url))
    if file is not None and not file.exists():
        raise DatabaseNotReady("数据库尚未初始化，请先运行 keguan init。")
    engine = open_database(url)
    try:
        fault = _fault_of(engine)
        if fault:
            raise DatabaseNotReady(fault)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _fault_of(engine: Engine) -> str | None:
    """Return why the program cannot work on this schema."""
    with engine.connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory(str(MIGRATIONS))
    if revision is None:
        return "数据库尚未初始化，请先运行 keguan init。"
    if revision not in {one.revision for one in script.walk_revisions()}:
        return "数据库由更新版本的程序建立，请升级程序后再用。"
    return (
        None if revision == script.get_current_head() else "数据库版本较旧，请先运行 keguan init 完成升级。"
    )


def migrate(url: str, revision: str = "head") -> None:
    """Bring the database at ``url`` up to ``revision``; harmless where it is there already.

    Raises ``DatabaseNotReady`` where a newer program made it.
    """
    try:
        _run(url, lambda config: command.upgrade(config, revision))
    except CommandError as error:
        raise DatabaseNotReady("数据库由更新版本的程序建立，请升级程序后再用。") from error


def unmigrate(url: str, revision: str = "base") -> None:
    """Take the database at ``url`` back down to ``revision``.

    What only a newer schema can hold is lost without a word, and the proofs of it with it: this is for trying
    migrations out. An installation goes back by restoring its backup, so no command leads here.
    """
    _run(url, lambda config: command.downgrade(config, revision))


def _run(url: str, act: Callable[[Config], None]) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    engine = open_database(url)
    try:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            act(config)
    finally:
        engine.dispose()
