"""What pages ask about payments: what is due, who did what, what a batch holds; in few queries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from finance.batches import issued_sheet, list_batches, show_batch
from finance.due import TrancheFilter, UnpaidTranche, list_tranches
from finance.proposing import propose
from finance.states import BatchState
from finance.tranches import project_tranches
from lifecycle.record import Acceptance, Conclusion, Source
from lifecycle.record import Tranche as Plan
from lifecycle.refusals import NotFound
from lifecycle.roles import Role
from lifecycle.stages import TrancheState
from tests.integration.paying import TODAY, WAN, Bureau, a_bureau, approved, drafted, ea_fields, issued

DUE = date(2026, 2, 14)
"""Thirty days after the signing of the projects at hand."""


@pytest.fixture
def bureau(session: Session) -> Bureau:
    return a_bureau(session)


def planned(planned_on: date | None, number: int = 1, fen: int = 7 * WAN) -> Plan:
    """Return a tranche that is only planned."""
    return Plan(number, Source.DISTRICT, fen, planned_on, 0, None)


def rows(bureau: Bureau, today: date = TODAY, **asked: Any) -> list[UnpaidTranche]:
    """Return the first page of what is unpaid."""
    return list(list_tranches(bureau.session, bureau.handler, TrancheFilter(**asked), today).rows)


def numbers(bureau: Bureau, today: date = TODAY, **asked: Any) -> list[str]:
    """Return the projects of the first page."""
    return [row.project_number for row in rows(bureau, today, **asked)]


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """Collect the statements sent meanwhile."""
    sent: list[str] = []

    def note(_link: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("SELECT"):
            sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_a_first_tranche_is_due_by_its_plan_or_by_the_law_whichever_is_earlier(bureau: Bureau) -> None:
    bureau.project("早", tranches=(planned(date(2026, 2, 10)),))
    bureau.project("晚", tranches=(planned(date(2026, 6, 30)),))
    bureau.project("无", tranches=(planned(None),))
    bureau.project("二", tranches=(planned(None, number=2),))
    assert [(row.project_number, row.due_on) for row in rows(bureau)] == [
        ("早", date(2026, 2, 10)),
        ("无", DUE),
        ("晚", DUE),
        ("二", None),
    ]


def test_overdue_begins_the_day_after(bureau: Bureau) -> None:
    bureau.project(tranches=(planned(None),))
    for day, overdue in ((DUE, False), (DUE + timedelta(days=1), True)):
        assert [row.overdue for row in rows(bureau, day)] == [overdue]
        assert bool(numbers(bureau, day, when="overdue")) is overdue


def test_coming_looks_thirty_days_ahead(bureau: Bureau) -> None:
    bureau.project(tranches=(planned(DUE),))
    ahead = DUE - timedelta(days=30)
    assert numbers(bureau, ahead, when="coming") == ["沙-1"]
    assert numbers(bureau, ahead - timedelta(days=1), when="coming") == []
    assert numbers(bureau, DUE + timedelta(days=400), when="coming") == ["沙-1"]


def test_before_signing_nothing_is_overdue(bureau: Bureau) -> None:
    bureau.project(signed_on=None, tranches=(planned(date(2026, 1, 1)),))
    assert [row.overdue for row in rows(bureau)] == [False]
    assert numbers(bureau, when="overdue") == numbers(bureau, when="coming") == []


def test_only_public_money_that_can_still_be_paid_is_listed(bureau: Bureau) -> None:
    failed = Acceptance(
        *(None, None, None, False, None, None, Conclusion.FAILED, TODAY, False),
        *(None, None, None, None, 0, 0, None),
    )
    bureau.project("甲", tranches=(replace(planned(None), source=Source.OWN),))
    bureau.project("乙", tranches=(replace(planned(None), paid=7 * WAN, paid_on=TODAY),))
    bureau.project("丙", tranches=(planned(None, fen=0),))
    bureau.project("丁", acceptance=failed)
    bureau.project("戊", **ea_fields())
    assert numbers(bureau) == ["戊", "戊"]
    assert numbers(bureau, source=Source.PROVINCIAL) == ["戊"]
    assert numbers(bureau, source=Source.OWN) == []


def test_the_list_is_filtered_counted_summed_and_paged(bureau: Bureau) -> None:
    for place in range(5):
        bureau.project(f"沙-{place}", tranches=(planned(DUE, fen=(place + 1) * WAN),))
    asked = TrancheFilter(per_page=2, page=2)
    page = list_tranches(bureau.session, bureau.handler, asked, TODAY)
    assert [row.project_number for row in page.rows] == ["沙-2", "沙-3"]
    assert (page.count, page.total, page.number, page.pages) == (5, 15 * WAN, 2, 3)
    beyond = list_tranches(bureau.session, bureau.handler, replace(asked, page=99), TODAY)
    assert (beyond.number, [row.project_number for row in beyond.rows]) == (3, ["沙-4"])
    assert numbers(bureau, text="guangai 沙-3") == ["沙-3"]
    assert numbers(bureau, text="%") == []
    empty = list_tranches(bureau.session, bureau.handler, TrancheFilter(text="无此项目"), TODAY)
    assert (empty.rows, empty.count, empty.total, empty.pages) == ([], 0, 0, 1)


def test_it_says_who_proposed_and_who_approved(bureau: Bureau) -> None:
    first, second = bureau.tranche(number="沙-1"), bureau.tranche(number="沙-2")
    colleague = bureau.people.both.actor
    propose(bureau.session, bureau.handler, first, TODAY, {})
    propose(bureau.session, colleague, second, TODAY, {})
    approved(bureau, number="沙-3")
    waiting = frozenset({TrancheState.PROPOSED})
    assert [(row.id, row.proposed_by) for row in rows(bureau, states=waiting)] == [
        (first, bureau.handler.name),
        (second, colleague.name),
    ]
    assert numbers(bureau, states=waiting, not_proposed_by=colleague.user_id) == ["沙-1"]
    (row,) = rows(bureau, states=frozenset({TrancheState.APPROVED, TrancheState.PAID}))
    assert (row.project_number, row.approved_by, row.approved_on) == ("沙-3", bureau.approver.name, TODAY)


def test_a_pi_sees_her_own_projects_only(bureau: Bureau) -> None:
    mine, other = bureau.project("沙-1"), bureau.project("沙-2", pi_email="other@keguan.test")
    pi = bureau.actor(Role.PI)
    page = list_tranches(bureau.session, pi, TrancheFilter(), TODAY)
    assert [row.project_number for row in page.rows] == ["沙-1"]
    assert len(project_tranches(bureau.session, pi, mine)) == 1
    assert project_tranches(bureau.session, pi, other) == []


def test_a_draft_has_no_sheet(bureau: Bureau) -> None:
    batch_id = drafted(bureau, approved(bureau))
    with pytest.raises(NotFound):
        issued_sheet(bureau.session, bureau.finance, batch_id)


def test_batches_are_filtered_and_paged_with_their_sums(bureau: Bureau) -> None:
    for place in range(3):
        batch = issued if place else drafted
        batch(bureau, approved(bureau, number=f"沙-{place}"))
    page = list_batches(bureau.session, bureau.finance, states=frozenset({BatchState.ISSUED}), per_page=1)
    assert (page.count, page.pages, [row.number for row in page.rows]) == (2, 2, ["2026-003"])
    last = list_batches(bureau.session, bureau.finance, per_page=2, page=9)
    assert [(row.number, row.lines, row.booked, row.total) for row in last.rows] == [
        ("2026-001", 1, 0, 7 * WAN)
    ]
    assert last.rows[0].made_by == bureau.finance.name
    assert (last.rows[0].issued_by, last.rows[0].checksum) == (None, None)


def test_the_lines_of_a_batch_are_paged_and_keep_their_numbers(bureau: Bureau) -> None:
    batch_id = issued(bureau, *(approved(bureau, number=f"沙-{place}") for place in range(3)))
    shown = show_batch(bureau.session, bureau.finance, batch_id, per_page=2, page=2)
    assert (shown.number, shown.pages, shown.batch.lines) == (2, 2, 3)
    assert [(line.sequence, line.project_number) for line in shown.lines] == [(3, "沙-2")]


def test_the_number_of_queries_does_not_grow(engine: Engine, bureau: Bureau) -> None:
    counts = []
    for size in (1, 6):
        ids = [approved(bureau, number=f"沙-{size}-{place}") for place in range(size)]
        batch_id = issued(bureau, *ids)
        bureau.project(f"余-{size}")
        bureau.session.rollback()
        with counted(engine) as sent:
            list_tranches(bureau.session, bureau.handler, TrancheFilter(), TODAY)
            list_batches(bureau.session, bureau.finance)
            show_batch(bureau.session, bureau.finance, batch_id)
            project_tranches(bureau.session, bureau.handler, 1)
        counts.append(len(sent))
    assert counts[0] == counts[1] <= 11


def test_commands_on_batches_ask_no_more_for_more_lines(engine: Engine, bureau: Bureau) -> None:
    counts = []
    for size in (2, 6):
        ids = [approved(bureau, number=f"沙-{size}-{place}") for place in range(size)]
        with counted(engine) as sent:
            issued(bureau, *ids)
        counts.append(len(sent))
    assert counts[0] == counts[1]
