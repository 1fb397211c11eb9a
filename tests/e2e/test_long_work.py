"""Ten thousand rows of spending through the browser: progress, left and come back to, looked at, entered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.longwork.background import background
from lifecycle.database import open_database
from lifecycle.models import Agency, Spending
from tests.bench.spending import rows_of_spending, spending_workbook
from tests.integration.spendings import BUDGET, JOINT, LATER, OWN, PAID
from tests.web.site import store_project

PATIENCE = 120_000
"""Milliseconds: the machine may be busy."""

ROWS = 10_000


@pytest.fixture
def ahead(tmp_path: Path) -> Iterator[Event]:
    """Something else is being worked on until this is set."""
    done = Event()
    background.add(tmp_path / "ahead.progress", lambda _tell: done.wait(60) and None)
    yield done
    done.set()


@pytest.fixture
def store(site: str, migrated_sqlite_url: str) -> Iterator[Session]:
    """The site's database, with a project of which spending can be entered."""
    del site
    engine = open_database(migrated_sqlite_url)
    with Session(engine) as session:
        agency = session.scalars(select(Agency.id).order_by(Agency.id)).first() or 0
        session.rollback()
        store_project(session, agency, "KG-1", tranches=(PAID, LATER, JOINT, OWN), budget=BUDGET)
        yield session
    engine.dispose()


def heading(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(words, timeout=PATIENCE)


def test_ten_thousand_rows_are_sent_left_looked_at_and_entered_by_one_press(
    site: str,
    store: Session,
    tmp_path: Path,
    page: Page,
    enter: Callable[[Page, str, str], Page],
    ahead: Event,
) -> None:
    rows, file = rows_of_spending(ROWS), tmp_path / "支出.xlsx"
    file.write_bytes(spending_workbook(rows))
    enter(page, site, "a.pi").goto(f"{site}/spending/import/KG-1")
    page.get_by_label("支出明细表").set_input_files(file)
    page.get_by_role("button", name="核对文件").click()
    heading(page, "正在核对支出明细")
    expect(page.locator(".progressing")).to_contain_text("排队等候")
    page.locator("summary", has_text="张a.pi").click()
    page.get_by_role("banner").get_by_role("link", name="我的任务").click()
    row = page.locator("tr", has_text="支出.xlsx")
    expect(row).to_contain_text("正在核对")
    row.get_by_role("link").click()
    ahead.set()
    heading(page, "核对支出明细")
    expect(page.locator("dl.facts")).to_contain_text("10,000 笔")
    assert store.scalar(select(func.count()).select_from(Spending)) == 0
    store.rollback()
    page.get_by_role("button", name="导入 10,000 笔支出").click()
    heading(page, "支出明细已导入")
    assert store.scalar(select(func.sum(Spending.amount_fen))) == sum(one.amount for one in rows)
