"""What is done with an uploaded ledger in the background: it is checked and, when asked, taken in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from flask import url_for

from app import clock
from app.ledger import found
from app.longwork.kinds import Act, Crumb, Parameters, Steps, Task, WorkRefused, register_intake
from app.longwork.reading import ToldFile
from app.longwork.wrong_cells import counts_by_sheet, write_errors
from finance.holding import sweep_holds
from lifecycle.record import ProjectRecord
from lifecycle.roles import Actor, Permission
from lifecycle.rules.base import Strength
from reports.finding_list import ListedFinding, findings_of
from reports.ledger.errors import LedgerRefused, PassedOver
from reports.ledger.importing import Imported, import_ledger, rehearse_import
from reports.ledger.reading import Ledger, read_ledger
from reports.ledger.schema import SHEET_NAMES

MOST_DIFFERENCES = 100
"""Shown on the page; the history of the import keeps more."""

_EVERY = 100
"""Projects judged between two tellings."""


def as_of(parameters: Parameters) -> date:
    """Return the day for which a ledger is judged."""
    return date.fromisoformat(parameters["as_of"])


def _check(task: Task) -> dict[str, Any]:
    """Judge every project of the ledger and find out what taking it in would do."""
    with _refusing(task):
        ledger = _read(task, of=3)
        judged = findings_of(
            _in_order(ledger.records, task.step("对照规定核对", 2, 3)), as_of(task.parameters)
        )
        counted = _Counting(judged)
        found.write_findings(task.rows, counted)
        imported = rehearse_import(
            task.session,
            task.actor,
            ledger,
            name=task.name,
            progress=task.step("与系统中的项目比对", 3, 3),
        )
    return {
        **counted.result,
        **_outcome(imported),
        "present": [name for name in SHEET_NAMES if name in ledger.sheets_present],
        "absent": [name for name in SHEET_NAMES if name not in ledger.sheets_present],
        "passed_over": _words(ledger.passed_over),
    }


def _take_in(task: Task) -> dict[str, Any]:
    """Take the ledger in, all of it or nothing."""
    with _refusing(task):
        ledger = _read(task, of=2)
        imported = import_ledger(
            task.session,
            task.actor,
            ledger,
            name=task.name,
            progress=task.step("导入项目", 2, 2),
        )
    # Else what is held would be owed until the clock looks in the morning.
    sweep_holds(task.session, Actor.system(task.actor.agency_id), clock.today())
    return _outcome(imported)


@contextmanager
def _refusing(task: Task) -> Iterator[None]:
    """Keep the wrong cells of a refused ledger, and say how many there are."""
    try:
        yield
    except LedgerRefused as refused:
        write_errors(task.rows, refused.errors)
        counts = counts_by_sheet(refused.errors)
        raise WorkRefused({**counts, "passed_over": _words(refused.passed_over)}) from refused


def _read(task: Task, of: int) -> Ledger:
    with ToldFile(task.workbook(), task.step("读取工作簿", 1, of)) as file:
        return read_ledger(file)


def _in_order(records: Sequence[ProjectRecord], tell: Steps) -> Iterator[ProjectRecord]:
    """Yield the records by number, telling how many have been judged."""
    for done, record in enumerate(sorted(records, key=lambda record: record.number)):
        if done % _EVERY == 0:
            tell(done, len(records))
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


def _words(passed_over: Sequence[PassedOver]) -> list[str]:
    return [str(one) for one in passed_over]


def _page(key: str) -> str:
    return url_for("ledger.show", key=key)


def _crumbs(_parameters: Parameters) -> Sequence[Crumb]:
    return (Crumb("台账", url_for("ledger.index")),)


CHECK, IMPORT = register_intake(
    Permission.IMPORT_LEDGER,
    Act("ledger.check", "体检", "体检台账", _check),
    Act("ledger.import", "导入", "导入台账", _take_in),
    crumbs=_crumbs,
    page=_page,
)
