"""Takes a ledger into the database: all of it or nothing, in one command with one audit entry."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.columns import NEVER_KEPT, PROJECT
from lifecycle.command import Work, command
from lifecycle.database import begin_reading
from lifecycle.record import ProjectRecord
from lifecycle.records import CHUNK, load_records
from lifecycle.refusals import NotPermitted
from lifecycle.roles import Actor, Permission
from lifecycle.standing import keep
from lifecycle.storing import Known, add_projects, change_projects
from reports.ledger.differences import MOST_DIFFERENCES, Difference, differences
from reports.ledger.errors import LedgerRefused
from reports.ledger.in_process import ErrorAt, errors_of
from reports.ledger.reading import Ledger
from reports.ledger.schema import PROJECTS, SHEETS

Progress = Callable[[int, int], None]
"""Told, again and again, how many projects are done and how many there are."""

NOT_IN_THE_LEDGER = sorted(
    {field.name for field in fields(ProjectRecord)}
    - {column.field for column in PROJECTS.columns}
    - {sheet.attribute for sheet in SHEETS}
    - NEVER_KEPT
)
"""Fields of the record that no workbook speaks of: taking one in leaves them as they are."""

NEW_CHUNK = 2000
"""New projects written at a time."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, or would do: numbers of projects."""

    added: int
    updated: int
    unchanged: int
    differences: tuple[Difference, ...]
    """What changed in known projects, old and new; at most ``MOST_DIFFERENCES``."""

    @property
    def projects(self) -> int:
        """How many projects the ledger has."""
        return self.added + self.updated + self.unchanged

    @property
    def counts(self) -> dict[str, int]:
        """The numbers, as other programs read them."""
        return {"added": self.added, "updated": self.updated, "unchanged": self.unchanged}

    @property
    def summary(self) -> str:
        """One sentence about it."""
        return f"新增 {self.added} 个项目，更新 {self.updated} 个，未变 {self.unchanged} 个"


def import_ledger(
    session: Session, actor: Actor, ledger: Ledger, *, name: str, progress: Progress | None = None
) -> Imported:
    """Take in a ledger read from a file called ``name``.

    Projects are known by their number: those already there are updated, the others added. The rows of a sheet
    that is present replace a project's rows; absent sheets and projects not in the ledger stay as they are.
    Raises ``LedgerRefused``, with nothing saved, where it would undo what is done in Keguan (``guards``).
    """
    return _import(session, actor, ledger, name, progress or _silent)


def rehearse_import(
    session: Session, actor: Actor, ledger: Ledger, *, name: str, progress: Progress | None = None
) -> Imported:
    """Return what ``import_ledger`` would do with the same arguments, or raise what it would raise.

    It only reads: nobody who wants to write has to wait for a rehearsal.
    """
    del name
    if not actor.may(Permission.IMPORT_LEDGER):
        raise NotPermitted(Permission.IMPORT_LEDGER)
    begin_reading(session)
    taking_in = _TakingIn(session, actor.agency_id, ledger, progress or _silent)
    deque(taking_in.changes(), maxlen=0)
    return taking_in.outcome()


@command("ledger.import", Permission.IMPORT_LEDGER)
def _import(work: Work, ledger: Ledger, name: str, progress: Progress) -> Imported:
    session, agency_id = work.session, work.actor.agency_id
    taking_in = _TakingIn(session, agency_id, ledger, progress)
    for changed in taking_in.changes():
        change_projects(session, changed)
        keep(session, agency_id, ((one.id, one.new) for one in changed))
    for records in taking_in.additions():
        ids = add_projects(session, agency_id, records)
        keep(session, agency_id, zip(ids, records, strict=True), fresh=True)
    outcome = taking_in.outcome()
    details = {
        "file": name,
        **outcome.counts,
        "differences": [difference.as_detail() for difference in outcome.differences],
    }
    work.record(f"导入台账“{name}”：{outcome.summary}", details=details)
    return outcome


class _TakingIn:
    """One ledger held against the database: what is to be changed and added, some projects at a time."""

    def __init__(self, session: Session, agency_id: int, ledger: Ledger, progress: Progress) -> None:
        self._session = session
        self._ledger = ledger
        self._progress = progress
        self._absent = [
            *NOT_IN_THE_LEDGER,
            *(
                sheet.attribute
                for sheet in SHEETS
                if sheet.holds_lines and sheet.name not in ledger.sheets_present
            ),
        ]
        query = select(PROJECT.c.number, PROJECT.c.id).where(PROJECT.c.agency_id == agency_id)
        self._ids = dict(session.execute(query).all())
        self._known = [record for record in ledger.records if record.number in self._ids]
        self._new = [record for record in ledger.records if record.number not in self._ids]
        self._updated = 0
        self._differences: list[Difference] = []

    def changes(self) -> Iterator[Sequence[Known]]:
        """Yield the known projects that differ; raises ``LedgerRefused`` with all that stands against it."""
        errors: list[ErrorAt] = []
        done = 0
        for records in chunks(self._known, CHUNK):
            changed = [one for one in self._compared(records) if one.old != one.new]
            errors += errors_of(self._session, self._ledger, changed)
            if changed and not errors:
                self._note(changed)
                yield changed
            done += len(records)
            self._progress(done, len(self._ledger.records))
        if errors:
            raise LedgerRefused([error for *_, error in sorted(errors, key=lambda one: one[:3])])

    def additions(self) -> Iterator[Sequence[ProjectRecord]]:
        """Yield the projects that are not there."""
        done = len(self._known)
        for records in chunks(self._new, NEW_CHUNK):
            yield records
            done += len(records)
            self._progress(done, len(self._ledger.records))

    def outcome(self) -> Imported:
        """Return what there was to do."""
        unchanged = len(self._known) - self._updated
        return Imported(len(self._new), self._updated, unchanged, tuple(self._differences))

    def _compared(self, records: Sequence[ProjectRecord]) -> Iterator[Known]:
        """Yield the projects as they are and as they shall be; lines of absent sheets stay."""
        incoming = {self._ids[record.number]: record for record in records}
        for project_id, old in load_records(self._session, incoming):
            kept: dict[str, Any] = {attribute: getattr(old, attribute) for attribute in self._absent}
            new = incoming[project_id]
            yield Known(project_id, old, replace(new, **kept))

    def _note(self, changed: Sequence[Known]) -> None:
        self._updated += len(changed)
        room = MOST_DIFFERENCES - len(self._differences)
        self._differences += islice((one for project in changed for one in differences(project)), room)


def chunks(records: Sequence[ProjectRecord], size: int) -> Iterator[Sequence[ProjectRecord]]:
    """Yield the records, so many at a time."""
    for start in range(0, len(records), size):
        yield records[start : start + size]


def _silent(done: int, total: int) -> None:
    del done, total
