"""A project's page: what each tab says, to whom, and where it leads."""

from __future__ import annotations

import re
from datetime import date
from io import BytesIO
from urllib.parse import unquote
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from finance.proposing import propose
from lifecycle.addresses import number_to_path, path_to_number, project_path
from lifecycle.audit import append
from lifecycle.database import begin_write
from lifecycle.models import AuditEntry
from lifecycle.models import Tranche as TrancheRow
from lifecycle.record import (
    AnnualReport,
    Change,
    ChangeKind,
    Milestone,
    Partner,
    Signatory,
    Source,
    Tranche,
)
from lifecycle.roles import Role
from tests.web.projects import OWNERS, SEERS, TABS, TODAY, AsRole, Make, links
from tests.web.site import UNIT, People


@pytest.fixture(autouse=True)
def _on_that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "today", lambda: TODAY)


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_opens_for_everybody_who_may_see_the_project(
    as_role: AsRole, make_project: Make, tab: str
) -> None:
    make_project(
        "KG-1",
        changes=(Change(1, ChangeKind.PI, False, TODAY, None, None, None, None, "张三", "李四", None),),
        milestones=(Milestone(1, "样机", date(2026, 5, 1), None, None, None),),
        milestone_managed=True,
    )
    for role in SEERS:
        answer = as_role(role).get(f"/projects/KG-1?tab={tab}")
        assert answer.status_code == 200, role
        assert "山区智能灌溉关键技术研究" in answer.text


def test_the_strip_says_who_what_and_how_far(as_role: AsRole, make_project: Make) -> None:
    make_project(
        "KG-1", tranches=(Tranche(1, Source.DISTRICT, 14_000_000, date(2026, 2, 10), 7_000_000, TODAY),)
    )
    text = as_role(Role.HANDLER).get("/projects/KG-1").text
    for words in (
        "KG-1",
        "沙坪坝区科技攻关重点专项",
        "实施中",
        UNIT,
        "李工",
        "2026-01-01–2027-12-31，还有 549 天",
    ):
        assert words in text
    assert "已拨 <b>7.00</b> / 计划 14.00 万元" in text
    assert "竖线为 80%" in text


def test_what_must_be_done_next_stands_above_the_tabs_with_its_step(
    as_role: AsRole, make_project: Make
) -> None:
    make_project("KG-1")
    text = as_role(Role.HANDLER).get("/projects/KG-1").text
    above, _, _ = text.partition('id="tabs"')
    for words in ("拨付首笔财政资金（共 20.00 万元）", "科技局财务", "2026-02-14（周六）", "逾期 136 天"):
        assert words in above
    assert 'href="/projects/KG-1?tab=money#tabs">核对拨付</a>' in above
    assert 'href="/rulebook/#spb-23-payment-deadline"' in above


@pytest.mark.parametrize(
    ("role", "button"),
    [(Role.HANDLER, True), (Role.APPROVER, False), (Role.AUDITOR, False), (Role.PI, False)],
)
def test_the_one_button_is_for_whose_turn_it_is(
    as_role: AsRole, make_project: Make, role: Role, button: bool
) -> None:
    make_project("KG-1")
    text = as_role(role).get("/projects/KG-1").text
    assert ("核对并提出拨付（第 1 期）" in text) is button
    assert text.count("btn-primary") == int(button)


def test_the_button_goes_on_to_the_other_source_and_never_past_an_unpaid_tranche(
    as_role: AsRole, make_project: Make, session: Session, people: People
) -> None:
    day = date(2026, 2, 10)
    plan = [
        Tranche(1, Source.PROVINCIAL, 3_000_000, day, 0, None),
        Tranche(1, Source.DISTRICT, 4_000_000, day, 0, None),
        Tranche(2, Source.DISTRICT, 1_000_000, day, 0, None),
    ]
    funds = {"provincial": 3_000_000, "district": 5_000_000, "joint_unit": None}
    project = make_project("KG-1", tranches=tuple(plan), **funds)
    query = select(TrancheRow.id).where(TrancheRow.project_id == project.id).order_by(TrancheRow.position)
    first, second, _ = session.scalars(query).all()
    browser = as_role(Role.HANDLER)
    for tranche in (first, second):
        assert f'btn-primary" href="/money/tranches/{tranche}"' in browser.get("/projects/KG-1").text
        propose(session, people.a[Role.HANDLER].actor, tranche, TODAY, {})
    assert "btn-primary" not in browser.get("/projects/KG-1").text
    approver = as_role(Role.APPROVER).get("/projects/KG-1").text
    assert f'btn-primary" href="/money/tranches/{first}"' in approver
    assert "核对并审批（第 1 期）" in approver


def test_a_pi_is_not_sent_to_pages_she_may_not_open(as_role: AsRole, make_project: Make) -> None:
    make_project("KG-1")
    for role in OWNERS:
        browser = as_role(role)
        for tab in TABS:
            found = re.findall(r'href="(/[^"#?]*)', browser.get(f"/projects/KG-1?tab={tab}").text)
            for address in {one for one in found if not one.startswith("/static")}:
                assert browser.get(address).status_code == 200, address


ODD_NUMBERS = (
    "沙科/2026/01",
    "a//b",
    "/a",
    "a/",
    ".",
    "..",
    "a/../b",
    "~a",
    "~",
    "#1",
    "a?b=c",
    "50%",
    "%2F",
    "第 1 号",
    "a\\b",
    "a&b+c;d",
    "'\"<b>",
    "?",
    "export",
)


@pytest.mark.parametrize("number", ODD_NUMBERS)
def test_a_number_may_be_anything(as_role: AsRole, make_project: Make, number: str) -> None:
    make_project(number)
    browser = as_role(Role.HANDLER)
    assert links(browser.get("/projects/")) == [number]
    answer = browser.get(project_path(number))
    assert answer.status_code == 200
    tabs = re.findall(r'<li><a href="(/projects/[^"#]+)#tabs"', answer.text)
    assert len(tabs) >= 5
    for address in tabs:
        assert browser.get(address.replace("&amp;", "&")).status_code == 200


@given(st.text(min_size=1))
def test_a_number_comes_back_from_its_path(number: str) -> None:
    number = number.encode("utf-8", "ignore").decode() or "1"
    path = number_to_path(number)
    assert path_to_number(unquote(path)) == number
    assert not {"", ".", ".."} & set(path.split("/"))
    assert path.isascii()
    assert not set(path) & set('?#\\ "<>')


def test_nothing_typed_becomes_markup(as_role: AsRole, make_project: Make, session: Session) -> None:
    evil = "<script>alert('x')</script>"
    project = make_project(
        evil,
        title=evil,
        lead_unit=evil,
        pi_name=evil,
        bank_name=evil,
        partners=(Partner(evil, None, "重庆市", 0, None, None),),
        changes=(Change(1, ChangeKind.PI, False, TODAY, None, None, None, None, evil, evil, evil),),
        milestones=(Milestone(1, evil, date(2026, 5, 1), None, None, None),),
        milestone_managed=True,
        pi_email=None,
    )
    begin_write(session)
    entry = AuditEntry(
        agency_id=project.agency_id,
        project_id=project.id,
        actor_name=evil,
        at=clock.now(),
        action="x",
        summary=evil,
        citation=evil,
        details={"old": evil, "new": "b", "note": evil, "reasons": {evil: evil}},
    )
    append(session, [entry])
    session.commit()
    browser = as_role(Role.HANDLER)
    addresses = ["/projects/", f"/projects/?q={evil}", "/", "/duties/", "/rulebook/?q=" + evil]
    for address in [*addresses, *(f"{project_path(evil)}?tab={tab}" for tab in TABS)]:
        answer = browser.get(address)
        assert answer.status_code == 200, address
        assert "<script>alert" not in answer.text, address
    assert "alert(" in browser.get(f"{project_path(evil)}?tab=history").text


def test_the_money_tab_shows_each_tranche_and_leads_on(as_role: AsRole, make_project: Make) -> None:
    make_project("KG-1")
    text = as_role(Role.HANDLER).get("/projects/KG-1?tab=money").text
    assert "区（县）级财政 第 1 期" in text
    assert "逾期 140 天" in text
    assert re.search(r'<a class="step" href="/money/tranches/\d+">核对并提出拨付</a>', text)
    assert "/money/" not in as_role(Role.PI).get("/projects/KG-1?tab=money").text


def test_reports_are_beside_what_is_owed(as_role: AsRole, make_project: Make) -> None:
    make_project(
        "KG-1",
        start=date(2024, 1, 1),
        signed_on=date(2024, 1, 15),
        annual_reports=(AnnualReport(2024, date(2025, 2, 5), False, None),),
    )
    text = as_role(Role.HANDLER).get("/projects/KG-1?tab=reports").text
    for words in ("2024 年度", "逾期提交", "2025-02-05（周三）", "未含", "2025 年度", "逾期 150 天"):
        assert words in text


def test_findings_come_with_article_and_reason(as_role: AsRole, make_project: Make) -> None:
    make_project("KG-1", separate_account=False, signatories=(Signatory.DISTRICT,))
    text = as_role(Role.HANDLER).get("/projects/KG-1?tab=compliance").text
    for words in ("项目资金未实行专账管理", "沙科局发〔2023〕41号", "第二十九条", "自 2026-01-15（周四）起"):
        assert words in text
    assert "spb-29-separate-account" not in re.sub(r'href="[^"]*"', "", text)
    assert "没有发现问题的规定" in text


def test_a_project_without_anything_has_a_page(as_role: AsRole, make_project: Make) -> None:
    make_project(
        "KG-1", signed_on=None, signatories=(), tranches=(), district=0, own=0, requested=None, nature=None
    )
    browser = as_role(Role.HANDLER)
    for tab in TABS:
        assert browser.get(f"/projects/KG-1?tab={tab}").status_code == 200
    assert "近期没有到期的事项" in browser.get("/projects/KG-1").text
    assert "任务书签订后" in browser.get("/projects/KG-1?tab=duties").text
    assert "还没有办理记录" in browser.get("/projects/KG-1?tab=history").text


def test_history_says_who_did_what_when_and_why(
    as_role: AsRole, make_project: Make, session: Session
) -> None:
    project = make_project("KG-1")
    begin_write(session)
    entries = [
        AuditEntry(
            agency_id=project.agency_id,
            project_id=project.id,
            actor_name="陈晓红",
            at=clock.now(),
            action="tranche.propose",
            summary=f"提出拨付第 {number} 次",
            citation="沙科局发〔2023〕41号 第二十三条",
            details={
                "old": "计划",
                "new": "待审批",
                "amount_fen": 5,
                "reasons": {"spb-23-first-ratio": "设备分批采购"},
                "note": "请核对账号",
                "changes": [{"field": "实施结束", "old": "2026-12-31", "new": None}, "?"],
            },
        )
        for number in range(25)
    ]
    append(session, entries)
    session.commit()
    browser = as_role(Role.AUDITOR)
    text = browser.get("/projects/KG-1?tab=history").text
    for words in (
        "提出拨付第 24 次",
        "陈晓红",
        "由“计划”变为“待审批”",
        "对沙科局发〔2023〕41号 第二十三条的说明：设备分批采购",
        "意见：请核对账号",
        "实施结束：2026-12-31 → （空）",
        f"序号 {entries[-1].serial}，校验值 {entries[-1].hash[:8]}",
    ):
        assert words in text
    assert "提出拨付第 4 次" not in text
    assert "提出拨付第 4 次" in browser.get("/projects/KG-1?tab=history&page=2").text
    assert "tranche.propose" not in text
    assert "amount_fen" not in text


def test_whoever_looks_after_or_audits_a_project_takes_its_bundle(
    as_role: AsRole, make_project: Make
) -> None:
    make_project("KG/1 甲")
    for role in (Role.HANDLER, Role.APPROVER, Role.AUDITOR):
        browser = as_role(role)
        assert "下载审计资料包" in browser.get(f"{project_path('KG/1 甲')}?tab=history").text
        answer = browser.get(f"/audit/bundles/{number_to_path('KG/1 甲')}")
        assert answer.mimetype == "application/zip"
        with ZipFile(BytesIO(answer.data)) as bundle:
            assert "verify.py" in bundle.namelist()
    assert "下载审计资料包" not in as_role(Role.PI).get(f"{project_path('KG/1 甲')}?tab=history").text
    assert as_role(Role.AUDITOR).get("/audit/bundles/none").status_code == 404
