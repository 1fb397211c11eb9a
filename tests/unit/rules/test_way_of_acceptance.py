"""The way of an acceptance, for every programme, with a joint unit and without, by the bureau or the unit."""

from __future__ import annotations

from itertools import pairwise

import pytest

from lifecycle.acceptance.content import GOALS, Content, content_of, content_to_plain
from lifecycle.acceptance.states import CASE_TRANSITIONS, STATE_OF, stand
from lifecycle.acceptance.way import OWN_PRACTICE, StepKey, filings_after, least_goals, way_of
from lifecycle.models import AcceptanceState
from lifecycle.record import Conclusion
from lifecycle.rulebook import rulebook
from tests.unit.rules.facts import EA, MAJOR
from tests.unit.rules.records import record

SPB = "沙科局发〔2023〕41号 第三十二条"
EA_17 = "渝科局发〔2024〕92号 第十七条"
KEY = "沙坪坝区科技攻关重点专项"
SHANXI = "山西省科技合作交流专项（2024）"
SHANXI_1 = "2024年度山西省科技合作交流专项申报通知 一"
APPLY = [("draft", ""), ("confirm", "")]

Way = list[tuple[str, str]]


def way(programme: str, *, joint: bool = False, own: bool = False) -> Way:
    """Return the steps of a way by key, each with what is cited."""
    unit = "联合单位" if joint else None
    steps = way_of(record(programme, joint_unit=unit, self_established=own))
    return [(step.key.value, step.citation) for step in steps]


def expected(programme: str, *, joint: bool, own: bool) -> Way:
    """Return the way as the regulations describe it."""
    spb = programme in {MAJOR, KEY}
    if own:
        cited = SPB if spb else ""
        platform = [("platform", EA_17)] if programme == EA else []
        return [*APPLY, ("self-conclude", cited), *platform, ("filing", cited)]
    steps = [*APPLY, ("accept", ""), ("review", SPB if spb else "")]
    if spb and joint:
        steps.append(("joint", SPB))
    if programme == MAJOR:
        steps += [("conference", SPB), ("government", SPB)]
    concluding = {EA: EA_17, SHANXI: SHANXI_1}
    steps.append(("conclude", SPB if spb else concluding.get(programme, "")))
    if programme == EA:
        steps.append(("platform", EA_17))
    return steps


@pytest.mark.parametrize("own", [False, True], ids=["bureau", "unit"])
@pytest.mark.parametrize("joint", [False, True], ids=["alone", "joint"])
@pytest.mark.parametrize("programme", rulebook().programmes)
def test_the_way_follows_from_the_rules_with_their_articles(programme: str, joint: bool, own: bool) -> None:
    assert way(programme, joint=joint, own=own) == expected(programme, joint=joint, own=own)


def test_what_no_article_says_is_shown_as_the_bureaus_own() -> None:
    assert {step.basis for step in way_of(record(KEY)) if not step.citation} == {OWN_PRACTICE}


@pytest.mark.parametrize("programme", rulebook().programmes)
@pytest.mark.parametrize("own", [False, True])
def test_every_way_is_one_that_its_states_allow(programme: str, own: bool) -> None:
    steps = way_of(record(programme, joint_unit="联合单位", self_established=own))
    states = list(dict.fromkeys(STATE_OF[step.key] for step in steps))
    for now, then in pairwise(states):
        assert then in CASE_TRANSITIONS[now]
    last = states[-1]
    assert AcceptanceState.DONE in CASE_TRANSITIONS[last]


@pytest.mark.parametrize(
    ("programme", "own", "conclusion", "due"),
    [
        (EA, False, Conclusion.PASSED, [StepKey.PLATFORM]),
        (EA, False, Conclusion.FAILED, [StepKey.PLATFORM]),
        (EA, False, Conclusion.TERMINATED, []),
        (KEY, False, Conclusion.PASSED, []),
        (KEY, True, Conclusion.PASSED, [StepKey.FILING]),
    ],
)
def test_what_is_filed_depends_on_the_conclusion(
    programme: str, own: bool, conclusion: Conclusion, due: list[StepKey]
) -> None:
    assert list(filings_after(record(programme, self_established=own), conclusion)) == due


def test_only_shanxi_counts_goals_and_wants_four_of_six() -> None:
    wanted = {name: least_goals(record(name)) for name in rulebook().programmes}
    assert {name: least for name, least in wanted.items() if least is not None} == {SHANXI: 4}
    assert len(GOALS) == 6


def test_steps_before_are_done_and_steps_after_are_ahead() -> None:
    steps = way_of(record(MAJOR, joint_unit="联合单位"))
    marks = {one.step.key: one.mark for one in stand(steps, AcceptanceState.WITH_CONFERENCE)}
    assert marks[StepKey.REVIEW] == marks[StepKey.JOINT] == "done"
    assert marks[StepKey.CONFERENCE] == "now"
    assert marks[StepKey.GOVERNMENT] == marks[StepKey.CONCLUDE] == "ahead"
    assert {one.mark for one in stand(steps, AcceptanceState.DONE)} == {"done"}
    assert stand(steps, AcceptanceState.RETURNED)[0].mark == "now"


def test_an_application_comes_back_as_it_was_kept() -> None:
    content = Content(
        summary="总结",
        values={"指标": "4"},
        evidence={"指标": (1, 2)},
        report=(3,),
        goals={"people": "已完成"},
        accepted_goals=("people",),
        before={"指标": None},
    )
    assert content_of(content_to_plain(content)) == content
    assert content.files == {1, 2, 3}
