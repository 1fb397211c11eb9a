"""Money that can be paid is owed, whatever is held is not, and a proposal to pay is to be decided on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.record import FISCAL, Conclusion, ProjectRecord, Source, Tranche
from lifecycle.roles import Role
from lifecycle.rulebook import rulebook, rulebook_of
from lifecycle.rules.base import Duty
from lifecycle.rules.duties import AgreedMoney, PaymentDeadline, PlannedPayment
from lifecycle.rules.payments_owed import LaterPayment, PaymentDecision
from lifecycle.rules.time_limits import FirstPayment
from lifecycle.waiting import Held, Proposed
from tests.unit.rules.facts import EA, KEY, MAJOR, PROGRAMMES
from tests.unit.rules.records import WAN, acceptance, record, tranche

SIGNED, DAY, DAYS = date(2026, 1, 15), date(2026, 6, 1), timedelta(30)
AROUND = st.dates(SIGNED - timedelta(40), SIGNED + timedelta(400))
PROVINCIAL, DISTRICT = Source.PROVINCIAL, Source.DISTRICT


@st.composite
def projects(draw: st.DrawFn) -> ProjectRecord:
    """Draw a signed project with a few tranches, paid or not, and holds on them, past and present."""
    names = draw(st.sets(st.tuples(st.sampled_from([*FISCAL, Source.OWN]), st.integers(1, 3)), max_size=6))
    plans = []
    for source, number in sorted(names):
        paid_on = draw(st.none() | AROUND)
        days = {"planned_on": draw(st.none() | AROUND), "paid_on": paid_on}
        plans.append(
            tranche(number, source, draw(st.sampled_from([0, WAN, WAN])), WAN * bool(paid_on), **days)
        )
    holds = st.builds(Held, st.sampled_from([one.name for one in plans] or [""]), st.none() | AROUND)
    programme = draw(st.sampled_from([KEY, EA]))
    facts: dict[str, Any] = {"tranches": tuple(plans), "holds": tuple(draw(st.lists(holds, max_size=4)))}
    return record(programme, signed_on=SIGNED, provincial=9 * WAN, district=9 * WAN, **facts)


def project(*tranches: Tranche, holds: tuple[Held, ...] = (), **facts: Any) -> ProjectRecord:
    return record(KEY, signed_on=SIGNED, district=10 * WAN, tranches=tranches, holds=holds, **facts)


def of_kind(of: ProjectRecord, *kinds: type, **local: dict[str, int]) -> list[Duty]:
    return [one for one in rulebook_of(local).duties(of) if isinstance(one.rule.kind, kinds)]


def can_be_paid(of: ProjectRecord, one: Tranche) -> date | None:
    """Say by hand from which day on a tranche can be paid, once payment has begun."""
    began = min((other.paid_on for other in of.tranches if _is_paid(other)), default=None)
    before = [
        other.paid_on
        for other in of.tranches
        if other.source is one.source and other.number < one.number and other.planned
    ]
    days = [began, SIGNED, one.planned_on, *before]
    days += [hold.until for hold in of.holds if hold.what == one.name]
    return None if None in days else max(day for day in days if day)


def _is_paid(one: Tranche) -> bool:
    return one.source in FISCAL and one.paid_on is not None


@given(projects())
def test_one_duty_speaks_of_each_tranche_that_can_be_paid_and_none_of_what_is_held(of: ProjectRecord) -> None:
    first = of_kind(of, PaymentDeadline, FirstPayment)
    later = {one.subject: one for one in of_kind(of, LaterPayment)}
    assert len(first) == 1
    for one in of.tranches:
        duty = later.pop(one.name, None)
        since = can_be_paid(of, one) if one.source in FISCAL and one.planned else None
        early = one.paid_on is not None and (
            one.paid_on == first[0].done_on or (since and one.paid_on < since)
        )
        if since is None or early:  # held, not begun, or never owed
            assert duty is None, one
            continue
        assert duty is not None, one
        assert (duty.since, duty.due, duty.done_on) == (since, since + DAYS, one.paid_on)
        assert duty.message == f"拨付{one.name}资金 1.00 万元"
        assert first[0].done_on is not None
        assert first[0].done_on <= duty.since  # never both on one day
    assert later == {}


def test_a_later_tranche_is_owed_from_its_planned_day_or_the_end_of_what_held_it() -> None:
    paid = tranche(1, DISTRICT, 7 * WAN, 7 * WAN, planned_on=SIGNED, paid_on=SIGNED)
    rest = tranche(2, DISTRICT, 3 * WAN, planned_on=DAY)
    name, lifted = "区（县）级财政第 2 期", DAY + timedelta(50)
    (duty,) = of_kind(project(paid, rest), LaterPayment)
    assert (duty.since, duty.due, duty.subject) == (DAY, DAY + DAYS, name)
    assert (duty.rule.owner, duty.rule.also) == (Role.FINANCE, (Role.HANDLER,))
    assert duty.rule.cited(duty.asked_by) == "沙科局发〔2023〕41号 第二十三条；期限：本局工作要求"
    ended = Held(name, lifted)
    assert of_kind(project(paid, rest, holds=(ended, Held(name, None))), LaterPayment) == []
    (anew,) = of_kind(project(paid, rest, holds=(ended, Held(name, DAY))), LaterPayment)
    assert (anew.since, anew.due) == (lifted, lifted + DAYS)
    (other,) = of_kind(project(paid, rest, holds=(Held("区（县）级财政第 1 期", None),)), LaterPayment)
    assert other.since == DAY
    over = acceptance(Conclusion.PASSED, lifted)
    assert [one.closed_on for one in of_kind(project(paid, rest, acceptance=over), LaterPayment)] == [lifted]
    (zero,) = of_kind(project(paid, rest), LaterPayment, **{"local-later-payment": {"days": 0}})
    assert zero.due == DAY + DAYS  # SPB 23 asks it: it never goes without a limit
    assert of_kind(project(paid, rest, self_established=True), LaterPayment) == []
    assert of_kind(project(tranche(1, DISTRICT, 7 * WAN, planned_on=DAY), rest), LaterPayment) == []


def test_the_money_of_a_second_source_is_owed_by_itself_once_the_first_is_paid() -> None:
    paid = tranche(1, PROVINCIAL, 20 * WAN, 20 * WAN, planned_on=SIGNED, paid_on=DAY)
    both = {"signed_on": SIGNED, "provincial": 20 * WAN, "district": 20 * WAN}
    rest = tranche(1, DISTRICT, 20 * WAN, planned_on=SIGNED)
    (duty,) = of_kind(record(EA, tranches=(paid, rest), **both), LaterPayment)
    assert (duty.subject, duty.since) == (rest.name, DAY)
    together = tranche(1, DISTRICT, 20 * WAN, 20 * WAN, planned_on=SIGNED, paid_on=DAY)
    assert of_kind(record(EA, tranches=(paid, together), **both), LaterPayment) == []


def test_a_proposal_is_decided_in_time_by_somebody_else() -> None:
    asked = Proposed(4, "区（县）级财政第 2 期", 3 * WAN, DAY, 7, None, "/money/tranches/9")
    returned = Proposed(5, asked.what, 3 * WAN, DAY, 7, DAY + timedelta(2), "/money/tranches/9")
    over = acceptance(Conclusion.PASSED, DAY)
    open_, done = of_kind(project(proposals=(asked, returned), acceptance=over), PaymentDecision)
    assert (open_.subject, open_.due, open_.settled_on) == ("4", DAY + timedelta(5), None)
    assert (open_.message, open_.path) == (
        "审批区（县）级财政第 2 期拨付申请 30,000.00 元",
        "/money/tranches/9",
    )
    assert (open_.rule.owner, open_.user_id, open_.not_user_id) == (Role.APPROVER, None, 7)
    assert (done.subject, done.settled_on) == ("5", DAY + timedelta(2))


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_every_programme_has_both_limits_and_neither_finds_fault(programme: str) -> None:
    kinds = (LaterPayment, PaymentDecision)
    rules = [one for one in rulebook().programme(programme).rules if isinstance(one.kind, kinds)]
    assert [(type(one.kind), one.kind.days, one.judges) for one in rules] == [
        (LaterPayment, 30, False),
        (PaymentDecision, 5, False),
    ]


ORDERED = ("监督检查要求暂缓拨付", "沙科局发〔2023〕41号 第三十一条")


@pytest.mark.parametrize(("programme", "kind"), [(KEY, PaymentDeadline), (EA, FirstPayment)])
def test_nobody_is_urged_to_begin_paying_while_all_that_could_begin_is_held(
    programme: str, kind: type
) -> None:
    first, second = (tranche(n, DISTRICT, 5 * WAN, planned_on=DAY) for n in (1, 2))
    other = tranche(1, PROVINCIAL, 5 * WAN, planned_on=DAY)
    free = record(programme, signed_on=SIGNED, district=10 * WAN, tranches=(first, second))
    on, lifted = Held(first.name, None, *ORDERED), Held(first.name, DAY, *ORDERED)

    def owed(of: ProjectRecord) -> Duty:
        (duty,) = of_kind(of, kind)
        return duty

    held = owed(replace(free, holds=(lifted, on)))
    assert held.held == "监督检查要求暂缓拨付（沙科局发〔2023〕41号 第三十一条）"
    assert held.words == f"{held.message}；暂缓拨付中：{held.held}，解除后办理"
    assert replace(held, held="") == owed(free)  # it stays owed by the same day
    assert owed(free).words == owed(free).message
    assert owed(replace(free, holds=(lifted,))).held == ""
    assert owed(replace(free, holds=(Held(second.name, None, *ORDERED),))).held == ""
    plan = Held(first.name, None, "金额不符", "第四条", waits=False)
    assert owed(replace(free, holds=(plan,))).held == ""  # that is the bureau's own to put right
    both = replace(free, provincial=5 * WAN, tranches=(first, second, other), holds=(on,))
    assert owed(both).held == ""  # the other source can begin
    assert owed(replace(both, holds=(on, Held(other.name, None, *ORDERED)))).held == held.held
    paid = replace(first, paid=5 * WAN, paid_on=DAY)
    assert owed(replace(free, tranches=(paid, second), holds=(on,))).held == ""
    usual = rulebook()
    assert usual.judge(replace(free, holds=(on,))) == usual.judge(free)


def test_a_proposal_waits_with_its_tranche() -> None:
    asked = Proposed(4, "区（县）级财政第 2 期", 3 * WAN, DAY, 7, None, "/money/tranches/9")
    on = Held(asked.what, None, *ORDERED)
    (duty,) = of_kind(project(proposals=(asked,), holds=(on,)), PaymentDecision)
    assert duty.held == "监督检查要求暂缓拨付（沙科局发〔2023〕41号 第三十一条）"
    decided = replace(asked, decided_on=DAY)
    (done,) = of_kind(project(proposals=(decided,), holds=(on,)), PaymentDecision)
    assert (done.held, done.done_on) == ("", DAY)


@pytest.mark.parametrize("programme", PROGRAMMES)
@pytest.mark.parametrize("joint_unit", [None, "联合单位"])
@pytest.mark.parametrize("source", Source)
def test_the_parties_own_money_is_owed_once_in_every_programme_by_the_day_agreed(
    programme: str, joint_unit: str | None, source: Source
) -> None:
    planned = tranche(1, source, 3 * WAN, planned_on=DAY)
    lines = (planned, tranche(2, source, 3 * WAN), tranche(3, source, 0, planned_on=DAY + DAYS))
    of = record(programme, signed_on=SIGNED, joint_unit=joint_unit, tranches=lines)
    found = [one for one in of_kind(of, PlannedPayment) if one.subject == "1"]
    if source in FISCAL:
        assert found == []
        return
    (duty,) = found
    article = {(EA, Source.OWN): "渝科局发〔2024〕92号 第十五条"}.get((programme, source))
    if programme in (KEY, MAJOR) and (source is Source.JOINT or joint_unit):
        article = "沙科局发〔2023〕41号 第二十三条"
    assert duty.rule.citation == (article or "本局工作要求 资金到位")
    owner = Role.UNIT_MANAGER if source is Source.OWN else Role.JOINT_UNIT
    assert (duty.rule.owner, duty.since, duty.due, duty.done_on) == (owner, SIGNED, DAY, None)
    paid = replace(planned, paid=3 * WAN, paid_on=SIGNED)
    (done,) = of_kind(replace(of, tranches=(paid,)), PlannedPayment)
    assert done.done_on == SIGNED
    local = of_kind(of, AgreedMoney)
    assert [one.subject for one in local] == ["1"] * len(local)  # what is nothing arrives never
    assert not any(one.rule.judges for one in local)
