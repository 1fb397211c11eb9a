"""Pages of notices: where one is drawn up from, what each person may press, what others see of it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from lifecycle.models import Outcome, PaperNotice
from lifecycle.roles import Role
from tests import papers
from tests.integration.overseeing import DUE, FACTS, ordered
from tests.integration.paying import TODAY, Bureau
from tests.plugins.counting import Counting
from tests.unit.test_word_papers import words
from tests.web.projects import AsRole
from tests.web.site import Browser, People

TITLE = "A&B ‹关键> 灌溉"
LATER = date(2027, 2, 9)


@pytest.fixture(autouse=True)
def _on_that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "today", lambda: TODAY)


@pytest.fixture
def bureau(session: Session, people: People) -> Bureau:
    return Bureau(session, people)


def test_a_notice_goes_its_way_from_the_measure_to_the_receipt(as_role: AsRole, bureau: Bureau) -> None:
    measures = ordered(bureau, bureau.project("KG-1", title=TITLE), Outcome.HOLD, due=DUE)
    handler, pi = as_role(Role.HANDLER), as_role(Role.PI)
    assert "出具整改通知" in handler.get(f"/oversight/measures/{measures[0]}").text
    assert "出具整改通知" not in as_role(Role.APPROVER).get(f"/oversight/measures/{measures[0]}").text
    assert "出具暂缓拨付通知" in handler.get("/notices/new/KG-1").text
    address = "/notices/new/KG-1?kind=整改通知&measure=1"
    form = handler.get(address).text
    for part in (FACTS, "出具并编号", "第三十一条", "A&amp;B ‹关键&gt; 灌溉"):
        assert part in form
    told = {"kind": "整改通知", "measure": "1", "facts": FACTS, "asked": "", "by": DUE.isoformat()}
    answer = handler.post("/notices/new/KG-1", data=told)
    assert answer.status_code == 422
    assert "请填写请办事项" in answer.text
    assert handler.post("/notices/new/KG-1", data={}).status_code == 422
    made = handler.post("/notices/new/KG-1", data=told | {"asked": "请补齐验收清单。"})
    assert made.status_code == 302, made.text
    page = handler.get(made.location).text
    for part in ("〔2026〕1号", "待送出", "请补齐验收清单。", "登记送出"):
        assert part in page
    assert pi.get(made.location).status_code == 404
    assert "〔2026〕1号" not in pi.get("/projects/KG-1?tab=oversight").text
    sent = {"on": TODAY.isoformat(), "how": "当面送达"}
    assert handler.post(f"{made.location}/sent", data=sent | {"how": ""}).status_code == 422
    assert handler.post(f"{made.location}/sent", data=sent).status_code == 302
    page = pi.get(made.location).text
    assert "〔2026〕1号" in page
    assert "登记收到" not in page
    assert "〔2026〕1号" in pi.get("/projects/KG-1?tab=oversight").text
    assert "请补齐验收清单。" in words(pi.get(f"{made.location}/notice.docx").data)
    scan = (BytesIO(papers.pdf()), "回执.pdf")
    received = {"on": TODAY.isoformat(), "by": "李四", "scan": scan}
    assert handler.post(f"{made.location}/received", data=received).status_code == 302
    page = handler.get(made.location).text
    assert "回执.pdf" in page
    assert "李四" in page
    assert handler.post(f"{made.location}/void", data={"reason": "短"}).status_code == 422
    assert (
        handler.post(f"{made.location}/void", data={"reason": "主送单位写错，另行出具。"}).status_code == 302
    )
    listed = handler.get("/notices/?state=已作废&kind=整改通知").text
    assert "〔2026〕1号" in listed
    assert "没有符合条件的文书" in handler.get("/notices/?state=待回执").text
    sheet = load_workbook(BytesIO(handler.get("/notices/exports/notices.xlsx").data)).active
    assert sheet is not None
    assert [cell.value for cell in sheet[4]][:2] == ["〔2026〕1号", "整改通知"]


def drawn_up(handler: Browser, bureau: Bureau, **fields: Any) -> tuple[str, int]:
    """Have a notice drawn up of a new project's measure; return its address, and the measure's id."""
    (measure,) = ordered(bureau, bureau.project("KG-1", **({"title": TITLE} | fields)), due=DUE)
    told = {"kind": "整改通知", "measure": "1", "facts": FACTS, "asked": "请补齐。", "by": DUE.isoformat()}
    return handler.post("/notices/new/KG-1", data=told).location, measure


def test_a_notice_through_keguan_is_signed_for_on_its_page(
    as_role: AsRole, bureau: Bureau, monkeypatch: pytest.MonkeyPatch, query_count: Counting
) -> None:
    handler, manager, pi = as_role(Role.HANDLER), as_role(Role.UNIT_MANAGER), as_role(Role.PI)
    at, measure = drawn_up(handler, bureau)
    page = handler.get(at).text
    for part in ("通过科管送达", "a.unit_manager@keguan.test", "其他方式送出"):
        assert part in page
    assert manager.get(at).status_code == manager.post(f"{at}/sign").status_code == 404
    assert handler.post(f"{at}/deliver").status_code == 302
    again = handler.post(f"{at}/deliver")
    assert (again.status_code, "已于 2026-02-05 通过科管送达" in again.text) == (422, True)
    for part in ("送达情况", "未读", "待发", "待签收", "改用其他方式送出"):
        assert part in handler.get(at).text
    for other in (as_role(Role.APPROVER), as_role(Role.UNIT_FINANCE)):
        assert ("签收</button>" in other.get(at).text, other.post(f"{at}/sign").status_code) == (False, 403)
    assert "送达情况" not in pi.get(at).text

    monkeypatch.setattr(clock, "today", lambda: TODAY + timedelta(8))
    for where in ("/", "/notices/"):
        assert "文书逾期未签收" in handler.get(where).text
        assert "文书逾期未签收" not in as_role(Role.APPROVER).get(where).text
    assert "至今无人签收" in handler.get(at).text
    assert at in handler.get("/notices/?state=逾期未签收").text
    assert "签收整改通知〔2026〕1号" in manager.get("/").text
    for browser in (manager, handler):
        with query_count() as statements:
            assert browser.get(at).status_code == 200
        assert len(statements) <= 12
    page = manager.get(at).text
    for part in ("签收</button>", "已逾期", f'href="/oversight/measures/{measure}"', "去办理", "请补齐。"):
        assert part in page
    assert manager.post(f"{at}/sign").status_code == 302
    page = pi.get(at).text
    assert ("张a.unit_manager" in page, "签收</button>" in page, "去办理" in page) == (True, False, True)
    late = pi.post(f"{at}/sign")
    assert (late.status_code, "无须重复签收" in late.text) == (422, True)
    assert handler.post(f"{at}/void", data={"reason": "主送单位写错，另行出具。"}).status_code == 302
    page = pi.get(at).text
    assert ("作废" in page, "去办理" in page) == (True, False)
    assert "已作废：主送单位写错" in pi.get("/inbox/").text


def test_where_nobody_of_the_unit_has_an_account_the_page_says_what_to_do(
    as_role: AsRole, bureau: Bureau
) -> None:
    handler = as_role(Role.HANDLER)
    at, _ = drawn_up(handler, bureau, lead_unit="没有账号的单位", pi_email=None)
    assert "还没有可以签收的账号" in handler.get(at).text
    refused = handler.post(f"{at}/deliver")
    assert (refused.status_code, "请检查以下内容" in refused.text) == (422, True)


def test_an_admin_sets_the_mark_and_the_days(as_role: AsRole, bureau: Bureau) -> None:
    admin, handler, path = as_role(Role.ADMIN), as_role(Role.HANDLER), "/admin/notices"
    assert "〔2026〕1号" in admin.get(path).text
    days = {"receipt": "5", "urging": "10", "rectification": "20", "termination": "15"}
    wrong = admin.post(path, data=days | {"mark": "沙科〔催〕", "receipt": "31"})
    assert wrong.status_code == 422
    for part in ("字号由汉字、字母或数字组成", "请填写 1 至 30 的整数"):
        assert part in wrong.text
    assert admin.post(path, data=days | {"mark": "沙科催"}).status_code == 302
    assert "沙科催〔2026〕1号" in admin.get(path).text
    at, _ = drawn_up(handler, bureau)
    assert "沙科催〔2026〕1号" in words(handler.get(f"{at}/notice.docx").data)
    assert "沙科催〔2026〕1号" in handler.get("/notices/").text


def test_a_notice_leads_the_unit_to_what_it_asks(
    as_role: AsRole, bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler, pi = as_role(Role.HANDLER), as_role(Role.PI)
    rectify, hold = ordered(bureau, bureau.project("KG-1", title=TITLE), Outcome.HOLD, due=DUE)
    day = date(2027, 1, 20)
    monkeypatch.setattr(clock, "today", lambda: day)
    offered = unescape(handler.get("/notices/new/KG-1").text)
    for asks, leads_to in (
        ("kind=提醒通知&rule=spb-26", "/projects/KG-1?tab=reports#tabs"),
        ("kind=暂缓拨付通知&measure=2", f"/oversight/measures/{rectify}"),
    ):
        address = next(one for one in re.findall(r'href="([^"]+)"', offered) if asks in unquote(one))
        told = dict(parse_qsl(urlsplit(address).query))
        told |= {"facts": FACTS, "asked": "请办理。", "by": day.isoformat()}
        at = handler.post("/notices/new/KG-1", data=told).location
        assert handler.post(f"{at}/deliver").status_code == 302
        assert f'href="{leads_to}">去办理' in pi.get(at).text
        assert "去办理" not in handler.get(at).text
    assert hold != rectify


def test_duties_of_the_unit_lead_to_a_notice_for_the_handler_alone(
    as_role: AsRole, bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    bureau.project("KG-1", title=TITLE)
    monkeypatch.setattr(clock, "today", lambda: LATER)
    handler = as_role(Role.HANDLER)
    assert "出具通知" in handler.get("/duties/?heap=overdue").text
    assert "出具通知" in handler.get("/projects/KG-1?tab=duties").text
    for role in (Role.APPROVER, Role.PI, Role.AUDITOR):
        assert "出具通知" not in as_role(role).get("/projects/KG-1?tab=duties").text
        assert as_role(role).get("/notices/new/KG-1").status_code == 403
    offered = handler.get("/notices/new/KG-1").text
    assert "出具催办通知" in offered
    gone = f"/notices/new/KG-1?kind=催办通知&rule=x&subject=&due={LATER - timedelta(1)}"
    assert handler.get(gone).status_code == 422
    bureau.session.rollback()
    assert bureau.session.scalars(select(PaperNotice)).all() == []
