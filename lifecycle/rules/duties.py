"""Kinds of duty: what is owed by a day. What is late is a finding, what is near is a reminder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import ClassVar

from lifecycle.calendar import add_months
from lifecycle.money import yuan
from lifecycle.record import Acceptance, Conclusion, ProjectRecord, Source, Tranche
from lifecycle.rules.base import DutyKind, Owed
from lifecycle.rules.reading import amount, concluded, first_payment, first_tranches, held_back
from lifecycle.rules.registry import kind


@kind("payment-deadline")
@dataclass(frozen=True, slots=True)
class PaymentDeadline(DutyKind):
    """Public money begins to be paid within so many days of signing."""

    days: int

    def owed(self, record: ProjectRecord) -> Iterable[Owed]:
        """Return the first payment, owed from signing on."""
        signed = record.signed_on
        if signed is None or record.fiscal <= 0:
            return ()
        first, owed = first_payment(record)
        due = signed + timedelta(days=self.days)
        held = "" if first else held_back(record, first_tranches(record))
        return (Owed("", signed, due, first, record.concluded_on, owed, held=held),)


@kind("planned-payment")
@dataclass(frozen=True, slots=True)
class PlannedPayment(DutyKind):
    """One source pays by the days agreed in the tranche plan, in full where the rule asks it."""

    source: Source
    in_full: bool = False

    def owed(self, record: ProjectRecord) -> Iterable[Owed]:
        """Return every planned payment of the source, owed from signing on."""
        if record.signed_on is None:
            return ()
        return [
            Owed(
                str(tranche.number),
                record.signed_on,
                tranche.planned_on,
                self._done_on(tranche),
                record.concluded_on,
                self._message(tranche),
            )
            for tranche in record.tranches
            if tranche.source is self.source and tranche.planned_on is not None
        ]

    def _message(self, tranche: Tranche) -> str:
        arrive = "足额到位" if self.in_full else "到位"
        return f"{self.source}第 {tranche.number} 期资金 {amount(tranche.planned)}{arrive}"

    def _done_on(self, tranche: Tranche) -> date | None:
        enough = tranche.is_payment and (not self.in_full or tranche.paid >= tranche.planned)
        return tranche.paid_on if enough else None


@kind("agreed-money")
@dataclass(frozen=True, slots=True)
class AgreedMoney(PlannedPayment):
    """One source pays what was agreed by the days agreed, with no finding where it does not."""

    def owed(self, record: ProjectRecord) -> Iterable[Owed]:
        """Return every planned payment of the source that has an amount."""
        some = tuple(one for one in record.tranches if one.planned > 0)
        return PlannedPayment.owed(self, replace(record, tranches=some))


@kind("annual-report")
@dataclass(frozen=True, slots=True)
class AnnualReports(DutyKind):
    """A report of each year by the end of the next January, but not of a first year that was too short."""

    least_months: int
    closing_excuses: ClassVar[bool] = True

    def owed(self, record: ProjectRecord) -> Iterator[Owed]:
        """Yield each year's report, coming years included, owed from signing on."""
        signed = record.signed_on
        if signed is None:
            return
        submitted = {report.year: report.submitted_on for report in record.annual_reports}
        first = record.start.year
        if add_months(record.start, self.least_months) > date(first + 1, 1, 1):
            first += 1
        for year in range(first, record.end.year + 1):
            due = date(year + 1, 1, 31)
            if due >= signed:
                yield Owed(
                    str(year),
                    signed,
                    due,
                    submitted.get(year),
                    record.concluded_on,
                    f"提交 {year} 年度报告及阶段经费决算",
                )


@kind("stage-report")
@dataclass(frozen=True, slots=True)
class StageReports(DutyKind):
    """Where milestones are managed, a report at each of them."""

    closing_excuses: ClassVar[bool] = True

    def owed(self, record: ProjectRecord) -> Iterable[Owed]:
        """Return each milestone's report, owed from signing on."""
        if record.signed_on is None or not record.milestone_managed:
            return ()
        return [
            Owed(
                str(milestone.number),
                record.signed_on,
                milestone.planned_on,
                milestone.reported_on,
                record.concluded_on,
                f"提交第 {milestone.number} 个里程碑“{milestone.name or '未命名'}”的阶段报告",
            )
            for milestone in record.milestones
        ]


@kind("refund-due")
@dataclass(frozen=True, slots=True)
class RefundDue(DutyKind):
    """What has to be returned after certain conclusions is back by the day that was set for it."""

    conclusions: tuple[Conclusion, ...]
    own_fault: bool | None = None
    """Where it matters whether the unit itself was at fault."""

    def owed(self, record: ProjectRecord) -> Iterable[Owed]:
        """Return what is owed, from the day on which it was confirmed; what came with a ledger has no day."""
        found = concluded(record, *self.conclusions)
        if found is None or record.recovery_from is None or record.recovery_due is None:
            return ()
        acceptance = found[1]
        if self.own_fault is not None and self.own_fault is not acceptance.own_fault:
            return ()
        words = self._message(acceptance)
        return (Owed("", record.recovery_from, record.recovery_due, record.recovery_done, None, words),)

    def _message(self, acceptance: Acceptance) -> str:
        whole = f"退回财政资金 {yuan(acceptance.to_return)} 元"
        rest = acceptance.to_return - acceptance.returned
        if not acceptance.returned or rest <= 0:
            return whole
        return f"{whole}（已退 {yuan(acceptance.returned)} 元，还差 {yuan(rest)} 元）"
