"""What was not paid, made void, taken back or sent to a wrong account, as finance and handlers press it."""

from __future__ import annotations

from io import BytesIO

import pytest
from sqlalchemy import select

from finance.models import Batch, BatchLine
from finance.receipts import confirm_receipt
from finance.states import LineResult
from lifecycle.stages import TrancheState
from tests import papers
from tests.integration.paying import TODAY, Bureau, approve_one, approved, drafted, issued
from tests.web.money.test_cost import MOST, asked
from tests.web.site import Browser

GOOD = {"voucher": "记-018", "paid_on": TODAY.isoformat()}
BACK = {"reason": "收款账户已销户，银行退汇", "voucher": "冲-1", "on": TODAY.isoformat()}


@pytest.fixture
def batch(bureau: Bureau) -> int:
    """An issued batch of two payments of 70,000 yuan."""
    return issued(bureau, approved(bureau, number="沙-1"), approved(bureau, number="沙-2"))


def results(bureau: Bureau, batch_id: int) -> list[LineResult | None]:
    bureau.session.rollback()
    query = select(BatchLine.result).where(BatchLine.batch_id == batch_id).order_by(BatchLine.position)
    return list(bureau.session.scalars(query))


def test_a_line_that_was_not_paid_goes_back_with_its_reason(
    bureau: Bureau, finance: Browser, auditor: Browser, batch: int
) -> None:
    first = bureau.lines(batch)[0]
    assert f'href="/money/lines/{first}/fail"' in finance.get(f"/money/batches/{batch}").text
    page = finance.get(f"/money/lines/{first}/fail").text
    assert "登记未拨出 70,000.00 元" in page
    empty = finance.post(f"/money/lines/{first}/fail", data={"reason": " ", "paid_on": "2026-02-09"})
    assert empty.status_code == 422
    assert 'id="reason-error">请写明未拨出的原因。' in empty.text
    late = finance.post(f"/money/lines/{first}/fail", data={"reason": "退", "paid_on": "2026-02-09"})
    assert 'id="paid_on-error">未拨出的日期不能晚于今天（2026-02-05）。' in late.text
    told = {"reason": "户名与账号不符", "paid_on": TODAY.isoformat()}
    done = finance.post(f"/money/lines/{first}/fail", data=told, follow_redirects=True).text
    assert "已登记未拨出，款项回到“待入批次”" in done
    assert "登记拨付 1 笔" in done
    assert f'href="/money/batches/{batch}?result=%E6%9C%AA%E6%8B%A8%E5%87%BA#lines">1 笔</a>' in done
    assert finance.get(f"/money/lines/{first}/fail").location == f"/money/batches/{batch}"
    assert finance.post(f"/money/lines/{first}/book", data=GOOD).status_code == 409
    only = auditor.get(f"/money/batches/{batch}", query_string={"result": "未拨出"}).text
    assert "户名与账号不符" in only
    assert "第 2 笔" not in only
    assert "没有这一结果的款项" in auditor.get(f"/money/batches/{batch}?result=已拨付").text
    bureau.session.rollback()
    (tranche_id,) = bureau.session.scalars(select(BatchLine.tranche_id).where(BatchLine.id == first))
    assert "登记未拨出：" in auditor.get(f"/money/tranches/{tranche_id}").text
    finance.post(f"/money/batches/{batch}/book?result=未拨出", data=GOOD)
    assert results(bureau, batch) == [LineResult.FAILED, LineResult.PAID]


def test_a_sheet_is_made_void_and_issued_anew(
    bureau: Bureau, finance: Browser, auditor: Browser, batch: int
) -> None:
    text = finance.get(f"/money/batches/{batch}").text
    assert "作废本批次" in text
    assert f'action="/money/batches/{batch}/void"' not in auditor.get(f"/money/batches/{batch}").text
    empty = finance.post(f"/money/batches/{batch}/void", data={"reason": ""})
    assert empty.status_code == 422
    assert 'id="reason-error">请写明作废原因。' in empty.text
    assert results(bureau, batch) == [None, None]
    old = finance.get(f"/money/batches/{batch}/sheet").data
    void = finance.post(
        f"/money/batches/{batch}/void", data={"reason": "金额有误"}, follow_redirects=True
    ).text
    assert "本批次已作废，原拨付表不再有效" in void
    assert "原因：金额有误" in void
    assert f'action="/money/batches/{batch}/reissue"' in void
    assert f'action="/money/batches/{batch}/reissue"' not in auditor.get(f"/money/batches/{batch}").text
    assert finance.get(f"/money/batches/{batch}/sheet").data == old
    assert finance.post(f"/money/batches/{batch}/void", data={"reason": "再"}).status_code == 409
    anew = finance.post(f"/money/batches/{batch}/reissue").location
    assert f'代替已作废的批次 <a href="/money/batches/{batch}">2026-001</a>' in finance.get(anew).text
    shown = auditor.get(f"/money/batches/{batch}").text
    assert f'已由批次 <a href="{anew}">2026-002</a> 代替' in shown
    again = finance.post(f"/money/batches/{batch}/reissue")
    assert again.status_code == 422
    assert "已由批次 2026-002 代替，不需要再次编制" in again.text
    assert "2026-002</a> 代替" in auditor.get("/money/batches").text
    assert asked(finance, f"/money/batches/{batch}") <= MOST
    assert asked(finance, anew) <= MOST


def test_a_sheet_of_which_something_is_paid_has_no_such_button(
    bureau: Bureau, finance: Browser, batch: int
) -> None:
    finance.post(f"/money/lines/{bureau.lines(batch)[0]}/book", data=GOOD)
    assert f'action="/money/batches/{batch}/void"' not in finance.get(f"/money/batches/{batch}").text
    refused = finance.post(f"/money/batches/{batch}/void", data={"reason": "金额有误"})
    assert refused.status_code == 422
    assert results(bureau, batch) == [LineResult.PAID, None]


def test_a_payment_is_taken_back_once_nothing_stands_on_it(
    bureau: Bureau, finance: Browser, auditor: Browser, batch: int
) -> None:
    line = bureau.lines(batch)[0]
    address = f"/money/lines/{line}/reverse"
    assert finance.get(address).location == f"/money/batches/{batch}"
    assert finance.post(address, data=BACK).status_code == 409
    finance.post(f"/money/batches/{batch}/book", data=GOOD)
    assert f'href="{address}">冲正</a>' in finance.get(f"/money/batches/{batch}").text
    assert f'href="{address}"' not in auditor.get(f"/money/batches/{batch}").text
    (tranche_id,) = bureau.session.scalars(select(BatchLine.tranche_id).where(BatchLine.id == line))
    bureau.session.rollback()
    confirm_receipt(bureau.session, bureau.handler, tranche_id, TODAY, TODAY)
    stands = finance.get(address).text
    assert "承担单位已于 2026-02-05 确认到账，请经办人先撤销到账确认" in stands
    assert "btn-primary" not in stands
    assert finance.post(address, data=BACK).status_code == 422
    assert results(bureau, batch) == [LineResult.PAID, LineResult.PAID]
    other = f"/money/lines/{bureau.lines(batch)[1]}/reverse"
    assert "冲正 70,000.00 元" in finance.get(other).text
    wrong = finance.post(other, data=BACK | {"on": "2026-02-04", "voucher": ""})
    assert wrong.status_code == 422
    assert 'id="voucher-error">请填写冲正的凭证号。' in wrong.text
    day = finance.post(other, data=BACK | {"on": "2026-02-04"})
    assert 'id="on-error">冲正日期应在拨付日期（2026-02-05）与今天之间。' in day.text
    done = finance.post(other, data=BACK, follow_redirects=True).text
    assert "已冲正，款项回到“待入批次”" in done
    assert "冲正凭证 冲-1（原 记-018，2026-02-05）" in done
    assert results(bureau, batch) == [LineResult.PAID, LineResult.REVERSED]
    assert asked(finance, address) <= MOST


def test_finance_names_who_pays(bureau: Bureau, finance: Browser) -> None:
    wrong = finance.post("/money/payers", data={"district": "局" * 61})
    assert wrong.status_code == 422
    assert 'id="district-error">最多 60 个字。' in wrong.text
    assert finance.post("/money/payers", data={"district": "区财政局"}).status_code == 302
    assert 'value="区财政局"' in finance.get("/money/payers").text
    finance.post("/money/batches/new", data={"tranche": [approved(bureau)]})
    assert bureau.session.scalars(select(Batch.payer)).one() == "区财政局"


def test_a_handler_puts_an_account_right_and_everybody_is_told(
    bureau: Bureau, handler: Browser, approver: Browser, finance: Browser
) -> None:
    project_id = bureau.project(number="沙-1", bank_account=None)
    (tranche_id,) = bureau.tranches(project_id)
    address = "/money/account/沙-1"
    assert "请先<a href=" in handler.get(f"/money/tranches/{tranche_id}").text
    assert "更正收款账户" in handler.get("/projects/沙-1?tab=money").text
    approve_one(bureau, tranche_id)
    assert finance.get(address).status_code == 403
    typed = {"bank_name": "工商银行沙坪坝支行", "bank_account": "6222 9999"}
    missing = handler.post(address, data=typed)
    assert missing.status_code == 422
    assert 'id="reason-error">请写明更正原因。' in missing.text
    assert 'id="files-error">请附账户证明的扫描件。' in missing.text
    files = {"files": (BytesIO(papers.pdf()), "账户证明.pdf")}
    done = handler.post(address, data=typed | {"reason": "原登记遗漏账号，按单位来函补录"} | files)
    assert done.status_code == 302
    page = handler.get("/projects/沙-1?tab=money").text
    assert "62229999" in page
    assert "账户证明.pdf" in page
    told = f"收款账户于 2026-02-05 由{bureau.handler.name}更正"
    assert told in approver.get(f"/money/tranches/{tranche_id}").text
    assert told in finance.get("/money/batches/new").text
    batch_id = drafted(bureau, tranche_id)
    assert told in finance.get(f"/money/batches/{batch_id}").text
    finance.post(f"/money/batches/{batch_id}/issue")
    assert bureau.state(tranche_id) is TrancheState.ISSUED
    refused = handler.get(address).text
    assert "已出表的批次 2026-001" in refused
    assert "btn-primary" not in refused
    again = handler.post(address, data=typed | {"reason": "原登记遗漏账号，按单位来函补录"} | {
        "files": (BytesIO(papers.pdf()), "账户证明.pdf")
    })  # fmt: skip
    assert again.status_code == 422


@pytest.mark.parametrize("press", ["void", "fail"])
def test_nobody_ends_what_she_proposed(
    bureau: Bureau, everyone: Browser, approver: Browser, press: str
) -> None:
    tranche_id = bureau.tranche()
    everyone.post(f"/money/tranches/{tranche_id}/propose")
    approver.post(f"/money/tranches/{tranche_id}/approve")
    batch_id = issued(bureau, tranche_id)
    (line,) = bureau.lines(batch_id)
    where = f"batches/{batch_id}/void" if press == "void" else f"lines/{line}/fail"
    answer = everyone.post(f"/money/{where}", data={"reason": "有误", "paid_on": TODAY.isoformat()})
    assert answer.status_code == 422
    assert "须由其他人" in answer.text
    assert bureau.state(tranche_id) is TrancheState.ISSUED
