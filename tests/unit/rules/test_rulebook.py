"""The rulebook as a whole: reasons, duties, checklists, versions of a programme."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from lifecycle.record import ChangeKind, Conclusion, ExceptionNote, Milestone, ProjectRecord, Source
from lifecycle.roles import Role
from lifecycle.rulebook import PROGRAMMES_FOLDER, Rulebook, UnknownProgrammeError, rulebook
from lifecycle.rules.base import DutyKind
from tests.unit.rules import facts
from tests.unit.rules.facts import EA, KEY, PROGRAMMES, SX
from tests.unit.rules.records import WAN, acceptance, change, record, records, tranche

CITY, DISTRICT = Source.PROVINCIAL, Source.DISTRICT
SIGNED = date(2025, 5, 1)
PAY_DAY = date(2025, 5, 20)
DAY = timedelta(days=1)


def test_the_programmes_are_the_twelve_in_order() -> None:
    assert rulebook().programmes == PROGRAMMES


def test_usual_rules_are_those_of_the_contract() -> None:
    assert rulebook().usual_rules == facts.USUAL


def test_every_rule_cites_an_article_and_says_what_it_asks() -> None:
    for name in rulebook().programmes:
        for rule in rulebook().programme(name).rules:
            assert rule.article
            assert rule.summary
            assert "{" not in rule.summary
            assert rule.citation == f"{rule.document.cited_as} {rule.article}"
            assert (rule.owner is not None) is isinstance(rule.kind, DutyKind)
            assert rule.judges or rule.guards or rule.owner, f"{rule.id} does nothing"


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
    assert payment.message == "拨付首笔财政资金（共 8.00 万元）"
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


ENDED = (Conclusion.TERMINATED, date(2025, 7, 1))


def test_nobody_owes_anything_before_signing() -> None:
    assert not rulebook().duties(record(provincial=10 * WAN))


@settings(max_examples=40, deadline=None)
@given(records())
def test_duties_come_in_the_order_they_fall_due_each_once(project: ProjectRecord) -> None:
    duties = rulebook().duties(project)
    assert [duty.due for duty in duties] == sorted(duty.due for duty in duties)
    assert all(duty.message and duty.rule.owner is not None for duty in duties)
    assert len({(duty.rule.id, duty.subject, duty.due) for duty in duties}) == len(duties)


def test_rows_of_one_tranche_due_on_one_day_are_one_duty_done_when_all_are() -> None:
    rows = [tranche(1, Source.JOINT, WAN, WAN, planned_on=PAY_DAY, paid_on=PAY_DAY - n * DAY) for n in (2, 1)]
    other_day = tranche(1, Source.JOINT, 2 * WAN, planned_on=PAY_DAY + DAY)
    paid, waiting = rulebook().duties(record(KEY, signed_on=SIGNED, tranches=(*rows, other_day)))[:2]
    assert (paid.due, paid.done_on) == (PAY_DAY, PAY_DAY - DAY)
    assert paid.message == "联合实施单位第 1 期资金 1.00 万元到位"
    assert (waiting.due, waiting.done_on) == (PAY_DAY + DAY, None)
    unpaid = (*rows, tranche(1, Source.JOINT, 3 * WAN, planned_on=PAY_DAY))
    (duty, *_) = rulebook().duties(record(KEY, signed_on=SIGNED, tranches=unpaid))
    assert duty.done_on is None
    assert duty.message == "联合实施单位第 1 期资金 3.00 万元到位"


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
        "local",
    ]
    assert kept.rule("spb-4-amount").article == "第四条"
