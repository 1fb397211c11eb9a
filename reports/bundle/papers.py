"""The attached files of a project, as a bundle wants them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import IO

from sqlalchemy.orm import Session

from lifecycle.attachments import SUBJECTS, attachments_of
from lifecycle.files import ContentStore
from reports.bundle.making import Paper, Papers


def stored_papers(store: ContentStore) -> Papers:
    """Return the papers of projects whose files lie in ``store``: also what was taken away since."""

    def papers(session: Session, project_id: int) -> Iterator[Paper]:
        for file in attachments_of(session, project_id, removed=True):
            taken = "（已移除）" if file.removed_on else ""
            yield Paper(f"{SUBJECTS[file.kind]}{taken}-{file.name}", partial(_sound, store, file.sha256))

    return papers


def _sound(store: ContentStore, digest: str) -> IO[bytes]:
    """Open a file that is what its digest says. Raises ``FileLost``."""
    store.verify(digest)
    return store.open(digest)
