"""Pages of supervision: what each shows to whom, what each press does, and what a refusal leaves typed."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook
from sqlalchemy.orm import Session

from app import clock
from lifecycle.models import InspectionKind, IntegrityState, Outcome
from lifecycle.roles import Role
from tests import papers
from tests.integration.overseeing import ANSWER, FACTS, entry_of, inspection, measure, ordered, recorded
from tests.integration.paying import TODAY, Bureau
from tests.web.money.test_cost import MOST, asked
from tests.web.projects import AsRole
from tests.web.site import UNIT, Browser, People

NOTE = "请补充设备验收清单和照片。"


@pytest.fixture(autouse=True)
def _on_that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "today", lambda: TODAY)


@pytest.fixture
def bureau(session: Session, people: People) -> Bureau:
    return Bureau(session, people)


@pytest.fixture
def project(bureau: Bureau) -> int:
    return bureau.project("KG-1", title="山区智能灌溉", joint_unit="沙坪坝区人民医院")


def form(**more: Any) -> dict[str, Any]:
    """Return what a browser sends of an inspection."""
    return {
        "number": "KG-1",
        "kind": InspectionKind.SPECIAL.value,
        "organiser": "区财政局",
        "inspected_on": TODAY.isoformat(),
        "inspectors": "张三、李四",
        "summary": "查阅账簿和合同。",
        "findings": f"{FACTS}\n\n未见设备验收记录。",
        "outcome": "限期整改并暂缓拨付",
        "due": (TODAY + timedelta(20)).isoformat(),
        **more,
    }


def proof(name: str = "整改报告.pdf") -> tuple[BytesIO, str]:
    """Return a file as a browser sends it."""
    return BytesIO(papers.pdf()), name


def post(browser: Browser, path: str, **data: Any) -> Any:
    """Send a form."""
    return browser.post(f"/oversight/{path}", data=data)


@pytest.mark.usefixtures("project")
def test_an_inspection_is_written_down_and_decided_by_the_approver(as_role: AsRole, bureau: Bureau) -> None:
    made = post(as_role(Role.HANDLER), "inspections/new", **form(files=proof("检查底稿.pdf")))
    assert made.status_code == 302, made.text
    page = as_role(Role.HANDLER).get(made.location)
    assert "检查底稿.pdf" in page.text
    assert "须由其他人审批" not in page.text
    assert "同意限期整改并暂缓拨付" not in page.text
    id_ = int(made.location.rsplit("/", 1)[1])
    assert "同意限期整改并暂缓拨付" in as_role(Role.APPROVER).get(made.location).text
    assert post(as_role(Role.APPROVER), f"inspections/{id_}/agree").status_code == 302
    row = inspection(bureau, id_)
    assert [one["text"] for one in row.findings] == [FACTS, "未见设备验收记录。"]
    strip = as_role(Role.PI).get("/projects/KG-1").text
    assert "限期整改" in strip
    assert "暂缓拨付" in strip
    assert "暂缓拨付" in as_role(Role.HANDLER).get("/projects/").text


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"number": "没有"}, "没有找到编号为“没有”的项目"),
        ({"due": ""}, "请填写整改期限"),
        ({"outcome": "暂缓拨付"}, "只暂缓拨付的不填整改期限"),
        ({"findings": ""}, "请逐条写明发现的问题"),
        ({"recognised": "y"}, "请附该部门的检查材料"),
        ({"outcome": "终止实施", "due": "", "number": "KG-2"}, "当前状态为“待签任务书”"),
    ],
)
def test_what_is_refused_stays_typed(
    as_role: AsRole, bureau: Bureau, wrong: dict[str, str], told: str
) -> None:
    bureau.project("KG-2", signed_on=None, signatories=())
    answer = post(as_role(Role.HANDLER), "inspections/new", **form(**wrong))
    assert answer.status_code == 422
    assert told in answer.text
    assert "查阅账簿和合同。" in answer.text


@pytest.mark.usefixtures("project")
def test_what_is_not_decided_is_no_business_of_the_unit(as_role: AsRole) -> None:
    made = post(as_role(Role.HANDLER), "inspections/new", **form(files=proof("检查底稿.pdf")))
    id_ = int(made.location.rsplit("/", 1)[1])
    for role in (Role.PI, Role.UNIT_MANAGER, Role.JOINT_UNIT):
        browser = as_role(role)
        assert browser.get(made.location).status_code == 404
        assert "专项检查" not in browser.get("/projects/KG-1?tab=oversight").text
        assert "检查底稿.pdf" not in browser.get("/projects/KG-1?tab=papers").text
        assert "登记专项检查" not in browser.get("/projects/KG-1?tab=history").text
        assert browser.get("/attachments/1").status_code == 404
    assert as_role(Role.HANDLER).get(f"/oversight/inspections/{id_}/notice").status_code == 422
    post(as_role(Role.APPROVER), f"inspections/{id_}/agree")
    assert as_role(Role.PI).get(made.location).status_code == 200
    assert "检查底稿.pdf" in as_role(Role.PI).get("/projects/KG-1?tab=papers").text


def test_an_inspection_goes_back_and_comes_again(as_role: AsRole, bureau: Bureau, project: int) -> None:
    id_ = recorded(bureau, project)
    approver, handler = as_role(Role.APPROVER), as_role(Role.HANDLER)
    assert post(approver, f"inspections/{id_}/send-back").status_code == 422
    assert post(approver, f"inspections/{id_}/send-back", note=NOTE).status_code == 302
    shown = handler.get(f"/oversight/inspections/{id_}/amend").text
    assert NOTE in shown
    assert FACTS in shown
    assert post(handler, f"inspections/{id_}/amend", **form(summary="")).status_code == 422
    assert post(handler, f"inspections/{id_}/amend", **form()).status_code == 302
    assert handler.get(f"/oversight/inspections/{id_}/amend").status_code == 409


def test_the_result_is_a_paper_for_others_with_nothing_internal(
    as_role: AsRole, bureau: Bureau, project: int
) -> None:
    ordered(bureau, project)
    handler = as_role(Role.HANDLER)
    paper = handler.get("/oversight/inspections/1/notice").text
    assert FACTS in paper
    assert "第三十一条" in paper
    for internal in ("a.handler", "a.approver"):
        assert f"张{internal}" not in paper
    file = handler.get("/oversight/inspections/1/notice.docx")
    with ZipFile(BytesIO(file.data)) as package:
        words = package.read("word/document.xml").decode()
    assert FACTS in words
    assert "限期整改" in words
    assert "a.handler" not in words
    assert post(handler, "inspections/1/share").status_code == 422
    assert post(handler, "inspections/1/share", departments="区财政局，区审计局").status_code == 302
    assert "已通报：区财政局、区审计局" in handler.get("/oversight/inspections/1").text


def test_a_rectification_goes_from_the_unit_to_the_handler_and_is_settled(
    as_role: AsRole, bureau: Bureau, project: int
) -> None:
    (id_,) = ordered(bureau, project)
    path, unit, handler = f"measures/{id_}", as_role(Role.UNIT_MANAGER), as_role(Role.HANDLER)
    assert "提交区科技局核验" in unit.get(f"/oversight/{path}").text
    assert "提交区科技局核验" not in as_role(Role.JOINT_UNIT).get(f"/oversight/{path}").text
    refused = post(unit, f"{path}/answer", text=ANSWER)
    assert refused.status_code == 422
    assert "请附整改的证明材料" in refused.text
    assert ANSWER in refused.text
    assert post(unit, f"{path}/answer", text=ANSWER, files=proof()).status_code == 302
    assert "整改报告.pdf" in handler.get(f"/oversight/{path}").text
    assert post(handler, f"{path}/send-back", note=NOTE).status_code == 302
    assert NOTE in unit.get(f"/oversight/{path}").text
    assert post(unit, f"{path}/answer", text=ANSWER, files=proof("补充.pdf")).status_code == 302
    assert post(handler, f"{path}/verify").status_code == 302
    assert measure(bureau, id_).settled_on == TODAY
    assert post(handler, f"{path}/verify").status_code == 409


def test_more_time_is_the_approvers_to_give(as_role: AsRole, bureau: Bureau, project: int) -> None:
    (id_,) = ordered(bureau, project)
    approver = as_role(Role.APPROVER)
    later = (TODAY + timedelta(60)).isoformat()
    assert post(approver, f"measures/{id_}/extend", due=later).status_code == 422
    told = post(approver, f"measures/{id_}/extend", due=later, reason="设备返厂检修，需延长期限。")
    assert told.status_code == 302
    assert measure(bureau, id_).due == TODAY + timedelta(60)


def test_a_hold_is_lifted_by_two(as_role: AsRole, bureau: Bureau, project: int) -> None:
    (id_,) = ordered(bureau, project, Outcome.HOLD)
    approver, handler = as_role(Role.APPROVER), as_role(Role.HANDLER)
    assert post(handler, f"measures/{id_}/propose-lifting").status_code == 422
    why = "问题已整改到位，可以继续拨付。"
    assert post(handler, f"measures/{id_}/propose-lifting", reason=why).status_code == 302
    assert post(approver, f"measures/{id_}/keep", note=NOTE).status_code == 302
    assert post(handler, f"measures/{id_}/propose-lifting", reason=why).status_code == 302
    assert "同意解除暂缓拨付" in approver.get(f"/oversight/measures/{id_}").text
    assert post(approver, f"measures/{id_}/lift").status_code == 302
    assert "已解除" in as_role(Role.PI).get(f"/oversight/measures/{id_}").text


def test_overdue_rectifications_stand_on_top_with_one_press(
    as_role: AsRole, bureau: Bureau, project: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    (id_,) = ordered(bureau, project)
    ordered(bureau, bureau.project("KG-2"), Outcome.HOLD)
    monkeypatch.setattr(clock, "today", lambda: TODAY + timedelta(30))
    handler = as_role(Role.HANDLER)
    listed = handler.get("/oversight/measures").text
    assert listed.index("KG-1") < listed.index("KG-2")
    assert "提请暂缓拨付" in listed
    assert "提请暂缓拨付" not in as_role(Role.PI).get("/oversight/measures").text
    assert "KG-2" not in handler.get("/oversight/measures?state=overdue").text
    made = post(handler, f"measures/{id_}/escalate", outcome="暂缓拨付")
    assert "/oversight/inspections/" in made.location
    again = post(handler, f"measures/{id_}/escalate", outcome="暂缓拨付")
    assert again.status_code == 422
    assert "已据此提请暂缓拨付" in again.text


@pytest.mark.usefixtures("project")
def test_an_entry_of_integrity_is_put_forward_and_decided(as_role: AsRole, bureau: Bureau) -> None:
    handler, approver = as_role(Role.HANDLER), as_role(Role.APPROVER)
    assert post(handler, "integrity/of/KG-1", about=UNIT, act="挪用").status_code == 422
    made = post(handler, "integrity/of/KG-1", about=UNIT, act="挪用", facts=FACTS, files=proof("证据.pdf"))
    assert made.status_code == 302
    id_ = int(made.location.rsplit("/", 1)[1])
    assert as_role(Role.PI).get(made.location).status_code == 404
    assert "科研诚信" not in as_role(Role.PI).get("/projects/KG-1?tab=history").text
    assert "提出科研诚信记录" in handler.get("/projects/KG-1?tab=history").text
    assert "记入科研诚信" not in handler.get(made.location).text
    assert post(approver, f"integrity/{id_}/reject").status_code == 422
    assert post(approver, f"integrity/{id_}/record").status_code == 302
    assert entry_of(bureau, id_).state is IntegrityState.RECORDED
    assert as_role(Role.PI).get(made.location).status_code == 200
    assert as_role(Role.JOINT_UNIT).get(made.location).status_code == 404
    assert "证据.pdf" not in as_role(Role.PI).get(made.location).text
    assert post(approver, f"integrity/{id_}/reject", note="证据不足，不予以记录。").status_code == 409


@pytest.mark.parametrize("name", ["inspections", "measures", "integrity"])
def test_lists_filter_and_export_what_is_shown(
    as_role: AsRole, bureau: Bureau, project: int, name: str
) -> None:
    for one in (project, bureau.project("KG-2", title="低空物流")):
        ordered(bureau, one)
    for number in ("KG-1", "KG-2"):
        post(as_role(Role.HANDLER), f"integrity/of/{number}", about=UNIT, act="挪用", facts=FACTS)
    handler, path = as_role(Role.HANDLER), "" if name == "inspections" else name
    listed = handler.get(f"/oversight/{path}?q=低空").text
    assert "KG-2" in listed
    assert "KG-1" not in listed
    assert "没有符合条件" in handler.get(f"/oversight/{path}?q=不存在").text
    file = handler.get(f"/oversight/exports/{name}.xlsx?q=低空")
    rows = list(load_workbook(BytesIO(file.data)).worksheets[0].iter_rows(min_row=4, values_only=True))
    assert [row[0] for row in rows] == ["KG-2"]


def test_pages_ask_the_database_seldom(as_role: AsRole, bureau: Bureau, project: int) -> None:
    ordered(bureau, project, Outcome.HOLD, due=TODAY + timedelta(9))
    handler = as_role(Role.HANDLER)
    post(handler, "integrity/of/KG-1", about=UNIT, act="挪用", facts=FACTS)
    pages = (
        "",
        "measures",
        "integrity",
        "inspections/1",
        "inspections/1/notice",
        "measures/1",
        "integrity/1",
    )
    for page in pages:
        assert asked(handler, f"/oversight/{page}") <= MOST, page
    assert asked(handler, "/projects/KG-1?tab=oversight") <= MOST
    assert asked(handler, "/projects/") <= MOST


def test_without_anything_each_list_says_the_next_step(as_role: AsRole) -> None:
    handler = as_role(Role.HANDLER)
    assert "还没有检查" in handler.get("/oversight/").text
    assert "没有限期整改或暂缓拨付" in handler.get("/oversight/measures").text
    assert "没有科研诚信记录" in handler.get("/oversight/integrity").text
