"""Kinds of rule about acceptance and its conclusion."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from lifecycle.record import Acceptance, Conclusion, ProjectRecord, Review
from lifecycle.rules.base import Breach, Figure, Kind
from lifecycle.rules.reading import amount, concluded, until_done
from lifecycle.rules.registry import kind

_ACCEPTED = (Conclusion.PASSED, Conclusion.FAILED)
_FALLEN = (Conclusion.FAILED, Conclusion.TERMINATED)


class AtConclusion(Kind):
    """One thing asked of an acceptance from the day of its conclusion on."""

    conclusions: ClassVar[tuple[Conclusion, ...]]

    @abstractmethod
    def held(self, acceptance: Acceptance) -> bool:
        """Whether the rule is held."""

    @abstractmethod
    def text(self, acceptance: Acceptance) -> str:
        """Return the sentence with figures, fit for either outcome."""

    def breaches(self, record: ProjectRecord) -> Iterable[Breach]:
        """Return the breach, from the conclusion on."""
        found = concluded(record, *self.conclusions)
        if found is None or self.held(found[1]):
            return ()
        return (Breach("", found[0], None, self.text(found[1])),)

    def figures(self, record: ProjectRecord, day: date) -> Iterable[Figure]:
        """Return the sentence with figures, once there is a conclusion."""
        found = concluded(record, *self.conclusions)
        if found is None or day < found[0]:
            return ()
        return (Figure("", self.text(found[1])),)


@kind("acceptance-authority")
@dataclass(frozen=True, slots=True)
class AcceptanceAuthority(Kind):
    """The joint conference deliberates, then the district government decides."""

    def breaches(self, record: ProjectRecord) -> Iterable[Breach]:
        """Return the days from the conclusion until both have, in this order."""
        found = concluded(record, *_ACCEPTED)
        if found is None:
            return ()
        on, acceptance = found
        done_on = acceptance.government_on if self._ordered(acceptance) else None
        return until_done("", on, done_on, self._text(acceptance, done_on))

    def figures(self, record: ProjectRecord, day: date) -> Iterable[Figure]:
        """Return both days, once there is a conclusion."""
        found = concluded(record, *_ACCEPTED)
        if found is None or day < found[0]:
            return ()
        return (Figure("", self._text(found[1], None)),)

    def _ordered(self, acceptance: Acceptance) -> bool:
        conference, government = acceptance.conference_on, acceptance.government_on
        return conference is not None and government is not None and conference <= government

    def _text(self, acceptance: Acceptance, done_on: date | None) -> str:
        if done_on is not None:
            return "验收结论作出时，联席会议审议和区政府审定尚未完成"
        conference, government = acceptance.conference_on or "无", acceptance.government_on or "无"
        return f"联席会议审议 {conference}，区政府审定 {government}，应先审议、后审定"


@kind("merged-acceptance")
@dataclass(frozen=True, slots=True)
class MergedAcceptance(AtConclusion):
    """Technical and financial acceptance are made together, and both are passed where the project passes."""

    conclusions: ClassVar[tuple[Conclusion, ...]] = _ACCEPTED

    def held(self, acceptance: Acceptance) -> bool:
        """Whether both are there and bear the conclusion."""
        reviews = (acceptance.technical, acceptance.financial)
        if acceptance.conclusion is Conclusion.PASSED:
            return reviews == (Review.PASSED, Review.PASSED)
        return None not in reviews

    def text(self, acceptance: Acceptance) -> str:
        """Return all three."""
        return (
            f"技术验收{acceptance.technical or '无结论'}，财务验收{acceptance.financial or '无结论'}，"
            f"结论为{acceptance.conclusion}，技术和财务验收应合并进行且与结论一致"
        )


@kind("joint-organiser")
@dataclass(frozen=True, slots=True)
class JointOrganiser(AtConclusion):
    """The joint unit takes part in the acceptance."""

    conclusions: ClassVar[tuple[Conclusion, ...]] = _ACCEPTED

    def held(self, acceptance: Acceptance) -> bool:
        """Whether it did."""
        return acceptance.joint_unit_took_part

    def text(self, acceptance: Acceptance) -> str:
        """Return whether it did."""
        return f"联合实施单位{'已' if acceptance.joint_unit_took_part else '未'}参加验收结题"


@kind("refund")
@dataclass(frozen=True, slots=True)
class Refund(AtConclusion):
    """What must come back after a failure or termination has come back."""

    conclusions: ClassVar[tuple[Conclusion, ...]] = _FALLEN

    def held(self, acceptance: Acceptance) -> bool:
        """Whether enough was returned."""
        return acceptance.to_return <= acceptance.returned

    def text(self, acceptance: Acceptance) -> str:
        """Return both amounts."""
        return f"应退 {amount(acceptance.to_return)}，已退 {amount(acceptance.returned)}"


@kind("goals-met")
@dataclass(frozen=True, slots=True)
class GoalsMet(AtConclusion):
    """A project that passes has met at least so many goals."""

    least: int
    conclusions: ClassVar[tuple[Conclusion, ...]] = (Conclusion.PASSED,)

    def held(self, acceptance: Acceptance) -> bool:
        """Whether enough goals were met; none said is none."""
        return (acceptance.goals_met or 0) >= self.least

    def text(self, acceptance: Acceptance) -> str:
        """Return the number of goals met."""
        return f"完成任务目标 {acceptance.goals_met or 0} 项，应不少于 {self.least} 项"
