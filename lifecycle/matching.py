"""Lines known again: which of a project's new lines is which of its old ones. Pure.

Rows keep their ids while a ledger replaces their values, as other rows point to them. What writes rows and
what guards them ask the same function here, so that the row that is changed is the row that was asked about.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T", bound=Hashable)
Key = Callable[[T], Hashable]


def match(old: Sequence[T], new: Sequence[T], key: Key[T] | None = None) -> list[int | None]:
    """Return, for each old line, the place of the new line that it becomes; ``None``: it is left out.

    Lines alike in everything match first, then those alike in their ``key``; among several, the first old one
    gets the first new one. Each new line is given once.
    """
    found: list[int | None] = [None] * len(old)
    free = dict.fromkeys(range(len(new)))
    _take(old, new, found, free, lambda line: line)
    if key is not None:
        _take(old, new, found, free, key)
    return found


def _take(
    old: Sequence[T], new: Sequence[T], found: list[int | None], free: dict[int, None], key: Key[T]
) -> None:
    waiting: dict[Hashable, list[int]] = defaultdict(list)
    for place in reversed(free):
        waiting[key(new[place])].append(place)
    for at, line in enumerate(old):
        places = waiting[key(line)] if found[at] is None else []
        if places:
            found[at] = places.pop()
            del free[found[at]]  # type: ignore[arg-type] # just set


def left_over(found: Iterable[int | None], count: int) -> list[int]:
    """Return the places of the new lines, of so many, that no old line has become."""
    taken = set(found)
    return [place for place in range(count) if place not in taken]
