"""Rules about agreed money: one fen below, at and above each bound."""

from __future__ import annotations

import pytest

from lifecycle.record import UnitType
from tests.unit.rules import facts
from tests.unit.rules.asking import stands
from tests.unit.rules.facts import CY, EA, KEY, MAJOR, SC1_GENERAL, SC1_KEY, SC2, SX
from tests.unit.rules.records import WAN, partner, record

ENTERPRISE = UnitType.ENTERPRISE


@pytest.mark.parametrize(("programme", "least", "most"), [(MAJOR, 10, 30), (KEY, 5, 10)])
def test_public_money_outside_the_programmes_range_is_found(programme: str, least: int, most: int) -> None:
    def found(fiscal: int) -> bool:
        return stands(record(programme, provincial=WAN, district=fiscal - WAN), "spb-4-amount")

    assert [found(least * WAN - 1), found(least * WAN)] == [True, False]
    assert [found(most * WAN), found(most * WAN + 1)] == [False, True]


def test_a_self_established_project_may_not_have_a_fen_of_public_money() -> None:
    own_project = record(self_established=True, own=WAN)
    assert not stands(own_project, "spb-4-amount")
    assert not stands(own_project, "spb-11-self-financed")
    assert stands(record(self_established=True, district=1), "spb-11-self-financed")
    assert not stands(record(district=1), "spb-11-self-financed")


def test_city_money_of_joint_action_ends_at_twenty() -> None:
    assert not stands(record(EA, provincial=20 * WAN), "ea-3-municipal-cap")
    assert stands(record(EA, provincial=20 * WAN + 1), "ea-3-municipal-cap")


@pytest.mark.parametrize(
    ("district", "found"), [(0, False), (1, True), (10 * WAN - 1, True), (10 * WAN, False)]
)
def test_a_district_that_pays_pays_as_much_as_the_city(district: int, found: bool) -> None:
    assert stands(record(EA, provincial=10 * WAN, district=district), "ea-3-district-ratio") is found


def test_total_investment_of_joint_action_starts_at_forty() -> None:
    def parts(last: int) -> dict[str, int]:
        return {"provincial": 5 * WAN, "district": 5 * WAN, "joint": 5 * WAN, "own": last}

    assert not stands(record(EA, **parts(25 * WAN)), "ea-8-total-investment")
    assert stands(record(EA, **parts(25 * WAN - 1)), "ea-8-total-investment")


def test_own_money_of_joint_action_is_half_of_the_total() -> None:
    assert not stands(record(EA), "ea-8-self-raised")
    assert not stands(record(EA, provincial=WAN, joint=WAN, own=2 * WAN), "ea-8-self-raised")
    assert stands(record(EA, provincial=WAN, joint=WAN, own=2 * WAN - 1), "ea-8-self-raised")


@pytest.mark.parametrize(
    ("requested", "granted", "found"),
    [
        (30 * WAN, 0, False),
        (30 * WAN - 1, 40 * WAN, True),
        (50 * WAN, 0, False),
        (50 * WAN + 1, 40 * WAN, True),
        (None, 40 * WAN, False),
        (None, 29 * WAN, True),
        (0, 40 * WAN, True),
    ],
)
def test_what_is_requested_counts_and_what_is_granted_only_without_it(
    requested: int | None, granted: int, found: bool
) -> None:
    assert stands(record(CY, requested=requested, provincial=granted), "cy-2-amount") is found


def test_own_money_of_the_two_provinces_matches_the_grant() -> None:
    assert not stands(record(CY, provincial=30 * WAN, requested=50 * WAN, own=30 * WAN), "cy-2-matching")
    assert stands(record(CY, provincial=30 * WAN, own=30 * WAN - 1), "cy-2-matching")


@pytest.mark.parametrize(
    ("programme", "rule", "most"),
    [
        (SC1_KEY, "sc-1-amount", 50),
        (SC1_GENERAL, "sc-1-amount", 20),
        (SC2, "sc-2-amount", 60),
        (facts.SC3_KEY, "sc-3-amount", 80),
        (facts.SC3_GENERAL, "sc-3-amount", 30),
        (facts.SC3_REGION, "sc-3-amount", 30),
    ],
)
def test_each_sichuan_programme_has_its_own_ceiling(programme: str, rule: str, most: int) -> None:
    assert not stands(record(programme, provincial=most * WAN), rule)
    assert stands(record(programme, provincial=most * WAN + 1), rule)


@pytest.mark.parametrize(
    ("programme", "rule"),
    [(SC1_KEY, "sc-1-matching"), (SC2, "sc-2-matching"), (facts.SC3_REGION, "sc-3-matching")],
)
def test_only_enterprises_must_match_sichuan_money(programme: str, rule: str) -> None:
    short = record(programme, provincial=WAN, own=WAN - 1, lead_unit_type=ENTERPRISE)
    assert stands(short, rule)
    assert not stands(record(programme, provincial=WAN, own=WAN, lead_unit_type=ENTERPRISE), rule)
    assert not stands(record(programme, provincial=WAN, lead_unit_type=UnitType.UNIVERSITY), rule)
    assert not stands(record(programme, provincial=WAN), rule)


def test_partners_of_academies_get_thirty_percent_together() -> None:
    shares = (partner("甲", share=WAN), partner("乙", share=2 * WAN))
    assert not stands(record(SC1_KEY, provincial=10 * WAN, partners=shares), "sc-1-partner-share")
    assert stands(record(SC1_KEY, provincial=10 * WAN + 4, partners=shares), "sc-1-partner-share")
    assert stands(record(SC1_KEY, provincial=1), "sc-1-partner-share")


@pytest.mark.parametrize(("unit_type", "times"), [(None, 1), (UnitType.OTHER, 1), (ENTERPRISE, 2)])
def test_shanxi_asks_once_or_for_enterprises_twice_what_was_requested(
    unit_type: UnitType | None, times: int
) -> None:
    def found(own: int, requested: int | None) -> bool:
        project = record(SX, own=own, requested=requested, provincial=3 * WAN, lead_unit_type=unit_type)
        return stands(project, "sx-2-matching")

    assert [found(times * 4 * WAN - 1, 4 * WAN), found(times * 4 * WAN, 4 * WAN)] == [True, False]
    assert [found(times * 3 * WAN - 1, None), found(times * 3 * WAN, None)] == [True, False]
    assert not found(0, 0)


@pytest.mark.parametrize(("unit_type", "needed"), [(UnitType.MEDICAL, 5), (ENTERPRISE, 9)])
def test_shanxi_units_bear_what_was_not_granted_on_top(unit_type: UnitType, needed: int) -> None:
    def found(own: int, requested: int | None = 4 * WAN, granted: int = 3 * WAN) -> bool:
        project = record(SX, own=own, requested=requested, provincial=granted, lead_unit_type=unit_type)
        return stands(project, "sx-2-shortfall")

    assert [found(needed * WAN - 1), found(needed * WAN)] == [True, False]
    assert not found(0, requested=None)
    assert not found(0, granted=4 * WAN)
