"""Money that waits: on its own page, in the list by age, as a workbook, and on the project's page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from io import BytesIO

import pytest
from openpyxl import load_workbook

from finance.holding import sweep_holds
from lifecycle.models import Outcome
from lifecycle.record import Source
from lifecycle.roles import Actor, Role
from tests.integration.overseeing import ordered
from tests.integration.paying import TODAY, Bureau
from tests.integration.spendings import LATER, ROW
from tests.integration.spendings import PAID as LATE
from tests.plugins.counting import Counting
from tests.web.site import Browser

AsRole = Callable[[Role], Browser]
PAID = replace(LATE, paid_on=date(2025, 6, 1))
DAYS = (0, 30, 31, 90, 91, 180, 181)
SIGNED = date(2025, 1, 15)


def waiting(bureau: Bureau, *days: int) -> list[int]:
    """Store a project for each number of days that its second tranche has waited for spending."""
    ids = []
    for number in days:
        second = replace(LATER, planned_on=TODAY - timedelta(days=number))
        fields = {"tranches": (PAID, second), "spending": (replace(ROW, on=date(2025, 7, 1)),)}
        fields |= {"signed_on": SIGNED, "start": SIGNED}
        ids.append(bureau.project(f"候-{number}", title=f"等待 {number} 天", **fields))
    sweep_holds(bureau.session, Actor.system(bureau.people.agency_a), TODAY)
    return ids


def test_the_ages_add_up_and_each_leads_to_its_lines(bureau: Bureau, finance: Browser) -> None:
    waiting(bureau, *DAYS)
    shown = finance.get("/money/held").text
    assert "共 <b>7</b> 笔，合计 <b>210,000.00</b> 元" in shown
    for key, numbers in {"30": (0, 30), "90": (31, 90), "180": (91, 180), "more": (181,)}.items():
        assert f'href="/money/held?age={key}"' in shown
        part = finance.get(f"/money/held?age={key}").text
        assert {one for one in DAYS if f"等待 {one} 天" in part} == set(numbers)
        assert f"共 <b>{len(numbers)}</b> 笔，合计 <b>{len(numbers) * 3}0,000.00</b> 元" in part
    assert "前期已拨 7.00 万元" in shown
    assert "再登记财政资金支出 55,876.55 元即可达到规定比例。" in shown
    assert "项目负责人 李工、承担单位 渝州大学" in shown
    assert "没有符合条件的暂缓款项" in finance.get(f"/money/held?source={Source.PROVINCIAL}").text
    assert "共 <b>7</b> 笔" in finance.get("/money/held?rule=spb-29-spend-gate").text
    assert "没有符合条件" in finance.get("/money/held?rule=spb-31-no-hold").text


def test_the_workbook_lists_what_the_page_lists(bureau: Bureau, auditor: Browser) -> None:
    waiting(bureau, 31, 200)
    answer = auditor.get("/money/held.xlsx?age=90")
    sheet = load_workbook(BytesIO(answer.data)).active
    assert sheet is not None
    rows = list(sheet.iter_rows(min_row=3, values_only=True))
    assert "已暂缓：31 至 90 天" in str(sheet["A2"].value)
    [line] = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    assert (line["项目编号"], line["暂缓金额（元）"], line["已暂缓（天）"]) == ("候-31", 30000, 31)
    assert "渝州大学办理：再登记" in line["如何解除"]
    assert "应不低于 80%" in line["原因"]


def test_the_page_of_a_tranche_says_why_it_cannot_be_paid_and_how_that_is_cured(
    bureau: Bureau, handler: Browser, query_count: Counting
) -> None:
    [project_id] = waiting(bureau, 40)
    tranche_id = bureau.tranches(project_id)[1]
    ordered(bureau, project_id, Outcome.HOLD)
    sweep_holds(bureau.session, Actor.system(bureau.people.agency_a), TODAY)
    with query_count() as statements:
        shown = unescape(handler.get(f"/money/tranches/{tranche_id}").text)
    assert len(statements) <= 12
    assert "起暂缓拨付，已 40 天" in shown
    assert "区（县）级财政第 1 期 7.00 万元，2025-06-01 拨付" in shown
    assert 'href="/projects/候-40?tab=money#spending">财政资金支出 1 笔' in shown.replace("%E5%80%99", "候")
    assert "在“监督验收”中提请解除暂缓拨付" in shown
    assert "按期次顺序办理" in shown
    assert "前面各期均已办理" in shown
    assert "暂缓记录" in shown


@pytest.mark.parametrize("role", [Role.PI, Role.UNIT_MANAGER, Role.FINANCE])
def test_a_project_tells_its_people_what_waits_and_for_what(
    bureau: Bureau, as_role: AsRole, role: Role
) -> None:
    waiting(bureau, 40)
    shown = unescape(as_role(role).get("/projects/候-40?tab=money").text)
    assert "区（县）级财政第 2 期暂缓拨付" in shown
    assert "已 40 天" in shown
    assert "再登记财政资金支出 55,876.55 元" in shown
    answer = as_role(role).get("/money/held")
    assert answer.status_code == (200 if role is Role.FINANCE else 403)
