"""告知记录: who was told of what, by which way, whether it got through; the bureau's list and one's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from io import BytesIO

import pytest
from openpyxl import load_workbook
from sqlalchemy import update
from sqlalchemy.orm import Session

from app import clock
from lifecycle.clock import remind
from lifecycle.inbox import mark_all_read
from lifecycle.models import OutboxMessage
from lifecycle.notice_delivery import deliver
from lifecycle.roles import Actor, Role
from lifecycle.tellings import Outcome, Sought, told_page
from tests.integration.overseeing import ordered
from tests.integration.paying import TODAY, Bureau
from tests.integration.test_paper_notices import RECTIFY, drawn
from tests.plugins.counting import Counting
from tests.web.site import Browser, People, store_project

As = Callable[[Role], Browser]
RULE = "spb-23-payment-deadline"

pytestmark = pytest.mark.usefixtures("told")


@pytest.fixture
def told(session: Session, people: People) -> None:
    """Two projects whose payment is a week late today, told to finance and the unit."""
    for number in ("SPB-1", "SPB-2"):
        store_project(session, people.agency_a, number, signed_on=date(2026, 3, 2), joint_unit=None)
    assert remind(session, Actor.system(people.agency_a), date(2026, 4, 8))


def cells(page: bytes) -> list[tuple[object, ...]]:
    """Return the rows of an exported list below its head."""
    sheet = load_workbook(BytesIO(page)).worksheets[0]
    return list(sheet.iter_rows(min_row=4, values_only=True))


def test_what_was_told_stands_with_step_duty_article_person_way_and_outcome(
    as_role: As, session: Session, people: People, query_count: Counting
) -> None:
    finance = people.a[Role.FINANCE]
    mark_all_read(session, finance.actor, 10**6)
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.address == finance.email)
        .values(state="failed", last_error="550 查无此人")
    )
    session.commit()
    page = as_role(Role.HANDLER).get("/clock/told?project=SPB-1")
    assert page.status_code == 200
    for words in ("逾期 7 天", "2026-04-01", "沙科局发〔2023〕41号 第二十三条", finance.name, "550 查无此人"):
        assert words in page.text
    assert "SPB-2" not in page.text
    sought = Sought(project="SPB-1", who=finance.name)
    with query_count() as asked:
        found = told_page(session, finance.actor, sought)
    assert len(asked) == 2
    assert found.counts == {Outcome.READ: 1, Outcome.FAILED: 1}
    failed = as_role(Role.HANDLER).get("/clock/told?outcome=未送达&way=电子邮件")
    assert "SPB-2" in failed.text
    assert "站内消息</small>" not in failed.text


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", True),
        (f"rule={RULE}&subject=", True),
        (f"rule={RULE}&subject=9", False),
        ("first=2026-04-08&last=2026-04-08", True),
        ("first=2026-04-09", False),
        ("last=2026-04-07", False),
        ("who=查无此人", False),
        ("q=spb-1", True),
        ("rule=无此规则&way=信鸽&first=昨天&outcome=好&page=99&size=7", True),
    ],
)
def test_the_list_is_filtered_and_exported_as_it_is_shown(as_role: As, asked: str, found: bool) -> None:
    browser = as_role(Role.APPROVER)
    page = browser.get(f"/clock/told?{asked}")
    assert ('data-label="事项"' in page.text) is found
    rows = cells(browser.get(f"/clock/told.xlsx?{asked}").data)
    assert bool(rows) is found
    assert {row[1] for row in rows} <= {"逾期 7 天"}


def test_everybody_sees_what_she_was_told_herself_and_nothing_else(as_role: As, people: People) -> None:
    unit = as_role(Role.UNIT_MANAGER)
    assert unit.get("/clock/told").status_code == 403
    assert cells(unit.get("/inbox/told.xlsx").data) == []
    finance = as_role(Role.FINANCE)
    assert people.a[Role.FINANCE].name in finance.get("/inbox/told").text
    assert {row[8] for row in cells(finance.get("/inbox/told.xlsx").data)} == {people.a[Role.FINANCE].name}


def test_a_notice_stands_beside_the_reminders_for_the_bureau_and_for_whom_it_was_told(
    as_role: As, session: Session, people: People, query_count: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "today", lambda: TODAY)
    bureau = Bureau(session, people)
    ordered(bureau, bureau.project("沙-1", title="灌溉"))
    made = drawn(bureau, "沙-1", RECTIFY)
    deliver(session, bureau.handler, made, "https://keguan.test/", TODAY)
    manager, pi = people.a[Role.UNIT_MANAGER], people.a[Role.PI]
    for address, names in (
        ("/inbox/told", {manager.name}),
        (f"/clock/told?project=沙-1&who={pi.name}", {pi.name}),
        (f"/clock/told?first={TODAY}&last={TODAY}&outcome=未读", {manager.name, pi.name}),
        (f"/clock/told?project=沙-1&rule={RULE}", set()),
    ):
        browser = as_role(Role.UNIT_MANAGER if address.startswith("/inbox") else Role.HANDLER)
        with query_count() as asked:
            page = browser.get(address)
        assert len(asked) <= 12
        assert (f'href="/notices/{made}">整改通知〔2026〕1号</a>' in page.text) is bool(names)
        rows = cells(browser.get(address.replace("/told", "/told.xlsx")).data)
        assert {row[8] for row in rows if row[1] == "文书送达"} == names
    everything = cells(as_role(Role.HANDLER).get("/clock/told.xlsx").data)
    assert {row[1] for row in everything} == {"文书送达", "逾期 7 天", "待办"}
    assert everything[0][1] == "文书送达"  # the latest first


def test_another_agency_sees_nothing_of_it(session: Session, people: People) -> None:
    other = Actor.system(people.agency_b)
    assert told_page(session, other, Sought()).rows == []


def test_a_duty_leads_to_who_was_told_of_it(as_role: As) -> None:
    address = f"project=SPB-1&amp;rule={RULE}"
    assert f"/clock/told?{address}" in as_role(Role.HANDLER).get("/projects/SPB-1?tab=duties").text
    assert f"/inbox/told?{address}" in as_role(Role.UNIT_MANAGER).get("/projects/SPB-1?tab=duties").text
