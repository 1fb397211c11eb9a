"""A project of two places: led from 重庆, with a partner in 四川, its indicators put in numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from lifecycle.models import Tranche
from lifecycle.record import Source
from tests.web.lives.accepting import apply, put_forward, review
from tests.web.lives.changing import ask, hand_in
from tests.web.lives.living import Life
from tests.web.lives.money_in import arrive, spend
from tests.web.lives.paying import pay, tranche_path
from tests.web.lives.steps import Plan, finalise, register, rewrite, sign, write_draft

CITED = "川渝科技创新合作计划（2024）申报通知"
PARTNER = {
    "name": "西南交通大学",
    "unit_type": "高等院校",
    "place": "四川省",
    "share": "100000",
    "agreement_from": "2024-06-01",
    "agreement_until": "2027-12-31",
}
PRECISION = {
    "name": "识别精度",
    "category": "技术",
    "direction": "不低于",
    "guide_value": "90",
    "agreed_value": "95",
    "unit": "%",
}
SALES = {
    "name": "新增产值",
    "category": "经济效益",
    "direction": "不低于",
    "guide_value": "100",
    "agreed_value": "120",
    "unit": "万元",
}
PLAN = Plan(
    "CY-2024-001",
    "川渝科技创新合作计划（2024）",
    "2024-10-01",
    "2026-09-30",
    award={"requested": "300000", "provincial": "300000", "own": "300000"},
    agreement={"goals": "共建轨道交通感知平台。", "separate_account": "是"},
    indicators=[PRECISION, SALES],
    partners=[PARTNER],
    tranches=[
        {"source": "省（市）级财政", "number": "1", "planned": "300000", "planned_on": "2024-11-01"},
        {"source": "自筹", "number": "1", "planned": "300000", "planned_on": "2024-12-01"},
    ],
    budget={"provincial_equipment": "300000", "own_labour": "300000"},
)
SIGNED = date(2024, 10, 8)
BARE = replace(PLAN, partners=(), indicators=[{**PRECISION, "agreed_value": "显著提高"}])
POOR = {**PLAN.agreement, "own": "299999.99"}
WRONG: list[tuple[Plan, tuple[str, ...]]] = [
    (BARE, ("参与单位 0 家，应至少有一家在四川省", f"{CITED} 三（二）")),
    (BARE, ("考核指标类别：技术，应有 技术，并有 经济效益或社会效益", f"{CITED} 三（五）")),
    (BARE, ("“显著提高”不是数值", f"{CITED} 三（五）")),
    (
        replace(PLAN, partners=[{**PARTNER, "place": "贵州省", "agreement_from": ""}]),
        ("应至少有一家在四川省", "未签合作协议", f"{CITED} 三（四）"),
    ),
    (
        replace(PLAN, indicators=[{**PRECISION, "agreed_value": "89.9"}, SALES]),
        ("任务书值 89.9，应不低于基准值 90", f"{CITED} 三（五）"),
    ),
    (replace(PLAN, agreement=POOR), ("自筹应不低于其 1 倍", f"{CITED} 二")),
    (
        replace(PLAN, agreement={**PLAN.agreement, "own": "300000", "lead_place": "四川省"}),
        ("承担单位所在地：四川省，应为 重庆市", f"{CITED} 三（二）"),
    ),
]
RIGHT = replace(PLAN, agreement={**PLAN.agreement, "own": "300000", "lead_place": "重庆市"})


def sign_it(life: Life) -> None:
    """Lead the agreement to its signatures; each thing that the notice asks is refused where it lacks."""
    life.on(SIGNED)
    path = write_draft(life, BARE).path
    for plan, says in WRONG:
        revision = rewrite(life, path, plan)
        life.barred("handler", f"{path}/finalise", *says, revision=revision)
    rewrite(life, path, RIGHT)
    finalise(life, life.open("handler", path))
    sign(life, path, "handler", "区科技局", SIGNED)
    sign(life, path, "unit", "承担单位", SIGNED)
    assert life.stage() == "实施中"


def fund(life: Life) -> None:
    """Pay what the city gives, and let the unit bring in its own."""
    pay(life, tranche_path(life, Source.PROVINCIAL, 1), SIGNED)
    life.on(date(2024, 11, 20))
    arrive(life, "unit", f"/spending/receipts/{life.id_of(Tranche)}", "300000", "2024-11-20")
    row = {"source": "省（市）级财政", "use": "设备费", "on": "2024-11-19"}
    spend(life, {**row, "amount": "300000", "voucher": "记-1"})


def change(life: Life) -> None:
    """Extend the period by the bureau, and let the unit settle a change of members itself."""
    life.on(date(2026, 5, 6))
    path = ask(life, "extension", end="2026-12-31", way="own").path
    typed = {"approval_number": "沙科函〔2026〕8号"}
    life.barred("approver", f"{path}/approve", "应先办理“承担单位确认”", **typed)
    hand_in(life, path).done("审查通过", opinion="情况属实，拟同意。")
    life.barred("handler", f"{path}/approve", "审批", **typed)
    life.open("approver", path).done("批准", **typed)
    assert (life.record().end, life.record().original_end) == (date(2026, 12, 31), date(2026, 9, 30))
    row = {"members-0-name": "赵六", "members-0-unit": "西南交通大学"}
    own = ask(life, "members", "试验阶段增加一名测试人员。", **row, way="own").path
    life.open("unit", own).done("确认")
    assert [one.self_decided for one in life.record().changes] == [False, True]


def accept(life: Life) -> None:
    """Lead the acceptance to its conclusion."""
    life.on(date(2026, 12, 10))
    path = apply(life, ["95.5", "130"]).path
    put_forward(review(life, path, {"expert_a": "技术", "expert_b": "财务", "expert_c": "技术"}))
    life.barred("handler", f"{path}/platform", "不需要提交平台备案", day="2026-12-10")
    life.open("approver", path).done("结论")
    assert life.stage() == "已结题"


def test_a_project_of_two_places_is_led_from_the_award_to_its_acceptance(life: Life, tmp_path: Path) -> None:
    register(life, PLAN, date(2024, 10, 8))
    sign_it(life)
    fund(life)
    change(life)
    accept(life)
    life.is_whole()
    assert life.findings(date(2027, 2, 1), tmp_path) == []


def test_a_project_that_asked_for_too_little_is_not_agreed_on(life: Life) -> None:
    register(life, replace(PLAN, award={**PLAN.award, "requested": "299999.99"}), date(2024, 10, 8))
    path = write_draft(life, PLAN).path
    says = ("申请财政资金 29.999999 万元", f"{CITED} 二")
    life.barred("handler", f"{path}/finalise", *says, revision="2")
