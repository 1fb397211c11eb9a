"""The checklist before a button: what is asked, how it stands, and what that allows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from lifecycle.record import (
    BudgetUse,
    Change,
    ChangeKind,
    Conclusion,
    ExceptionNote,
    Nature,
    ProjectRecord,
    Review,
    Signatory,
    Source,
    Spending,
)
from lifecycle.rulebook import Mark, rulebook
from lifecycle.rules.base import Act
from tests.unit.rules.facts import CY, EA, KEY, MAJOR, SX
from tests.unit.rules.records import WAN, acceptance, change, partner, record, records, tranche

CITY, DISTRICT = Source.PROVINCIAL, Source.DISTRICT
SIGNED = date(2025, 5, 1)
PAY_DAY = date(2025, 5, 20)

READY = record(
    KEY,
    nature=Nature.RESEARCH,
    district=10 * WAN,
    signed_on=SIGNED,
    signatories=(Signatory.DISTRICT, Signatory.UNIT),
    separate_account=True,
)
"""A project whose first tranche may be paid."""


def paying(amount: int, project: ProjectRecord = READY, number: int = 1) -> ProjectRecord:
    row = tranche(number, DISTRICT, amount, amount, paid_on=PAY_DAY)
    return replace(project, tranches=(*project.tranches, row))


def marks(project: ProjectRecord, act: Act = Act.PAY, subjects: set[str] | None = None) -> dict[str, Mark]:
    return {line.rule.id: line.mark for line in rulebook().checklist(project, act, PAY_DAY, subjects).lines}


def test_a_payment_in_order_is_shown_with_its_figures() -> None:
    verdict = rulebook().checklist(paying(7 * WAN), Act.PAY, PAY_DAY)
    assert not verdict.refused
    assert not verdict.needs_reason
    texts = {line.rule.id: line.text for line in verdict.lines}
    assert {line.mark for line in verdict.lines} == {Mark.HELD}
    assert texts["spb-23-first-ratio"] == "首期 7.00 万元 ÷ 财政资金 10.00 万元 = 70.0%，应不低于 70%"
    assert (
        texts["spb-23-within-funds"]
        == "区（县）级财政含本次累计拨付 7.00 万元，任务书约定 10.00 万元，不得超出"
    )
    assert "spb-29-spend-gate" not in texts
    assert "spb-23-payment-deadline" not in texts


def test_a_must_rule_refuses_and_a_usual_one_asks_for_a_reason() -> None:
    unsigned = replace(paying(6 * WAN), signed_on=None)
    verdict = rulebook().checklist(unsigned, Act.PAY, PAY_DAY)
    assert [line.rule.id for line in verdict.refusals] == ["spb-23-pay-after-signing"]
    assert [line.rule.id for line in verdict.needs_reason] == ["spb-23-first-ratio"]
    assert [line.mark for line in verdict.lines[:3]] == [Mark.NOT_HELD, Mark.NOT_HELD, Mark.HELD]


def test_a_written_reason_lets_staff_go_on() -> None:
    note = ExceptionNote("spb-23-first-ratio", "", "指南另有约定", PAY_DAY)
    verdict = rulebook().checklist(replace(paying(6 * WAN), exceptions=(note,)), Act.PAY, PAY_DAY)
    assert not verdict.needs_reason
    (line,) = [line for line in verdict.lines if line.mark is Mark.REASON_GIVEN]
    assert line.reason == "指南另有约定"


def test_more_than_the_agreed_money_is_refused_though_it_is_no_finding() -> None:
    too_much = paying(1, paying(10 * WAN))
    assert marks(too_much)["spb-23-within-funds"] is Mark.NOT_HELD
    assert "spb-23-within-funds" not in {one.rule.id for one in rulebook().judge(too_much)}
    assert marks(paying(10 * WAN))["spb-23-within-funds"] is Mark.HELD


def test_what_is_not_known_is_said_and_refuses_nothing() -> None:
    unknown = replace(paying(7 * WAN), nature=None, separate_account=None)
    assert marks(unknown)["spb-23-first-ratio"] is Mark.UNKNOWN
    assert marks(unknown)["spb-29-separate-account"] is Mark.UNKNOWN
    assert not rulebook().checklist(unknown, Act.PAY, PAY_DAY).refused


def test_only_the_subjects_asked_about_count() -> None:
    waiting = paying(3 * WAN, paying(7 * WAN), number=2)
    assert marks(waiting)["spb-29-spend-gate"] is Mark.NOT_HELD
    assert marks(waiting, subjects={"", "2"})["spb-29-spend-gate"] is Mark.NOT_HELD
    assert "spb-29-spend-gate" not in marks(waiting, subjects={"", "3"})


def test_enough_spent_on_the_day_itself_opens_the_gate() -> None:
    spending = (Spending(PAY_DAY, DISTRICT, BudgetUse.LABOUR, 56 * WAN // 10, None, None),)
    going_on = replace(paying(3 * WAN, paying(7 * WAN), number=2), spending=spending)
    (line,) = [
        line
        for line in rulebook().checklist(going_on, Act.PAY, PAY_DAY).lines
        if line.rule.id == "spb-29-spend-gate"
    ]
    assert (line.subject, line.mark) == ("2", Mark.HELD)
    assert line.text == "已支出 5.60 万元 ÷ 前期已拨 7.00 万元 = 80.0%，应不低于 80%"


def test_what_is_paid_on_later_days_is_not_yet_shown() -> None:
    row = tranche(1, CITY, 20 * WAN, 20 * WAN, paid_on=PAY_DAY + timedelta(days=1))
    project = record(EA, provincial=20 * WAN, tranches=(row,))
    lines = {line.rule.id: line for line in rulebook().checklist(project, Act.PAY, PAY_DAY).lines}
    assert lines["ea-15-single-payment"].subject == CITY.value
    assert "已拨 0.00 万元" in lines["ea-15-single-payment"].text
    assert "ea-15-before-signing" not in lines
    assert "ea-15-within-funds" not in lines


def test_each_source_of_joint_action_is_asked_by_itself() -> None:
    rows = (
        tranche(1, CITY, 20 * WAN, 19 * WAN, paid_on=PAY_DAY),
        tranche(1, DISTRICT, 20 * WAN, 20 * WAN, paid_on=PAY_DAY),
    )
    project = record(
        EA, provincial=20 * WAN, district=20 * WAN, own=40 * WAN, signed_on=SIGNED, tranches=rows
    )
    city = marks(project, subjects={"", CITY.value})
    district = marks(project, subjects={"", DISTRICT.value})
    assert city["ea-15-single-payment"] is Mark.NOT_HELD
    texts = [line.text for line in rulebook().checklist(project, Act.PAY, PAY_DAY).lines]
    assert "区（县）级财政已拨 20.00 万元，共 20.00 万元，应一次性全额拨付" in texts
    assert district["ea-15-single-payment"] is Mark.HELD
    assert district["ea-15-before-signing"] is Mark.HELD


def test_signing_asks_about_the_agreement_and_not_about_payments() -> None:
    project = record(CY, signed_on=PAY_DAY, requested=40 * WAN, provincial=40 * WAN, own=40 * WAN)
    asked = marks(project, Act.SIGN)
    assert asked["cy-2-amount"] is Mark.HELD
    assert asked["cy-3-sichuan-partner"] is Mark.NOT_HELD
    assert asked["cy-3-lead-place"] is Mark.UNKNOWN
    assert "cy-2-within-funds" not in asked
    assert "cy-3-cooperation-agreement" not in asked
    with_partner = replace(project, partners=(partner(agreement_from=SIGNED),))
    assert marks(with_partner, Act.SIGN)["cy-3-cooperation-agreement"] is Mark.HELD


def test_one_partner_in_breach_takes_the_place_of_the_line_for_all() -> None:
    partners = (partner("甲", agreement_from=SIGNED), partner("乙"))
    verdict = rulebook().checklist(record(CY, partners=partners), Act.SIGN, PAY_DAY)
    lines = [line for line in verdict.lines if line.rule.id == "cy-3-cooperation-agreement"]
    assert [(line.subject, line.mark) for line in lines] == [("乙", Mark.NOT_HELD)]


@pytest.mark.parametrize(
    ("programme", "kind", "facts", "rule"),
    [
        (MAJOR, ChangeKind.OTHER, {"approved_on": PAY_DAY}, "spb-28-major-conference"),
        (EA, ChangeKind.PI, {"self_decided": True, "applied_on": PAY_DAY}, "ea-17-major-change"),
        (SX, ChangeKind.TITLE, {"approved_on": PAY_DAY}, "sx-2-frozen"),
    ],
)
def test_changes_are_asked_about_before_they_are_made(
    programme: str, kind: ChangeKind, facts: dict[str, Any], rule: str
) -> None:
    wrong = change(kind, **facts)
    assert marks(record(programme, changes=(wrong,)), Act.CHANGE)[rule] is Mark.NOT_HELD
    right: Change = replace(wrong, kind=ChangeKind.OTHER, conference_on=PAY_DAY)
    assert marks(record(programme, changes=(right,)), Act.CHANGE)[rule] is Mark.HELD


def test_a_conclusion_is_asked_about_before_it_is_drawn() -> None:
    end = acceptance(Conclusion.PASSED, PAY_DAY, technical=Review.PASSED)
    asked = marks(record(joint_unit="联合单位", acceptance=end), Act.CONCLUDE)
    assert asked == {
        "spb-32-authority": Mark.NOT_HELD,
        "spb-32-merged": Mark.NOT_HELD,
        "spb-32-joint-organiser": Mark.NOT_HELD,
    }
    passed = Review.PASSED
    days = {"conference_on": PAY_DAY, "government_on": PAY_DAY}
    good = replace(end, financial=passed, joint_unit_took_part=True, **days)
    concluded = record(joint_unit="联合单位", acceptance=good)
    assert marks(concluded, Act.CONCLUDE) == dict.fromkeys(asked, Mark.HELD)
    assert not rulebook().checklist(concluded, Act.CONCLUDE, PAY_DAY - timedelta(days=1)).lines
    assert not marks(record(acceptance=replace(good, conclusion=None, concluded_on=None)), Act.CONCLUDE)
    assert marks(record(SX, acceptance=end), Act.CONCLUDE) == {"sx-1-goals": Mark.NOT_HELD}


@settings(max_examples=60, deadline=None)
@given(records())
def test_a_checklist_never_says_held_of_what_is_found(project: ProjectRecord) -> None:
    for act in Act:
        found = {(one.rule.id, one.subject) for one in rulebook().findings(project, PAY_DAY)}
        lines = rulebook().checklist(project, act, PAY_DAY).lines
        assert list(lines) == sorted(lines, key=lambda line: line.rank)
        for line in lines:
            stands = (line.rule.id, line.subject) in found
            if line.rule.judges:
                assert stands is (line.mark in (Mark.NOT_HELD, Mark.REASON_GIVEN)), line
            assert line.text
