"""The audit bundle: complete, the same for the same data, and checked without Keguan."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.cli import main
from lifecycle.files import FileMissing
from lifecycle.models import AuditEntry
from lifecycle.refusals import NotFound, NotPermitted
from lifecycle.roles import Actor, Role
from reports.bundle.making import LOST, Paper, save_bundle, write_bundle
from reports.bundle.names import MOST_BYTES, Names, safe
from reports.ledger.exporting import NotWritable
from reports.ledger.reading import read_ledger
from tests.integration.paying import Bureau, a_bureau, approved, issued

MADE = datetime(2026, 6, 30, 1, 2, 4, tzinfo=UTC)


@pytest.fixture
def bureau(session: Session) -> Bureau:
    """A bureau that has issued a sheet with one project, and has another project."""
    made = a_bureau(session)
    issued(made, approved(made, number="甲-1"))
    approved(made, number="甲/2")
    return made


def missing() -> BytesIO:
    raise FileMissing


def papers(_session: Session, _project_id: int) -> Iterable[Paper]:
    """Two papers of one name, one with an evil name, one that is lost."""
    for name in ("任务书.pdf", "任务书.PDF", "../../etc/passwd", "没有了.pdf"):
        yield Paper(name, missing if name == "没有了.pdf" else lambda name=name: BytesIO(name.encode()))


def bundled(bureau: Bureau, *numbers: str, role: Role = Role.AUDITOR) -> bytes:
    target = BytesIO()
    write_bundle(bureau.session, bureau.actor(role), target, MADE, numbers or None, papers)
    return target.getvalue()


def unpacked(content: bytes, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    with ZipFile(BytesIO(content)) as file:
        assert file.testzip() is None
        file.extractall(folder)
    return folder


def checked(folder: Path) -> tuple[int, str]:
    """Return how the bundle's own program ends and what it says."""
    words = [sys.executable, "-I", "-X", "utf8", "verify.py"]
    done = subprocess.run(words, check=False, cwd=folder, capture_output=True, text=True, encoding="utf-8")
    return done.returncode, done.stdout + done.stderr


def test_a_bundle_holds_everything_of_its_project(bureau: Bureau, tmp_path: Path) -> None:
    folder = unpacked(bundled(bureau, "甲-1"), tmp_path / "b")
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert there == {
        "SHA256SUMS", "bundle.json", "chain.jsonl", "history.jsonl", "history.txt", "ledger.xlsx",
        "verify.py", "核对说明.txt", LOST, "papers/甲-1/任务书.pdf", "papers/甲-1/任务书 (2).PDF",
        "papers/甲-1/_._etc_passwd", "rules/spb-2023.toml", "rules/spb-key.toml",
        "rules/local.toml",
        "rules/沙坪坝区科技攻关重点专项.md",
        "sheets/拨付表-2026-001.xlsx",
    }  # fmt: skip
    history = [json.loads(line) for line in (folder / "history.jsonl").read_text("utf-8").splitlines()]
    assert {one["content"]["project_number"] for one in history} == {"甲-1"}
    assert [one["content"]["action"] for one in history][:2] == ["tranche.propose", "tranche.approve"]
    assert "甲/2" not in (folder / "history.txt").read_text("utf-8")
    assert "甲/2" not in (folder / "chain.jsonl").read_text("utf-8")
    entries = bureau.session.scalars(select(AuditEntry).order_by(AuditEntry.serial)).all()
    chain = [json.loads(line) for line in (folder / "chain.jsonl").read_text("utf-8").splitlines()]
    assert [one["hash"] for one in chain] == [one.hash for one in entries]
    assert [one.number for one in read_ledger(folder / "ledger.xlsx").records] == ["甲-1"]
    assert (folder / "papers/甲-1/任务书.pdf").read_text("utf-8") == "任务书.pdf"
    assert "没有了.pdf" in (folder / LOST).read_text("utf-8-sig")
    assert len(list((folder / "rules").glob("*.toml"))) == 3
    assert "第二十三条" in "".join(path.read_text("utf-8") for path in (folder / "rules").glob("*.md"))
    assert entries[-1].hash in (folder / "核对说明.txt").read_text("utf-8-sig")


@pytest.mark.parametrize("numbers", [("甲-1",), ("甲/2", "甲-1"), ()])
def test_a_bundle_checks_itself(bureau: Bureau, tmp_path: Path, numbers: tuple[str, ...]) -> None:
    folder = unpacked(bundled(bureau, *numbers), tmp_path / "b")
    code, said = checked(folder)
    assert (code, said.splitlines()[-1]) == (0, "核对通过：文件齐全未改，办理记录完整且与记录链一致。"), said
    if shutil.which("sha256sum"):
        words = ["sha256sum", "-c", "--quiet", "SHA256SUMS"]
        subprocess.run(words, check=True, cwd=folder, capture_output=True)


def test_any_changed_added_or_missing_file_is_found(bureau: Bureau, tmp_path: Path) -> None:
    content = bundled(bureau, "甲-1")
    folder = unpacked(content, tmp_path / "b")
    chance = random.Random(5)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        kept = path.read_bytes()
        # A program that is damaged cannot be trusted to say so: of that only a harmless change is looked at.
        place = 5 if path.name == "verify.py" else chance.randrange(len(kept))
        changed = bytearray(kept)
        changed[place] ^= 1
        path.write_bytes(changed)
        code, said = checked(folder)
        assert code == 1, path
        assert "不符" in said, path
        path.write_bytes(kept)
        if path.name not in {"verify.py", "SHA256SUMS"}:
            path.unlink()
            assert checked(folder)[0] == 1, path
            path.write_bytes(kept)
    (folder / "另外.txt").write_text("x")
    assert "多出文件：另外.txt" in checked(folder)[1]


def summed_anew(folder: Path) -> None:
    """Write the sums of what is there now, as whoever tampers would."""
    from hashlib import sha256

    sums = {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }
    lines = "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))
    (folder / "SHA256SUMS").write_text(lines, "utf-8", newline="\n")


def test_an_entry_left_out_altered_or_slipped_in_is_found_even_with_new_sums(
    bureau: Bureau, tmp_path: Path
) -> None:
    folder = unpacked(bundled(bureau, "甲-1"), tmp_path / "b")
    history = folder / "history.jsonl"
    lines = history.read_text("utf-8").splitlines(keepends=True)
    others = unpacked(bundled(bureau, "甲/2"), tmp_path / "c") / "history.jsonl"
    tamperings = {
        "缺少第": lines[1:],
        "内容与校验值不符": [lines[0].replace("提出", "退回"), *lines[1:]],
        "不属于本包的项目": [*lines, *others.read_text("utf-8").splitlines(keepends=True)[:1]],
    }
    for words, changed in tamperings.items():
        assert changed != lines
        history.write_text("".join(changed), "utf-8", newline="\n")
        summed_anew(folder)
        code, said = checked(folder)
        assert code == 1
        assert words in said


def test_a_chain_that_was_tampered_with_makes_a_bundle_that_does_not_fit(
    bureau: Bureau, tmp_path: Path
) -> None:
    bureau.session.execute(text("UPDATE audit_entry SET summary = '别的' WHERE serial = 2"))
    bureau.session.commit()
    code, said = checked(unpacked(bundled(bureau, "甲/2"), tmp_path / "b"))
    assert code == 1
    assert "记录链第 2 条" in said


def test_the_same_data_makes_the_same_bytes(bureau: Bureau) -> None:
    assert bundled(bureau, "甲-1") == bundled(bureau, "甲-1")
    assert bundled(bureau) == bundled(bureau)


def test_nobody_takes_the_bundle_of_another_agency_or_without_being_let(bureau: Bureau) -> None:
    for role in Role:
        stranger = bureau.people.b[role].actor
        with pytest.raises(NotFound if role in {Role.HANDLER, Role.APPROVER, Role.AUDITOR} else NotPermitted):
            write_bundle(bureau.session, stranger, BytesIO(), MADE, ["甲-1"])
    with pytest.raises(NotPermitted):
        bundled(bureau, "甲-1", role=Role.PI)


def test_a_file_appears_whole_or_not_at_all(bureau: Bureau, tmp_path: Path) -> None:
    system = Actor.system(bureau.people.agency_a)
    with pytest.raises(NotFound):
        save_bundle(bureau.session, system, tmp_path / "a.zip", MADE, ["没有"])
    for path in (tmp_path, tmp_path / "none" / "a.zip"):
        with pytest.raises(NotWritable):
            save_bundle(bureau.session, system, path, MADE)
    assert list(tmp_path.glob("*.zip")) == []
    save_bundle(bureau.session, system, tmp_path / "a.zip", MADE)
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".zip"] == ["a.zip"]


def test_the_console_makes_a_bundle(
    bureau: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, migrated_database_url: str
) -> None:
    bureau.session.rollback()
    monkeypatch.setenv("KEGUAN_DATABASE_URL", migrated_database_url)
    monkeypatch.setenv("KEGUAN_INSTANCE", str(tmp_path / "instance"))
    words = ["audit", "bundle", str(tmp_path / "a.zip"), "--project", "甲-1", "--agency"]
    names = bureau.session.execute(text("SELECT name FROM agency ORDER BY id")).scalars().all()
    bureau.session.rollback()
    said = CliRunner().invoke(main, [*words, names[0]], catch_exceptions=False)
    assert said.exit_code == 0, said.output
    assert "项目 甲-1" in said.output
    assert checked(unpacked((tmp_path / "a.zip").read_bytes(), tmp_path / "b"))[0] == 0
    assert CliRunner().invoke(main, [*words, names[1]]).exit_code == 2


def test_names_are_safe_everywhere_and_never_alike() -> None:
    assert safe("../../x") == "_._x"
    assert safe("a\u202etxt.exe") == "a_txt.exe"
    assert (safe("CON"), safe("nul.txt"), safe(" . "), safe("")) == ("_CON", "_nul.txt", "未命名", "未命名")
    assert len(safe("长" * 300 + ".docx").encode()) <= MOST_BYTES
    assert safe("长" * 300 + ".docx").endswith(".docx")
    names = Names()
    taken = [names.take("p/", name) for name in ("a.pdf", "A.pdf", "a (2).pdf", "a.pdf")]
    assert len({one.casefold() for one in taken}) == 4
