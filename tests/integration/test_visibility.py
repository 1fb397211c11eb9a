"""Which projects an actor sees."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.database import begin_write, open_database
from lifecycle.models import Agency, Project
from lifecycle.roles import Actor, Role
from lifecycle.storing import add_projects
from lifecycle.visibility import visible
from tests.web.site import a_record

PI = Actor(1, 7, "周", frozenset({Role.PI}), email="pi@example.com")


@pytest.mark.parametrize("email", ["pi@example.com", "PI@Example.com"])
def test_a_pi_sees_the_projects_that_bear_her_address_in_capitals_or_not(
    migrated_sqlite_url: str, email: str
) -> None:
    assert _seen(migrated_sqlite_url, PI, email) == ["P-1"]


def test_a_pi_without_an_address_sees_nothing(migrated_sqlite_url: str) -> None:
    assert _seen(migrated_sqlite_url, replace(PI, email=None), None) == []


def _seen(url: str, actor: Actor, email: str | None) -> list[str]:
    record = a_record("P-1", pi_email=email)
    engine = open_database(url)
    with Session(engine) as session:
        begin_write(session)
        session.add(Agency(id=1, name="甲"))
        session.flush()
        add_projects(session, 1, [record, replace(record, number="P-2", pi_email="other@example.com")])
        session.commit()
        seen = list(session.scalars(select(Project.number).where(visible(actor))))
    engine.dispose()
    return seen
