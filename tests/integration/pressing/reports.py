"""Reports begun, filed, confirmed, returned, accepted and sent on to the government."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from typing import Any

from lifecycle.filings import accept_report, confirm_report, note_government, return_report, send_back
from lifecycle.models import Report, ReportKind, ReportState
from lifecycle.report_opening import against, goes_to_government
from lifecycle.report_writing import start_report
from lifecycle.roles import Role
from tests.integration.pressing.place import WHY, Place, Press, Presses, choose
from tests.integration.reporting import filed, reached

NEXT = {
    ReportState.DRAFT: ("file",),
    ReportState.RETURNED: ("file",),
    ReportState.FILED: ("confirm", "confirm", "send back"),
    ReportState.CONFIRMED: ("accept", "accept", "return"),
    ReportState.ACCEPTED: ("government",),
}


def presses(place: Place, day: date, *, wild: bool) -> list[Press]:
    """Return what may be pressed of a project's reports."""
    known = place.rows(Report)
    open_ = [one for one in known if _goes_on(place, one)]
    if wild and known:
        return choose(_of(place, place.shuffle.choice(known), day), (), wild=True)
    begin = list(_begin(place, known, day, wild=wild))
    if begin and (not open_ or place.shuffle.random() < 0.3):
        return begin
    if not open_:
        return []
    report = place.shuffle.choice(open_)
    return choose(_of(place, report, day), NEXT[report.state], wild=False)


def _goes_on(place: Place, report: Report) -> bool:
    if report.state is not ReportState.ACCEPTED:
        return place.record.concluded_on is None
    sent = {one.year for one in place.record.annual_reports if one.to_government_on}
    to_government = report.kind is ReportKind.ANNUAL and goes_to_government(place.record) is not None
    return to_government and report.subject not in sent


def _begin(place: Place, known: Sequence[Report], day: date, *, wild: bool) -> Iterator[Press]:
    begun = {(one.kind, one.subject) for one in known}
    owed = [(ReportKind.ANNUAL, day.year - 1), (ReportKind.STAGE, 1), (ReportKind.STAGE, 2)]
    for kind, subject in owed:
        if wild or not (against(place.record, kind, subject, day) or (kind, subject) in begun):
            yield "start", partial(_start, place, kind, subject, day)
    if not place.is_ending(day) and place.shuffle.random() < 0.1:
        yield "event", partial(_start, place, ReportKind.EVENT, None, day)


def _start(place: Place, kind: ReportKind, subject: int | None, day: date) -> None:
    start_report(place.session, place.actor(Role.PI), place.number, kind, subject, day)


def _of(place: Place, report: Report, day: date) -> Presses:
    one, unit, handler = place.session, place.actor(Role.UNIT_MANAGER), place.bureau.handler
    uncounted = place.shuffle.random() < 0.5
    return {
        "file": lambda: filed(place.bureau, report.id, day, **_written(place, report)),
        "confirm": lambda: confirm_report(one, unit, report.id, day),
        "send back": lambda: send_back(one, unit, report.id, WHY, day),
        "accept": lambda: accept_report(one, handler, report.id, day),
        "government": lambda: note_government(one, handler, report.id, place.when(day), "", [], day),
        "return": lambda: return_report(one, handler, report.id, WHY, uncounted, day),
    }


def _written(place: Place, report: Report) -> dict[str, Any]:
    names = [one.name for one in place.record.indicators]
    if report.kind is not ReportKind.EVENT:
        return {"indicators": reached(*names)}
    return {"title": "负责人出国进修", "happened_on": place.when(report.drafted_on)}


def is_with_unit(place: Place, kind: ReportKind, subject: str) -> bool:
    """Whether a report is filed and not confirmed yet."""
    where = (Report.kind == kind, Report.subject == int(subject), Report.state == ReportState.FILED)
    return bool(place.rows(Report, *where))
