"""The page 对账: what the last reconciliation found, for finance to clear up and for readers to see."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from threading import Event

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from finance.models import Reconciliation
from finance.receipts import record_receipt
from finance.spending import enter_spending
from lifecycle.database import begin_write
from lifecycle.models import Tranche
from lifecycle.record import BudgetUse, Source, Spending
from lifecycle.record import Tranche as Plan
from lifecycle.roles import Role
from tests.integration.paying import TODAY, WAN, Bureau, approved, issued
from tests.web.money.test_views import some_money
from tests.web.site import Browser
from tests.web.working import settle

PAGE = "/money/reconcile/"
pytestmark = pytest.mark.usefixtures("at_rest")


def press(browser: Browser) -> str:
    """Press 立即对账 and return the page to which its work leads."""
    made = settle(browser, browser.post(PAGE).location).location
    assert made.startswith(PAGE)
    return browser.get(made).text


def test_finance_presses_and_is_led_to_what_does_not_tie(bureau: Bureau, finance: Browser) -> None:
    assert "还没有对过账" in finance.get(PAGE).text
    tranche_id = approved(bureau)
    batch_id = issued(bureau, tranche_id)
    done = press(finance)
    assert "每一笔资金都核对相符" in done
    assert done.count(" 处不符</b>") == 0
    begin_write(bureau.session)
    bureau.session.execute(update(Tranche).where(Tranche.id == tranche_id).values(planned_fen=8 * WAN))
    bureau.session.commit()
    found = press(finance)
    assert "处不符，请逐项核对" in found
    assert "/projects/%E6%B2%99-1?tab=money" in found
    assert "10,000.00" in found, "by how much"
    assert f"/money/batches/{batch_id}" not in found, "the sheet is what it was"
    assert "处不符" in finance.get("/").text, "the workbench leads there"
    assert "对账发现" in finance.get("/inbox/").text


def test_readers_see_it_and_press_nothing(finance: Browser, auditor: Browser) -> None:
    press(finance)
    text = auditor.get(PAGE).text
    assert "全部相符" in text
    assert "立即对账" not in text
    assert auditor.post(PAGE).status_code == 403


def test_pressed_twice_it_is_done_once_and_tells_how_far_it_is(
    finance: Browser, ahead: Event, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.money.reconcile_routes.PATIENCE", 0)
    first, second = finance.post(PAGE).location, finance.post(PAGE).location
    assert first == second
    assert "结果保存在历次对账中" in finance.get(first).text
    ahead.set()
    assert settle(finance, first).location.startswith(PAGE)
    assert session.scalar(select(func.count()).select_from(Reconciliation)) == 1


def test_every_total_of_a_source_opens_the_lines_that_come_to_it(bureau: Bureau, finance: Browser) -> None:
    session = bureau.session
    own = Plan(1, Source.OWN, 30 * WAN, date(2026, 3, 1), 0, None)
    main = bureau.project("沙-自", signed_on=TODAY, tranches=(own,))
    record_receipt(
        session, bureau.actor(Role.UNIT_MANAGER), bureau.tranches(main)[0], 13 * WAN, TODAY, "银", TODAY
    )
    row = Spending(TODAY, Source.OWN, BudgetUse.EQUIPMENT, 7 * WAN + 1, "记-1", None)
    enter_spending(session, bureau.actor(Role.PI), "沙-自", [row], TODAY)
    some_money(bureau)
    text = press(finance).split("各来源合计", 1)[1].split("历次对账")[0]
    links = re.findall(r'<a class="sum" href="([^"]+)">(-?[\d,]+)\.(\d\d)</a>', text)
    assert len({url.partition("?")[0] for url, *_ in links}) >= 3
    for url, whole, rest in links:
        page = finance.get(unescape(url)).text
        sums = {*re.findall(r"<b>([\d,]+\.\d\d)</b> 元", page)}
        assert f"{whole}.{rest}" in sums, (url, sums)
