"""Kinds of rule about partners: where they are, and the cooperation agreements with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from lifecycle.places import PROVINCES, REGIONS, country_of, is_country
from lifecycle.record import Partner, ProjectRecord
from lifecycle.rules.limits import Each, Limit
from lifecycle.rules.reading import listed
from lifecycle.rules.registry import kind


class Whereabouts(StrEnum):
    """Where a partner is asked to be."""

    ANYWHERE = "不限"
    PROVINCE = "该省市"
    OTHER_PROVINCE = "该省市以外的省市"
    COUNTRY = "国外"
    REGION = "港澳台"


@kind("partner-in")
@dataclass(frozen=True, slots=True)
class PartnerIn(Limit):
    """At least one partner is in a given kind of place."""

    where: Whereabouts
    province: str = ""

    def _is_there(self, place: str) -> bool:
        match self.where:
            case Whereabouts.ANYWHERE:
                return True
            case Whereabouts.PROVINCE:
                return place == self.province
            case Whereabouts.OTHER_PROVINCE:
                return place in PROVINCES and place != self.province
            case Whereabouts.COUNTRY:
                return is_country(place)
            case Whereabouts.REGION:
                return place in REGIONS

    def held(self, record: ProjectRecord) -> bool:
        """Whether there is such a partner."""
        return any(self._is_there(partner.place) for partner in record.partners)

    def text(self, record: ProjectRecord) -> str:
        """Return where the partners are and where one should be."""
        places = listed(dict.fromkeys(partner.place for partner in record.partners))
        wanted = {
            Whereabouts.ANYWHERE: "应至少有一家",
            Whereabouts.PROVINCE: f"应至少有一家在{self.province}",
            Whereabouts.OTHER_PROVINCE: f"应至少有一家在{self.province}以外的省（区、市）",
            Whereabouts.COUNTRY: "应至少有一家在国外",
            Whereabouts.REGION: "应至少有一家在港澳台地区",
        }[self.where]
        return f"参与单位 {len(record.partners)} 家{f'（{places}）' if places else ''}，{wanted}"


@kind("partner-countries")
@dataclass(frozen=True, slots=True)
class PartnerCountries(Limit):
    """Partners come from at least so many countries; provinces and regions count as China."""

    least: int

    def _countries(self, record: ProjectRecord) -> dict[str, None]:
        return dict.fromkeys(country_of(partner.place) for partner in record.partners)

    def held(self, record: ProjectRecord) -> bool:
        """Whether there are enough countries."""
        return len(self._countries(record)) >= self.least

    def text(self, record: ProjectRecord) -> str:
        """Return the countries."""
        countries = self._countries(record)
        names = f"（{listed(countries)}）" if countries else ""
        return f"参与单位来自 {len(countries)} 个国家{names}，应不少于 {self.least} 个"


@kind("cooperation-agreement")
@dataclass(frozen=True, slots=True)
class CooperationAgreement(Each):
    """With each partner there is a cooperation agreement; a rule may ask that it covers the whole period."""

    covers_period: bool = False
    counted: ClassVar[str] = "{} 家参与单位的合作协议符合要求"

    def parts(self, record: ProjectRecord) -> Iterator[tuple[str, str | None]]:
        """Yield the partners, with what is wrong with their agreements."""
        wrong = self._not_covering if self.covers_period else self._not_there
        for partner in record.partners:
            yield partner.name, wrong(partner, record)

    def _not_there(self, partner: Partner, _record: ProjectRecord) -> str | None:
        return "未签合作协议（无生效日期）" if partner.agreement_from is None else None

    def _not_covering(self, partner: Partner, record: ProjectRecord) -> str | None:
        first, last = partner.agreement_from, partner.agreement_until
        if first is not None and last is not None and first <= record.start and last >= record.end:
            return None
        term = f"{first or '未登记'} 至 {last or '未登记'}"
        return f"合作协议有效期 {term}，应覆盖实施期 {record.start} 至 {record.end}"
