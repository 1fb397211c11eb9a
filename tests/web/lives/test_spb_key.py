"""A key project that goes wrong: inspected, held, put right late, not accepted, cleared, paid back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from sqlalchemy import select

from lifecycle.models import Clearing, IntegrityEntry, Measure
from lifecycle.record import Conclusion, MeasureKind, Source
from tests.web.lives.accepting import put_forward, review, write_application
from tests.web.lives.changing import ask
from tests.web.lives.clearing import disallow, give_back, ticked
from tests.web.lives.living import Life, words
from tests.web.lives.money_in import arrive, spend
from tests.web.lives.papers import scan
from tests.web.lives.paying import pay, tranche_path
from tests.web.lives.reporting import report
from tests.web.lives.steps import Plan, agree, finalise, register, sign, write_draft
from tests.web.site import UNIT

PLAN = Plan(
    "SPB-KEY-2026-001",
    "沙坪坝区科技攻关重点专项",
    "2026-03-01",
    "2027-12-31",
    award={"nature": "成果转化及应用示范", "district": "100000", "own": "50000"},
    agreement={"goals": "建成示范线一条。", "separate_account": "是"},
    indicators=[
        {
            "name": "示范产线",
            "category": "技术",
            "direction": "不低于",
            "guide_value": "1",
            "agreed_value": "1",
            "unit": "条",
        }
    ],
    tranches=[
        {"source": "区（县）级财政", "number": "1", "planned": "50000", "planned_on": "2026-04-01"},
        {"source": "区（县）级财政", "number": "2", "planned": "50000", "planned_on": "2027-03-01"},
        {"source": "自筹", "number": "1", "planned": "50000", "planned_on": "2026-05-10"},
    ],
    budget={"district_equipment": "100000", "own_operations": "50000"},
)
"""Half of the public money first, as Article 23 has it where transformation leads."""

PARTIES = [("handler", "区科技局"), ("unit", "承担单位")]
DISTRICT = {"source": "区（县）级财政", "use": "设备费"}
INSPECTION = {
    "kind": "专项检查",
    "organiser": "区科技局",
    "inspectors": "赵一、钱二",
    "summary": "查阅账册和合同，查看示范线现场。",
    "findings": "设备采购未签合同\n专账登记不全",
    "outcome": "限期整改并暂缓拨付",
}


def sign_it(life: Life) -> None:
    """Lead the agreement into force; in force with the last signature."""
    life.on(date(2026, 3, 5))
    path = finalise(life, write_draft(life, PLAN)).path
    for who, party in PARTIES:
        assert life.stage() == "待签任务书"
        sign(life, path, who, party, date(2026, 3, 5))
    assert life.stage() == "实施中"


def start_money(life: Life) -> None:
    """Pay the first tranche and bring in the unit's own money."""
    life.on(date(2026, 3, 20))
    pay(life, tranche_path(life, Source.DISTRICT, 1), date(2026, 3, 20))
    life.on(date(2026, 5, 8))
    own = tranche_path(life, Source.OWN, 1).replace("/money/tranches/", "/spending/receipts/")
    arrive(life, "unit", own, "50000", "2026-05-08")
    spend(life, {**DISTRICT, "on": "2026-05-01", "amount": "45000", "voucher": "记-1"})


def measure_path(life: Life, kind: MeasureKind) -> str:
    """Return the page of the project's measure of a kind."""
    return f"/oversight/measures/{life.one(select(Measure.id).where(Measure.kind == kind))}"


def go_wrong(life: Life) -> None:
    """Inspect the project: it has to put things right, and the money waits."""
    life.on(date(2026, 12, 1))
    new = life.open("handler", f"/oversight/inspections/new?number={life.number}")
    new.refused("登记并提请处理", "整改期限", inspected_on="2026-11-28", **INSPECTION)
    made = new.done("登记并提请处理", inspected_on="2026-11-28", due="2026-12-20", **INSPECTION)
    life.barred("handler", f"{made.path}/agree", "由审批办理")
    life.hidden("unit", made.path)
    assert life.record().measures == ()
    life.open("approver", made.path).done("同意限期整改并暂缓拨付")
    assert [one.kind for one in life.record().measures] == [MeasureKind.RECTIFICATION, MeasureKind.HOLD]


def put_right(life: Life) -> None:
    """Put right what was found: answered, sent back, answered again and verified after its day."""
    path = measure_path(life, MeasureKind.RECTIFICATION)
    life.on(date(2026, 12, 10))
    life.barred("handler", f"{path}/verify", "执行中")
    life.barred("rival", f"{path}/answer", "没有找到", text="已补签合同，已补登专账。")
    page = life.open("unit", path)
    page.refused("提交区科技局核验", "证明材料", text="已补签合同，专账登记已补全。")
    page.done("提交区科技局核验", {"files": [scan("合同.pdf")]}, text="已补签设备采购合同。")
    life.barred("unit", f"{path}/verify", "由经办办理")
    life.open("handler", path).done("退回补充整改", note="专账登记还没有补全。")
    life.on(date(2026, 12, 28))
    waiting = words(life.open("unit", "/").text)
    for told in ("逾期 8 天", "补充整改并重新提交"):
        assert told in waiting
    assert "完成整改" not in waiting  # which is the same work: it is listed once
    page = life.open("unit", path)
    page.done("提交区科技局核验", {"files": [scan("专账.pdf")]}, text="合同已补签，专账登记已补全。")
    life.open("handler", path).done("核验通过，整改办结")
    done = life.record().measures[0]
    assert (done.due, done.settled_on) == (date(2026, 12, 20), date(2026, 12, 28))


def second_money(life: Life) -> None:
    """Pay the second tranche once the hold has been lifted by somebody else than who asked for it."""
    second, hold = tranche_path(life, Source.DISTRICT, 2), measure_path(life, MeasureKind.HOLD)
    life.on(date(2027, 3, 1))
    life.barred("handler", f"{second}/propose", "第三十一条", "提请解除暂缓拨付")
    life.barred("approver", f"{hold}/lift", "执行中")
    lifting = life.open("deputy", hold)
    lifting.done("提请解除暂缓拨付", reason="整改已经核验通过，账册完备。")
    life.barred("deputy", f"{hold}/lift", "本人提交", "不相容岗位")
    life.barred("handler", f"{hold}/lift", "由审批办理")
    life.barred("handler", f"{second}/propose", "第三十一条")
    life.open("approver", hold).done("同意解除暂缓拨付")
    pay(life, second, date(2027, 3, 1))


def refuse_extension(life: Life) -> None:
    """Ask for more time, which the approver does not give: the record stays as it was."""
    life.on(date(2027, 6, 1))
    before = life.record()
    path = ask(life, "extension", end="2028-06-30").path
    life.barred("handler", f"{path}/propose", "承担单位确认", opinion="情况属实，同意。")
    life.open("unit", path).done("确认")
    life.barred("approver", f"{path}/refuse", "待科技局审查", note="理由不充分。")
    life.open("handler", path).done("审查通过", opinion="情况属实，拟同意延期。")
    life.barred("handler", f"{path}/approve", "由审批办理", approval_number="沙科变〔2027〕2号")
    life.open("approver", path).done("不予批准", note="延期理由不充分，请按期完成。")
    life.barred("approver", f"{path}/approve", "不予批准", approval_number="沙科变〔2027〕2号")
    assert life.record() == before


def fail(life: Life) -> None:
    """Apply for acceptance and be found wanting: clearing and integrity open by themselves."""
    life.on(date(2027, 12, 20))
    spend(life, {**DISTRICT, "on": "2027-12-01", "amount": "35000.50", "voucher": "记-9"})
    filed = write_application(life, ["0"]).done("提交承担单位确认")
    path = filed.path
    life.open("unit", path).done("确认")
    assert life.stage() == "验收中"
    life.barred("approver", f"{path}/conclude", "受理")
    life.open("handler", path).done("受理")
    panel = {"expert_a": "技术", "expert_b": "财务", "expert_c": "技术"}
    page = review(life, path, panel, verdict="不通过")
    typed = {"technical": "不通过", "financial": "通过", "opinion": "示范产线没有建成。"}
    page.refused("提出", "第三十二条", **typed, conclusion="通过", explanation="单位承诺年内建成，故拟通过。")
    put_forward(page, "未通过", **typed, own_fault="y")
    life.barred("handler", f"{path}/conclude", "由审批办理")
    life.open("approver", path).done("结论")
    assert life.stage() == "清算中"
    assert life.record().acceptance.conclusion is Conclusion.FAILED


def record_integrity(life: Life) -> None:
    """Let an approver record the entries that were put forward by themselves."""
    entries = life.all(select(IntegrityEntry))
    assert [one.about for one in entries] == [UNIT, "李工"]
    for one in entries:
        path = f"/oversight/integrity/{one.id}"
        life.hidden("unit", path)
        life.barred("handler", f"{path}/record", "由审批办理")
        life.open("approver", path).done("记入科研诚信")
        life.open("unit", path)
        life.barred("approver", f"{path}/reject", "已记录", note="事实不清，不予记录。")


def clear(life: Life) -> None:
    """Settle what must come back and see it come back in parts."""
    life.on(date(2028, 1, 5))
    path = f"/acceptance/clearing/{life.id_of(Clearing)}"
    source = Source.DISTRICT.value
    part = {"on": "2028-01-05", "voucher": "1", "source": source, "amount": "1"}
    life.barred("finance", f"{path}/returned", "资金来源", **part)
    page = life.open("finance", path)
    page.refused("保存本页", "不超过这一笔的 45,000.00 元", **ticked(life, "记-1", "45000.01", "未签合同。"))
    page.refused("保存本页", "请写明不予认可的原因", **ticked(life, "记-9", "0.01", ""))
    page = disallow(life, path, "记-1", "4000", "未签合同的设备款。")
    life.barred("handler", f"{path}/spending", "由财务办理")
    page = disallow(life, path, "记-9", "1000", "超出任务书范围。")
    page.refused("核定", "退回期限")
    page.done("核定", due="2028-02-05")
    life.barred("finance", f"{path}/spending", "待核准", rows="")
    life.barred("finance", f"{path}/confirm", "由审批办理")
    assert life.stage() == "清算中"
    life.open("approver", path).done("核准：应退 24,999.50 元")
    assert life.stage() == "已清算"
    life.on(date(2028, 1, 20))
    life.barred("unit", f"{path}/returned", "由财务办理", **part)
    page = life.open("finance", path)
    page.refused("登记退款", "24,999.50", amount="24999.51", on="2028-01-20", voucher="退-1")
    give_back(life, path, "20000", "2028-01-20", "退-1")
    life.on(date(2028, 2, 10))
    waiting = words(life.open("unit", "/").text)
    for told in ("退回财政资金：应退财政资金 4,999.50 元", "逾期 5 天"):
        assert told in waiting
    assert "退回期限已过 5 天，还有 4,999.50 元没有退回" in words(life.open("finance", path).text)
    page = give_back(life, path, "4999.50", "2028-02-09", "退-2")
    assert "退回财政资金" not in words(life.open("unit", "/").text)
    acceptance = life.record().acceptance
    assert acceptance.to_return == acceptance.returned == 2_499_950
    assert "已办结" in words(page.text)


def test_a_key_project_goes_wrong_and_is_cleared(life: Life, tmp_path: Path) -> None:
    register(life, PLAN, date(2026, 3, 2))
    sign_it(life)
    start_money(life)
    go_wrong(life)
    put_right(life)
    life.on(date(2027, 1, 15))
    report(life, "年度报告", "2026", value_0="0")
    second_money(life)
    refuse_extension(life)
    fail(life)
    record_integrity(life)
    clear(life)
    life.is_whole()
    # That things were put right late is no rule of the ledger: it was told on the workbench.
    assert life.findings(date(2028, 2, 10), tmp_path) == []


def test_a_late_report_of_a_key_project_is_exactly_what_is_found(life: Life, tmp_path: Path) -> None:
    register(life, PLAN, date(2026, 3, 2))
    life.on(date(2026, 3, 5))
    agree(life, PLAN, PARTIES, date(2026, 3, 5))
    start_money(life)
    life.on(date(2027, 2, 1))
    assert "年度报告" in words(life.open("unit", "/").text)
    report(life, "年度报告", "2026", value_0="0")
    assert life.findings(date(2027, 2, 2), tmp_path) == [("spb-26-annual-report", "2026")]


def test_more_than_half_is_paid_first_only_with_a_reason_that_is_kept(life: Life, tmp_path: Path) -> None:
    more = {**PLAN.tranches[0], "planned": "60000"}, {**PLAN.tranches[1], "planned": "40000"}
    plan = replace(PLAN, tranches=[*more, PLAN.tranches[2]])
    register(life, plan, date(2026, 3, 2))
    life.on(date(2026, 3, 5))
    agree(life, plan, PARTIES, date(2026, 3, 5))
    life.on(date(2026, 3, 20))
    first = tranche_path(life, Source.DISTRICT, 1)
    life.barred("handler", f"{first}/propose", "第二十三条", "理由")
    reason = "示范线设备须一次订购，首期按合同支付。"
    pay(life, first, date(2026, 3, 20), **{"spb-23-first-ratio": reason})
    (excused,) = life.record().exceptions
    assert (excused.rule, excused.reason) == ("spb-23-first-ratio", reason)
    assert life.findings(date(2026, 3, 21), tmp_path) == [("spb-23-first-ratio", "")]
