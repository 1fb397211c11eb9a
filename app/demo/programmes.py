"""What a made-up project of each programme looks like: its money, its length, its unit, its partners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from lifecycle.record import Signatory, Subcategory

BUREAU_AND_UNIT = (Signatory.DISTRICT, Signatory.UNIT)


@dataclass(frozen=True, slots=True)
class Pattern:
    """The shape of a programme's projects. Amounts are in 万元, length in months."""

    prefix: str
    provincial: tuple[int, int]
    district: tuple[int, int]
    own_ratio: int
    """Own funds in percent of the public money."""
    months: int
    weight: int
    place: str = "重庆市"
    partner_place: str | None = None
    signatories: tuple[Signatory, ...] = BUREAU_AND_UNIT
    single_payment: bool = False
    fixed_start: bool = False
    """Whether the notice itself fixes the period: January 2024 on."""
    subcategory: Subcategory | None = None
    earliest: date = date(2024, 2, 1)
    """The first day of its document's being in force, or later."""


PATTERNS: Mapping[str, Pattern] = {
    "沙坪坝区科技攻关重大专项": Pattern("SPB-MAJ", (0, 0), (12, 28), 120, 30, 12),
    "沙坪坝区科技攻关重点专项": Pattern("SPB-KEY", (0, 0), (5, 10), 100, 24, 34),
    "企业科技攻关联合行动计划": Pattern(
        "EA",
        (10, 20),
        (20, 20),
        160,
        22,
        24,
        signatories=(Signatory.MUNICIPAL, *BUREAU_AND_UNIT),
        single_payment=True,
        earliest=date(2025, 1, 20),
    ),
    "川渝科技创新合作计划（2024）": Pattern("CY", (30, 50), (0, 0), 110, 24, 8, partner_place="四川省"),
    "四川省院省校合作重点项目（2024）": Pattern(
        "SCZ", (30, 50), (0, 0), 100, 24, 2, place="四川省", partner_place="北京市", fixed_start=True
    ),
    "四川省院省校合作面上项目（2024）": Pattern(
        "SCM", (10, 20), (0, 0), 100, 12, 2, place="四川省", partner_place="上海市", fixed_start=True
    ),
    "四川省区域创新合作（2024）": Pattern(
        "SCQ", (30, 60), (0, 0), 110, 24, 3, place="四川省", partner_place="重庆市", fixed_start=True
    ),
    "四川省国际科技合作重点项目（2024）": Pattern(
        "SCG", (50, 80), (0, 0), 110, 24, 2, place="四川省", partner_place="以色列", fixed_start=True
    ),
    "四川省国际科技合作面上项目（2024）": Pattern(
        "SCI", (20, 30), (0, 0), 110, 24, 2, place="四川省", partner_place="法国", fixed_start=True
    ),
    "四川省港澳台科技创新合作（2024）": Pattern(
        "SCH", (20, 30), (0, 0), 110, 24, 2, place="四川省", partner_place="香港特区", fixed_start=True
    ),
    "山西省科技合作交流专项（2024）": Pattern(
        "SX",
        (30, 40),
        (0, 0),
        220,
        30,
        5,
        place="山西省",
        partner_place="北京市",
        subcategory=Subcategory.REGIONAL,
    ),
    "山西省科技援助合作（2024）": Pattern(
        "SXY", (15, 20), (0, 0), 220, 30, 4, place="山西省", partner_place="新疆维吾尔自治区"
    ),
}
"""Programme → pattern; ``weight`` says how many of a hundred projects a district follows are of it."""
