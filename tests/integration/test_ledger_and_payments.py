"""A ledger that comes in while money is on its way changes nothing of that money."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.states import IN_PROCESS
from lifecycle.models import Tranche as TrancheRow
from lifecycle.record import ProjectRecord, Source, Tranche
from lifecycle.roles import Actor
from lifecycle.stages import TrancheState
from reports.ledger.errors import LedgerRefused
from reports.ledger.importing import import_ledger
from tests.integration.ledgers import everything, kept, ledger_of, take_in
from tests.integration.payments import TODAY, bring, send_back
from tests.web.site import People, a_record, make_people

HELD = sorted({*IN_PROCESS, TrancheState.PAID})
PLAN = Tranche(1, Source.DISTRICT, 7_000_000, date(2026, 2, 10), 0, None)
BOOKED = replace(PLAN, paid=7_000_000, paid_on=TODAY)


def a_project(number: str, **fields: Any) -> ProjectRecord:
    """Return a project of which every rule lets a tranche be paid."""
    return a_record(number, **({"district": 10_000_000, "tranches": (PLAN,)} | fields))


@pytest.fixture
def people(session: Session) -> People:
    return make_people(session)


@pytest.fixture
def actor(people: People) -> Actor:
    return Actor.system(people.agency_a)


@pytest.fixture
def record(session: Session, actor: Actor) -> ProjectRecord:
    """A project in the database whose district tranche is planned, after one of its own money."""
    stored = a_project("甲-2", tranches=(PLAN, replace(PLAN, source=Source.OWN)))
    take_in(session, actor, a_project("甲-1"), stored)
    return stored


def refusal(session: Session, actor: Actor, *records: ProjectRecord) -> LedgerRefused:
    """Import what must be refused; return the refusal, having seen that nothing changed."""
    before = everything(session)
    with pytest.raises(LedgerRefused) as refused:
        import_ledger(session, actor, ledger_of(*records), name="a.xlsx")
    assert everything(session) == before
    return refused.value


@pytest.mark.parametrize("state", HELD)
def test_a_tranche_in_process_may_come_in_unchanged(
    session: Session, people: People, actor: Actor, record: ProjectRecord, state: TrancheState
) -> None:
    bring(session, people, record.number, state)
    (as_it_is,) = (one for one in kept(session, actor) if one.number == "甲-2")
    more = (Tranche(3, Source.OWN, 5, None, 0, None), *as_it_is.tranches)
    take_in(session, actor, replace(as_it_is, title="新名称", tranches=more))
    states = session.scalars(select(TrancheRow.state).where(TrancheRow.number == 1).order_by(TrancheRow.id))
    assert states.all() == [TrancheState.PLANNED, state, TrancheState.PLANNED]
    assert kept(session, actor)[1] == replace(as_it_is, title="新名称", tranches=more)


CHANGES: list[tuple[dict[str, Any], list[str]]] = [
    ({"planned": 6_000_000}, ["计划金额"]),
    ({"planned_on": None}, ["计划日期"]),
    ({"paid": 1, "paid_on": date(2026, 1, 1)}, ["实拨金额", "实拨日期"]),
]


@pytest.mark.parametrize("state", HELD)
def test_a_changed_tranche_in_process_is_refused_at_its_cells(
    session: Session, people: People, actor: Actor, record: ProjectRecord, state: TrancheState
) -> None:
    bring(session, people, "甲-2", state)
    now = BOOKED if state is TrancheState.PAID else PLAN
    for change, columns in CHANGES:
        changed = replace(record, tranches=(record.tranches[1], replace(now, **change)))
        refused = refusal(session, actor, a_project("甲-1"), changed)
        assert [tuple(one)[:3] for one in refused.errors] == [("拨付", 4, column) for column in columns]
        assert all(state in one.message for one in refused.errors)


@pytest.mark.parametrize("state", HELD)
def test_a_tranche_in_process_may_not_be_left_out(
    session: Session, people: People, actor: Actor, record: ProjectRecord, state: TrancheState
) -> None:
    bring(session, people, "甲-2", state)
    refused = refusal(session, actor, replace(record, tranches=record.tranches[1:]))
    assert [tuple(one)[:3] for one in refused.errors] == [("拨付", None, None)]
    assert "甲-2 第 1 期（区（县）级财政）" in refused.errors[0].message


def test_everything_that_stands_against_it_is_said_at_once(
    session: Session, people: People, actor: Actor, record: ProjectRecord
) -> None:
    bring(session, people, "甲-2", TrancheState.APPROVED)
    bring(session, people, "甲-1", TrancheState.PAID)
    gone = replace(record, tranches=())
    altered = a_project("甲-1", tranches=(replace(BOOKED, planned=1, paid=2),))
    refused = refusal(session, actor, altered, gone)
    assert [(one.row, one.column) for one in refused.errors] == [
        (None, None),
        (2, "计划金额"),
        (2, "实拨金额"),
    ]


def test_a_tranche_sent_back_can_be_corrected_but_not_dropped(
    session: Session, people: People, actor: Actor, record: ProjectRecord
) -> None:
    send_back(session, people, "甲-2")
    corrected = replace(record, tranches=(replace(PLAN, planned=6_000_000),))
    take_in(session, actor, corrected)
    assert kept(session, actor)[1] == corrected
    refusal(session, actor, replace(record, tranches=()))


def test_an_imported_payment_can_be_corrected(session: Session, actor: Actor) -> None:
    paid = a_project("甲-1", tranches=(BOOKED,))
    take_in(session, actor, paid)
    corrected = replace(paid, tranches=(replace(BOOKED, paid=1),))
    take_in(session, actor, corrected)
    assert kept(session, actor) == [corrected]


def test_a_ledger_without_the_sheet_of_tranches_leaves_them_to_their_way(
    session: Session, people: People, actor: Actor, record: ProjectRecord
) -> None:
    bring(session, people, "甲-2", TrancheState.ISSUED)
    take_in(session, actor, replace(record, own=1, tranches=()), without={"拨付"})
    assert kept(session, actor)[1] == replace(record, own=1)
