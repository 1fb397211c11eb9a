"""The states of a batch, and what is on its way.

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
    BatchState.ISSUED: frozenset({BatchState.BOOKED, BatchState.DISCARDED}),
    BatchState.BOOKED: frozenset(),
    BatchState.DISCARDED: frozenset(),
}


class LineResult(StrEnum):
    """What came of a line of an issued batch."""

    PAID = "已拨付"
    FAILED = "未拨出"
    VOIDED = "已作废"
    REVERSED = "已冲正"


class ReturnedState(StrEnum):
    """Where a sheet that came back stands."""

    READ = "待登记"
    BOOKED = "已登记"
    DROPPED = "已放弃"


class StageAccountState(StrEnum):
    """Whose turn it is with a stage account."""

    DRAWN = "待单位财务确认"
    CONFIRMED = "待科技局接收"
    ACCEPTED = "已接收"
    RETURNED = "已退回"


RECEIPT_TRANSITIONS: Mapping[TrancheState, frozenset[TrancheState]] = {
    **dict.fromkeys(TrancheState, frozenset[TrancheState]()),
    TrancheState.PLANNED: frozenset({TrancheState.PAID}),
    TrancheState.PAID: frozenset({TrancheState.PLANNED}),
}
"""How money that a party pays itself goes on: it has arrived, or that was a mistake."""


IN_PROCESS = frozenset(
    {TrancheState.PROPOSED, TrancheState.APPROVED, TrancheState.BATCHED, TrancheState.ISSUED}
)
"""States of a tranche whose money is on its way: a later proposal counts it as paid."""

HOLDABLE = frozenset(
    {TrancheState.PLANNED, TrancheState.PROPOSED, TrancheState.APPROVED, TrancheState.BATCHED}
)
"""States in which a rule can still keep the money back: no sheet has gone out."""

UNPAID = frozenset(TrancheState) - {TrancheState.PAID}

PAYABLE_NO_MORE = frozenset({Stage.NOT_PASSED, Stage.TERMINATED, Stage.CLEARING, Stage.CLEARED})
"""Stages after which accounts are cleared instead of money paid (SPB 33, EA 17)."""
