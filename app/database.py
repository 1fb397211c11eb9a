"""Which database Keguan uses, where its own files lie, and how the schema is brought up to date."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config

from lifecycle.database import normalised, open_database

ROOT = Path(__file__).resolve().parent.parent
MIGRATIONS = Path(__file__).resolve().parent / "migrations"


def instance_folder() -> Path:
    """Return the folder of this installation's own files (``KEGUAN_INSTANCE``, else instance/), made if missing."""
    folder = Path(os.environ.get("KEGUAN_INSTANCE") or ROOT / "instance")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def database_url() -> str:
    """Return the SQLAlchemy URL of ``KEGUAN_DATABASE_URL``, else that of a SQLite file in the instance folder."""
    return normalised(
        os.environ.get("KEGUAN_DATABASE_URL") or f"sqlite:///{instance_folder() / 'keguan.sqlite3'}"
    )


def migrate(url: str, revision: str = "head") -> None:
    """Bring the database at ``url`` up to ``revision``; harmless where it is there already."""
    _run(url, lambda config: command.upgrade(config, revision))


def unmigrate(url: str, revision: str = "base") -> None:
    """Take the database at ``url`` back down to ``revision``."""
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
