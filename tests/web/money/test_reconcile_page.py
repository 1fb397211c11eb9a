"""The page 对账: what the last reconciliation found, for finance to clear up and for readers to see."""

from __future__ import annotations

from sqlalchemy import update

from lifecycle.database import begin_write
from lifecycle.models import Tranche
from tests.integration.paying import WAN, Bureau, approved, issued
from tests.web.site import Browser

PAGE = "/money/reconcile/"


def test_finance_presses_and_is_led_to_what_does_not_tie(bureau: Bureau, finance: Browser) -> None:
    assert "还没有对过账" in finance.get(PAGE).text
    tranche_id = approved(bureau)
    batch_id = issued(bureau, tranche_id)
    done = finance.post(PAGE, follow_redirects=True).text
    assert "对账完成：全部相符" in done
    assert "每一笔资金都核对相符" in done
    begin_write(bureau.session)
    bureau.session.execute(update(Tranche).where(Tranche.id == tranche_id).values(planned_fen=8 * WAN))
    bureau.session.commit()
    found = finance.post(PAGE, follow_redirects=True).text
    assert "处不符，请逐项核对" in found
    assert "/projects/%E6%B2%99-1?tab=money" in found
    assert "10,000.00" in found, "by how much"
    assert f"/money/batches/{batch_id}" not in found, "the sheet is what it was"
    assert "处不符" in finance.get("/").text, "the workbench leads there"
    assert "对账发现" in finance.get("/inbox/").text


def test_readers_see_it_and_press_nothing(finance: Browser, auditor: Browser) -> None:
    finance.post(PAGE)
    text = auditor.get(PAGE).text
    assert "全部相符" in text
    assert "立即对账" not in text
    assert auditor.post(PAGE).status_code == 403
