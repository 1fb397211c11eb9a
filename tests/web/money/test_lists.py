"""The lists of money: each role begins at its own step, the most urgent stands on top."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest

from lifecycle.record import Source
from lifecycle.record import Tranche as Plan
from lifecycle.roles import Role
from tests.integration.paying import WAN, Bureau, approved, drafted, ea_fields
from tests.web.site import Browser

OUTSIDE = [Role.PI, Role.UNIT_MANAGER, Role.JOINT_UNIT, Role.EXPERT, Role.ADMIN]


def plan(day: date | None, amount: int = 7 * WAN) -> tuple[Plan, ...]:
    return (Plan(1, Source.DISTRICT, amount, day, 0, None),)


def open_tab(text: str) -> str:
    found = re.search(r'class="tabs".*?aria-current="page">\s*(\S+?)[ <]', text, re.S)
    assert found
    return found[1]


def numbers(text: str) -> list[str]:
    return re.findall(r'<small class="nums">([^<]+-\d+)</small></td>', text)


def test_each_role_begins_at_its_own_step(bureau: Bureau, as_role: Callable[[Role], Browser]) -> None:
    bureau.tranche(number="沙-1")
    as_role(Role.HANDLER).post(f"/money/tranches/{bureau.tranche(number='沙-2')}/propose")
    approved(bureau, number="沙-3")
    begins = {
        role: open_tab(as_role(role).get("/money/").text)
        for role in (Role.HANDLER, Role.APPROVER, Role.FINANCE, Role.AUDITOR)
    }
    assert begins == {
        Role.HANDLER: "待提出",
        Role.APPROVER: "待审批",
        Role.FINANCE: "待入批次",
        Role.AUDITOR: "待提出",
    }


def test_finance_begins_at_the_batches_when_only_those_wait(bureau: Bureau, finance: Browser) -> None:
    assert open_tab(finance.get("/money/").text) == "待入批次"
    drafted(bureau, approved(bureau))
    assert finance.get("/money/").location == "/money/batches"
    assert open_tab(finance.get("/money/batches").text) == "批次"


@pytest.mark.parametrize("role", OUTSIDE)
def test_the_lists_are_the_bureaus_alone(as_role: Callable[[Role], Browser], role: Role) -> None:
    assert as_role(role).get("/money/").status_code == 403
    assert as_role(role).get("/money/batches").status_code == 403


def test_another_agency_sees_nothing_of_it(bureau: Bureau, stranger: Callable[[Role], Browser]) -> None:
    bureau.tranche(number="沙-1")
    assert numbers(stranger(Role.AUDITOR).get("/money/?tab=propose&when=all").text) == []


def test_the_most_urgent_stands_on_top_by_the_plan_or_the_law_whichever_is_earlier(
    bureau: Bureau, handler: Browser
) -> None:
    bureau.tranche(number="沙-1", tranches=plan(date(2026, 2, 20)), signed_on=date(2026, 1, 2))
    bureau.tranche(number="沙-2", tranches=plan(date(2026, 2, 10)))
    bureau.tranche(number="沙-3", tranches=plan(None))
    bureau.tranche(number="沙-4", tranches=plan(date(2026, 6, 1)), signed_on=date(2026, 2, 3))
    text = handler.get("/money/").text
    assert numbers(text) == ["沙-1", "沙-2", "沙-3", "沙-4"]
    assert "2026-02-01（周日）<small>规定期限，计划 2026-02-20</small>" in text
    assert "逾期 4 天" in text
    assert "2026-02-14（周六）<small>规定期限</small>" in text
    assert "共 <b>4</b> 笔，合计 <b>280,000.00</b> 元" in text


def test_what_is_far_off_or_unsigned_waits_under_everything(bureau: Bureau, handler: Browser) -> None:
    bureau.tranche(number="沙-1", signed_on=None, signatories=())
    assert numbers(handler.get("/money/").text) == []
    text = handler.get("/money/?tab=propose&when=all").text
    assert numbers(text) == ["沙-1"]
    assert "任务书未签订" in text


def test_filters_narrow_the_list_and_each_is_a_chip_that_clears(bureau: Bureau, handler: Browser) -> None:
    bureau.tranche(number="沙-1")
    bureau.project(number="企-1", title="机器人减速器研制", **ea_fields())
    assert len(numbers(handler.get("/money/").text)) == 3
    for asked, chip in (
        ({"q": "jqr"}, "关键词"),
        ({"programme": "企业科技攻关联合行动计划"}, "计划类别"),
    ):
        text = handler.get("/money/", query_string={"tab": "propose", **asked}).text
        assert numbers(text) == ["企-1", "企-1"]
        assert f"<span>{chip}：<b>" in text
    text = handler.get("/money/", query_string={"source": "省（市）级财政"}).text
    assert numbers(text) == ["企-1"]
    assert 'class="chip" href="?' in text
    none = handler.get("/money/", query_string={"q": "没有这个"}).text
    assert "没有符合条件的款项" in none


@pytest.mark.parametrize(
    "query",
    [
        "tab=x",
        "when=x",
        "source=自筹",
        "source=x",
        "page=0",
        "page=-1",
        "page=99",
        "page=1e9",
        "size=7",
        "q=%00%25_",
    ],
)
def test_whatever_an_address_asks_there_is_a_page(bureau: Bureau, handler: Browser, query: str) -> None:
    bureau.tranche()
    assert handler.get(f"/money/?{query}").status_code == 200
    assert handler.get(f"/money/batches?state=x&{query}").status_code == 200


def test_pages_follow_each_other(bureau: Bureau, handler: Browser) -> None:
    many = tuple(Plan(n, Source.DISTRICT, WAN, date(2026, 2, 10), 0, None) for n in range(1, 25))
    bureau.tranche(number="沙-1", tranches=many)
    first, second = (handler.get(f"/money/?size=20&page={page}").text for page in (1, 2))
    assert (len(numbers(first)), len(numbers(second))) == (20, 4)
    assert "共 <b>24</b> 笔，合计 <b>240,000.00</b> 元" in second


def test_an_approver_is_told_which_proposals_are_her_own(
    bureau: Bureau, everyone: Browser, approver: Browser
) -> None:
    everyone.post(f"/money/tranches/{bureau.tranche()}/propose")
    assert "本人提出，由他人审批" in everyone.get("/money/?tab=approve").text
    assert "本人提出，由他人审批" not in approver.get("/money/?tab=approve").text


def test_empty_lists_say_what_comes_next(handler: Browser, finance: Browser) -> None:
    assert "30 天内没有到期的财政资金需要提出拨付" in handler.get("/money/").text
    assert "没有等待审批的拨付" in handler.get("/money/?tab=approve").text
    assert "没有等待编入批次的款项" in finance.get("/money/?tab=batch").text
    assert "还没有拨付批次" in finance.get("/money/batches").text
    assert "等待编入批次。审批同意后会列在这里" in finance.get("/money/batches/new").text


def test_amounts_stand_at_the_right_in_yuan_with_two_decimals(bureau: Bureau, handler: Browser) -> None:
    bureau.tranche(tranches=plan(date(2026, 2, 10), 7_123_456), district=10 * WAN)
    assert '<td class="k-yuan" data-label="计划金额（元）">71,234.56</td>' in handler.get("/money/").text
