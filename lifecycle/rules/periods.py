"""Kinds of rule about time: how long a project runs, and whether the document was in force at signing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from lifecycle.calendar import add_months, add_years
from lifecycle.record import ProjectRecord
from lifecycle.rules.base import ONE_DAY
from lifecycle.rules.limits import Limit
from lifecycle.rules.registry import kind


def _period(record: ProjectRecord) -> str:
    return f"实施期 {record.start} 至 {record.agreed_end}"


@kind("period-limit")
@dataclass(frozen=True, slots=True)
class PeriodLimit(Limit):
    """The period first agreed runs at most so many years, and at least so many (its last day included)."""

    most_years: int
    least_years: int | None = None

    def _bounds(self, record: ProjectRecord) -> tuple[date, date]:
        least = record.start
        if self.least_years is not None:
            least = add_years(record.start, self.least_years) - ONE_DAY
        return least, add_years(record.start, self.most_years)

    def held(self, record: ProjectRecord) -> bool:
        """Whether the end first agreed lies within the bounds."""
        least, most = self._bounds(record)
        end = record.agreed_end
        return end <= most and (self.least_years is None or end >= least)

    def text(self, record: ProjectRecord) -> str:
        """Return the period and its bounds."""
        least, most = self._bounds(record)
        if self.least_years is None:
            return f"{_period(record)}，不超过 {self.most_years} 年即应止于 {most} 或之前"
        return f"{_period(record)}，{self.least_years}–{self.most_years} 年即应止于 {least} 至 {most}"


@kind("period-length")
@dataclass(frozen=True, slots=True)
class PeriodLength(Limit):
    """The project starts within a window and runs so many years, give or take the last month."""

    start_from: date
    start_until: date
    years: int

    def held(self, record: ProjectRecord) -> bool:
        """Whether start and the end first agreed are as the document fixes them."""
        last = add_years(record.start, self.years)
        starts = self.start_from <= record.start <= self.start_until
        return starts and add_months(last, -1) <= record.agreed_end <= last

    def text(self, record: ProjectRecord) -> str:
        """Return the period and what it should be."""
        start = f"应于 {self.start_from} 至 {self.start_until} 开始"
        return f"{_period(record)}，{start}，实施 {self.years} 年"


@kind("period-window")
@dataclass(frozen=True, slots=True)
class PeriodWindow(Limit):
    """The project starts within one window and ends within another."""

    start_from: date
    start_until: date
    end_from: date
    end_until: date

    def held(self, record: ProjectRecord) -> bool:
        """Whether start and the end first agreed lie in their windows."""
        starts = self.start_from <= record.start <= self.start_until
        return starts and self.end_from <= record.agreed_end <= self.end_until

    def text(self, record: ProjectRecord) -> str:
        """Return the period and what it should be."""
        return (
            f"{_period(record)}，应于 {self.start_from} 至 {self.start_until} 开始，"
            f"于 {self.end_from} 至 {self.end_until} 结束"
        )


@kind("signed-within")
@dataclass(frozen=True, slots=True)
class SignedWithin(Limit):
    """The agreement was signed while the document was in force, its first and last day included."""

    not_before: date | None = None
    not_after: date | None = None

    def since(self, record: ProjectRecord) -> date | None:
        """Return the day of signing."""
        return record.signed_on

    def held(self, record: ProjectRecord) -> bool:
        """Whether the day of signing lies within; nothing is asked of what is not signed."""
        signed = record.signed_on
        if signed is None:
            return True
        after = self.not_before is None or signed >= self.not_before
        return after and (self.not_after is None or signed <= self.not_after)

    def text(self, record: ProjectRecord) -> str:
        """Return the day of signing and the days in force."""
        until = f"至 {self.not_after}" if self.not_after else "起"
        return f"任务书签订于 {record.signed_on}，制度自 {self.not_before or '印发'} {until}施行"
