"""The rules stand before a payment at its proposal, approval and issue, to the fen."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy.orm import Session

from finance.checking import payment_check, payment_verdict
from finance.issuing import issue_batch
from finance.proposing import approve, withdraw
from finance.refusals import LinesRefused
from lifecycle.record import BudgetUse, Nature, Signatory, Source, Spending
from lifecycle.record import Tranche as Plan
from lifecycle.refusals import (
    InvalidInput,
    ReasonNeeded,
    VerdictRefused,
)
from tests.integration.paying import (
    REASON,
    TODAY,
    WAN,
    Bureau,
    a_bureau,
    drafted,
    ea_fields,
    proposing,
    refused,
    sheet,
)


@pytest.fixture
def bureau(session: Session) -> Bureau:
    return a_bureau(session)


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        (
            {"district": 20 * WAN, "tranches": (Plan(1, Source.DISTRICT, 14 * WAN, None, 0, None),)},
            "spb-4-amount",
        ),
        ({"signed_on": None}, "spb-23-pay-after-signing"),
        ({"signed_on": TODAY + timedelta(days=1)}, "spb-23-pay-after-signing"),
        ({"separate_account": False}, "spb-29-separate-account"),
        ({"signatories": (Signatory.UNIT,)}, "spb-22-parties"),
        ({"signed_on": date(2024, 1, 18)}, "spb-36-effective"),
        ({"self_established": True}, "spb-11-self-financed"),
        ({"tranches": (Plan(1, Source.DISTRICT, 10 * WAN + 1, None, 0, None),)}, "spb-23-within-funds"),
    ],
)
def test_a_must_rule_refuses_and_nothing_is_saved(bureau: Bureau, fields: dict[str, Any], rule: str) -> None:
    tranche_id = bureau.tranche(**fields)
    refusal = refused(bureau, proposing(bureau, tranche_id), VerdictRefused)
    assert rule in {line.rule.id for line in refusal.verdict.refusals}
    shown = payment_verdict(bureau.session, bureau.handler, tranche_id, TODAY)
    assert shown == refusal.verdict
    assert not payment_check(bureau.session, bureau.handler, tranche_id, TODAY).may_be_proposed


@pytest.mark.parametrize(
    ("nature", "fen", "goes"),
    [
        (Nature.RESEARCH, 7 * WAN - 1, False),
        (Nature.RESEARCH, 7 * WAN, True),
        (Nature.RESEARCH, 7 * WAN + 1, True),
        (Nature.TRANSFORMATION, 5 * WAN - 1, True),
        (Nature.TRANSFORMATION, 5 * WAN, True),
        (Nature.TRANSFORMATION, 5 * WAN + 1, False),
    ],
)
def test_the_first_ratio_holds_to_the_fen(bureau: Bureau, nature: Nature, fen: int, goes: bool) -> None:
    tranche_id = bureau.tranche(nature=nature, tranches=(Plan(1, Source.DISTRICT, fen, None, 0, None),))
    if goes:
        proposing(bureau, tranche_id)()
        return
    refusal = refused(bureau, proposing(bureau, tranche_id), ReasonNeeded)
    assert [line.rule.id for line in refusal.lines] == ["spb-23-first-ratio"]
    assert "沙科局发〔2023〕41号 第二十三条" in refusal.message
    proposing(bureau, tranche_id, {"spb-23-first-ratio": REASON})()


@pytest.mark.parametrize(
    ("text", "goes"), [("同意" * 4 + "拨", False), ("同意" * 5, True), ("长" * 1001, False)]
)
def test_a_reason_has_to_say_something(bureau: Bureau, text: str, goes: bool) -> None:
    tranche_id = bureau.tranche(tranches=(Plan(1, Source.DISTRICT, 6 * WAN, None, 0, None),))
    act = proposing(bureau, tranche_id, {"spb-23-first-ratio": f"  {text} "})
    if goes:
        act()
        return
    refusal = refused(bureau, act, InvalidInput)
    assert list(refusal.errors) == ["spb-23-first-ratio"]


def test_blanks_are_no_reason(bureau: Bureau) -> None:
    tranche_id = bureau.tranche(tranches=(Plan(1, Source.DISTRICT, 6 * WAN, None, 0, None),))
    refused(bureau, proposing(bureau, tranche_id, {"spb-23-first-ratio": " " * 20}), ReasonNeeded)


@pytest.mark.parametrize(("spent", "goes"), [(56 * WAN // 10 - 1, False), (56 * WAN // 10, True)])
def test_the_second_tranche_waits_for_eighty_percent_spent(bureau: Bureau, spent: int, goes: bool) -> None:
    plans = (
        Plan(1, Source.DISTRICT, 7 * WAN, None, 7 * WAN, date(2026, 1, 20)),
        Plan(2, Source.DISTRICT, 3 * WAN, None, 0, None),
    )
    spending = (Spending(TODAY, Source.DISTRICT, BudgetUse.EQUIPMENT, spent, None, None),)
    _, second = bureau.tranches(bureau.project(tranches=plans, spending=spending))
    if goes:
        proposing(bureau, second)()
        return
    refusal = refused(bureau, proposing(bureau, second), VerdictRefused)
    assert [(line.rule.id, line.subject) for line in refusal.verdict.refusals] == [("spb-29-spend-gate", "2")]


def test_two_proposals_cannot_exceed_together_what_one_may_not(bureau: Bureau) -> None:
    plans = tuple(Plan(1, Source.DISTRICT, fen, None, 0, None) for fen in (7 * WAN, 3 * WAN + 1))
    first, second = bureau.tranches(bureau.project(tranches=plans))
    proposing(bureau, second)()
    refusal = refused(bureau, proposing(bureau, first), VerdictRefused)
    assert [line.rule.id for line in refusal.verdict.refusals] == ["spb-23-within-funds"]
    withdraw(bureau.session, bureau.handler, second, TODAY)
    proposing(bureau, first)()


def test_the_enterprise_plan_pays_each_source_at_once(bureau: Bureau) -> None:
    plans = (
        Plan(1, Source.PROVINCIAL, 20 * WAN, None, 0, None),
        Plan(1, Source.DISTRICT, 10 * WAN, None, 0, None),
        Plan(2, Source.DISTRICT, 10 * WAN, None, 0, None),
    )
    provincial, district, _ = bureau.tranches(bureau.project(**ea_fields(tranches=plans)))
    proposing(bureau, provincial)()
    refusal = refused(bureau, proposing(bureau, district), VerdictRefused)
    assert [line.rule.id for line in refusal.verdict.refusals] == ["ea-15-single-payment"]


def test_the_rules_are_asked_again_at_the_approval(bureau: Bureau) -> None:
    project_id = bureau.project()
    (tranche_id,) = bureau.tranches(project_id)
    proposing(bureau, tranche_id)()
    approving = partial(approve, bureau.session, bureau.approver, tranche_id, TODAY)
    bureau.change(project_id, separate_account=False)
    refused(bureau, approving, VerdictRefused)
    bureau.change(project_id, separate_account=True, nature=Nature.TRANSFORMATION)
    refused(bureau, approving, ReasonNeeded)
    bureau.change(project_id, nature=Nature.RESEARCH)
    approving()


def test_the_rules_are_asked_again_at_the_issue_and_every_line_says_why(bureau: Bureau) -> None:
    first, second = bureau.project("沙-1"), bureau.project("沙-2")
    ids = [bureau.tranches(project_id)[0] for project_id in (first, second)]
    for tranche_id in ids:
        proposing(bureau, tranche_id)()
        approve(bureau.session, bureau.approver, tranche_id, TODAY)
    batch_id = drafted(bureau, *ids)
    bureau.change(first, separate_account=False, nature=Nature.TRANSFORMATION)
    bureau.change(second, bank_account=None)
    act = partial(issue_batch, bureau.session, bureau.finance, batch_id, TODAY, sheet)
    refusal = refused(bureau, act, LinesRefused)
    assert [line.project_number for line in refusal.lines] == ["沙-1", "沙-2"]
    assert [len(line.reasons) for line in refusal.lines] == [2, 1]
    assert "第二十九条" in refusal.lines[0].reasons[0]
    assert "银行账号" in refusal.lines[1].reasons[0]
