"""What the pages of money ask, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from finance.batches import count_batches, own_part
from finance.due import TrancheFilter, count_tranches
from finance.issuing import refused_lines
from finance.lookups import find_tranche, live_proposals
from finance.states import BatchState
from finance.trail import tranche_trail
from lifecycle.judging import verdict_kept
from lifecycle.record import Source
from lifecycle.roles import Role
from lifecycle.stages import TrancheState
from tests.integration.paying import (
    EA,
    TODAY,
    WAN,
    Bureau,
    a_bureau,
    approve_one,
    approved,
    drafted,
    ea_fields,
)


@pytest.fixture
def bureau(session: Session) -> Bureau:
    return a_bureau(session)


def test_a_trail_holds_what_was_done_with_one_tranche_the_latest_first(bureau: Bureau) -> None:
    tranche_id, other = approved(bureau, number="沙-1"), approved(bureau, number="沙-2")
    drafted(bureau, tranche_id, other)
    tranche, _ = find_tranche(bureau.session, bureau.handler, tranche_id)
    trail = tranche_trail(bureau.session, tranche)
    assert [entry.action for entry in trail] == ["batch.make", "tranche.approve", "tranche.propose"]
    assert {entry.details["tranche"] for entry in trail} == {tranche_id}


def test_tranches_are_counted_and_summed_by_state_source_and_programme(bureau: Bureau) -> None:
    bureau.tranche(number="沙-1")
    bureau.project(number="企-1", **ea_fields())

    def counted(**asked: object) -> tuple[int, int]:
        return count_tranches(bureau.session, bureau.handler, TrancheFilter(**asked), TODAY)  # type: ignore[arg-type]

    assert counted() == (3, 47 * WAN)
    assert counted(programme=EA) == (2, 40 * WAN)
    assert counted(source=Source.PROVINCIAL) == (1, 20 * WAN)
    assert counted(states=frozenset({TrancheState.APPROVED})) == (0, 0)


def test_ones_own_part_in_a_batch_is_what_one_proposed_or_approved(bureau: Bureau) -> None:
    batch_id = drafted(bureau, approved(bureau, number="沙-1"), approved(bureau, number="沙-2"))
    both = ["沙-1", "沙-2"]
    assert list(own_part(bureau.session, bureau.handler, batch_id)) == both
    assert list(own_part(bureau.session, bureau.approver, batch_id)) == both
    assert list(own_part(bureau.session, bureau.finance, batch_id)) == []


def test_batches_are_counted_within_the_agency(bureau: Bureau) -> None:
    drafted(bureau, approved(bureau))
    other = bureau.people.b[Role.FINANCE].actor
    draft, booked = frozenset({BatchState.DRAFT}), frozenset({BatchState.BOOKED})
    assert count_batches(bureau.session, bureau.finance, draft) == 1
    assert count_batches(bureau.session, bureau.finance, booked) == 0
    assert count_batches(bureau.session, other, draft) == 0


def test_what_stands_against_a_draft_is_said_before_it_is_issued(bureau: Bureau) -> None:
    bad = bureau.project(number="沙-1")
    tranche_id = approve_one(bureau, bureau.tranches(bad)[0])
    batch_id = drafted(bureau, tranche_id, approved(bureau, number="沙-2"))
    assert refused_lines(bureau.session, bureau.finance, batch_id, TODAY) == []
    bureau.change(bad, separate_account=False, bank_name=None)
    (line,) = refused_lines(bureau.session, bureau.finance, batch_id, TODAY)
    assert (line.tranche_id, line.project_number) == (tranche_id, "沙-1")
    assert "未登记开户行，请经办人办理“更正收款账户”" in line.reasons
    assert len(line.reasons) == 2


def test_the_verdict_that_was_kept_reads_as_it_was_given(bureau: Bureau) -> None:
    tranche_id = approved(bureau)
    verdict = verdict_kept(live_proposals(bureau.session, [tranche_id])[tranche_id].verdict)
    assert not verdict.refused
    assert "首期 7.00 万元 ÷ 财政资金 10.00 万元 = 70.0%，应不低于 70%" in {
        line.text for line in verdict.lines
    }
