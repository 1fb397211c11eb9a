"""Kinds of rule about what money is agreed: how much, and how much of what."""

from __future__ import annotations

from dataclasses import dataclass

from lifecycle.money import percent
from lifecycle.record import ProjectRecord
from lifecycle.rules.limits import Limit
from lifecycle.rules.reading import Basis, amount
from lifecycle.rules.registry import Amount, kind


@kind("amount-range")
@dataclass(frozen=True, slots=True)
class AmountRange(Limit):
    """An amount of the project lies within bounds, both included."""

    of: Basis
    least: Amount | None = None
    most: Amount | None = None

    def held(self, record: ProjectRecord) -> bool:
        """Whether the amount is within the bounds."""
        given = self.of.of(record)
        return (self.least is None or given >= self.least) and (self.most is None or given <= self.most)

    def text(self, record: ProjectRecord) -> str:
        """Return the amount and its bounds."""
        bounds = [f"不低于 {amount(self.least)}" if self.least is not None else ""]
        bounds.append(f"不超过 {amount(self.most)}" if self.most is not None else "")
        return f"{self.of} {amount(self.of.of(record))}，应{'、'.join(filter(None, bounds))}"


@kind("self-financed")
@dataclass(frozen=True, slots=True)
class SelfFinanced(Limit):
    """The project has no public money at all."""

    def held(self, record: ProjectRecord) -> bool:
        """Whether there is no public money."""
        return record.fiscal <= 0

    def text(self, record: ProjectRecord) -> str:
        """Return the public money there is."""
        return f"自主设置项目由设置主体自筹资金，财政资金为 {amount(record.fiscal)}"


@kind("matching-funds")
@dataclass(frozen=True, slots=True)
class MatchingFunds(Limit):
    """Own money is at least so many times an amount; for enterprises a rule may ask for more."""

    of: Basis
    times: int = 1
    enterprise_times: int | None = None

    def _times(self, record: ProjectRecord) -> int:
        if record.is_enterprise and self.enterprise_times is not None:
            return self.enterprise_times
        return self.times

    def held(self, record: ProjectRecord) -> bool:
        """Whether own money suffices."""
        return record.own >= self._times(record) * self.of.of(record)

    def text(self, record: ProjectRecord) -> str:
        """Return own money and what it is measured against."""
        times = self._times(record)
        return (
            f"自筹资金 {amount(record.own)}，{self.of} {amount(self.of.of(record))}，"
            f"自筹应不低于其 {times} 倍（{amount(times * self.of.of(record))}）"
        )


@kind("shortfall")
@dataclass(frozen=True, slots=True)
class Shortfall(Limit):
    """What was requested and not granted is borne by the unit, on top of the matching funds."""

    times: int
    enterprise_times: int

    def _needed(self, record: ProjectRecord) -> int | None:
        if record.requested is None or record.requested <= record.provincial:
            return None
        times = self.enterprise_times if record.is_enterprise else self.times
        return times * record.requested + record.requested - record.provincial

    def held(self, record: ProjectRecord) -> bool:
        """Whether own money covers matching funds and shortfall; it does where nothing falls short."""
        needed = self._needed(record)
        return needed is None or record.own >= needed

    def text(self, record: ProjectRecord) -> str:
        """Return what is needed and what there is."""
        needed = self._needed(record)
        if needed is None:
            return "实际资助未少于申请额度，没有差额需要自筹"
        short = Basis.REQUESTED.of(record) - record.provincial
        own = f"自筹资金 {amount(record.own)}，连同配套应不低于 {amount(needed)}"
        return f"实际资助比申请少 {amount(short)}，{own}"


@kind("own-share")
@dataclass(frozen=True, slots=True)
class OwnShare(Limit):
    """Own money is at least a share of all money."""

    percent: int

    def held(self, record: ProjectRecord) -> bool:
        """Whether own money reaches the share."""
        return record.own * 100 >= self.percent * record.total

    def text(self, record: ProjectRecord) -> str:
        """Return the division."""
        share = percent(record.own, record.total) if record.total else "0.0%"
        division = f"自筹资金 {amount(record.own)} ÷ 项目总投资 {amount(record.total)} = {share}"
        return f"{division}，应不低于 {self.percent}%"


@kind("district-ratio")
@dataclass(frozen=True, slots=True)
class DistrictRatio(Limit):
    """Where the district pays, it pays at least a share of what the city pays."""

    percent: int

    def held(self, record: ProjectRecord) -> bool:
        """Whether the district pays nothing, or enough."""
        return record.district <= 0 or record.district * 100 >= self.percent * record.provincial

    def text(self, record: ProjectRecord) -> str:
        """Return both amounts."""
        if record.district <= 0:
            return "区（县）级财政未出资，不要求比例"
        return (
            f"区（县）级财政资金 {amount(record.district)}，市级财政资金 {amount(record.provincial)}，"
            f"前者应不低于后者的 {self.percent}%"
        )


@kind("partner-share")
@dataclass(frozen=True, slots=True)
class PartnerShare(Limit):
    """Partners together get at least a share of the province's money."""

    percent: int

    def held(self, record: ProjectRecord) -> bool:
        """Whether the partners' shares suffice."""
        return sum(partner.share for partner in record.partners) * 100 >= self.percent * record.provincial

    def text(self, record: ProjectRecord) -> str:
        """Return the division."""
        shares = sum(partner.share for partner in record.partners)
        of = percent(shares, record.provincial) if record.provincial else "0.0%"
        return (
            f"划拨联合单位 {amount(shares)} ÷ 省级财政资金 {amount(record.provincial)} = {of}，"
            f"应不低于 {self.percent}%"
        )
