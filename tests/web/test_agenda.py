"""The calendar: what falls due when, and a feed that one's own calendar follows."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import time_machine
import vobject
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.command import Work, command
from lifecycle.models import KeptDuty, Payment, Project, Tranche
from lifecycle.roles import Actor, Permission, Role
from lifecycle.stages import TrancheState
from tests.web.site import Browser, People, store_project

TODAY = date(2026, 3, 10)
SIGNED = date(2026, 3, 5)
DUE = date(2026, 4, 4)
"""SPB 23: thirty days after signing; a Saturday of the Qingming days off, announced for the day before."""

AsRole = Callable[[Role], Browser]


@pytest.fixture(autouse=True)
def _today() -> Any:
    with time_machine.travel(f"{TODAY}T12:00:00+08:00", tick=False):
        yield


@pytest.fixture
def project(session: Session, people: People) -> Project:
    return store_project(session, people.agency_a, "SPB-1", signed_on=SIGNED, joint_unit=None)


@pytest.mark.usefixtures("project")
def test_a_month_shows_each_duty_on_its_day_and_a_year_counts_them(
    as_role: AsRole, session: Session, people: People
) -> None:
    finance = as_role(Role.FINANCE)
    month = finance.get("/calendar/?year=2026&month=4").text
    cell = re.search(r'<td class="[^"]*">\s*<time datetime="2026-04-04">.*?</td>', month, re.S)
    assert cell
    assert "拨付首笔财政资金" in cell[0]
    assert "is-off" in cell[0]
    year = finance.get("/calendar/?view=year&year=2026").text
    assert "未办结 1 项<" in year
    store_project(session, people.agency_a, "SPB-2", signed_on=date(2026, 2, 3), joint_unit=None)
    assert "未办结 1 项，逾期 1 项<" in finance.get("/calendar/?view=year&year=2026").text
    assert "请最迟于 2026-04-03 办理" in cell[0]
    listed = finance.get("/calendar/?view=list&year=2026&month=4").text
    assert "当日放假，请最迟于 2026-04-03（周五） 办理" in listed
    assert "沙科局发〔2023〕41号 第二十三条" in listed
    assert "拨付首笔" not in finance.get("/calendar/?view=list&year=2026&month=5").text


@pytest.mark.usefixtures("project")
def test_a_person_sees_what_she_owes_and_asks_for_the_rest(as_role: AsRole) -> None:
    pi = as_role(Role.PI)
    assert "年度报告" in pi.get("/calendar/?view=list&year=2027&month=1").text
    april = "/calendar/?view=list&year=2026&month=4"
    assert "拨付首笔" not in pi.get(april).text
    assert "拨付首笔" in pi.get(f"{april}&whose=all").text
    assert "拨付首笔" in as_role(Role.AUDITOR).get(april).text
    handler = as_role(Role.HANDLER)
    assert "拨付首笔" in handler.get(f"{april}&whose=all&owner=finance").text
    assert "拨付首笔" not in handler.get(f"{april}&whose=all&unit=别的单位").text
    assert "拨付首笔" not in as_role(Role.EXPERT).get(f"{april}&whose=all").text


@pytest.mark.parametrize("strange", ["year=0&month=13", "year=x", "view=day&whose=nobody&owner=king"])
def test_an_address_that_makes_no_sense_shows_the_month_it_is(as_role: AsRole, strange: str) -> None:
    assert as_role(Role.HANDLER).get(f"/calendar/?{strange}").status_code == 200


def fed(browser: Browser, path: str) -> dict[str, tuple[date, str]]:
    """Return the feed's events by identity, as another library reads them: day and summary."""
    answer = browser.get(path)
    assert answer.status_code == 200
    assert answer.mimetype == "text/calendar"
    calendar = vobject.readOne(answer.get_data(as_text=True))
    events = calendar.contents.get("vevent", [])
    return {one.uid.value: (one.dtstart.value, one.summary.value) for one in events}


@command("test.alter", Permission.PROPOSE_PAYMENT)
def alter(work: Work, project_id: int, signed_on: date, paid_on: date | None = None) -> None:
    work.session.get_one(Project, project_id).signed_on = signed_on
    if paid_on is not None:
        tranche = work.session.scalars(select(Tranche).where(Tranche.project_id == project_id)).first()
        assert tranche is not None
        tranche.state = TrancheState.PAID
        amount = tranche.planned_fen
        work.session.add(Payment(tranche_id=tranche.id, amount_fen=amount, paid_on=paid_on, voucher="V-1"))
        work.session.flush()
    work.touch(project_id)
    work.record("改动", project_id=project_id)


def test_a_feed_follows_a_moved_day_and_forgets_what_is_done(
    as_role: AsRole, client: Browser, session: Session, people: People, project: Project
) -> None:
    finance, project_id = as_role(Role.FINANCE), project.id
    page = finance.post("/calendar/feed", data={"act": "renew"}).text
    address = re.search(r"<code>([^<]+\.ics)</code>", page)
    assert address
    path = urlsplit(address[1]).path
    (uid, (day, summary)), *others = fed(client, path).items()
    assert others == []
    assert (day, "拨付首笔财政资金" in summary, "SPB-1" in summary) == (DUE - timedelta(1), True, True)
    system = Actor.system(people.agency_a)
    alter(session, system, project_id, SIGNED + timedelta(10))
    assert {uid: one for uid, (one, _) in fed(client, path).items()} == {uid: DUE + timedelta(10)}
    alter(session, system, project_id, SIGNED, TODAY)
    assert fed(client, path) == {}
    assert session.scalar(select(KeptDuty.done_on).where(KeptDuty.rule == "spb-23-payment-deadline"))


def test_a_feed_keeps_what_is_owed_however_late_and_what_is_coming_before_it(
    as_role: AsRole, client: Browser, session: Session, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, signed in (("SPB-1", date(2022, 3, 5)), ("SPB-2", date(2024, 3, 5)), ("SPB-3", SIGNED)):
        store_project(session, people.agency_a, number, signed_on=signed, joint_unit=None)
    page = as_role(Role.FINANCE).post("/calendar/feed", data={"act": "renew"}).text
    address = re.search(r"<code>([^<]+\.ics)</code>", page)
    assert address
    path = urlsplit(address[1]).path

    def numbers() -> list[str]:
        found = sorted(fed(client, path).values())
        return [summary[-6:-1] for _, summary in found if "首笔" in summary]

    assert numbers() == ["SPB-1", "SPB-2", "SPB-3"]
    for most, left in ((2, ["SPB-2", "SPB-3"]), (1, ["SPB-3"])):
        monkeypatch.setattr("lifecycle.agenda.MOST", most)
        monkeypatch.setattr("lifecycle.agenda.agenda.__defaults__", (most,))
        assert numbers() == left


def test_a_renewed_address_makes_the_old_one_worthless(as_role: AsRole, client: Browser) -> None:
    finance = as_role(Role.FINANCE)
    addresses = []
    for _ in range(2):
        page = finance.post("/calendar/feed", data={"act": "renew"}).text
        found = re.search(r"<code>([^<]+\.ics)</code>", page)
        assert found
        addresses.append(urlsplit(found[1]).path)
    old, new = addresses
    assert client.get(old).status_code == 404
    assert client.get(new).status_code == 200
    assert new not in finance.get("/calendar/feed").text
    finance.post("/calendar/feed", data={"act": "stop"})
    assert client.get(new).status_code == 404
    assert client.get("/calendar/feed/whatever.ics").status_code == 404


@pytest.mark.usefixtures("project")
def test_the_bureau_looks_at_what_a_person_or_a_unit_owes_over_a_year(
    as_role: AsRole, people: People, project: Project
) -> None:
    handler = as_role(Role.HANDLER)
    year = "/calendar/?view=list&year=2027&month=0&whose=all"
    of_pi = handler.get(f"{year}&person={project.pi_name}").text
    assert "年度报告" in of_pi
    assert "2027 年</h2>" in of_pi
    of_account = handler.get(f"{year}&person={people.a[Role.PI].actor.name}").text
    assert "年度报告" in of_account
    assert "年度报告" not in handler.get(f"{year}&person=没有此人").text
    paying = "/calendar/?view=list&year=2026&month=0&whose=all"
    assert "拨付首笔" in handler.get(f"{paying}&person={people.a[Role.FINANCE].actor.name}").text
    assert "拨付首笔" not in handler.get(f"{paying}&person={project.pi_name}").text
    assert "拨付首笔" in handler.get(f"{paying}&unit={project.lead_unit[:3]}").text
    assert f"person={quote(project.pi_name)}" in handler.get(year).text


@pytest.mark.usefixtures("project")
def test_a_year_goes_into_a_workbook_with_the_articles(as_role: AsRole) -> None:
    path = "/calendar/list.xlsx?view=list&year=2026&month=0"
    rows = sheet_rows(as_role(Role.FINANCE).get(path).data)
    assert any(
        "拨付首笔财政资金" in str(row[2]) and row[10] == "沙科局发〔2023〕41号 第二十三条" for row in rows
    )
    assert not any("拨付首笔" in str(row[2]) for row in sheet_rows(as_role(Role.PI).get(path).data))


def sheet_rows(data: bytes) -> list[tuple[Any, ...]]:
    """Return the rows of a workbook's only sheet."""
    return list(load_workbook(BytesIO(data)).active.iter_rows(values_only=True))
