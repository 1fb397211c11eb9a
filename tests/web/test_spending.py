"""Spending and arrivals on the site: who may press what, what comes back, and what is over the budget."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import clock
from lifecycle.models import Payment, Project, Tranche
from lifecycle.models import Spending as SpendingRow
from lifecycle.record import Source
from lifecycle.roles import Role
from tests.integration.spendings import BUDGET, JOINT, LATER, OWN, PAID, ROW, TODAY
from tests.plugins.counting import Counting
from tests.web.projects import SEERS, AsRole, Make
from tests.web.site import Browser, People
from tests.web.working import settle

TAB = "/projects/KG-1?tab=money"
NEW, IMPORT = "/spending/new/KG-1", "/spending/import/KG-1"
HEAD = ("日期", "资金来源", "科目", "金额（元）", "凭证号", "备注")
GOOD = (date(2026, 3, 1), "自筹", "劳务费", 100.1, "记-1", "劳务")


@pytest.fixture(autouse=True)
def project(at_rest: None, make_project: Make, monkeypatch: pytest.MonkeyPatch) -> Project:
    del at_rest
    monkeypatch.setattr(clock, "today", lambda: TODAY)
    return make_project("KG-1", tranches=(PAID, LATER, JOINT, OWN), budget=BUDGET, joint=5_000_000)


def rows(session: Session) -> list[tuple[int, str | None]]:
    session.rollback()
    query = select(SpendingRow.amount_fen, SpendingRow.voucher).order_by(SpendingRow.position)
    return [(amount, voucher) for amount, voucher in session.execute(query)]


def typed(place: int = 0, **more: str) -> dict[str, str]:
    usual = {"on": "2026-03-01", "source": "自筹", "use": "劳务费", "amount": "1,234.56", "voucher": "记-1"}
    filled = usual | {"note": ""} | more
    return {f"{name}-{place}": value for name, value in filled.items()} | {"count": "5"}


def book(*lines: Iterable[Any], head: Iterable[str] = HEAD) -> BytesIO:
    made, target = Workbook(), BytesIO()
    for line in (head, *lines):
        made.active.append(list(line))
    made.save(target)
    return BytesIO(target.getvalue())


def send(browser: Browser, file: BytesIO, name: str = "支出.xlsx") -> TestResponse:
    """Send a workbook; return its preview, or the page that refuses it."""
    answer = browser.post(IMPORT, data={"file": (file, name)})
    return settle(browser, answer.location) if answer.status_code == 302 else answer


def take_in(browser: Browser, preview: TestResponse, **more: str) -> TestResponse:
    """Press the button of a preview; return the page it leads to, or the preview that asks for more."""
    found = re.search(r'action="(/spending/books/[0-9a-f]+/enter)"', preview.text)
    assert found
    answer = browser.post(found[1], data=more)
    return settle(browser, answer.location) if answer.status_code == 302 else answer


def tranche(session: Session, source: Source, number: int = 1) -> int:
    session.rollback()
    query = select(Tranche.id).where(Tranche.source == source, Tranche.number == number)
    return session.scalars(query.order_by(Tranche.position.desc())).first() or 0


@pytest.mark.parametrize("role", SEERS)
def test_the_tab_shows_the_money_and_offers_only_what_one_may_press(as_role: AsRole, role: Role) -> None:
    as_role(Role.PI).post(NEW, data=typed())
    page = as_role(role).get(TAB)
    assert page.status_code == 200
    assert "1,234.56" in page.text
    of_unit = {Role.UNIT_MANAGER, Role.UNIT_FINANCE}
    enters = role in {Role.PI, *of_unit}
    assert ("登记支出</a>" in page.text) == enters
    assert ("/reverse" in page.text) == enters
    assert ("确认到账</a>" in page.text) == (role in {*of_unit, Role.HANDLER})
    assert ("登记到账</a>" in page.text) == (role in {*of_unit, Role.JOINT_UNIT, Role.HANDLER})
    assert ("说明专账管理情况" in page.text) == (role in {*of_unit, Role.HANDLER})
    assert page.text.count("第 2 期") >= 1
    assert "还差" in page.text


@pytest.mark.parametrize("role", [Role.PI, Role.UNIT_MANAGER, Role.UNIT_FINANCE])
def test_rows_typed_are_entered_blank_ones_passed_by(as_role: AsRole, session: Session, role: Role) -> None:
    browser = as_role(role)
    assert browser.get(NEW).status_code == 200
    answer = browser.post(NEW, data=typed(1) | typed(3, amount="0.01", voucher="记-2"))
    assert (answer.status_code, answer.location) == (302, f"{TAB}#tabs")
    assert rows(session) == [(123_456, "记-1"), (1, "记-2")]


def test_more_rows_are_offered_without_saving_or_losing_what_was_typed(
    as_role: AsRole, session: Session
) -> None:
    answer = as_role(Role.PI).post(NEW, data=typed() | {"more": "1"})
    assert answer.status_code == 422
    assert 'name="amount-9"' in answer.text
    assert 'value="1,234.56"' in answer.text
    assert "请检查以下内容" not in answer.text
    assert rows(session) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"on": ""}, "请填写日期。"),
        ({"on": "2026-02-29"}, "请填写日期，如 2026-01-31。"),
        ({"on": "2026-07-01"}, "日期不能晚于今天。"),
        ({"amount": ""}, "请填写金额。"),
        ({"amount": "0"}, "金额应大于 0。"),
        ({"amount": "-5"}, "金额不能为负数"),
        ({"amount": "0.001"}, "金额应精确到分"),
        ({"amount": "1e400"}, "应为金额（数字）"),
        ({"source": ""}, "请选择资金来源。"),
        ({"use": ""}, "请选择科目。"),
        ({"voucher": ""}, "请填写凭证号。"),
    ],
)
def test_a_row_that_does_not_do_is_shown_again_with_its_words(
    as_role: AsRole, session: Session, change: dict[str, str], words: str
) -> None:
    answer = as_role(Role.PI).post(NEW, data=typed(2, **change) | typed(0, voucher="好的"))
    assert answer.status_code == 422
    assert words in answer.text
    assert "好的" in answer.text
    assert rows(session) == []


def test_nothing_typed_is_nothing_entered(as_role: AsRole, session: Session) -> None:
    answer = as_role(Role.PI).post(NEW, data={"count": "5"})
    assert answer.status_code == 422
    assert "请至少填写一笔支出。" in answer.text
    assert rows(session) == []


def test_the_same_twice_must_be_meant(as_role: AsRole, session: Session) -> None:
    browser = as_role(Role.PI)
    browser.post(NEW, data=typed())
    again = browser.post(NEW, data=typed())
    assert again.status_code == 422
    assert "确认不是重复登记" in again.text
    assert browser.post(NEW, data=typed() | {"again": "y"}).status_code == 302
    assert len(rows(session)) == 2


def test_what_goes_over_the_budget_is_said_at_once_and_to_the_bureau(as_role: AsRole) -> None:
    preview = send(as_role(Role.PI), book((*GOOD[:3], 40000.01, *GOOD[4:]))).text
    for what in ("自筹·劳务费", "自筹合计"):
        assert f"导入后，{what}支出 40,000.01 元，预算 40,000.00 元，超预算 0.01 元" in preview
    answer = as_role(Role.PI).post(NEW, data=typed(amount="40000.01"), follow_redirects=True)
    assert "自筹·劳务费超预算 0.01 元" in answer.text
    page = as_role(Role.APPROVER).get("/spending/over-budget")
    assert page.status_code == 200
    assert "0.01" in page.text
    assert "KG-1" in page.text
    assert as_role(Role.PI).get("/spending/over-budget").status_code == 403


def test_others_are_told_whose_it_is(as_role: AsRole, people: People) -> None:
    for role in (Role.HANDLER, Role.APPROVER, Role.AUDITOR, Role.JOINT_UNIT, Role.EXPERT, Role.ADMIN):
        assert as_role(role).post(NEW, data=typed()).status_code == 403, role
    assert as_role(Role.FINANCE).post(NEW, data=typed()).status_code == 422
    stranger = as_role(Role.PI).as_account(people.b[Role.PI])
    assert stranger.post(NEW, data=typed()).status_code == 404


def test_a_workbook_is_looked_at_first_and_taken_in_whole(as_role: AsRole, session: Session) -> None:
    browser = as_role(Role.UNIT_MANAGER)
    more = ("2024-02-29", "区（县）级财政", "设备费", "1,000.00", "记-2", None)
    content = book(GOOD, more, ("合计", None, None, 1100.1, None, None)).getvalue()
    preview = send(browser, BytesIO(content))
    assert preview.status_code == 200
    assert "导入 2 笔支出" in preview.text
    assert rows(session) == []
    done = take_in(browser, preview)
    assert "支出明细已导入" in done.text
    assert "<b>2</b> 笔支出，共 1,100.10 元" in done.text
    assert "支出明细已导入" in take_in(browser, preview).text  # pressed again it is in, once
    assert rows(session) == [(10_010, "记-1"), (100_000, "记-2")]
    once_more = send(browser, BytesIO(content))
    assert "可能重复" in once_more.text
    assert "此前已经导入过" in once_more.text
    refused = take_in(browser, once_more)
    assert refused.status_code == 422
    assert "请先确认" in refused.text
    assert len(rows(session)) == 2
    assert "支出明细已导入" in take_in(browser, once_more, again="y").text
    assert len(rows(session)) == 4
    assert "支出.xlsx" in browser.get(TAB).text


def test_every_wrong_cell_of_a_workbook_is_named_and_nothing_saved(as_role: AsRole, session: Session) -> None:
    browser = as_role(Role.PI)
    head = (*HEAD, "项目编号")
    wrong = (
        ("2026-13-01", "自己", "劳务", "很多", None, None, None),
        (date(2026, 7, 1), "自筹", "劳务费", -1, "x", None, None),
        (date(2026, 3, 1), "自筹", "劳务费", 0.001, "x", None, None),
        (date(2026, 3, 1), "自筹", "劳务费", 1, None, None, "KG-2"),
    )
    preview = send(browser, book((*GOOD, "KG-1"), *wrong, head=head))
    told = re.findall(r"第 (\d+) 行</td>\s*<td[^>]*>([^<]+)</td>", preview.text)
    assert told == [
        *(("3", column) for column in ("日期", "资金来源", "科目", "金额")),
        *(("4", column) for column in ("日期", "金额")),
        ("5", "金额"),
        *(("6", column) for column in ("凭证号", "项目编号")),
    ]
    assert "还没有导入任何一笔" in preview.text
    assert "/enter" not in preview.text
    listed = browser.get(re.findall(r'href="(/spending/books/[^"]+/errors.xlsx)"', preview.text)[0])
    assert len(list(load_workbook(BytesIO(listed.data)).active.rows)) == len(told) + 3
    assert rows(session) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04broken", "不是"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "支出.xlsx"),
        (b"", "空文件"),
    ],
)
def test_what_is_no_workbook_is_refused(as_role: AsRole, content: bytes, words: str) -> None:
    answer = send(as_role(Role.PI), BytesIO(content))
    assert answer.status_code == 422
    assert words in answer.text


def test_workbooks_without_header_or_rows_say_so(as_role: AsRole) -> None:
    assert "找不到“日期”列" in send(as_role(Role.PI), book((1, 2), head=("甲", "乙"))).text
    assert "没有读到支出" in send(as_role(Role.PI), book()).text
    no_unit = ("日期", "资金来源", "科目", "金额", "凭证号", "备注")
    assert "应注明单位" in send(as_role(Role.PI), book(GOOD, head=no_unit)).text
    gone = book(GOOD)
    with ZipFile(gone, "a") as package:
        package.writestr("xl/worksheets/extra.xml", "<x/>")
    assert send(as_role(Role.PI), BytesIO(gone.getvalue())).status_code == 200


def test_a_large_workbook_comes_in_exactly(as_role: AsRole, session: Session) -> None:
    lines = [(*GOOD[:3], (place + 1) / 100, f"记-{place}", "长" * 20) for place in range(3_000)]
    preview = send(as_role(Role.PI), book(*lines))
    assert "导入 3,000 笔支出" in preview.text
    assert len(preview.text) < 400_000
    take_in(as_role(Role.PI), preview)
    assert sum(amount for amount, _ in rows(session)) == 3_000 * 3_001 // 2


def test_a_workbook_is_hers_who_sent_it(as_role: AsRole, session: Session) -> None:
    sent = as_role(Role.PI).post(IMPORT, data={"file": (book(GOOD), "支出.xlsx")}).location
    settle(as_role(Role.PI), sent)
    other = as_role(Role.UNIT_MANAGER)
    asked = [other.get(sent), other.get(f"{sent}/errors.xlsx"), other.post(f"{sent}/enter")]
    assert [answer.status_code for answer in asked] == [404] * 3
    assert as_role(Role.HANDLER).get(sent).status_code == 403
    assert rows(session) == []


def test_what_was_entered_meanwhile_is_not_entered_twice(as_role: AsRole, session: Session) -> None:
    preview = send(as_role(Role.PI), book(GOOD))
    other_file = book((*GOOD[:-1], "同一笔，另一份表"))
    take_in(as_role(Role.UNIT_MANAGER), send(as_role(Role.UNIT_MANAGER), other_file))
    stopped = take_in(as_role(Role.PI), preview)
    assert "导入没有完成" in stopped.text
    assert "与已登记的支出相同" in stopped.text
    assert "重新开始核对" in stopped.text
    again = re.findall(r'action="(/tasks/[0-9a-f]+/again)"', stopped.text)[0]
    looked = settle(as_role(Role.PI), as_role(Role.PI).post(again).location)
    assert "可能重复" in looked.text
    assert len(rows(session)) == 1


def test_the_template_is_one_that_comes_in(as_role: AsRole) -> None:
    answer = as_role(Role.PI).get("/spending/template.xlsx")
    page = load_workbook(BytesIO(answer.data)).active
    assert [cell.value for cell in page[1]] == list(HEAD)
    page.append(list(GOOD))
    target = BytesIO()
    page.parent.save(target)
    assert "导入 1 笔支出" in send(as_role(Role.PI), BytesIO(target.getvalue())).text


def test_a_row_is_taken_back_once_with_a_reason(as_role: AsRole, session: Session) -> None:
    browser = as_role(Role.PI)
    browser.post(NEW, data=typed())
    session.rollback()
    url = f"/spending/{session.scalars(select(SpendingRow.id)).one()}/reverse"
    session.rollback()
    assert browser.get(url).status_code == 200
    assert browser.post(url, data={"reason": ""}).status_code == 422
    assert browser.post(url, data={"reason": "科目有误"}).status_code == 302
    assert rows(session) == [(123_456, "记-1"), (-123_456, "记-1")]
    again = browser.post(url, data={"reason": "再来"})
    assert again.status_code == 422
    assert "已经冲销过" in again.text
    assert "科目有误" in as_role(Role.AUDITOR).get("/projects/KG-1?tab=history").text


@pytest.mark.parametrize(
    ("source", "role"),
    [(Source.JOINT, Role.JOINT_UNIT), (Source.OWN, Role.UNIT_FINANCE), (Source.OWN, Role.HANDLER)],
)
def test_own_money_is_recorded_in_parts_and_a_mistake_undone(
    as_role: AsRole, session: Session, source: Source, role: Role
) -> None:
    url = f"/spending/receipts/{tranche(session, source)}"
    browser = as_role(role)
    assert "登记到账" in browser.get(url).text
    sent = {"amount": "0.01", "on": "2026-05-01", "voucher": "回单-1"}
    assert browser.post(f"{url}/record", data=sent | {"amount": "1,000,000"}).status_code == 422
    assert browser.post(f"{url}/record", data=sent).status_code == 302
    assert browser.post(f"{url}/record", data=sent).status_code == 422
    session.rollback()
    assert session.scalars(select(Payment.amount_fen).where(Payment.voucher == "回单-1")).one() == 1
    session.rollback()
    if role is not Role.HANDLER:
        assert browser.post(f"{url}/undo", data={"reason": "有误"}).status_code == 403
    assert as_role(Role.HANDLER).post(f"{url}/undo", data={"reason": "有误"}).status_code == 302


def test_the_unit_confirms_that_public_money_has_arrived(as_role: AsRole, session: Session) -> None:
    session.rollback()
    paid = session.scalars(select(Payment.tranche_id)).one()
    session.rollback()
    unit, url = as_role(Role.UNIT_FINANCE), f"/spending/receipts/{paid}"
    assert "确认到账" in unit.get(url).text
    assert unit.post(f"{url}/confirm", data={"on": "2026-02-01"}).status_code == 422
    assert unit.post(f"{url}/confirm", data={"on": "2026-02-09"}).status_code == 302
    assert "2026-02-09" in as_role(Role.FINANCE).get(TAB).text
    assert as_role(Role.JOINT_UNIT).post(f"{url}/confirm", data={"on": "2026-02-09"}).status_code == 422


def test_the_account_is_stated_and_shown(as_role: AsRole) -> None:
    unit, url = as_role(Role.UNIT_FINANCE), "/spending/account/KG-1"
    assert unit.get(url).status_code == 200
    assert unit.post(url, data={"kept": "yes", "account": ""}).status_code == 422
    assert unit.post(url, data={"kept": "yes", "account": "专户 ‹6222›"}).status_code == 302
    assert "专户 ‹6222›" in as_role(Role.AUDITOR).get(TAB).text
    assert as_role(Role.JOINT_UNIT).get(url).status_code == 422


def test_before_signing_and_after_the_end_the_page_says_what_to_do(
    as_role: AsRole, make_project: Make
) -> None:
    make_project("KG-2", signed_on=None)
    answer = as_role(Role.PI).get("/spending/new/KG-2")
    assert answer.status_code == 422
    assert "任务书尚未签订" in answer.text


def test_the_pages_ask_the_database_little_however_much_was_spent(
    as_role: AsRole, make_project: Make, query_count: Counting, session: Session
) -> None:
    make_project("KG-3", spending=(ROW,) * 120, tranches=(PAID, LATER, JOINT, OWN), budget=BUDGET)
    for role in SEERS:
        browser = as_role(role)
        for page in ("/projects/KG-3?tab=money", "/projects/KG-3?tab=money&page=3"):
            with query_count() as statements:
                assert browser.get(page).status_code == 200
            assert len(statements) <= 12, (role, len(statements), statements)
    pages = [f"/spending/{name}/KG-3" for name in ("new", "import", "account")]
    for page in [*pages, f"/spending/receipts/{tranche(session, Source.OWN)}"]:
        with query_count() as statements:
            assert as_role(Role.UNIT_MANAGER).get(page).status_code == 200
        assert len(statements) <= 12, (page, len(statements), statements)
