"""The returned sheet on its pages: uploaded, looked at heap by heap, booked in one press."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO

import pytest
import time_machine
from werkzeug.test import TestResponse

from app.money import return_work
from lifecycle.roles import Role
from tests.integration.paying import Bureau
from tests.integration.test_returned import PAID, batch_of, filled
from tests.web.site import Browser
from tests.web.working import settle


@pytest.fixture(autouse=True)
def later(morning: None) -> object:
    """A day by which money may have moved."""
    del morning
    with time_machine.travel(datetime(2026, 2, 9, 2, tzinfo=UTC), tick=False):
        yield


def upload(browser: Browser, batch_id: int, content: bytes, name: str = "回执.xlsx") -> TestResponse:
    data = {"file": (BytesIO(content), name)}
    return browser.post(f"/money/batches/{batch_id}/returns", data=data, content_type="multipart/form-data")


def test_the_finance_officer_uploads_looks_and_books(
    bureau: Bureau, finance: Browser, auditor: Browser
) -> None:
    batch_id = batch_of(bureau, 3)
    assert "按回执登记" in finance.get(f"/money/batches/{batch_id}").text
    content = filled(bureau, batch_id, {1: PAID, 2: PAID | {"账号": "1"}})
    answer = upload(finance, batch_id, content)
    assert answer.status_code == 302
    page = finance.get(answer.location).text
    assert "将登记已拨付 <b>1</b> 笔，共 <b>70,000.00</b> 元" in page
    assert "单元格 F5" in page
    assert "改成了“1”" in page
    left_open = finance.get(answer.location, query_string={"heap": "尚未办理"}).text
    assert "沙-3" in left_open
    assert finance.get(f"{answer.location}/workbook.xlsx").data == content
    seen = auditor.get(answer.location).text
    assert "下一步“登记”由“财务”角色办理" in seen
    refused = finance.post(f"{answer.location}/book")
    assert refused.status_code == 422
    assert "有 1 行不能登记" in refused.text
    done = finance.post(f"{answer.location}/book", data={"leave_out": "y"}, follow_redirects=True).text
    assert "已按回执登记 1 笔" in done
    assert "登记 1 笔" not in done.split("核对结果")[1]
    assert finance.post(f"{answer.location}/book", data={"leave_out": "y"}).status_code == 409
    assert "已登记" in finance.get(f"/money/batches/{batch_id}/returns").text


def test_what_booking_refuses_is_said_of_the_cell(bureau: Bureau, finance: Browser) -> None:
    first, batch_id = batch_of(bureau, 1, start=8), batch_of(bureau, 2)
    answer = upload(finance, first, filled(bureau, first, {1: PAID}))
    finance.post(f"{answer.location}/book")
    answer = upload(finance, batch_id, filled(bureau, batch_id, {1: PAID | {"凭证号": "新"}, 2: PAID}))
    refused = finance.post(f"{answer.location}/book")
    assert refused.status_code == 422
    assert "单元格 P5：凭证号“国库-7”已用于其他批次" in refused.text
    dropped = finance.post(f"{answer.location}/drop", follow_redirects=True)
    assert "已放弃" in dropped.text


def test_the_wrong_file_is_said_at_once(bureau: Bureau, finance: Browser) -> None:
    batch_id, other = batch_of(bureau, 1), batch_of(bureau, 1, start=8)
    for content, name, words in (
        (filled(bureau, other, {}), "回执.xlsx", "校验码是批次 2026-002 的"),
        (b"x", "回执.xlsx", "不是可以读取的 Excel"),
        (b"", "回执.xlsx", "这个文件是空的"),
        (b"x", "回执.xls", "只能上传 .xlsx"),
    ):
        answer = upload(finance, batch_id, content, name)
        assert answer.status_code == 422
        assert words in answer.text
    sent = upload(finance, batch_id, filled(bureau, batch_id, {1: PAID}))
    assert sent.status_code == 302


def test_who_may_not_book_may_not_upload(
    bureau: Bureau, as_role: Callable[[Role], Browser], stranger: Callable[[Role], Browser]
) -> None:
    batch_id = batch_of(bureau, 1)
    content = filled(bureau, batch_id, {1: PAID})
    for role in (Role.HANDLER, Role.APPROVER, Role.AUDITOR):
        assert upload(as_role(role), batch_id, content).status_code == 403
        assert "还没有收到回执" in as_role(role).get(f"/money/batches/{batch_id}/returns").text
    assert upload(stranger(Role.FINANCE), batch_id, content).status_code == 404


@pytest.mark.usefixtures("at_rest")
def test_a_large_workbook_is_read_in_the_background_and_then_looked_at(
    bureau: Bureau, finance: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(return_work, "MOST_AT_ONCE", 0)
    batch_id = batch_of(bureau, 2)
    work = upload(finance, batch_id, filled(bureau, batch_id, {1: PAID})).location
    assert work.startswith("/tasks/")
    assert settle(finance, work).location.startswith("/money/returned/")
    assert "待登记" in finance.get(f"/money/batches/{batch_id}/returns").text
    refused = upload(finance, batch_id, b"no workbook").location
    page = settle(finance, refused).text
    assert "读取没有完成" in page
    assert "重新开始读取" in page


@pytest.mark.usefixtures("at_rest")
def test_a_large_sheet_is_booked_in_the_background_and_says_at_which_cells_it_is_not(
    bureau: Bureau, finance: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(return_work, "MOST_BOOKED_AT_ONCE", 0)
    first, batch_id = batch_of(bureau, 1, start=8), batch_of(bureau, 3)
    page = upload(finance, first, filled(bureau, first, {1: PAID})).location
    work = finance.post(f"{page}/book").location
    assert work.startswith("/tasks/")
    assert settle(finance, work).location == page
    assert "已登记" in finance.get(page).text
    again = finance.post(f"{page}/book")
    assert again.status_code == 409  # booked already: answered at once
    altered = {1: PAID | {"凭证号": "新"}, 2: PAID, 3: PAID | {"账号": "1"}}
    page = upload(finance, batch_id, filled(bureau, batch_id, altered)).location
    assert finance.post(f"{page}/book").status_code == 422, "lines that are left out are meant first"
    refused = settle(finance, finance.post(f"{page}/book", data={"leave_out": "y"}).location).text
    assert "登记未通过" in refused
    assert "<li>单元格 P5：凭证号“国库-7”已用于其他批次" in refused
    assert f'href="{page}"' in refused
    assert "待登记" in finance.get(page).text
