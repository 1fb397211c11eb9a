"""Chinese in pinyin, by which lists are sorted and searched: databases sort Chinese by code point."""

from __future__ import annotations

from pypinyin import Style, lazy_pinyin

_PINYIN: dict[str, str] = {}
_INITIALS: dict[str, str] = {}


def pinyin(text: str) -> str:
    """Return ``text`` in lower-case pinyin without tones, character by character."""
    return "".join([_PINYIN.get(char) or _spell(char) for char in text])


def initials(text: str) -> str:
    """Return the first letters of ``text``'s pinyin."""
    pinyin(text)
    return "".join([_INITIALS[char] for char in text])


def _spell(char: str) -> str:
    spelt = "".join(lazy_pinyin(char, style=Style.NORMAL)).lower()
    _PINYIN[char] = spelt
    _INITIALS[char] = spelt[:1]
    return spelt
