"""Any record that can be drawn comes back from the database as it went in, however often it changes."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.database import begin_write
from lifecycle.models import Project
from lifecycle.record import ProjectRecord
from lifecycle.records import CHUNK, load_record, load_records
from lifecycle.roles import Actor
from lifecycle.storing import Known, add_projects, change_projects
from tests.integration.ledgers import renamed
from tests.unit.rules.records import records
from tests.web.site import a_record


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(drawn=st.lists(records(), min_size=2, max_size=6))
def test_records_come_back_as_they_went_in_and_as_they_were_changed(
    session: Session, console: Actor, drawn: list[ProjectRecord]
) -> None:
    begin_write(session)
    old = [renamed(one, f"甲-{place}") for place, one in enumerate(drawn)]
    ids = add_projects(session, console.agency_id, old)
    assert list(load_records(session, ids)) == list(zip(ids, old, strict=True))
    new = [renamed(one, f"甲-{place}") for place, one in enumerate(reversed(drawn))]
    change_projects(session, [Known(*one) for one in zip(ids, old, new, strict=True)])
    assert list(load_records(session, ids)) == list(zip(ids, new, strict=True))
    session.rollback()


def test_more_records_than_are_read_at_a_time(session: Session, console: Actor) -> None:
    begin_write(session)
    many = [a_record(f"甲-{number}") for number in range(2 * CHUNK + 1)]
    ids = add_projects(session, console.agency_id, many)
    assert [one for _, one in load_records(session, ids)] == many


def test_a_record_that_is_not_there_is_not_made_up(session: Session) -> None:
    with pytest.raises(LookupError):
        load_record(session, 1)


def test_an_identity_reserved_is_never_given_twice(session: Session, console: Actor) -> None:
    begin_write(session)
    first = add_projects(session, console.agency_id, [a_record("甲-1"), a_record("甲-2")])
    session.commit()
    begin_write(session)
    second = add_projects(session, console.agency_id, [a_record("甲-3")])
    session.commit()
    rows = session.scalars(select(Project.id).order_by(Project.id)).all()
    assert rows == [*first, *second]
    assert len(set(rows)) == 3
