"""Rules about reports, changes and acceptance: the day before, at and after each step."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from lifecycle.record import AnnualReport, ChangeKind, Conclusion, Milestone, ProjectRecord, Review
from lifecycle.rulebook import rulebook
from tests.unit.rules.asking import stands, subjects
from tests.unit.rules.facts import EA, KEY, MAJOR, SX, SX_AID
from tests.unit.rules.records import acceptance, change, record

DAY = timedelta(days=1)
ON = date(2025, 5, 1)
PASSED, FAILED, TERMINATED = Conclusion.PASSED, Conclusion.FAILED, Conclusion.TERMINATED


def reporting(**facts: Any) -> ProjectRecord:
    start, end = date(2024, 6, 1), date(2026, 6, 1)
    return record(**{"start": start, "end": end, "signed_on": date(2024, 6, 1), **facts})


ANNUAL = "spb-26-annual-report"


def test_each_year_is_reported_by_the_end_of_next_january() -> None:
    assert not subjects(reporting(), ANNUAL, on=date(2025, 1, 31))
    assert subjects(reporting(), ANNUAL, on=date(2025, 2, 1)) == ["2024"]
    assert subjects(reporting(), ANNUAL) == ["2024", "2025", "2026"]


@pytest.mark.parametrize(("submitted", "late"), [(date(2025, 1, 31), False), (date(2025, 2, 1), True)])
def test_a_report_on_the_last_day_is_in_time(submitted: date, late: bool) -> None:
    report = AnnualReport(2024, submitted, True, submitted)
    project = reporting(annual_reports=(report,))
    assert stands(project, ANNUAL, "2024") is late
    assert stands(project, ANNUAL, "2024", on=date(2025, 2, 1)) is late


@pytest.mark.parametrize(
    ("start", "owed"),
    [
        (date(2024, 10, 1), True),
        (date(2024, 10, 2), False),
        (date(2024, 11, 30), False),
        (date(2024, 1, 1), True),
    ],
)
def test_a_first_year_under_three_months_is_reported_with_the_next(start: date, owed: bool) -> None:
    found = subjects(reporting(start=start), ANNUAL)
    assert found == (["2024"] if owed else []) + ["2025", "2026"]


def test_years_due_before_signing_are_not_owed() -> None:
    assert "2024" in subjects(reporting(signed_on=date(2025, 1, 31)), ANNUAL)
    assert "2024" not in subjects(reporting(signed_on=date(2025, 2, 1)), ANNUAL)
    assert not subjects(reporting(signed_on=None), ANNUAL)


@pytest.mark.parametrize(("concluded_on", "owed"), [(date(2026, 1, 31), False), (date(2026, 2, 1), True)])
@pytest.mark.parametrize("conclusion", Conclusion)
def test_nothing_is_owed_once_concluded(conclusion: Conclusion, concluded_on: date, owed: bool) -> None:
    project = reporting(acceptance=acceptance(conclusion, concluded_on))
    assert subjects(project, ANNUAL) == ["2024", *(["2025"] if owed else [])]


def test_a_report_handed_in_contains_accounts_and_a_major_one_goes_on() -> None:
    report = AnnualReport(2024, ON, False, ON + 2 * DAY)
    project = reporting(annual_reports=(report,), signed_on=None)
    for rule in ("spb-26-annual-accounts", "spb-26-annual-to-government"):
        assert not stands(project, rule, "2024", on=ON - DAY)
        assert stands(project, rule, "2024", on=ON)
        assert not stands(replace(project, self_established=True), rule, "2024", on=ON)
    assert stands(project, "spb-26-annual-to-government", "2024", on=ON + DAY)
    assert not stands(project, "spb-26-annual-to-government", "2024", on=ON + 2 * DAY)
    assert not stands(replace(project, programme=KEY), "spb-26-annual-to-government", "2024", on=ON)
    assert stands(project, "spb-26-annual-accounts", "2024")
    not_yet = replace(project, annual_reports=(AnnualReport(2024, None, False, None),))
    assert not stands(not_yet, "spb-26-annual-accounts", "2024")
    assert not stands(not_yet, "spb-26-annual-to-government", "2024")


@pytest.mark.parametrize(
    ("reported", "concluded_on", "found"),
    [
        (None, None, True),
        (ON, None, False),
        (ON + DAY, None, True),
        (None, ON, False),
        (None, ON + DAY, True),
    ],
)
def test_milestones_are_reported_on_their_day(
    reported: date | None, concluded_on: date | None, found: bool
) -> None:
    milestone = Milestone(7, "样机", ON, reported, None, None)
    end = acceptance(PASSED if concluded_on else None, concluded_on)
    project = reporting(milestones=(milestone,), milestone_managed=True, acceptance=end)
    rule = "spb-26-stage-report"
    assert stands(project, rule, "7") is found
    assert stands(project, rule, "7", on=ON + DAY) is found
    assert not stands(project, rule, "7", on=ON)
    assert not stands(replace(project, milestone_managed=False), rule, "7")
    assert not stands(replace(project, self_established=True), rule, "7")
    assert not stands(replace(project, signed_on=None), rule, "7")


@pytest.mark.parametrize(
    ("consent", "found"), [(None, True), (ON, False), (ON + DAY, True), (ON - DAY, False)]
)
def test_the_joint_unit_consents_before_the_bureau_is_asked(consent: date | None, found: bool) -> None:
    one = change(applied_on=ON, joint_consent_on=consent)
    rule = "spb-28-joint-consent"
    project = record(KEY, joint_unit="联合单位", changes=(one,))
    assert stands(project, rule, "1") is found
    assert stands(project, rule, "1", on=ON) is found
    assert not stands(project, rule, "1", on=ON - DAY)
    assert not stands(replace(project, joint_unit=None), rule, "1")
    assert not stands(replace(project, changes=(replace(one, self_decided=True),)), rule, "1")
    assert not stands(replace(project, changes=(replace(one, applied_on=None),)), rule, "1")


@pytest.mark.parametrize(("conference", "found"), [(None, True), (ON, False), (ON + DAY, True)])
def test_the_conference_decides_before_the_bureau_approves(conference: date | None, found: bool) -> None:
    one = change(applied_on=ON - DAY, approved_on=ON, conference_on=conference)
    rule = "spb-28-major-conference"
    project = record(MAJOR, changes=(one,))
    assert stands(project, rule, "1") is found
    assert not stands(project, rule, "1", on=ON - DAY)
    assert not stands(replace(project, programme=KEY), rule, "1")
    assert not stands(replace(project, self_established=True), rule, "1")
    assert not stands(replace(project, changes=(replace(one, self_decided=True),)), rule, "1")


BIG = (ChangeKind.UNIT, ChangeKind.PI, ChangeKind.EXTENSION)


@pytest.mark.parametrize("kind", ChangeKind)
def test_big_changes_of_joint_action_are_not_the_units_own_and_are_filed(kind: ChangeKind) -> None:
    own = record(EA, changes=(change(kind, self_decided=True, applied_on=ON),))
    assert stands(own, "ea-17-major-change", "1") is (kind in BIG)
    assert not stands(own, "ea-17-major-change", "1", on=ON - DAY)
    assert stands(own, "ea-17-change-filing", "1") is (kind not in BIG)
    decided = record(EA, changes=(change(kind, approved_on=ON, platform_filed_on=ON + 3 * DAY),))
    assert not stands(decided, "ea-17-major-change", "1")
    assert stands(decided, "ea-17-change-filing", "1", on=ON + 2 * DAY) is (kind in BIG)
    assert not stands(decided, "ea-17-change-filing", "1", on=ON + 3 * DAY)


@pytest.mark.parametrize("kind", ChangeKind)
def test_shanxi_projects_keep_name_unit_and_pi(kind: ChangeKind) -> None:
    frozen = kind in (ChangeKind.TITLE, ChangeKind.UNIT, ChangeKind.PI)
    rule = "sx-2-frozen"
    assert stands(record(SX, changes=(change(kind, approved_on=ON),)), rule, "1", on=ON) is frozen
    own = change(kind, self_decided=True, applied_on=ON, approved_on=ON + DAY)
    assert stands(record(SX_AID, changes=(own,)), rule, "1", on=ON) is frozen
    assert not stands(record(SX, changes=(change(kind, applied_on=ON),)), rule, "1")


def ended(conclusion: Conclusion, programme: str = MAJOR, **facts: Any) -> ProjectRecord:
    project = {key: facts.pop(key) for key in ("joint_unit", "self_established") if key in facts}
    return record(programme, acceptance=acceptance(conclusion, ON, **facts), **project)


@pytest.mark.parametrize(
    ("conference", "government", "since", "found_later"),
    [
        (None, None, ON, True),
        (ON, None, ON, True),
        (None, ON, ON, True),
        (ON, ON, None, False),
        (ON - DAY, ON, None, False),
        (ON + DAY, ON + 2 * DAY, ON, False),
        (ON + 2 * DAY, ON + DAY, ON, True),
    ],
)
def test_the_government_decides_after_the_conference(
    conference: date | None, government: date | None, since: date | None, found_later: bool
) -> None:
    rule = "spb-32-authority"
    project = ended(PASSED, conference_on=conference, government_on=government)
    assert stands(project, rule, on=ON) is (since is not None)
    assert stands(project, rule, on=ON + DAY) is (since is not None)
    assert stands(project, rule, on=ON + 2 * DAY) is found_later
    assert not stands(project, rule, on=ON - DAY)


def test_a_conclusion_before_the_government_decided_says_so_whatever_came_later() -> None:
    def message(**days: date) -> str:
        (finding,) = [
            one for one in rulebook().findings(ended(PASSED, **days), ON) if one.rule.id == "spb-32-authority"
        ]
        return finding.message

    assert (
        message(conference_on=ON + DAY, government_on=ON + DAY)
        == "验收结论作出时，联席会议审议和区政府审定尚未完成"
    )
    assert message(conference_on=ON) == "联席会议审议 2025-05-01，区政府审定 无，应先审议、后审定"


def test_only_major_projects_of_the_bureau_need_the_government() -> None:
    rule = "spb-32-authority"
    assert stands(ended(FAILED), rule)
    assert not stands(ended(TERMINATED), rule)
    assert not stands(ended(PASSED, KEY), rule)
    assert not stands(ended(PASSED, self_established=True), rule)


@pytest.mark.parametrize(
    ("conclusion", "technical", "financial", "found"),
    [
        (PASSED, Review.PASSED, Review.PASSED, False),
        (PASSED, Review.PASSED, Review.FAILED, True),
        (PASSED, None, Review.PASSED, True),
        (FAILED, Review.FAILED, Review.PASSED, False),
        (FAILED, Review.FAILED, None, True),
        (FAILED, Review.PASSED, Review.PASSED, False),
        (TERMINATED, None, None, False),
    ],
)
def test_technical_and_financial_acceptance_go_together(
    conclusion: Conclusion, technical: Review | None, financial: Review | None, found: bool
) -> None:
    project = ended(conclusion, technical=technical, financial=financial)
    assert stands(project, "spb-32-merged") is found
    assert not stands(project, "spb-32-merged", on=ON - DAY)
    assert not stands(replace(project, self_established=True), "spb-32-merged")


def test_the_joint_unit_takes_part_in_the_acceptance() -> None:
    rule = "spb-32-joint-organiser"
    assert stands(ended(PASSED, joint_unit="联合单位"), rule)
    assert not stands(ended(PASSED), rule)
    assert not stands(ended(PASSED, joint_unit="联合单位", joint_unit_took_part=True), rule)
    assert not stands(ended(TERMINATED, joint_unit="联合单位"), rule)


FOLLOW_UPS: list[tuple[str, str, dict[str, Any], set[Conclusion]]] = [
    ("spb-32-filing", "filed_on", {"self_established": True}, {PASSED, FAILED}),
    ("spb-33-clearing", "cleared_on", {"own_fault": True}, {FAILED, TERMINATED}),
    ("spb-33-integrity", "integrity_on", {"own_fault": True}, {FAILED, TERMINATED}),
    ("spb-33-integrity", "integrity_on", {"own_fault": True, "self_established": True}, {FAILED, TERMINATED}),
    ("ea-17-acceptance-filing", "platform_filed_on", {}, {PASSED, FAILED}),
    ("ea-17-recovery", "cleared_on", {}, {FAILED, TERMINATED}),
]


@pytest.mark.parametrize(("rule", "step", "facts", "asked_of"), FOLLOW_UPS)
@pytest.mark.parametrize("conclusion", Conclusion)
def test_what_follows_a_conclusion_is_missed_until_it_is_done(
    rule: str, step: str, facts: dict[str, Any], asked_of: set[Conclusion], conclusion: Conclusion
) -> None:
    programme = EA if rule.startswith("ea") else MAJOR
    project = ended(conclusion, programme, **facts, **{step: ON + 2 * DAY})
    asked = conclusion in asked_of
    days = [ON - DAY, ON, ON + DAY, ON + 2 * DAY]
    assert [stands(project, rule, on=day) for day in days] == [False, asked, asked, False]
    assert not stands(ended(conclusion, programme, **facts, **{step: ON}), rule)


def test_clearing_and_integrity_are_for_those_at_fault_and_filing_for_self_established() -> None:
    assert not stands(ended(FAILED), "spb-33-clearing")
    assert not stands(ended(FAILED), "spb-33-integrity")
    assert not stands(ended(FAILED, own_fault=True, self_established=True), "spb-33-clearing")
    assert not stands(ended(PASSED), "spb-32-filing")


@pytest.mark.parametrize(("returned", "found"), [(99, True), (100, False), (101, False)])
def test_what_must_come_back_has_come_back(returned: int, found: bool) -> None:
    assert stands(ended(FAILED, EA, to_return=100, returned=returned), "ea-17-refund") is found
    assert not stands(ended(PASSED, EA, to_return=100, returned=returned), "ea-17-refund")


@pytest.mark.parametrize(("goals", "found"), [(None, True), (3, True), (4, False)])
def test_shanxi_exchange_projects_meet_four_goals(goals: int | None, found: bool) -> None:
    assert stands(ended(PASSED, SX, goals_met=goals), "sx-1-goals") is found
    assert not stands(ended(FAILED, SX, goals_met=goals), "sx-1-goals")
    assert not stands(ended(PASSED, SX_AID, goals_met=goals), "sx-1-goals")
