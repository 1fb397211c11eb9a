"""Rules about public money on its way: when it is paid, in what parts, and what was spent of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from lifecycle.record import BudgetUse, Nature, ProjectRecord, Source, Spending
from lifecycle.rulebook import rulebook
from tests.unit.rules.asking import stands, subjects
from tests.unit.rules.facts import EA
from tests.unit.rules.records import WAN, record, tranche

CITY, DISTRICT, JOINT, OWN = Source.PROVINCIAL, Source.DISTRICT, Source.JOINT, Source.OWN
SIGNED = date(2025, 5, 1)
DAY = timedelta(days=1)


def after(days: int) -> date:
    return SIGNED + days * DAY


def funded(*tranches: Any, **facts: Any) -> ProjectRecord:
    return record(**{"district": 10 * WAN, "signed_on": SIGNED, "tranches": tranches, **facts})


def test_the_bureau_pays_within_thirty_days_of_signing() -> None:
    rule = "spb-23-payment-deadline"
    assert not stands(funded(), rule, on=after(30))
    assert stands(funded(), rule, on=after(31))
    in_time = funded(tranche(1, DISTRICT, 0, 1, paid_on=after(30)))
    assert not stands(in_time, rule)
    late = funded(tranche(1, DISTRICT, 0, 1, paid_on=after(31)))
    assert not stands(late, rule, on=after(30))
    assert stands(late, rule, on=after(31))
    assert stands(late, rule)
    first_of_two = funded(*in_time.tranches, tranche(2, DISTRICT, 0, 1, paid_on=after(90)))
    assert not stands(first_of_two, rule)


def test_payments_before_signing_are_in_time_and_only_public_money_counts() -> None:
    rule = "spb-23-payment-deadline"
    assert not stands(funded(tranche(1, CITY, 0, 1, paid_on=after(-9))), rule)
    assert stands(funded(tranche(1, JOINT, 0, 1, paid_on=after(1))), rule)
    assert stands(funded(tranche(1, DISTRICT, 5 * WAN, 0, paid_on=after(1))), rule)
    assert stands(funded(tranche(1, DISTRICT, 5 * WAN, 5 * WAN)), rule)


def test_nobody_owes_a_payment_unsigned_or_without_public_money_or_to_itself() -> None:
    rule = "spb-23-payment-deadline"
    assert not stands(funded(signed_on=None), rule)
    assert not stands(funded(district=0), rule)
    assert not stands(funded(self_established=True), rule)


@pytest.mark.parametrize(
    ("nature", "planned", "found"),
    [
        (Nature.RESEARCH, 7 * WAN - 1, True),
        (Nature.RESEARCH, 7 * WAN, False),
        (Nature.TRANSFORMATION, 5 * WAN, False),
        (Nature.TRANSFORMATION, 5 * WAN + 1, True),
        (None, 1, False),
    ],
)
def test_the_first_tranche_depends_on_what_leads(nature: Nature | None, planned: int, found: bool) -> None:
    halves = (tranche(1, CITY, planned // 2), tranche(1, DISTRICT, planned - planned // 2))
    later = tranche(2, DISTRICT, 9 * WAN)
    own = tranche(1, OWN, 9 * WAN)
    project = funded(*halves, later, own, nature=nature, signed_on=None)
    assert stands(project, "spb-23-first-ratio") is found
    assert not stands(replace(project, self_established=True), "spb-23-first-ratio")


def test_the_first_tranche_counts_as_planned_until_it_is_paid() -> None:
    row = tranche(1, DISTRICT, 8 * WAN, 6 * WAN, paid_on=SIGNED)
    project = funded(row, nature=Nature.RESEARCH)
    assert not stands(project, "spb-23-first-ratio", on=after(-1))
    assert stands(project, "spb-23-first-ratio", on=SIGNED)
    assert not stands(funded(replace(row, paid_on=None), nature=Nature.RESEARCH), "spb-23-first-ratio")


def test_a_project_without_first_tranche_or_public_money_has_no_first_ratio() -> None:
    assert not stands(funded(nature=Nature.RESEARCH), "spb-23-first-ratio")
    first = tranche(1, DISTRICT, 1)
    assert not stands(funded(first, district=0, nature=Nature.TRANSFORMATION), "spb-23-first-ratio")


@pytest.mark.parametrize(("source", "rule"), [(JOINT, "spb-23-joint-payment"), (OWN, "ea-15-self-raised")])
def test_other_money_arrives_on_the_day_agreed(source: Source, rule: str) -> None:
    def project(**days: date) -> ProjectRecord:
        row = tranche(3, source, 5, 5 if "paid_on" in days else 0, **days)
        facts = {"programme": EA} if source is OWN else {"self_established": True}
        return record(signed_on=SIGNED, tranches=(row,), **facts)

    due = after(10)
    assert not stands(project(planned_on=due), rule, "3", on=due)
    assert stands(project(planned_on=due), rule, "3", on=due + DAY)
    assert not stands(project(planned_on=due, paid_on=due), rule, "3")
    assert stands(project(planned_on=due, paid_on=due + DAY), rule, "3")
    assert not stands(project(paid_on=due), rule, "3")
    early = project(planned_on=after(-10))
    assert not stands(early, rule, "3", on=after(-1))
    assert stands(early, rule, "3", on=SIGNED)
    assert not stands(replace(early, signed_on=None), rule, "3")
    late_unsigned = project(planned_on=after(-10), paid_on=after(-5))
    assert not stands(late_unsigned, rule, "3", on=after(-1))
    assert stands(late_unsigned, rule, "3", on=SIGNED)


def test_only_own_money_must_arrive_in_full() -> None:
    days = {"planned_on": after(10), "paid_on": after(10)}
    own = record(EA, signed_on=SIGNED, tranches=(tranche(1, OWN, 5, 4, **days),))
    assert stands(own, "ea-15-self-raised", "1")
    assert not stands(funded(tranche(1, JOINT, 5, 4, **days)), "spb-23-joint-payment", "1")


def test_two_rows_of_one_tranche_are_one_finding_on_any_day() -> None:
    rows = (tranche(1, JOINT, 5, planned_on=after(1)), tranche(1, JOINT, 5, planned_on=after(40)))
    project = funded(*rows)
    assert subjects(project, "spb-23-joint-payment", on=after(2)) == ["1"]
    assert subjects(project, "spb-23-joint-payment") == ["1"]
    spans = [
        (one.since, one.until) for one in rulebook().judge(project) if one.rule.id == "spb-23-joint-payment"
    ]
    assert spans == [(after(2), after(41)), (after(41), None)]


def spent(amount: int, on: date, source: Source = DISTRICT) -> Spending:
    return Spending(on, source, BudgetUse.LABOUR, amount, None, None)


@pytest.mark.parametrize(
    ("spending", "found"),
    [
        ([spent(8 * WAN, after(90))], False),
        ([spent(8 * WAN - 1, after(90))], True),
        ([spent(8 * WAN, after(91))], True),
        ([spent(8 * WAN, after(90), OWN)], True),
        ([spent(9 * WAN, after(3)), spent(-WAN, after(90), CITY)], False),
        ([spent(9 * WAN, after(3)), spent(-WAN - 1, after(90), CITY)], True),
    ],
)
def test_later_tranches_wait_for_eighty_percent_spent(spending: list[Spending], found: bool) -> None:
    rows = (
        tranche(1, CITY, 0, 4 * WAN, paid_on=after(1)),
        tranche(1, DISTRICT, 0, 6 * WAN, paid_on=after(90)),
        tranche(1, DISTRICT, 0, 6 * WAN, paid_on=after(91)),
        tranche(2, DISTRICT, 0, 5 * WAN, paid_on=after(120)),
        tranche(2, CITY, 0, 5 * WAN, paid_on=after(90)),
    )
    project = funded(*rows, spending=tuple(spending))
    assert stands(project, "spb-29-spend-gate", "2") is found
    assert stands(project, "spb-29-spend-gate", "2", on=after(90)) is found
    assert not stands(project, "spb-29-spend-gate", "2", on=after(89))
    assert not stands(replace(project, self_established=True), "spb-29-spend-gate", "2")


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([], False),
        ([tranche(1, CITY, 5 * WAN)], False),
        ([tranche(2, CITY, 5 * WAN)], True),
        ([tranche(1, CITY, 5 * WAN), tranche(2, CITY, 5 * WAN)], True),
        ([tranche(1, CITY, 0, 10 * WAN, paid_on=after(1))], False),
        ([tranche(1, CITY, 0, 11 * WAN, paid_on=after(1))], False),
        ([tranche(1, CITY, 0, 10 * WAN - 1, paid_on=after(1))], True),
        ([tranche(1, CITY, 0, 5 * WAN, paid_on=after(1))] * 2, False),
        ([tranche(1, CITY, 0, 5 * WAN, paid_on=after(day)) for day in (1, 2)], True),
        ([tranche(1, CITY, 0, 10 * WAN, paid_on=after(day)) for day in (1, 2)], True),
        ([tranche(1, CITY, 0, 5 * WAN)], False),
    ],
)
def test_each_source_of_joint_action_pays_once_and_in_full(rows: list[Any], found: bool) -> None:
    project = record(EA, provincial=10 * WAN, tranches=tuple(rows))
    assert subjects(project, "ea-15-single-payment") == (["省（市）级财政"] if found else [])
    assert not stands(replace(project, provincial=0), "ea-15-single-payment", "省（市）级财政")


def test_a_second_payment_counts_from_its_own_day() -> None:
    rows = tuple(tranche(1, CITY, 0, 10 * WAN, paid_on=after(day)) for day in (9, 2))
    project = record(EA, provincial=10 * WAN, tranches=rows)
    assert not stands(project, "ea-15-single-payment", CITY.value, on=after(8))
    assert stands(project, "ea-15-single-payment", CITY.value, on=after(9))


@pytest.mark.parametrize(
    ("signed", "found"), [(after(1), True), (SIGNED, False), (after(-1), False), (None, True)]
)
def test_joint_action_money_waits_for_the_signature(signed: date | None, found: bool) -> None:
    row = tranche(1, DISTRICT, 0, 1, paid_on=SIGNED)
    project = record(EA, signed_on=signed, tranches=(row, replace(row, source=OWN)))
    assert subjects(project, "ea-15-before-signing") == (["区（县）级财政"] if found else [])
    assert not stands(project, "ea-15-before-signing", DISTRICT.value, on=after(-1))
