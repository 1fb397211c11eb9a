"""An annual report from draft to accepted, and a stage reviewed by two experts, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.database import begin_write, open_database
from lifecycle.models import Agency
from lifecycle.record import Direction, Indicator, IndicatorCategory, Milestone
from lifecycle.roles import Role
from tests import papers
from tests.web.site import add_account, store_project

NAME = "检测报告.pdf"
SPEED = Indicator(
    "响应速度", IndicatorCategory.TECHNICAL, Direction.AT_MOST, "毫秒", None, "5", None, None, None
)
PROGRESS = "完成总体方案设计和样机试制，关键部件通过台架测试。"
EXPERTS = ("expert.a", "expert.b")
Enter = Callable[[Page, str, str], Page]


@pytest.fixture
def project(site: str, migrated_sqlite_url: str) -> str:
    """The address of a project that owes the report of 2025 and of a milestone."""
    engine = open_database(migrated_sqlite_url)
    with Session(engine) as session:
        agency = session.scalars(select(Agency.id).order_by(Agency.id)).first()
        session.rollback()
        assert agency is not None
        store_project(
            session,
            agency,
            "KG-1",
            joint_unit=None,
            start=date(2025, 3, 1),
            signed_on=date(2025, 3, 10),
            milestone_managed=True,
            milestones=(Milestone(1, "样机", date(2026, 7, 10), None, None, None),),
            indicators=(SPEED,),
        )
        begin_write(session)
        for name in EXPERTS:
            add_account(session, name, {agency: [Role.EXPERT]})
        session.commit()
    engine.dispose()
    return f"{site}/projects/KG-1?tab=reports"


def test_reports_are_written_confirmed_accepted_and_reviewed(
    site: str, project: str, enter: Enter, browser: Browser, tmp_path: Path
) -> None:
    paper = tmp_path / NAME
    paper.write_bytes(papers.pdf())

    def come(name: str) -> Page:
        return enter(browser.new_page(locale="zh-CN"), site, name)

    pi, unit, handler = (come(f"a.{role}") for role in (Role.PI, Role.UNIT_MANAGER, Role.HANDLER))
    pi.goto(project)
    row = pi.get_by_role("row", name="2025 年度")
    row.get_by_role("button", name="填写").click()
    pi.get_by_role("button", name="提交承担单位确认").click()
    expect(pi.get_by_role("alert")).to_contain_text("请写明本期任务进展")
    _write(pi, paper)
    expect(pi.get_by_text("已提交年度报告，等待承担单位确认。")).to_be_visible()
    unit.goto(pi.url)
    unit.get_by_role("button", name="确认并报区科技局").click()
    expect(unit.get_by_text("已确认并报区科技局。")).to_be_visible()
    handler.goto(pi.url)
    expect(handler.get_by_role("link", name=NAME)).to_be_visible()
    handler.get_by_role("button", name="接收报告").click()
    expect(handler.get_by_text("已接收。")).to_be_visible()

    pi.goto(project)
    pi.get_by_role("row", name="1. 样机").get_by_role("button", name="填写").click()
    _write(pi, paper)
    unit.goto(pi.url)
    unit.get_by_role("button", name="确认并报区科技局").click()
    expect(unit.get_by_text("已确认并报区科技局。")).to_be_visible()
    handler.goto(pi.url)
    handler.get_by_role("button", name="接收报告").click()
    for name in EXPERTS:
        handler.get_by_role("checkbox", name=f"张{name}").check()
    handler.get_by_role("button", name="指定专家并发出评议任务").click()
    expect(handler.get_by_text("还没有提交评议意见")).to_be_visible()
    for name in EXPERTS:
        _judge(come(name))
    handler.goto(pi.url)
    handler.get_by_label("专家组意见").fill("阶段任务完成，同意通过。")
    handler.get_by_role("button", name="形成考核结论").click()
    expect(handler.get_by_text("考核结论：通过")).to_be_visible()


def _write(page: Page, paper: Path) -> None:
    page.get_by_label("进展情况").fill(PROGRESS)
    page.get_by_label("响应速度：目前达到").fill("6")
    page.get_by_label("无支出", exact=False).check()
    page.get_by_label("添加附件").set_input_files(paper)
    page.get_by_role("button", name="提交承担单位确认").click()


def _judge(page: Page) -> None:
    page.get_by_role("navigation", name="主菜单").get_by_role("link", name="评审").click()
    page.get_by_role("link", name="评议", exact=True).click()
    expect(page.get_by_text(PROGRESS)).to_be_visible()
    page.get_by_label("本人声明", exact=False).check()
    for label, points in (("目标任务完成", 36), ("指标水平", 18), ("经费使用", 19), ("组织管理", 16)):
        page.get_by_label(label).fill(str(points))
    page.get_by_label("通过", exact=True).check()
    page.get_by_role("textbox", name="评议意见").fill("阶段任务完成，数据可信。")
    page.get_by_role("button", name="提交评议意见").click()
    expect(page.get_by_text("已提交评议意见，感谢您的工作。")).to_be_visible()
