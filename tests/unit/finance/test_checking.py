"""What is asked before a payment: the record as it would be, judged with what is on its way."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.basis import deadline_rules, payment_basis
from finance.checking import Candidate, check, obstacles_to, verdict_on, would_be
from finance.states import IN_PROCESS
from lifecycle.record import (
    BudgetUse,
    ExceptionNote,
    Nature,
    ProjectRecord,
    Signatory,
    Source,
    Spending,
    Tranche,
)
from lifecycle.refusals import Obstructed, ReasonNeeded, VerdictRefused
from lifecycle.rulebook import rulebook
from lifecycle.rules.verdict import Mark
from lifecycle.stages import TrancheState
from tests.unit.rules.records import record, tranche

WAN = 1_000_000
TODAY = date(2026, 2, 5)
KEY = "沙坪坝区科技攻关重点专项"


def key_record(*tranches: Tranche, **given_fields: Any) -> ProjectRecord:
    """Return a signed project of 10 万元 that holds every rule."""
    fields: dict[str, Any] = {
        "nature": Nature.RESEARCH,
        "signed_on": date(2026, 1, 15),
        "signatories": (Signatory.DISTRICT, Signatory.UNIT),
        "separate_account": True,
        "district": 10 * WAN,
        "tranches": tranches,
    }
    return record(KEY, **(fields | given_fields))


def candidate(of: ProjectRecord, place: int = 0, **states: TrancheState) -> Candidate:
    """Return the tranche at ``place``; the others stand as ``states`` say (``_1=…``), else planned."""
    listed = [
        states.get(f"_{at}", TrancheState.PAID if one.paid else TrancheState.PLANNED)
        for at, one in enumerate(of.tranches)
    ]
    return Candidate(of, place, listed)


@given(
    fens=st.lists(st.integers(1, 10 * WAN), min_size=1, max_size=6),
    chosen=st.sets(st.integers(0, 5)),
)
def test_would_be_pays_the_chosen_tranches_as_planned_and_changes_nothing_else(
    fens: list[int], chosen: set[int]
) -> None:
    before = key_record(*(tranche(1, Source.DISTRICT, fen) for fen in fens))
    after = would_be(before, chosen, TODAY)
    for place, (old, new) in enumerate(zip(before.tranches, after.tranches, strict=True)):
        paid = replace(old, paid=old.planned, paid_on=TODAY) if place in chosen else old
        assert new == paid
    assert replace(after, tranches=()) == replace(before, tranches=())


@given(st.integers(1, 10 * WAN), st.sampled_from(Nature))
def test_the_first_ratio_is_exact_at_every_fen(fen: int, nature: Nature) -> None:
    of = key_record(tranche(1, Source.DISTRICT, fen), nature=nature)
    held = fen * 10 >= 7 * 10 * WAN if nature is Nature.RESEARCH else fen * 2 <= 10 * WAN
    needed = {line.rule.id for line in verdict_on(candidate(of), TODAY, {}).needs_reason}
    assert needed == (set() if held else {"spb-23-first-ratio"})


@given(first=st.integers(1, 9 * WAN), spent=st.integers(0, 10 * WAN))
def test_the_spend_gate_is_exact_at_every_fen(first: int, spent: int) -> None:
    of = key_record(
        tranche(1, Source.DISTRICT, first, first, paid_on=date(2026, 1, 20)),
        tranche(2, Source.DISTRICT, 10 * WAN - first),
        spending=(Spending(TODAY, Source.DISTRICT, BudgetUse.EQUIPMENT, spent, None, None),),
    )
    refusals = {line.rule.id for line in verdict_on(candidate(of, 1), TODAY, {}).refusals}
    assert ("spb-29-spend-gate" in refusals) is (spent * 10 < first * 8)


def test_spending_after_today_does_not_open_the_gate() -> None:
    tomorrow = TODAY + timedelta(days=1)
    of = key_record(
        tranche(1, Source.DISTRICT, 7 * WAN, 7 * WAN, paid_on=date(2026, 1, 20)),
        tranche(2, Source.DISTRICT, 3 * WAN),
        spending=(Spending(tomorrow, Source.DISTRICT, BudgetUse.LABOUR, 7 * WAN, None, None),),
    )
    assert verdict_on(candidate(of, 1), TODAY, {}).refused
    assert not verdict_on(candidate(of, 1), tomorrow, {}).refused


@pytest.mark.parametrize("state", TrancheState)
def test_money_on_its_way_counts_as_paid(state: TrancheState) -> None:
    of = key_record(tranche(1, Source.DISTRICT, 7 * WAN), tranche(1, Source.DISTRICT, 3 * WAN + 1))
    refusals = {line.rule.id for line in verdict_on(candidate(of, 0, _1=state), TODAY, {}).refusals}
    assert refusals == ({"spb-23-within-funds"} if state in IN_PROCESS else set())


def test_only_what_is_said_of_this_payment_counts() -> None:
    """A second tranche paid too early is a finding, but nothing against a first one of another source."""
    of = key_record(
        tranche(1, Source.DISTRICT, 5 * WAN, 5 * WAN, paid_on=date(2026, 1, 20)),
        tranche(2, Source.DISTRICT, 2 * WAN, 2 * WAN, paid_on=date(2026, 1, 21)),
        tranche(1, Source.PROVINCIAL, 3 * WAN),
        district=7 * WAN,
        provincial=3 * WAN,
    )
    subjects = {line.subject for line in verdict_on(candidate(of, 2), TODAY, {}).lines}
    assert subjects <= {"", "1", Source.PROVINCIAL.value}
    assert not verdict_on(candidate(of, 2), TODAY, {}).refused


def test_a_reason_lets_a_usual_rule_pass_and_a_must_rule_never() -> None:
    of = key_record(tranche(1, Source.DISTRICT, 6 * WAN), separate_account=False)
    reasons = dict.fromkeys((rule.id for rule in rulebook().programme(KEY).rules), "写明了的理由")
    marks = {line.rule.id: line.mark for line in verdict_on(candidate(of), TODAY, reasons).lines}
    assert marks["spb-23-first-ratio"] is Mark.REASON_GIVEN
    assert marks["spb-29-separate-account"] is Mark.NOT_HELD


def test_a_reason_approved_before_is_not_replaced_by_a_new_one() -> None:
    note = ExceptionNote("spb-23-first-ratio", "", "先前批准的理由", date(2026, 1, 20))
    of = key_record(tranche(1, Source.DISTRICT, 6 * WAN), exceptions=(note,))
    verdict = verdict_on(candidate(of), TODAY, {"spb-23-first-ratio": "后来写的理由"})
    assert [line.reason for line in verdict.lines if line.reason] == ["先前批准的理由"]


def test_a_reason_approved_later_than_today_does_not_count_yet() -> None:
    note = ExceptionNote("spb-23-first-ratio", "", "以后才批准", TODAY + timedelta(days=1))
    of = key_record(tranche(1, Source.DISTRICT, 6 * WAN), exceptions=(note,))
    assert verdict_on(candidate(of), TODAY, {}).needs_reason
    verdict = verdict_on(candidate(of), TODAY, {"spb-23-first-ratio": "今天写的理由"})
    assert [line.reason for line in verdict.lines if line.reason] == ["今天写的理由"]


def test_what_stands_against_it_is_raised_in_order_of_weight() -> None:
    refused = key_record(tranche(1, Source.DISTRICT, 6 * WAN), separate_account=False)
    for of, kind in (
        (replace(refused, tranches=(tranche(1, Source.DISTRICT, 0),)), Obstructed),
        (refused, VerdictRefused),
        (replace(refused, separate_account=True), ReasonNeeded),
    ):
        with pytest.raises(VerdictRefused if kind is not Obstructed else Obstructed) as refusal:
            check(candidate(of), TODAY, {}).demand()
        assert refusal.type is kind
    check(candidate(key_record(tranche(1, Source.DISTRICT, 7 * WAN))), TODAY, {}).demand()


def test_an_earlier_tranche_stands_in_the_way_until_it_is_on_its_way() -> None:
    of = key_record(
        tranche(1, Source.DISTRICT, 7 * WAN),
        tranche(1, Source.PROVINCIAL, 0),
        tranche(2, Source.DISTRICT, 3 * WAN),
        tranche(2, Source.PROVINCIAL, 3 * WAN),
    )
    assert "第 1 期尚未办理" in "".join(obstacles_to(candidate(of, 2)))
    assert list(obstacles_to(candidate(of, 2, _0=TrancheState.PROPOSED))) == []
    assert list(obstacles_to(candidate(of, 3))) == []


def test_obstacles_say_everything_at_once() -> None:
    of = key_record(tranche(1, Source.OWN, 0, 5, paid_on=TODAY))
    assert len(list(obstacles_to(candidate(of)))) == 3


@pytest.mark.parametrize("programme", rulebook().programmes)
def test_every_programme_has_a_basis_to_cite(programme: str) -> None:
    of = record(programme, signed_on=date(2025, 6, 1), district=WAN, lead_unit_type=None)
    assert payment_basis(of).startswith(rulebook().programme(programme).document.cited_as)


def test_the_basis_of_the_two_district_programmes_is_the_article_on_paying() -> None:
    assert payment_basis(record(KEY)) == "沙科局发〔2023〕41号 第二十三条"
    assert payment_basis(record("企业科技攻关联合行动计划")) == "渝科局发〔2024〕92号 第十五条"


def test_the_deadline_is_the_law_of_the_district_alone() -> None:
    assert deadline_rules() == {"spb-23-payment-deadline"}
