"""The schema goes up and down on both databases, is the models', and no rebuilt table loses its children."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Engine, inspect, text
from sqlalchemy.orm import Session

from app.database import MIGRATIONS, DatabaseNotReady, migrate, open_ready_database, unmigrate
from lifecycle.audit_check import verify
from lifecycle.database import WRITE, open_database
from lifecycle.models import Base, Project, Report, ReportKind, ReportState, Turn, TurnKind
from lifecycle.roles import Role
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


KEPT = "id, agency_id, project_id, user_id, actor_name, at, action, summary, citation"

BEFORE_THE_CHAIN = (
    "INSERT INTO agency (id, name) VALUES (1, '甲局'), (2, '乙局')",
    (
        "INSERT INTO project (id, agency_id, number, title, programme, lead_unit, pi_name, self_established,"
        " milestone_managed, start_on, end_on, provincial_fen, district_fen, joint_fen, own_fen, stage, year,"
        " title_order, unit_order, fiscal_fen, search_text) VALUES (1, 1, '甲-1', '题', 'x', '单位', '人',"
        " false, false, '2026-01-01', '2026-12-31', 0, 0, 0, 0, '实施中', 2026, '', '', 0, '')"
    ),
)
"""Two agencies and a project, as the first schema has them."""


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


def test_entries_made_before_the_chain_are_chained_by_the_upgrade(database_url: str, empty: Engine) -> None:
    migrate(database_url, "0001")
    with empty.connect() as connection:
        connection.execution_options(**{WRITE: True})
        for statement in BEFORE_THE_CHAIN:
            connection.execute(text(statement))
        entry = sa.table(
            "audit_entry",
            *(sa.column(name) for name in ("agency_id", "user_id", "actor_name", "action", "summary")),
            sa.column("at", sa.DateTime()),
            sa.column("details", sa.JSON()),
        )
        at = datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 as it is kept: in UTC, without a zone
        rows = [
            {
                "agency_id": (1, 2, None)[number % 3],
                "user_id": None,
                "actor_name": "李四",
                "action": "a.b",
                "summary": f"第 {number} 次 “😀”",
                "at": at + timedelta(0, number, number),
                "details": {"new": number, "old": {"b": [1.5, None, "é"], "a": True}},
            }
            for number in range(2500)
        ]
        connection.execute(sa.insert(entry), rows)
        connection.execute(text("UPDATE audit_entry SET project_id = 1 WHERE id % 6 = 1"))
        connection.commit()
        before = connection.execute(text(f"SELECT {KEPT} FROM audit_entry ORDER BY id")).all()
    migrate(database_url)
    with Session(empty) as session:
        checks = list(verify(session))
        assert [(one.chain, one.length, one.faults) for one in checks] == [
            (0, 833, []),
            (1, 834, []),
            (2, 833, []),
        ]
        numbers = session.execute(text("SELECT DISTINCT project_id, project_number FROM audit_entry")).all()
        assert set(map(tuple, numbers)) == {(1, "甲-1"), (None, None)}
    unmigrate(database_url, "0001")
    with empty.connect() as connection:
        assert connection.execute(text(f"SELECT {KEPT} FROM audit_entry ORDER BY id")).all() == before
    migrate(database_url)


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


def test_turns_that_are_over_go_on_the_way_down_and_open_ones_stay(database_url: str, empty: Engine) -> None:
    migrate(database_url)
    day = date(2026, 3, 2)
    with Session(empty) as session:
        import_ledger(session, make_agency(session), read_ledger(SAMPLE), name="a.xlsx")
        project = session.scalars(sa.select(Project).order_by(Project.id)).first()
        assert project is not None
        usual: dict[str, Any] = {
            "agency_id": project.agency_id,
            "project_id": project.id,
            "kind": TurnKind.REPORT,
            "ref_id": 1,
        }
        usual |= {"role": Role.HANDLER, "since": day}
        session.add_all([Turn(words="over", done_on=day, **usual), Turn(words="open", duty="x/1", **usual)])
        draft: dict[str, Any] = {"state": ReportState.FILED, "content": {}, "account": {}, "drafted_on": day}
        session.add(Report(id=7, project_id=project.id, kind=ReportKind.ANNUAL, subject=2025, **draft))
        usual |= {"role": Role.UNIT_MANAGER, "ref_id": 7}
        session.add(Turn(words="确认", **usual))
        session.add_all(
            Turn(words="整改", **(usual | {"kind": TurnKind.MEASURE, "role": role}))
            for role in (Role.PI, Role.UNIT_MANAGER)
        )
        session.commit()
    unmigrate(database_url, "0009")
    with empty.connect() as connection:
        words = connection.execute(text("SELECT words FROM turn ORDER BY id")).scalars().all()
        assert words == ["open", "确认", "整改", "整改"]
    migrate(database_url)
    with Session(empty) as session:
        query = sa.select(Turn.words, Turn.done_on, Turn.role, Turn.also, Turn.duty).order_by(Turn.id)
        assert session.execute(query).all() == [
            ("open", None, Role.HANDLER, None, None),
            ("确认", None, Role.UNIT_MANAGER, None, "annual-report/2025"),
            ("整改", None, Role.UNIT_MANAGER, Role.PI, None),
        ]


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
