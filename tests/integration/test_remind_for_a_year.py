"""Four hundred days of reminders over the sample ledger, held against a calculation by hand."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.calendar import ANNOUNCED_DAYS
from lifecycle.clock import remind
from lifecycle.database import begin_write, open_database
from lifecycle.models import Agency, Project
from lifecycle.record import ProjectRecord
from lifecycle.roles import Actor
from lifecycle.standing import restate
from reports.ledger.importing import import_ledger
from reports.ledger.reading import Ledger, read_ledger
from tests.integration.ticking import ByHand, Entry, Plan

SAMPLE = Path(__file__).parents[1] / "data" / "ledger" / "sample.xlsx"
FIRST = date(2025, 7, 1)
DAYS = [FIRST + timedelta(number) for number in range(400)]


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return read_ledger(SAMPLE)


def by_hand(records: list[ProjectRecord], days: list[date]) -> list[Entry]:
    """Return what must be told on those days: each newest step once, while the duty is open."""
    telling, plan = ByHand(), Plan(ANNOUNCED_DAYS.is_working)
    for day in days:
        telling.tell(day, records, plan)
    return sorted(telling.entries)


def by_the_clock(url: str, ledger: Ledger, days: list[date], shuffle: Random) -> list[Entry]:
    """Return what the clock tells on those days, while now and then some projects are worked out anew."""
    entries: list[Entry] = []
    engine = open_database(url)
    with Session(engine) as session:
        begin_write(session)
        session.add(Agency(name="沙坪坝区科技局"))
        session.commit()
        actor = Actor.system(session.scalars(select(Agency.id)).one())
        import_ledger(session, actor, ledger, name="sample.xlsx")
        ids = session.scalars(select(Project.id)).all()
        for day in days:
            told = remind(session, actor, day)
            entries += [(day, one.project, one.rule, one.subject, one.due, one.step) for one in told]
            if shuffle.random() < 0.3:
                begin_write(session)
                restate(session, actor.agency_id, shuffle.sample(ids, 5))
                session.commit()
    engine.dispose()
    return sorted(entries)


@pytest.mark.parametrize("share", [1.0, 0.3, 0.05])
def test_each_duty_is_told_at_each_of_its_steps_once(
    migrated_sqlite_url: str, ledger: Ledger, share: float
) -> None:
    shuffle = Random(round(share * 100))
    days = [day for day in DAYS if shuffle.random() < share]
    told = by_the_clock(migrated_sqlite_url, ledger, days, shuffle)
    assert told == by_hand(list(ledger.records), days)
    keys = [entry[1:] for entry in told]
    assert len(set(keys)) == len(keys)
    assert len(told) > 100
