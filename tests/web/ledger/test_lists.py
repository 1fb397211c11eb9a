"""What everybody who sees the ledger reads and downloads; nobody else does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from lifecycle.models import Project
from lifecycle.record import Nature
from lifecycle.roles import GRANTS, Permission, Role
from tests.plugins.counting import Counting
from tests.web.ledger.uploading import AS_OF, XLSX, checked, ledger, rows_of
from tests.web.site import Browser, a_record

READERS = [role for role in Role if Permission.SEE_LEDGER in GRANTS[role]]
OTHERS = [role for role in Role if Permission.SEE_LEDGER not in GRANTS[role]]


@pytest.mark.parametrize("role", READERS)
def test_whoever_sees_the_ledger_reads_and_downloads(
    as_role: Callable[[Role], Browser], make_project: Callable[..., Project], role: Role
) -> None:
    make_project()
    browser = as_role(role)
    page = browser.get("/ledger/")
    assert page.status_code == 200
    assert ("上传并体检" in page.text) is (role is Role.HANDLER)
    assert "当前问题清单" in page.text
    assert "导出台账" in page.text
    assert "下载空白台账" in page.text
    assert browser.get("/ledger/findings").status_code == 200
    for address in ("template.xlsx", "export.xlsx", "findings.xlsx"):
        assert browser.get(f"/ledger/{address}").mimetype == XLSX


@pytest.mark.parametrize("role", OTHERS)
def test_whoever_does_not_see_the_ledger_is_refused(as_role: Callable[[Role], Browser], role: Role) -> None:
    browser = as_role(role)
    for address in ("", "template.xlsx", "export.xlsx", "findings", "findings.xlsx"):
        assert browser.get(f"/ledger/{address}").status_code == 403


def test_what_was_exported_can_be_imported_again_unchanged(
    handler: Browser, make_project: Callable[..., Project]
) -> None:
    make_project()
    exported = handler.get("/ledger/export.xlsx")
    assert "filename*=UTF-8''" in exported.headers["Content-Disposition"]
    _, page = checked(handler, exported.data)
    assert "台账中的 1 个项目与系统中的内容一致" in page.text
    assert "btn-primary" not in page.text


def test_an_export_leaves_no_file_behind(app: Flask, handler: Browser) -> None:
    assert handler.get("/ledger/export.xlsx").status_code == 200
    assert list(Path(app.instance_path, "uploads").iterdir()) == []


def test_the_findings_list_is_filtered_paged_and_of_a_day(
    handler: Browser, make_project: Callable[..., Project]
) -> None:
    make_project("KG-1", title="甲项目", start=date(2020, 1, 1), district=100_000_000)
    make_project("KG-2", title="乙项目", district=100_000_000, nature=Nature.TRANSFORMATION)
    everything = rows_of(handler.get(f"/ledger/findings.xlsx?as_of={AS_OF}"))[3:]
    assert {row[0] for row in everything} == {"KG-1", "KG-2"}
    assert {row[0] for row in rows_of(handler.get("/ledger/findings.xlsx?text=甲项目"))[3:]} == {"KG-1"}
    usual = rows_of(handler.get(f"/ledger/findings.xlsx?as_of={AS_OF}&strength=usual"))[3:]
    assert {row[3] for row in usual} == {"一般"}
    assert len(usual) < len(everything)
    assert rows_of(handler.get("/ledger/findings.xlsx?programme=川渝科技创新合作计划（2024）"))[3:] == []
    early = rows_of(handler.get("/ledger/findings.xlsx?as_of=2026-01-01"))[3:]
    assert len(early) < len(everything)
    page = handler.get(f"/ledger/findings?as_of={AS_OF}&page=99&size=20").text
    assert f"共 <b>{len(everything)}</b> 个问题" in page
    assert "/projects/KG-1?tab=compliance" in page


@pytest.mark.parametrize(
    "asked", ["as_of=x&strength=y&page=-1&size=0&rule=z", "as_of=0001-01-01", "text=%00%25"]
)
def test_an_address_that_asks_nonsense_gets_an_answer(handler: Browser, asked: str) -> None:
    assert handler.get(f"/ledger/findings?{asked}").status_code == 200
    assert handler.get(f"/ledger/findings.xlsx?{asked}").status_code == 200


def test_what_a_page_asks_of_the_database_does_not_grow(
    handler: Browser, make_project: Callable[..., Project], query_count: Counting
) -> None:
    for number in range(3):
        make_project(f"KG-{number}", district=100_000_000)
        checked(handler, ledger(a_record(f"KG-X{number}")))
    for address in ("/ledger/", "/ledger/findings"):
        with query_count() as asked:
            assert handler.get(address).status_code == 200
        assert len(asked) <= 12, asked
