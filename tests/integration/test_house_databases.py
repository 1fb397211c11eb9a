"""The databases that tests are given are real, empty and their own."""

from __future__ import annotations

from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import make_url


def test_a_database_is_of_the_kind_asked_for_and_empty(database_url: str) -> None:
    engine = create_engine(database_url)
    query = {"sqlite": "SELECT 'SQLite ' || sqlite_version()", "postgresql": "SELECT version()"}
    with engine.connect() as link:
        version = link.execute(text(query[engine.dialect.name])).scalar_one()
        assert inspect(link).get_table_names() == []
        link.execute(text("CREATE TABLE mine (id integer)"))
        link.commit()
    engine.dispose()
    assert version.startswith(("SQLite 3", "PostgreSQL"))


def test_what_another_test_made_is_not_there(database_url: str) -> None:
    engine = create_engine(database_url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_a_migrated_database_has_tables_and_no_project(migrated_database_url: str) -> None:
    engine = create_engine(migrated_database_url)
    with engine.connect() as link:
        tables = inspect(link).get_table_names()
        assert "alembic_version" in tables
        assert link.execute(text("SELECT count(*) FROM project")).scalar_one() == 0
    engine.dispose()
    assert make_url(migrated_database_url).get_backend_name() in {"sqlite", "postgresql"}
