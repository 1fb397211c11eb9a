"""What became of the attached files: a look at every one of them, of every agency."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.files import ContentStore, FileLost
from lifecycle.models import Attachment, Project


class Lost(NamedTuple):
    """An attachment whose file is not to be had: of which project, and what became of it."""

    number: str
    name: str
    sha256: str
    what: str


class Checked(NamedTuple):
    """What a look at the store found. ``unused`` files belong to no attachment."""

    attachments: int
    lost: list[Lost]
    unused: int


def check_files(session: Session, store: ContentStore) -> Checked:
    """Look whether the file of every attachment is in the store and is what was put there.

    Those taken away are looked at too. Files that nobody refers to are no fault: they came with a form that
    was never completed.
    """
    query = select(Project.number, Attachment.name, Attachment.sha256).join(
        Project, Project.id == Attachment.project_id
    )
    rows = session.execute(query.order_by(Project.number, Attachment.id)).all()
    found = {digest: _fault(store, digest) for digest in {row.sha256 for row in rows}}
    lost = [Lost(row.number, row.name, row.sha256, found[row.sha256]) for row in rows if found[row.sha256]]
    return Checked(len(rows), lost, sum(digest not in found for digest in store.digests()))


def _fault(store: ContentStore, digest: str) -> str:
    try:
        store.verify(digest)
    except FileLost as lost:
        return lost.what
    return ""
