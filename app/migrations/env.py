"""How migrations reach the database: the connection is handed in, one transaction a migration."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection

import finance.models  # noqa: F401 (its tables belong to the same metadata)
from lifecycle.database import WRITE
from lifecycle.models import Base
from lifecycle.models.base import ExactDecimal, Instant


def _kept(_object: object, name: str | None, kind: str, _reflected: bool, _compare_to: Any) -> bool:
    return not (kind == "table" and name == "alembic_version")


def _rendered(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our own column types as what they are underneath: a migration must not depend on today's code."""
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime()"
    if kind == "type" and isinstance(item, ExactDecimal):
        return "sa.String()"
    return False


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection.execution_options(**{WRITE: True}),
        target_metadata=Base.metadata,
        include_object=_kept,
        render_item=_rendered,
        render_as_batch=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()


def run() -> None:
    """Run the migrations asked for on the connection in the configuration's attributes.

    Foreign keys are off meanwhile: SQLite rebuilds a table by dropping it, and a cascade would empty every
    table that points to it. Within a transaction the switch does nothing, hence the driver's own connection.
    """
    connection: Connection = context.config.attributes["connection"]
    if connection.dialect.name != "sqlite":
        _migrate(connection)
        return
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        _migrate(connection)
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


run()
