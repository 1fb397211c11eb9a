"""The pages of a project's accounts: who presses what, what opens, and what the workbooks say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from io import BytesIO

import pytest
from openpyxl import load_workbook

from app import clock
from lifecycle.models import Project
from lifecycle.record import BudgetLine, BudgetUse, Source, Spending, Tranche
from lifecycle.roles import Role
from tests.plugins.counting import Counting
from tests.web.site import Browser

AsRole = Callable[[Role], Browser]
WAN = 1_000_000
MOST = 12


@pytest.fixture(autouse=True)
def project(make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch) -> None:
    """Store a project with money of three sources; it is the last day of June 2026."""
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 6, 30, 9, tzinfo=clock.SHANGHAI))
    spent = date(2026, 3, 1)
    make_project(
        "KG-1",
        district=10 * WAN,
        joint=WAN,
        own=WAN,
        tranches=(
            Tranche(1, Source.DISTRICT, 7 * WAN, date(2026, 2, 10), 7 * WAN, date(2026, 2, 9)),
            Tranche(2, Source.DISTRICT, 3 * WAN, date(2027, 2, 10), 0, None),
            Tranche(1, Source.JOINT, WAN, date(2026, 5, 1), 0, None),
            Tranche(1, Source.OWN, WAN, date(2026, 5, 1), WAN, date(2026, 5, 2)),
        ),
        budget=(BudgetLine(Source.DISTRICT, BudgetUse.EQUIPMENT, 2 * WAN),),
        spending=(
            Spending(spent, Source.DISTRICT, BudgetUse.EQUIPMENT, 2 * WAN, "记-1", "仪器"),
            Spending(spent, Source.OWN, BudgetUse.LABOUR, 12_345, "记-2", None),
        ),
    )


def test_an_account_is_drawn_confirmed_and_accepted_each_by_her_own_button(as_role: AsRole) -> None:
    pi, unit, books, bureau = (
        as_role(role) for role in (Role.PI, Role.UNIT_MANAGER, Role.UNIT_FINANCE, Role.FINANCE)
    )
    url = "/spending/accounts/of/KG-1"
    assert "59,876.55" in pi.get(url).text
    assert pi.post(url, data={"as_of": "2026-07-01"}).status_code == 422
    wrong = pi.post(url, data={"as_of": "2026-06-30", "balance": "59,876.54"})
    assert wrong.status_code == 422
    assert "相差 -0.01 元" in wrong.text
    made = pi.post(url, data={"as_of": "2026-06-30", "balance": "59,876.55"})
    assert made.status_code == 302
    page, buttons = made.location, ("确认并报区科技局", "接收阶段账目", "重新编制")
    shown = {role: as_role(role).get(page).text for role in Role if role not in {Role.EXPERT, Role.ADMIN}}
    for role, text in shown.items():
        assert [word in text for word in buttons] == [role is Role.UNIT_FINANCE, False, False], role
    digest = shown[Role.UNIT_FINANCE].partition('name="seen" type="hidden" value="')[2].partition('"')[0]
    assert digest
    typed = {"balance": "59,876.55", "seen": digest}
    assert unit.post(f"{page}/confirm", data=typed).status_code == 422
    stale = books.post(f"{page}/confirm", data=typed | {"seen": "x"})
    assert (stale.status_code, "有了变化" in stale.text) == (422, True)
    assert "确认截至 2026-06-30 的阶段账目" in books.get("/").text
    assert books.post(f"{page}/confirm", data=typed).status_code == 302
    assert "接收截至 2026-06-30 的阶段账目" in bureau.get("/").text
    assert bureau.post(f"{page}/return", data={"note": ""}).status_code == 422
    assert "接收阶段账目" in bureau.get(page).text
    for path in ("/spending/accounts", "/projects/KG-1?tab=money"):
        assert "待科技局接收" in bureau.get(path).text
    assert bureau.post(f"{page}/accept").status_code == 302
    assert bureau.post(f"{page}/accept").status_code == 422
    late = {
        "on-0": "2026-06-01",
        "source-0": "自筹",
        "use-0": "劳务费",
        "amount-0": "0.02",
        "voucher-0": "记-9",
    }
    assert books.post("/spending/new/KG-1", data={"count": "5", **late}).status_code == 302
    text = bureau.get(page).text
    assert "此后的变动" in text
    assert "记-9" in text
    assert "59,876.55" in bureau.get(f"{page}/print").text


def test_the_workbooks_add_up_by_formulas_over_their_lines(as_role: AsRole) -> None:
    books = as_role(Role.UNIT_FINANCE)
    sheet = load_workbook(BytesIO(books.get("/spending/statement-export/KG-1").data)).worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    assert [row[5] for row in rows[5:9]] == [70000, 10000, None, None][:1] + [None, None, 10000][:3]
    assert [row[6] for row in rows[5:9]] == [None, 20000, 123.45, None]
    formulas = [str(cell) for row in rows[3:] for cell in row if str(cell).startswith("=")]
    assert '=SUMIF(C6:C9,"自筹",G6:G9)' in formulas
    made = books.post("/spending/accounts/of/KG-1", data={"as_of": "2026-06-30"}).location
    sheet = load_workbook(BytesIO(books.get(f"{made}/account.xlsx").data)).worksheets[0]
    cells = [str(cell) for row in sheet.iter_rows(values_only=True) for cell in row]
    assert "=SUM(F4:F6)" in cells
    assert "=C4-D4-E4" in cells
    for name, most in (("spending", 2), ("own", 2), ("accounts", 1)):
        listed = load_workbook(BytesIO(books.get(f"/spending/exports/{name}.xlsx").data)).worksheets[0]
        assert listed.max_row - 3 == most


def test_what_would_go_over_the_budget_is_said_before_anything_is_entered(as_role: AsRole) -> None:
    books = as_role(Role.UNIT_FINANCE)
    row = {"on-0": "2026-06-01", "source-0": "区（县）级财政", "use-0": "设备费", "amount-0": "0.01"}
    typed = {"count": "5", **row, "voucher-0": "记-7", "amount-1": "胡写"}
    ahead = books.post("/spending/check/KG-1", data=typed)
    assert (ahead.status_code, "<html" in ahead.text) == (200, False)
    assert "第 1 笔登记后，区（县）级财政·设备费支出 20,000.01 元" in ahead.text
    assert "区（县）级财政合计" in ahead.text
    checked = books.post("/spending/new/KG-1", data=typed | {"check": "1"})
    assert checked.status_code == 422
    assert "超预算 0.01 元" in checked.text
    assert "记-7" not in books.get("/spending/").text
    done = books.post(
        "/spending/new/KG-1", data={"count": "5", **row, "voucher-0": "记-7"}, follow_redirects=True
    )
    assert "区（县）级财政·设备费超预算 0.01 元" in done.text
    assert "各科目合计" in as_role(Role.AUDITOR).get("/spending/over-budget").text


def test_everybody_of_the_project_reads_the_books_and_the_rate_behind_a_hold(as_role: AsRole) -> None:
    for role in (Role.PI, Role.UNIT_FINANCE, Role.JOINT_UNIT, Role.AUDITOR):
        browser = as_role(role)
        rate = browser.get("/spending/rates/KG-1").text
        assert "36,000.00" in rate  # 80 % of 70,000 less 20,000
        assert "28.5%" in rate
        text = browser.get("/spending/statement/KG-1?since=2026-03-01").text
        assert "70,000.00" in text
        assert "59,876.55" in text
        own = browser.get("/spending/own").text
        assert "逾期 60 天" in own
        assert ("登记到账" in own) == (role is Role.JOINT_UNIT)
        assert "经费</span>" in own or "经费" in own
    assert "记-2" not in as_role(Role.PI).get("/spending/statement/KG-1?source=区（县）级财政").text


def test_the_pages_ask_the_database_little(as_role: AsRole, query_count: Counting) -> None:
    books = as_role(Role.UNIT_FINANCE)
    made = books.post("/spending/accounts/of/KG-1", data={"as_of": "2026-06-30"}).location
    for path in (
        *(made, f"{made}/print", "/spending/", "/spending/own", "/spending/accounts"),
        *("/spending/statement/KG-1", "/spending/rates/KG-1", "/spending/accounts/of/KG-1"),
        *("/spending/new/KG-1", "/projects/KG-1?tab=money"),
    ):
        with query_count() as asked:
            assert books.get(path).status_code == 200
        assert len(asked) <= MOST, path
