"""What a record says on a day, in the contract's own words; it shares no code with the rules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from lifecycle.record import (
    Conclusion,
    ProjectRecord,
    Signatory,
    Source,
    Tranche,
    UnitType,
)

MAJOR, KEY = "沙坪坝区科技攻关重大专项", "沙坪坝区科技攻关重点专项"
EA = "企业科技攻关联合行动计划"
CY = "川渝科技创新合作计划（2024）"
SC1_KEY, SC1_GENERAL = "四川省院省校合作重点项目（2024）", "四川省院省校合作面上项目（2024）"
SC2 = "四川省区域创新合作（2024）"
SC3_KEY, SC3_GENERAL = "四川省国际科技合作重点项目（2024）", "四川省国际科技合作面上项目（2024）"
SC3_REGION = "四川省港澳台科技创新合作（2024）"
SX, SX_AID = "山西省科技合作交流专项（2024）", "山西省科技援助合作（2024）"
PROGRAMMES = (MAJOR, KEY, EA, CY, SC1_KEY, SC1_GENERAL, SC2, SC3_KEY, SC3_GENERAL, SC3_REGION, SX, SX_AID)
USUAL = {"spb-16-period", "spb-23-first-ratio", "ea-3-district-ratio", "ea-16-period", "sx-2-frozen"}

MILLION = 1_000_000  # fen in one 万元
DAY = timedelta(days=1)
REGIONS = ("香港特区", "澳门特区", "台湾地区")
PROVINCES = frozenset({
    "北京市", "天津市", "上海市", "重庆市", "河北省", "山西省", "辽宁省", "吉林省", "黑龙江省", "江苏省",
    "浙江省", "安徽省", "福建省", "江西省", "山东省", "河南省", "湖北省", "湖南省", "广东省", "海南省",
    "四川省", "贵州省", "云南省", "陕西省", "甘肃省", "青海省", "内蒙古自治区", "广西壮族自治区",
    "西藏自治区", "宁夏回族自治区", "新疆维吾尔自治区",
})  # fmt: skip


def happened(record: ProjectRecord, as_of: date) -> ProjectRecord:
    """Return the record with every event after ``as_of`` struck out."""

    def past(day: date | None) -> date | None:
        return day if day is not None and day <= as_of else None

    acceptance = record.acceptance
    if acceptance is not None:
        acceptance = replace(
            acceptance,
            applied_on=past(acceptance.applied_on),
            conference_on=past(acceptance.conference_on),
            government_on=past(acceptance.government_on),
            conclusion=acceptance.conclusion if past(acceptance.concluded_on) else None,
            concluded_on=past(acceptance.concluded_on),
            filed_on=past(acceptance.filed_on),
            platform_filed_on=past(acceptance.platform_filed_on),
            cleared_on=past(acceptance.cleared_on),
            integrity_on=past(acceptance.integrity_on),
        )
    return replace(
        record,
        signed_on=past(record.signed_on),
        tranches=tuple(
            replace(row, paid=row.paid if past(row.paid_on) else 0, paid_on=past(row.paid_on))
            for row in record.tranches
        ),
        spending=tuple(row for row in record.spending if row.on <= as_of),
        milestones=tuple(
            replace(row, reported_on=past(row.reported_on), reviewed_on=past(row.reviewed_on))
            for row in record.milestones
        ),
        annual_reports=tuple(
            replace(row, submitted_on=past(row.submitted_on), to_government_on=past(row.to_government_on))
            for row in record.annual_reports
        ),
        changes=tuple(
            replace(
                row,
                applied_on=past(row.applied_on),
                joint_consent_on=past(row.joint_consent_on),
                conference_on=past(row.conference_on),
                approved_on=past(row.approved_on),
                platform_filed_on=past(row.platform_filed_on),
            )
            for row in record.changes
        ),
        acceptance=acceptance,
        exceptions=tuple(row for row in record.exceptions if row.approved_on <= as_of),
    )


def years_after(day: date, years: int) -> date:
    """Return start + n years; from 29 February, 28 February."""
    try:
        return date(day.year + years, day.month, day.day)
    except ValueError:
        return date(day.year + years, 2, 28)


def months_after(day: date, months: int) -> date:
    """Return the day some months later, or the last of that month."""
    year, month = day.year, day.month + months
    while month > 12:
        year, month = year + 1, month - 12
    while month < 1:
        year, month = year - 1, month + 12
    for last in (day.day, 30, 29, 28):
        if last <= day.day:
            try:
                return date(year, month, last)
            except ValueError:
                continue
    raise AssertionError


@dataclass(frozen=True)
class Facts:
    """The contract's own words for what is known of a project on a day."""

    record: ProjectRecord
    as_of: date

    @property
    def fiscal(self) -> int:
        return self.record.provincial + self.record.district

    @property
    def total(self) -> int:
        return self.fiscal + self.record.joint + self.record.own

    @property
    def requested(self) -> int:
        return self.record.requested if self.record.requested is not None else self.record.provincial

    @property
    def enterprise(self) -> bool:
        return self.record.lead_unit_type == UnitType.ENTERPRISE

    @property
    def agreed_end(self) -> date:
        return self.record.original_end if self.record.original_end is not None else self.record.end

    @property
    def joint(self) -> bool:
        return self.record.joint_unit is not None

    @property
    def signed(self) -> date | None:
        return self.record.signed_on

    def concluded(self, *conclusions: Conclusion) -> bool:
        acceptance = self.record.acceptance
        return (
            acceptance is not None
            and acceptance.concluded_on is not None
            and (acceptance.conclusion in conclusions)
        )

    @property
    def payments(self) -> list[tuple[Tranche, date]]:
        return [
            (row, row.paid_on) for row in self.record.tranches if row.paid > 0 and row.paid_on is not None
        ]

    @property
    def fiscal_payments(self) -> list[tuple[Tranche, date]]:
        return [(row, day) for row, day in self.payments if is_fiscal(row.source)]

    def lacks(self, *parties: Signatory) -> bool:
        return any(party not in self.record.signatories for party in parties)

    @property
    def places(self) -> list[str]:
        return [partner.place for partner in self.record.partners]


def is_fiscal(source: Source) -> bool:
    return source in (Source.PROVINCIAL, Source.DISTRICT)
