"""The stages of a project and the states of a tranche, and the tables of how each may go on."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from lifecycle.record import Conclusion, ProjectRecord
from lifecycle.refusals import IllegalTransition


class Stage(StrEnum):
    """Where a project stands. Hold and rectification are marks on a project, not stages."""

    AWAITING_AGREEMENT = "待签任务书"
    UNDER_WAY = "实施中"
    IN_ACCEPTANCE = "验收中"
    CLOSED = "已结题"
    NOT_PASSED = "未通过"
    TERMINATED = "终止"
    CLEARING = "清算中"
    CLEARED = "已清算"
    SELF_ACCEPTANCE = "自行验收"
    FILED = "备查"


STAGE_TRANSITIONS: Mapping[Stage, frozenset[Stage]] = {
    Stage.AWAITING_AGREEMENT: frozenset({Stage.UNDER_WAY}),
    Stage.UNDER_WAY: frozenset({Stage.IN_ACCEPTANCE, Stage.SELF_ACCEPTANCE, Stage.TERMINATED}),
    # Back to under way: an application that the bureau returns to be completed counts no more.
    Stage.IN_ACCEPTANCE: frozenset({Stage.CLOSED, Stage.NOT_PASSED, Stage.TERMINATED, Stage.UNDER_WAY}),
    Stage.NOT_PASSED: frozenset({Stage.CLEARING}),
    Stage.TERMINATED: frozenset({Stage.CLEARING}),
    Stage.CLEARING: frozenset({Stage.CLEARED}),
    Stage.SELF_ACCEPTANCE: frozenset({Stage.FILED}),
    Stage.CLOSED: frozenset(),
    Stage.CLEARED: frozenset(),
    Stage.FILED: frozenset(),
}


class TrancheState(StrEnum):
    """Where the payment of a tranche stands. *Due* is not a state: it follows from the day."""

    PLANNED = "计划"
    PROPOSED = "待审批"
    APPROVED = "已批准"
    BATCHED = "已入批次"
    ISSUED = "已出表"
    PAID = "已拨付"


class Ending(StrEnum):
    """How a proposal ended without a payment."""

    RETURNED = "退回"
    WITHDRAWN = "撤回"


TRANCHE_TRANSITIONS: Mapping[TrancheState, frozenset[TrancheState]] = {
    TrancheState.PLANNED: frozenset({TrancheState.PROPOSED}),
    TrancheState.PROPOSED: frozenset({TrancheState.APPROVED, TrancheState.PLANNED}),
    TrancheState.APPROVED: frozenset({TrancheState.BATCHED, TrancheState.PLANNED}),
    TrancheState.BATCHED: frozenset({TrancheState.ISSUED, TrancheState.APPROVED}),
    TrancheState.ISSUED: frozenset({TrancheState.PAID, TrancheState.APPROVED}),
    TrancheState.PAID: frozenset({TrancheState.APPROVED}),
}

S = TypeVar("S", bound=StrEnum)


def advance(transitions: Mapping[S, frozenset[S]], now: S, then: S) -> S:
    """Return ``then`` where ``transitions`` allow it from ``now``; raises ``IllegalTransition`` otherwise."""
    if then not in transitions[now]:
        raise IllegalTransition(now, then)
    return then


def stage_of(record: ProjectRecord) -> Stage:
    """Return the stage that the recorded facts amount to, whatever day it is."""
    acceptance = record.acceptance
    conclusion = acceptance.conclusion if acceptance else None
    if acceptance and conclusion:
        if record.self_established:
            return Stage.FILED if acceptance.filed_on else Stage.SELF_ACCEPTANCE
        if conclusion is Conclusion.PASSED:
            return Stage.CLOSED
        if acceptance.cleared_on:
            return Stage.CLEARED
        if record.clearing_opened_on:
            return Stage.CLEARING
        return Stage.NOT_PASSED if conclusion is Conclusion.FAILED else Stage.TERMINATED
    if acceptance and acceptance.applied_on:
        return Stage.SELF_ACCEPTANCE if record.self_established else Stage.IN_ACCEPTANCE
    return Stage.UNDER_WAY if record.signed_on else Stage.AWAITING_AGREEMENT
