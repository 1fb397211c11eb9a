"""The pages of changes: what each role sees and presses, step by step."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.models import ChangeRequest, ChangeState
from lifecycle.record import ChangeKind
from lifecycle.roles import Role
from tests import papers
from tests.integration.changing import MAJOR, NEW_END, REASON, Office
from tests.integration.paying import WAN
from tests.web.lives.living import words


@pytest.fixture
def office(session: Session, people: Any) -> Office:
    return Office(session, people)


def _drafted(as_role: Any, number: str, kind: str = "extension", **typed: Any) -> Any:
    return as_role(Role.PI).post(
        f"/changes/draft/{kind}/{number}", data={"end": NEW_END.isoformat(), "reason": REASON, **typed}
    )


def test_a_pi_sees_the_way_of_every_kind_and_drafts_one(office: Office, as_role: Any) -> None:
    number = office.project("沙-1", programme=MAJOR, district=20 * WAN)
    page = as_role(Role.PI).get(f"/changes/kinds/{number}")
    assert page.status_code == 200
    assert "联合实施单位同意后报科技局" in page.text
    assert "部门联席会议审定" in page.text
    assert "沙科局发〔2023〕41号 第二十八条" in page.text
    editor = as_role(Role.PI).get(f"/changes/draft/extension/{number}")
    assert editor.status_code == 200
    answer = _drafted(as_role, number)
    assert answer.status_code == 302
    shown = as_role(Role.PI).get(answer.location)
    assert "提交承担单位确认" in shown.text
    assert "2028-06-30" in shown.text


@pytest.mark.parametrize(
    "kind", ["title", "unit", "pi", "extension", "indicator", "budget", "content", "members", "other"]
)
def test_every_kind_has_its_editor(office: Office, as_role: Any, kind: str) -> None:
    number = office.project()
    page = as_role(Role.UNIT_MANAGER).get(f"/changes/draft/{kind}/{number}")
    assert page.status_code == 200
    assert "变更理由" in page.text


def test_what_is_typed_wrongly_stays_and_nothing_is_drafted(office: Office, as_role: Any) -> None:
    number = office.project()
    answer = _drafted(as_role, number, end="昨天")
    assert answer.status_code == 422
    assert "昨天" in answer.text
    assert REASON in answer.text
    office.session.rollback()
    assert office.session.scalars(select(ChangeRequest)).all() == []


def test_a_whole_way_is_pressed_by_its_people(office: Office, as_role: Any) -> None:
    number = office.project("沙-1", programme=MAJOR, district=20 * WAN)
    path = _drafted(as_role, number).location
    id_ = int(path.rsplit("/", 1)[1])

    def press(role: Role, act: str, **data: Any) -> None:
        before = as_role(role).get(path)
        assert before.status_code == 200
        answer = as_role(role).post(f"{path}/{act}", data=data, content_type="multipart/form-data")
        assert answer.status_code == 302, words(answer.text)

    press(Role.PI, "send", revision=office.revision(id_))
    press(Role.UNIT_MANAGER, "confirm", revision=office.revision(id_))
    press(Role.JOINT_UNIT, "consent")
    press(Role.HANDLER, "propose", opinion="情况属实。")
    today = office.request(id_).applied_on
    press(
        Role.HANDLER,
        "conference",
        held_on=today.isoformat(),
        minutes=(BytesIO(papers.pdf()), "纪要.pdf"),
    )
    press(Role.APPROVER, "approve", approval_number="沙科局函〔2026〕12号")
    assert office.state(id_) is ChangeState.DONE
    assert office.record(number).end == NEW_END
    for role in (Role.PI, Role.UNIT_MANAGER, Role.JOINT_UNIT, Role.HANDLER, Role.APPROVER, Role.AUDITOR):
        page = as_role(role).get(path)
        assert "沙科局函〔2026〕12号" in page.text
        assert "联席会议纪要" in page.text
    tab = as_role(Role.PI).get(f"/projects/{number}?tab=changes")
    assert f"/changes/{id_}" in tab.text
    assert "申请变更" in tab.text
    assert "申请变更" not in as_role(Role.JOINT_UNIT).get(f"/projects/{number}?tab=changes").text


def test_a_short_cut_is_refused_on_the_page_with_its_article(office: Office, as_role: Any) -> None:
    number = office.project("沙-1", programme=MAJOR, district=20 * WAN)
    path = _drafted(as_role, number).location
    answer = as_role(Role.APPROVER).post(f"{path}/approve", data={"approval_number": "一号"})
    assert answer.status_code == 422
    said = words(answer.text)
    assert "应先办理“联合实施单位同意”" in said
    assert "应先办理“联席会议审定”" in said
    assert "第二十八条" in said
    assert office.state(int(path.rsplit("/", 1)[1])) is ChangeState.DRAFT


def test_a_return_wants_a_reason_and_the_drafter_reads_it(office: Office, as_role: Any) -> None:
    number = office.project(joint_unit=None)
    request_id = office.draft(number)
    office.confirm(request_id)
    path = f"/changes/{request_id}"
    assert as_role(Role.HANDLER).post(f"{path}/return", data={"note": " "}).status_code == 422
    assert as_role(Role.HANDLER).post(f"{path}/return", data={"note": "请补充合同。"}).status_code == 302
    page = as_role(Role.PI).get(path)
    assert "请补充合同。" in page.text
    editor = as_role(Role.PI).get(f"{path}/edit")
    assert "请补充合同。" in editor.text
    data = {"end": "2028-03-31", "reason": REASON, "revision": office.revision(request_id)}
    assert as_role(Role.PI).post(f"{path}/edit", data=data).status_code == 302
    assert office.request(request_id).after == "2028-03-31"


def test_an_older_page_does_not_overwrite_and_keeps_what_was_typed(office: Office, as_role: Any) -> None:
    request_id = office.draft(office.project())
    data = {"end": "2028-03-31", "reason": REASON, "revision": 0}
    answer = as_role(Role.PI).post(f"/changes/{request_id}/edit", data=data)
    assert answer.status_code == 422
    assert "已被其他人保存过" in answer.text
    assert "2028-03-31" in answer.text


def test_the_list_shows_to_each_her_own_and_can_be_handed_out(office: Office, as_role: Any) -> None:
    ours = office.draft(office.project("沙-1"))
    foreign = office.project("沙-2", lead_unit="别的单位", pi_email="other@else.test", joint_unit=None)
    office.session.rollback()
    handler = as_role(Role.HANDLER).get("/changes/")
    assert f"/changes/{ours}" in handler.text
    assert foreign not in as_role(Role.PI).get("/changes/").text
    assert "办理中" in handler.text
    empty = as_role(Role.HANDLER).get("/changes/?kind=承担单位")
    assert "没有符合条件的变更" in empty.text
    assert as_role(Role.HANDLER).get("/changes/export.xlsx").status_code == 200
    found = as_role(Role.HANDLER).get("/changes/", query_string={"q": "沙-1", "step": "办理中"})
    assert f"/changes/{ours}" in found.text


def test_the_form_of_a_change_is_a_word_file(office: Office, as_role: Any) -> None:
    request_id = office.draft(office.project(title="A&B ‹关键>"))
    answer = as_role(Role.HANDLER).get(f"/changes/{request_id}/paper.docx")
    assert answer.status_code == 200
    assert answer.data[:2] == b"PK"


@pytest.mark.parametrize("role", [Role.HANDLER, Role.PI, Role.UNIT_MANAGER])
def test_another_agency_finds_nothing(office: Office, app: Any, role: Role) -> None:
    request_id = office.draft(office.project())
    assert (
        app.test_client().as_account(office.people.b[role]).get(f"/changes/{request_id}").status_code == 404
    )


def test_a_kind_that_there_is_not_is_not_found(office: Office, as_role: Any) -> None:
    assert as_role(Role.PI).get(f"/changes/draft/colour/{office.project()}").status_code == 404


def test_no_page_asks_the_database_much(office: Office, as_role: Any, query_count: Any) -> None:
    number = office.project("沙-1", programme=MAJOR, district=20 * WAN)
    request_id = office.draft(number)
    pages = ("/changes/", f"/changes/kinds/{number}", f"/changes/{request_id}", f"/changes/{request_id}/edit")
    for path in (*pages, f"/changes/draft/title/{number}", f"/projects/{number}?tab=changes"):
        browser = as_role(Role.PI)
        browser.get(path)
        with query_count() as statements:
            assert browser.get(path).status_code == 200
        assert len(statements) <= 12, (path, statements)


def test_reasons_for_usual_rules_are_asked_of_the_handler(office: Office, as_role: Any) -> None:
    number = office.project(
        programme="山西省科技合作交流专项（2024）",
        lead_place="山西省",
        provincial=20 * WAN,
        district=0,
        own=20 * WAN,
        joint_unit=None,
        tranches=(),
    )
    request_id = office.draft(number, ChangeKind.PI)
    office.confirm(request_id)
    path = f"/changes/{request_id}"
    page = as_role(Role.HANDLER).get(path)
    assert "仍要变更的理由（2024年度山西省科技合作交流专项申报通知 二7）" in page.text
    refused = as_role(Role.HANDLER).post(f"{path}/propose", data={"opinion": "同意。"})
    assert refused.status_code == 422
    data = {"opinion": "同意。", "sx-2-frozen": "负责人因工作调动离开，经单位研究推荐。"}
    assert as_role(Role.HANDLER).post(f"{path}/propose", data=data).status_code == 302


def test_the_units_own_change_is_settled_with_one_press(office: Office, as_role: Any) -> None:
    number = office.project()
    data = {"way": "own", "reason": REASON, "members-0-name": "王工", "members-0-unit": "渝州大学"}
    answer = as_role(Role.UNIT_MANAGER).post(f"/changes/draft/members/{number}", data=data)
    assert answer.status_code == 302
    page = as_role(Role.UNIT_MANAGER).get(answer.location)
    assert "确认办理，即日生效" in page.text
    id_ = int(answer.location.rsplit("/", 1)[1])
    data = {"revision": office.revision(id_)}
    assert as_role(Role.UNIT_MANAGER).post(f"{answer.location}/confirm", data=data).status_code == 302
    assert office.state(id_) is ChangeState.DONE


def test_more_rows_are_added_without_saving(office: Office, as_role: Any) -> None:
    number = office.project()
    answer = as_role(Role.PI).post(f"/changes/draft/members/{number}", data={"more": "members"})
    assert answer.status_code == 422
    assert "members-2-name" in answer.text
    office.session.rollback()
    assert office.session.scalars(select(ChangeRequest)).all() == []
