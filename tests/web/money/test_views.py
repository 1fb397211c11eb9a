"""The views of finance: the bureau's alone, every number a link to lines of that sum, few statements."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from html import unescape
from io import BytesIO

import pytest
from openpyxl import load_workbook

from app.money import year_work
from lifecycle.money import YUAN, Fen
from lifecycle.record import Source
from lifecycle.record import Tranche as Plan
from lifecycle.roles import Role
from tests.integration.paying import EA, WAN, Bureau, approved, ea_fields, issued
from tests.web.money.test_cost import MOST, asked
from tests.web.site import Browser
from tests.web.working import settle

OUTSIDE = [Role.PI, Role.UNIT_MANAGER, Role.UNIT_FINANCE, Role.JOINT_UNIT, Role.EXPERT, Role.ADMIN]
INSIDE = [Role.HANDLER, Role.APPROVER, Role.FINANCE, Role.AUDITOR]
PAGES = [
    "plan",
    "plan.xlsx",
    "lines",
    "lines.xlsx",
    "moved",
    "moved.xlsx",
    "summary",
    "summary.xlsx",
    "year-end",
    "year-end.xlsx",
]


def some_money(bureau: Bureau) -> None:
    """Store projects whose money is paid, late, due soon, on its way, of two sources and of no day."""
    bureau.project(
        "沙-1",
        lead_unit="甲*公司",
        tranches=(
            Plan(1, Source.DISTRICT, 5 * WAN, date(2026, 1, 20), 5 * WAN, date(2026, 1, 22)),
            Plan(2, Source.DISTRICT, 2 * WAN + 1, date(2026, 1, 31), 0, None),
            Plan(3, Source.DISTRICT, 3 * WAN, date(2026, 2, 20), 0, None),
            Plan(4, Source.DISTRICT, 4, None, 0, None),
        ),
    )
    bureau.project("企-1", **ea_fields())
    issued(bureau, approved(bureau, number="沙-2"))


def sums(text: str) -> Iterator[tuple[str, Fen]]:
    """Yield the links of a page's sums, each with what it says in 万元."""
    for url, shown in re.findall(r'<a class="sum[^"]*" href="([^"]+)">(-?[\d,.]+)</a>', text):
        whole, _, rest = shown.replace(",", "").partition(".")
        yield unescape(url), int(whole + rest.ljust(6, "0"))


def total(text: str) -> Fen:
    """Return what a list of lines says they come to."""
    found = re.search(r"合计 <b>(-?[\d,]+)\.(\d\d)</b> 元", text)
    return int(found[1].replace(",", "")) * YUAN + int(found[2]) if found else 0


@pytest.mark.parametrize("role", OUTSIDE)
def test_they_are_the_bureaus_alone(as_role: Callable[[Role], Browser], role: Role) -> None:
    browser = as_role(role)
    assert {browser.get(f"/money/{page}").status_code for page in PAGES} == {403}


@pytest.mark.parametrize("role", INSIDE)
def test_everybody_of_the_bureau_sees_them(
    bureau: Bureau, as_role: Callable[[Role], Browser], role: Role
) -> None:
    bureau.tranche()
    browser = as_role(role)
    assert {browser.get(f"/money/{page}").status_code for page in PAGES} == {200}


@pytest.mark.parametrize("page", PAGES)
def test_whatever_an_address_asks_there_is_a_page(finance: Browser, page: str) -> None:
    for wrong in ("year=0&month=13&part=x&when=x&by=x&book=x&source=x", "year=none&page=9&size=x&q=%00"):
        assert finance.get(f"/money/{page}?{wrong}").status_code == 200


def test_every_number_opens_the_lines_that_come_to_it(bureau: Bureau, finance: Browser) -> None:
    some_money(bureau)
    pages = ["plan", "plan?programme=" + EA, *(f"summary?crossed=1&by={by}" for by in ("programme", "unit"))]
    pages += ["summary?by=source", "summary?by=year", "summary?year=2026", "year-end"]
    found = {
        link for page in pages for link in sums(finance.get(f"/money/{page}").text.split("单位：万元")[-1])
    }
    assert len(found) > 30
    for url, fen in found:
        text = finance.get(url).text
        assert total(text) == fen, (url, fen)
        export = re.search(r'href="([^"]+)">.{0,200}?导出当前列表', text, re.DOTALL)
        assert export, url
    (url, fen), *_ = sorted(found)
    export = re.search(r'href="(/money/[^"]+\.xlsx[^"]*)"', finance.get(url).text)
    assert export
    page = load_workbook(BytesIO(finance.get(unescape(export[1])).data)).worksheets[0]
    assert sum(round(row[-1] * 100) for row in page.iter_rows(min_row=4, values_only=True)) == fen


def test_what_is_late_stands_on_top_with_its_days_by_plan_and_by_law(
    bureau: Bureau, finance: Browser
) -> None:
    some_money(bureau)
    bureau.project(
        "沙-9",
        signed_on=date(2026, 1, 2),
        tranches=(Plan(1, Source.DISTRICT, 6 * WAN, date(2026, 8, 1), 0, None),),
    )
    text = finance.get("/money/plan").text
    top, year = text.split("2026 年度拨付计划", 1)
    assert "已逾期 <b>2</b> 笔" in top
    assert top.index("沙-1") < top.index("沙-9")
    assert "逾期 5 天" in top
    assert "逾期 4 天" in top
    assert "规定期限，计划 2026-08-01" in top
    assert "计划日期" in top
    assert 'class="matrix-now" aria-current="date">2 月<small>本月</small>' in year
    assert "没有写明计划日期" in year


@pytest.mark.usefixtures("at_rest")
def test_the_workbook_of_a_large_year_is_made_in_the_background_and_kept(
    bureau: Bureau, finance: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    some_money(bureau)
    at_once = finance.get("/money/year-end.xlsx?year=2026").data
    monkeypatch.setattr(year_work, "YEAR_END", replace(year_work.YEAR_END, most=0))
    offer = finance.get("/money/year-end.xlsx?year=2026").text
    assert re.findall("共 .*，内容较多", offer) == ["共 7 笔，内容较多"]
    work = finance.post("/money/year-end.xlsx?year=2026").location
    done = settle(finance, work).text
    assert "共 7 笔" in done, "as many as there are lines in the workbook"
    assert "2026年度财政资金拨付汇总-2026-02-05.xlsx" in done
    made = finance.get(f"{work}/file").data
    assert cells(made) == cells(at_once)


def cells(workbook: bytes) -> list[tuple[object, ...]]:
    """Return what stands in the cells of a workbook."""
    book = load_workbook(BytesIO(workbook))
    return [row for page in book for row in page.iter_rows(values_only=True)]


def test_an_empty_bureau_is_told_where_plans_come_from(finance: Browser) -> None:
    assert "没有逾期的付款" in finance.get("/money/plan").text
    assert "没有财政资金的拨付计划" in finance.get("/money/plan").text
    assert "还没有财政资金的拨付计划" in finance.get("/money/summary").text
    assert "还没有拨付记录" in finance.get("/money/moved").text
    assert "没有符合条件的款项" in finance.get("/money/lines").text
    assert "没有财政资金的拨付计划，也没有收付" in finance.get("/money/year-end").text
    assert "清除全部条件" in finance.get("/money/summary?q=没有这个").text


def test_a_filter_is_a_chip_that_clears(bureau: Bureau, finance: Browser) -> None:
    some_money(bureau)
    text = finance.get("/money/lines?unit=甲*公司&part=owed&when=late&year=2026&month=1").text
    for chip in (
        "承担单位：<b>甲*公司",
        "款项：<b>未拨付",
        "期限：<b>已逾期",
        "年度：<b>2026 年",
        "月份：<b>1 月",
    ):
        assert chip in text
    assert total(text) == 2 * WAN + 1


@pytest.mark.parametrize("page", [page for page in PAGES if "xlsx" not in page])
def test_a_page_asks_few_times_however_much_there_is(bureau: Bureau, finance: Browser, page: str) -> None:
    some_money(bureau)
    few = asked(finance, f"/money/{page}?year=2026")
    for n in range(3, 6):
        issued(bureau, approved(bureau, number=f"沙-{n}", lead_unit=f"单位{n}"))
    assert asked(finance, f"/money/{page}?year=2026") <= max(few, MOST) <= MOST
