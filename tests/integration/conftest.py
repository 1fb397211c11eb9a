"""What tests on a real database may lean on: a session on a migrated one, and an agency in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from lifecycle.database import open_database
from lifecycle.roles import Actor
from tests.integration.ledgers import make_agency


@pytest.fixture
def engine(migrated_database_url: str) -> Iterator[Engine]:
    """A migrated database of the test's own, once on SQLite and once on PostgreSQL."""
    made = open_database(migrated_database_url)
    yield made
    made.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session on that database."""
    with Session(engine) as made:
        yield made


@pytest.fixture
def console(session: Session) -> Actor:
    """Who acts on the console, in an agency without projects."""
    return make_agency(session)
