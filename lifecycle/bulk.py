"""Many rows at once: identities handed out beforehand, and inserts without the cost of a dict a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Column, Table, delete, func, select, text
from sqlalchemy.orm import Session

Values = tuple[Any, ...]
"""The values of one row, in the order of the columns named beside it."""

BATCH = 10_000
"""Rows handed to the driver at a time."""


def reserve_ids(session: Session, table: Table, count: int) -> Sequence[int]:
    """Return ``count`` ids, rising, that no other row of ``table`` has or will get.

    On SQLite that holds until the transaction ends, as nobody else can write meanwhile.
    """
    if session.connection().dialect.name == "sqlite":
        last = session.scalar(select(func.max(table.c.id))) or 0
        return range(last + 1, last + 1 + count)
    query = text("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)")
    return sorted(session.scalars(query, {"name": table.name, "count": count}))


def insert_rows(session: Session, table: Table, columns: Sequence[str], rows: Sequence[Values]) -> None:
    """Insert rows whose values stand in the order of ``columns``, each going through its column's type."""
    connection = session.connection()
    dialect = connection.dialect
    quote = dialect.identifier_preparer.quote
    names = ", ".join(quote(name) for name in columns)
    marks = ", ".join(["?" if dialect.paramstyle == "qmark" else "%s"] * len(columns))
    statement = f"INSERT INTO {quote(table.name)} ({names}) VALUES ({marks})"  # noqa: S608 names are the model's
    types = [table.c[name].type.dialect_impl(dialect) for name in columns]
    binders = [type_.bind_processor(dialect) for type_ in types]
    for start in range(0, len(rows), BATCH):
        by_column = zip(*rows[start : start + BATCH], strict=True)
        bound = [_bound(binder, values) for binder, values in zip(binders, by_column, strict=True)]
        connection.exec_driver_sql(statement, list(zip(*bound, strict=True)))


def delete_rows(session: Session, column: Column[Any], values: Sequence[int]) -> None:
    """Delete the rows of ``column``'s table that bear one of ``values`` in it."""
    for start in range(0, len(values), BATCH):
        session.execute(delete(column.table).where(column.in_(values[start : start + BATCH])))


def _bound(binder: Callable[[Any], Any] | None, values: Values) -> Sequence[Any]:
    """Return one column's values as the driver wants them; each different value is converted once."""
    if binder is None:
        return values
    known = {value: binder(value) for value in set(values)}
    return [known[value] for value in values]
