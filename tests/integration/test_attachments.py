"""Files are stored by content and never overwritten; their rows come and go with the acts they belong to."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from stat import S_IMODE

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from lifecycle.attachments import StoredFile, attach, attachments_of, drop, find_attachment, names_and_digests
from lifecycle.command import Work, command
from lifecycle.filekinds import MOST_FILES
from lifecycle.files import ContentStore, FileDamaged, FileMissing, TooLarge
from lifecycle.models import Attachment, AuditEntry
from lifecycle.papers import NotHers, add_files, remove_file
from lifecycle.refusals import InvalidInput, NotFound, NotPermitted
from lifecycle.roles import Permission, Role
from tests import papers
from tests.web.site import People, make_people, store_project

NUMBER = "KG-2026-001"


def stored(name: str = "报告.pdf", content: str = "a") -> StoredFile:
    """Return a file as the store would have kept it."""
    return StoredFile(sha256(content.encode()).hexdigest(), name, "application/pdf", 10)


@command("test.attach", Permission.ADD_PAPERS)
def attaching(work: Work, project_id: int, files: list[StoredFile], kind: str = "report") -> list[int]:
    """Attach as any other command would."""
    ids = attach(work, project_id, kind, 7, files, "年度报告附件")
    work.record("附", project_id=project_id, details={"files": names_and_digests(files)})
    return ids


@command("test.drop", Permission.ADD_PAPERS)
def dropping(work: Work, attachment_id: int) -> None:
    """Drop as any other command would."""
    work.record("移除", project_id=drop(work, attachment_id).project_id)


@pytest.fixture
def store(tmp_path: Path) -> ContentStore:
    return ContentStore(tmp_path / "files")


@pytest.fixture
def people(session: Session) -> People:
    made = make_people(session)
    store_project(session, made.agency_a, NUMBER)
    return made


def project_id(session: Session, people: People) -> int:
    del people
    found = session.scalar(select(Attachment.project_id)) or 1
    session.rollback()
    return found


# The store


def test_the_same_content_twice_is_one_file(store: ContentStore, tmp_path: Path) -> None:
    first = store.keep(BytesIO(b"content"), 100)
    before = store.path(first.sha256).stat()
    assert store.keep(BytesIO(b"content"), 100) == first == (sha256(b"content").hexdigest(), 7)
    after = store.path(first.sha256).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert list(store.digests()) == [first.sha256]
    assert sorted(path.name for path in (tmp_path / "files").iterdir()) == [first.sha256[:2]]


def test_two_at_once_are_one_whole_file(store: ContentStore) -> None:
    content = os.urandom(3_000_000)
    with ThreadPoolExecutor(8) as pool:
        kept = set(pool.map(lambda _: store.keep(BytesIO(content), 1 << 23), range(16)))
    assert len(kept) == 1
    store.verify(kept.pop().sha256)
    assert len(list(store.digests())) == 1


def test_only_the_server_may_look_into_the_store(store: ContentStore) -> None:
    path = store.path(store.keep(BytesIO(b"secret"), 100).sha256)
    assert [S_IMODE(one.stat().st_mode) for one in (path, path.parent, path.parent.parent)] == [
        0o600,
        0o700,
        0o700,
    ]


def test_what_is_too_large_leaves_nothing(store: ContentStore, tmp_path: Path) -> None:
    assert store.keep(BytesIO(b"12345"), 5).size == 5
    with pytest.raises(TooLarge):
        store.keep(BytesIO(b"123456"), 5)
    assert len([path for path in (tmp_path / "files").rglob("*") if path.is_file()]) == 1


def test_what_is_missing_or_damaged_is_told_apart_and_put_right_by_the_true_content(
    store: ContentStore,
) -> None:
    digest = store.keep(BytesIO(b"content"), 100).sha256
    store.path(digest).write_bytes(b"c0ntent")
    with pytest.raises(FileDamaged):
        store.verify(digest)
    store.keep(BytesIO(b"content"), 100)
    store.verify(digest)
    store.path(digest).unlink()
    with pytest.raises(FileMissing):
        store.verify(digest)
    with pytest.raises(FileMissing):
        store.open(digest)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, "a" * 63])
def test_only_a_digest_names_a_place_in_the_store(store: ContentStore, name: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        store.path(name)


KILLED = """
import os, sys
from pathlib import Path
from lifecycle.files import ContentStore

class Dying:
    said = False
    def read(self, size):
        if self.said:
            os._exit(9)
        self.said = True
        return b"half"

store = ContentStore(Path(sys.argv[1]))
store.keep(open(sys.argv[2], "rb"), 1 << 20)
if sys.argv[3] == "while writing":
    store.keep(Dying(), 1 << 20)
os._exit(9)  # kept, and nothing committed
"""


@pytest.mark.parametrize("moment", ["while writing", "before the commit"])
def test_whoever_is_killed_leaves_at_most_an_orphan(tmp_path: Path, moment: str) -> None:
    (tmp_path / "paper.pdf").write_bytes(papers.pdf())
    folder = tmp_path / "files"
    arguments = [sys.executable, "-c", KILLED, str(folder), str(tmp_path / "paper.pdf"), moment]
    assert subprocess.run(arguments, check=False, cwd=Path(__file__).parents[2]).returncode == 9
    store = ContentStore(folder)
    assert list(store.digests()) == [sha256(papers.pdf()).hexdigest()]
    for digest in store.digests():
        store.verify(digest)


# The rows


def test_a_file_attached_twice_to_a_subject_is_one_row(session: Session, people: People) -> None:
    who, project = people.a[Role.PI].actor, project_id(session, people)
    one, other = stored("报告.pdf", "a"), stored("决算.pdf", "b")
    first = attaching(session, who, project, [one, other, one])
    again = attaching(session, who, project, [other])
    assert (len(first), first[0], again) == (3, first[2], [first[1]])
    elsewhere = attaching(session, who, project, [one], "change")
    assert elsewhere[0] not in first
    shown = attachments_of(session, project, "report", 7)
    assert [(file.name, file.title, file.uploaded_by) for file in shown] == [
        ("报告.pdf", "年度报告附件", "张a.pi"),
        ("决算.pdf", "年度报告附件", "张a.pi"),
    ]
    assert attachments_of(session, project, "report", 8) == []
    assert len(attachments_of(session, project)) == 3
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert entry.details["files"] == [{"name": "报告.pdf", "sha256": one.sha256}]


def test_an_act_takes_no_more_files_than_it_may_have(session: Session, people: People) -> None:
    files = [stored(f"{number}.pdf", str(number)) for number in range(MOST_FILES + 1)]
    with pytest.raises(InvalidInput, match="最多附 20 个"):
        attaching(session, people.a[Role.PI].actor, project_id(session, people), files)
    assert session.scalars(select(Attachment.id)).all() == []


def test_what_is_removed_is_kept_and_seen_by_the_bureau_alone(session: Session, people: People) -> None:
    pi, handler = people.a[Role.PI].actor, people.a[Role.HANDLER].actor
    (file_id,) = add_files(session, pi, NUMBER, [stored()], "合同")
    assert find_attachment(session, pi, file_id).removed_on is None
    session.rollback()
    assert remove_file(session, pi, file_id).number == NUMBER
    for role in (Role.PI, Role.UNIT_MANAGER, Role.JOINT_UNIT, Role.EXPERT):
        with pytest.raises(NotFound):
            find_attachment(session, people.a[role].actor, file_id)
    kept = find_attachment(session, handler, file_id)
    assert (kept.removed_by, kept.sha256) == ("张a.pi", stored().sha256)
    assert attachments_of(session, kept.project_id) == []
    assert [file.id for file in attachments_of(session, kept.project_id, removed=True)] == [file_id]
    session.rollback()
    with pytest.raises(NotFound):
        dropping(session, handler, file_id)
    (again,) = add_files(session, pi, NUMBER, [stored()], "")
    assert again != file_id


def test_a_file_is_removed_by_whoever_added_it_or_a_handler(session: Session, people: People) -> None:
    (file_id,) = add_files(session, people.a[Role.UNIT_MANAGER].actor, NUMBER, [stored()], "")
    for role in (Role.PI, Role.JOINT_UNIT):
        with pytest.raises(NotHers):
            remove_file(session, people.a[role].actor, file_id)
    for role in (Role.APPROVER, Role.AUDITOR, Role.EXPERT, Role.ADMIN):
        with pytest.raises(NotPermitted):
            remove_file(session, people.a[role].actor, file_id)
    with pytest.raises(NotFound):
        remove_file(session, people.b[Role.HANDLER].actor, file_id)
    remove_file(session, people.a[Role.HANDLER].actor, file_id)


def test_what_belongs_to_an_act_is_not_removed_by_itself(session: Session, people: People) -> None:
    (file_id,) = attaching(session, people.a[Role.PI].actor, project_id(session, people), [stored()])
    with pytest.raises(NotHers, match="在相应事项中更换"):
        remove_file(session, people.a[Role.HANDLER].actor, file_id)


@pytest.mark.parametrize(("files", "title"), [([], ""), ([stored()], "长" * 101)])
def test_nothing_is_added_without_a_file_or_with_too_long_a_word(
    session: Session, people: People, files: list[StoredFile], title: str
) -> None:
    with pytest.raises(InvalidInput):
        add_files(session, people.a[Role.PI].actor, NUMBER, files, title)
    assert session.scalars(select(AuditEntry.id).where(AuditEntry.action == "attachment.add")).all() == []


def test_two_who_attach_the_same_at_once_make_one_row(
    engine: Engine, session: Session, people: People
) -> None:
    who, project = people.a[Role.PI].actor, project_id(session, people)
    session.close()

    def once(_: int) -> list[int]:
        with Session(engine) as own:
            return attaching(own, who, project, [stored()])

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(once, range(4)))
    assert len({tuple(ids) for ids in found}) == 1
    assert len(attachments_of(session, project)) == 1
