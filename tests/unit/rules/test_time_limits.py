"""What an agency wants done within so many days of something, where no regulation names a day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from lifecycle.acceptance.way import StepKey, filings_after
from lifecycle.aftermath import clearing_asked_by
from lifecycle.changes.routing import Step, route_of
from lifecycle.record import AnnualReport, ChangeKind, Conclusion, Milestone, ProjectRecord, Source, Tranche
from lifecycle.roles import Role
from lifecycle.rulebook import rulebook, rulebook_of
from lifecycle.rules.base import Duty
from lifecycle.rules.loading import OWN
from lifecycle.rules.time_limits import PlatformFiling, WithinDays
from tests.unit.rules.facts import CY, EA, KEY, MAJOR, PROGRAMMES
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
    assert duty.rule.cited(duty.asked_by) == "沙科局发〔2023〕41号 第三十二条；期限：本局工作要求"
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


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_only_an_act_that_no_article_asks_goes_without_a_limit(programme: str) -> None:
    names = [one.id for one in rulebook().programme(programme).rules if isinstance(one.kind, WithinDays)]
    zero = rulebook_of({name: {"days": 0} for name in names}).programme(programme).rules
    silent = {one.id for one in zero if isinstance(one.kind, WithinDays) and not one.kind.days}
    allowed = {"local-turn-pi", "local-turn-unit-manager", "local-turn-unit-finance", "local-turn-expert"}
    assert silent == allowed | {"local-receipt"}
    assert silent == {one.id for one in zero if isinstance(one.kind, WithinDays) and not one.is_needed}


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


@pytest.mark.parametrize("programme", PROGRAMMES)
@pytest.mark.parametrize("self_decided", [False, True])
def test_a_change_is_filed_by_whoever_decided_it_and_by_nobody_else(
    programme: str, self_decided: bool
) -> None:
    of = project(
        programme,
        changes=(
            change(number=4, kind=ChangeKind.MEMBERS, applied_on=ON, self_decided=True)
            if self_decided
            else change(number=4, kind=ChangeKind.EXTENSION, applied_on=ON, approved_on=ON),
        ),
    )
    filings = [one for one in rulebook().duties(of) if isinstance(one.rule.kind, PlatformFiling)]
    routed = [one for one in route_of(of, of.changes[0].kind, self_decided) if one.step is Step.FILE]
    assert [(one.rule.owner, one.asked_by) for one in filings] == [(one.who, one.citation) for one in routed]
    assert len(filings) == (programme == EA)


@pytest.mark.parametrize("programme", PROGRAMMES)
@pytest.mark.parametrize("conclusion", Conclusion)
def test_a_conclusion_goes_to_the_platform_where_its_article_asks_it(
    programme: str, conclusion: Conclusion
) -> None:
    of = project(programme, acceptance=acceptance(conclusion, ON))
    asked = StepKey.PLATFORM in filings_after(of, conclusion)
    assert asked == (programme == EA and conclusion is not Conclusion.TERMINATED)
    assert len(owed(of, "local-conclusion-to-platform")) == asked


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
    of = concluded(conclusion, tranches=PAID, after={"own_fault": own_fault})
    found = {one.rule.id for one in rulebook().duties(of) if one.open_on(ON + timedelta(1))}
    assert {one for one in found if one in {"local-clearing", "local-integrity"}} == rules


OWN_ONLY = (Tranche(1, Source.OWN, 5, ON, 5, ON),)
PAID = (Tranche(1, Source.DISTRICT, 5, ON, 5, ON),)
UNPAID = (Tranche(1, Source.DISTRICT, 5, ON, 0, None),)


@pytest.mark.parametrize("programme", PROGRAMMES)
@pytest.mark.parametrize("conclusion", [Conclusion.FAILED, Conclusion.TERMINATED])
@pytest.mark.parametrize("own_fault", [False, True])
@pytest.mark.parametrize("tranches", [(), OWN_ONLY, UNPAID, PAID])
def test_accounts_are_cleared_where_an_article_asks_it_or_public_money_was_paid(
    programme: str, conclusion: Conclusion, own_fault: bool, tranches: tuple[Tranche, ...]
) -> None:
    done = {"conclusion": conclusion, "concluded_on": ON, "own_fault": own_fault}
    of = project(programme, district=10, tranches=tranches, acceptance=acceptance(**done))
    article = {EA: "渝科局发〔2024〕92号 第十七条"}.get(programme)
    if own_fault and programme in (KEY, MAJOR):
        article = "沙科局发〔2023〕41号 第三十三条"
    found = owed(of, "local-clearing")
    assert [one.asked_by for one in found] == ([article] if article or tranches == PAID else [])
    expected = article or ("本局工作要求 财务清算" if tranches == PAID else None)
    assert clearing_asked_by(of) == expected  # what opens a clearing is what owes it
    cleared = project(programme, tranches=tranches, acceptance=acceptance(**done, cleared_on=END))
    assert [one.done_on for one in owed(cleared, "local-clearing")] == [END] * len(found)


CITED = {
    "local-acceptance-application": ("第三十二条", "第十七条"),
    "local-conclusion": ("第三十二条", "第十七条"),
    "local-change-decision": ("第二十八条", "第十七条"),
    "local-to-government": ("第二十六条", None),
    "local-integrity": ("第三十三条", None),
    "local-clearing": ("第三十三条", "第十七条"),
    "local-platform-filing": (None, "第十七条"),
    "local-first-payment": (None, "第十五条"),
    "local-turn-handler": ("第五条", "第四条"),
    "local-receipt": (None, None),
}


@pytest.mark.parametrize("rule_id", CITED)
@pytest.mark.parametrize("programme", [MAJOR, EA, CY])
def test_an_act_is_cited_by_the_article_that_asks_it_and_its_days_as_the_bureau_s(
    programme: str, rule_id: str
) -> None:
    rules = [one for one in rulebook().programme(programme).rules if one.id == rule_id]
    done = acceptance(Conclusion.FAILED, ON, own_fault=True)
    articles = dict(zip((MAJOR, EA), CITED[rule_id], strict=True))
    documents = {MAJOR: "沙科局发〔2023〕41号", EA: "渝科局发〔2024〕92号"}
    article = articles.get(programme)
    for rule in rules:
        asked_by = rule.asked_by(project(programme, acceptance=done))
        assert asked_by == (f"{documents[programme]} {article}" if article else None)
        told = f"{asked_by}；期限：本局工作要求" if article else "本局工作要求 办理期限"
        assert rule.cited(asked_by) == told
    assert bool(rules) or article is None


def test_a_unit_s_own_acceptance_is_filed_in_time() -> None:
    (duty,) = owed(concluded(Conclusion.PASSED, self_established=True), "local-filing")
    assert (duty.due, duty.rule.owner) == (ON + timedelta(30), Role.UNIT_MANAGER)
    assert owed(concluded(Conclusion.PASSED), "local-filing") == []


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_every_programme_has_its_time_limits_and_none_of_them_judges(programme: str) -> None:
    rules = [one for one in rulebook().programme(programme).rules if one.article == "办理期限"]
    assert len(rules) >= 6
    assert all(one.document.key == OWN and not one.judges for one in rules)
