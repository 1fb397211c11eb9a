"""Exact money. An amount is an ``int`` of fen (分); nothing here or above passes through ``float``."""

from __future__ import annotations

from typing import TypeAlias

Fen: TypeAlias = int
"""A whole number of fen: 1 yuan = 100 fen, 1 万元 = 1,000,000 fen."""

YUAN: Fen = 100
WAN: Fen = 1_000_000

LIMIT: Fen = 10_000_000_000 * WAN
"""Amounts reach up to, and not including, ten billion 万元; this still fits a 64-bit column."""

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿", "亿亿")


def yuan(fen: Fen) -> str:
    """Return the amount in yuan with two decimals and thousands separators: ``1,234.50``."""
    sign = "-" if fen < 0 else ""
    whole, rest = divmod(abs(fen), YUAN)
    return f"{sign}{whole:,}.{rest:02d}"


def wan(fen: Fen) -> str:
    """Return the amount in 万元, at least two decimals and at most six, no trailing zeros beyond two."""
    sign = "-" if fen < 0 else ""
    whole, rest = divmod(abs(fen), WAN)
    decimals = f"{rest:06d}"
    return f"{sign}{whole:,}.{decimals[:2]}{decimals[2:].rstrip('0')}"


def percent(part: Fen, whole: Fen) -> str:
    """Return ``part`` of ``whole`` as ``70.0%``, cut (never rounded up past a threshold) to one decimal.

    Raises ``ZeroDivisionError`` when ``whole`` is 0.
    """
    sign = "-" if (part < 0) != (whole < 0) and part else ""
    tenths = abs(part) * 1000 // abs(whole)
    return f"{sign}{tenths // 10}.{tenths % 10}%"


def in_words(fen: Fen) -> str:
    """Return the amount in formal Chinese capitals (大写), as sheets carry it: ``壹拾肆万元整``."""
    sign = "负" if fen < 0 else ""
    whole, rest = divmod(abs(fen), YUAN)
    jiao, last = divmod(rest, 10)
    text = f"{_integer_in_words(whole)}元" if whole else ""
    if not rest:
        return f"{sign}{text or '零元'}整"
    if jiao:
        text += f"{_DIGITS[jiao]}角"
    elif whole:
        text += "零"
    return f"{sign}{text}{_DIGITS[last] + '分' if last else '整'}"


def _integer_in_words(number: int) -> str:
    groups: list[int] = []
    while number:
        number, group = divmod(number, 10_000)
        groups.append(group)
    text = ""
    gap = False
    for place in range(len(groups) - 1, -1, -1):
        group = groups[place]
        if not group:
            gap = bool(text)
            continue
        if text and (gap or group < 1_000):
            text += "零"
        text += _group_in_words(group) + _GROUPS[place]
        gap = False
    return text


def _group_in_words(group: int) -> str:
    text = ""
    gap = False
    for place in range(3, -1, -1):
        digit = group // 10**place % 10
        if not digit:
            gap = bool(text)
            continue
        text += ("零" if gap else "") + _DIGITS[digit] + _PLACES[place]
        gap = False
    return text
