"""What holds a tranche, since when, and what lifts it: the real rules, to the fen and to the day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.checking import Candidate, verdict_on
from finance.held import Hold, due_on, holds_on, release_of
from finance.rates import gates_of
from finance.states import IN_PROCESS
from lifecycle.record import (
    AnnualReport,
    BudgetLine,
    BudgetUse,
    Measure,
    MeasureKind,
    Nature,
    ProjectRecord,
    Signatory,
    Source,
    Spending,
    Tranche,
    UnitType,
)
from lifecycle.rulebook import Rulebook, rulebook
from lifecycle.rules.base import Act, Rule
from lifecycle.stages import TrancheState
from tests.unit.rules.facts import EA, MAJOR
from tests.unit.rules.records import record

WAN = 1_000_000
TODAY = date(2026, 6, 30)
SIGNED = date(2026, 1, 15)
PAID_ON = date(2026, 2, 9)
DUE = date(2026, 6, 1)
GATE = "spb-29-spend-gate"
STOP = "spb-31-no-hold"
PLANNED, PAID = TrancheState.PLANNED, TrancheState.PAID
fen = st.integers(1, 10 * WAN)


def major(*tranches: Tranche, **given_: Any) -> ProjectRecord:
    """Return a signed project that holds every rule, with those tranches."""
    facts: dict[str, Any] = {
        "nature": Nature.RESEARCH,
        "start": SIGNED,
        "end": date(2027, 12, 31),
        "signed_on": SIGNED,
        "signatories": tuple(Signatory),
        "separate_account": True,
        "provincial": 10 * WAN,
        "district": 20 * WAN,
        "tranches": tranches,
    }
    return record(MAJOR, **(facts | given_))


def paid(fen_: int, source: Source = Source.DISTRICT, number: int = 1) -> Tranche:
    return Tranche(number, source, fen_, PAID_ON, fen_, PAID_ON)


def planned(number: int = 2, fen_: int = WAN, on: date | None = DUE) -> Tranche:
    return Tranche(number, Source.DISTRICT, fen_, on, 0, None)


def spent(fen_: int, on: date = date(2026, 3, 1), source: Source = Source.DISTRICT) -> Spending:
    return Spending(on, source, BudgetUse.EQUIPMENT, fen_, "记-1", None)


def candidate(project: ProjectRecord, place: int = -1, state: TrancheState = PLANNED) -> Candidate:
    """Return one of the tranches, the last, where it stands."""
    place %= len(project.tranches)
    states = [PAID if one.paid else state for one in project.tranches]
    return Candidate(project, place, states)


def rules(project: ProjectRecord, today: date = TODAY, **where: Any) -> dict[str, Hold]:
    return {one.rule: one for one in holds_on(candidate(project, **where), today)}


@given(district=fen, provincial=fen, share=st.integers(0, 100), off=st.integers(-1, 1), own=fen)
def test_the_gate_opens_at_the_very_fen_of_80_percent_of_all_public_sources(
    district: int, provincial: int, share: int, off: int, own: int
) -> None:
    need = -(-(district + provincial) * 80 // 100)
    first = (need + off) * share // 100
    rows = (
        spent(first),
        spent(need + off - first, source=Source.PROVINCIAL),
        spent(own, source=Source.OWN),
        spent(WAN, on=TODAY + timedelta(days=1)),
    )
    project = major(paid(district), paid(provincial, Source.PROVINCIAL), planned(), spending=rows)
    assert (GATE in rules(project)) is (off < 0)
    assert [one.short for one in gates_of(project, TODAY)] == [max(0, -off)]
    # What is budgeted and planned anew changes nothing of what was paid and spent.
    budget = (BudgetLine(Source.DISTRICT, BudgetUse.EQUIPMENT, 1),)
    changed = replace(
        project, budget=budget, district=25 * WAN, tranches=(*project.tranches[:2], planned(2, 7))
    )
    assert (GATE in rules(changed)) is (off < 0)


@given(first=st.integers(1, 20 * WAN), off=st.integers(-1, 1))
def test_the_first_tranche_is_70_percent_to_the_fen_and_less_wants_a_reason_but_holds_nothing(
    first: int, off: int
) -> None:
    funds = max(10 * WAN, first)
    least = -(-funds * 70 // 100)
    project = major(planned(1, least + off), provincial=0, district=funds)
    usual = [line.rule.id for line in verdict_on(candidate(project), TODAY, {}).needs_reason]
    assert usual == (["spb-23-first-ratio"] if off < 0 else [])
    assert not rules(project)


@given(st.sampled_from([Source.PROVINCIAL, Source.DISTRICT]), st.integers(-1, 1))
def test_the_enterprise_plan_pays_each_source_in_full_to_the_fen(source: Source, off: int) -> None:
    sums = {Source.PROVINCIAL: 20 * WAN, Source.DISTRICT: 20 * WAN}
    plans = tuple(
        Tranche(1, one, sum_ + (off if one is source else 0), DUE, 0, None) for one, sum_ in sums.items()
    )
    signatories = (Signatory.MUNICIPAL, Signatory.DISTRICT, Signatory.UNIT)
    project = record(
        EA,
        lead_unit_type=UnitType.ENTERPRISE,
        start=SIGNED,
        end=date(2027, 12, 31),
        signed_on=date(2026, 2, 1),
        signatories=signatories,
        separate_account=True,
        provincial=20 * WAN,
        district=20 * WAN,
        own=60 * WAN,
        tranches=plans,
    )
    found = {one.rule for place in (0, 1) for one in holds_on(candidate(project, place), TODAY)}
    assert found == {-1: {"ea-15-single-payment"}, 0: set(), 1: {"ea-15-within-funds"}}[off]
    held = [place for place in (0, 1) if holds_on(candidate(project, place), TODAY)]
    assert held == ([list(sums).index(source)] if off else [])


def test_only_what_is_due_is_held_and_from_the_day_on_which_it_came_about() -> None:
    project = major(paid(14 * WAN), planned(), spending=(spent(WAN),))
    assert rules(project, DUE - timedelta(days=1)) == {}
    assert rules(project, DUE)[GATE].since == rules(project)[GATE].since == DUE
    assert "已支出 1.00 万元 ÷ 前期已拨 14.00 万元 = 7.1%" in rules(project)[GATE].words
    assert rules(replace(project, signed_on=None)) == {}
    assert rules(project, state=TrancheState.ISSUED) == {}
    assert all(GATE in rules(project, state=one) for one in IN_PROCESS - {TrancheState.ISSUED})
    # Enough was spent on the day it was due; a reversal later brought it below again.
    again = (spent(12 * WAN), spent(-WAN, on=date(2026, 6, 20)))
    assert rules(replace(project, spending=again))[GATE].since == date(2026, 6, 20)
    late = Tranche(1, Source.DISTRICT, 14 * WAN, PAID_ON, 14 * WAN, date(2026, 6, 10))
    assert rules(replace(project, tranches=(late, planned())))[GATE].since == date(2026, 6, 10)


def test_a_first_tranche_is_due_by_law_where_that_is_earlier_and_nothing_is_paid() -> None:
    bare = major(planned(1, 21 * WAN), separate_account=False)
    by_law = SIGNED + timedelta(days=30)
    assert due_on(bare, bare.tranches[0], TODAY) == by_law
    assert rules(bare)["spb-29-separate-account"].since == by_law
    begun = major(paid(14 * WAN), planned(1, WAN, DUE))
    assert due_on(begun, begun.tranches[1], TODAY) == DUE
    undated = major(paid(14 * WAN), planned(2, WAN, None))
    assert due_on(undated, undated.tranches[1], TODAY) is None


def test_what_supervision_stops_is_held_whatever_its_date_until_it_is_lifted() -> None:
    stop = Measure(1, MeasureKind.HOLD, date(2026, 4, 1), None, None, "账目不清")
    project = major(planned(1, 21 * WAN, date(2028, 1, 1)), measures=(stop,))
    by_law = replace(project, tranches=(paid(14 * WAN), planned(2, WAN, date(2028, 1, 1))))
    assert list(rules(by_law)) == [STOP]
    assert rules(by_law)[STOP].since == date(2026, 4, 1)
    lifted = replace(by_law, measures=(replace(stop, settled_on=date(2026, 6, 20)),))
    assert rules(lifted) == {}
    told = release_of(STOP, candidate(lifted), TODAY, {1: "王主任"})
    assert (told.on, told.words) == (date(2026, 6, 20), "暂缓拨付于 2026-06-20 由 王主任 解除")


@pytest.fixture
def late_reports_stop_money(monkeypatch: pytest.MonkeyPatch) -> None:
    """A regulation that says so: the rule that guards the application guards the payment as well."""
    usual = Rulebook._rules_for

    def both(book: Rulebook, project: ProjectRecord) -> tuple[Rule, ...]:
        found = usual(book, project)
        return tuple(
            replace(one, guards=one.guards | {Act.PAY}) if one.id == "spb-26-reports-in" else one
            for one in found
        )

    monkeypatch.setattr(Rulebook, "_rules_for", both)


@pytest.mark.usefixtures("late_reports_stop_money")
def test_a_late_report_holds_where_a_regulation_says_so_until_it_is_in() -> None:
    rule = rulebook().rule("spb-26-reports-in")
    assert Act.PAY not in rule.guards, "no regulation here says so"
    project = major(paid(14 * WAN), planned(on=date(2026, 1, 20)), start=date(2025, 1, 1))
    project = replace(project, spending=(spent(14 * WAN),))
    assert rules(project)["spb-26-reports-in"].since == date(2026, 2, 1)
    in_time = (AnnualReport(2025, date(2026, 1, 31), True, None),)
    assert rules(replace(project, annual_reports=in_time)) == {}
    late = replace(project, annual_reports=(AnnualReport(2025, date(2026, 5, 5), True, None),))
    assert rules(late) == {}
    told = release_of("spb-26-reports-in", candidate(late), TODAY, {})
    assert told.on == date(2026, 5, 5)
    assert "2025 年度报告" in told.words


def test_every_other_way_out_of_a_hold_is_told_too() -> None:
    held = major(paid(14 * WAN), planned(), spending=(spent(WAN),))

    def words(project: ProjectRecord, state: TrancheState = PLANNED, rule: str = GATE) -> str:
        return release_of(rule, candidate(project, state=state), TODAY, {}).words

    enough = replace(held, spending=(spent(11_648_000),))
    assert words(enough) == "支出率达到 83.2%（已支出 11.648 万元，前期已拨 14.00 万元）"
    later = replace(held, tranches=(held.tranches[0], planned(on=date(2027, 1, 1))))
    assert words(later) == "计划日期调整为 2027-01-01，尚未到期"
    assert words(replace(held, tranches=(held.tranches[0], planned(fen_=0)))) == "本期计划金额调整为零"
    assert (
        words(replace(held, tranches=(held.tranches[0], paid(WAN, number=2))))
        == "已于 2026-02-09 拨付 1.00 万元"
    )
    assert words(held, TrancheState.ISSUED) == "已出具拨付表，款项办理中"
    assert words(held, rule="spb-29-separate-account") == "项目资金已实行专账管理"
    assert words(held, rule="gone") == "这条规定不再适用"
