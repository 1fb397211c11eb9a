"""The console commands around the ledger: what they print, how they end, what they leave behind."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.cli import main
from app.database import migrate
from lifecycle import database
from lifecycle.database import open_database
from lifecycle.models import Agency, AuditEntry, Membership, User
from lifecycle.passwords import password_matches
from lifecycle.roles import Role
from lifecycle.setup import FIRST_AGENCY, set_up_agency
from reports.ledger.reading import read_ledger
from tests.integration.ledgers import DATA, MESSY, SAMPLE, everything

DAY = "2026-06-30"
Keguan = Callable[..., Result]


@pytest.fixture
def keguan(monkeypatch: pytest.MonkeyPatch, database_url: str) -> Keguan:
    """Runs a console command on a database that is not even migrated."""
    monkeypatch.setenv("KEGUAN_DATABASE_URL", database_url)

    def run(*words: str | Path) -> Result:
        return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)

    return run


@pytest.fixture
def ready(monkeypatch: pytest.MonkeyPatch, migrated_database_url: str) -> Keguan:
    """Runs a console command on a migrated database with one agency."""
    monkeypatch.setenv("KEGUAN_DATABASE_URL", migrated_database_url)
    engine = open_database(migrated_database_url)
    with Session(engine) as session:
        assert set_up_agency(session) is not None
    engine.dispose()

    def run(*words: str | Path) -> Result:
        return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)

    return run


def snapshot() -> dict[str, list[tuple[object, ...]]]:
    """Return every row of the configured database."""
    engine = open_database(os.environ["KEGUAN_DATABASE_URL"])
    with Session(engine) as session:
        rows = everything(session)
    engine.dispose()
    return rows


def test_init_makes_the_database_the_first_agency_and_its_admin(keguan: Keguan, database_url: str) -> None:
    said = keguan("init")
    assert said.exit_code == 0
    password = said.output.split("初始密码：")[1].split("（")[0]
    engine = open_database(database_url)
    with Session(engine) as session:
        admin = session.scalars(select(User)).one()
        assert (admin.username, admin.must_change_password) == ("admin", True)
        assert password_matches(admin.password_hash, password)
        post = session.scalars(select(Membership)).one()
        assert (post.user_id, post.role, post.agency.name) == (admin.id, Role.ADMIN, FIRST_AGENCY)
        entry = session.scalars(select(AuditEntry)).one()
        assert password not in entry.summary + json.dumps(entry.details)
    engine.dispose()


def test_init_again_changes_nothing_and_shows_no_password(keguan: Keguan) -> None:
    keguan("init", "--agency", "甲局")
    before = snapshot()
    for words in (["init"], ["init", "--agency", "甲局"], ["init", "--agency", " 甲局 "]):
        again = keguan(*words)
        assert (again.exit_code, again.output) == (0, "数据库已就绪，科技局已存在，没有改动。\n")
    assert snapshot() == before


def test_init_with_another_name_adds_that_agency(keguan: Keguan, database_url: str) -> None:
    keguan("init", "--agency", "甲局")
    assert "admin2" in keguan("init", "--agency", "乙局").output
    engine = open_database(database_url)
    with Session(engine) as session:
        assert session.scalars(select(Agency.name).order_by(Agency.id)).all() == ["甲局", "乙局"]
    engine.dispose()


def test_init_with_a_blank_name_is_refused(keguan: Keguan) -> None:
    said = keguan("init", "--agency", " ")
    assert (said.exit_code, said.output) == (2, "请填写科技局名称。\n")


@pytest.mark.parametrize(
    "words", [["findings"], ["recompute"], ["ledger", "import", SAMPLE], ["ledger", "export", "a.xlsx"]]
)
def test_a_database_that_is_not_there_yet_is_asked_for(keguan: Keguan, words: list[str | Path]) -> None:
    said = keguan(*words)
    assert (said.exit_code, said.output) == (2, "数据库尚未初始化，请先运行 keguan init。\n")


def test_looking_at_a_database_that_is_not_there_makes_no_file(
    keguan: Keguan, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KEGUAN_DATABASE_URL", f"sqlite:///{tmp_path / 'folder' / 'k.db'}")
    assert keguan("findings").exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_migrated_database_without_agency_is_told_from_one_with(keguan: Keguan, database_url: str) -> None:
    migrate(database_url)
    said = keguan("findings")
    assert (said.exit_code, said.output) == (2, "数据库中还没有科技局，请先运行 keguan init。\n")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql:///keguan?host=/nowhere", "数据库无法读写"),
        ("no address", "数据库地址（KEGUAN_DATABASE_URL）无效"),
        ("oracle9://x", "数据库地址（KEGUAN_DATABASE_URL）无效"),
    ],
)
@pytest.mark.parametrize("command", [["init"], ["findings"]])
def test_a_database_that_cannot_be_reached_is_said_plainly(
    monkeypatch: pytest.MonkeyPatch, url: str, words: str, command: list[str]
) -> None:
    monkeypatch.setenv("KEGUAN_DATABASE_URL", url)
    said = CliRunner().invoke(main, command, catch_exceptions=False)
    assert said.exit_code == 2
    assert said.output.startswith(words)


def test_a_file_that_is_no_database_is_said_plainly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "k.db").write_bytes(SAMPLE.read_bytes())
    monkeypatch.setenv("KEGUAN_DATABASE_URL", f"sqlite:///{tmp_path / 'k.db'}")
    for command in ("init", "findings"):
        said = CliRunner().invoke(main, [command], catch_exceptions=False)
        assert said.exit_code == 2
        assert said.output.startswith("数据库无法读写")


@pytest.mark.parametrize("command", ["init", "findings"])
def test_sqlite_on_a_network_share_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    mounts = tmp_path / "mounts"
    share = tmp_path / "a share"
    share.mkdir()
    mounts.write_text(
        "disk / ext4 rw 0 0\n"
        f"server:/x {str(share).replace(' ', chr(92) + '040')} nfs4 rw 0 0\n"
        "proc /proc proc rw 0 0\n"
    )
    monkeypatch.setattr(database, "MOUNTS", mounts)
    monkeypatch.setenv("KEGUAN_DATABASE_URL", f"sqlite:///{share / 'k.db'}")
    (share / "k.db").touch()
    said = CliRunner().invoke(main, [command], catch_exceptions=False)
    assert said.exit_code == 2
    assert said.output.startswith("SQLite 数据库不能放在网络共享目录上")
    monkeypatch.setenv("KEGUAN_DATABASE_URL", f"sqlite:///{tmp_path / 'a shared disk' / 'k.db'}")
    assert CliRunner().invoke(main, ["init"], catch_exceptions=False).exit_code == 0


def test_with_several_agencies_one_must_be_named(ready: Keguan) -> None:
    ready("init", "--agency", "乙局")
    said = ready("findings")
    assert (said.exit_code, said.output) == (
        2,
        "数据库中有多个科技局，请用 --agency 指定其一：本区科学技术局、乙局。\n",
    )
    said = ready("findings", "--agency", "丙局")
    assert (said.exit_code, said.output) == (2, "没有名为“丙局”的科技局，现有：本区科学技术局、乙局。\n")
    assert ready("ledger", "import", SAMPLE, "--agency", "乙局").exit_code == 0
    assert ready("findings", "--agency", "乙局", "--as-of", DAY).exit_code == 1
    assert ready("findings", "--agency", FIRST_AGENCY, "--as-of", DAY).exit_code == 0


@pytest.mark.parametrize("file", [SAMPLE, MESSY])
def test_findings_after_an_import_are_those_of_the_check(ready: Keguan, file: Path) -> None:
    assert ready("ledger", "import", file).exit_code == 0
    found = ready("findings", "--as-of", DAY, "--format", "json")
    assert found.exit_code == 1
    assert found.stdout == ready("ledger", "check", file, "--as-of", DAY, "--format", "json").stdout
    keys = ("project", "rule", "subject", "strength", "document")
    expected = json.loads((DATA / "sample.findings.json").read_text("utf-8"))["findings"]
    rows = json.loads(found.stdout)["findings"]
    assert [[row[key] for key in keys] for row in rows] == [[row[key] for key in keys] for row in expected]
    text = ready("findings", "--as-of", DAY)
    assert text.stdout == ready("ledger", "check", file, "--as-of", DAY).stdout


def test_no_findings_end_well(ready: Keguan) -> None:
    found = ready("findings", "--as-of", DAY, "--format", "json")
    assert found.exit_code == 0
    assert json.loads(found.stdout) == {"as_of": DAY, "projects": 0, "findings": []}


def test_an_import_says_what_it_did(ready: Keguan) -> None:
    said = ready("ledger", "import", SAMPLE, "--dry-run")
    assert said.stdout == "试算完成，没有保存任何内容：新增 300 个项目，更新 0 个，未变 0 个。\n"
    assert ready("ledger", "import", SAMPLE).stdout == "导入完成：新增 300 个项目，更新 0 个，未变 0 个。\n"
    said = ready("ledger", "import", SAMPLE, "--format", "json")
    assert json.loads(said.stdout) == {"added": 0, "updated": 0, "unchanged": 300}
    assert snapshot()["tranche_hold"]  # what is held is nobody's to pay from the first moment on


@pytest.mark.parametrize("file", sorted((DATA / "broken").glob("*.xlsx")), ids=lambda file: file.stem)
def test_a_ledger_that_is_not_valid_leaves_the_database_as_it_was(ready: Keguan, file: Path) -> None:
    before = snapshot()
    for words in ([], ["--dry-run"]):
        said = ready("ledger", "import", file, *words, "--format", "json")
        assert said.exit_code == 2
        assert json.loads(said.stdout)["errors"]
        assert ready("ledger", "import", file, *words).exit_code == 2
    assert snapshot() == before


def test_what_was_exported_can_be_taken_in_anywhere_and_is_the_same(ready: Keguan, tmp_path: Path) -> None:
    ready("ledger", "import", SAMPLE)
    first, second = tmp_path / "一.xlsx", tmp_path / "二.xlsx"
    assert ready("ledger", "export", first).stdout == f"已导出 300 个项目：{first}\n"
    assert read_ledger(first).records == read_ledger(SAMPLE).records
    ready("init", "--agency", "乙局")
    assert ready("ledger", "import", first, "--agency", "乙局").exit_code == 0
    assert ready("ledger", "export", second, "--agency", "乙局").exit_code == 0
    assert read_ledger(second) == read_ledger(first)
    assert ready("ledger", "import", first, "--agency", FIRST_AGENCY, "--format", "json").stdout == (
        '{"added": 0, "updated": 0, "unchanged": 300}\n'
    )
    assert sorted(tmp_path.glob("*.xlsx")) == [first, second]


def test_an_export_that_cannot_be_written_leaves_nothing(ready: Keguan, tmp_path: Path) -> None:
    for target in (tmp_path, tmp_path / "no folder" / "a.xlsx", tmp_path / ("长" * 200 + ".xlsx")):
        said = ready("ledger", "export", target)
        assert said.exit_code == 2
        assert said.output.startswith(f"无法写入“{target}”")
    assert list(tmp_path.glob("*.xlsx")) == []


def test_recompute_says_how_many(ready: Keguan) -> None:
    ready("ledger", "import", SAMPLE)
    said = ready("recompute")
    assert (said.exit_code, said.output) == (0, "已重新计算 300 个项目。\n")
