"""Kinds of duty that follow an act within so many days, where a regulation asks the act but names no day.

How many days is the agency's own to set (``local.toml``); none means that it has set no limit. They list no
findings: what a regulation asks is judged by the rules of its own articles.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar, NamedTuple

from lifecycle.money import yuan
from lifecycle.record import Conclusion, ProjectRecord
from lifecycle.roles import Role
from lifecycle.rules.base import DutyKind, Owed
from lifecycle.rules.reading import first_payment, first_tranches, held_back
from lifecycle.rules.registry import kind

_FALLEN = (Conclusion.FAILED, Conclusion.TERMINATED)


class Follows(NamedTuple):
    """One thing that must follow: what it is about, from which day it is owed, when it was done."""

    subject: str
    begun_on: date
    done_on: date | None
    message: str
    ends_with_project: bool = True
    """Whether nobody owes it any more once the project has its conclusion."""
    due: date | None = None
    """The day that was named for it, whatever the agency gives."""
    user_id: int | None = None
    path: str | None = None
    not_user_id: int | None = None
    held: str = ""
    """What keeps anybody from doing it for the time being."""
    if_asked: bool = False
    """Whether it is owed only where an article asks it."""
    also: Role | None = None
    speaks_of: str | None = None


@dataclass(frozen=True, slots=True)
class WithinDays(DutyKind):
    """Something follows an act within ``days``; 0: the agency has set no limit."""

    days: int

    @abstractmethod
    def follows(self, record: ProjectRecord) -> Iterable[Follows]:
        """Return everything that must follow something in this project."""

    def owed(self, record: ProjectRecord) -> Iterator[Owed]:
        """Yield each of them with its day."""
        for one in self.follows(record):
            due = one.due or (one.begun_on + timedelta(self.days) if self.days else None)
            if due is not None:
                ended_on = record.concluded_on if one.ends_with_project else None
                yield Owed(
                    *(one.subject, one.begun_on, due, one.done_on, ended_on, one.message),
                    *(one.user_id, one.path),
                    not_user_id=one.not_user_id,
                    held=one.held,
                    if_asked=one.if_asked,
                    also=one.also,
                    speaks_of=one.speaks_of,
                )


@kind("acceptance-application-within")
@dataclass(frozen=True, slots=True)
class AcceptanceApplication(WithinDays):
    """Acceptance is asked for within so many days of the project's end."""

    def follows(self, record: ProjectRecord) -> Iterable[Follows]:
        """Return the application of a project with an agreement."""
        if record.signed_on is None:
            return ()
        applied = record.acceptance.applied_on if record.acceptance else None
        return (Follows("", max(record.end, record.signed_on), applied, "申请验收"),)


@kind("first-payment-within")
@dataclass(frozen=True, slots=True)
class FirstPayment(WithinDays):
    """Public money begins to be paid within so many days of signing, where no article names the days."""

    def follows(self, record: ProjectRecord) -> Iterable[Follows]:
        """Return the first payment of a project with an agreement and public money."""
        if record.signed_on is None or record.fiscal <= 0:
            return ()
        paid_on, told = first_payment(record)
        held = "" if paid_on else held_back(record, first_tranches(record))
        return (Follows("", record.signed_on, paid_on, told, held=held),)


@kind("stage-review-within")
@dataclass(frozen=True, slots=True)
class StageReview(WithinDays):
    """A stage report is reviewed within so many days of being handed in."""

    def follows(self, record: ProjectRecord) -> Iterable[Follows]:
        """Return the review of every stage report that has been handed in."""
        return [
            Follows(
                str(one.number), one.reported_on, one.reviewed_on, f"组织第 {one.number} 个里程碑的阶段评议"
            )
            for one in record.milestones
            if record.milestone_managed and one.reported_on is not None
        ]


@kind("to-government-within")
@dataclass(frozen=True, slots=True)
class ToGovernment(WithinDays):
    """An annual report goes on to the district government within so many days of being handed in."""

    def follows(self, record: ProjectRecord) -> Iterable[Follows]:
        """Return every annual report that has been handed in."""
        return [
            Follows(
                str(one.year),
                one.submitted_on,
                one.to_government_on,
                f"将 {one.year} 年度报告报区政府",
                ends_with_project=False,
            )
            for one in record.annual_reports
            if one.submitted_on is not None
        ]


@kind("change-decision-within")
@dataclass(frozen=True, slots=True)
class ChangeDecision(WithinDays):
    """A change that the bureau decides is decided within so many days of being applied for."""

    def follows(self, record: ProjectRecord) -> Iterable[Follows]:
        """Return every change that was applied for."""
        return [
            Follows(str(one.number), one.applied_on, one.approved_on, f"办理变更 {one.number}（{one.kind}）")
            for one in record.changes
            if one.applied_on is not None and not one.self_decided
        ]


@kind("platform-filing-within")
@dataclass(frozen=True, slots=True)
class PlatformFiling(WithinDays):
    """A change that took effect is filed on the municipal platform within so many days, by who decided it."""

    self_decided: bool

    def follows(self, record: ProjectRecord) -> Iterator[Follows]:
        """Yield every change that the bureau, or its unit, decided."""
        told = "提交市级平台备查" if self.self_decided else "报市级平台备案"
        for one in record.changes:
            decided = one.approved_on or (one.applied_on if one.self_decided else None)
            if decided is not None and one.self_decided is self.self_decided:
                words = f"将变更 {one.number}（{one.kind}）{told}"
                yield Follows(str(one.number), decided, one.platform_filed_on, words, ends_with_project=False)


@kind("conclusion-within")
@dataclass(frozen=True, slots=True)
class ConclusionWithin(WithinDays):
    """An acceptance that was asked for has its conclusion within so many days."""

    def follows(self, record: ProjectRecord) -> Iterable[Follows]:
        """Return the conclusion."""
        acceptance = record.acceptance
        if acceptance is None or acceptance.applied_on is None:
            return ()
        return (Follows("", acceptance.applied_on, record.concluded_on, "组织验收并作出结论"),)


class AfterConclusion(WithinDays):
    """Something that follows the conclusion of a project."""

    __slots__ = ()

    def follows(self, record: ProjectRecord) -> Iterable[Follows]:
        """Return it, where the conclusion asks it."""
        on = record.concluded_on
        if on is None or not self.is_asked(record):
            return ()
        if_asked = self.if_asked(record)
        done_on = self.done_on(record)
        return (Follows("", on, done_on, self.message, ends_with_project=False, if_asked=if_asked),)

    @property
    @abstractmethod
    def message(self) -> str:
        """What is to be done."""

    @abstractmethod
    def is_asked(self, record: ProjectRecord) -> bool:
        """Whether the conclusion can ask it; there is one."""

    def if_asked(self, record: ProjectRecord) -> bool:  # noqa: ARG002 most follow whatever an article says
        """Whether it is owed only where an article asks it of this conclusion."""
        return False

    @abstractmethod
    def done_on(self, record: ProjectRecord) -> date | None:
        """Return when it was done."""


@kind("conclusion-to-platform-within")
@dataclass(frozen=True, slots=True)
class ConclusionToPlatform(AfterConclusion):
    """The conclusion is filed on the municipal platform within so many days, where an article asks it."""

    @property
    def message(self) -> str:
        """What is to be done."""
        return "将验收结论报市级平台备案"

    def is_asked(self, record: ProjectRecord) -> bool:
        """Of whatever conclusion the article names."""
        return record.acceptance is not None

    def if_asked(self, record: ProjectRecord) -> bool:  # noqa: ARG002 of every one
        """Never the agency's own wish."""
        return True

    def done_on(self, record: ProjectRecord) -> date | None:
        """Return when it was filed."""
        return record.acceptance.platform_filed_on if record.acceptance else None


@kind("filing-within")
@dataclass(frozen=True, slots=True)
class FilingWithin(AfterConclusion):
    """A unit that accepts its own project files the papers within so many days."""

    @property
    def message(self) -> str:
        """What is to be done."""
        return "将验收材料报区科技局备查"

    def is_asked(self, record: ProjectRecord) -> bool:
        """Of every project that came to a conclusion of its own."""
        return record.acceptance is not None and record.acceptance.conclusion not in _FALLEN

    def done_on(self, record: ProjectRecord) -> date | None:
        """Return when they were filed."""
        return record.acceptance.filed_on if record.acceptance else None


@kind("clearing-within")
@dataclass(frozen=True, slots=True)
class ClearingWithin(AfterConclusion):
    """The accounts of a project that failed or was terminated are cleared within so many days."""

    @property
    def message(self) -> str:
        """What is to be done."""
        return "办理财务清算"

    def is_asked(self, record: ProjectRecord) -> bool:
        """Of projects that failed or were terminated."""
        return record.acceptance is not None and record.acceptance.conclusion in _FALLEN

    def if_asked(self, record: ProjectRecord) -> bool:
        """Where no public money was paid, there is nothing to clear that no article asks for."""
        return first_payment(record)[0] is None

    def done_on(self, record: ProjectRecord) -> date | None:
        """Return when they were cleared."""
        return record.acceptance.cleared_on if record.acceptance else None


@kind("integrity-within")
@dataclass(frozen=True, slots=True)
class IntegrityWithin(AfterConclusion):
    """A failure or termination by the unit's own fault is entered in the integrity record in so many days."""

    keeps_its_words: ClassVar[bool] = True

    @property
    def message(self) -> str:
        """What is to be done."""
        return "登记诚信记录"

    def is_asked(self, record: ProjectRecord) -> bool:
        """Of projects that failed or were terminated by the unit's own fault."""
        found = record.acceptance
        return found is not None and found.own_fault and found.conclusion in _FALLEN

    def done_on(self, record: ProjectRecord) -> date | None:
        """Return when it was entered."""
        return record.acceptance.integrity_on if record.acceptance else None


@kind("turn-within")
@dataclass(frozen=True, slots=True)
class TurnWithin(WithinDays):
    """What waits for a role, or for one person in it, is done within so many days or by the day named for it.

    What waited before the project's conclusion is nobody's to do after it; what came with it goes on.
    """

    role: Role

    def follows(self, record: ProjectRecord) -> Iterator[Follows]:
        """Yield everything that waits, or waited, for the role."""
        concluded = record.concluded_on
        for one in record.waiting:
            if one.role is self.role:
                ends = one.ends_with_project and concluded is not None and one.since < concluded
                yield Follows(
                    *(str(one.id), one.since, one.done_on, one.words, ends),
                    *(one.due, one.user_id, one.path),
                    also=one.also,
                    speaks_of=str(one.id),
                )


@kind("receipt-within")
@dataclass(frozen=True, slots=True)
class ReceiptWithin(WithinDays):
    """The unit confirms within so many days that public money has arrived."""

    def follows(self, record: ProjectRecord) -> Iterator[Follows]:
        """Yield the arrival of every payment that is the unit's to confirm."""
        for one in record.receipts:
            told = f"确认{one.what}资金 {yuan(one.paid)} 元到账"
            yield Follows(
                *(str(one.tranche_id), one.paid_on, one.received_on, told),
                *(True, None, None, one.path),
            )
