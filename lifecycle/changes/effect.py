"""What a decided change does: the next agreement version in force, and the reasons on the record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from lifecycle.changes.checking import Case, check_case, row_of
from lifecycle.changes.requests import write_row
from lifecycle.command import Work
from lifecycle.in_force import add_version, put_in_force
from lifecycle.judging import demand_reasons, keep_reason, newly_excused, to_keep
from lifecycle.terms import differences


def take_effect(work: Work, case: Case, today: date, reasons: Mapping[str, str]) -> None:
    """Let a change that bears all its dates take effect today.

    Raises ``Obstructed``, ``VerdictRefused``, ``ReasonNeeded`` and ``InvalidInput`` by rule id.
    """
    request = case.request
    found = check_case(case, row_of(request), today, reasons)
    found.demand()
    excused = newly_excused(case.record, found.verdict)
    used = {line.rule.id: line.reason for line in excused if line.reason}
    demand_reasons(used)
    for line in excused:
        keep_reason(work, request.project_id, line, today)
    request.reasons, request.verdict = used, to_keep(found.verdict)
    work.session.flush()
    write_row(work, request)
    if differences(case.now, case.wanted):
        _next_version(work, case, today)
    work.touch(request.project_id)


def _next_version(work: Work, case: Case, today: date) -> None:
    request = case.request
    version = add_version(work, request.project_id, case.wanted, today, change_number=request.number)
    version.drafted_by_id, version.drafted_on = request.drafted_by_id, request.drafted_on
    version.reasons, version.verdict = request.reasons, request.verdict
    put_in_force(work, request.project_id, version, today)
