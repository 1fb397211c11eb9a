"""An extension of a joint major project, led by its people in a real browser from draft to approval."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.database import open_database
from lifecycle.models import Agency
from lifecycle.roles import Role
from tests import papers
from tests.integration.changing import MAJOR
from tests.web.site import store_project

Enter = Callable[[Page, str, str], Page]


@pytest.fixture
def project(site: str, migrated_sqlite_url: str) -> str:
    """The address of a joint major project of the first bureau."""
    engine = open_database(migrated_sqlite_url)
    with Session(engine) as session:
        agency = session.scalars(select(Agency.id).order_by(Agency.id)).first()
        session.rollback()
        assert agency is not None
        store_project(session, agency, "KG-1", programme=MAJOR)
    engine.dispose()
    return f"{site}/projects/KG-1"


@pytest.fixture
def as_(site: str, browser: Browser, enter: Enter) -> Callable[[Role], Page]:
    """Return a page of a new window in which the person of that role works."""

    def open_window(role: Role) -> Page:
        window = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai")
        return enter(window.new_page(), site, f"a.{role}")

    return open_window


def test_an_extension_goes_from_hand_to_hand(
    project: str, as_: Callable[[Role], Page], tmp_path: Path
) -> None:
    minutes = tmp_path / "纪要.pdf"
    minutes.write_bytes(papers.pdf())
    pi = as_(Role.PI)
    pi.goto(f"{project}?tab=changes")
    pi.get_by_role("link", name="申请变更").click()
    pi.get_by_role("row", name="延期").get_by_role("link", name="延期").click()
    pi.get_by_label("实施结束").fill("2028-06-30")
    pi.get_by_label("变更理由").fill("主要设备交付延迟四个月，试验无法按期完成。")
    pi.get_by_role("button", name="保存并核对").last.click()
    expect(pi.get_by_role("cell", name="2028-06-30")).to_be_visible()
    pi.get_by_role("button", name="提交承担单位确认").click()
    path = pi.url

    def step(role: Role, button: str, **fields: str) -> Page:
        page = as_(role)
        page.get_by_role("link", name="去办理").click()
        for label, value in fields.items():
            page.get_by_label(label).fill(value)
        if role is Role.HANDLER and "登记" in button:
            page.get_by_label("会议纪要").set_input_files(minutes)
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("listitem").filter(has_text="已办").first).to_be_visible()
        assert page.url == path
        return page

    step(Role.UNIT_MANAGER, "确认，送沙坪坝区人民医院同意")
    step(Role.JOINT_UNIT, "同意变更，报科技局审查")
    step(Role.HANDLER, "审查通过，提请联席会议审定", 审查意见="情况属实，同意延期。")
    step(Role.HANDLER, "登记审定结果，送审批", 会议日期="2026-06-30")
    done = step(Role.APPROVER, "批准变更，新版任务书生效", 批复文号="沙科局函〔2026〕12号")
    expect(done.get_by_text("已办结").first).to_be_visible()
    pi.goto(project)
    expect(pi.get_by_text("2026-01-01–2028-06-30").first).to_be_visible()
