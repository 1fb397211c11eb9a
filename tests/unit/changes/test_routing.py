"""The way of every kind of change in every programme, with the article of each step."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.changes.routing import (
    OWN_REQUIREMENT,
    Decider,
    Step,
    decision_of,
    may_settle,
    remarks_on,
    route_of,
    stays_within_sources,
)
from lifecycle.record import BudgetLine, BudgetUse, ChangeKind, Partner, Source
from lifecycle.roles import Role
from lifecycle.rulebook import rulebook
from lifecycle.terms import TrancheTerm, terms_of
from tests.unit.rules.facts import EA, MAJOR
from tests.unit.rules.records import record

KEY = "沙坪坝区科技攻关重点专项"
SPB = (MAJOR, KEY)
SPB_28 = "沙科局发〔2023〕41号 第二十八条"
SPB_11 = "沙科局发〔2023〕41号 第十一条"
EA_17 = "渝科局发〔2024〕92号 第十七条"
BIG = frozenset({ChangeKind.UNIT, ChangeKind.PI, ChangeKind.EXTENSION})
OWN = frozenset({ChangeKind.MEMBERS, ChangeKind.OTHER, ChangeKind.BUDGET})
OTHERS = [name for name in rulebook().programmes if name not in {*SPB, EA}]
SHANXI = [name for name in rulebook().programmes if name.startswith("山西")]
KINDS = list(ChangeKind)

Told = list[tuple[Step, str]]


def steps(programme: str, kind: ChangeKind, self_decided: bool = False, **facts: object) -> Told:
    """Return the steps and articles of a change's way."""
    route = route_of(record(programme, **facts), kind, self_decided)
    return [(one.step, one.citation) for one in route]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("joint", [None, "人民医院"])
@pytest.mark.parametrize("programme", SPB)
def test_a_district_project_goes_by_article_28(programme: str, joint: str | None, kind: ChangeKind) -> None:
    consent = [(Step.CONSENT, SPB_28)] if joint else []
    conference = [(Step.CONFERENCE, SPB_28)] if programme == MAJOR else []
    assert steps(programme, kind, joint_unit=joint) == [
        (Step.CONFIRM, OWN_REQUIREMENT),
        *consent,
        (Step.EXAMINE, SPB_28),
        *conference,
        (Step.APPROVE, SPB_28),
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("programme", SPB)
def test_who_set_a_project_up_settles_everything_itself(programme: str, kind: ChangeKind) -> None:
    facts = {"self_established": True, "joint_unit": "人民医院"}
    assert decision_of(record(programme, **facts), kind).decider is Decider.UNIT
    assert steps(programme, kind, self_decided=True, **facts) == [(Step.SETTLE, SPB_11)]


@pytest.mark.parametrize("kind", KINDS)
def test_ea_decides_the_big_ones_and_leaves_the_others_to_the_unit(kind: ChangeKind) -> None:
    decision = decision_of(record(EA), kind)
    assert decision.citation == EA_17
    if kind in BIG:
        assert decision.decider is Decider.BUREAU
        way = [
            (Step.CONFIRM, OWN_REQUIREMENT),
            (Step.EXAMINE, EA_17),
            (Step.APPROVE, EA_17),
            (Step.FILE, EA_17),
        ]
        assert steps(EA, kind, joint_unit="不相干的单位") == way
    else:
        assert decision.decider is Decider.UNIT
        assert steps(EA, kind, self_decided=True) == [(Step.SETTLE, EA_17), (Step.FILE, EA_17)]


def test_ea_files_the_big_ones_for_record_and_the_others_for_reference() -> None:
    big = route_of(record(EA), ChangeKind.EXTENSION, self_decided=False)[-1]
    other = route_of(record(EA), ChangeKind.MEMBERS, self_decided=True)[-1]
    assert (big.words, big.who) == ("办理情况提交平台备案", Role.HANDLER)
    assert (other.words, other.who) == ("变更情况提交平台备查", Role.UNIT_MANAGER)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("programme", OTHERS)
def test_where_a_notice_says_nothing_the_bureau_says_so_itself(programme: str, kind: ChangeKind) -> None:
    assert steps(programme, kind, joint_unit="某单位") == [
        (Step.CONFIRM, OWN_REQUIREMENT),
        (Step.EXAMINE, OWN_REQUIREMENT),
        (Step.APPROVE, OWN_REQUIREMENT),
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("programme", [*SPB, *OTHERS])
def test_what_a_unit_may_settle_itself_is_the_bureaus_own_requirement(
    programme: str, kind: ChangeKind
) -> None:
    decision = decision_of(record(programme), kind)
    assert (decision.decider is Decider.EITHER) is (kind in OWN)
    if kind in OWN:
        assert decision.citation == OWN_REQUIREMENT
        assert decision.within_sources is (kind is ChangeKind.BUDGET)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("programme", rulebook().programmes)
def test_only_shanxi_says_what_is_usually_not_changed(programme: str, kind: ChangeKind) -> None:
    frozen = {ChangeKind.TITLE, ChangeKind.UNIT, ChangeKind.PI}
    remarks = remarks_on(record(programme), kind)
    assert bool(remarks) is (programme in SHANXI and kind in frozen)
    assert all("须写明理由" in one.words and one.citation.endswith("二7") for one in remarks)


def test_a_budget_is_the_units_own_only_within_each_source() -> None:
    decision = decision_of(record(KEY), ChangeKind.BUDGET)
    old = terms_of(record(KEY, district=700, own=300))
    budget = replace(old, budget=(BudgetLine(Source.DISTRICT, BudgetUse.LABOUR, 700),))
    assert may_settle(decision, old, budget)
    assert not may_settle(decision, old, replace(budget, district=800))
    assert not may_settle(decision, old, replace(old, own=0, joint=300))
    assert not may_settle(decision, old, replace(old, tranches=(TrancheTerm(1, Source.OWN, 1, None, ""),)))
    share = Partner("某校", None, "重庆市", 100, None, None)
    assert not may_settle(decision, old, replace(old, partners=(share,)))
    assert not may_settle(decision_of(record(KEY), ChangeKind.EXTENSION), old, old)


@given(
    programme=st.sampled_from(rulebook().programmes),
    kind=st.sampled_from(KINDS),
    joint=st.sampled_from([None, "某单位"]),
    self_established=st.booleans(),
    self_decided=st.booleans(),
)
def test_steps_come_in_their_order_once_each_and_with_a_reference(
    programme: str, kind: ChangeKind, joint: str | None, self_established: bool, self_decided: bool
) -> None:
    one = record(programme, joint_unit=joint, self_established=self_established)
    route = route_of(one, kind, self_decided)
    places = [list(Step).index(step.step) for step in route]
    assert places == sorted(set(places))
    assert all(step.citation and step.words and step.done_on is None for step in route)
    assert route[0].step is (Step.SETTLE if self_decided else Step.CONFIRM)
    if self_decided:
        assert {step.who for step in route} == {Role.UNIT_MANAGER}
    else:
        assert Step.APPROVE in {step.step for step in route}


def test_terms_alike_stay_within_sources() -> None:
    terms = terms_of(record(KEY, district=5))
    assert stays_within_sources(terms, replace(terms, title="别的"))
