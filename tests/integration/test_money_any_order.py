"""Whatever is tried on money by whomever, in any order and by two at once: the books tie to the fen."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from lifecycle.audit_check import verify
from lifecycle.refusals import Refusal
from tests.integration.money_acts import ACTS
from tests.integration.moneying import Deed, Story

MOST = int(os.environ.get("KEGUAN_SOAK") or 0) * 1000 or 4
"""Sequences on each database."""

FORWARD = ("through",) * 4 + ("forward",) * 8 + ("clear",) * 4
ASIDE = ("replan",) * 4 + ("change",) * 4 + ("go wrong",) * 6
THROUGH = {"through": "forward", "replan": "change"}
"""Several steps of a way in one go."""

OTHERS = ("wait", "wait", "same at once", "two at once", "two at once")
STEPS = st.tuples(
    st.sampled_from((*FORWARD, *ASIDE, *ACTS, *OTHERS)),
    st.integers(0, 60),
    st.integers(0, 60),
    st.sampled_from((0, 0, 0, 0, 0, 0, 0, 7, 8, 9)),
    st.sampled_from(sorted(ACTS)),
)

MAY_BE_TWICE = frozenset({"inspection.record", "clearing.disallow"})
"""Two colleagues may each put forward what they found, or find the same; all else takes effect once."""

WITHOUT_SHRINKING = [phase for phase in Phase if phase is not Phase.shrink]


@settings(
    max_examples=MOST,
    deadline=None,
    phases=WITHOUT_SHRINKING,  # the story is told step by step, and shrinking it takes for ever
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.sampled_from((6, 0, 12, 21)), st.lists(STEPS, min_size=8, max_size=25))
def test_whatever_is_tried_no_fen_is_lost(
    engine: Engine, begun: int, steps: list[tuple[str, int, int, int, str]]
) -> None:
    story = Story(engine)
    try:
        if begun % 4:
            story.one_fails()
        for step in range(begun):
            _take(story, "forward", step, 0, 0, "")
        for name, place, size, hand, other in steps:
            _take(story, name, place, size, hand, other)
        assert all(one.is_whole for one in verify(story.session))
    finally:
        story.close()


def _take(story: Story, name: str, place: int, size: int, hand: int, other: str) -> None:
    if name == "wait":
        story.today += timedelta(days=1 + size)
        return
    if name in THROUGH:
        for step in range(1 + size % 8):
            _take(story, THROUGH[name], place + step, size + step, 0, other)
        return
    if name not in ACTS:
        first = ACTS[other](story, place, size, 0)
        second = first if name == "same at once" else ACTS["forward"](story, size, place, 0)
        if first is not None and second is not None:
            _at_once(story, first, second)
        return
    deed = ACTS[name](story, place, size, hand)
    if deed is not None:
        story.do(deed)


def _at_once(story: Story, *deeds: Deed) -> None:
    since = story.last_serial()
    barrier = Barrier(len(deeds))

    def one(deed: Deed) -> Any:
        with Session(story.engine) as session:
            barrier.wait(30)
            try:
                return deed.run(session)
            except Refusal as refusal:
                return refusal

    with ThreadPoolExecutor(len(deeds)) as threads:
        outcomes = list(threads.map(one, deeds))
    if deeds[0] is deeds[1] and deeds[0].action not in MAY_BE_TWICE:
        won = [outcome for outcome in outcomes if not isinstance(outcome, Refusal)]
        assert len(won) <= 1, (story.log, deeds[0].action)
    story.together(deeds, outcomes, since)
