"""The list of acceptances, what is put before the conference, and the pages of clearing."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from docx import Document
from sqlalchemy import select

from lifecycle.models import Clearing
from lifecycle.roles import Role
from tests.integration.accepting import DAY, FAILS, Accepting
from tests.web.projects import rows
from tests.web.site import Browser

AsRole = Callable[[Role], Browser]


def test_the_list_shows_what_is_open_and_everything_when_asked(it: Accepting, handler: Browser) -> None:
    it.concluded("key", "沙-1", title="已经办结的项目")
    it.proposed("major", "沙-2", title="等待会议的项目")
    text = handler.get("/acceptance/").text
    assert ("等待会议的项目" in text, "已经办结的项目" in text) == (True, False)
    text = handler.get("/acceptance/?state=").text
    assert ("等待会议的项目" in text, "已经办结的项目" in text) == (True, True)
    text = handler.get("/acceptance/?state=待联席会议审议&q=等待").text
    assert "等待会议的项目" in text
    assert "没有符合条件的验收" in handler.get("/acceptance/?q=不存在").text


def test_an_empty_list_says_where_acceptances_come_from(it: Accepting, as_role: AsRole) -> None:
    del it
    assert "没有正在办理的验收" in as_role(Role.PI).get("/acceptance/").text


def test_the_export_holds_what_the_list_shows(it: Accepting, handler: Browser) -> None:
    it.concluded("key", "沙-1")
    it.begun("key", "沙-2")
    answer = handler.get("/acceptance/export.xlsx?state=")
    assert [row[0] for row in rows(answer)] == ["沙-1", "沙-2"]


@pytest.mark.parametrize(("role", "seen"), [(Role.PI, True), (Role.UNIT_MANAGER, True), (Role.AUDITOR, True)])
def test_everybody_sees_her_own_projects_acceptances(
    it: Accepting, as_role: AsRole, role: Role, seen: bool
) -> None:
    it.begun("key", "沙-1", title="本单位的项目")
    assert ("本单位的项目" in as_role(role).get("/acceptance/").text) is seen


def test_another_unit_and_another_agency_see_nothing(
    it: Accepting, as_role: AsRole, app: Any, people: Any
) -> None:
    case_id = it.begun("joint", "沙-1", title="别人的项目")
    it.bureau.change(it.case(case_id).project_id, lead_unit="别的单位", pi_email="x@x.test")
    assert "别人的项目" not in as_role(Role.UNIT_MANAGER).get("/acceptance/").text
    assert as_role(Role.UNIT_MANAGER).get(f"/acceptance/{case_id}").status_code == 404
    stranger = app.test_client().as_account(people.b[Role.HANDLER])
    assert "别人的项目" not in stranger.get("/acceptance/").text
    assert stranger.get(f"/acceptance/{case_id}/opinion.docx").status_code == 404


def test_the_list_for_the_conference_is_chosen_and_printed(it: Accepting, handler: Browser) -> None:
    first = it.proposed("major", "沙-1", title="甲项目")
    it.proposed("major", "沙-2", title="乙项目")
    page = handler.get("/acceptance/conference").text
    assert "甲项目" in page
    assert "乙项目" in page
    answer = handler.get(f"/acceptance/conference.docx?case={first}")
    cells = [
        cell.text
        for table in Document(BytesIO(answer.data)).tables
        for row in table.rows
        for cell in row.cells
    ]
    assert "甲项目（沙-1）" in cells
    assert "乙项目（沙-2）" not in cells
    assert handler.get("/acceptance/conference.docx").status_code == 302


def test_a_clearing_is_led_to_its_end_through_the_site(it: Accepting, as_role: AsRole) -> None:
    it.concluded("key", "沙-1", proposal=FAILS)
    clearing_id = it.bureau.session.scalars(select(Clearing.id)).one()
    it.bureau.session.rollback()
    page = f"/acceptance/clearing/{clearing_id}"
    finance, approver, unit = (as_role(role) for role in (Role.FINANCE, Role.APPROVER, Role.UNIT_MANAGER))
    assert "核定，报审批核准</button>" in finance.get(page).text
    assert "</button>" not in _main(unit.get(page).text)
    refused = finance.post(f"{page}/settle", data={"disallowed-0": "10,000.00"})
    assert refused.status_code == 422
    assert "请写明不予认可的原因" in refused.text
    assert "10,000.00" in refused.text
    typed = {"disallowed-0": "10,000.00", "reason-0": "与项目无关", "due": "2028-01-31"}
    assert finance.post(f"{page}/settle", data=typed).status_code == 302
    assert "核准：应退 30,000.00 元</button>" in approver.get(page).text
    assert approver.post(f"{page}/send-back", data={"note": "请附核查报告"}).status_code == 302
    assert "请附核查报告" in finance.get(page).text
    finance.post(f"{page}/settle", data=typed)
    assert approver.post(f"{page}/confirm").status_code == 302
    part = {"amount": "30,000.01", "on": DAY.isoformat(), "voucher": "退-1"}
    answer = finance.post(f"{page}/returned", data=part)
    assert (answer.status_code, "不能超过还应退的 30,000.00 元" in answer.text) == (422, True)
    assert finance.post(f"{page}/returned", data=part | {"amount": "30,000.00"}).status_code == 302
    text = unit.get(page).text
    assert "已办结" in text
    assert "退-1" in text


def _main(text: str) -> str:
    return text.partition("<main")[2].partition("</main>")[0]


def test_the_pages_of_clearing_ask_the_database_little(
    it: Accepting, as_role: AsRole, query_count: Callable[[], Any]
) -> None:
    it.concluded("key", "沙-1", proposal=FAILS)
    clearing_id = it.bureau.session.scalars(select(Clearing.id)).one()
    it.bureau.session.rollback()
    finance = as_role(Role.FINANCE)
    for page in (f"/acceptance/clearing/{clearing_id}", "/acceptance/", "/projects/沙-1?tab=oversight"):
        finance.get(page)
        with query_count() as asked:
            finance.get(page)
        assert len(asked) <= 12, page
