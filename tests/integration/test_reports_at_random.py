"""Whatever people press in whatever order, a report stands where its table allows and the record agrees."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from lifecycle.audit_check import verify
from lifecycle.filings import accept_report, confirm_report, note_government, return_report, send_back
from lifecycle.models import Report, ReportState, Turn, TurnKind
from lifecycle.record import ProjectRecord
from lifecycle.refusals import Refusal
from lifecycle.report_states import REPORT_TRANSITIONS
from lifecycle.roles import Role
from tests.integration.paying import WAN, Bureau, a_bureau
from tests.integration.reporting import JANUARY, MAJOR, a_project, drafted, filed, report


def _press(bureau: Bureau, act: str, report_id: int) -> None:
    session, handler, unit = bureau.session, bureau.handler, bureau.actor(Role.UNIT_MANAGER)
    match act:
        case "file":
            filed(bureau, report_id)
        case "confirm":
            confirm_report(session, unit, report_id, JANUARY)
        case "send back":
            send_back(session, unit, report_id, "请核对", JANUARY)
        case "accept":
            accept_report(session, handler, report_id, JANUARY)
        case "government":
            note_government(session, handler, report_id, JANUARY, "", [], JANUARY)
        case _:
            return_report(session, handler, report_id, "请补正", act == "clear", JANUARY)


ACTS = ("file", "confirm", "send back", "accept", "government", "supplement", "clear")


@pytest.fixture
def bureau(engine: Engine) -> Iterator[Bureau]:
    with Session(engine) as session:
        yield a_bureau(session)


_numbers = iter(range(10_000))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(ACTS), min_size=3, max_size=9))
def test_any_sequence_of_presses_keeps_the_table_the_record_and_the_chain(
    bureau: Bureau, presses: list[str]
) -> None:
    number = f"沙-{next(_numbers)}"
    project_id = a_project(bureau, number, programme=MAJOR, district=20 * WAN)
    report_id = drafted(bureau, number)
    for press in presses:
        before = report(bureau, report_id).state
        with suppress(Refusal):
            _press(bureau, press, report_id)
        after = report(bureau, report_id).state
        assert after is before or after in REPORT_TRANSITIONS[before]
        _agree(bureau, project_id, report_id, after)
    assert all(one.is_whole for one in verify(bureau.session))
    bureau.session.rollback()


def _agree(bureau: Bureau, project_id: int, report_id: int, state: ReportState) -> None:
    record: ProjectRecord = bureau.record(project_id)
    row = next(iter(record.annual_reports), None)
    submitted = row is not None and row.submitted_on is not None
    if state in (ReportState.CONFIRMED, ReportState.ACCEPTED):
        assert submitted
    if state is ReportState.DRAFT:
        assert not submitted
    gone = row is not None and row.to_government_on is not None
    assert not gone or state is ReportState.ACCEPTED
    waits = bureau.session.scalars(
        select(Turn).where(Turn.kind == TurnKind.REPORT, Turn.ref_id == report_id, Turn.done_on.is_(None))
    ).all()
    assert len(waits) == (0 if state is ReportState.ACCEPTED and gone else 1)
    assert bureau.session.scalars(select(Report.id).where(Report.id == report_id)).one() == report_id
    bureau.session.rollback()
