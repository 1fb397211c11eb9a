"""The figures of a clearing: whatever was paid, spent and not allowed, no fen is lost and none is made."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.clearing.figures import (
    ClearingState,
    Figures,
    SourceFigures,
    changes,
    figures_of,
    from_plain,
    state_of,
    sums_by_source,
    to_plain,
    too_much,
)
from lifecycle.record import FISCAL, Conclusion, Source
from lifecycle.rules.duties import RefundDue
from tests.unit.rules.records import acceptance, record

FEN = st.integers(0, 10**15)
DAY = date(2026, 6, 1)


@st.composite
def sources(draw: st.DrawFn) -> SourceFigures:
    """Draw a source as a settlement leaves it: no more disallowed than spent, no more kept than left."""
    plain = SourceFigures(
        draw(st.sampled_from(sorted(FISCAL))), draw(FEN), draw(st.integers(-(10**9), 10**15))
    )
    disallowed = draw(st.integers(0, plain.most))
    return replace(plain, disallowed=disallowed, kept=draw(st.integers(0, plain.left)))


@given(sources(), st.data())
def test_nothing_is_lost(one: SourceFigures, data: st.DataObject) -> None:
    assert one.paid == one.allowed + one.disallowed + one.left
    assert one.paid == one.allowed + one.kept + one.to_return
    assert 0 <= one.to_return <= one.paid
    assert min(one.allowed, one.left, one.most) >= 0
    returned = data.draw(st.integers(0, one.to_return))
    outstanding = one.to_return - returned
    assert (one.to_return, outstanding >= 0) == (returned + outstanding, True)


@given(st.lists(sources(), max_size=2, unique_by=lambda one: one.source))
def test_sums_are_their_sources_and_survive_being_kept(found: list[SourceFigures]) -> None:
    figures = Figures(tuple(found))
    assert figures.paid == sum(one.paid for one in found)
    assert figures.to_return == figures.left - figures.kept + figures.disallowed
    assert from_plain(json.loads(json.dumps(to_plain(figures)))) == figures
    assert list(too_much(figures)) == []
    assert list(changes(figures, figures)) == []


@pytest.mark.parametrize(
    ("paid", "spent", "disallowed", "left", "to_return", "fits"),
    [
        (10, 8, 1, 2, 3, True),
        (10, 12, 0, 0, 0, True),
        (10, 12, 10, 0, 10, True),
        (10, 12, 11, 0, 11, False),
        (10, 9, 9, 1, 10, True),
        (10, 9, 10, 1, 11, False),
        (10, 0, 0, 10, 10, True),
        (10, -3, 0, 10, 10, True),
        (0, 5, 0, 0, 0, True),
        (0, 5, 1, 0, 1, False),
    ],
)
def test_never_more_is_disallowed_than_was_spent_of_what_was_paid(
    paid: int, spent: int, disallowed: int, left: int, to_return: int, fits: bool
) -> None:
    one = SourceFigures(Source.DISTRICT, paid, spent, disallowed)
    assert (one.left, one.to_return) == (left, to_return)
    assert (list(too_much(Figures((one,)))) == []) is fits


def test_only_public_money_is_cleared() -> None:
    paid = {Source.DISTRICT: 10, Source.OWN: 5, Source.JOINT: 5}
    assert [one.source for one in figures_of(paid, paid, {}, {}).sources] == [Source.DISTRICT]
    assert figures_of({}, {}, {}, {}) == Figures()
    assert sums_by_source([(Source.OWN, 1), (Source.OWN, -3)]) == {Source.OWN: -2}


@given(sources(), st.sampled_from(["paid", "spent", "disallowed"]), st.sampled_from([-1, 1]))
def test_a_change_of_one_fen_is_told(one: SourceFigures, what: str, by: int) -> None:
    other = replace(one, **{what: getattr(one, what) + by})
    (told,) = changes(Figures((one,)), Figures((other,)))
    assert one.source in told
    assert len(list(changes(Figures((one,)), Figures()))) == len(
        [value for value in (one.paid, one.spent, one.disallowed) if value]
    )


def test_a_clearing_stands_where_its_days_say() -> None:
    assert state_of(None, None, None) is ClearingState.OPEN
    assert state_of(DAY, None, None) is ClearingState.SETTLED
    assert state_of(DAY, DAY, None) is ClearingState.RETURNING
    assert state_of(DAY, DAY, DAY) is ClearingState.DONE


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (0, "退回财政资金 100.00 元"),
        (1, "退回财政资金 100.00 元（已退 0.01 元，还差 99.99 元）"),
        (9_999, "退回财政资金 100.00 元（已退 99.99 元，还差 0.01 元）"),
        (10_000, "退回财政资金 100.00 元"),
    ],
)
def test_the_duty_says_what_is_still_to_come(returned: int, words: str) -> None:
    fell = acceptance(Conclusion.FAILED, DAY, own_fault=True, to_return=10_000, returned=returned)
    owing = record(acceptance=fell, recovery_from=DAY, recovery_due=date(2026, 8, 1))
    kind = RefundDue((Conclusion.FAILED,), own_fault=True)
    (owed,) = kind.owed(owing)
    assert (owed.message, owed.since, owed.due, owed.closed_on) == (words, DAY, date(2026, 8, 1), None)
    assert list(RefundDue((Conclusion.FAILED,), own_fault=False).owed(owing)) == []
    assert list(RefundDue((Conclusion.PASSED,)).owed(owing)) == []
    assert list(kind.owed(replace(owing, recovery_due=None))) == []
