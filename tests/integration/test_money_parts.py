"""Planned money is paid, held, open or cancelled, and both ways to ask say the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from finance.models import Batch, BatchLine, PaymentReversal, Proposal, TrancheHold
from finance.parts import MoneyParts, parts_by, parts_of, total_of
from finance.states import IN_PROCESS, BatchState, LineResult
from lifecycle.database import begin_write
from lifecycle.models import Payment, Project, Tranche
from lifecycle.record import Source
from lifecycle.roles import Role
from lifecycle.stages import TrancheState
from lifecycle.storing import add_projects
from lifecycle.whole import WholeProject, load_wholes
from tests.integration.paying import TODAY, WAN, Bureau, a_bureau
from tests.unit.rules.records import records

DAY = date(2026, 3, 1)
STATES = st.sampled_from([*TrancheState] + [TrancheState.PLANNED] * 3)
_numbers = count(1)


@pytest.fixture
def bureau(session: Session) -> Bureau:
    return a_bureau(session)


def _stand(bureau: Bureau, tranche: Tranche, state: TrancheState, *, held: bool) -> None:
    """Bring a tranche to a state, with the rows that go with it, and put a hold on it."""
    session, handler = bureau.session, bureau.handler.user_id
    assert handler is not None
    if tranche.state is TrancheState.PLANNED and state in IN_PROCESS and tranche.planned_fen > 0:
        tranche.state = state
        sums: dict[str, Any] = {"tranche_id": tranche.id, "amount_fen": tranche.planned_fen}
        session.add(Proposal(**sums, proposed_by_id=handler, proposed_on=DAY, reasons={}, verdict=[]))
        if state in {TrancheState.BATCHED, TrancheState.ISSUED}:
            _put_on_sheet(bureau, tranche, DAY if state is TrancheState.ISSUED else None)
    if held:
        of = {"agency_id": bureau.handler.agency_id, "project_id": tranche.project_id}
        words = {"rule": "r", "words": "w", "citation": "c"}
        session.add(TrancheHold(**of, tranche_id=tranche.id, since=DAY, **words))


def _put_on_sheet(bureau: Bureau, tranche: Tranche, issued_on: date | None) -> BatchLine:
    session, project = bureau.session, bureau.session.get_one(Project, tranche.project_id)
    batch = Batch(
        agency_id=bureau.handler.agency_id,
        year=2026,
        running=next(_numbers),
        payer="本局",
        state=BatchState.ISSUED if issued_on else BatchState.DRAFT,
        made_by_id=bureau.finance.user_id,
        made_on=DAY,
        issued_on=issued_on,
    )
    session.add(batch)
    session.flush()
    told = {"project_number": project.number, "project_title": "", "payee": "", "bank_name": ""}
    line = BatchLine(
        batch_id=batch.id,
        position=0,
        tranche_id=tranche.id,
        project_id=project.id,
        **told,
        bank_account="",
        granted_fen=0,
        paid_before_fen=0,
        amount_fen=tranche.planned_fen,
        basis="",
        source=tranche.source,
    )
    session.add(line)
    session.flush()
    return line


def _stored(bureau: Bureau, drawn: Any, draw: Callable[[Any], Any]) -> dict[int, set[int]]:
    """Store the records drawn, each tranche somewhere on its way; return the held tranches by project."""
    session = bureau.session
    begin_write(session)
    number = next(_numbers)
    named = [replace(record, number=f"随机-{number}-{place}") for place, record in enumerate(drawn)]
    held: dict[int, set[int]] = {id_: set() for id_ in add_projects(session, bureau.people.agency_a, named)}
    for tranche in session.scalars(select(Tranche).where(Tranche.project_id.in_(held))):
        state, is_held = draw(STATES), draw(st.booleans())
        _stand(bureau, tranche, state, held=is_held)
        if is_held:
            held[tranche.project_id].add(tranche.id)
    session.commit()
    return held


def _pure(whole: WholeProject, held: set[int], day: date) -> list[tuple[Source, MoneyParts]]:
    places = {place for place, one in enumerate(whole.tranches) if one.id in held}
    parts = parts_of(whole.record, [one.state for one in whole.tranches], places, day)
    return [(one.tranche.source, part) for one, part in zip(whole.tranches, parts, strict=True)]


@given(st.lists(records(), min_size=1, max_size=5), st.integers(0, 700), st.data())
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_record_and_the_database_divide_planned_money_alike(
    bureau: Bureau, drawn: Any, later: int, data: st.DataObject
) -> None:
    held, day = _stored(bureau, drawn, data.draw), DAY + timedelta(days=later)
    divided = [
        (whole.record.programme, source, part)
        for whole in load_wholes(bureau.session, held)
        for source, part in _pure(whole, held[whole.id], day)
    ]
    expected = {
        key: total_of(part for *by, part in divided if tuple(by) == key)
        for key in {(programme, source) for programme, source, _ in divided}
    }
    mine = (Project.id.in_(held),)
    found = parts_by(bureau.session, bureau.finance, Project.programme, Tranche.source, as_of=day, where=mine)
    assert dict(found) == expected
    agency = parts_by(bureau.session, bureau.people.agency_a, as_of=day, where=mine)
    assert agency == [((), total_of(expected.values()))]
    for *_, part in divided:
        assert part.difference == min(0, part.planned - part.paid)
        assert min(part.held, part.open, part.cancelled, part.open - part.on_way) >= 0
    bureau.session.rollback()


def test_a_day_gone_by_is_divided_as_it_stood_then(bureau: Bureau) -> None:
    session, later = bureau.session, timedelta(days=10)
    tranche_id = bureau.tranche()
    begin_write(session)
    tranche = session.get_one(Tranche, tranche_id)
    _stand(bureau, tranche, TrancheState.BATCHED, held=False)
    line = session.scalars(select(BatchLine).where(BatchLine.tranche_id == tranche_id)).one()
    line.batch.issued_on = DAY + later
    line.result, line.result_on = LineResult.REVERSED, DAY + 3 * later
    reversed_on = {"paid_on": DAY + 2 * later, "reversed_on": DAY + 3 * later, "reversal_voucher": "冲-1"}
    of = {"tranche_id": tranche_id, "line_id": line.id, "amount_fen": 7 * WAN, "voucher": "记-1"}
    session.add(PaymentReversal(**of, **reversed_on, reason="退汇", reversed_by_id=bureau.finance.user_id))
    session.add(Payment(tranche_id=tranche_id, amount_fen=7 * WAN, paid_on=DAY + 5 * later))
    tranche.state = TrancheState.PAID
    session.commit()

    def part(day: date) -> MoneyParts:
        return parts_by(session, bureau.actor(Role.AUDITOR), as_of=day)[0][1]

    whole = 7 * WAN
    assert part(TODAY) == MoneyParts(whole, open=whole)
    assert part(DAY) == part(DAY + later) == MoneyParts(whole, on_way=whole, open=whole)
    assert part(DAY + 2 * later) == MoneyParts(whole, paid=whole)
    assert part(DAY + 3 * later) == MoneyParts(whole, on_way=whole, open=whole)
    assert part(DAY + 5 * later) == MoneyParts(whole, paid=whole)
    assert parts_by(session, bureau.people.b[Role.FINANCE].actor, as_of=DAY) == [((), MoneyParts())]
