"""The list of projects, its export and a project's page, as people of every role see them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from io import BytesIO
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import clock
from app.demo.records import make_records
from app.projects.asking import MOST_TEXT, read_filter
from finance.proposing import propose
from lifecycle.addresses import number_to_path, path_to_number, project_path
from lifecycle.database import begin_write
from lifecycle.listing import PER_PAGE, Filter, list_projects
from lifecycle.models import AuditEntry, Project
from lifecycle.models import Tranche as TrancheRow
from lifecycle.money import YUAN
from lifecycle.record import (
    AnnualReport,
    Change,
    ChangeKind,
    Milestone,
    Partner,
    ProjectRecord,
    Signatory,
    Source,
    Tranche,
)
from lifecycle.roles import Role
from lifecycle.standing import keep
from lifecycle.storing import add_projects
from tests.plugins.counting import Counting
from tests.web.site import JOINT_UNIT, UNIT, Browser, People

TODAY = date(2026, 6, 30)
TABS = ("overview", "money", "reports", "changes", "acceptance", "compliance", "duties", "history")
SEERS = (Role.HANDLER, Role.APPROVER, Role.FINANCE, Role.AUDITOR, Role.PI, Role.UNIT_MANAGER, Role.JOINT_UNIT)
OWNERS = (Role.PI, Role.UNIT_MANAGER, Role.JOINT_UNIT)

Make = Callable[..., Project]
AsRole = Callable[[Role], Browser]


@pytest.fixture(autouse=True)
def _on_that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "today", lambda: TODAY)


def store(session: Session, agency_id: int, records: list[ProjectRecord]) -> None:
    """Store projects with what stands of them."""
    begin_write(session)
    ids = add_projects(session, agency_id, records)
    keep(session, agency_id, zip(ids, records, strict=True), fresh=True)
    session.commit()


@pytest.fixture
def many(session: Session, people: People) -> list[ProjectRecord]:
    """A hundred and twenty likely projects of agency A."""
    records = list(make_records(120, TODAY))
    store(session, people.agency_a, records)
    return records


def links(answer: TestResponse) -> list[str]:
    """Return the numbers of the projects that a list links to, in its order."""
    found = re.findall(r'class="k-link"[^>]*><a href="/projects/([^"]+)"', answer.text)
    return [path_to_number(unquote(path)) for path in found]


def rows(answer: TestResponse) -> Iterator[tuple[object, ...]]:
    """Yield the rows of an exported workbook below its header."""
    page = load_workbook(BytesIO(answer.data)).worksheets[0]
    yield from page.iter_rows(min_row=4, values_only=True)


# The list.


def test_the_list_shows_every_project_with_its_facts(as_role: AsRole, make_project: Make) -> None:
    make_project("KG-1", title="石墨烯导热膜")
    answer = as_role(Role.HANDLER).get("/projects/")
    assert links(answer) == ["KG-1"]
    for words in ("石墨烯导热膜", UNIT, "李工", "实施中", "2027-12-31", "20.00", "项不符合", "逾期 136 天"):
        assert words in answer.text
    assert "共 <b>1</b> 个项目，财政资金 <b>20.00</b> 万元" in answer.text


def test_an_empty_list_says_what_to_do_next(as_role: AsRole) -> None:
    assert "导入台账" in as_role(Role.HANDLER).get("/projects/").text
    assert "还没有您可以查看的项目" in as_role(Role.AUDITOR).get("/projects/").text


def test_chips_show_what_is_on_and_each_clears_itself_alone(
    as_role: AsRole, many: list[ProjectRecord]
) -> None:
    browser = as_role(Role.HANDLER)
    programme = many[0].programme
    answer = browser.get("/projects/", query_string={"programme": programme, "year": "2025", "sort": "-end"})
    chips = re.findall(r'<a class="chip" href="([^"]+)"><span>([^<]+)<b>([^<]+)</b>', answer.text)
    assert [(label, value) for _, label, value in chips] == [
        ("计划类别：", programme),
        ("立项年度：", "2025 年"),
    ]
    without = browser.get("/projects/" + chips[0][0].replace("&amp;", "&"))
    assert "立项年度：" in without.text
    assert "计划类别：<b>" not in without.text
    assert 'aria-sort="descending"' in without.text
    cleared = re.search(r'class="chip-clear" href="([^"]+)"', answer.text)
    assert cleared
    assert 'class="chip"' not in browser.get(cleared[1].replace("&amp;", "&")).text


def test_a_filter_that_finds_nothing_says_so_and_offers_the_way_back(
    as_role: AsRole, make_project: Make
) -> None:
    make_project()
    answer = as_role(Role.HANDLER).get("/projects/?q=zzzz")
    assert links(answer) == []
    assert "没有符合条件的项目" in answer.text
    assert "清除全部条件" in answer.text


def test_a_header_sorts_up_and_then_down(as_role: AsRole, many: list[ProjectRecord]) -> None:
    browser = as_role(Role.HANDLER)
    by_end = {record.number: record.end for record in many}
    for sort in ("end", "-end"):
        found = [by_end[number] for number in links(browser.get(f"/projects/?sort={sort}&size=100"))]
        assert found == sorted(found, reverse=sort.startswith("-"))
    assert 'href="?sort=-end&amp;size=100"' in browser.get("/projects/?sort=end").text
    assert 'href="?size=100&amp;sort=end"' in browser.get("/projects/").text


def test_pages_are_turned_and_one_beyond_the_end_is_the_last(
    as_role: AsRole, many: list[ProjectRecord]
) -> None:
    browser = as_role(Role.HANDLER)
    seen = [number for page in (1, 2, 3) for number in links(browser.get(f"/projects/?page={page}"))]
    assert seen == sorted(record.number for record in many)
    assert links(browser.get("/projects/?page=99")) == seen[100:]


def test_the_page_size_is_kept_for_the_next_visit(as_role: AsRole, many: list[ProjectRecord]) -> None:
    browser = as_role(Role.HANDLER)
    assert len(links(browser.get("/projects/?size=20"))) == 20
    assert len(links(browser.get("/projects/"))) == 20
    assert len(links(browser.get("/projects/?size=100"))) == 100
    assert len(many) == 120


@pytest.mark.parametrize(
    "odd",
    [
        "page=abc",
        "page=-3",
        "page=0",
        "page=1e3",
        "page=" + "9" * 300,
        "page=%EF%BC%92",
        "year=x",
        "year=99999999999999999999",
        "year=-1",
        "size=7",
        "size=",
        "sort=nonsense",
        "sort=--number",
        "stage=nowhere",
        "findings=maybe",
        "page=1&page=2&year=",
        "unknown=1",
        "q=%00",
        "q=%ED%A0%80",
        "q=%FF",
    ],
)
def test_what_an_address_says_wrongly_is_not_asked(as_role: AsRole, make_project: Make, odd: str) -> None:
    make_project("KG-1")
    browser = as_role(Role.HANDLER)
    for path in ("/projects/", "/duties/", "/rulebook/", "/projects/KG-1", "/exports/projects.xlsx"):
        assert browser.get(f"{path}?{odd}").status_code == 200, path
    if not odd.startswith("q="):
        answer = browser.get(f"/projects/?{odd}")
        assert links(answer) == ["KG-1"]
        assert 'class="chip"' not in answer.text


@given(
    st.dictionaries(st.sampled_from(("q", "programme", "stage", "year", "sort", "page", "size")), st.text())
)
def test_any_address_is_some_filter(args: dict[str, str]) -> None:
    asked = read_filter(args)
    assert asked.per_page in PER_PAGE
    assert asked.page >= 1
    assert len(asked.text) <= MOST_TEXT
    asked.text.encode()
    assert "\0" not in asked.text + asked.programme


def test_a_search_may_hold_anything(as_role: AsRole, make_project: Make) -> None:
    make_project("KG-1", title="100%_\\'\"石墨")
    browser = as_role(Role.HANDLER)
    for text in ("100%", "_", "\\", "'", '"', "%_\\'"):
        assert links(browser.get("/projects/", query_string={"q": text})) == ["KG-1"], text
    assert links(browser.get("/projects/", query_string={"q": "1%0"})) == []


def test_htmx_gets_the_list_alone(as_role: AsRole, make_project: Make) -> None:
    make_project("KG-1")
    browser = as_role(Role.HANDLER)
    part = browser.get("/projects/?q=KG", headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith('<div id="projects"')
    assert links(part) == links(browser.get("/projects/?q=KG"))
    assert "<html" not in part.text


# The export.


def test_an_export_is_the_list_as_filtered_and_sorted(
    as_role: AsRole, many: list[ProjectRecord], session: Session, people: People
) -> None:
    browser = as_role(Role.HANDLER)
    answer = browser.get("/projects/?year=2025&sort=-fiscal&size=20")
    found = re.search(r'href="(/exports/projects\.xlsx[^"]*)"', answer.text)
    assert found
    export = browser.get(found[1].replace("&amp;", "&"))
    assert export.mimetype.endswith("spreadsheetml.sheet")
    assert "项目列表-2026-06-30.xlsx" in unquote(export.headers["Content-Disposition"])
    asked = Filter(year=2025, sort="fiscal", descending=True, per_page=100)
    wanted = list_projects(session, people.a[Role.HANDLER].actor, asked, TODAY).rows
    exported = list(rows(export))
    assert [row[0] for row in exported] == [one.number for one in wanted]
    for row, one in zip(exported, wanted, strict=True):
        fiscal, paid = row[8], row[10]
        assert isinstance(fiscal, int | float)
        assert isinstance(paid, int | float)
        assert (round(fiscal * YUAN), round(paid * YUAN)) == (one.fiscal, one.paid)
        assert row[11] == one.must_findings
    page = load_workbook(BytesIO(export.data)).worksheets[0]
    assert page["A1"].value == "沙坪坝区科技局项目列表"
    assert page["A2"].value == "截至 2026-06-30；立项年度：2025 年。金额单位为元。"
    assert len([record for record in many if record.start.year == 2025]) == len(wanted) > 20


def test_nothing_in_an_export_is_a_formula(as_role: AsRole, make_project: Make) -> None:
    title = '=HYPERLINK("http://x")'
    make_project("+1", title=title, lead_unit="@SUM(1)", pi_name="-2+3")
    export = as_role(Role.HANDLER).get("/exports/projects.xlsx")
    page = load_workbook(BytesIO(export.data)).worksheets[0]
    assert [cell.value for cell in page[4]][:2] == ["+1", title]
    assert all(cell.data_type != "f" for row in page.iter_rows() for cell in row)


# A project's page.


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


def test_what_is_not_hers_is_not_there(as_role: AsRole, make_project: Make, people: People) -> None:
    make_project("KG-1", pi_email="else@keguan.test", lead_unit="别的大学", joint_unit="别的医院")
    make_project("KG-2", agency_id=people.agency_b)
    for role in OWNERS:
        browser = as_role(role)
        assert browser.get("/projects/KG-1").status_code == 404
        assert links(browser.get("/projects/")) == []
        assert links(browser.get("/projects/?q=KG")) == []
        assert "共 <b>" not in browser.get("/projects/").text
        assert list(rows(browser.get("/exports/projects.xlsx"))) == []
    for role in SEERS:
        answer = as_role(role).get("/projects/KG-2")
        assert answer.status_code == 404
        assert "没有找到编号为“KG-2”的项目" in answer.text
    assert links(as_role(Role.HANDLER).get("/projects/")) == ["KG-1"]


def test_owners_find_their_projects_everywhere(as_role: AsRole, make_project: Make) -> None:
    make_project("KG-1", joint_unit=JOINT_UNIT)
    for role in OWNERS:
        browser = as_role(role)
        assert links(browser.get("/projects/")) == ["KG-1"]
        assert [row[0] for row in rows(browser.get("/exports/projects.xlsx"))] == ["KG-1"]


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
    session.add(
        AuditEntry(
            agency_id=project.agency_id,
            project_id=project.id,
            actor_name=evil,
            at=clock.now(),
            action="x",
            summary=evil,
            citation=evil,
            details={"old": evil, "new": "b", "note": evil, "reasons": {evil: evil}},
        )
    )
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
    for number in range(25):
        session.add(
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
                },
            )
        )
    session.commit()
    browser = as_role(Role.AUDITOR)
    text = browser.get("/projects/KG-1?tab=history").text
    for words in (
        "提出拨付第 24 次",
        "陈晓红",
        "由“计划”变为“待审批”",
        "对沙科局发〔2023〕41号 第二十三条的说明：设备分批采购",
        "意见：请核对账号",
    ):
        assert words in text
    assert "提出拨付第 4 次" not in text
    assert "提出拨付第 4 次" in browser.get("/projects/KG-1?tab=history&page=2").text
    assert "tranche.propose" not in text
    assert "amount_fen" not in text


def test_no_page_of_projects_asks_the_database_more_than_a_dozen_times(
    as_role: AsRole, many: list[ProjectRecord], query_count: Counting
) -> None:
    number = many[0].number
    pages = ["/projects/", "/projects/?q=a&findings=must&sort=-end", "/exports/projects.xlsx"]
    pages += [f"{project_path(number)}?tab={tab}" for tab in TABS]
    for role in (Role.HANDLER, Role.AUDITOR):
        browser = as_role(role)
        for page in pages:
            with query_count() as statements:
                assert browser.get(page).status_code == 200
            assert len(statements) <= 12, (page, statements)
