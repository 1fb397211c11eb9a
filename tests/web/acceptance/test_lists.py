"""The list of acceptances, and what is put before the conference."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from docx import Document

from lifecycle.roles import Role
from tests.integration.accepting import Accepting
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
