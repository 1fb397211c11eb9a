"""A project of the enterprises' joint action plan: three parties, two public purses, the platform."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from sqlalchemy import select

from lifecycle.models import ChangeRequest, Clearing, Tranche
from lifecycle.record import Source
from tests.web.lives.accepting import apply, put_forward, review, write_application
from tests.web.lives.changing import ask, hand_in
from tests.web.lives.clearing import disallow, ticked
from tests.web.lives.living import Life, words
from tests.web.lives.money_in import arrive, spend
from tests.web.lives.paying import pay, tranche_path
from tests.web.lives.steps import Plan, agree, finalise, register, rewrite, sign, write_draft
from tests.web.site import UNIT

PLAN = Plan(
    "EA-2025-001",
    "企业科技攻关联合行动计划",
    "2025-03-01",
    "2027-02-28",
    award={
        "nature": "创新研发",
        "lead_unit_type": "企业",
        "requested": "200000",
        "provincial": "200000",
        "district": "200000",
        "own": "400000",
    },
    agreement={"goals": "研制新型传动部件，形成小批量产能。", "separate_account": "是"},
    indicators=[
        {
            "name": "使用寿命",
            "category": "技术",
            "direction": "不低于",
            "guide_value": "8000",
            "agreed_value": "10000",
            "unit": "小时",
        }
    ],
    members=[{"name": "王五", "unit": UNIT, "title": "高级工程师", "task": "结构设计"}],
)
PARTIES = [("handler", "市科技局"), ("handler", "区科技局"), ("unit", "承担单位")]
PANEL = {"expert_a": "技术", "expert_b": "财务", "expert_c": "技术"}
SIGNED = date(2025, 3, 10)


def funded(provincial: str = "200000", district: str = "200000", own: str = "400000") -> Plan:
    """Return the plan with each purse's amount, paid at once."""
    given = {"provincial": provincial, "district": district, "own": own}
    sources = {"provincial": Source.PROVINCIAL, "district": Source.DISTRICT, "own": Source.OWN}
    uses = {"provincial": "equipment", "district": "operations", "own": "labour"}
    return replace(
        PLAN,
        agreement={**PLAN.agreement, **given},
        tranches=[
            {"source": source, "number": "1", "planned": given[name], "planned_on": "2025-04-20"}
            for name, source in sources.items()
        ],
        budget={f"{name}_{use}": given[name] for name, use in uses.items()},
    )


def in_two() -> Plan:
    """Return the plan with the city's money in two tranches."""
    plan = funded()
    half = {**plan.tranches[0], "planned": "100000"}
    return replace(plan, tranches=[half, *plan.tranches[1:], {**half, "number": "2"}])


def sign_it(life: Life) -> None:
    """Lead the agreement to its three signatures; too little of anybody's money is refused."""
    life.on(SIGNED)
    path = write_draft(life, funded()).path
    finalised = f"{path}/finalise"
    revision = rewrite(life, path, funded("90000", "90000", "210000"))
    life.barred("handler", finalised, "总投资", "第八条", revision=revision)
    revision = rewrite(life, path, funded(own="399999.99"))
    life.barred("handler", finalised, "自筹", "第八条", revision=revision)
    revision = rewrite(life, path, funded(provincial="200000.01", own="500000"))
    life.barred("handler", finalised, "市级引导资金", "第三条", revision=revision)
    revision = rewrite(life, path, funded(district="199999.99"))
    life.barred("handler", finalised, "区（县）", "第三条", revision=revision)
    short = {"ea-3-district-ratio": "没钱"}
    life.barred("handler", finalised, "第三条", "10", revision=revision, **short)
    revision = rewrite(life, path, in_two())
    life.barred("handler", finalised, "分 2 期拨付，应一次性全额拨付", "第十五条", revision=revision)
    rewrite(life, path, replace(funded(), agreement={**funded().agreement, "tranches-3-drop": "y"}))
    life.barred("pi", finalised, "经办", revision=revision)
    finalise(life, life.open("handler", path))
    sign(life, path, "unit", "承担单位", SIGNED)
    sign(life, path, "handler", "区科技局", SIGNED)
    assert life.stage() == "待签任务书"
    sign(life, path, "handler", "市科技局", SIGNED)
    assert (life.stage(), life.record().signed_on) == ("实施中", SIGNED)


def fund(life: Life) -> None:
    """Pay both public purses once and in full; the unit's own money arrives in two parts."""
    life.on(date(2025, 3, 20))
    both = [tranche_path(life, source, 1) for source in (Source.PROVINCIAL, Source.DISTRICT)]
    pay(life, both[0], date(2025, 3, 20), both[1])
    for path in both:
        life.barred("handler", f"{path}/propose", "已拨付")
    life.on(date(2025, 4, 10))
    own = f"/spending/receipts/{life.id_of(Tranche)}"
    life.barred("handler", f"{own}/record", "400,000", amount="400000.01", on="2025-04-10", voucher="1")
    arrive(life, "unit", own, "300000", "2025-04-10")


def bring_the_rest(life: Life, day: date) -> None:
    """Let what was left of the unit's own money arrive."""
    life.on(day)
    arrive(life, "unit", f"/spending/receipts/{life.id_of(Tranche)}", "100000", day.isoformat())


def change_pi(life: Life, tmp_path: Path) -> None:
    """Change the pi: not the unit's to settle, decided by the district, filed on the platform."""
    life.on(date(2026, 2, 2))
    asked = {"pi_name": "陈工", "pi_email": life.account("new_pi").email, "way": "own"}
    page = ask(life, "pi", "李工调离本单位，由陈工接任负责人。", **asked)
    path = page.path
    assert not life.one(select_change(path)).self_decided
    life.barred("unit", f"{path}/file-own", "平台备案由科技局经办登记", "第十七条", filed_on="2026-02-02")
    life.barred("handler", f"{path}/propose", "应先办理“承担单位确认”", opinion="同意。")
    hand_in(life, path)
    assert life.record().pi_name == "李工"
    typed = {"approval_number": "沙科函〔2026〕3号"}
    life.barred("approver", f"{path}/approve", "应先办理“科技局审查”", "第十七条", **typed)
    life.open("handler", path).done("审查通过", opinion="情况属实，拟同意。")
    life.barred("handler", f"{path}/approve", "审批", **typed)
    life.open("approver", path).done("批准", **typed)
    assert life.record().pi_name == "陈工"
    life.hidden("pi", f"/projects/{PLAN.number}")
    assert life.findings(date(2026, 2, 3), tmp_path) == [("ea-17-change-filing", "1")]
    life.barred("handler", f"{path}/file", "早于", filed_on="2026-02-01")
    life.open("handler", path).done("备案", filed_on="2026-02-02")


def change_members(life: Life, tmp_path: Path) -> None:
    """Change the members: the unit settles that itself and files it."""
    life.on(date(2026, 3, 3))
    draft = life.open("new_pi", f"/changes/draft/members/{PLAN.number}")
    row = {"members-1-name": "赵六", "members-1-unit": UNIT}
    page = draft.done("保存并核对", reason="样机试验需要增加测试人员。", **row)
    path = page.done("提交承担单位确认").path
    life.barred("new_pi", f"{path}/confirm", "承担单位", revision="2")
    life.open("unit", path).done("确认")
    assert life.findings(date(2026, 3, 4), tmp_path) == [("ea-17-change-filing", "2")]
    life.open("unit", path).done("备案", filed_on="2026-03-03")


def select_change(path: str) -> object:
    """Return the statement that finds a change by its page."""
    return select(ChangeRequest).where(ChangeRequest.id == int(path.rpartition("/")[2]))


def spend_public(life: Life, who: str, provincial: str, district: str) -> None:
    """Let the pi enter what was spent of both public purses."""
    row = {"on": "2027-01-20"}
    spend(
        life,
        {**row, "source": Source.PROVINCIAL, "use": "设备费", "amount": provincial, "voucher": "记-1"},
        {**row, "source": Source.DISTRICT, "use": "业务费", "amount": district, "voucher": "记-2"},
        who=who,
    )


def accept(life: Life, tmp_path: Path) -> None:
    """Lead the acceptance to its conclusion by the district and its filing on the platform."""
    life.on(date(2027, 2, 1))
    spend_public(life, "new_pi", "200000", "200000")
    filed = write_application(life, ["10500"], "new_pi").done("提交承担单位确认")
    path = filed.path
    life.barred("handler", f"{path}/take-up", "现在还在“承担单位确认”")
    life.open("unit", path).done("确认")
    life.barred("handler", f"{path}/platform", "“提交平台备案”要在", "第十七条", day="2027-02-01")
    life.open("handler", path).done("受理")
    put_forward(review(life, path, PANEL))
    life.barred("handler", f"{path}/conclude", "审批")
    minutes = {"day": "2027-02-01", "note": "纪要", "agreed": "yes"}
    life.barred("handler", f"{path}/conference", "联席会议", "第十七条", **minutes)
    life.barred("handler", f"{path}/platform", "要在“作出验收结论”之后办理", day="2027-02-01")
    life.open("approver", path).done("结论")
    assert life.stage() == "已结题"
    life.on(date(2027, 2, 9))
    assert life.findings(date(2027, 2, 9), tmp_path) == [("ea-17-acceptance-filing", "")]
    life.barred("handler", f"{path}/platform", "早于", day="2027-01-31")
    life.barred("approver", f"{path}/platform", "经办", day="2027-02-08")
    life.open("handler", path).done("备案", day="2027-02-08")


def fail(life: Life) -> int:
    """Lead the acceptance to its failure, with spending that is not all of what was paid."""
    life.on(date(2027, 2, 1))
    spend_public(life, "pi", "180000", "150000")
    path = apply(life, ["7000"]).path
    page = review(life, path, PANEL, verdict="不通过")
    typed = {"technical": "不通过", "financial": "不通过", "conclusion": "通过", "opinion": "专家意见一致。"}
    page.refused("提出", "不一致的理由", **typed)
    why = "专家提出的问题都可以在结题后补做。"
    page.refused("提出", "技术验收或财务验收不通过的，结论不能为通过", **typed, explanation=why)
    put_forward(page, "未通过", "不通过")
    life.open("approver", path).done("结论")
    life.open("handler", path).done("备案", day="2027-02-01")
    return life.id_of(Clearing)


def clear(life: Life, clearing: int) -> None:
    """Settle what must come back; two people do it."""
    path = f"/acceptance/clearing/{clearing}"
    life.barred("handler", f"{path}/settle", "财务", due="2027-03-31")
    life.barred("approver", f"{path}/confirm", "待核定")
    page = life.open("finance", path)
    page.refused("核定", "退回期限")
    page.refused("保存本页", "180,000.00 元", **ticked(life, "记-1", "180000.01", "超支"))
    disallow(life, path, "记-1", "5000", "购置与项目无关的设备").done("核定", due="2027-03-31")
    life.barred("finance", f"{path}/confirm", "审批")
    part = {"amount": "75000", "on": "2027-02-01", "voucher": "退-1", "source": Source.DISTRICT.value}
    life.barred("finance", f"{path}/returned", "待核准", **part)
    life.open("approver", path).done("核准")
    assert life.stage() == "已清算"


def test_a_joint_action_project_is_led_from_the_award_to_its_filing(life: Life, tmp_path: Path) -> None:
    register(life, PLAN, date(2025, 3, 5))
    life.hidden("rival", f"/projects/{PLAN.number}")
    sign_it(life)
    fund(life)
    bring_the_rest(life, date(2025, 4, 18))
    change_pi(life, tmp_path)
    change_members(life, tmp_path)
    accept(life, tmp_path)
    life.is_whole()
    assert life.findings(date(2027, 3, 1), tmp_path) == []


def test_a_joint_action_project_that_fails_gives_back_what_was_left(life: Life, tmp_path: Path) -> None:
    register(life, PLAN, date(2025, 3, 5))
    life.on(SIGNED)
    agree(life, funded(), PARTIES, SIGNED)
    fund(life)
    bring_the_rest(life, date(2025, 4, 18))
    clearing = fail(life)
    assert life.findings(date(2027, 2, 1), tmp_path) == [("ea-17-recovery", "")]
    clear(life, clearing)
    path = f"/acceptance/clearing/{clearing}"
    part = {"amount": "20000", "on": "2027-02-20", "voucher": "退-1", "source": Source.PROVINCIAL.value}
    other = {**part, "source": Source.DISTRICT.value, "voucher": "退-2"}
    life.on(date(2027, 2, 20))
    page = life.open("finance", path)
    told = words(life.open("unit", path).text)
    assert "请承担单位在 2027-03-31（周三） 前按原渠道退回 75,000.00 元，到账后由财务登记。" in told
    page.refused("登记退款", "还应退 25,000.00 元", **{**part, "amount": "25000.01"})
    page.refused("登记退款", "还应退 50,000.00 元", **{**other, "amount": "50000.01"})
    page = page.done("登记退款", **part)
    page.refused("登记退款", "请核对是否重复登记", **{**part, "amount": "5000"})
    page = page.done("登记退款", **{**other, "amount": "50000"})
    assert life.findings(date(2027, 2, 20), tmp_path) == [("ea-17-refund", "")]
    page.done("登记退款", **{**part, "amount": "5000", "voucher": "退-3"})
    life.barred("finance", f"{path}/returned", "资金来源", **{**part, "amount": "0.01", "voucher": "退-4"})
    life.is_whole()
    assert life.findings(date(2027, 2, 20), tmp_path) == []


def test_own_money_that_comes_late_and_a_small_district_are_what_is_found(life: Life, tmp_path: Path) -> None:
    register(life, PLAN, date(2025, 3, 5))
    life.on(SIGNED)
    reason = {"ea-3-district-ratio": "区级财政本年度安排有限，经会商按一半出资。"}
    agree(life, funded(district="100000"), PARTIES, SIGNED, **reason)
    fund(life)
    life.on(date(2025, 4, 21))
    path = write_application(life, ["10500"]).done("提交承担单位确认").path
    life.barred("unit", f"{path}/confirm", "未足额到位", "提前 90 天以上申请验收的")
    bring_the_rest(life, date(2025, 4, 21))
    found = life.findings(date(2025, 4, 21), tmp_path)
    assert found == [("ea-15-self-raised", "1"), ("ea-3-district-ratio", "")]
    (note,) = life.record().exceptions
    assert (note.rule, note.reason) == ("ea-3-district-ratio", reason["ea-3-district-ratio"])
