"""``keguan files verify`` finds every attachment whose file is gone or changed, and nothing else."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session

from app.cli import main
from lifecycle.attachments import StoredFile
from lifecycle.database import open_database
from lifecycle.filekinds import MOST_BYTES
from lifecycle.files import ContentStore
from lifecycle.papers import add_files, remove_file
from lifecycle.roles import Role
from tests import papers
from tests.web.site import make_people, store_project


@pytest.fixture
def store(migrated_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ContentStore:
    """A store with three attached files, one of which was taken off again, in the configured instance."""
    monkeypatch.setenv("KEGUAN_DATABASE_URL", migrated_database_url)
    monkeypatch.setenv("KEGUAN_INSTANCE", str(tmp_path))
    made = ContentStore(tmp_path / "files")
    engine = open_database(migrated_database_url)
    with Session(engine) as session:
        people = make_people(session)
        store_project(session, people.agency_a, "KG-1")
        handler = people.a[Role.HANDLER].actor
        files = [_kept(made, name) for name in ("一.pdf", "二.pdf", "三.pdf")]
        ids = add_files(session, handler, "KG-1", files, "")
        remove_file(session, handler, ids[2])
    engine.dispose()
    return made


def _kept(store: ContentStore, name: str) -> StoredFile:
    kept = store.keep(BytesIO(papers.pdf(words=name)), MOST_BYTES)
    return StoredFile(kept.sha256, name, "application/pdf", kept.size)


def verify() -> Result:
    return CliRunner().invoke(main, ["files", "verify"], catch_exceptions=False)


def test_whole_files_are_found_whole_and_orphans_are_no_fault(store: ContentStore) -> None:
    said = verify()
    assert (said.exit_code, said.output) == (0, "共核对 3 个附件，缺失或损坏 0 个。\n")
    store.keep(BytesIO(b"of a form that was never completed"), 100)
    said = verify()
    assert (said.exit_code, said.output) == (
        0,
        "共核对 3 个附件，缺失或损坏 0 个；另有 1 个文件没有被引用。\n",
    )


def test_what_is_missing_or_damaged_is_listed(store: ContentStore) -> None:
    missing, damaged = (_kept(store, name).sha256 for name in ("一.pdf", "三.pdf"))
    store.path(missing).unlink()
    store.path(damaged).write_bytes(b"other")
    said = verify()
    assert said.exit_code == 1
    assert said.output.splitlines() == [
        f"KG-1：一.pdf（缺失，{missing}）",
        f"KG-1：三.pdf（已损坏，{damaged}）",
        "共核对 3 个附件，缺失或损坏 2 个。",
    ]
