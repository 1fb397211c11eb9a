"""Rules about parties, places, partners and indicators."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from lifecycle.record import Direction, IndicatorCategory, Signatory, Subcategory
from tests.unit.rules import facts
from tests.unit.rules.asking import stands, subjects
from tests.unit.rules.facts import CY, EA, MAJOR, SC1_KEY, SC2, SC3_KEY, SC3_REGION, SX
from tests.unit.rules.records import indicator, partner, record

SIGNED = date(2025, 5, 1)
DAY = timedelta(days=1)
BUREAU, UNIT, JOINT, CITY = Signatory.DISTRICT, Signatory.UNIT, Signatory.JOINT_UNIT, Signatory.MUNICIPAL


@pytest.mark.parametrize(
    ("signatories", "joint_unit", "found"),
    [
        ((BUREAU, UNIT), None, False),
        ((BUREAU,), None, True),
        ((UNIT,), None, True),
        ((), None, True),
        ((BUREAU, UNIT), "联合单位", True),
        ((BUREAU, UNIT, JOINT), "联合单位", False),
        ((BUREAU, UNIT, JOINT), None, False),
    ],
)
def test_every_party_signs(signatories: tuple[Signatory, ...], joint_unit: str | None, found: bool) -> None:
    facts: dict[str, Any] = {"signatories": signatories, "joint_unit": joint_unit}
    assert stands(record(signed_on=SIGNED, **facts), "spb-22-parties") is found
    assert not stands(record(signed_on=SIGNED, **facts), "spb-22-parties", on=SIGNED - DAY)
    assert not stands(record(**facts), "spb-22-parties")
    assert not stands(record(signed_on=SIGNED, self_established=True, **facts), "spb-22-parties")


@pytest.mark.parametrize("missing", [CITY, BUREAU, UNIT])
def test_three_parties_sign_joint_action(missing: Signatory) -> None:
    others = tuple(party for party in (CITY, BUREAU, UNIT) if party is not missing)
    assert stands(record(EA, signed_on=SIGNED, signatories=others), "ea-14-parties")
    assert not stands(record(EA, signed_on=SIGNED, signatories=(*others, missing)), "ea-14-parties")
    assert not stands(record(EA, signatories=others), "ea-14-parties")


@pytest.mark.parametrize(
    ("programme", "rule"),
    [(MAJOR, "spb-29-separate-account"), (EA, "ea-15-separate-account"), (SC1_KEY, "sc-1-separate-account")],
)
def test_a_separate_account_is_asked_once_signed_and_known(programme: str, rule: str) -> None:
    assert stands(record(programme, signed_on=SIGNED, separate_account=False), rule, on=SIGNED)
    assert not stands(record(programme, signed_on=SIGNED, separate_account=False), rule, on=SIGNED - DAY)
    assert not stands(record(programme, signed_on=SIGNED), rule)
    assert not stands(record(programme, signed_on=SIGNED, separate_account=True), rule)
    assert not stands(record(programme, separate_account=False), rule)


@pytest.mark.parametrize(
    ("programme", "rule", "place"),
    [
        (CY, "cy-3-lead-place", "重庆市"),
        (SC1_KEY, "sc-1-lead-place", "四川省"),
        (SC2, "sc-2-lead-place", "四川省"),
        (SX, "sx-2-lead-place", "山西省"),
    ],
)
def test_the_lead_unit_is_at_home_or_nobody_knows(programme: str, rule: str, place: str) -> None:
    assert not stands(record(programme, lead_place=place), rule)
    assert not stands(record(programme, lead_place=None), rule)
    assert stands(record(programme, lead_place="陕西省"), rule)


REGIONAL = {"subcategory": Subcategory.REGIONAL}


@pytest.mark.parametrize(
    ("programme", "facts", "rule", "right", "wrong"),
    [
        (CY, {}, "cy-3-sichuan-partner", "四川省", "重庆市"),
        (SC2, {}, "sc-2-partner", "重庆市", "四川省"),
        (SC2, {}, "sc-2-partner", "西藏自治区", "香港特区"),
        (SC2, {}, "sc-2-partner", "海南省", "法国"),
        (SC3_KEY, {}, "sc-3-outside-partner", "以色列", "台湾地区"),
        (facts.SC3_GENERAL, {}, "sc-3-outside-partner", "法国", "重庆市"),
        (SC3_REGION, {}, "sc-3-outside-partner", "澳门特区", "法国"),
        (SX, REGIONAL, "sx-2-region-partner", "北京市", "山西省"),
        (facts.SX_AID, REGIONAL, "sx-2-region-partner", "陕西省", "德国"),
    ],
)
def test_one_partner_is_where_the_programme_asks(
    programme: str, facts: dict[str, Any], rule: str, right: str, wrong: str
) -> None:
    def found(*places: str) -> bool:
        partners = tuple(partner(f"单位{place}", place) for place in places)
        return stands(record(programme, partners=partners, **facts), rule)

    assert found()
    assert found(wrong)
    assert not found(wrong, right)


def test_only_regional_cooperation_must_leave_shanxi() -> None:
    assert not stands(record(SX, partners=(partner(place="山西省"),)), "sx-2-region-partner")
    assert stands(record(SX), "sx-2-partner")
    assert not stands(record(SX, partners=(partner(place="山西省"),)), "sx-2-partner")


def test_big_science_brings_three_countries_together_china_counted_once() -> None:
    def found(*places: str, **facts: Any) -> bool:
        partners = tuple(partner(f"单位{place}", place) for place in places)
        project = record(SC3_KEY, partners=partners, **{"subcategory": Subcategory.BIG_SCIENCE, **facts})
        return stands(project, "sc-3-three-countries")

    assert found("法国", "北京市", "香港特区", "台湾地区")
    assert not found("法国", "德国", "香港特区")
    assert not found("法国", "德国", "美国")
    assert found("法国", "德国")
    assert not found("法国", subcategory=Subcategory.BELT_AND_ROAD)


@pytest.mark.parametrize(
    ("programme", "rule"), [(CY, "cy-3-cooperation-agreement"), (SC2, "sc-2-cooperation-agreement")]
)
def test_each_partner_has_an_agreement(programme: str, rule: str) -> None:
    partners = (
        partner("甲", agreement_from=date(2090, 1, 1)),
        partner("乙", agreement_until=date(2090, 1, 1)),
    )
    assert subjects(record(programme, partners=partners), rule) == ["乙"]


@pytest.mark.parametrize(
    ("programme", "rule"), [(SC3_KEY, "sc-3-agreement-validity"), (SX, "sx-2-agreement-validity")]
)
@pytest.mark.parametrize(
    ("first", "last", "found"),
    [(0, 0, False), (1, 0, True), (0, -1, True), (-1, 1, False), (None, 0, True), (0, None, True)],
)
def test_agreements_cover_the_whole_period_extensions_included(
    programme: str, rule: str, first: int | None, last: int | None, found: bool
) -> None:
    start, end = date(2024, 1, 1), date(2026, 5, 1)
    one = partner(
        agreement_from=None if first is None else start + first * DAY,
        agreement_until=None if last is None else end + last * DAY,
    )
    project = record(programme, start=start, end=end, original_end=date(2025, 12, 31), partners=(one,))
    assert stands(project, rule, "合作单位") is found


@pytest.mark.parametrize(
    ("agreed", "direction", "found"),
    [
        ("5.4", Direction.AT_LEAST, True),
        ("5.50", Direction.AT_LEAST, False),
        ("6", Direction.AT_LEAST, False),
        ("5.6", Direction.AT_MOST, True),
        ("5.50", Direction.AT_MOST, False),
        ("5", Direction.AT_MOST, False),
        ("95%", Direction.AT_LEAST, False),
        (None, Direction.AT_LEAST, False),
    ],
)
@pytest.mark.parametrize(
    ("programme", "rule"), [(MAJOR, "spb-22-indicator-floor"), (CY, "cy-3-indicator-floor")]
)
def test_no_indicator_is_worse_than_the_guide_asks(
    programme: str, rule: str, agreed: str | None, direction: Direction, found: bool
) -> None:
    one = indicator(agreed, "5.5", direction=direction)
    assert stands(record(programme, indicators=(one,)), rule, "指标") is found


def test_an_indicator_without_a_guide_value_has_no_floor() -> None:
    assert not stands(record(indicators=(indicator("1"),)), "spb-22-indicator-floor", "指标")


def test_indicators_are_numbers() -> None:
    rows = tuple(indicator(value, name=f"{value}") for value in ("5.5", "95%", None))
    assert subjects(record(CY, indicators=rows), "cy-3-indicator-quantified") == ["95%", "None"]


@pytest.mark.parametrize(
    ("categories", "found"),
    [
        ([], True),
        ([IndicatorCategory.TECHNICAL], True),
        ([IndicatorCategory.ECONOMIC, IndicatorCategory.SOCIAL], True),
        ([IndicatorCategory.TECHNICAL, IndicatorCategory.SOCIAL], False),
        ([IndicatorCategory.ECONOMIC, IndicatorCategory.TECHNICAL], False),
    ],
)
def test_indicators_are_technical_and_of_some_effect(
    categories: list[IndicatorCategory], found: bool
) -> None:
    rows = tuple(indicator("1", name=one.value, category=one) for one in categories)
    assert stands(record(CY, indicators=rows), "cy-3-indicator-categories") is found
