"""Pages of notices: where one is drawn up from, what each person may press, what others see of it."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO

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
from tests.unit.test_word_papers import words
from tests.web.projects import AsRole
from tests.web.site import People

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
