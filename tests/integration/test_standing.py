"""What is kept of projects is what working it out anew would give, whatever has happened to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import delete, select, union_all, update
from sqlalchemy.orm import Session

from lifecycle.database import begin_write
from lifecycle.models import AuditEntry, KeptDuty, KeptFinding, Project, Reminder
from lifecycle.recomputing import recompute
from lifecycle.roles import Actor
from lifecycle.stages import TrancheState
from lifecycle.standing import standing_rows
from reports.findings import count_projects, kept_findings
from reports.ledger.check import check
from reports.ledger.importing import import_ledger
from reports.ledger.reading import read_ledger
from tests.integration.ledgers import SAMPLE, kept, make_agency, take_in
from tests.integration.payments import bring
from tests.web.site import a_record, make_people


def assert_rebuilding_changes_nothing(session: Session, actor: Actor) -> None:
    before = list(standing_rows(session, actor.agency_id))
    assert before
    recompute(session, actor)
    assert list(standing_rows(session, actor.agency_id)) == before


def test_after_imports_and_updates(session: Session, console: Actor) -> None:
    ledger = read_ledger(SAMPLE)
    import_ledger(session, console, ledger, name="a.xlsx")
    assert_rebuilding_changes_nothing(session, console)
    changed = [
        replace(one, title=f"新{one.title}", signed_on=None, tranches=one.tranches[1:], acceptance=None)
        for one in ledger.records[::3]
    ]
    assert take_in(session, console, *changed).updated == 100
    assert_rebuilding_changes_nothing(session, console)


def test_after_a_payment_is_booked(session: Session) -> None:
    people = make_people(session)
    actor = Actor.system(people.agency_a)
    plan = replace(a_record("甲").tranches[0], planned=7_000_000)
    take_in(session, actor, a_record("甲-1", district=10_000_000, tranches=(plan,)), a_record("甲-2"))
    bring(session, people, "甲-1", TrancheState.PAID)
    assert_rebuilding_changes_nothing(session, actor)


def test_recomputing_mends_what_is_wrong(session: Session, console: Actor) -> None:
    import_ledger(session, console, read_ledger(SAMPLE), name="a.xlsx")
    right = list(standing_rows(session, console.agency_id))
    begin_write(session)
    session.execute(delete(KeptFinding).where(KeptFinding.id % 3 == 0))
    session.execute(delete(KeptDuty).where(KeptDuty.id % 3 == 0))
    session.execute(update(Project).values(search_text="", year=1999, fiscal_fen=0))
    session.commit()
    assert recompute(session, console) == 300
    assert list(standing_rows(session, console.agency_id)) == right


def test_recomputing_is_one_entry_of_the_history_and_leaves_other_agencies_alone(
    session: Session, console: Actor
) -> None:
    other = make_agency(session, "乙区科学技术局")
    take_in(session, other, a_record("甲-1"))
    ids = union_all(select(KeptDuty.id), select(KeptFinding.id))
    rows = session.execute(ids).all()
    assert recompute(session, console) == 0
    assert session.execute(ids).all() == rows
    entry = session.scalars(select(AuditEntry).where(AuditEntry.agency_id == console.agency_id)).one()
    assert (entry.action, entry.summary) == ("agency.recompute", "重新计算 0 个项目的问题和待办")


def test_what_was_told_of_a_duty_is_not_forgotten(session: Session, console: Actor) -> None:
    take_in(session, console, a_record("甲-1", signed_on=date(2026, 3, 2)))
    duty = session.scalars(select(KeptDuty).order_by(KeptDuty.due)).first()
    assert duty is not None
    told_on = duty.due - timedelta(days=15)
    begin_write(session)
    session.add(
        Reminder(
            agency_id=console.agency_id,
            project_id=duty.project_id,
            rule=duty.rule,
            subject=duty.subject,
            due=duty.due,
            step="T-15",
            told_on=told_on,
            recipients="",
        )
    )
    session.commit()
    query = select(KeptDuty.next_step_on).where(KeptDuty.rule == duty.rule, KeptDuty.due == duty.due)
    recompute(session, console)
    after_telling = session.scalars(query).one()
    assert after_telling is not None
    assert told_on < after_telling <= told_on + timedelta(days=15)
    take_in(session, console, a_record("甲-1", signed_on=date(2026, 3, 2), title="新名称"))
    assert session.scalars(query).one() == after_telling


def test_findings_kept_are_those_of_a_check_on_any_day(session: Session, console: Actor) -> None:
    import_ledger(session, console, read_ledger(SAMPLE), name="a.xlsx")
    records = kept(session, console)
    assert count_projects(session, console.agency_id) == 300
    turns = session.execute(select(KeptFinding.since, KeptFinding.until, KeptFinding.reason_since)).all()
    days = {day for turn in turns for day in turn if day is not None}
    by_time = sorted(days)
    for day in {
        by_time[0],
        *by_time[1::40],
        by_time[-1],
        date(2026, 6, 30),
        date(1990, 1, 1),
        date(2100, 1, 1),
    }:
        for as_of in (day, day - timedelta(days=1)) if day > date.min else (day,):
            assert kept_findings(session, console.agency_id, as_of) == check(records, as_of)


def test_findings_are_the_agencys_own(session: Session, console: Actor) -> None:
    other = make_agency(session, "乙区科学技术局")
    import_ledger(session, other, read_ledger(SAMPLE), name="a.xlsx")
    assert kept_findings(session, console.agency_id, date(2026, 6, 30)) == []
    assert count_projects(session, console.agency_id) == 0
