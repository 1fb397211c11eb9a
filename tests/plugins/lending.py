"""Lends one migrated PostgreSQL database to test after test, emptied in between: to copy it takes far longer.

What a test may have done beyond writing rows (another schema, another revision, a database grown large) is
looked for in the catalogue; such a database is dropped and the next test gets a new copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

MOST_GROWTH = 8 << 20
"""Bytes that dead rows may take before reading past them takes longer than a new copy."""

_CATALOGUES = (
    *("pg_class", "pg_attribute", "pg_attrdef", "pg_constraint", "pg_index", "pg_trigger", "pg_proc"),
    *("pg_type", "pg_namespace", "pg_rewrite", "pg_policy", "pg_extension", "pg_db_role_setting"),
)

_ALONE = """
    SELECT coalesce(bool_and(pg_terminate_backend(pid, 5000)), true)
    FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""

_BACK_TO_ONE = """
    SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) FROM pg_sequences
"""

State = tuple[object, ...]
Create = Callable[[], tuple[str, str]]


@dataclass(frozen=True)
class _Spare:
    """A database as it was when it was new."""

    name: str
    address: str
    """How psycopg reaches it."""
    tables: tuple[str, ...]
    """Those that were empty."""
    filled: tuple[str, ...]
    state: State
    size: int


class Lender:
    """Keeps at most one database at hand. ``create`` makes one and tells its name and psycopg's address."""

    def __init__(self, create: Create, drop: Callable[[str], None]) -> None:
        self._create, self._drop = create, drop
        self._spare: _Spare | None = None

    @contextmanager
    def lend(self) -> Iterator[str]:
        """Lend a database; give its name."""
        lent, self._spare = self._spare or _looked_at(*self._create()), None
        try:
            yield lent.name
        finally:
            if self._spare is None and _emptied(lent):
                self._spare = lent
            else:
                self._drop(lent.name)


def _looked_at(name: str, address: str) -> _Spare:
    with psycopg.connect(address, autocommit=True) as link:
        query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
        names = tuple(row[0] for row in link.execute(query))
        filled = _which_hold_rows(link, names)
        empty = tuple(one for one in names if one not in filled)
        return _Spare(name, address, empty, filled, _state(link, filled), _size(link))


def _emptied(lent: _Spare) -> bool:
    """Empty a database; tell whether it is as good as new."""
    try:
        with psycopg.connect(lent.address, autocommit=True) as link:
            alone = _value(link, _ALONE)
            if not alone or _state(link, lent.filled) != lent.state or _size(link) > lent.size + MOST_GROWTH:
                return False
            link.execute("SET session_replication_role = replica")  # neither keys nor triggers get in the way
            for table in _which_hold_rows(link, lent.tables):
                link.execute(f'DELETE FROM "{table}"'.encode())
            link.execute(_BACK_TO_ONE)
            return True
    except psycopg.Error:
        return False


def _which_hold_rows(link: psycopg.Connection, tables: tuple[str, ...]) -> tuple[str, ...]:
    asked = ", ".join(f'EXISTS (SELECT 1 FROM "{table}")' for table in tables)
    (holds,) = link.execute(f"SELECT ARRAY[{asked}]".encode()).fetchone() or ([],)
    return tuple(table for table, filled in zip(tables, holds, strict=True) if filled)


def _state(link: psycopg.Connection, filled: tuple[str, ...]) -> State:
    """Return what is another as soon as anything in the catalogue or in ``filled`` was changed.

    What is added or changed bears a younger transaction than all there was; what is taken away is one less.
    """
    asked = ", ".join(
        f'(SELECT (count(*), max(xmin::text::bigint))::text FROM "{table}")'
        for table in (*_CATALOGUES, *filled)
    )
    return link.execute(f"SELECT {asked}".encode()).fetchone() or ()


def _size(link: psycopg.Connection) -> int:
    return int(_value(link, "SELECT pg_database_size(current_database())"))


def _value(link: psycopg.Connection, query: str) -> int:
    (value,) = link.execute(query.encode()).fetchone() or (0,)
    return int(value)
