"""The page of an acceptance: the way, the checklist, and for each person the one button of her turn."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from lifecycle.models import AcceptanceState
from lifecycle.roles import Role
from tests.integration.accepting import DAY, FAILS, NASTY, Accepting
from tests.web.site import Browser

AsRole = Callable[[Role], Browser]

BUTTONS = {
    "submit": "提交承担单位确认</button>",
    "confirm": "确认并报区科技局</button>",
    "send-back": "退回项目负责人</button>",
    "take-up": "受理验收申请</button>",
    "return": "退回补正</button>",
    "panel": "组建专家组并通知专家</button>",
    "join": "提交联合实施单位意见</button>",
    "propose": "提出验收结论</button>",
    "conference": "登记联席会议审议结果</button>",
    "government": "登记区政府审定结果</button>",
    "conclude": "作出验收结论：通过</button>",
    "reconsider": "退回经办人</button>",
    "platform": "登记平台备案</button>",
}


def buttons(text: str) -> set[str]:
    """Return the acts a page offers."""
    return {name for name, words in BUTTONS.items() if words in text}


def of(case_id: int, rest: str = "") -> str:
    """Return the address of a case's page, or of one of its steps."""
    return f"/acceptance/{case_id}{rest}"


def panel(it: Accepting, *fields: str) -> dict[str, str]:
    """Return the form by which the three experts are named; the agency's other one stays at home."""
    others = {f"field-{it.bureau.people.a[Role.EXPERT].id}": "", "leader": ""}
    return others | {f"field-{one.id}": field for one, field in zip(it.experts, fields, strict=True)}


WHO = (Role.PI, Role.UNIT_MANAGER, Role.JOINT_UNIT, Role.HANDLER, Role.APPROVER, Role.FINANCE, Role.AUDITOR)

TURNS = {
    "begun": {Role.PI: {"submit"}, Role.UNIT_MANAGER: {"submit"}},
    "submitted": {Role.UNIT_MANAGER: {"confirm", "send-back"}},
    "confirmed": {Role.HANDLER: {"take-up", "return"}},
    "taken_up": {Role.HANDLER: {"panel"}},
    "with_panel": {Role.JOINT_UNIT: {"join"}},
    "heard": {Role.HANDLER: {"propose"}},
    "proposed": {Role.HANDLER: {"conference"}},
}


@pytest.mark.parametrize("step", TURNS)
def test_everyone_sees_the_button_of_her_own_turn_and_no_other(
    it: Accepting, as_role: AsRole, step: str
) -> None:
    case_id = getattr(it, step)("major-joint")
    for role in WHO:
        page = as_role(role).get(of(case_id))
        assert page.status_code == 200
        assert buttons(page.text) == TURNS[step].get(role, set()), role


def test_the_later_authorities_have_their_buttons_too(it: Accepting, as_role: AsRole) -> None:
    case_id = it.proposed("major-joint")
    said = {"day": DAY.isoformat(), "note": "纪要3号", "agreed": "yes"}
    handler = as_role(Role.HANDLER)
    assert handler.post(of(case_id, "/conference"), data=said).status_code == 302
    assert buttons(handler.get(of(case_id)).text) == {"government"}
    assert handler.post(of(case_id, "/government"), data=said).status_code == 302
    assert buttons(handler.get(of(case_id)).text) == set()
    assert buttons(as_role(Role.APPROVER).get(of(case_id)).text) == {"conclude", "reconsider"}


@pytest.mark.parametrize("role", [Role.EXPERT, Role.ADMIN])
def test_whoever_sees_no_projects_sees_no_acceptance(it: Accepting, as_role: AsRole, role: Role) -> None:
    assert as_role(role).get(of(it.begun())).status_code == 403


def test_the_way_is_shown_with_its_articles_before_applying(it: Accepting, as_role: AsRole) -> None:
    it.project("major", "沙-7")
    text = as_role(Role.PI).get("/projects/沙-7?tab=oversight").text
    for words in (
        "部门联席会议审议",
        "区政府审定",
        "沙科局发〔2023〕41号 第三十二条",
        "填写验收申请</button>",
    ):
        assert words in text


def test_a_whole_acceptance_can_be_led_through_the_site(it: Accepting, as_role: AsRole) -> None:
    it.project("key", "沙-9")
    pi, unit, handler, approver = (
        as_role(role) for role in (Role.PI, Role.UNIT_MANAGER, Role.HANDLER, Role.APPROVER)
    )
    answer = pi.post("/acceptance/of/沙-9")
    case_id = int(re.findall(r"/acceptance/(\d+)/edit", answer.location)[0])
    assert pi.get(of(case_id, "/edit")).status_code == 200
    it.save(case_id)
    assert pi.post(of(case_id, "/submit")).status_code == 302
    assert unit.post(of(case_id, "/confirm")).status_code == 302
    assert handler.post(of(case_id, "/take-up")).status_code == 302
    chosen = panel(it, "技术", "财务", "技术")
    assert handler.post(of(case_id, "/panel"), data=chosen).status_code == 302
    it.hear(case_id)
    said = {"technical": "通过", "financial": "通过", "conclusion": "通过", "opinion": "同意通过验收。"}
    assert handler.post(of(case_id, "/propose"), data=said).status_code == 302
    assert approver.post(of(case_id, "/conclude")).status_code == 302
    assert it.state(case_id) is AcceptanceState.DONE
    text = handler.get(of(case_id)).text
    assert "2027-0001" in text
    assert "验收证书</a>" in text
    assert "A&amp;B ‹关键&gt;" in text


def test_a_refusal_shows_the_page_again_with_what_was_typed_and_every_reason(
    it: Accepting, as_role: AsRole
) -> None:
    case_id = it.submitted(filled={"evidence": {}, "report": []})
    answer = as_role(Role.UNIT_MANAGER).post(of(case_id, "/confirm"))
    assert answer.status_code == 422
    assert "没有佐证材料的考核指标" in answer.text
    assert "还没有上传验收总结报告" in answer.text
    answer = as_role(Role.UNIT_MANAGER).post(of(case_id, "/send-back"), data={"note": ""})
    assert (answer.status_code, "请写明原因" in answer.text) == (422, True)


def test_a_panel_without_a_financial_expert_is_refused_with_its_article(
    it: Accepting, handler: Browser
) -> None:
    case_id = it.taken_up()
    chosen = panel(it, "技术", "技术", "技术")
    answer = handler.post(of(case_id, "/panel"), data=chosen)
    assert answer.status_code == 422
    assert "还缺财务专家（沙科局发〔2023〕41号 第三十二条）" in answer.text
    assert it.state(case_id) is AcceptanceState.IN_REVIEW


def test_an_expert_of_the_project_is_marked_before_she_is_named(it: Accepting, handler: Browser) -> None:
    case_id = it.taken_up()
    it.bureau.change(it.case(case_id).project_id, pi_name=it.experts[0].name)
    text = handler.get(of(case_id)).text
    assert f"{it.experts[0].name}与本项目负责人或成员同名" in text


def test_the_draft_keeps_what_was_typed_when_somebody_else_was_quicker(
    it: Accepting, as_role: AsRole
) -> None:
    case_id = it.begun()
    pi = as_role(Role.PI)
    stale = {"revision": "1", "summary": f"第二次填写 {NASTY}", "value-0": "4", "value-1": "5"}
    assert pi.post(of(case_id, "/edit"), data=stale | {"summary": "第一次"}).status_code == 302
    answer = pi.post(of(case_id, "/edit"), data=stale)
    assert answer.status_code == 422
    assert "刚才已被其他人保存过" in answer.text
    assert "第二次填写 A&amp;B ‹关键&gt;" in answer.text
    assert it.case(case_id).content["summary"] == "第一次"


def test_a_failed_project_shows_its_clearing_and_no_certificate(it: Accepting, as_role: AsRole) -> None:
    case_id = it.concluded(proposal=FAILS)
    text = as_role(Role.FINANCE).get("/projects/沙-1?tab=oversight").text
    assert "查看财务清算" in text
    text = as_role(Role.HANDLER).get(of(case_id)).text
    assert "验收证书</a>" not in text
    assert as_role(Role.HANDLER).get(of(case_id, "/certificate.docx")).status_code == 302


@pytest.mark.parametrize("way", ["key", "major-joint", "ea", "shanxi", "self"])
def test_every_page_asks_the_database_little(
    it: Accepting, as_role: AsRole, query_count: Callable[[], Any], way: str
) -> None:
    case_id = it.confirmed("self") if way == "self" else it.heard(way)
    handler = as_role(Role.HANDLER)
    handler.get(of(case_id))
    with query_count() as asked:
        handler.get(of(case_id))
    assert len(asked) <= 12


def test_the_conclusion_of_the_majority_is_foreseen(it: Accepting, handler: Browser) -> None:
    text = handler.get(of(it.heard())).text
    (box,) = re.findall(r'<input[^>]*name="conclusion"[^>]*value="通过"[^>]*>', text)
    assert "checked" in box


def test_what_is_not_decided_stays_with_those_who_decide(it: Accepting, as_role: AsRole) -> None:
    case_id = it.proposed("major-joint")
    expert, opinion = it.experts[0].name, "完成任务书约定的全部考核指标"
    for role in (Role.PI, Role.UNIT_MANAGER):
        text = as_role(role).get(of(case_id)).text
        assert (expert in text, opinion in text) == (False, False)
        history = as_role(role).get("/projects/沙-1?tab=history").text
        assert (expert in history, "提出验收结论" in history) == (False, False)
        assert as_role(role).get(of(case_id, "/opinion.docx")).status_code == 302
    for role in (Role.JOINT_UNIT, Role.AUDITOR):
        text = as_role(role).get(of(case_id)).text
        assert (expert in text, opinion in text) == (True, True)
    it.agreed(case_id)
    assert as_role(Role.APPROVER).post(of(case_id, "/conclude")).status_code == 302
    text = as_role(Role.PI).get(of(case_id)).text
    assert (expert in text, opinion in text) == (True, True)
