"""Projects read whole are the records that were stored, with every tranche's row beside it."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from lifecycle.database import begin_write
from lifecycle.record import ProjectRecord
from lifecycle.roles import Actor
from lifecycle.storing import add_projects
from lifecycle.whole import load_wholes
from tests.integration.ledgers import renamed
from tests.unit.rules.records import records


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(drawn=st.lists(records(), min_size=2, max_size=6))
def test_wholes_hold_the_records_that_went_in(
    session: Session, console: Actor, drawn: list[ProjectRecord]
) -> None:
    begin_write(session)
    stored = [renamed(one, f"甲-{place}") for place, one in enumerate(drawn)]
    ids = add_projects(session, console.agency_id, stored)
    wholes = list(load_wholes(session, ids))
    assert [(whole.id, whole.record) for whole in wholes] == list(zip(ids, stored, strict=True))
    assert all(tuple(one.tranche for one in whole.tranches) == whole.record.tranches for whole in wholes)
    session.rollback()
