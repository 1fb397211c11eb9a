"""The list of who has reported: its states, whose it is, its counts, its filter, and that it stays quick."""

from __future__ import annotations

from datetime import date, timedelta
from time import perf_counter
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from lifecycle.filing_list import FilingFilter, FilingState, count_rest, every_filing, list_filings
from lifecycle.filing_reminders import remind_rest
from lifecycle.filings import return_report
from lifecycle.models import AuditEntry, InboxMessage, OutboxMessage, Reminder, ReportKind
from lifecycle.record import AnnualReport
from lifecycle.refusals import NotPermitted, Obstructed
from lifecycle.roles import Role
from lifecycle.standing import keep, rebuild, standing_rows
from lifecycle.storing import add_projects
from tests.integration.paying import WAN, Bureau, a_bureau, refused
from tests.integration.reporting import JANUARY, MAJOR, a_project, accepted, confirmed, drafted, filed
from tests.web.site import a_record

LATE = date(2027, 2, 3)
SITE = "https://keguan.test"


@pytest.fixture
def bureau(session: Session) -> Bureau:
    return a_bureau(session)


def states(bureau: Bureau, today: date = JANUARY, **asked: Any) -> list[tuple[str, int, FilingState]]:
    rows = every_filing(bureau.session, bureau.handler, FilingFilter(**asked), today)
    found = [(row.number, row.subject, row.state) for row in rows]
    bureau.session.rollback()
    return found


def test_each_step_of_a_report_has_its_state(bureau: Bureau) -> None:
    for number in "abcdefg":
        a_project(bureau, number, programme=MAJOR, district=20 * WAN)
    drafted(bureau, "b")
    filed(bureau, drafted(bureau, "c"))
    confirmed(bureau, drafted(bureau, "d"))
    returned = confirmed(bureau, drafted(bureau, "e"))
    return_report(bureau.session, bureau.handler, returned, "请补充检测报告", False, JANUARY)
    accepted(bureau, drafted(bureau, "f"))
    known = (AnnualReport(2026, JANUARY, True, JANUARY),)
    a_project(bureau, "h", programme=MAJOR, district=20 * WAN, annual_reports=known)
    wanted = {
        "a": FilingState.NOT_FILED,
        "b": FilingState.NOT_FILED,
        "c": FilingState.WITH_UNIT,
        "d": FilingState.WITH_BUREAU,
        "e": FilingState.RETURNED,
        "f": FilingState.TO_GOVERNMENT,
        "g": FilingState.NOT_FILED,
        "h": FilingState.ACCEPTED,
    }
    assert {number: state for number, _, state in states(bureau)} == wanted
    late = {number: state for number, _, state in states(bureau, LATE)}
    assert late == wanted | dict.fromkeys("abg", FilingState.OVERDUE)
    page = list_filings(
        bureau.session, bureau.handler, FilingFilter(state=FilingState.OVERDUE, per_page=2), LATE
    )
    assert (page.count, page.pages, len(page.rows)) == (3, 2, 2)
    assert page.counts[FilingState.TO_GOVERNMENT] == 1


def test_a_year_is_listed_from_january_and_a_milestone_thirty_days_before(bureau: Bureau) -> None:
    a_project(bureau)
    assert states(bureau, date(2026, 12, 31)) == []
    assert states(bureau, date(2027, 1, 1)) == [("沙-1", 2026, FilingState.NOT_FILED)]
    stage = {"kind": ReportKind.STAGE}
    assert states(bureau, date(2026, 8, 30), **stage) == []
    assert states(bureau, date(2026, 8, 31), **stage) == [("沙-1", 1, FilingState.NOT_FILED)]
    drafted(bureau, "沙-1", ReportKind.STAGE, 2)
    assert [row[1] for row in states(bureau, date(2026, 8, 30), **stage)] == [2]


def test_the_list_is_filtered_and_each_sees_her_own(bureau: Bureau) -> None:
    session = bureau.session
    a_project(bureau, "a")
    a_project(bureau, "b", lead_unit="别家公司", pi_email="x@x.test")
    assert [row[0] for row in states(bureau, text="别家")] == ["b"]
    assert [row[0] for row in states(bureau, programme=MAJOR)] == []
    assert [row[0] for row in states(bureau, year=2026)] == ["b", "a"]
    assert states(bureau, year=2025) == []
    for role in (Role.PI, Role.UNIT_MANAGER):
        rows = list_filings(session, bureau.actor(role), FilingFilter(), JANUARY).rows
        assert [row.number for row in rows] == ["a"]
    stranger = bureau.people.b[Role.HANDLER].actor
    assert list_filings(session, stranger, FilingFilter(), JANUARY).rows == []


def test_a_press_reminds_whoever_has_not_handed_in_once_a_day(bureau: Bureau) -> None:
    session, handler, asked = bureau.session, bureau.handler, FilingFilter()
    a_project(bureau, "a")
    a_project(bureau, "b", lead_unit="别家公司", pi_email="x@x.test")
    a_project(bureau, "c")
    confirmed(bureau, drafted(bureau, "c"))
    rest = count_rest(session, handler, asked, JANUARY)
    assert (rest.units, rest.filings) == (2, 2)
    session.rollback()
    done = remind_rest(session, handler, asked, JANUARY, SITE)
    assert (done.units, done.filings) == (2, 2)
    letters = session.execute(select(OutboxMessage.address, OutboxMessage.body)).all()
    assert len(letters) == done.letters
    assert any(
        address == "x@x.test" and f"{SITE}/projects/b?tab=reports" in body for address, body in letters
    )
    paths = session.scalars(select(InboxMessage.path).where(InboxMessage.title.startswith("催报"))).all()
    assert set(paths) == {"/projects/a?tab=reports"}
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "reports.remind")).one()
    assert [one["project"] for one in entry.details["told"]] == ["b", "a"]
    assert session.scalar(select(func.count()).select_from(Reminder)) == 2
    session.rollback()
    refused(bureau, lambda: remind_rest(session, handler, asked, JANUARY, SITE), Obstructed)
    a_project(bureau, "d")
    assert remind_rest(session, handler, asked, JANUARY, SITE).filings == 1
    tomorrow = JANUARY + timedelta(days=1)
    assert remind_rest(session, handler, asked, tomorrow, SITE).filings == 3
    pi = bureau.actor(Role.PI)
    refused(bureau, lambda: remind_rest(session, pi, asked, tomorrow, SITE), NotPermitted)
    events = FilingFilter(kind=ReportKind.EVENT)
    refused(bureau, lambda: remind_rest(session, handler, events, tomorrow, SITE), Obstructed)


def test_what_is_told_by_hand_puts_no_step_of_the_clock_off(bureau: Bureau) -> None:
    session, agency = bureau.session, bureau.people.agency_a
    a_project(bureau, "a")
    kept = list(standing_rows(session, agency))
    session.rollback()
    remind_rest(session, bureau.handler, FilingFilter(), LATE, SITE)
    rebuild(session, agency)
    session.flush()
    assert list(standing_rows(session, agency)) == kept
    session.rollback()


def test_two_thousand_duties_are_listed_in_three_statements_and_quickly(bureau: Bureau) -> None:
    session = bureau.session
    records = [a_record(f"P-{number:05}", lead_unit=f"单位 {number % 150}") for number in range(2_000)]
    with session.begin():
        ids = add_projects(session, bureau.people.agency_a, records)
        keep(session, bureau.people.agency_a, zip(ids, records, strict=True), fresh=True)
    statements: list[str] = []
    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    started = perf_counter()
    page = list_filings(session, bureau.handler, FilingFilter(), LATE)
    rest = count_rest(session, bureau.handler, FilingFilter(), LATE)
    took = perf_counter() - started
    assert (page.count, len(page.rows), rest.units) == (2_000, 50, 150)
    assert len([one for one in statements if one.startswith("SELECT")]) == 3
    assert took < 2, f"took {took:.2f} s"
