"""Chinese in pinyin, by which lists are sorted and searched: databases sort Chinese by code point.

pypinyin's own reading of whole words (重庆 is chongqing, 重点 is zhongdian) costs 150 µs a title, too much
for a large ledger. Here its dictionary is cut down to the words not read character by character.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache

from pypinyin import Style, lazy_pinyin
from pypinyin.constants import PHRASES_DICT
from pypinyin.contrib.tone_convert import to_normal

Reading = tuple[str, tuple[str, ...]]
"""A word and its syllables."""


def pinyin(text: str) -> str:
    """Return ``text`` in lower-case pinyin without tones; what is not Chinese stays."""
    return "".join(_syllables(text))


def initials(text: str) -> str:
    """Return the first letters of ``text``'s pinyin."""
    return "".join([syllable[:1] for syllable in _syllables(text)])


def by_character(text: str) -> str:
    """Return ``text`` in pinyin with every character read by itself, as people also type it."""
    return "".join([_of(char) for char in text])


def _syllables(text: str) -> list[str]:
    words = _words()
    syllables: list[str] = []
    place = 0
    while place < len(text):
        for word, spelt in words.get(text[place], ()):
            if text.startswith(word, place):
                syllables += spelt
                place += len(word)
                break
        else:
            syllables.append(_of(text[place]))
            place += 1
    return syllables


@cache
def _of(char: str) -> str:
    return "".join(lazy_pinyin(char, style=Style.NORMAL)).lower()


@cache
def _words() -> dict[str, list[Reading]]:
    """Return the words whose characters are read otherwise than alone, by first character, longest first."""
    plain = cache(lambda syllable: to_normal(syllable, v_to_u=False))
    words: dict[str, list[Reading]] = defaultdict(list)
    for word, readings in PHRASES_DICT.items():
        spelt = tuple(plain(reading[0]) for reading in readings)
        if len(spelt) == len(word) and spelt != tuple(map(_of, word)):
            words[word[0]].append((word, spelt))
    return {first: sorted(found, key=lambda reading: -len(reading[0])) for first, found in words.items()}
