"""The schema goes up and down on both databases, is the models', and no rebuilt table loses its children."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Engine, inspect, text
from sqlalchemy.orm import Session

from app.database import MIGRATIONS, DatabaseNotReady, migrate, open_ready_database, unmigrate
from lifecycle.database import open_database
from lifecycle.models import Base
from reports.ledger.importing import import_ledger
from reports.ledger.reading import read_ledger
from tests.integration.ledgers import SAMPLE, everything, make_agency

REBUILDING = '''
"""Rebuild the tables that have children."""
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", "{head}", None, None


def upgrade():
    for name in ("agency", "project", "tranche"):
        with op.batch_alter_table(name, recreate="auto") as table:
            table.add_column(sa.Column("more", sa.String(), nullable=True))
            table.alter_column("id", existing_type=sa.Integer(), comment="rebuilt")


def downgrade():
    for name in ("agency", "project", "tranche"):
        with op.batch_alter_table(name, recreate="auto") as table:
            table.alter_column("id", existing_type=sa.Integer(), comment=None)
            table.drop_column("more")
'''


@pytest.fixture
def empty(database_url: str) -> Iterator[Engine]:
    """An engine on the test's own database, whatever is in it by now."""
    engine = open_database(database_url)
    yield engine
    engine.dispose()


def tables(url: str) -> set[str]:
    engine = open_database(url)
    names = set(inspect(engine).get_table_names())
    engine.dispose()
    return names


def sequences(url: str) -> list[str]:
    engine = open_database(url)
    found = inspect(engine).get_sequence_names() if engine.dialect.name == "postgresql" else []
    engine.dispose()
    return found


def test_up_down_and_up_again(database_url: str) -> None:
    migrate(database_url)
    assert tables(database_url) == {*Base.metadata.tables, "alembic_version"}
    unmigrate(database_url)
    assert tables(database_url) == {"alembic_version"}
    assert sequences(database_url) == []
    migrate(database_url)
    migrate(database_url)
    assert tables(database_url) == {*Base.metadata.tables, "alembic_version"}


def test_the_migrated_schema_is_the_models(database_url: str, empty: Engine) -> None:
    migrate(database_url)
    with empty.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_every_check_of_the_models_is_in_the_database(database_url: str, empty: Engine) -> None:
    migrate(database_url)
    there = inspect(empty)
    for table in Base.metadata.sorted_tables:
        wanted = {str(one.name) for one in table.constraints if isinstance(one, CheckConstraint)}
        assert {str(one["name"]) for one in there.get_check_constraints(table.name)} == wanted, table.name
        keys = {str(one.name) for one in table.foreign_key_constraints}
        assert {str(one["name"]) for one in there.get_foreign_keys(table.name)} == keys, table.name


def test_rebuilding_filled_tables_loses_no_child(database_url: str, empty: Engine, tmp_path: Path) -> None:
    migrate(database_url)
    with Session(empty) as session:
        import_ledger(session, make_agency(session), read_ledger(SAMPLE), name="a.xlsx")
        before = everything(session)
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    (tmp_path / "9999_rebuilding.py").write_text(REBUILDING.replace("{head}", str(head)))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", f"{MIGRATIONS / 'versions'}{os.pathsep}{tmp_path}")
    for act, revision in ((command.upgrade, "head"), (command.downgrade, "-1")):
        with empty.connect() as connection:
            config.attributes["connection"] = connection
            act(config, revision)
    with Session(empty) as session:
        assert everything(session) == before
        if empty.dialect.name == "sqlite":
            assert session.execute(text("PRAGMA foreign_key_check")).all() == []
            assert session.execute(text("PRAGMA foreign_keys")).scalar_one() == 1


def test_a_database_of_a_newer_program_is_neither_used_nor_changed(database_url: str, empty: Engine) -> None:
    migrate(database_url)
    with empty.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'later'"))
    for look in (open_ready_database, migrate):
        with pytest.raises(DatabaseNotReady, match="更新版本的程序"):
            look(database_url)


def test_a_database_of_an_older_program_is_not_used_before_it_is_migrated(database_url: str) -> None:
    migrate(database_url)
    unmigrate(database_url)
    with pytest.raises(DatabaseNotReady, match="keguan init"):
        open_ready_database(database_url)
    migrate(database_url)
    open_ready_database(database_url).dispose()
