"""People at their desks: reports begun, filed, confirmed, returned, accepted at random, by real commands."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

from sqlalchemy import select

from lifecycle.filings import accept_report, confirm_report, note_government, return_report, send_back
from lifecycle.models import Report, ReportKind, ReportState
from lifecycle.record import ProjectRecord
from lifecycle.refusals import Refusal
from lifecycle.report_writing import start_report
from lifecycle.roles import Role
from tests.integration.paying import Bureau
from tests.integration.reporting import MAJOR, SPENT, a_project, filed

ACTS = ("start", "event", "file", "file", "confirm", "send back", "accept", "return", "government")


class Desks:
    """Some projects whose people press buttons now and then."""

    def __init__(self, bureau: Bureau, shuffle: Random, many: int) -> None:
        self._bureau, self._shuffle = bureau, shuffle
        self.numbers = [f"沙-{serial}" for serial in range(1, many + 1)]
        terms: dict[str, Any] = {"start": date(2025, 1, 1), "signed_on": date(2025, 1, 10), "tranches": ()}
        terms["spending"] = (replace(SPENT, on=date(2025, 5, 6)),)  # or no annual report can be filed
        self.ids = [
            a_project(bureau, number, programme=MAJOR, **terms)
            if serial % 2
            else a_project(bureau, number, **terms)
            for serial, number in enumerate(self.numbers)
        ]
        self.records: list[ProjectRecord] = [bureau.record(id_) for id_ in self.ids]

    def press(self, day: date) -> bool:
        """Press something somewhere; return whether it was not refused."""
        place = self._shuffle.randrange(len(self.ids))
        with suppress(Refusal):
            self._press(place, day, self._shuffle.choice(ACTS))
            self.records[place] = self._bureau.record(self.ids[place])
            return True
        self._bureau.session.rollback()
        return False

    def is_with_its_unit(self, number: str, year: str) -> bool:
        """Whether a project's annual report is filed and not confirmed yet."""
        if number not in self.numbers:
            return False
        session, project_id = self._bureau.session, self.ids[self.numbers.index(number)]
        query = select(Report.state).where(Report.project_id == project_id, Report.kind == ReportKind.ANNUAL)
        state = session.scalar(query.where(Report.subject == int(year)))
        session.rollback()
        return state is ReportState.FILED

    def _press(self, place: int, day: date, act: str) -> None:
        session, bureau = self._bureau.session, self._bureau
        known = session.scalars(select(Report.id).where(Report.project_id == self.ids[place])).all()
        session.rollback()
        if act in ("start", "event") or not known:
            kind, year = (ReportKind.EVENT, None) if act == "event" else (ReportKind.ANNUAL, day.year - 1)
            start_report(session, bureau.actor(Role.PI), self.numbers[place], kind, year, day)
            return
        report_id = self._shuffle.choice(known)
        match act:
            case "file":
                filed(bureau, report_id, day)
            case "confirm":
                confirm_report(session, bureau.actor(Role.UNIT_MANAGER), report_id, day)
            case "send back":
                send_back(session, bureau.actor(Role.UNIT_MANAGER), report_id, "请核对", day)
            case "accept":
                accept_report(session, bureau.handler, report_id, day)
            case "government":
                note_government(session, bureau.handler, report_id, day, "", [], day)
            case _:
                return_report(session, bureau.handler, report_id, "请补正", self._shuffle.random() < 0.5, day)
