"""The way of an acceptance: which steps a project goes through, worked out from the rules that speak of it.

Pure: the record is the argument, and nothing is decided here that the rules do not say. A step without a
citation is the bureau's own practice and is shown as such.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from lifecycle.record import Conclusion, ProjectRecord
from lifecycle.roles import Role
from lifecycle.rulebook import rulebook
from lifecycle.rules.acceptance import AcceptanceAuthority, GoalsMet, JointOrganiser, MergedAcceptance
from lifecycle.rules.base import Kind, Rule
from lifecycle.rules.filings import AfterConclusion, ConclusionFiling

OWN_PRACTICE = "本局工作要求"
"""What is cited where no article says it."""


class StepKey(StrEnum):
    """The steps there can be, in the order in which they can stand."""

    DRAFT = "draft"
    CONFIRM = "confirm"
    ACCEPT = "accept"
    REVIEW = "review"
    JOINT = "joint"
    CONFERENCE = "conference"
    GOVERNMENT = "government"
    CONCLUDE = "conclude"
    SELF_CONCLUDE = "self-conclude"
    PLATFORM = "platform"
    FILING = "filing"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way: what happens, who does it, which article says so."""

    key: StepKey
    label: str
    role: Role
    citation: str = ""
    note: str = ""

    @property
    def basis(self) -> str:
        """What is cited for it."""
        return self.citation or OWN_PRACTICE


def way_of(record: ProjectRecord) -> tuple[Step, ...]:
    """Return the steps of a project's acceptance in their order, a refiling or return left aside.

    Raises ``UnknownProgrammeError``.
    """
    rules = rules_of(record)
    steps = _by_the_unit(rules) if record.self_established else _by_the_bureau(rules)
    return (*_application(record), *steps)


def rules_of(record: ProjectRecord) -> tuple[Rule, ...]:
    """Return the rules of the project's programme that speak of it."""
    programme = rulebook().programme(record.programme, record.signed_on)
    return tuple(rule for rule in programme.rules if rule.scope.covers(record))


def asking(rules: tuple[Rule, ...], kind: type[Kind]) -> Rule | None:
    """Return the rule of a kind, where there is one."""
    return next((rule for rule in rules if isinstance(rule.kind, kind)), None)


def filing_rule(
    rules: tuple[Rule, ...], step: AfterConclusion, conclusion: Conclusion | None = None
) -> Rule | None:
    """Return the rule that asks for something after a conclusion (any conclusion where none is given)."""
    for rule in rules:
        kind = rule.kind
        if (
            isinstance(kind, ConclusionFiling)
            and kind.step is step
            and (conclusion is None or conclusion in kind.conclusions)
        ):
            return rule
    return None


def filings_after(record: ProjectRecord, conclusion: Conclusion) -> tuple[StepKey, ...]:
    """Return what is still to be filed once the conclusion has been made."""
    rules = rules_of(record)
    due = [StepKey.PLATFORM] if filing_rule(rules, AfterConclusion.PLATFORM_FILED, conclusion) else []
    if record.self_established:
        due.append(StepKey.FILING)
    return tuple(due)


def least_goals(record: ProjectRecord) -> int | None:
    """Return how many goals a project must have met to pass, where its programme counts goals (山西 一)."""
    rule = asking(rules_of(record), GoalsMet)
    return rule.kind.least if rule is not None and isinstance(rule.kind, GoalsMet) else None


def _application(record: ProjectRecord) -> Iterator[Step]:
    yield Step(StepKey.DRAFT, "填写验收申请", Role.PI)
    yield Step(StepKey.CONFIRM, "承担单位确认", Role.UNIT_MANAGER)
    if not record.self_established:
        yield Step(StepKey.ACCEPT, "受理申请", Role.HANDLER)


def _by_the_bureau(rules: tuple[Rule, ...]) -> Iterator[Step]:
    yield Step(
        StepKey.REVIEW,
        "专家评议",
        Role.HANDLER,
        _cited(asking(rules, MergedAcceptance)),
        "技术验收和财务验收合并进行",
    )
    joint = asking(rules, JointOrganiser)
    if joint is not None:
        yield Step(
            StepKey.JOINT, "联合实施单位参加", Role.JOINT_UNIT, joint.citation, "共同组织验收，提出意见"
        )
    authority = asking(rules, AcceptanceAuthority)
    if authority is not None:
        yield Step(StepKey.CONFERENCE, "部门联席会议审议", Role.HANDLER, authority.citation)
        yield Step(StepKey.GOVERNMENT, "区政府审定", Role.HANDLER, authority.citation, "在联席会议审议之后")
    goals = asking(rules, GoalsMet)
    note = goals.summary if goals is not None else ""
    filed = filing_rule(rules, AfterConclusion.PLATFORM_FILED)  # EA 17 says in one who accepts and who files
    citations = (_cited(one) for one in (goals, authority, asking(rules, MergedAcceptance), filed))
    citation = next(filter(None, citations), "")
    yield Step(StepKey.CONCLUDE, "作出验收结论", Role.APPROVER, citation, note)
    yield from _platform(rules)


def _by_the_unit(rules: tuple[Rule, ...]) -> Iterator[Step]:
    filing = filing_rule(rules, AfterConclusion.FILED)
    yield Step(
        StepKey.SELF_CONCLUDE,
        "单位自行验收",
        Role.UNIT_MANAGER,
        _cited(filing),
        "由单位自行组织并作出结论",
    )
    yield from _platform(rules)
    yield Step(StepKey.FILING, "验收资料备查", Role.HANDLER, _cited(filing))


def _platform(rules: tuple[Rule, ...]) -> Iterator[Step]:
    rule = filing_rule(rules, AfterConclusion.PLATFORM_FILED)
    if rule is not None:
        yield Step(StepKey.PLATFORM, "提交平台备案", Role.HANDLER, rule.citation, "由市科技局备案")


def _cited(rule: Rule | None) -> str:
    return "" if rule is None else rule.citation
