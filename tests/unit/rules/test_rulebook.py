"""The rulebook as a whole: reasons, duties, checklists, versions of a programme."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from lifecycle.record import Change, ChangeKind, ExceptionNote, Milestone, Nature, ProjectRecord, Source
from lifecycle.roles import Role
from lifecycle.rulebook import PROGRAMMES_FOLDER, Mark, Rulebook, UnknownProgrammeError, rulebook
from lifecycle.rules.base import Act, DutyKind
from tests.unit.rules import oracle
from tests.unit.rules.oracle import CY, EA, KEY, MAJOR, PROGRAMMES, SX
from tests.unit.rules.records import WAN, acceptance, change, partner, record, records, tranche

CITY, DISTRICT = Source.PROVINCIAL, Source.DISTRICT
SIGNED = date(2025, 5, 1)
PAY_DAY = date(2025, 5, 20)
DAY = timedelta(days=1)


def test_the_programmes_are_the_twelve_in_order() -> None:
    assert rulebook().programmes == PROGRAMMES


def test_usual_rules_are_those_of_the_contract() -> None:
    assert rulebook().usual_rules == oracle.USUAL


def test_every_rule_cites_an_article_and_says_what_it_asks() -> None:
    for name in rulebook().programmes:
        for rule in rulebook().programme(name).rules:
            assert rule.article
            assert rule.summary
            assert "{" not in rule.summary
            assert rule.citation == f"{rule.document.cited_as} {rule.article}"
            assert (rule.owner is not None) is isinstance(rule.kind, DutyKind)
            assert rule.judges or rule.guards, f"{rule.id} does nothing"


def test_a_programme_nobody_described_is_refused() -> None:
    with pytest.raises(UnknownProgrammeError):
        rulebook().findings(record("没有的计划"), PAY_DAY)


def test_a_reason_stands_beside_a_usual_finding_from_its_own_day() -> None:
    note = ExceptionNote("spb-16-period", "", "攻关周期长", PAY_DAY)
    project = record(start=date(2024, 6, 1), end=date(2028, 6, 1), exceptions=(note,))
    (finding,) = [one for one in rulebook().findings(project, PAY_DAY) if one.rule.id == "spb-16-period"]
    assert finding.reason_on(PAY_DAY) == "攻关周期长"
    assert finding.reason_on(PAY_DAY - DAY) is None


def test_a_reason_excuses_only_its_own_subject() -> None:
    changes = tuple(change(ChangeKind.TITLE, number=number, approved_on=SIGNED) for number in (1, 2))
    note = ExceptionNote("sx-2-frozen", "2", "单位更名", SIGNED)
    project = record(SX, changes=changes, exceptions=(note,))
    frozen = [one for one in rulebook().findings(project, PAY_DAY) if one.rule.id == "sx-2-frozen"]
    assert [(one.subject, one.reason_on(PAY_DAY)) for one in frozen] == [("1", None), ("2", "单位更名")]


@settings(max_examples=60, deadline=None)
@given(records())
def test_findings_of_one_rule_and_subject_never_overlap(project: ProjectRecord) -> None:
    spans: dict[tuple[str, str], list[tuple[date, date]]] = {}
    for one in rulebook().judge(project):
        assert one.until is None or one.since < one.until
        assert one.message
        spans.setdefault((one.rule.id, one.subject), []).append((one.since, one.until or date.max))
    for alike in spans.values():
        ordered = sorted(alike)
        assert all(before[1] <= after[0] for before, after in pairwise(ordered))


# --- Duties ---


def owed(project: ProjectRecord) -> dict[tuple[str, str], Any]:
    return {(duty.rule.id, duty.subject): duty for duty in rulebook().duties(project)}


def test_duties_say_who_owes_what_by_when_and_whether_it_is_done() -> None:
    project = record(
        KEY,
        provincial=0,
        district=8 * WAN,
        signed_on=SIGNED,
        milestone_managed=True,
        tranches=(
            tranche(1, DISTRICT, 8 * WAN, 8 * WAN, paid_on=PAY_DAY),
            tranche(2, Source.JOINT, WAN, planned_on=PAY_DAY),
        ),
        milestones=(Milestone(3, "样机", date(2025, 9, 30), None, None, None),),
        acceptance=acceptance(None, None),
    )
    duties = owed(project)
    payment = duties["spb-23-payment-deadline", ""]
    assert (payment.rule.owner, payment.due, payment.done_on) == (Role.FINANCE, date(2025, 5, 31), PAY_DAY)
    assert payment.message == "拨付财政资金 8.00 万元"
    assert not payment.open_on(PAY_DAY)
    assert duties["spb-23-joint-payment", "2"].rule.owner is Role.JOINT_UNIT
    assert duties["spb-26-stage-report", "3"].rule.owner is Role.PI
    assert duties["spb-26-stage-report", "3"].message == "提交第 3 个里程碑“样机”的阶段报告"
    annual = [duty for (rule, _), duty in duties.items() if rule == "spb-26-annual-report"]
    assert [(duty.subject, duty.due) for duty in annual] == [
        ("2024", date(2026, 1, 31) - timedelta(days=365)),
        ("2025", date(2026, 1, 31)),
        ("2026", date(2027, 1, 31)),
    ][1:]
    assert annual[0].message == "提交 2025 年度报告及阶段经费决算"
    assert annual[0].open_on(SIGNED)


def test_own_money_is_done_only_in_full_and_owed_by_the_unit() -> None:
    row = tranche(1, Source.OWN, 5 * WAN, 4 * WAN, planned_on=PAY_DAY, paid_on=PAY_DAY)
    duty = owed(record(EA, signed_on=SIGNED, tranches=(row,)))["ea-15-self-raised", "1"]
    assert (duty.rule.owner, duty.due, duty.done_on) == (Role.UNIT_MANAGER, PAY_DAY, None)
    full = record(EA, signed_on=SIGNED, tranches=(replace(row, paid=5 * WAN),))
    assert owed(full)["ea-15-self-raised", "1"].done_on == PAY_DAY


def test_a_conclusion_closes_every_duty() -> None:
    project = record(signed_on=SIGNED, end=date(2027, 1, 1), acceptance=acceptance(*ENDED))
    duties = rulebook().duties(project)
    assert duties
    assert all(duty.closed_on == ENDED[1] and not duty.open_on(ENDED[1]) for duty in duties)


ENDED = (oracle.Conclusion.TERMINATED, date(2025, 7, 1))


def test_nobody_owes_anything_before_signing() -> None:
    assert not rulebook().duties(record(provincial=10 * WAN))


@settings(max_examples=40, deadline=None)
@given(records())
def test_duties_come_in_the_order_they_fall_due_each_once(project: ProjectRecord) -> None:
    duties = rulebook().duties(project)
    assert [duty.due for duty in duties] == sorted(duty.due for duty in duties)
    assert all(duty.message and duty.rule.owner is not None for duty in duties)


# --- Checklists ---

READY = record(
    KEY,
    nature=Nature.RESEARCH,
    district=10 * WAN,
    signed_on=SIGNED,
    signatories=(oracle.Signatory.DISTRICT, oracle.Signatory.UNIT),
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
    end = acceptance(oracle.Conclusion.PASSED, PAY_DAY, technical=oracle.Review.PASSED)
    asked = marks(record(joint_unit="联合单位", acceptance=end), Act.CONCLUDE)
    assert asked == {
        "spb-32-authority": Mark.NOT_HELD,
        "spb-32-merged": Mark.NOT_HELD,
        "spb-32-joint-organiser": Mark.NOT_HELD,
    }
    passed = oracle.Review.PASSED
    days = {"conference_on": PAY_DAY, "government_on": PAY_DAY}
    good = replace(end, financial=passed, joint_unit_took_part=True, **days)
    assert set(marks(record(joint_unit="联合单位", acceptance=good), Act.CONCLUDE).values()) == {Mark.HELD}
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


# --- Versions ---


def two_versions(folder: Path) -> Rulebook:
    (folder / "documents").mkdir()
    for year, most in ((2024, 30), (2026, 40)):
        (folder / "documents" / f"{year}.toml").write_text(
            f'key = "d{year}"\ncited_as = "文〔{year}〕1号"\ntitle = "办法"\nissuer = "某局"\n'
            f"issued_on = {year}-01-01\n",
            "utf-8",
        )
        (folder / f"p{year}.toml").write_text(
            f'name = "计划"\norder = 1\ndocument = "d{year}"\nin_force_from = {year}-01-01\n[[rules]]\n'
            f'id = "r{year}"\nkind = "amount-range"\narticle = "第一条"\nstrength = "must"\n'
            f'summary = "不超过 {{most}}"\nparams = {{ of = "财政资金", most = "{most}万元" }}\n',
            "utf-8",
        )
    return Rulebook.load(folder)


@pytest.mark.parametrize(
    ("signed", "document"),
    [
        (date(2023, 6, 1), "d2024"),
        (date(2024, 1, 1), "d2024"),
        (date(2025, 12, 31), "d2024"),
        (date(2026, 1, 1), "d2026"),
        (date(2030, 1, 1), "d2026"),
        (None, "d2026"),
    ],
)
def test_a_project_keeps_the_version_in_force_at_signing(
    tmp_path: Path, signed: date | None, document: str
) -> None:
    book = two_versions(tmp_path)
    assert book.programmes == ("计划",)
    assert book.programme("计划", signed).document.key == document
    project = record("计划", provincial=35 * WAN, signed_on=signed)
    expected = ["r2024"] if document == "d2024" else []
    assert [one.rule.id for one in book.findings(project, PAY_DAY)] == expected


def test_the_kept_rulebook_is_the_one_that_comes_with_keguan() -> None:
    kept = rulebook()
    assert kept is rulebook()
    assert kept.programmes == Rulebook.load(PROGRAMMES_FOLDER).programmes
    assert [document.key for document in kept.documents] == [
        "spb-2023",
        "ea-2024",
        "cy-2024",
        "sc-2024",
        "sx-2024",
    ]
    assert kept.rule("spb-4-amount").article == "第四条"
