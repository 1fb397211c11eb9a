"""The list of projects and its export, as people of every role see them."""

from __future__ import annotations

import re
from io import BytesIO
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlalchemy.orm import Session

from app import clock
from app.demo.records import make_records
from app.projects.asking import MOST_TEXT, read_filter
from lifecycle.addresses import project_path
from lifecycle.database import begin_write
from lifecycle.listing import PER_PAGE, Filter, list_projects
from lifecycle.money import YUAN
from lifecycle.record import (
    ProjectRecord,
)
from lifecycle.roles import Role
from lifecycle.standing import keep
from lifecycle.storing import add_projects
from tests.plugins.counting import Counting
from tests.web.projects import OWNERS, SEERS, TABS, TODAY, AsRole, Make, links, rows
from tests.web.site import JOINT_UNIT, UNIT, People


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
