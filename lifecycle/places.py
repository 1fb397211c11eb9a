"""The places of China, as records name them: anything else a record names is a foreign country."""

from __future__ import annotations

PROVINCES = frozenset({
    "北京市", "天津市", "河北省", "山西省", "内蒙古自治区", "辽宁省", "吉林省", "黑龙江省",
    "上海市", "江苏省", "浙江省", "安徽省", "福建省", "江西省", "山东省",
    "河南省", "湖北省", "湖南省", "广东省", "广西壮族自治区", "海南省",
    "重庆市", "四川省", "贵州省", "云南省", "西藏自治区",
    "陕西省", "甘肃省", "青海省", "宁夏回族自治区", "新疆维吾尔自治区",
})  # fmt: skip
"""The 31 provinces, autonomous regions and municipalities of the mainland, by full name."""

REGIONS = frozenset({"香港特区", "澳门特区", "台湾地区"})
"""Hong Kong, Macao and Taiwan: outside the provinces, and not foreign countries."""


def is_country(place: str) -> bool:
    """Whether a canonical place is a foreign country."""
    return place not in PROVINCES and place not in REGIONS


def country_of(place: str) -> str:
    """Return the country a canonical place lies in; provinces and regions lie in 中国."""
    return place if is_country(place) else "中国"
