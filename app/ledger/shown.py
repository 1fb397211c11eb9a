"""How an upload reads on a page: where it stands, in a word, and which template shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.ledger.background import Progress, read_progress
from app.ledger.folder import Folder
from lifecycle.models import LedgerUpload, UploadState, UploadStep
from lifecycle.rulebook import rulebook
from lifecycle.rules.base import Rule
from reports.finding_list import FindingCounts

_ENDED = {
    (UploadStep.CHECK, UploadState.DONE): ("待导入", "soon", "checked"),
    (UploadStep.CHECK, UploadState.REFUSED): ("未通过", "bad", "refused"),
    (UploadStep.CHECK, UploadState.FAILED): ("失败", "bad", "stopped"),
    (UploadStep.IMPORT, UploadState.DONE): ("已导入", "done", "imported"),
    (UploadStep.IMPORT, UploadState.REFUSED): ("未通过", "bad", "refused"),
    (UploadStep.IMPORT, UploadState.FAILED): ("失败", "bad", "stopped"),
}
"""The word, its tone and the template of what has come to an end."""


class ShownUpload:
    """One upload as it was seen, with how far its work is while somebody is at it."""

    def __init__(self, upload: LedgerUpload, folder: Folder) -> None:
        self.id = upload.id
        self.key = upload.key
        self.file_name = upload.file_name
        self.as_of: date = upload.as_of
        self.step = upload.step
        self.state = upload.state
        self.changed_at: datetime = upload.changed_at
        self.message = upload.message
        self.result: dict[str, Any] = upload.result
        going = upload.state is UploadState.GOING
        self.progress: Progress | None = read_progress(folder.progress(upload.key)) if going else None

    @property
    def is_interrupted(self) -> bool:
        """Whether its work is not done, and nobody is at it any more."""
        return self.state is UploadState.GOING and self.progress is None

    @property
    def may_restart(self) -> bool:
        """Whether the step it is in may be begun again."""
        return self.is_interrupted or self.state is UploadState.FAILED

    @property
    def may_be_imported(self) -> bool:
        """Whether it has been checked and waits to be taken in."""
        return self.step is UploadStep.CHECK and self.state is UploadState.DONE

    @property
    def is_import(self) -> bool:
        """Whether it is being taken in, or has been."""
        return self.step is UploadStep.IMPORT

    @property
    def _reads(self) -> tuple[str, str, str]:
        if self.state is not UploadState.GOING:
            return _ENDED[self.step, self.state]
        if self.progress is None:
            return "已中断", "bad", "stopped"
        return "正在导入" if self.is_import else "正在体检", "going", "going"

    @property
    def word(self) -> str:
        """Where it stands, in a word."""
        return self._reads[0]

    @property
    def tone(self) -> str:
        """The tone of that word."""
        return self._reads[1]

    @property
    def page(self) -> str:
        """The template that shows it."""
        return self._reads[2]

    @property
    def findings(self) -> FindingCounts:
        """How many findings there are, once it has been checked."""
        return FindingCounts(self.result["must"], self.result["usual"])

    @property
    def rules(self) -> Iterator[tuple[Rule, int]]:
        """The rules that are not held, with how often, the most frequent first."""
        for rule_id, count in self.result["rules"]:
            rule = rulebook().find(rule_id)
            if rule is not None:
                yield rule, count


def look(
    session: Session, find: Callable[[], Sequence[LedgerUpload]], folder: Folder
) -> Sequence[ShownUpload]:
    """Return the uploads found as they stand.

    Where nobody is at one's work, all are looked at again: it may have ended since they were found.
    """
    shown = [ShownUpload(upload, folder) for upload in find()]
    if any(one.is_interrupted for one in shown):
        session.rollback()
        shown = [ShownUpload(upload, folder) for upload in find()]
    return shown
