"""What is done with an uploaded ledger in the background: it is checked and, when asked, taken in."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app import clock
from app.ledger import found
from app.ledger.background import Tell
from app.ledger.folder import Folder
from app.ledger.uploads import end, find_upload
from lifecycle.models import LedgerUpload, UploadState, UploadStep
from lifecycle.record import ProjectRecord
from lifecycle.refusals import Refusal
from lifecycle.roles import Actor
from lifecycle.rules.base import Strength
from reports.finding_list import ListedFinding, findings_of
from reports.ledger.errors import LedgerRefused, PassedOver
from reports.ledger.importing import Imported, import_ledger, rehearse_import
from reports.ledger.reading import Ledger, read_ledger
from reports.ledger.schema import SHEET_NAMES

log = logging.getLogger(__name__)

GONE = "上传的文件已经清理，请重新上传。"
BUSY = "数据库正忙，没有保存任何内容。请稍后重新开始。"
BROKEN = "处理时出了问题，没有保存任何内容。请重新开始；仍然不行的，请联系系统管理员。"

MOST_DIFFERENCES = 100
"""Shown on the page; the history of the import keeps more."""

_EVERY = 100
"""Projects judged between two tellings."""


@dataclass(frozen=True, slots=True)
class Job:
    """The step an upload is in, done for whoever uploaded it."""

    engine: Engine
    folder: Folder
    actor: Actor
    key: str

    def __call__(self, tell: Tell) -> None:
        """Do the step and note how it ended; whatever goes wrong leaves nothing behind."""
        with Session(self.engine) as session:
            upload = find_upload(session, self.actor, self.key)
            session.expunge(upload)
            session.rollback()
            try:
                result = _STEPS[upload.step](self, session, upload, tell)
            except LedgerRefused as refused:
                found.write_errors(self.folder.rows(self.key), refused.errors)
                self._end(session, upload, UploadState.REFUSED, result=_refusal(refused))
            except Exception as error:
                self._end(session, upload, UploadState.FAILED, message=_told(error))
            else:
                self._end(session, upload, UploadState.DONE, result=result)

    def _end(self, session: Session, upload: LedgerUpload, state: UploadState, **more: Any) -> None:
        session.rollback()
        end(session, upload.id, state, clock.now(), **more)

    def check(self, session: Session, upload: LedgerUpload, tell: Tell) -> dict[str, Any]:
        """Judge every project of the ledger and find out what taking it in would do."""
        ledger = self._read(upload, lambda done, total: tell(done, total, "第 1 步，共 3 步：读取工作簿"))
        counted = _Counting(findings_of(_in_order(ledger.records, tell), upload.as_of))
        found.write_findings(self.folder.rows(self.key), counted)
        imported = rehearse_import(
            session,
            self.actor,
            ledger,
            name=upload.file_name,
            progress=lambda done, total: tell(done, total, "第 3 步，共 3 步：与系统中的项目比对"),
        )
        return {
            **counted.result,
            **_outcome(imported),
            "present": [name for name in SHEET_NAMES if name in ledger.sheets_present],
            "absent": [name for name in SHEET_NAMES if name not in ledger.sheets_present],
            "passed_over": _words(ledger.passed_over),
        }

    def take_in(self, session: Session, upload: LedgerUpload, tell: Tell) -> dict[str, Any]:
        """Take the ledger in, all of it or nothing."""
        ledger = self._read(upload, lambda done, total: tell(done, total, "第 1 步，共 2 步：读取工作簿"))
        imported = import_ledger(
            session,
            self.actor,
            ledger,
            name=upload.file_name,
            progress=lambda done, total: tell(done, total, "第 2 步，共 2 步：导入项目"),
        )
        return _outcome(imported)

    def _read(self, upload: LedgerUpload, tell: Callable[[int, int], None]) -> Ledger:
        path = self.folder.workbook(upload.digest)
        if not path.exists():
            raise Refusal(GONE)
        with _ToldFile(path, tell) as file:
            return read_ledger(file)


_Step: TypeAlias = Callable[[Job, Session, LedgerUpload, Tell], dict[str, Any]]
_STEPS: Mapping[UploadStep, _Step] = {UploadStep.CHECK: Job.check, UploadStep.IMPORT: Job.take_in}


class _ToldFile(FileIO):
    """A workbook that tells, in hundredths, how much of it has been read.

    It is looked over once from end to end before it is unpacked, so that only what comes after that counts.
    """

    def __init__(self, path: Path, tell: Callable[[int, int], None]) -> None:
        super().__init__(path)
        self._size = max(path.stat().st_size, 1)
        self._seen = -self._size
        self._tell = tell

    def read(self, size: int | None = -1, /) -> bytes:
        """Read on."""
        piece = super().read(-1 if size is None else size)
        self._seen += len(piece or b"")
        self._tell(min(max(100 * self._seen // self._size, 0), 99), 100)
        return piece


def _in_order(records: Sequence[ProjectRecord], tell: Tell) -> Iterator[ProjectRecord]:
    """Yield the records by number, telling how many have been judged."""
    for done, record in enumerate(sorted(records, key=lambda record: record.number)):
        if done % _EVERY == 0:
            tell(done, len(records), "第 2 步，共 3 步：对照规定核对")
        yield record


class _Counting:
    """Findings on their way to the disk, counted as they pass."""

    def __init__(self, findings: Iterable[ListedFinding]) -> None:
        self._findings = findings
        self._rules: Counter[str] = Counter()
        self._strengths: Counter[Strength] = Counter()
        self._projects: set[str] = set()
        self._reasons = 0

    def __iter__(self) -> Iterator[ListedFinding]:
        for one in self._findings:
            self._rules[one.rule_id] += 1
            self._strengths[one.strength] += 1
            self._projects.add(one.project)
            self._reasons += one.reason is not None
            yield one

    @property
    def result(self) -> dict[str, Any]:
        """The figures, once all have passed."""
        return {
            "must": self._strengths[Strength.MUST],
            "usual": self._strengths[Strength.USUAL],
            "reasons": self._reasons,
            "with_findings": len(self._projects),
            "rules": self._rules.most_common(),
        }


def _outcome(imported: Imported) -> dict[str, Any]:
    shown = imported.differences[:MOST_DIFFERENCES]
    return {
        "projects": imported.projects,
        **imported.counts,
        "differences": [difference.as_detail() for difference in shown],
        "more_differences": len(imported.differences) > len(shown),
    }


def _refusal(refused: LedgerRefused) -> dict[str, Any]:
    sheets = Counter(error.sheet or "" for error in refused.errors)
    return {
        "errors": len(refused.errors),
        "sheets": list(sheets.items()),
        "passed_over": _words(refused.passed_over),
    }


def _words(passed_over: Sequence[PassedOver]) -> list[str]:
    return [str(one) for one in passed_over]


def _told(error: Exception) -> str:
    """Return in words why a step failed, and leave what nobody foresaw in the log."""
    if isinstance(error, Refusal):
        return error.message
    log.error("a ledger could not be worked on", exc_info=error)
    return BUSY if isinstance(error, OperationalError) else BROKEN
