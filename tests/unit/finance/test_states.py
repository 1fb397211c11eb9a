"""The tables of transitions: what may follow what, and nothing else."""

from __future__ import annotations

import pytest

from finance.states import BATCH_TRANSITIONS, IN_PROCESS, UNPAID, BatchState
from lifecycle.refusals import IllegalTransition
from lifecycle.stages import TRANCHE_TRANSITIONS, TrancheState, advance

BATCH_WAYS = {
    (BatchState.DRAFT, BatchState.ISSUED),
    (BatchState.DRAFT, BatchState.DISCARDED),
    (BatchState.ISSUED, BatchState.BOOKED),
    (BatchState.ISSUED, BatchState.DISCARDED),
}
T = TrancheState
TRANCHE_WAYS = {
    (T.PLANNED, T.PROPOSED),
    (T.PROPOSED, T.APPROVED),
    (T.PROPOSED, T.PLANNED),
    (T.APPROVED, T.BATCHED),
    (T.APPROVED, T.PLANNED),
    (T.BATCHED, T.ISSUED),
    (T.BATCHED, T.APPROVED),
    (T.ISSUED, T.PAID),
    (T.ISSUED, T.APPROVED),
    (T.PAID, T.APPROVED),
}


@pytest.mark.parametrize("now", BatchState)
@pytest.mark.parametrize("then", BatchState)
def test_a_batch_goes_only_its_ways(now: BatchState, then: BatchState) -> None:
    if (now, then) in BATCH_WAYS:
        assert advance(BATCH_TRANSITIONS, now, then) is then
        return
    with pytest.raises(IllegalTransition) as refusal:
        advance(BATCH_TRANSITIONS, now, then)
    assert (refusal.value.now, refusal.value.then) == (now, then)


@pytest.mark.parametrize("now", TrancheState)
@pytest.mark.parametrize("then", TrancheState)
def test_a_tranche_goes_only_its_ways(now: TrancheState, then: TrancheState) -> None:
    assert (then in TRANCHE_TRANSITIONS[now]) is ((now, then) in TRANCHE_WAYS)


def test_what_was_issued_and_not_paid_is_still_approved_and_never_planned_anew() -> None:
    assert TRANCHE_TRANSITIONS[T.ISSUED] == {T.PAID, T.APPROVED}
    assert TRANCHE_TRANSITIONS[T.PAID] == {T.APPROVED}
    assert BATCH_TRANSITIONS[BatchState.BOOKED] == BATCH_TRANSITIONS[BatchState.DISCARDED] == frozenset()


def test_unpaid_is_planned_or_on_its_way() -> None:
    assert IN_PROCESS | {T.PLANNED} == UNPAID
