"""Layouts on the page: download the standard one, upload one's own, look at it, put it in use, go back."""

from __future__ import annotations

from io import BytesIO

from openpyxl import load_workbook
from werkzeug.test import TestResponse

from tests.integration.paying import Bureau
from tests.unit.sheets.layouts import office_layout, setting
from tests.web.site import Browser

PAGE = "/money/layouts"


def upload(browser: Browser, content: bytes, file_name: str = "版式.xlsx", **more: str) -> TestResponse:
    data = {"name": "国库版", "payer": "", "file": (BytesIO(content), file_name), **more}
    return browser.post(PAGE, data=data, content_type="multipart/form-data")


def test_an_office_changes_how_its_sheets_look_without_a_programmer(finance: Browser) -> None:
    assert "还没有上传过版式" in finance.get(PAGE).text
    begin_from = finance.get(f"{PAGE}/standard.xlsx")
    assert load_workbook(BytesIO(begin_from.data)).active["A1"].value.startswith("{年度}")
    mine = office_layout()
    answer = upload(finance, mine)
    assert answer.status_code == 302
    one = finance.get(answer.location).text
    assert "拨付金额（元）" in one
    assert "第 6 行" in one
    preview = load_workbook(BytesIO(finance.get(f"{answer.location}/preview.xlsx").data)).worksheets[0]
    assert preview["D10"].value == "=SUM(D6:D8)"
    assert finance.get(f"{answer.location}/workbook.xlsx").data == mine
    used = finance.post(f"{answer.location}/use", follow_redirects=True).text
    assert "现用" in used
    assert "改回标准版式" in used
    back = finance.post(f"{PAGE}/standard", data={"payer": ""}, follow_redirects=True).text
    assert "改回标准版式" not in back
    assert "国库版" in back


def test_what_is_wrong_is_said_per_cell_and_nothing_is_kept(bureau: Bureau, finance: Browser) -> None:
    before = bureau.everything()
    answer = upload(finance, office_layout(setting("F6", "{资金来原}"), setting("J6", None)))
    assert answer.status_code == 422
    assert "单元格 F6" in answer.text
    assert "是不是“{资金来源}”" in answer.text
    assert "{凭证号}" in answer.text
    assert 'value="国库版"' in answer.text
    assert "只能上传 .xlsx" in upload(finance, b"x", "版式.xls").text
    assert "不是可以读取的 Excel" in upload(finance, b"x").text
    assert "这个文件是空的" in upload(finance, b"").text
    assert "请填写版式名称" in upload(finance, office_layout(), name="").text
    assert "请从列表中选择" in upload(finance, office_layout(), payer="没有的单位").text
    assert bureau.everything() == before
