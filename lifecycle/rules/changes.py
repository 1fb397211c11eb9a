"""Kinds of rule about changes: who decides them, in which order, and where they are filed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from lifecycle.record import Change, ChangeKind, ProjectRecord
from lifecycle.rules.base import Breach, Figure, Kind
from lifecycle.rules.reading import until_done
from lifecycle.rules.registry import kind


class ChangeStep(StrEnum):
    """The steps of a change's way through the authorities."""

    APPLIED = "申请日期"
    JOINT_CONSENT = "联合实施单位同意日期"
    CONFERENCE = "联席会议审定日期"
    APPROVED = "科技局批准日期"

    def on(self, change: Change) -> date | None:
        """Return the day of this step."""
        match self:
            case ChangeStep.APPLIED:
                return change.applied_on
            case ChangeStep.JOINT_CONSENT:
                return change.joint_consent_on
            case ChangeStep.CONFERENCE:
                return change.conference_on
            case ChangeStep.APPROVED:
                return change.approved_on


@kind("change-step-before")
@dataclass(frozen=True, slots=True)
class ChangeStepBefore(Kind):
    """Of a change that is not the unit's own to decide, one step comes before (or on the day of) another."""

    step: ChangeStep
    before: ChangeStep

    def breaches(self, record: ProjectRecord) -> Iterable[Breach]:
        """Return each change whose later step came first, from that step on."""
        return [
            Breach(str(change.number), later, None, self._text(change, earlier, later))
            for change, earlier, later in self._asked(record)
            if earlier is None or earlier > later
        ]

    def figures(self, record: ProjectRecord, day: date) -> Iterable[Figure]:
        """Return each change whose later step has been taken."""
        return [
            Figure(str(change.number), self._text(change, earlier, later))
            for change, earlier, later in self._asked(record)
            if later <= day
        ]

    def _asked(self, record: ProjectRecord) -> list[tuple[Change, date | None, date]]:
        return [
            (change, self.step.on(change), later)
            for change in record.changes
            if not change.self_decided and (later := self.before.on(change)) is not None
        ]

    def _text(self, change: Change, earlier: date | None, later: date) -> str:
        return (
            f"变更 {change.number}（{change.kind}）：{self.step} {earlier or '无'}，{self.before} {later}，"
            "前者应先于或同日于后者"
        )


@kind("change-barred")
@dataclass(frozen=True, slots=True)
class ChangeBarred(Kind):
    """Certain changes are not the unit's own to decide; a rule may bar the bureau from approving them too."""

    kinds: frozenset[ChangeKind]
    approval_too: bool = False

    def breaches(self, record: ProjectRecord) -> Iterable[Breach]:
        """Return each barred change from the day it was filed as the unit's own, or approved."""
        return [
            Breach(str(change.number), since, None, self._text(change))
            for change in record.changes
            if change.kind in self.kinds and (since := self._since(change)) is not None
        ]

    def figures(self, record: ProjectRecord, day: date) -> Iterable[Figure]:  # noqa: ARG002 asks no day
        """Return each change that the rule does not bar."""
        return [
            Figure(str(change.number), f"变更 {change.number}（{change.kind}）{self._held(change)}")
            for change in record.changes
            if change.kind not in self.kinds or self._since(change) is None
        ]

    def _since(self, change: Change) -> date | None:
        days = [
            change.applied_on if change.self_decided else None,
            change.approved_on if self.approval_too else None,
        ]
        return min((day for day in days if day is not None), default=None)

    def _held(self, change: Change) -> str:
        if change.kind not in self.kinds:
            return "不属于所列事项"
        return "尚未批准" if self.approval_too else "不是承担单位自主变更"

    def _text(self, change: Change) -> str:
        if self.approval_too:
            return f"变更 {change.number} 更改{change.kind}，原则上不作此类变更"
        return f"变更 {change.number}（{change.kind}）属重大变更，不得由承担单位自主变更"


@kind("change-filing")
@dataclass(frozen=True, slots=True)
class ChangeFiling(Kind):
    """Big changes are filed on the platform once approved, the others once the unit has made them."""

    big: frozenset[ChangeKind]

    def breaches(self, record: ProjectRecord) -> Iterable[Breach]:
        """Return each change from the day it was made until it is filed."""
        breaches: list[Breach] = []
        for change in record.changes:
            made_on = change.approved_on if change.kind in self.big else change.applied_on
            if made_on is not None:
                message = f"变更 {change.number}（{change.kind}）{made_on} 办理，尚未提交平台备案"
                breaches += until_done(str(change.number), made_on, change.platform_filed_on, message)
        return breaches


@kind("change-own")
@dataclass(frozen=True, slots=True)
class ChangeOwn(Kind):
    """Which changes a unit may settle itself; some only within what is agreed of every source's money."""

    kinds: frozenset[ChangeKind]
    within: frozenset[ChangeKind]
    """Settled by the unit itself while no source's amount, no share and no tranche is touched."""

    def breaches(self, record: ProjectRecord) -> Iterable[Breach]:
        """Return each change that was settled by the unit although it is not among these."""
        return [
            Breach(str(one.number), one.applied_on, None, f"变更 {one.number}（{one.kind}）应报科技局办理")
            for one in record.changes
            if one.self_decided and one.applied_on is not None and one.kind not in self.kinds | self.within
        ]

    def figures(self, record: ProjectRecord, day: date) -> Iterable[Figure]:  # noqa: ARG002 asks no day
        """Return each change of the unit's own that may be."""
        return [
            Figure(str(one.number), f"变更 {one.number}（{one.kind}）可以由承担单位自行办理")
            for one in record.changes
            if one.self_decided and one.kind in self.kinds | self.within
        ]
