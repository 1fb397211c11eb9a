"""The task agreement through the web: drafted, checked, finalised, signed and compared, by whom it should."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest
from docx import Document
from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.models import AgreementState, AgreementVersion, Project
from lifecycle.record import Signatory
from lifecycle.roles import Role
from lifecycle.stages import Stage
from tests import papers
from tests.plugins.counting import Counting
from tests.web.site import JOINT_UNIT, UNIT, Browser

NUMBER = "KG-2026-100"
NASTY = "A&B ‹关键> {{ 7*7 }}"
AsRole = Callable[[Role], Browser]

AWARD: Mapping[str, str] = {
    "number": NUMBER,
    "title": NASTY,
    "programme": "沙坪坝区科技攻关重点专项",
    "nature": "创新研发",
    "start": "2026-01-01",
    "end": "2027-12-31",
    "lead_unit": UNIT,
    "lead_unit_type": "高等院校",
    "lead_place": "重庆",
    "pi_name": "李工",
    "pi_email": "a.pi@keguan.test",
    "joint_unit": JOINT_UNIT,
    "district": "100,000.00",
    "own": "5万",
}

TERMS: Mapping[str, str] = {
    "title": NASTY,
    "nature": "创新研发",
    "lead_unit": UNIT,
    "lead_unit_type": "高等院校",
    "lead_place": "重庆市",
    "joint_unit": JOINT_UNIT,
    "pi_name": "李工",
    "pi_email": "a.pi@keguan.test",
    "start": "2026-01-01",
    "end": "2027-12-31",
    "separate_account": "是",
    "goals": f"{NASTY}\n第二段",
    "members-0-name": NASTY,
    "members-0-unit": UNIT,
    "members-1-name": "",
    "indicators-0-name": NASTY,
    "indicators-0-category": "技术",
    "indicators-0-direction": "不低于",
    "indicators-0-guide_value": "1,000.5",
    "indicators-0-agreed_value": "1,200",
    "milestones-0-number": "1",
    "milestones-0-name": NASTY,
    "milestones-0-planned_on": "2026-12-31",
    "district": "100,000.00",
    "own": "0",
    "budget-district_equipment": "60,000",
    "budget-district_labour": "40000.00",
    "tranches-0-source": "区（县）级财政",
    "tranches-0-number": "1",
    "tranches-0-planned": "70,000",
    "tranches-0-planned_on": "2026-03-01",
    "tranches-1-source": "区（县）级财政",
    "tranches-1-number": "2",
    "tranches-1-planned": "30,000",
    "tranches-1-condition": NASTY,
}


@pytest.fixture
def registered(as_role: AsRole) -> str:
    """A project that a handler has registered."""
    answer = as_role(Role.HANDLER).post("/awards/new", data={**AWARD, "own": ""})
    assert answer.status_code == 302, answer.text
    return answer.location


@pytest.fixture
def drafted(registered: str, as_role: AsRole, session: Session) -> int:
    """The draft of its agreement, begun by the pi."""
    del registered
    answer = as_role(Role.PI).post(f"/agreements/of/{NUMBER}")
    assert answer.status_code == 302
    return session.scalars(select(AgreementVersion.id)).one()


def version(session: Session) -> AgreementVersion:
    """Return the one version as it is now."""
    session.rollback()
    session.expire_all()
    return session.scalars(select(AgreementVersion)).one()


def save(browser: Browser, version_id: int, session: Session, **changes: str) -> Any:
    """Save the terms with changes, on the newest state."""
    data = {**TERMS, "revision": str(version(session).revision), **changes}
    return browser.post(f"/agreements/{version_id}/save", data=data)


def finalise(browser: Browser, version_id: int, session: Session, **more: str) -> Any:
    """Put the draft before the parties."""
    data = {"revision": str(version(session).revision), **more}
    return browser.post(f"/agreements/{version_id}/finalise", data=data)


def sign(browser: Browser, version_id: int, party: Signatory, **changes: Any) -> Any:
    """Record a party's signature."""
    scan = (BytesIO(papers.pdf(words=party)), "签署页.pdf")
    data = {"party": party, "signer": "王局", "signed_on": _today(), "scan": scan} | changes
    return browser.post(f"/agreements/{version_id}/sign", data=data)


def _today() -> str:
    from app import clock

    return clock.today().isoformat()


def test_a_life_from_award_to_signature(as_role: AsRole, drafted: int, session: Session) -> None:
    pi, handler = as_role(Role.PI), as_role(Role.HANDLER)
    page = pi.get(f"/agreements/{drafted}")
    assert page.status_code == 200
    assert "预算合计与资金来源不一致" in page.text
    assert save(pi, drafted, session).status_code == 302
    assert finalise(handler, drafted, session).status_code == 302
    assert version(session).state is AgreementState.AWAITING
    assert sign(as_role(Role.JOINT_UNIT), drafted, Signatory.JOINT_UNIT).status_code == 302
    assert sign(as_role(Role.UNIT_MANAGER), drafted, Signatory.UNIT).status_code == 302
    assert version(session).state is AgreementState.AWAITING
    assert sign(handler, drafted, Signatory.DISTRICT).status_code == 302
    assert version(session).state is AgreementState.IN_FORCE
    project = session.scalars(select(Project)).one()
    assert project.stage is Stage.UNDER_WAY
    assert project.signed_on is not None
    for role in (Role.HANDLER, Role.PI, Role.UNIT_MANAGER, Role.JOINT_UNIT, Role.AUDITOR):
        browser = as_role(role)
        assert browser.get(f"/agreements/{drafted}").status_code == 200
        assert "已生效" in browser.get(f"/projects/{NUMBER}?tab=agreement").text
        assert browser.get(f"/agreements/{drafted}/compare/{drafted}").status_code == 200


def test_the_paper_is_marked_as_a_draft_and_holds_what_was_typed(
    as_role: AsRole, drafted: int, session: Session
) -> None:
    pi = as_role(Role.PI)
    save(pi, drafted, session)
    answer = pi.get(f"/agreements/{drafted}/paper.docx")
    assert quote(f"任务书-{NUMBER}-第1版（草案）.docx") in answer.headers["Content-Disposition"]
    document = Document(BytesIO(answer.data))
    head = document.sections[0].header.paragraphs[0].text
    assert "草案" in head
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    assert cells.count(NASTY) >= 5
    assert "人民币壹拾万元整" in cells


def test_errors_stand_at_the_cell_and_nothing_typed_is_lost(
    as_role: AsRole, drafted: int, session: Session
) -> None:
    changes = {
        "indicators-0-category": "",
        "tranches-1-planned": "1e400",
        "budget-district_labour": "-5",
        "partners-0-name": "外单位",
        "partners-0-place": "火星",
    }
    answer = save(as_role(Role.PI), drafted, session, **changes)
    assert answer.status_code == 422
    for place in (
        "indicators-0-category",
        "tranches-1-planned",
        "budget-district_labour",
        "partners-0-place",
    ):
        assert f'id="{place}-error"' in answer.text
        assert f'href="#{place}"' in answer.text
    assert "1e400" in answer.text
    assert "火星" in answer.text
    assert version(session).revision == 1


def test_more_rows_come_without_losing_anything_and_without_saving(
    as_role: AsRole, drafted: int, session: Session
) -> None:
    answer = as_role(Role.PI).post(
        f"/agreements/{drafted}/check", data={**TERMS, "more": "members", "revision": "1"}
    )
    assert answer.status_code == 422
    assert 'name="members-4-name"' in answer.text
    assert "60,000" in answer.text
    assert version(session).revision == 1


def test_a_row_is_dropped_by_its_box_or_by_being_emptied(
    as_role: AsRole, drafted: int, session: Session
) -> None:
    pi = as_role(Role.PI)
    save(pi, drafted, session)
    answer = save(
        pi, drafted, session, **{"members-0-drop": "y", "milestones-0-number": "", "milestones-0-name": "",
                                 "milestones-0-planned_on": ""}
    )  # fmt: skip
    assert answer.status_code == 302
    terms = version(session).terms
    assert (terms["members"], terms["milestones"]) == ([], [])


def test_what_htmx_asks_is_judged_and_saved_nowhere(as_role: AsRole, drafted: int, session: Session) -> None:
    answer = as_role(Role.PI).post(f"/agreements/{drafted}/check", data=TERMS, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith("{#") is False
    assert "还没有保存" in answer.text
    assert version(session).revision == 1


def test_who_saves_an_older_state_is_told_and_keeps_what_was_typed(
    as_role: AsRole, drafted: int, session: Session
) -> None:
    assert save(as_role(Role.HANDLER), drafted, session, goals="经办先保存").status_code == 302
    answer = as_role(Role.PI).post(f"/agreements/{drafted}/save", data={**TERMS, "revision": "1"})
    assert answer.status_code == 422
    assert "已被其他人保存过" in answer.text
    assert "经办先保存" in answer.text
    assert "第二段" in answer.text
    assert version(session).terms["goals"] == "经办先保存"


def test_nothing_is_finalised_that_does_not_add_up(as_role: AsRole, drafted: int, session: Session) -> None:
    handler = as_role(Role.HANDLER)
    save(handler, drafted, session, district="200,000")
    answer = finalise(handler, drafted, session)
    assert answer.status_code == 422
    assert "预算合计与资金来源不一致" in answer.text
    assert "不符合规定" in answer.text or "现在不能" in answer.text
    assert version(session).state is AgreementState.DRAFT


def test_a_usual_rule_asks_for_a_reason(as_role: AsRole, drafted: int, session: Session) -> None:
    handler = as_role(Role.HANDLER)
    save(handler, drafted, session, end="2030-12-31")
    assert finalise(handler, drafted, session).status_code == 422
    answer = finalise(handler, drafted, session, **{"spb-16-period": "临床随访周期长，经专家论证同意"})
    assert answer.status_code == 302
    assert version(session).reasons == {"spb-16-period": "临床随访周期长，经专家论证同意"}


def test_nobody_signs_for_another(as_role: AsRole, drafted: int, session: Session) -> None:
    handler = as_role(Role.HANDLER)
    save(handler, drafted, session)
    finalise(handler, drafted, session)
    refused = [
        sign(as_role(Role.JOINT_UNIT), drafted, Signatory.UNIT),
        sign(as_role(Role.UNIT_MANAGER), drafted, Signatory.DISTRICT),
        sign(as_role(Role.PI), drafted, Signatory.UNIT),
        sign(handler, drafted, Signatory.MUNICIPAL),
        sign(handler, drafted, Signatory.DISTRICT, signed_on="2020-01-01"),
        sign(handler, drafted, Signatory.DISTRICT, signed_on="2099-01-01"),
        sign(handler, drafted, Signatory.DISTRICT, scan=(BytesIO(b"no pdf"), "a.pdf")),
    ]
    assert [answer.status_code for answer in refused] == [422, 422, 403, 422, 422, 422, 422]
    assert version(session).signatures == []


def test_taking_back_undoes_the_signatures(as_role: AsRole, drafted: int, session: Session) -> None:
    handler = as_role(Role.HANDLER)
    save(handler, drafted, session)
    finalise(handler, drafted, session)
    sign(handler, drafted, Signatory.DISTRICT)
    assert handler.post(f"/agreements/{drafted}/reopen", data={"note": ""}).status_code == 422
    assert handler.post(f"/agreements/{drafted}/reopen", data={"note": "改预算"}).status_code == 302
    found = version(session)
    assert (found.state, found.signatures) == (AgreementState.DRAFT, [])


def test_an_award_is_registered_once_and_only_when_plausible(as_role: AsRole, registered: str) -> None:
    assert f"/projects/{NUMBER}" in registered
    handler = as_role(Role.HANDLER)
    wrong = {**AWARD, "lead_place": "火星", "end": "2025-01-01", "pi_email": "无"}
    answer = handler.post("/awards/new", data=wrong)
    assert answer.status_code == 422
    assert "金额" in answer.text
    assert "重庆市" in answer.text
    again = handler.post("/awards/new", data={**AWARD, "own": ""})
    assert again.status_code == 422
    assert "已登记为" in again.text
    assert as_role(Role.PI).get("/awards/new").status_code == 403


def test_no_page_asks_the_database_more_than_it_may(
    as_role: AsRole, drafted: int, query_count: Counting
) -> None:
    handler = as_role(Role.HANDLER)
    for path in (f"/agreements/{drafted}", f"/agreements/{drafted}/compare/{drafted}", "/awards/new"):
        with query_count() as statements:
            assert handler.get(path).status_code == 200
        assert len(statements) <= 12, (path, statements)
