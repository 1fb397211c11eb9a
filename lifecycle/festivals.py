"""Festivals: the days off that are law whatever a year's notice moves, and what the known notices say.

国务院《全国年节及纪念日放假办法》 (as of 1 January 2025), article 2: 元旦 1 day, 春节 4 (from its
eve on), 清明节 1, 劳动节 2, 端午节 1, 中秋节 1, 国庆节 3. What is added by swapping working days only a
year's notice says.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

import chinese_calendar

FIXED = ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))
"""Months and days of 元旦, 劳动节 and 国庆节."""

_LUNAR = {
    2027: ((2, 6), (6, 9), (9, 15)),
    2028: ((1, 26), (5, 28), (10, 3)),
    2029: ((2, 13), (6, 16), (9, 22)),
    2030: ((2, 3), (6, 5), (9, 12)),
    2031: ((1, 23), (6, 24), (10, 1)),
    2032: ((2, 11), (6, 12), (9, 19)),
    2033: ((1, 31), (6, 1), (9, 8)),
    2034: ((2, 19), (6, 20), (9, 27)),
    2035: ((2, 8), (6, 10), (9, 16)),
    2036: ((1, 28), (5, 30), (10, 4)),
    2037: ((2, 15), (6, 18), (9, 24)),
    2038: ((2, 4), (6, 7), (9, 13)),
    2039: ((1, 24), (5, 27), (10, 2)),
    2040: ((2, 12), (6, 14), (9, 20)),
    2041: ((2, 1), (6, 3), (9, 10)),
    2042: ((1, 22), (6, 22), (9, 28)),
    2043: ((2, 10), (6, 11), (9, 17)),
    2044: ((1, 30), (5, 31), (10, 5)),
    2045: ((2, 17), (6, 19), (9, 25)),
    2046: ((2, 6), (6, 8), (9, 15)),
}
"""Year → 正月初一, 五月初五 and 八月十五. Of later years only what the sun's calendar fixes is known."""


@lru_cache(maxsize=256)
def festivals(year: int) -> frozenset[date]:
    """Return the festivals of a year that are days off by law, as far as they can be told beforehand."""
    return frozenset(_festivals(year))


def fixed_festivals(year: int) -> list[date]:
    """Return those among them that fall on the same days every year."""
    return [date(year, month, day) for month, day in FIXED]


_NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
    "Anti-Fascist 70th Day": "抗战胜利纪念日",
}


def announced_days(year: int) -> list[tuple[date, bool, str]]:
    """Return what the notice of a year says: day, whether offices work on it, and for which festival.

    Raises ``NotImplementedError`` for years whose notice Keguan does not know.
    """
    found: list[tuple[date, bool, str]] = []
    for many in range((date(year + 1, 1, 1) - date(year, 1, 1)).days):
        day = date(year, 1, 1) + timedelta(many)
        rests, name = chinese_calendar.get_holiday_detail(day)
        if name:
            festival = _NAMES.get(name, "")
            found.append((day, not rests, festival if rests else f"{festival}调休"))
    return found


def _festivals(year: int) -> Iterator[date]:
    yield from fixed_festivals(year)
    yield from _tomb_sweeping(year)
    if year in _LUNAR:
        spring, *others = (date(year, month, day) for month, day in _LUNAR[year])
        yield from (spring + timedelta(days) for days in (-1, 0, 1, 2))
        yield from others


def _tomb_sweeping(year: int) -> Iterator[date]:
    try:
        terms = chinese_calendar.get_solar_terms(date(year, 4, 1), date(year, 4, 10))
    except NotImplementedError:
        return
    yield from (day for day, name in terms if name == "清明")
