"""A major project with a joint unit: from the award to the certificate, by everybody whose turn it is."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from lifecycle.record import Source
from tests.web.lives.accepting import put_forward, review, write_application
from tests.web.lives.changing import ask, consent
from tests.web.lives.living import Life, fields_of
from tests.web.lives.money_in import arrive, spend
from tests.web.lives.papers import scan
from tests.web.lives.paying import pay, propose, tranche_path
from tests.web.lives.reporting import give_opinion, name_experts, report, write_report
from tests.web.lives.steps import Plan, agree, finalise, register, sign, write_draft
from tests.web.site import JOINT_UNIT, UNIT

PLAN = Plan(
    "SPB-MAJOR-2026-001",
    "沙坪坝区科技攻关重大专项",
    "2026-03-01",
    "2028-02-29",
    award={
        "nature": "创新研发",
        "joint_unit": JOINT_UNIT,
        "district": "200,000.00",
        "joint": "50000",
        "own": "100000",
        "milestone_managed": "y",
    },
    agreement={"goals": "攻克关键技术 A&B ‹关键>。\n形成样机。", "separate_account": "是"},
    indicators=[
        {
            "name": "识别精度",
            "category": "技术",
            "direction": "不低于",
            "guide_value": "90",
            "agreed_value": "95",
            "unit": "%",
        },
        {
            "name": "新增产值",
            "category": "经济效益",
            "direction": "不低于",
            "guide_value": "100",
            "agreed_value": "120",
            "unit": "万元",
        },
    ],
    milestones=[{"number": "1", "name": "样机", "planned_on": "2026-12-31", "goal": "完成样机"}],
    members=[{"name": "王五", "unit": UNIT, "title": "教授", "task": "算法"}],
    tranches=[
        {"source": "区（县）级财政", "number": "1", "planned": "140000", "planned_on": "2026-04-01"},
        {"source": "区（县）级财政", "number": "2", "planned": "60000", "planned_on": "2027-03-01"},
        {"source": "联合实施单位", "number": "1", "planned": "50000", "planned_on": "2026-05-10"},
        {"source": "自筹", "number": "1", "planned": "100000", "planned_on": "2026-05-10"},
    ],
    budget={"district_equipment": "200000", "joint_operations": "50000", "own_labour": "100000"},
)
PARTIES = [("handler", "区科技局"), ("unit", "承担单位"), ("joint", "联合实施单位")]
VALUES = ["96.2", "150"]


def sign_it(life: Life) -> None:
    """Lead the agreement into force; what is tried too early or by the wrong person is refused."""
    life.on(date(2026, 3, 5))
    low = [{**PLAN.indicators[0], "agreed_value": "85"}, PLAN.indicators[1]]
    draft = write_draft(life, Plan(**{**PLAN.__dict__, "indicators": low}))
    path = draft.path
    life.barred("handler", f"{path}/finalise", "第二十二条", revision="2")
    life.barred("pi", f"{path}/finalise", "经办")
    life.barred("handler", f"{path}/sign", "起草中", party="区科技局", signer="张", signed_on="2026-03-05")
    draft = life.open("pi", path).done("保存草稿", **PLAN.typed)
    whole = {**fields_of(draft.form("保存草稿")[0]), "title": "改名"}
    whole.pop("csrf_token")
    finalise(life, draft)
    life.barred("pi", f"{path}/save", "定稿", **whole)
    sign(life, path, "handler", "区科技局", date(2026, 3, 5))
    page = life.open("unit", path)
    files = {"scan": scan("签字页.pdf")}
    before = life.everything()
    answer = page.fill("登记签署", files, party="承担单位", signer="李", signed_on="2026-03-06")
    life.held(answer, before, ["签署日期"])
    sign(life, path, "unit", "承担单位", date(2026, 3, 5))
    assert life.stage() == "待签任务书"
    sign(life, path, "joint", "联合实施单位", date(2026, 3, 5))
    assert life.stage() == "实施中"
    assert life.record().signed_on == date(2026, 3, 5)
    for who in ("handler", "pi"):
        life.barred(who, f"{path}/save", "生效", **whole)
    life.barred("handler", f"{path}/reopen", "已生效", note="想改一改内容")
    assert life.download("pi", f"{path}/paper.docx")[:2] == b"PK"


def start_money(life: Life) -> None:
    """Pay the first tranche; the joint unit and the unit bring in theirs, some of it is spent."""
    first = tranche_path(life, Source.DISTRICT, 1)
    life.on(date(2026, 3, 20))
    life.barred("pi", f"{first}/propose", "经办")
    propose(life, first)
    life.barred("handler", f"{first}/approve", "审批")
    life.open("handler", first).done("撤回")
    pay(life, first, date(2026, 3, 20))
    life.on(date(2026, 5, 8))
    joint = tranche_path(life, Source.JOINT, 1).replace("/money/tranches/", "/spending/receipts/")
    own = tranche_path(life, Source.OWN, 1).replace("/money/tranches/", "/spending/receipts/")
    life.barred("unit", f"{joint}/record", "联合实施单位", amount="50000", on="2026-05-08", voucher="1")
    arrive(life, "joint", joint, "50000", "2026-05-08")
    arrive(life, "unit", own, "100000", "2026-05-08")
    row = {"source": "区（县）级财政", "use": "设备费", "voucher": "记-1"}
    spend(life, {"on": "2026-05-01", "amount": "100,000.00", **row})


def report_stage(life: Life) -> None:
    """Report on the milestone and have it reviewed, with the joint unit."""
    life.on(date(2026, 12, 20))
    filed = write_report(life, "阶段报告", "1", value_1="130")
    path = filed.path
    life.barred("handler", f"{path}/accept", "待承担单位确认")
    life.barred("rival", f"{path}/confirm", "没有找到这份报告")
    life.open("unit", path).done("确认并报区科技局")
    life.barred("unit", f"{path}/confirm", "待科技局审核")
    page = life.open("handler", path).done("接收报告")
    insider = str(life.account("insider").id)
    before = life.everything()
    answer = page.fill("指定专家", member=[insider, str(life.account("expert_a").id)], leads=insider)
    life.held(answer, before, ["第七条"])
    page = name_experts(life, page, ["expert_a", "expert_b"])
    life.barred("handler", f"{path}/conclude", "第二十六条", review="通过", conclusion="同意")
    give_opinion(life, "expert_a")
    life.hidden("expert_c", "/reviews/1")
    give_opinion(life, "expert_b")
    life.barred("handler", f"{path}/conclude", "联合实施单位", review="通过", conclusion="同意通过。")
    life.open("joint", path).done("提交联合实施单位意见", joint_opinion="同意通过考核。")
    life.open("handler", path).done("形成考核结论", review="通过", conclusion="阶段目标已达到。")
    (milestone,) = life.record().milestones
    assert (milestone.reported_on, milestone.reviewed_on) == (date(2026, 12, 20), date(2026, 12, 20))


def report_year(life: Life, day: date, year: str) -> None:
    """Report on a year, in time, and hand it on to the district government."""
    life.on(day)
    page = report(life, "年度报告", year, value_1="130")
    page.done("登记报区政府日期", on=day.isoformat(), note="已随文报送")


def extend(life: Life) -> None:
    """Extend the period: joint unit, then bureau, then conference, then approver."""
    life.on(date(2027, 6, 1))
    page = ask(life, "extension", end="2028-08-31")
    path = page.path
    life.barred("handler", f"{path}/propose", "承担单位确认", opinion="情况属实，同意。")
    life.open("unit", path).done("确认")
    life.barred("handler", f"{path}/propose", "第二十八条", opinion="情况属实，同意。")
    life.barred("unit", f"{path}/consent", "联合实施单位")
    handler = consent(life, path)
    life.barred("approver", f"{path}/approve", "科技局审查", approval_number="沙科变〔2027〕1号")
    handler.done("审查通过", opinion="情况属实，拟同意延期。")
    life.barred("approver", f"{path}/approve", "联席会议", approval_number="沙科变〔2027〕1号")
    minutes = {"minutes": [scan("会议纪要.pdf")]}
    life.open("handler", path).done("登记", minutes, held_on="2027-06-01", note="同意延期")
    life.barred("handler", f"{path}/approve", "审批", approval_number="沙科变〔2027〕1号")
    life.open("approver", path).done("批准", approval_number="沙科变〔2027〕1号")
    record = life.record()
    assert (record.end, record.original_end) == (date(2028, 8, 31), date(2028, 2, 29))
    assert record.changes[0].approved_on == date(2027, 6, 1)


def second_money(life: Life) -> None:
    """Pay the second tranche once enough has been spent, and not a fen before."""
    second = tranche_path(life, Source.DISTRICT, 2)
    life.on(date(2027, 3, 1))
    life.barred("handler", f"{second}/propose", "第二十九条")
    row = {"source": "区（县）级财政", "use": "设备费", "on": "2027-02-20"}
    spend(life, {**row, "amount": "11,999.99", "voucher": "记-2"})
    life.barred("handler", f"{second}/propose", "第二十九条")
    spend(life, {**row, "amount": "0.01", "voucher": "记-3"})
    pay(life, second, date(2027, 3, 1))


def accept(life: Life) -> None:
    """Lead the acceptance through experts, joint unit, conference and government to its conclusion."""
    life.on(date(2028, 8, 20))
    row = {"source": "区（县）级财政", "use": "设备费", "on": "2028-08-01"}
    spend(life, {**row, "amount": "80000", "voucher": "记-9"})
    filed = write_application(life, VALUES).done("提交承担单位确认")
    path = filed.path
    life.barred("handler", f"{path}/take-up", "承担单位确认")
    life.barred("rival", f"{path}/confirm", "没有找到这项验收")
    life.open("unit", path).done("确认")
    assert life.stage() == "验收中"
    life.barred("handler", f"{path}/conference", "第三十二条", day="2028-08-20", note="纪要", agreed="yes")
    life.open("handler", path).done("受理")
    panel = {"expert_a": "技术", "expert_b": "财务", "expert_c": "技术"}
    typed = {"technical": "通过", "financial": "通过", "conclusion": "通过", "opinion": "专家组意见一致。"}
    life.barred("handler", f"{path}/propose", "专家", **typed)
    page = review(life, path, panel)
    life.barred("handler", f"{path}/propose", "联合实施单位", **typed)
    life.open("joint", path).done("意见", joint_opinion="同意通过验收。")
    page = life.open("handler", path)
    page.refused("提出", **{**typed, "financial": "不通过"})
    put_forward(page)
    life.barred("approver", f"{path}/conclude", "第三十二条")
    life.barred("handler", f"{path}/government", "第三十二条", day="2028-08-20", note="批复", agreed="yes")
    life.on(date(2028, 8, 25))
    life.open("handler", path).done("联席会议", day="2028-08-25", note="纪要〔2028〕3号", agreed="yes")
    life.barred("approver", f"{path}/conclude", "第三十二条")
    handler = life.open("handler", path)
    handler.refused("区政府", "第三十二条", day="2028-08-24", note="批复", agreed="yes")
    life.on(date(2028, 9, 2))
    life.open("handler", path).done("区政府", day="2028-09-01", note="渝沙府〔2028〕9号", agreed="yes")
    life.barred("handler", f"{path}/conclude", "审批")
    life.open("approver", path).done("结论")
    assert life.stage() == "已结题"
    for paper in ("opinion.docx", "certificate.docx"):
        assert life.download("handler", f"{path}/{paper}")[:2] == b"PK"
    life.barred("approver", f"{path}/conclude", "已有结论")


def test_a_major_project_is_led_from_the_award_to_the_certificate(life: Life, tmp_path: Path) -> None:
    register(life, PLAN, date(2026, 3, 2))
    life.hidden("stranger", f"/projects/{PLAN.number}")
    life.hidden("rival", f"/projects/{PLAN.number}")
    sign_it(life)
    start_money(life)
    report_stage(life)
    report_year(life, date(2027, 1, 12), "2026")
    second_money(life)
    extend(life)
    report_year(life, date(2028, 1, 31), "2027")
    accept(life)
    life.is_whole()
    assert life.findings(date(2028, 9, 30), tmp_path) == []


def test_a_late_report_of_a_major_project_is_exactly_what_is_found(life: Life, tmp_path: Path) -> None:
    register(life, PLAN, date(2026, 3, 2))
    life.on(date(2026, 3, 5))
    agree(life, PLAN, PARTIES, date(2026, 3, 5))
    start_money(life)
    report_stage(life)
    report_year(life, date(2027, 2, 1), "2026")
    assert life.findings(date(2027, 2, 2), tmp_path) == [("spb-26-annual-report", "2026")]
