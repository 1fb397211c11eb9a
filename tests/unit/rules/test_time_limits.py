"""What an agency wants done within so many days of something, where no regulation names a day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from lifecycle.record import AnnualReport, Conclusion, Milestone, ProjectRecord, Source, Tranche
from lifecycle.roles import Role
from lifecycle.rulebook import rulebook, rulebook_of
from lifecycle.rules.base import Duty
from lifecycle.rules.loading import OWN
from tests.unit.rules.facts import EA, KEY, MAJOR, PROGRAMMES
from tests.unit.rules.records import acceptance, change, record

SIGNED, END = date(2024, 6, 1), date(2026, 5, 31)
ON = date(2025, 5, 1)


def project(programme: str = KEY, **facts: Any) -> ProjectRecord:
    return record(programme, **{"signed_on": SIGNED, "start": SIGNED, "end": END, **facts})


def owed(of: ProjectRecord, rule: str, **days: int) -> list[Duty]:
    book = rulebook_of({rule: days} if days else {})
    return [one for one in book.duties(of) if one.rule.id == rule]


def concluded(conclusion: Conclusion, **facts: Any) -> ProjectRecord:
    done = acceptance(conclusion=conclusion, concluded_on=ON, **facts.pop("after", {}))
    return project(acceptance=done, **facts)


def test_acceptance_is_asked_for_after_the_end_and_ends_with_the_conclusion() -> None:
    (duty,) = owed(project(), "local-acceptance-application")
    assert (duty.since, duty.due, duty.done_on) == (END, END + timedelta(90), None)
    assert duty.rule.owner is Role.PI
    assert duty.rule.citation == "本局工作要求 办理期限"
    (moved,) = owed(project(end=date(2027, 5, 31)), "local-acceptance-application")
    assert moved.due == date(2027, 5, 31) + timedelta(90)
    (closed,) = owed(concluded(Conclusion.TERMINATED), "local-acceptance-application")
    assert closed.closed_on == ON
    assert owed(project(signed_on=None), "local-acceptance-application") == []


@pytest.mark.parametrize("days", [1, 30, 365])
def test_the_days_are_the_agency_s_to_set(days: int) -> None:
    (duty,) = owed(project(), "local-acceptance-application", days=days)
    assert duty.due == END + timedelta(days)
    assert f"后 {days} 日内" in duty.rule.summary


def test_no_limit_is_no_duty() -> None:
    assert owed(project(), "local-acceptance-application", days=0) == []


def test_a_regulation_is_nobody_s_to_set() -> None:
    usual = rulebook().duties(project(provincial=1))
    assert rulebook_of({"spb-23-payment-deadline": {"days": 99}}).duties(project(provincial=1)) == usual


def test_money_begins_to_be_paid_in_time_where_no_article_names_the_days() -> None:
    (duty,) = owed(project(EA, district=20_000_000), "local-first-payment")
    assert (duty.due, duty.done_on, duty.rule.owner) == (SIGNED + timedelta(30), None, Role.FINANCE)
    assert duty.rule.also == (Role.HANDLER,)
    paid = (Tranche(1, Source.DISTRICT, 5, ON, 5, ON), Tranche(2, Source.DISTRICT, 5, None, 5, END))
    (done,) = owed(project(EA, district=20_000_000, tranches=paid), "local-first-payment")
    assert done.done_on == ON
    assert owed(project(EA, provincial=0, district=0), "local-first-payment") == []
    assert owed(project(KEY), "local-first-payment") == []  # SPB 23 names them


def test_a_stage_report_is_reviewed_in_time() -> None:
    milestones = (Milestone(1, "样机", ON, ON, None, None), Milestone(2, "定型", END, None, None, None))
    (duty,) = owed(project(milestone_managed=True, milestones=milestones), "local-stage-review")
    assert (duty.subject, duty.since, duty.due) == ("1", ON, ON + timedelta(30))


def test_a_major_project_s_report_goes_on_to_the_government_in_time() -> None:
    reports = (AnnualReport(2024, ON, True, ON + timedelta(3)), AnnualReport(2025, None, False, None))
    (duty,) = owed(project(MAJOR, annual_reports=reports), "local-to-government")
    assert (duty.subject, duty.done_on) == ("2024", ON + timedelta(3))
    assert owed(project(KEY, annual_reports=reports), "local-to-government") == []


def test_a_change_is_decided_and_filed_in_time() -> None:
    asked = change(number=3, applied_on=ON)
    (decision,) = owed(project(EA, changes=(asked,)), "local-change-decision")
    assert (decision.subject, decision.due, decision.done_on) == ("3", ON + timedelta(20), None)
    assert owed(project(EA, changes=(asked,)), "local-platform-filing") == []
    approved = change(number=3, applied_on=ON, approved_on=ON + timedelta(9))
    (filing,) = owed(project(EA, changes=(approved,)), "local-platform-filing")
    assert (filing.since, filing.due) == (ON + timedelta(9), ON + timedelta(24))
    assert owed(project(KEY, changes=(approved,)), "local-platform-filing") == []


@pytest.mark.parametrize(
    ("conclusion", "own_fault", "rules"),
    [
        (Conclusion.PASSED, False, set()),
        (Conclusion.FAILED, False, {"local-clearing"}),
        (Conclusion.FAILED, True, {"local-clearing", "local-integrity"}),
        (Conclusion.TERMINATED, True, {"local-clearing", "local-integrity"}),
    ],
)
def test_what_follows_a_conclusion(conclusion: Conclusion, own_fault: bool, rules: set[str]) -> None:
    of = concluded(conclusion, provincial=1, after={"own_fault": own_fault})
    found = {one.rule.id for one in rulebook().duties(of) if one.open_on(ON + timedelta(1))}
    assert {one for one in found if one in {"local-clearing", "local-integrity"}} == rules
    without = concluded(conclusion, after={"own_fault": own_fault})
    assert owed(without, "local-clearing") == []


def test_a_unit_s_own_acceptance_is_filed_in_time() -> None:
    (duty,) = owed(concluded(Conclusion.PASSED, self_established=True), "local-filing")
    assert (duty.due, duty.rule.owner) == (ON + timedelta(30), Role.UNIT_MANAGER)
    assert owed(concluded(Conclusion.PASSED), "local-filing") == []


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_every_programme_has_its_time_limits_and_none_of_them_judges(programme: str) -> None:
    rules = [one for one in rulebook().programme(programme).rules if one.article == "办理期限"]
    assert len(rules) >= 6
    assert all(one.document.key == OWN and not one.judges for one in rules)
