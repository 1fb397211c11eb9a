"""Provinces, regions and countries."""

from __future__ import annotations

import pytest

from lifecycle.places import PROVINCES, REGIONS, country_of, is_country
from tests.unit.rules import facts


def test_there_are_31_provinces_and_three_regions() -> None:
    assert len(PROVINCES) == 31
    assert facts.PROVINCES == PROVINCES
    assert frozenset(facts.REGIONS) == REGIONS


@pytest.mark.parametrize(("place", "country"), [("四川省", "中国"), ("台湾地区", "中国"), ("法国", "法国")])
def test_a_place_lies_in_its_country(place: str, country: str) -> None:
    assert country_of(place) == country
    assert is_country(place) is (country != "中国")
