"""The states of a batch, and the table of how it may go on. (A tranche's are the lifecycle's.)"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class BatchState(StrEnum):
    """Where a batch stands."""

    DRAFT = "编制中"
    ISSUED = "已出表"
    BOOKED = "已登记"


BATCH_TRANSITIONS: Mapping[BatchState, frozenset[BatchState]] = {
    BatchState.DRAFT: frozenset({BatchState.ISSUED}),
    BatchState.ISSUED: frozenset({BatchState.BOOKED}),
    BatchState.BOOKED: frozenset(),
}
