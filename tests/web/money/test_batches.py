"""Batches: choosing what goes in, the draft, and the sheet that never changes."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from io import BytesIO
from urllib.parse import quote

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from app.money import issue_work
from finance.models import Batch
from finance.states import BatchState
from lifecycle.record import Source
from lifecycle.record import Tranche as Plan
from lifecycle.roles import Role
from lifecycle.stages import TrancheState
from tests.integration.paying import Bureau, approve_one, approved, drafted, ea_fields, issued
from tests.web.site import Browser
from tests.web.working import settle

NEW = "/money/batches/new"
DISTRICT, PROVINCIAL = Source.DISTRICT.value, Source.PROVINCIAL.value
NOT_FINANCE = [role for role in Role if role is not Role.FINANCE]


def ticked(text: str) -> set[int]:
    """Return the tranches whose boxes are ticked."""
    boxes = re.findall(r'<input[^>]*name="tranche"[^>]*>', text)
    return {int(re.search(r'value="(\d+)"', box)[1]) for box in boxes if " checked" in box}  # type: ignore[index]


def batches(bureau: Bureau) -> list[Batch]:
    bureau.session.rollback()
    return list(bureau.session.scalars(select(Batch).order_by(Batch.id)))


def test_everything_that_can_go_is_ticked_with_its_sum_in_figures_and_words(
    bureau: Bureau, finance: Browser
) -> None:
    one, two = approved(bureau, number="沙-1"), approved(bureau, number="沙-2")
    text = finance.get(NEW, query_string={"source": DISTRICT}).text
    assert ticked(text) == {one, two}
    assert "140,000.00" in text
    assert "大写：壹拾肆万元整" in text


def test_the_sum_follows_what_is_ticked_and_nothing_is_made(bureau: Bureau, finance: Browser) -> None:
    one, _ = approved(bureau, number="沙-1"), approved(bureau, number="沙-2")
    before = bureau.everything()
    data = {"source": DISTRICT, "tranche": [one], "recount": "1"}
    text = finance.post(NEW, data=data).text
    assert ticked(text) == {one}
    assert "大写：柒万元整" in text
    assert bureau.everything() == before


def test_a_batch_is_made_of_what_is_ticked(bureau: Bureau, finance: Browser) -> None:
    one, two = approved(bureau, number="沙-1"), approved(bureau, number="沙-2")
    answer = finance.post(NEW, data={"source": DISTRICT, "tranche": [two]})
    (made,) = batches(bureau)
    assert answer.location == f"/money/batches/{made.id}"
    assert (bureau.state(one), bureau.state(two)) == (TrancheState.APPROVED, TrancheState.BATCHED)
    again = finance.post(NEW, data={"source": DISTRICT, "tranche": [two]})
    assert again.status_code == 409
    assert len(batches(bureau)) == 1


def test_nothing_ticked_is_said_above_the_form(bureau: Bureau, finance: Browser) -> None:
    approved(bureau)
    answer = finance.post(NEW, data={"source": DISTRICT})
    assert answer.status_code == 422
    assert "请至少选择一笔已批准的拨付" in answer.text
    assert ticked(answer.text) == set()


def test_a_body_has_the_list_of_what_it_pays(bureau: Bureau, finance: Browser) -> None:
    project = bureau.project(number="企-1", **ea_fields())
    provincial, district = (approve_one(bureau, one) for one in bureau.tranches(project))
    text = finance.get(NEW).text
    assert ticked(text) == {provincial, district}
    assert f"{PROVINCIAL} 1 笔" in text
    assert finance.post("/money/payers", data={"provincial": "市财政局"}).status_code == 302
    assert ticked(finance.get(NEW, query_string={"payer": "市财政局"}).text) == {provincial}
    assert ticked(finance.get(NEW, query_string={"source": PROVINCIAL}).text) == {provincial}
    assert ticked(finance.get(NEW, query_string={"source": DISTRICT}).text) == {district}
    assert finance.get(NEW, query_string={"source": "自筹", "payer": "无"}).status_code == 200
    mixed = finance.post(NEW, data={"tranche": [provincial, district]})
    assert mixed.status_code == 422
    assert "同一批次只能包含同一拨款单位的财政资金" in mixed.text
    assert batches(bureau) == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"bank_name": None}, "未登记开户行"), ({"bank_account": None}, "未登记银行账号"),
     ({"bank_name": None, "bank_account": None}, "未登记开户行、银行账号")],
)  # fmt: skip
def test_a_payee_without_an_account_cannot_be_ticked_and_is_refused_all_the_same(
    bureau: Bureau, finance: Browser, fields: dict[str, None], words: str
) -> None:
    bad, good = approved(bureau, number="沙-1", **fields), approved(bureau, number="沙-2")
    text = finance.get(NEW, query_string={"source": DISTRICT}).text
    assert ticked(text) == {good}
    assert f"{words}，请经办人补录后再编入" in text
    answer = finance.post(NEW, data={"source": DISTRICT, "tranche": [bad, good]})
    assert answer.status_code == 422
    assert "沙-1：未登记" in answer.text
    assert batches(bureau) == []


def test_who_proposed_or_approved_cannot_tick_it_and_is_told_so(
    bureau: Bureau, everyone: Browser, approver: Browser
) -> None:
    tranche_id = bureau.tranche()
    everyone.post(f"/money/tranches/{tranche_id}/propose")
    approver.post(f"/money/tranches/{tranche_id}/approve")
    text = everyone.get(NEW, query_string={"source": DISTRICT}).text
    assert ticked(text) == set()
    assert "由您本人提出或批准，须由其他人编制批次" in text
    assert everyone.post(NEW, data={"source": DISTRICT, "tranche": [tranche_id]}).status_code == 422
    assert batches(bureau) == []


def test_somebody_elses_draft_with_ones_own_payment_in_it_cannot_be_issued(
    bureau: Bureau, everyone: Browser, approver: Browser, finance: Browser
) -> None:
    tranche_id = bureau.tranche()
    everyone.post(f"/money/tranches/{tranche_id}/propose")
    approver.post(f"/money/tranches/{tranche_id}/approve")
    batch_id = drafted(bureau, tranche_id)
    text = everyone.get(f"/money/batches/{batch_id}").text
    assert "其中 1 笔由您本人提出或批准（沙-1），须由其他人出表" in text
    assert "btn-primary" not in text
    assert everyone.post(f"/money/batches/{batch_id}/issue").status_code == 422
    finance.post(f"/money/batches/{batch_id}/issue")
    text = everyone.get(f"/money/batches/{batch_id}").text
    assert "须由其他人登记拨付" in text
    assert "btn-primary" not in text


def test_a_draft_says_what_issuing_means_and_lets_lines_go(bureau: Bureau, finance: Browser) -> None:
    one, two = approved(bureau, number="沙-1"), approved(bureau, number="沙-2")
    batch_id = drafted(bureau, one, two)
    text = finance.get(f"/money/batches/{batch_id}").text
    assert "可以整批作废后重新出表" in text
    assert "出表：2 笔 140,000.00 元" in text
    assert "下载拨付表" not in text
    first, _ = bureau.lines(batch_id)
    assert finance.post(f"/money/lines/{first}/remove").location == f"/money/batches/{batch_id}"
    assert bureau.state(one) is TrancheState.APPROVED
    assert "出表：1 笔 70,000.00 元" in finance.get(f"/money/batches/{batch_id}").text
    assert finance.post(f"/money/lines/{first}/remove").status_code == 404


def test_a_draft_is_discarded_once(bureau: Bureau, finance: Browser) -> None:
    tranche_id = approved(bureau)
    batch_id = drafted(bureau, tranche_id)
    assert finance.post(f"/money/batches/{batch_id}/discard").status_code == 302
    assert bureau.state(tranche_id) is TrancheState.APPROVED
    assert "作废了本批次（未出表）" in finance.get(f"/money/batches/{batch_id}").text
    assert finance.post(f"/money/batches/{batch_id}/discard").status_code == 409
    assert finance.post(f"/money/batches/{batch_id}/issue").status_code == 409


def test_an_emptied_draft_cannot_be_issued(bureau: Bureau, finance: Browser) -> None:
    batch_id = drafted(bureau, approved(bureau))
    finance.post(f"/money/lines/{bureau.lines(batch_id)[0]}/remove")
    assert "批次中没有款项，请作废本批次后重新编制" in finance.get(f"/money/batches/{batch_id}").text
    assert finance.post(f"/money/batches/{batch_id}/issue").status_code == 422


def test_a_line_that_a_rule_refuses_now_is_named_before_and_after_pressing(
    bureau: Bureau, finance: Browser
) -> None:
    bad_project = bureau.project(number="沙-1")
    bad, good = approve_one(bureau, bureau.tranches(bad_project)[0]), approved(bureau, number="沙-2")
    batch_id = drafted(bureau, bad, good)
    bureau.change(bad_project, separate_account=False, bank_account=None)
    shown = finance.get(f"/money/batches/{batch_id}").text
    assert "有 1 笔现在不能拨付" in shown
    assert "未登记银行账号，请经办人办理“更正收款账户”" in shown
    assert "（沙科局发〔2023〕41号 第二十九条）" in shown
    assert "btn-primary" not in shown
    before = bureau.everything()
    assert finance.post(f"/money/batches/{batch_id}/issue").status_code == 422
    assert bureau.everything() == before


def test_the_sheet_comes_with_its_chinese_name_the_same_bytes_every_time(
    bureau: Bureau, finance: Browser, auditor: Browser
) -> None:
    batch_id = drafted(bureau, approved(bureau, number="沙-1"), approved(bureau, number="沙-2"))
    assert finance.post(f"/money/batches/{batch_id}/issue").status_code == 302
    (batch,) = batches(bureau)
    stored = batch.sheet
    answer = finance.get(f"/money/batches/{batch_id}/sheet")
    assert answer.data == auditor.get(f"/money/batches/{batch_id}/sheet").data == stored
    assert answer.mimetype == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    name = quote("拨付表-2026-001.xlsx")
    assert f"filename*=UTF-8''{name}" in answer.headers["Content-Disposition"]
    cells = [cell.value for row in load_workbook(BytesIO(answer.data)).active for cell in row]
    assert {"沙-1", "沙-2", "6222020000000000001"} <= set(cells)
    page = auditor.get(f"/money/batches/{batch_id}").text
    assert batch.checksum is not None
    assert batch.checksum in page


def test_an_issued_batch_does_not_change(bureau: Bureau, finance: Browser) -> None:
    batch_id = issued(bureau, approved(bureau))
    before = bureau.everything()
    (line,) = bureau.lines(batch_id)
    for press in (f"batches/{batch_id}/issue", f"batches/{batch_id}/discard", f"lines/{line}/remove"):
        assert finance.post(f"/money/{press}").status_code == 409
    assert bureau.everything() == before


def test_a_draft_has_no_sheet(bureau: Bureau, finance: Browser) -> None:
    assert finance.get(f"/money/batches/{drafted(bureau, approved(bureau))}/sheet").status_code == 404


@pytest.mark.parametrize("role", NOT_FINANCE)
def test_only_finance_makes_and_issues_batches(
    bureau: Bureau, as_role: Callable[[Role], Browser], role: Role
) -> None:
    ready = approved(bureau, number="沙-1")
    batch_id = drafted(bureau, approved(bureau, number="沙-2"))
    (line,) = bureau.lines(batch_id)
    before = bureau.everything()
    browser = as_role(role)
    assert browser.get(NEW).status_code == 403
    assert browser.post(NEW, data={"source": DISTRICT, "tranche": [ready]}).status_code == 403
    for press in (f"batches/{batch_id}/issue", f"batches/{batch_id}/discard", f"lines/{line}/remove"):
        assert browser.post(f"/money/{press}").status_code == 403
    assert bureau.everything() == before


def test_readers_of_the_bureau_see_batches_without_buttons(bureau: Bureau, auditor: Browser) -> None:
    batch_id = drafted(bureau, approved(bureau))
    listed = auditor.get("/money/batches").text
    assert f'href="/money/batches/{batch_id}"' in listed
    assert "编制拨付批次</a>" not in listed
    shown = auditor.get(f"/money/batches/{batch_id}").text.partition("<main")[2]
    assert "下一步“出表”由“财务”角色办理" in shown
    assert 'method="post"' not in shown


def test_another_agency_finds_no_batch(bureau: Bureau, stranger: Callable[[Role], Browser]) -> None:
    batch_id = issued(bureau, approved(bureau, number="沙-1"))
    (line,) = bureau.lines(batch_id)
    other = stranger(Role.FINANCE)
    for address in (f"batches/{batch_id}", f"batches/{batch_id}/sheet", f"lines/{line}/book"):
        assert other.get(f"/money/{address}").status_code == 404
    assert "2026-001" not in other.get("/money/batches").text
    ready = approved(bureau, number="沙-2")
    assert other.post(NEW, data={"source": DISTRICT, "tranche": [ready]}).status_code == 404


def test_the_list_of_batches_is_filtered_by_state(bureau: Bureau, auditor: Browser) -> None:
    issued(bureau, approved(bureau, number="沙-1"))
    drafted(bureau, approved(bureau, number="沙-2"))
    text = auditor.get("/money/batches", query_string={"state": BatchState.ISSUED}).text
    assert "2026-001" in text
    assert "2026-002" not in text
    assert "没有处于“已登记”状态的批次" in auditor.get("/money/batches?state=已登记").text


def test_the_last_tranche_of_a_project_may_follow_in_the_same_batch(bureau: Bureau, finance: Browser) -> None:
    """A sheet may pay a project from one source twice; the second line counts the first as paid before."""
    halves = tuple(Plan(1, Source.DISTRICT, 3_500_000, date(2026, 2, day), 0, None) for day in (9, 10))
    both = [approve_one(bureau, one) for one in bureau.tranches(bureau.project(tranches=halves))]
    finance.post(NEW, data={"source": DISTRICT, "tranche": both})
    (made,) = batches(bureau)
    assert finance.get(f"/money/batches/{made.id}").text.count("35,000.00") >= 3


@pytest.mark.usefixtures("at_rest")
def test_a_large_batch_is_issued_in_the_background_and_its_page_leads_to_it(
    bureau: Bureau, finance: Browser, stranger: Callable[[Role], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issue_work, "MOST_AT_ONCE", 1)
    one, two = approved(bureau, number="沙-1"), approved(bureau, number="沙-2")
    batch_id = drafted(bureau, one, two)
    work = finance.post(f"/money/batches/{batch_id}/issue").location
    assert work.startswith("/tasks/")
    assert settle(finance, work).location == f"/money/batches/{batch_id}"
    assert [batch.state for batch in batches(bureau)] == [BatchState.ISSUED]
    assert finance.get(f"/money/batches/{batch_id}/sheet").status_code == 200
    assert stranger(Role.FINANCE).get(work).status_code == 404
    again = finance.post(f"/money/batches/{batch_id}/issue").location
    assert settle(finance, again).location == f"/money/batches/{batch_id}"  # it is issued: nothing more to do


@pytest.mark.usefixtures("at_rest")
def test_a_large_batch_that_cannot_go_out_says_why_and_stays_a_draft(
    bureau: Bureau, finance: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issue_work, "MOST_AT_ONCE", 0)
    project = bureau.project(number="沙-1")
    batch_id = drafted(bureau, approve_one(bureau, bureau.tranches(project)[0]))
    bureau.change(project, bank_account=None)
    page = settle(finance, finance.post(f"/money/batches/{batch_id}/issue").location).text
    assert "出表没有完成" in page
    assert "重新开始出表" in page
    assert f'href="/money/batches/{batch_id}"' in page
    assert [batch.state for batch in batches(bureau)] == [BatchState.DRAFT]
