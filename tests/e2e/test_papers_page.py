"""A pi puts a paper to her project in a real browser, and gets it back as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.database import open_database
from lifecycle.models import Agency
from lifecycle.roles import Role
from tests import papers
from tests.web.site import store_project

NAME = "A&B ‹关键›.pdf"


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


def test_a_paper_is_uploaded_and_downloaded_with_its_name_and_content(
    site: str, project: str, enter: Callable[[Page, str, str], Page], page: Page, tmp_path: Path
) -> None:
    paper, wrong = tmp_path / NAME, tmp_path / "程序.pdf"
    paper.write_bytes(papers.pdf(3))
    wrong.write_bytes(b"MZ\x90\x00")
    enter(page, site, f"a.{Role.PI}")
    page.goto(project)
    page.get_by_role("navigation", name="项目内容").get_by_role("link", name="材料").click()
    page.get_by_label("文件", exact=False).first.set_input_files([paper, wrong])
    page.get_by_label("材料说明").fill("设备采购合同")
    page.get_by_role("button", name="上传到本项目").click()
    expect(page.get_by_role("alert")).to_contain_text("“程序.pdf”的内容不是 PDF")
    expect(page.get_by_label(f"已上传：{NAME}")).to_be_checked()
    page.get_by_role("button", name="上传到本项目").click()
    expect(page.get_by_text("已上传 1 个文件。")).to_be_visible()
    expect(page.get_by_role("cell", name="设备采购合同")).to_be_visible()
    with page.expect_download() as waiting:
        page.get_by_role("link", name=NAME).click()
    assert waiting.value.suggested_filename == NAME
    assert Path(waiting.value.path()).read_bytes() == paper.read_bytes()
