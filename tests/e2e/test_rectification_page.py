"""From an inspection to a rectification that is settled, each by her own account, in a real browser."""

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
from tests.web.site import store_project

Enter = Callable[[Page, str, str], Page]
ANSWER = "已更正合同并补齐发票，差额两万元原渠道退回。"


@pytest.fixture
def project(site: str, migrated_sqlite_url: str) -> str:
    """The address of a project of the first bureau."""
    engine = open_database(migrated_sqlite_url)
    with Session(engine) as session:
        agency = session.scalars(select(Agency.id).order_by(Agency.id)).first()
        session.rollback()
        assert agency is not None
        store_project(session, agency, "KG-1")
    engine.dispose()
    return f"{site}/projects/KG-1"


@pytest.fixture
def at_work(site: str, enter: Enter, browser: Browser) -> Callable[[Role], Page]:
    """Return the page of somebody who has signed in with a browser of her own."""
    return lambda role: enter(browser.new_context(locale="zh-CN").new_page(), site, f"a.{role}")


def test_an_inspection_is_answered_with_proof_and_settled(
    project: str, at_work: Callable[[Role], Page], tmp_path: Path
) -> None:
    paper = tmp_path / "整改报告.pdf"
    paper.write_bytes(papers.pdf())
    handler, approver, pi = (at_work(role) for role in (Role.HANDLER, Role.APPROVER, Role.PI))
    handler.goto(project)
    handler.get_by_role("navigation", name="项目内容").get_by_role("link", name="监督验收").click()
    handler.get_by_role("link", name="登记检查").click()
    handler.get_by_label("组织检查的部门或单位").fill("区财政局")
    handler.get_by_label("检查人员").fill("张三、李四")
    handler.get_by_label("检查情况").fill("查阅账簿和合同，现场查看设备。")
    handler.get_by_label("发现的问题").fill("设备采购合同与发票金额不一致。\n未见设备验收记录。")
    handler.get_by_label("限期整改", exact=True).check()
    handler.get_by_role("button", name="登记并提请处理").click()
    expect(handler.get_by_role("alert")).to_contain_text("请填写整改期限")
    handler.get_by_label("整改期限").fill("2026-07-20")
    handler.get_by_role("button", name="登记并提请处理").click()
    expect(handler.get_by_text("检查已登记。")).to_be_visible()

    _go_on(approver, "审批检查处理意见：限期整改")
    approver.get_by_role("button", name="同意限期整改").click()
    expect(approver.get_by_text("已同意，处理即日生效。")).to_be_visible()

    _go_on(pi, "按要求整改并提交证明材料")
    pi.get_by_label("整改情况").fill(ANSWER)
    pi.get_by_label("证明材料").set_input_files(paper)
    pi.get_by_role("button", name="提交区科技局核验").click()
    expect(pi.get_by_text("整改情况已提交，等待区科技局核验。")).to_be_visible()

    _go_on(handler, "核验整改情况")
    expect(handler.get_by_text(ANSWER)).to_be_visible()
    expect(handler.get_by_role("link", name="整改报告.pdf")).to_be_visible()
    handler.get_by_role("button", name="核验通过，整改办结").click()
    expect(handler.get_by_text("核验通过，整改办结。")).to_be_visible()
    handler.goto(project)
    expect(handler.get_by_role("heading", name="接下来要办")).to_be_visible()
    expect(handler.locator(".strip")).not_to_contain_text("限期整改")


def _go_on(page: Page, words: str) -> None:
    """Open what waits from the workbench."""
    page.get_by_role("link", name="工作台").click()
    page.get_by_role("row", name=words).get_by_role("link", name="去办理").click()
