"""Counting what the database is asked, so that a page's cost is a number and not a feeling."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

Counting = Callable[[], AbstractContextManager[list[str]]]
"""Opens a block; the list that it gives holds every statement sent in it."""


@contextmanager
def _counted() -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.fixture
def query_count() -> Counting:
    """Count statements: ``with query_count() as asked: …; len(asked)``."""
    return _counted
