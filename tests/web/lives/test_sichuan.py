"""A project of regional cooperation led from 四川: the guide's years, and a partner from elsewhere."""

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

CITED = "2024年四川省重点研发计划申报指南 二"
PARTNER = {
    "name": "重庆大学",
    "unit_type": "高等院校",
    "place": "重庆市",
    "share": "150000",
    "agreement_from": "2023-12-01",
    "agreement_until": "2025-12-31",
}
FUNDED = {"provincial": "500000", "own": "500000"}
PLAN = Plan(
    "SC-2024-001",
    "四川省区域创新合作（2024）",
    "2024-01-08",
    "2025-12-20",
    award={"lead_unit_type": "企业", "lead_place": "四川省", "requested": "500000", **FUNDED},
    agreement={
        "goals": "联合研制山区灌溉装备。",
        "separate_account": "是",
        "end": "2025-12-20",
        "lead_place": "四川省",
        **FUNDED,
    },
    indicators=[
        {
            "name": "节水率",
            "category": "技术",
            "direction": "不低于",
            "guide_value": "20",
            "agreed_value": "25",
            "unit": "%",
        }
    ],
    partners=[PARTNER],
    tranches=[
        {"source": "省（市）级财政", "number": "1", "planned": "500000", "planned_on": "2024-02-20"},
        {"source": "自筹", "number": "1", "planned": "500000", "planned_on": "2024-03-31"},
    ],
    budget={"provincial_equipment": "500000", "own_labour": "500000"},
)
SIGNED = date(2024, 1, 15)


def agreed(**values: str) -> Plan:
    """Return the plan with other words in its agreement."""
    return replace(PLAN, agreement={**PLAN.agreement, **values})


WRONG: list[tuple[Plan, tuple[str, ...]]] = [
    (replace(PLAN, partners=()), ("参与单位 0 家，应至少有一家在四川省以外的省（区、市）", CITED)),
    (
        replace(PLAN, partners=[{**PARTNER, "place": "四川省"}]),
        ("参与单位 1 家（四川省），应至少有一家在四川省以外的省（区、市）", CITED),
    ),
    (replace(PLAN, partners=[{**PARTNER, "agreement_from": ""}]), ("未签合作协议", CITED)),
    (
        agreed(end="2026-01-01"),
        ("应于 2024-01-01 至 2024-01-31 开始，于 2025-12-01 至 2025-12-31 结束", CITED),
    ),
    (agreed(lead_place="重庆市"), ("承担单位所在地：重庆市，应为 四川省", CITED)),
    (agreed(own="499999.99"), ("自筹应不低于其 1 倍", CITED)),
    (agreed(provincial="600000.01", own="700000"), ("应不超过 60.00 万元", CITED)),
]


def sign_it(life: Life) -> None:
    """Lead the agreement to its signatures; each thing that the guide asks is refused where it lacks."""
    life.on(SIGNED)
    path = write_draft(life, WRONG[0][0]).path
    for plan, says in WRONG:
        revision = rewrite(life, path, plan)
        life.barred("handler", f"{path}/finalise", *says, revision=revision)
    rewrite(life, path, PLAN)
    finalise(life, life.open("handler", path))
    sign(life, path, "handler", "区科技局", SIGNED)
    sign(life, path, "unit", "承担单位", SIGNED)
    assert (life.stage(), life.record().signed_on) == ("实施中", SIGNED)


def fund(life: Life) -> None:
    """Pay what the province gives, and let the unit bring in its own."""
    provincial = tranche_path(life, Source.PROVINCIAL, 1)
    life.on(date(2024, 2, 20))
    life.barred("approver", f"{provincial}/approve", "不能转为")
    pay(life, provincial, date(2024, 2, 20))
    receipt = provincial.replace("/money/tranches/", "/spending/receipts/")
    life.barred("unit", f"{receipt}/confirm", "到账日期应在拨付日期（2024-02-20）与今天之间", on="2024-02-19")
    life.open("unit", receipt).done("确认到账", on="2024-02-20")
    own = f"/spending/receipts/{life.id_of(Tranche)}"
    life.on(date(2024, 3, 29))
    arrive(life, "unit", own, "500000", "2024-03-29")
    row = {"source": "省（市）级财政", "use": "设备费", "on": "2024-03-28"}
    spend(life, {**row, "amount": "480000", "voucher": "记-1"})


def extend(life: Life) -> None:
    """Extend the period: the guide's end is that of what was agreed first."""
    life.on(date(2025, 10, 9))
    path = ask(life, "extension", end="2026-06-30").path
    page = hand_in(life, path)
    page.done("审查通过", opinion="情况属实，拟同意。")
    life.barred("approver", f"{path}/conference", "经办", held_on="2025-10-09")
    life.open("approver", path).done("批准", approval_number="科函〔2025〕21号")


def accept(life: Life) -> None:
    """Lead the acceptance to its conclusion; without the unit's word there is none."""
    life.on(date(2026, 6, 15))
    path = apply(life, ["26.5"]).path
    typed = {"technical": "通过", "financial": "通过", "conclusion": "通过", "opinion": "同意。"}
    life.barred("handler", f"{path}/propose", "专家", "本局工作要求", **typed)
    put_forward(review(life, path, {"expert_a": "技术", "expert_b": "财务", "expert_c": "技术"}))
    life.open("approver", path).done("结论")
    assert life.stage() == "已结题"


def test_a_regional_project_is_led_through_the_years_of_its_guide(life: Life, tmp_path: Path) -> None:
    register(life, PLAN, date(2024, 1, 10))
    sign_it(life)
    fund(life)
    extend(life)
    accept(life)
    life.is_whole()
    assert life.findings(date(2026, 7, 1), tmp_path) == []
