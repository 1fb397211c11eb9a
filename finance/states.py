"""The states of a batch, how a proposal may end, and what is on its way.

A tranche's states are the lifecycle's.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from lifecycle.stages import Stage, TrancheState


class BatchState(StrEnum):
    """Where a batch stands."""

    DRAFT = "编制中"
    ISSUED = "已出表"
    BOOKED = "已登记"
    DISCARDED = "已作废"


BATCH_TRANSITIONS: Mapping[BatchState, frozenset[BatchState]] = {
    BatchState.DRAFT: frozenset({BatchState.ISSUED, BatchState.DISCARDED}),
    BatchState.ISSUED: frozenset({BatchState.BOOKED}),
    BatchState.BOOKED: frozenset(),
    BatchState.DISCARDED: frozenset(),
}


RECEIPT_TRANSITIONS: Mapping[TrancheState, frozenset[TrancheState]] = {
    **dict.fromkeys(TrancheState, frozenset[TrancheState]()),
    TrancheState.PLANNED: frozenset({TrancheState.PAID}),
    TrancheState.PAID: frozenset({TrancheState.PLANNED}),
}
"""How money that a party pays itself goes on: it has arrived, or that was a mistake."""


class Ending(StrEnum):
    """How a proposal ended without a payment."""

    RETURNED = "退回"
    WITHDRAWN = "撤回"


IN_PROCESS = frozenset(
    {TrancheState.PROPOSED, TrancheState.APPROVED, TrancheState.BATCHED, TrancheState.ISSUED}
)
"""States of a tranche whose money is on its way: a later proposal counts it as paid."""

UNPAID = frozenset(TrancheState) - {TrancheState.PAID}

PAYABLE_NO_MORE = frozenset({Stage.NOT_PASSED, Stage.TERMINATED, Stage.CLEARING, Stage.CLEARED})
"""Stages after which accounts are cleared instead of money paid (SPB 33, EA 17)."""
