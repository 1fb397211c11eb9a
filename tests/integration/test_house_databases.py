"""The databases that tests are given are real, empty and their own."""

from __future__ import annotations

from itertools import pairwise

import psycopg
import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import make_url

from tests.plugins import lending
from tests.plugins.databases import PostgresServer


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


@pytest.mark.postgres
def test_a_database_lent_again_is_as_good_as_new(
    postgres: PostgresServer, postgres_template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lending, "MOST_GROWTH", 1 << 20)
    lender, names, left = postgres.lender(postgres_template), [], []
    adds = "INSERT INTO agency (name) VALUES ('甲区科学技术局') RETURNING id"
    for done in (
        adds,
        "ALTER TABLE agency ADD COLUMN mark integer",
        "UPDATE alembic_version SET version_num = '0001'",
        "CREATE FUNCTION mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "INSERT INTO agency (name) SELECT md5(n::text) FROM generate_series(1, 10000) n",
        adds,
    ):
        with lender.lend() as name:
            link = psycopg.connect(host=str(postgres.folder), user="postgres", dbname=name, autocommit=True)
            left.append(link)  # somebody who does not go home
            assert link.execute("SELECT count(*) FROM agency").fetchone() == (0,)
            assert link.execute(adds).fetchone() == (1,)
            link.execute("DELETE FROM agency")
            link.execute(done.encode())
            names.append(name)
    for link in left:
        with pytest.raises(psycopg.OperationalError):
            link.execute("SELECT 1")
        link.close()
    kept = [one == other for one, other in pairwise(names)]
    assert kept == [True, False, False, False, False]
