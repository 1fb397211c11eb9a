"""The workbench: what each role finds on it, and where it leads."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.demo.records import make_records
from finance.batching import make_batch
from finance.proposing import approve, propose
from finance.waiting import find_waiting
from lifecycle.database import begin_write
from lifecycle.listing import revision_of
from lifecycle.models import Project
from lifecycle.models import Tranche as TrancheRow
from lifecycle.record import Source, Tranche
from lifecycle.roles import Role
from lifecycle.stages import TrancheState
from lifecycle.standing import keep
from lifecycle.storing import add_projects
from tests.plugins.counting import Counting
from tests.web.site import Account, Browser, People

TODAY = date(2026, 2, 5)
"""The project at hand was signed on 15 January and is to be paid by 10 February."""

Make = Callable[..., Project]
AsRole = Callable[[Role], Browser]


@pytest.fixture(autouse=True)
def _on_that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "today", lambda: TODAY)


def part(text: str, id_: str) -> str:
    """Return one section of the workbench."""
    found = re.search(rf'<section class="part" id="{id_}">(.*?)</section>', text, re.DOTALL)
    assert found, id_
    return found[1]


IN_ORDER = {
    "district": 10_000_000,
    "joint_unit": None,
    "tranches": (Tranche(1, Source.DISTRICT, 7_000_000, date(2026, 2, 10), 0, None),),
}
"""Fields of a project whose first tranche no rule refuses."""


def tranche_of(session: Session, project: Project) -> int:
    """Return the id of a project's first tranche."""
    session.rollback()
    query = select(TrancheRow.id).where(TrancheRow.project_id == project.id)
    return session.scalars(query.order_by(TrancheRow.position)).all()[0]


def test_a_new_bureau_is_told_to_take_in_its_ledger(as_role: AsRole) -> None:
    text = as_role(Role.HANDLER).get("/").text
    assert "还没有项目" in text
    assert re.search(r'<a href="[^"]+">导入台账</a>', text)


@pytest.mark.parametrize(
    ("role", "step"),
    [
        (Role.AUDITOR, "查看项目"),
        (Role.PI, "查看项目"),
        (Role.ADMIN, "人员管理"),
        (Role.EXPERT, "查看制度库"),
    ],
)
def test_an_empty_desk_says_so_and_offers_a_next_step(as_role: AsRole, role: Role, step: str) -> None:
    answer = as_role(role).get("/")
    assert answer.status_code == 200
    assert 'class="empty"' in answer.text
    assert f">{step}</a>" in answer.text


def test_what_is_overdue_and_what_is_due_stand_with_who_when_why_and_how_on(
    as_role: AsRole, make_project: Make
) -> None:
    make_project("KG-1", title="明天到期", signed_on=TODAY - timedelta(29))
    make_project("KG-2", title="昨天到期", signed_on=TODAY - timedelta(31))
    make_project("KG-3", title="今天到期", signed_on=TODAY - timedelta(30))
    text = as_role(Role.HANDLER).get("/").text
    overdue, coming = part(text, "overdue"), part(text, "coming")
    for words in (
        "昨天到期",
        "KG-2",
        "拨付首笔财政资金（共 20.00 万元）",
        "科技局财务",
        "2026-02-04（周三）",
        "逾期 1 天",
    ):
        assert words in overdue
    assert 'href="/projects/KG-2?tab=money#tabs">核对拨付</a>' in overdue
    assert 'href="/rulebook/#spb-23-payment-deadline">沙科局发〔2023〕41号 第二十三条</a>' in overdue
    assert "KG-1" not in overdue
    assert [coming.index(words) for words in ("今天到期", "明天到期")] == sorted(
        coming.index(words) for words in ("今天到期", "明天到期")
    )
    assert "今天</span>" in coming
    assert "还有 1 天" in coming


def test_each_heap_says_how_much_is_in_it_and_opens_as_a_whole(as_role: AsRole, make_project: Make) -> None:
    for number in range(9):
        make_project(f"KG-{number}", signed_on=TODAY - timedelta(40 + number))
    browser = as_role(Role.HANDLER)
    overdue = part(browser.get("/").text, "overdue")
    assert "9 项" in overdue
    assert overdue.count("<tr>") == 7
    assert "KG-8" in overdue
    found = re.search(r'<a href="(/duties/[^"]*)">查看全部 9 项</a>', overdue)
    assert found
    whole = browser.get(found[1]).text
    assert all(f"KG-{number}" in whole for number in range(9))


def test_heaps_are_turned_over_and_never_past_their_end(as_role: AsRole, make_project: Make) -> None:
    for number in range(25):
        make_project(f"KG-{number:02d}", signed_on=TODAY - timedelta(40 + number))
    browser = as_role(Role.HANDLER)
    pages = [browser.get(f"/duties/?heap=overdue&size=20&page={page}").text for page in (1, 2, 99)]
    assert "KG-24" in pages[0]
    assert "KG-00" not in pages[0]
    assert "KG-00" in pages[1]
    assert "KG-00" in pages[2]
    assert (
        "没有到期的事项" in browser.get("/duties/?heap=coming").text or "KG" in browser.get("/duties/").text
    )
    assert browser.get("/duties/?heap=nonsense").text == browser.get("/duties/").text


def test_owners_have_their_own_duties_and_no_others(
    as_role: AsRole, make_project: Make, people: People
) -> None:
    own = {"start": date(2024, 1, 1), "signed_on": date(2024, 1, 15)}
    make_project("KG-1", **own)
    make_project("KG-2", **own, pi_email="else@keguan.test", lead_unit="别的大学", joint_unit="别的医院")
    make_project("KG-3", agency_id=people.agency_b, **own)
    for role in (Role.PI, Role.UNIT_MANAGER):
        text = as_role(role).get("/").text
        assert "提交 2024 年度报告" in part(text, "overdue")
        assert "拨付首笔财政资金" not in text
        assert "KG-1" in text
        assert not re.search("KG-[23]", text + as_role(role).get("/duties/").text)
        assert 'href="/projects/KG-1?tab=reports#tabs">查看报告</a>' in text
    assert "KG-1" not in as_role(Role.JOINT_UNIT).get("/").text
    text = as_role(Role.AUDITOR).get("/").text
    assert "KG-2" in text
    assert "KG-3" not in text


def test_money_waits_for_whoever_takes_it_on(
    as_role: AsRole, make_project: Make, people: People, session: Session
) -> None:
    project = make_project("KG-1", title="等着拨付", **IN_ORDER)
    tranche = tranche_of(session, project)
    link = f'href="/money/tranches/{tranche}"'
    handler, approver, finance = (
        people.a[role].actor for role in (Role.HANDLER, Role.APPROVER, Role.FINANCE)
    )

    def waits() -> dict[Role, str]:
        roles = (Role.HANDLER, Role.APPROVER, Role.FINANCE, Role.AUDITOR)
        return {role: part(as_role(role).get("/").text, "waiting") for role in roles}

    found = waits()
    assert f"{link}>核对并提出拨付" in found[Role.HANDLER]
    assert "7.00" in found[Role.HANDLER]
    assert "还有 5 天" in found[Role.HANDLER]
    assert all("KG-1" not in found[role] for role in (Role.APPROVER, Role.FINANCE, Role.AUDITOR))

    propose(session, handler, tranche, TODAY, {})
    found = waits()
    assert f"{link}>核对并审批" in found[Role.APPROVER]
    assert f"{people.a[Role.HANDLER].name} 提出" in found[Role.APPROVER]
    assert all("KG-1" not in found[role] for role in (Role.HANDLER, Role.FINANCE))

    approve(session, approver, tranche, TODAY)
    found = waits()
    assert f"{link}>编入拨付批次" in found[Role.FINANCE]
    assert all("KG-1" not in found[role] for role in (Role.HANDLER, Role.APPROVER))

    batch = make_batch(session, finance, [tranche], TODAY)
    found = waits()
    assert f'href="/money/batches/{batch}">核对并出表' in found[Role.FINANCE]
    assert "拨付批次 2026-001" in found[Role.FINANCE]


def with_roles(who: Account, *roles: Role) -> Account:
    """Return the same person holding other roles."""
    return replace(who, roles=frozenset(roles))


def test_nothing_waits_for_somebody_who_had_a_hand_in_it(
    make_project: Make, people: People, session: Session
) -> None:
    tranche = tranche_of(session, make_project("KG-1", **IN_ORDER))
    everything = (Role.HANDLER, Role.APPROVER, Role.FINANCE)
    handler, approver, finance = (with_roles(people.a[role], *everything).actor for role in everything)

    def waiting(state: TrancheState) -> list[bool]:
        return [
            bool(find_waiting(session, actor, TODAY, 5, revision_of(session, actor)).counts[state])
            for actor in (handler, approver, finance)
        ]

    propose(session, handler, tranche, TODAY, {})
    assert waiting(TrancheState.PROPOSED) == [False, True, True]
    approve(session, approver, tranche, TODAY)
    assert waiting(TrancheState.APPROVED) == [False, False, True]


@pytest.mark.parametrize(
    "fields",
    [
        {"signed_on": None, "signatories": ()},
        {"signed_on": TODAY + timedelta(1)},
        {"tranches": (Tranche(1, Source.DISTRICT, 14_000_000, TODAY + timedelta(31), 0, None),)},
        {"tranches": (Tranche(1, Source.DISTRICT, 14_000_000, TODAY, 14_000_000, TODAY),)},
        {"tranches": (Tranche(1, Source.OWN, 14_000_000, TODAY, 0, None),)},
        {"tranches": (Tranche(1, Source.DISTRICT, 0, TODAY, 0, None),)},
    ],
    ids=["unsigned", "signed tomorrow", "far off", "paid", "own money", "nothing"],
)
def test_what_cannot_or_need_not_be_proposed_does_not_wait(
    make_project: Make, people: People, session: Session, fields: dict[str, object]
) -> None:
    make_project("KG-1", **fields)
    actor = people.a[Role.HANDLER].actor
    assert find_waiting(session, actor, TODAY, 5, revision_of(session, actor)).counts == {
        TrancheState.PLANNED: 0
    }


def test_no_desk_asks_the_database_more_than_a_dozen_times(
    app: object, session: Session, people: People, query_count: Counting, as_role: AsRole
) -> None:
    del app
    records = list(make_records(80, TODAY))
    begin_write(session)
    ids = add_projects(session, people.agency_a, records)
    keep(session, people.agency_a, zip(ids, records, strict=True), fresh=True)
    session.commit()
    for role in Role:
        browser = as_role(role)
        for page in ("/", "/", "/duties/", "/duties/?heap=coming&page=2"):
            with query_count() as statements:
                assert browser.get(page).status_code == 200
            assert len(statements) <= 12, (role, page, statements)
    with query_count() as statements:
        as_role(Role.HANDLER).get("/")
    assert len(statements) <= 4
