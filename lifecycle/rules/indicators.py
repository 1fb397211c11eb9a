"""Kinds of rule about indicators (考核指标)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from lifecycle.record import Direction, Indicator, IndicatorCategory, ProjectRecord
from lifecycle.rules.limits import Each, Limit
from lifecycle.rules.reading import listed
from lifecycle.rules.registry import kind


@kind("indicator-floor")
@dataclass(frozen=True, slots=True)
class IndicatorFloor(Each):
    """No agreed value is worse than the guide's; asked where both are numbers."""

    counted: ClassVar[str] = "{} 项考核指标均未低于基准"

    def parts(self, record: ProjectRecord) -> Iterator[tuple[str, str | None]]:
        """Yield the indicators, with those whose agreed value is worse."""
        for indicator in record.indicators:
            yield indicator.name, self._wrong(indicator)

    def _wrong(self, indicator: Indicator) -> str | None:
        agreed, guide = indicator.agreed_number, indicator.guide_number
        if agreed is None or guide is None:
            return None
        at_least = indicator.direction is Direction.AT_LEAST
        if agreed >= guide if at_least else agreed <= guide:
            return None
        return f"任务书值 {indicator.agreed_value}，应{indicator.direction}基准值 {indicator.guide_value}"


@kind("indicator-quantified")
@dataclass(frozen=True, slots=True)
class IndicatorQuantified(Each):
    """Every agreed value is a number."""

    counted: ClassVar[str] = "{} 项考核指标均已量化"

    def parts(self, record: ProjectRecord) -> Iterator[tuple[str, str | None]]:
        """Yield the indicators, with those not quantified."""
        for indicator in record.indicators:
            wrong = None
            if indicator.agreed_number is None:
                wrong = f"任务书值“{indicator.agreed_value or '空'}”不是数值，应量化、可考核"
            yield indicator.name, wrong


@kind("indicator-categories")
@dataclass(frozen=True, slots=True)
class IndicatorCategories(Limit):
    """There are indicators of every group; a group is served by any of its categories."""

    all_of: tuple[IndicatorCategory, ...]
    any_of: tuple[IndicatorCategory, ...]

    def held(self, record: ProjectRecord) -> bool:
        """Whether every category asked is there, and one of those that stand for each other."""
        there = {indicator.category for indicator in record.indicators}
        return there.issuperset(self.all_of) and not there.isdisjoint(self.any_of)

    def text(self, record: ProjectRecord) -> str:
        """Return the categories there are and should be."""
        there = listed(dict.fromkeys(indicator.category for indicator in record.indicators))
        return f"考核指标类别：{there or '无'}，应有 {listed(self.all_of)}，并有 {'或'.join(self.any_of)}"
