"""What is asked before a change goes a step further: the rules, of the record as it would then be.

The rules that guard a change are asked about this one; those that guard signing, about the terms as they
would be. What they find wrong in the project as it stands already is no doing of the change and does not hold
it up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from lifecycle.agreement_terms import money_obstacles, signed_record, terms_obstacles, unsound
from lifecycle.changes.routing import Decider, RouteStep, Step, decision_of, may_settle, route_of
from lifecycle.changes.terms import TOUCHED, carried_over, missing_in
from lifecycle.judging import Check, judge_act
from lifecycle.models import ChangeRequest, ChangeState
from lifecycle.record import Change, ChangeKind, ProjectRecord
from lifecycle.rules.base import Act
from lifecycle.rules.verdict import Line, Mark, Verdict
from lifecycle.stages import Stage, stage_of
from lifecycle.terms import Terms, from_plain
from lifecycle.whole import TrancheAt


@dataclass(frozen=True, slots=True)
class Case:
    """A request with what it is judged by."""

    request: ChangeRequest
    record: ProjectRecord
    version: Terms
    """What the version in force says."""
    now: Terms
    """The same as the record has it by now."""
    version_id: int | None
    """The version in force."""
    tranches: tuple[TrancheAt, ...] = ()
    """The project's tranches with where each stands."""

    @property
    def wanted(self) -> Terms:
        """What shall be agreed."""
        return carried_over(self.request.kind, from_plain(Terms, self.request.terms), self.now)

    @property
    def is_stale(self) -> bool:
        """Whether what it wants to change was changed otherwise after it was drafted."""
        request = self.request
        moved = any(getattr(self.version, one) != getattr(self.now, one) for one in TOUCHED[request.kind])
        return moved or (request.base_version_id is not None and request.base_version_id != self.version_id)

    @property
    def missing(self) -> dict[str, str]:
        """What it lacks before it can be sent, by field."""
        one = self.request
        return missing_in(one.kind, self.now, self.wanted, one.after or "", one.reason)

    @property
    def route(self) -> tuple[RouteStep, ...]:
        """The steps with the days on which they were taken."""
        request = self.request
        return route_of(self.record, request.kind, request.self_decided, days_of(request))


def days_of(request: ChangeRequest) -> Mapping[Step, date | None]:
    """Return when each step of a request was taken."""
    return {
        Step.CONFIRM: request.confirmed_on,
        Step.SETTLE: request.applied_on if request.self_decided else None,
        Step.CONSENT: request.consented_on,
        Step.EXAMINE: request.proposed_on,
        Step.CONFERENCE: request.conference_on,
        Step.APPROVE: request.decided_on if request.approval_number else None,
        Step.FILE: request.filed_on,
    }


def row_of(request: ChangeRequest) -> Change:
    """Return the row of 变更 that a request amounts to."""
    approved = request.decided_on if request.approval_number else None
    return Change(
        number=request.number,
        kind=request.kind,
        self_decided=request.self_decided,
        applied_on=request.applied_on,
        joint_consent_on=request.consented_on,
        conference_on=request.conference_on,
        approved_on=approved,
        platform_filed_on=request.filed_on,
        before=request.before,
        after=request.after,
        approval_number=request.approval_number,
    )


def row_once_made(case: Case, today: date) -> Change:
    """Return the row as it would be, were every step that is left taken today, filing apart."""
    row = row_of(case.request)
    if case.request.self_decided:
        return replace(row, applied_on=row.applied_on or today)
    steps = {one.step for one in case.route}
    return replace(
        row,
        applied_on=row.applied_on or today,
        joint_consent_on=row.joint_consent_on or (today if Step.CONSENT in steps else None),
        conference_on=row.conference_on or (today if Step.CONFERENCE in steps else None),
        approved_on=row.approved_on or today,
    )


def once_made(record: ProjectRecord, wanted: Terms, row: Change, day: date) -> ProjectRecord:
    """Return the record as it would be with these terms in force from ``day`` and this row of 变更."""
    others = tuple(one for one in record.changes if one.number != row.number)
    return replace(signed_record(record, wanted, day), changes=(*others, row))


def check_case(case: Case, row: Change, day: date, reasons: Mapping[str, str] | None = None) -> Check:
    """Return everything for and against a change, its row of 变更 being as given."""
    return Check(_verdict(case, row, day, reasons or {}), tuple(obstacles_to(case)))


def _verdict(case: Case, row: Change, day: date, reasons: Mapping[str, str]) -> Verdict:
    record = once_made(case.record, case.wanted, row, day)
    asked = judge_act(record, Act.CHANGE, day, reasons, ("", str(row.number)))
    known = {
        (line.rule.id, line.subject, line.text)
        for line in judge_act(case.record, Act.SIGN, day).lines
        if line.mark is Mark.NOT_HELD
    }
    signed = [
        line
        for line in judge_act(record, Act.SIGN, day, reasons).lines
        if (line.rule.id, line.subject, line.text) not in known
    ]
    return Verdict(tuple(sorted(_once([*asked.lines, *signed]), key=lambda line: line.rank)))


def _once(lines: list[Line]) -> Iterator[Line]:
    """Yield lines, each rule and subject once: a rule may guard both acts."""
    seen: set[tuple[str, str]] = set()
    for line in lines:
        if (line.rule.id, line.subject) not in seen:
            seen.add((line.rule.id, line.subject))
            yield line


def obstacles_to(case: Case) -> Iterator[str]:
    """Yield what is no article but stands in the way, with what to do."""
    yield from project_obstacles(case.record)
    request = case.request
    if case.is_stale:
        back = "" if request.state in EDITABLE else "请先退回申请人，"
        yield f"起草之后任务书已有新的版本或改动，{back}由申请人把修改内容带到新版本后再办理。"
    yield from unsound(case.wanted).values()
    yield from terms_obstacles(case.tranches, case.wanted)
    known = frozenset(money_obstacles(case.now))
    yield from (words for words in money_obstacles(case.wanted) if words not in known)
    if request.self_decided and not may_settle(decision_of(case.record, request.kind), case.now, case.wanted):
        yield not_its_own(case.record, request.kind)


EDITABLE = frozenset({ChangeState.DRAFT, ChangeState.RETURNED})
"""States in which the drafter writes."""


def not_its_own(record: ProjectRecord, kind: ChangeKind) -> str:
    """Return why the unit may not settle a change of this kind, or this one, itself."""
    decision = decision_of(record, kind)
    if decision.decider is Decider.EITHER:
        return (
            f"只有不改变各项资金总额、参与单位分配和拨付计划的{kind}变更可以由承担单位自行办理"
            f"（{decision.citation}），本次变更请改为报科技局办理。"
        )
    return f"“{kind}”变更不能由承担单位自行办理（{decision.citation}），请改为报科技局办理。"


_CLOSED: Mapping[Stage, str] = {
    Stage.AWAITING_AGREEMENT: "任务书还没有签订，请直接修改任务书草稿，不必申请变更。",
    Stage.IN_ACCEPTANCE: "项目已申请验收，不再办理变更；确需变更的，请先由科技局退回验收申请。",
    Stage.SELF_ACCEPTANCE: "项目已进入自行验收，不再办理变更。",
}


def project_obstacles(record: ProjectRecord) -> Iterator[str]:
    """Yield why no change of this project can be made now, whatever it is."""
    stage = stage_of(record)
    if stage is not Stage.UNDER_WAY:
        yield _CLOSED.get(stage, f"项目处于“{stage}”阶段，不再办理变更。")
