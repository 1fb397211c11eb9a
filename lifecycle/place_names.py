"""The names of places that people may write, and the canonical name of each."""

from __future__ import annotations

from functools import cache

from lifecycle.places import PROVINCES

_PROVINCE_ENDINGS = ("维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "省", "市")
_REGION_NAMES = {
    "香港特区": ("香港", "香港特别行政区", "中国香港", "中国香港特别行政区"),
    "澳门特区": ("澳门", "澳门特别行政区", "中国澳门", "中国澳门特别行政区"),
    "台湾地区": ("台湾", "台湾省", "中国台湾"),
}
_NOT_COUNTRIES = frozenset({"CN", "HK", "MO", "TW"})


def home_place(name: str) -> str | None:
    """Return the province or region of that name, by its full name; ``None`` for any other."""
    return _home_places().get(name)


def place(name: str) -> str | None:
    """Return the canonical name of a province, a region or a foreign country; ``None`` for any other."""
    return _home_places().get(name) or (name if name in _countries() else None)


@cache
def _home_places() -> dict[str, str]:
    names = {name: name for name in PROVINCES}
    names |= {_short(name): name for name in PROVINCES}
    for region, others in _REGION_NAMES.items():
        names |= dict.fromkeys((region, *others), region)
    return names


def _short(province: str) -> str:
    ending = next(ending for ending in _PROVINCE_ENDINGS if province.endswith(ending))
    return province.removesuffix(ending)


@cache
def _countries() -> frozenset[str]:
    """The Chinese names in CLDR of the territories with a two-letter code, without China and its regions."""
    from babel import Locale  # takes a moment, and most ledgers never need it

    territories = Locale("zh").territories
    return frozenset(
        name for code, name in territories.items() if len(code) == 2 and code not in _NOT_COUNTRIES
    )
