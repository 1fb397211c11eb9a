"""The way of a change through the authorities, worked out from the rules that cover its project.

Nothing here knows a programme by name: what a joint unit consents to, what a conference decides, what the
unit settles itself and what is filed on a platform all follow from the kinds of rule that the rulebook has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar

from lifecycle.models.agreement import ChangeState
from lifecycle.record import ChangeKind, ProjectRecord
from lifecycle.roles import Role
from lifecycle.rulebook import rulebook
from lifecycle.rules.amounts import SelfFinanced
from lifecycle.rules.base import Kind, Rule
from lifecycle.rules.changes import ChangeBarred, ChangeFiling, ChangeOwn, ChangeStep, ChangeStepBefore
from lifecycle.terms import Terms

OWN_REQUIREMENT = "本局工作要求 变更办理"
"""How a step is cited that no regulation lays down."""


class Step(StrEnum):
    """The steps a change can take, in the order in which it takes them."""

    CONFIRM = "承担单位确认"
    SETTLE = "承担单位决定"
    CONSENT = "联合实施单位同意"
    EXAMINE = "科技局审查"
    CONFERENCE = "联席会议审定"
    APPROVE = "科技局批准"
    FILE = "平台备案"


STATES: Mapping[Step, ChangeState] = {
    Step.CONFIRM: ChangeState.WITH_UNIT,
    Step.SETTLE: ChangeState.WITH_UNIT,
    Step.CONSENT: ChangeState.WITH_JOINT_UNIT,
    Step.EXAMINE: ChangeState.WITH_BUREAU,
    Step.CONFERENCE: ChangeState.WITH_CONFERENCE,
    Step.APPROVE: ChangeState.WITH_APPROVER,
    Step.FILE: ChangeState.TO_FILE,
}
"""Step → the state of a change that waits for it."""


class Decider(StrEnum):
    """Who decides a change."""

    UNIT = "由承担单位自行办理"
    EITHER = "可由承担单位自行办理"
    BUREAU = "报科技局办理"


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides a change of some kind, on which article."""

    decider: Decider
    citation: str
    words: str
    """The rule in a sentence."""
    within_sources: bool = False
    """The unit's own only while no source's amount, no share and no tranche is touched."""


@dataclass(frozen=True, slots=True)
class RouteStep:
    """One step: who takes it, what it is, on which article, and when it was taken."""

    step: Step
    who: Role
    words: str
    citation: str
    done_on: date | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """What a usual rule says against a kind of change: it needs a written reason."""

    words: str
    citation: str


def decision_of(record: ProjectRecord, kind: ChangeKind) -> Decision:
    """Return who decides a change of that kind in this project."""
    for rule, _ in _kinds_of(record, SelfFinanced):
        if record.self_established:
            return Decision(Decider.UNIT, rule.citation, "自主设置项目由设置主体自行管理")
    for rule, barred in _kinds_of(record, ChangeBarred):
        if not barred.approval_too and kind in barred.kinds:
            return Decision(Decider.BUREAU, rule.citation, rule.summary)
    for rule, filing in _kinds_of(record, ChangeFiling):
        if kind not in filing.big:
            return Decision(Decider.UNIT, rule.citation, "除重大变更外，由承担单位按内部管理制度办理")
    for rule, own in _kinds_of(record, ChangeOwn):
        if kind in own.kinds | own.within:
            return Decision(Decider.EITHER, rule.citation, rule.summary, kind in own.within)
    rule_to_bureau = _step_rule(record, ChangeStep.APPLIED, ChangeStep.APPROVED)
    if rule_to_bureau is None:
        return Decision(Decider.BUREAU, OWN_REQUIREMENT, "报科技局办理")
    return Decision(Decider.BUREAU, rule_to_bureau.citation, rule_to_bureau.summary)


def route_of(
    record: ProjectRecord,
    kind: ChangeKind,
    self_decided: bool,
    done: Mapping[Step, date | None] | None = None,
) -> tuple[RouteStep, ...]:
    """Return the steps of a change, in their order; ``done`` says which were taken on which day."""
    taken = done or {}
    ways = _own_way(record, kind) if self_decided else _bureau_way(record, kind)
    return tuple(
        RouteStep(step, who, words, citation, taken.get(step)) for step, who, words, citation in ways
    )


def remarks_on(record: ProjectRecord, kind: ChangeKind) -> list[Remark]:
    """Return what usual rules say against a change of that kind."""
    return [
        Remark(f"{rule.summary}；确需变更的，须写明理由", rule.citation)
        for rule, barred in _kinds_of(record, ChangeBarred)
        if barred.approval_too and kind in barred.kinds
    ]


def stays_within_sources(old: Terms, new: Terms) -> bool:
    """Whether no source's amount, no partner's share and no tranche differs."""
    amounts = [(one.provincial, one.district, one.joint, one.own) for one in (old, new)]
    return amounts[0] == amounts[1] and old.partners == new.partners and old.tranches == new.tranches


def may_settle(decision: Decision, old: Terms, new: Terms) -> bool:
    """Whether the unit may settle this very change itself."""
    if decision.decider is Decider.BUREAU:
        return False
    return not decision.within_sources or stays_within_sources(old, new)


Way = tuple[Step, Role, str, str]


def _own_way(record: ProjectRecord, kind: ChangeKind) -> Iterator[Way]:
    decision = decision_of(record, kind)
    yield Step.SETTLE, Role.UNIT_MANAGER, "承担单位按内部管理制度决定，即日生效", decision.citation
    for rule, _ in _kinds_of(record, ChangeFiling):
        yield Step.FILE, Role.UNIT_MANAGER, "变更情况提交平台备查", rule.citation


def _bureau_way(record: ProjectRecord, kind: ChangeKind) -> Iterator[Way]:
    yield Step.CONFIRM, Role.UNIT_MANAGER, "承担单位核对并确认申请", OWN_REQUIREMENT
    consent = _step_rule(record, ChangeStep.JOINT_CONSENT, ChangeStep.APPLIED)
    if consent is not None:
        yield Step.CONSENT, Role.JOINT_UNIT, "联合实施单位同意后报科技局", consent.citation
    asked = _step_rule(record, ChangeStep.APPLIED, ChangeStep.APPROVED)
    citation = asked.citation if asked else OWN_REQUIREMENT
    yield Step.EXAMINE, Role.HANDLER, "科技局经办审查，提出办理意见", citation
    conference = _step_rule(record, ChangeStep.CONFERENCE, ChangeStep.APPROVED)
    if conference is not None:
        yield Step.CONFERENCE, Role.HANDLER, "部门联席会议审定，经办登记会议日期和纪要", conference.citation
    yield Step.APPROVE, Role.APPROVER, "科技局批准，新版任务书即日生效", citation
    for rule, filing in _kinds_of(record, ChangeFiling):
        words = "办理情况提交平台备案" if kind in filing.big else "变更情况提交平台备查"
        yield Step.FILE, Role.HANDLER, words, rule.citation


K = TypeVar("K", bound=Kind)


def _kinds_of(record: ProjectRecord, wanted: type[K]) -> Iterator[tuple[Rule, K]]:
    for rule in rulebook().programme(record.programme, record.signed_on).rules:
        if isinstance(rule.kind, wanted) and rule.scope.covers(record):
            yield rule, rule.kind


def _step_rule(record: ProjectRecord, step: ChangeStep, before: ChangeStep) -> Rule | None:
    return next(
        (
            rule
            for rule, kind in _kinds_of(record, ChangeStepBefore)
            if kind.step is step and kind.before is before
        ),
        None,
    )
