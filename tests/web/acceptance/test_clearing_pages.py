"""The pages of clearing: who sees what, what is pressed, what is refused, and how little they ask."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from io import BytesIO
from typing import Any
from urllib.parse import unquote

from openpyxl import load_workbook

from finance.clearing.settling import confirm_settlement
from finance.models import DisallowedLine
from lifecycle.database import begin_write
from lifecycle.models import Spending as SpendingRow
from lifecycle.record import BudgetUse, Conclusion, Source
from lifecycle.roles import Role
from tests.integration.accepting import DAY, Accepting
from tests.integration.clearings import begun, come_back, confirmed, rows, settled, the_clearing
from tests.unit.rules.records import acceptance
from tests.web.projects import rows as cells_of
from tests.web.site import Browser

AsRole = Callable[[Role], Browser]


def main(text: str) -> str:
    """Return what stands in the middle of a page."""
    return text.partition("<main")[2].partition("</main>")[0]


def test_a_clearing_is_led_to_its_end_through_the_site(it: Accepting, as_role: AsRole) -> None:
    page = f"/acceptance/clearing/{begun(it)}"
    first, second = rows(it)
    finance, approver, unit = (as_role(role) for role in (Role.FINANCE, Role.APPROVER, Role.UNIT_MANAGER))
    assert "保存本页</button>" in finance.get(page).text
    assert "</button>" not in main(unit.get(page).text)
    ticked = {"rows": f"{first},{second}", f"pick-{first}": "y", f"amount-{first}": "10,000.00"}
    refused = finance.post(f"{page}/spending", data=ticked)
    assert refused.status_code == 422
    assert "请写明不予认可的原因" in refused.text
    assert "10,000.00" in refused.text
    ticked[f"reason-{first}"] = "与项目无关的设备"
    assert finance.post(f"{page}/spending?source=区（县）级财政", data=ticked).status_code == 302
    assert "与项目无关" in finance.get(page).text
    assert "与项目无关" not in unit.get(page).text
    typed = {"due": "2028-01-31"}
    assert finance.post(f"{page}/settle").status_code == 422
    assert finance.post(f"{page}/settle", data=typed).status_code == 302
    assert "核准：应退 30,000.00 元</button>" in approver.get(page).text
    assert approver.post(f"{page}/send-back", data={"note": "请附核查报告"}).status_code == 302
    assert "请附核查报告" in finance.get(page).text
    finance.post(f"{page}/settle", data=typed)
    assert approver.post(f"{page}/confirm").status_code == 302
    part = {"amount": "30,000.01", "on": DAY.isoformat(), "voucher": "退-1", "source": "区（县）级财政"}
    answer = finance.post(f"{page}/returned", data=part)
    assert (answer.status_code, "还应退 30,000.00 元" in answer.text) == (422, True)
    assert finance.post(f"{page}/returned", data=part | {"amount": "30,000.00"}).status_code == 302
    text = unit.get(page).text
    for told in ("已办结", "退-1", "与项目无关的设备"):
        assert told in text


def test_the_sums_follow_what_is_ticked_before_it_is_saved(it: Accepting, as_role: AsRole) -> None:
    page = f"/acceptance/clearing/{begun(it)}"
    first, second = rows(it)
    finance = as_role(Role.FINANCE)
    ticked = {f"pick-{first}": "y", f"amount-{first}": "1", f"pick-{second}": "y"}
    asked = finance.get(f"{page}/sums", query_string={"rows": f"{first},{second}", **ticked})
    assert "20,001.00" in asked.text  # the whole of the second row, 1 元 of the first
    assert "40,001.00" in asked.text
    assert finance.get(f"{page}/sums?rows=x,{10**9}").status_code == 200
    assert "不予认可的支出</h2>" not in finance.get(page).text


def test_a_line_without_a_row_can_be_taken_out(it: Accepting, as_role: AsRole) -> None:
    clearing_id = begun(it)
    line = DisallowedLine(
        clearing_id=clearing_id, source=Source.DISTRICT, amount_fen=100, reason="台账登记的不予认可"
    )
    begin_write(it.bureau.session)
    it.bureau.session.add(line)
    it.bureau.session.commit()
    page, finance = f"/acceptance/clearing/{clearing_id}", as_role(Role.FINANCE)
    assert "未分明细" in finance.get(page).text
    assert finance.post(f"{page}/lines/{line.id + 9}").status_code == 404
    assert finance.post(f"{page}/lines/{line.id}").status_code == 302
    assert "未分明细" not in finance.get(page).text


def test_a_confirmation_is_refused_with_what_has_changed(it: Accepting, as_role: AsRole) -> None:
    clearing_id = settled(it)
    approver, page = as_role(Role.APPROVER), f"/acceptance/clearing/{clearing_id}"
    _spend(it, 1)
    answer = approver.post(f"{page}/confirm")
    assert (answer.status_code, "现在 80,000.01 元" in answer.text) == (422, True)


def test_a_return_is_taken_back_and_the_day_is_moved(it: Accepting, as_role: AsRole) -> None:
    clearing_id = confirmed(it)
    finance, page = as_role(Role.FINANCE), f"/acceptance/clearing/{clearing_id}"
    back = come_back(it, clearing_id, 3_000_000, "退-1")
    path = f"/acceptance/clearing/returns/{back}"
    assert path in finance.get(page).text
    assert path not in as_role(Role.UNIT_MANAGER).get(page).text
    assert finance.post(path, data={"reason": ""}).status_code == 422
    assert "冲销 30,000.00 元</button>" in finance.get(path).text
    assert finance.post(path, data={"reason": "退汇"}).status_code == 302
    assert "已经冲销过" in finance.get(path).text
    assert finance.post(path, data={"reason": "退汇"}).status_code == 422
    assert finance.get("/acceptance/clearing/returns/999").status_code == 404
    wrong = finance.post(f"{page}/due", data={"due": "2020-01-01", "reason": "分期"})
    assert (wrong.status_code, "不能早于今天" in wrong.text) == (422, True)
    assert finance.post(f"{page}/due", data={"due": "2028-03-31", "reason": "分期退回"}).status_code == 302
    assert "分期退回" in finance.get(page).text
    assert the_clearing(it).due_on == date(2028, 3, 31)


def test_twenty_thousand_rows_are_looked_through_a_page_at_a_time(
    it: Accepting, as_role: AsRole, query_count: Callable[[], Any]
) -> None:
    clearing_id = begun(it)
    _spend(it, 1, count=20_000)
    finance, page = as_role(Role.FINANCE), f"/acceptance/clearing/{clearing_id}"
    for address in (f"{page}?page=400&q=批", f"{page}?shown=disallowed", "/acceptance/"):
        finance.get(address)
        with query_count() as asked:
            answer = finance.get(address)
        assert answer.status_code == 200
        assert len(asked) <= 12, address
    assert "20,000</b> 笔" in finance.get(f"{page}?q=批").text


def test_the_pages_of_a_confirmed_clearing_ask_little(
    it: Accepting, as_role: AsRole, query_count: Callable[[], Any]
) -> None:
    clearing_id = confirmed(it)
    come_back(it, clearing_id, 1, "退-1")
    page = f"/acceptance/clearing/{clearing_id}"
    for role in (Role.FINANCE, Role.UNIT_MANAGER):
        for address in (page, "/projects/沙-1?tab=oversight"):
            as_role(role).get(address)
            with query_count() as asked:
                as_role(role).get(address)
            assert len(asked) <= 12, address


def test_the_list_leads_to_what_is_open_and_exports_it(
    it: Accepting, as_role: AsRole, query_count: Callable[[], Any]
) -> None:
    clearing_id = confirmed(it)
    fell = acceptance(
        Conclusion.FAILED, date(2027, 10, 1), cleared_on=date(2027, 10, 9), to_return=300, returned=100
    )
    it.project("key", "沙-2", acceptance=fell)
    finance, unit = as_role(Role.FINANCE), as_role(Role.UNIT_MANAGER)
    address = "/acceptance/clearings"
    finance.get(address)
    with query_count() as asked:
        text = finance.get(address).text
    assert len(asked) <= 12
    assert f"/acceptance/clearing/{clearing_id}" in text
    assert "/acceptance/recovery/沙-2" in unquote(text)
    assert "/acceptance/recovery" not in unit.get(address).text
    exported = cells_of(finance.get(f"{address}/export.xlsx"))
    assert [(row[0], float(row[10])) for row in exported] == [("沙-1", 30_000.0), ("沙-2", 2.0)]
    assert list(cells_of(finance.get(f"{address}/export.xlsx?state=逾期"))) == []
    assert "没有符合条件的清算和追缴" in finance.get(f"{address}?q=不存在").text


def test_a_refund_of_a_ledger_gets_its_day(it: Accepting, as_role: AsRole) -> None:
    fell = acceptance(
        Conclusion.FAILED, date(2027, 10, 1), cleared_on=date(2027, 10, 9), to_return=300, returned=100
    )
    it.project("key", "沙-2", acceptance=fell)
    finance, path = as_role(Role.FINANCE), "/acceptance/recovery/沙-2"
    assert "设定退回期限" in finance.get("/projects/沙-2?tab=oversight").text
    assert 'value="3.00"' in finance.get(path).text
    source = "区（县）级财政"
    typed = {f"to_return-{source}": "3", f"returned-{source}": "0.99", "due": "2028-01-31", "reason": "催收"}
    refused = finance.post(path, data=typed)
    assert (refused.status_code, "各来源合计应与台账一致" in refused.text) == (422, True)
    assert finance.post(path, data=typed | {f"returned-{source}": "1"}).status_code == 302
    assert "还应退 2.00 元" in finance.get(f"/acceptance/clearing/{the_clearing(it).id}").text
    assert "已在系统中办理" in finance.get(path).text


def test_the_sheets_are_handed_out_once_they_are_settled_for_good(it: Accepting, as_role: AsRole) -> None:
    clearing_id = settled(it)
    finance, unit = as_role(Role.FINANCE), as_role(Role.UNIT_MANAGER)
    page = f"/acceptance/clearing/{clearing_id}"
    for file in ("sheet.xlsx", "paper.docx"):
        assert finance.get(f"{page}/{file}").status_code == 200
        assert unit.get(f"{page}/{file}").status_code == 302
    assert "草稿" in load_workbook(BytesIO(finance.get(f"{page}/sheet.xlsx").data))["清算表"]["A1"].value
    confirm_settlement(it.bureau.session, it.actor(Role.APPROVER), clearing_id, DAY)
    sheet = load_workbook(BytesIO(unit.get(f"{page}/sheet.xlsx").data), data_only=True)["清算表"]
    assert (sheet["A1"].value, sheet["I8"].value) == ("沙坪坝区科技局财务清算表", 30_000)
    assert unit.get(f"{page}/spending.xlsx").status_code == 403
    exported = cells_of(finance.get(f"{page}/spending.xlsx?shown=disallowed"))
    assert [(row[3], float(row[6])) for row in exported] == [("记-1", 10_000.0)]


def test_a_surplus_is_led_to_its_end_through_the_site(it: Accepting, as_role: AsRole) -> None:
    it.concluded("key")
    page, source = f"/acceptance/clearing/{the_clearing(it).id}", "区（县）级财政"
    finance, approver = as_role(Role.FINANCE), as_role(Role.APPROVER)
    assert "结余处理" in finance.get(page).text
    typed = {f"kept-{source}": "15000", "due": "2028-01-31"}
    assert "请写明理由和用途" in finance.post(f"{page}/settle", data=typed).text
    assert finance.post(f"{page}/settle", data=typed | {"note": "用于中试"}).status_code == 302
    assert approver.post(f"{page}/confirm").status_code == 302
    text = finance.get(page).text
    assert "15,000.00" in text
    assert "还应退 5,000.00 元" in text
    assert "已结题" in finance.get("/projects/沙-1").text


def _spend(it: Accepting, fen: int, count: int = 1) -> None:
    """Store spending of public money behind everybody's back."""
    project_id = the_clearing(it).project_id
    begin_write(it.bureau.session)
    it.bureau.session.bulk_save_objects(
        [
            SpendingRow(
                project_id=project_id,
                position=9 + place,
                spent_on=DAY,
                source=Source.DISTRICT,
                use=BudgetUse.OPERATIONS,
                amount_fen=fen,
                voucher=f"批-{place}",
            )
            for place in range(count)
        ]
    )
    it.bureau.session.commit()
