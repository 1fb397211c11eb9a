"""Everything that waits for somebody is a duty, and so is money whose arrival is to be confirmed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.record import AnnualReport, Conclusion
from lifecycle.roles import Role
from lifecycle.rulebook import rulebook, rulebook_of
from lifecycle.rules.base import Duty
from lifecycle.rules.duties import PaymentDeadline, RefundDue
from lifecycle.rules.process import Rectification
from lifecycle.rules.time_limits import TurnWithin
from lifecycle.waiting import Receipt, Waiting
from tests.unit.rules.facts import KEY, PROGRAMMES
from tests.unit.rules.records import acceptance, record

DAY = date(2026, 3, 2)
DAYS = {
    **dict.fromkeys((Role.PI, Role.JOINT_UNIT, Role.HANDLER, Role.FINANCE, Role.EXPERT), 10),
    **dict.fromkeys((Role.UNIT_MANAGER, Role.UNIT_FINANCE, Role.APPROVER), 5),
}
"""Within how many days each role is to act, where the agency has set nothing."""

WORDS = "确认 2025 年度报告"
BEFORE = st.dates(DAY - timedelta(400), DAY + timedelta(400))
TURNS = st.builds(
    Waiting,
    id=st.integers(1, 10**6),
    role=st.sampled_from(sorted(DAYS)),
    user_id=st.none() | st.integers(1, 9),
    words=st.text(min_size=1),
    since=BEFORE,
    due=st.none() | BEFORE,
    done_on=st.none() | BEFORE,
    ends_with_project=st.booleans(),
    path=st.just("/reports/1"),
)


def turn(role: Role = Role.UNIT_MANAGER, **more: object) -> Waiting:
    usual = {
        "id": 7,
        "role": role,
        "user_id": None,
        "words": WORDS,
        "since": DAY,
        "due": None,
        "done_on": None,
    }
    return Waiting(**(usual | {"ends_with_project": True, "path": "/reports/1"} | more))  # type: ignore[arg-type]


def duties(*waiting: Waiting, concluded: date | None = None, **local: dict[str, int]) -> list[Duty]:
    over = acceptance(conclusion=Conclusion.PASSED, concluded_on=concluded) if concluded else None
    book = rulebook_of({f"local-turn-{name}": days for name, days in local.items()})
    found = book.duties(record(KEY, waiting=waiting, acceptance=over))
    return [one for one in found if isinstance(one.rule.kind, TurnWithin)]


@given(st.lists(TURNS, max_size=6, unique_by=lambda one: one.id), st.none() | BEFORE)
def test_whatever_waits_is_one_duty_of_whom_it_waits_for(waiting: list[Waiting], over: date | None) -> None:
    found = {int(one.subject): one for one in duties(*waiting, concluded=over)}
    assert found.keys() == {one.id for one in waiting}
    for one in waiting:
        duty = found[one.id]
        assert (duty.rule.owner, duty.user_id, duty.message) == (one.role, one.user_id, one.words)
        assert (duty.since, duty.done_on, duty.path) == (one.since, one.done_on, "/reports/1")
        assert duty.due == (one.due or one.since + timedelta(DAYS[one.role]))
        ends = one.ends_with_project and over is not None and one.since < over
        assert duty.closed_on == (over if ends else None)


def test_no_limit_is_no_duty_unless_a_day_was_named() -> None:
    assert duties(turn(Role.PI), pi={"days": 0}) == []
    (named,) = duties(turn(Role.PI, due=DAY + timedelta(3)), pi={"days": 0})
    assert named.due == DAY + timedelta(3)
    (longer,) = duties(turn(Role.PI), pi={"days": 12})
    assert longer.due == DAY + timedelta(12)
    (asked,) = duties(turn(Role.APPROVER), approver={"days": 0})  # SPB 5: no article's act goes without
    assert asked.due == DAY + timedelta(DAYS[Role.APPROVER])


def spoken(*waiting: Waiting, submitted: date | None = None) -> tuple[Duty, list[Duty]]:
    """Return the duty of the annual report of 2025, and what waits that is a duty itself."""
    known = () if submitted is None else (AnnualReport(2025, submitted, True, None),)
    started = {"signed_on": date(2025, 1, 10), "start": date(2025, 1, 1)}
    found = rulebook().duties(record(KEY, waiting=waiting, annual_reports=known, **started))
    (annual,) = [one for one in found if one.key == REPORT]
    return annual, [one for one in found if isinstance(one.rule.kind, TurnWithin)]


REPORT = "annual-report/2025"


def test_an_article_s_duty_speaks_alone_and_is_owed_by_whoever_s_turn_it_is() -> None:
    plain, _ = spoken()
    assert (plain.owner, plain.speaks_of) == (Role.PI, None)
    hers, alone = spoken(turn(Role.PI, duty=REPORT))
    assert (hers, alone) == (replace(plain, speaks_of=REPORT), [])
    unit, alone = spoken(turn(duty=REPORT), turn(Role.PI, id=6, duty=REPORT, done_on=DAY))
    assert (unit.owner, unit.message, unit.path, unit.due) == (
        *(Role.UNIT_MANAGER, WORDS, "/reports/1", plain.due),
    )
    assert alone == []
    over, alone = spoken(turn(duty=REPORT, done_on=DAY), submitted=DAY)
    assert (over.owner, over.message, alone) == (Role.PI, plain.message, [])


def test_what_waits_on_when_the_article_s_duty_is_done_is_a_duty_itself() -> None:
    for done_on in (None, DAY + timedelta(3)):
        annual, (own,) = spoken(turn(duty=REPORT, done_on=done_on), submitted=DAY)
        assert (annual.speaks_of, own.subject, own.speaks_of) == (None, "7", "7")
    _, (other,) = spoken(turn(duty="annual-report/1999"))
    assert other.owner is Role.UNIT_MANAGER


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_every_programme_speaks_of_every_role_that_things_wait_for(programme: str) -> None:
    rules = [one for one in rulebook().programme(programme).rules if isinstance(one.kind, TurnWithin)]
    assert {one.owner: one.kind.days for one in rules if isinstance(one.kind, TurnWithin)} == DAYS
    assert all(isinstance(one.kind, TurnWithin) and one.kind.role is one.owner for one in rules)
    assert not any(one.judges for one in rules)


@pytest.mark.parametrize(
    ("kind", "also"), [(PaymentDeadline, Role.HANDLER), (Rectification, Role.PI), (RefundDue, Role.FINANCE)]
)
def test_who_has_a_part_in_a_duty_is_told_with_its_owner(kind: type, also: Role) -> None:
    rules = [
        one for name in PROGRAMMES for one in rulebook().programme(name).rules if isinstance(one.kind, kind)
    ]
    assert {one.also for one in rules} == {(also,)}


def test_money_that_was_paid_here_is_confirmed_by_the_unit() -> None:
    paid = Receipt(3, "区（县）级财政第 1 期", 20_000_000, DAY, None, "/spending/receipts/3")

    def owed(*receipts: Receipt) -> list[Duty]:
        found = rulebook().duties(record(KEY, receipts=receipts))
        return [one for one in found if one.rule.id == "local-receipt"]

    (duty,) = owed(paid)
    assert (duty.rule.owner, duty.due, duty.done_on) == (Role.UNIT_FINANCE, DAY + timedelta(10), None)
    assert duty.message == "确认区（县）级财政第 1 期资金 200,000.00 元到账"
    assert duty.path == "/spending/receipts/3"
    (done,) = owed(Receipt(3, "", 1, DAY, DAY + timedelta(2), ""))
    assert done.done_on == DAY + timedelta(2)
    assert owed() == []
