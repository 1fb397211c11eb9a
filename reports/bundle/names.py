"""Names of files inside a bundle: safe on every system, and no two alike."""

from __future__ import annotations

import re

_FORBIDDEN = re.compile(
    r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]'
)
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")
MOST_BYTES = 180
"""Of one name in UTF-8: file systems take 255, and a number may have to be added."""


class Names:
    """Hands out the names of one bundle."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, folder: str, wanted: str) -> str:
        """Return a path for a file that people call ``wanted``; where it is taken, a number is added.

        ``folder`` ends in a slash, or is empty; capitals do not make names different.
        """
        stem, dot, ending = safe(wanted).rpartition(".")
        if not stem:
            stem, dot, ending = ending, "", ""
        path, number = f"{folder}{stem}{dot}{ending}", 1
        while path.casefold() in self._taken:
            number += 1
            path = f"{folder}{stem} ({number}){dot}{ending}"
        self._taken.add(path.casefold())
        return path


def safe(wanted: str) -> str:
    """Return a name as every system takes it, as near to ``wanted`` as may be."""
    name = _FORBIDDEN.sub("_", wanted).strip(" .") or "未命名"
    if _RESERVED.fullmatch(name):
        name = f"_{name}"
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending.encode()) > MOST_BYTES // 4:
        stem, dot, ending = name, "", ""
    room = MOST_BYTES - len((dot + ending).encode())
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip(" .") + dot + ending
