"""Kinds of rule about reports once they are handed in, and about filings that follow a conclusion."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from lifecycle.record import Acceptance, Conclusion, ProjectRecord
from lifecycle.rules.base import Breach, Kind
from lifecycle.rules.reading import concluded, until_done
from lifecycle.rules.registry import kind


@kind("report-with-accounts")
@dataclass(frozen=True, slots=True)
class ReportWithAccounts(Kind):
    """An annual report handed in contains the stage account."""

    def breaches(self, record: ProjectRecord) -> Iterable[Breach]:
        """Return each report without, from the day it was handed in."""
        return [
            Breach(str(report.year), report.submitted_on, None, f"{report.year} 年度报告未含阶段经费决算")
            for report in record.annual_reports
            if report.submitted_on is not None and not report.with_accounts
        ]


@kind("report-to-government")
@dataclass(frozen=True, slots=True)
class ReportToGovernment(Kind):
    """An annual report handed in goes on to the district government."""

    def breaches(self, record: ProjectRecord) -> Iterable[Breach]:
        """Return each report from the day it was handed in until it goes on."""
        return [
            breach
            for report in record.annual_reports
            if report.submitted_on is not None
            for breach in until_done(
                str(report.year),
                report.submitted_on,
                report.to_government_on,
                f"{report.year} 年度报告尚未报区政府",
            )
        ]


class AfterConclusion(StrEnum):
    """What may have to follow a conclusion."""

    FILED = "备查日期"
    PLATFORM_FILED = "平台备案日期"
    CLEARED = "财务清算日期"
    INTEGRITY = "诚信记录日期"

    def on(self, acceptance: Acceptance) -> date | None:
        """Return the day on which it was done."""
        match self:
            case AfterConclusion.FILED:
                return acceptance.filed_on
            case AfterConclusion.PLATFORM_FILED:
                return acceptance.platform_filed_on
            case AfterConclusion.CLEARED:
                return acceptance.cleared_on
            case AfterConclusion.INTEGRITY:
                return acceptance.integrity_on


_MISSING = {
    AfterConclusion.FILED: "验收资料尚未提交备查",
    AfterConclusion.PLATFORM_FILED: "验收结果尚未提交平台备案",
    AfterConclusion.CLEARED: "财务清算尚未完成",
    AfterConclusion.INTEGRITY: "尚未作科研诚信记录",
}


@kind("conclusion-filing")
@dataclass(frozen=True, slots=True)
class ConclusionFiling(Kind):
    """Something follows certain conclusions; a rule may ask it only where the unit itself was at fault."""

    step: AfterConclusion
    conclusions: tuple[Conclusion, ...]
    own_fault_only: bool = False

    def asks(self, record: ProjectRecord) -> bool:
        """Whether this project came to such a conclusion, by its unit's own fault where that matters."""
        found = concluded(record, *self.conclusions)
        return found is not None and (found[1].own_fault or not self.own_fault_only)

    def breaches(self, record: ProjectRecord) -> Iterable[Breach]:
        """Return the days from the conclusion until the step is done."""
        found = concluded(record, *self.conclusions)
        if found is None or not self.asks(record):
            return ()
        on, acceptance = found
        message = f"{on} 结论为{acceptance.conclusion}，{_MISSING[self.step]}"
        return until_done("", on, self.step.on(acceptance), message)
