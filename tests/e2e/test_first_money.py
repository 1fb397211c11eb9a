"""From the bureau's own workbook to money on its way: upload, propose, approve, batch, sheet, book."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from app.cli import main
from lifecycle.record import Tranche
from reports.ledger.reading import read_ledger

SAMPLE = Path(__file__).parents[1] / "data" / "ledger" / "sample.xlsx"
FIRST = "SPB-MAJOR-000249"
"""Its first tranche is overdue and holds every rule."""

WITH_REASON = "SPB-KEY-000117"
"""Its first tranche is larger than transformation projects usually get."""

REFUSED = "SPB-MAJOR-000260"
"""It was given more public money than the rules allow."""

REASON = "示范设备须一次性订购，经局务会 2026 年第 12 次会议研究同意。"
PRESS = """async ([path, fields]) => {
    const token = document.querySelector("meta[name='csrf-token']").content;
    const body = new URLSearchParams(fields);
    const headers = {"X-CSRFToken": token};
    return (await fetch(path, {method: "POST", headers, body, redirect: "manual"})).status;
}"""


@pytest.fixture(autouse=True)
def _console(migrated_sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the console work on the site's database too."""
    monkeypatch.setenv("KEGUAN_DATABASE_URL", migrated_sqlite_url)


@pytest.fixture
def enter(
    site: str, enter: Callable[[Page, str, str], Page], new_page: Callable[[], Page]
) -> Callable[[str], Page]:
    """Sign somebody in, in a browser of her own."""
    return lambda username: enter(new_page(), site, username)


def go_to(page: Page, entry: str) -> None:
    """Press an entry of the menu."""
    page.get_by_role("navigation", name="主菜单").get_by_role("link", name=entry).click()


def press(page: Page, path: str, **fields: str) -> int:
    """Send what a form would send although the page shows no such form; 0 stands for a redirect."""
    status: int = page.evaluate(PRESS, [path, fields])
    return status


def path_of(page: Page) -> str:
    return re.sub(r"^https?://[^/]+", "", page.url)


def find_tranche(page: Page, site: str, number: str) -> None:
    """Open the first tranche of a project from the list of what is to be proposed."""
    page.goto(f"{site}/money/?tab=propose&when=all&q={number}")
    page.locator("td.k-link a").first.click()
    expect(page.locator("dl.facts")).to_contain_text(number)


def take_in_the_sample(page: Page) -> None:
    go_to(page, "台账")
    page.get_by_label("台账文件").set_input_files(SAMPLE)
    page.get_by_role("button", name="上传并体检").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("体检结果", timeout=60_000)
    page.get_by_role("button", name="导入 300 个项目").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("台账已导入", timeout=60_000)
    expect(page.locator(".notice-good")).to_contain_text("新增 300 个项目")


def propose_from_the_workbench(page: Page) -> str:
    """Return the path of the tranche proposed."""
    go_to(page, "工作台")
    waiting = page.locator("#waiting tr", has_text=FIRST)
    waiting.get_by_role("link", name="核对并提出拨付").first.click()
    checklist = page.locator(".verdict")
    expect(checklist).to_contain_text("首期拨付占财政资金的比例")
    expect(checklist).to_contain_text("沙科局发〔2023〕41号 第二十三条")
    expect(checklist.locator(".mark-not_held")).to_have_count(0)
    page.get_by_role("button", name="提出拨付 239,999.99 元").click()
    expect(page.locator(".flash-good")).to_contain_text("已提出拨付，等待审批")
    return path_of(page)


def propose_with_a_reason(page: Page, site: str) -> str:
    """Return the path of the tranche proposed, the first time having given no reason."""
    find_tranche(page, site, WITH_REASON)
    page.get_by_role("button", name="提出拨付").click()
    expect(page.locator(".error-summary")).to_contain_text("请写明理由")
    page.get_by_label("仍要拨付的理由").fill(REASON)
    page.get_by_role("button", name="提出拨付").click()
    expect(page.locator(".flash-good")).to_contain_text("已提出拨付，等待审批")
    return path_of(page)


def is_refused_by_a_rule(page: Page, site: str) -> None:
    find_tranche(page, site, REFUSED)
    expect(page.locator(".verdict-end")).to_contain_text("现在不能提出拨付")
    expect(page.locator(".mark-not_held").first).to_contain_text("第四条")
    expect(page.get_by_role("button", name=re.compile("提出拨付"))).to_have_count(0)
    assert press(page, f"{path_of(page)}/propose") == 422


def approve_from_the_workbench(page: Page, number: str) -> None:
    go_to(page, "工作台")
    page.locator("#waiting tr", has_text=number).get_by_role("link", name="核对并审批").click()
    page.get_by_role("button", name=re.compile("同意拨付")).click()
    expect(page.locator(".flash-good")).to_contain_text("已同意拨付")


def make_the_batch(page: Page) -> str:
    """Return the path of the batch made of both."""
    go_to(page, "经费")
    page.get_by_role("link", name="编制拨付批次").click()
    chosen = page.locator("#chosen")
    expect(chosen).to_contain_text("已选 2 笔，合计 334,999.99 元")
    box = page.locator("tr", has_text=WITH_REASON).get_by_role("checkbox")
    box.uncheck()
    expect(chosen).to_contain_text("大写：贰拾叁万玖仟玖佰玖拾玖元玖角玖分")
    box.check()
    expect(chosen).to_contain_text("大写：叁拾叁万肆仟玖佰玖拾玖元玖角玖分")
    page.get_by_role("button", name="编制批次").click()
    expect(page.locator(".flash-good")).to_contain_text("批次已编制")
    return path_of(page)


def issue_and_download(page: Page) -> bytes:
    """Return the sheet, the second time the same as the first."""
    page.get_by_role("button", name="出表：2 笔 334,999.99 元").click()
    expect(page.locator(".flash-good")).to_contain_text("已出表")
    sheets = []
    for _ in range(2):
        with page.expect_download() as download:
            page.get_by_role("link", name="下载拨付表").click()
        assert download.value.suggested_filename == "拨付表-2026-001.xlsx"
        sheets.append(Path(download.value.path()).read_bytes())
    assert sheets[0] == sheets[1]
    return sheets[0]


def book(page: Page) -> None:
    page.get_by_label("凭证号", exact=True).fill("国库-2026-0630")
    page.get_by_label("拨付日期", exact=True).fill("2026-07-01")
    page.get_by_role("button", name="登记拨付 2 笔").click()
    expect(page.locator(".error-summary")).to_contain_text("拨付日期不能晚于今天")
    expect(page.get_by_label("凭证号", exact=True)).to_have_value("国库-2026-0630")
    page.get_by_label("拨付日期", exact=True).fill("2026-06-30")
    page.get_by_role("button", name="登记拨付 2 笔").click()
    expect(page.locator(".flash-good")).to_contain_text("已登记 2 笔拨付")


def exported(tmp_path: Path) -> dict[str, Tranche]:
    """Return the first tranches that the ledger exported on the console has, by project."""
    path = tmp_path / "exported.xlsx"
    done = CliRunner().invoke(main, ["ledger", "export", str(path), "--agency", "沙坪坝区科技局"])
    assert done.exit_code == 0, done.output
    return {record.number: record.tranches[0] for record in read_ledger(path).records if record.tranches}


def test_first_money_goes_out_by_a_sheet(site: str, enter: Callable[[str], Page], tmp_path: Path) -> None:
    handler = enter("a.handler")
    take_in_the_sample(handler)
    first = propose_from_the_workbench(handler)
    second = propose_with_a_reason(handler, site)
    is_refused_by_a_rule(handler, site)
    assert press(handler, f"{first}/propose") == 409
    assert press(handler, f"{first}/approve") == 403

    finance = enter("a.finance")
    ids = [path.rpartition("/")[2] for path in (first, second)]
    early = {"tranche": ids[0]}
    assert press(finance, "/money/batches/new", **early) == 409
    assert press(finance, f"{first}/approve") == 403

    approver = enter("a.approver")
    assert press(approver, f"{second}/propose") == 403
    for number in (FIRST, WITH_REASON):
        approve_from_the_workbench(approver, number)
    expect(approver.locator(".verdict")).to_contain_text(REASON)
    assert press(approver, "/money/batches/new", **early) == 403
    assert press(approver, f"{first}/approve") == 409

    batch = make_the_batch(finance)
    assert press(finance, f"{batch}/book", voucher="1", paid_on="2026-06-30") == 409
    sheet = load_workbook(BytesIO(issue_and_download(finance))).active
    written = [cell.value for row in sheet.iter_rows() for cell in row]
    for words in (FIRST, WITH_REASON, "贰拾叁万玖仟玖佰玖拾玖元玖角玖分"):
        assert words in written
    assert press(finance, f"{batch}/discard") == 409
    book(finance)
    assert press(finance, f"{batch}/book", voucher="2", paid_on="2026-06-30") == 409

    finance.get_by_role("row").filter(has_text=FIRST).get_by_role("link").first.click()
    expect(finance.locator("main")).to_contain_text(FIRST)
    finance.goto(f"{site}/projects/{FIRST}?tab=money")
    paid = finance.get_by_role("row").filter(has_text="已拨付")
    expect(paid.first).to_contain_text("2026-06-30")
    expect(paid.first).to_contain_text("23.999999")
    tranches, day = exported(tmp_path), date(2026, 6, 30)
    assert (tranches[FIRST].paid, tranches[FIRST].paid_on) == (23_999_999, day)
    assert (tranches[WITH_REASON].paid, tranches[WITH_REASON].paid_on) == (9_500_000, day)
