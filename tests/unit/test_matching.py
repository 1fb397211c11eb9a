"""Lines are known again: alike ones first, then those with the same key, each new one once."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from lifecycle.matching import left_over, match

LINES = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=8)


def key(line: tuple[int, int]) -> int:
    return line[0]


@given(LINES, LINES)
def test_each_new_line_is_given_once_and_the_rest_is_left_over(
    old: list[tuple[int, int]], new: list[tuple[int, int]]
) -> None:
    found = match(old, new, key)
    given_away = [place for place in found if place is not None]
    assert len(found) == len(old)
    assert len(set(given_away)) == len(given_away)
    assert sorted([*given_away, *left_over(found, len(new))]) == list(range(len(new)))
    assert all(key(old[at]) == key(new[place]) for at, place in enumerate(found) if place is not None)


@given(LINES, LINES)
def test_as_many_alike_lines_stay_as_both_have(
    old: list[tuple[int, int]], new: list[tuple[int, int]]
) -> None:
    for found in (match(old, new, key), match(old, new)):
        alike = sum(place is not None and old[at] == new[place] for at, place in enumerate(found))
        assert alike == sum((Counter(old) & Counter(new)).values())


@given(LINES)
def test_lines_that_did_not_change_stay_where_they_are(lines: list[tuple[int, int]]) -> None:
    assert match(lines, lines, key) == list(range(len(lines)))


def test_the_first_of_two_alike_is_kept() -> None:
    assert match([(1, 1), (1, 1)], [(1, 1)], key) == [0, None]
    assert match([(1, 1), (1, 2)], [(1, 2), (1, 3)], key) == [1, 0]
    assert match([(1, 1)], [(1, 2)]) == [None]
