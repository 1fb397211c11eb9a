"""A project of exchange led from 山西: matching funds, agreements of partners, a lasting title, goals."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from lifecycle.models import Tranche
from lifecycle.record import Source
from tests.web.lives.accepting import put_forward, review, write_application
from tests.web.lives.changing import ask, hand_in
from tests.web.lives.living import Life, words
from tests.web.lives.money_in import arrive, spend
from tests.web.lives.paying import pay, tranche_path
from tests.web.lives.steps import Plan, finalise, register, rewrite, sign, write_draft

CITED = "2024年度山西省科技合作交流专项申报通知"
PARTNER = {
    "name": "天津大学",
    "unit_type": "高等院校",
    "place": "天津市",
    "share": "50000",
    "agreement_from": "2024-12-01",
    "agreement_until": "2026-11-30",
}
FUNDED = {"provincial": "150000", "own": "250000"}
PLAN = Plan(
    "SX-2024-001",
    "山西省科技合作交流专项（2024）",
    "2024-12-01",
    "2026-11-30",
    award={"subcategory": "区域合作", "lead_place": "山西省", "requested": "200000", **FUNDED},
    agreement={"goals": "联合开展煤基新材料研究。", "separate_account": "是", "end": "2026-11-30", **FUNDED},
    indicators=[
        {
            "name": "强度",
            "category": "技术",
            "direction": "不低于",
            "guide_value": "80",
            "agreed_value": "90",
            "unit": "兆帕",
        }
    ],
    partners=[PARTNER],
    tranches=[
        {"source": "省（市）级财政", "number": "1", "planned": "150000", "planned_on": "2025-01-15"},
        {"source": "自筹", "number": "1", "planned": "250000", "planned_on": "2025-02-10"},
    ],
    budget={"provincial_equipment": "150000", "own_labour": "250000"},
)
SIGNED = date(2024, 12, 3)
GOALS = ("technology", "transfer", "people", "results")
REASON = "合作方更名，原项目名称中的机构名称已不存在。"


def agreed(**values: str) -> Plan:
    """Return the plan with other words in its agreement."""
    return replace(PLAN, agreement={**PLAN.agreement, **values})


WRONG: list[tuple[Plan, tuple[str, ...]]] = [
    (replace(PLAN, partners=()), ("参与单位 0 家，应至少有一家", f"{CITED} 二3")),
    (
        replace(PLAN, partners=[{**PARTNER, "place": "山西省"}]),
        ("应至少有一家在山西省以外的省（区、市）", f"{CITED} 二1"),
    ),
    (
        replace(PLAN, partners=[{**PARTNER, "agreement_until": "2026-11-29"}]),
        ("2024-12-01 至 2026-11-29，应覆盖实施期", f"{CITED} 二3"),
    ),
    (agreed(end="2026-11-29"), ("2–3 年即应止于 2026-11-30 至 2027-12-01", f"{CITED} 二7")),
    (agreed(own="199999.99"), ("自筹应不低于其 1 倍", f"{CITED} 二4")),
    (agreed(own="249999.99"), ("连同配套应不低于 25.00 万元", f"{CITED} 二5")),
    (agreed(lead_unit_type="企业"), ("自筹应不低于其 2 倍（40.00 万元）", f"{CITED} 二4")),
]


def sign_it(life: Life) -> None:
    """Lead the agreement to its signatures; each thing that the notice asks is refused where it lacks."""
    life.on(SIGNED)
    path = write_draft(life, WRONG[0][0]).path
    for plan, says in WRONG:
        revision = rewrite(life, path, plan)
        life.barred("handler", f"{path}/finalise", *says, revision=revision)
    rewrite(life, path, agreed(lead_unit_type="高等院校"))
    finalise(life, life.open("handler", path))
    sign(life, path, "handler", "区科技局", SIGNED)
    sign(life, path, "unit", "承担单位", SIGNED)
    assert life.stage() == "实施中"


def fund(life: Life) -> None:
    """Pay what the province gives; the unit brings in its match and what the province gave less."""
    life.on(date(2025, 1, 10))
    pay(life, tranche_path(life, Source.PROVINCIAL, 1), date(2025, 1, 10))
    life.on(date(2025, 2, 8))
    arrive(life, "unit", f"/spending/receipts/{life.id_of(Tranche)}", "250000", "2025-02-08")
    row = {"source": "省（市）级财政", "use": "设备费", "on": "2025-02-07"}
    spend(life, {**row, "amount": "150000", "voucher": "记-1"})


def change_title(life: Life) -> None:
    """Change the title, which usually stays: only with a reason in writing, by the bureau."""
    life.on(date(2025, 6, 3))
    path = ask(life, "title", "合作方更名，项目名称需要相应更改。", title="煤基新材料联合研究").path
    page = hand_in(life, path)
    opinion = {"opinion": "情况属实，拟同意更名。"}
    life.barred("handler", f"{path}/propose", "请写明理由", f"{CITED} 二7", **opinion)
    page.refused("审查通过", "10", f"{CITED} 二7", **opinion, **{"sx-2-frozen": "更名"})
    page.done("审查通过", **opinion, **{"sx-2-frozen": REASON})
    assert life.record().title != "煤基新材料联合研究"
    life.open("approver", path).done("批准", approval_number="晋科函〔2025〕6号")
    assert life.record().title == "煤基新材料联合研究"
    (note,) = life.record().exceptions
    assert (note.rule, note.subject, note.reason) == ("sx-2-frozen", "1", REASON)


def accept(life: Life) -> None:
    """Lead the acceptance to its conclusion: three goals do not pass, four do."""
    life.on(date(2026, 11, 20))
    goals = {f"goal-{key}": "y" for key in GOALS} | {f"how-{key}": "见总结报告第三部分。" for key in GOALS}
    path = write_application(life, ["92"], **goals).done("提交承担单位确认").path
    life.open("unit", path).done("确认")
    life.open("handler", path).done("受理")
    page = review(life, path, {"expert_a": "技术", "expert_b": "财务", "expert_c": "技术"})
    typed = {"technical": "通过", "financial": "通过", "conclusion": "通过", "opinion": "同意通过。"}
    three = {**typed, "goal-people": None}
    page.refused("提出", "完成任务目标 3 项，应不少于 4 项", f"{CITED} 一", **three)
    put_forward(page)
    life.barred("handler", f"{path}/conclude", "审批")
    life.open("approver", path).done("结论")
    assert life.stage() == "已结题"


def test_a_project_of_exchange_is_led_to_its_acceptance_with_four_goals(life: Life, tmp_path: Path) -> None:
    register(life, PLAN, date(2024, 12, 2))
    sign_it(life)
    fund(life)
    change_title(life)
    accept(life)
    life.is_whole()
    assert life.findings(date(2027, 1, 5), tmp_path) == [("sx-2-frozen", "1")]
    assert REASON in words(life.project("handler", "compliance").text)
