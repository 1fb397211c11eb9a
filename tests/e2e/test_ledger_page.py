"""A bureau's workbook through the ledger page: with scripts, without, and over a killed server."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Event

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.orm import Session

from app.longwork.background import background
from lifecycle.database import open_database
from lifecycle.record import BudgetUse, Source, Spending
from reports.ledger.reading import read_ledger
from reports.ledger.writing import write_ledger
from tests.web.site import make_people

ROOT = Path(__file__).parents[2]
LEDGERS = ROOT / "tests" / "data" / "ledger"
SAMPLE = LEDGERS / "sample.xlsx"
PATIENCE = 60_000
"""Milliseconds: the machine may be busy."""

Enter = Callable[[Page, str, str], Page]


@pytest.fixture
def ahead(tmp_path: Path) -> Iterator[Event]:
    """Something else is being worked on until this is set."""
    done = Event()

    def wait(_tell: object) -> None:
        done.wait(60)

    background.add(tmp_path / "ahead.progress", wait)
    yield done
    done.set()


def heading(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(words, timeout=PATIENCE)


def upload(page: Page, file: Path) -> None:
    page.get_by_label("台账文件").set_input_files(file)
    page.get_by_role("button", name="上传并体检").click()


def test_the_sample_is_checked_left_come_back_to_and_imported(
    site: str, page: Page, enter: Enter, ahead: Event
) -> None:
    enter(page, site, "a.handler").goto(f"{site}/ledger/")
    upload(page, SAMPLE)
    heading(page, "正在体检台账")
    expect(page.locator(".progressing")).to_contain_text("排队等候")
    page.get_by_role("navigation", name="主菜单").get_by_role("link", name="台账").click()
    row = page.locator("tr", has_text="sample.xlsx")
    expect(row).to_contain_text("正在体检")
    row.get_by_role("link").click()
    ahead.set()
    heading(page, "体检结果")
    expect(page.locator("main")).to_contain_text("共 660 个：不符合“必须”的 616 个，不符合“一般”的 44 个")
    page.get_by_label("强度").select_option("一般")
    page.get_by_role("button", name="查询").click()
    expect(page.locator(".list-summary")).to_contain_text("共 44 个问题")

    page.get_by_role("button", name="导入 300 个项目").click()
    heading(page, "台账已导入")
    expect(page.locator(".notice-good")).to_contain_text("新增 300 个项目")
    page.get_by_role("link", name="当前问题清单").click()
    expect(page.locator(".list-summary")).to_contain_text("共 660 个问题")
    with page.expect_download() as download:
        page.get_by_role("link", name="下载清单（Excel）").click()
    assert download.value.suggested_filename == "问题清单-2026-06-30.xlsx"
    page.goto(f"{site}/projects/")
    expect(page.locator(".list-summary")).to_contain_text("共 300 个项目")


def test_a_refused_ledger_is_mended_and_uploaded_from_the_page_that_refused_it(
    site: str, page: Page, enter: Enter
) -> None:
    enter(page, site, "a.handler").goto(f"{site}/ledger/")
    upload(page, LEDGERS / "broken" / "several.xlsx")
    heading(page, "台账未通过")
    expect(page.locator(".notice-bad")).to_contain_text("有 4 处需要改正，没有保存任何内容")
    expect(page.locator("#content tbody tr")).to_have_count(4)
    upload(page, SAMPLE)
    heading(page, "体检结果")


def test_without_scripts_the_page_turns_to_the_result_by_itself(
    site: str, browser: Browser, enter: Enter, ahead: Event
) -> None:
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = enter(context.new_page(), site, "a.handler")
    page.goto(f"{site}/ledger/")
    upload(page, SAMPLE)
    heading(page, "正在体检台账")
    ahead.set()
    heading(page, "体检结果")
    page.get_by_role("button", name="导入 300 个项目").click()
    heading(page, "台账已导入")
    context.close()


@contextmanager
def server(instance: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run the whole program in a process of its own until the block ends or it is killed."""
    environment = os.environ | {"KEGUAN_INSTANCE": str(instance), "PYTHONPATH": str(ROOT)}
    environment.pop("KEGUAN_DATABASE_URL", None)
    command = [sys.executable, "-c", "from app.cli import main; main()", "run", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, cwd=ROOT)
    try:
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            with closing(socket.socket()) as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield process
    finally:
        process.kill()
        process.wait(30)


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def count_projects(file: Path) -> int:
    with closing(sqlite3.connect(file)) as database:
        return int(database.execute("SELECT count(*) FROM project").fetchone()[0])


def slow_to_read(file: Path) -> Path:
    """Write the sample with so much spending that one can step in while it is being read."""
    line = Spending(date(2026, 1, 31), Source.OWN, BudgetUse.OPERATIONS, 100, None, None)
    records = [replace(record, spending=(line,) * 80) for record in read_ledger(SAMPLE).records]
    write_ledger(records, file)
    return file


def test_an_import_over_which_the_server_is_killed_leaves_nothing_and_begins_again(
    migrated_sqlite_url: str, tmp_path: Path, page: Page, enter: Enter
) -> None:
    engine = open_database(migrated_sqlite_url)
    with Session(engine) as session:
        make_people(session)
    engine.dispose()
    instance, port = tmp_path / "instance", free_port()
    instance.mkdir()
    database = (tmp_path / "keguan.db").rename(instance / "keguan.sqlite3")
    site = f"http://127.0.0.1:{port}"

    with server(instance, port) as process:
        enter(page, site, "a.handler").goto(f"{site}/ledger/")
        upload(page, slow_to_read(tmp_path / "台账.xlsx"))
        heading(page, "体检结果")
        address = page.url
        page.get_by_role("button", name="导入 300 个项目").click()
        with closing(sqlite3.connect(database, isolation_level=None)) as ahead:
            ahead.execute("BEGIN IMMEDIATE")  # the import, once it has read the workbook, has to wait
            heading(page, "正在导入台账")
            process.send_signal(signal.SIGKILL)
            process.wait(30)
    assert count_projects(database) == 0

    for progress in (instance / "uploads").glob("*.progress"):
        os.utime(progress, (0, 0))
    with server(instance, port):
        page.goto(address)
        heading(page, "导入已中断")
        page.get_by_role("button", name="重新开始导入").click()
        heading(page, "台账已导入")
    assert count_projects(database) == 300
