"""A self-established project: paid for, run and accepted by the unit itself, its papers filed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from lifecycle.record import Source
from tests.web.lives.accepting import write_application
from tests.web.lives.changing import ask
from tests.web.lives.living import Life
from tests.web.lives.money_in import arrive, spend
from tests.web.lives.papers import scan
from tests.web.lives.paying import tranche_path
from tests.web.lives.steps import finalise, register, sign, write_draft
from tests.web.lives.test_spb_key import PLAN as KEY

PLAN = replace(
    KEY,
    number="SPB-OWN-2026-001",
    award={"nature": "创新研发", "self_established": "y", "own": "300000"},
    tranches=[{"source": "自筹", "number": "1", "planned": "300000", "planned_on": "2026-05-10"}],
    budget={"own_operations": "300000"},
)
PUBLIC = {"source": "区（县）级财政", "number": "1", "planned": "50000", "planned_on": "2026-05-10"}


def sign_it(life: Life) -> None:
    """Let the unit alone sign; public money is no part of such a project."""
    life.on(date(2026, 3, 5))
    asking = replace(
        PLAN,
        agreement={**PLAN.agreement, "district": "50000", "own": "250000"},
        tranches=[PUBLIC, {**PLAN.tranches[0], "planned": "250000"}],
        budget={"district_equipment": "50000", "own_operations": "250000"},
    )
    draft = write_draft(life, asking, "unit")
    path = draft.path
    life.barred("handler", f"{path}/finalise", "第十一条", revision="2")
    gone = dict.fromkeys(asking.typed, "")
    life.open("unit", path).done("保存草稿", **{**gone, **PLAN.typed, "district": "0", "own": "300000"})
    finalise(life, life.open("unit", path))
    typed = {"party": "区科技局", "signer": "张三", "signed_on": "2026-03-05"}
    life.barred("handler", f"{path}/sign", "签署方：", **typed, scan=scan("签字页.pdf"))
    sign(life, path, "unit", "承担单位", date(2026, 3, 5))
    assert life.stage() == "实施中"


def run_it(life: Life) -> None:
    """Let the unit bring in its money and settle a change by itself."""
    life.on(date(2026, 5, 8))
    own = tranche_path(life, Source.OWN, 1)
    life.barred("handler", f"{own}/propose", "由出资方自行拨付，不由本局办理")
    arrive(life, "unit", own.replace("/money/tranches/", "/spending/receipts/"), "300000", "2026-05-08")
    spend(life, {"source": "自筹", "use": "业务费", "on": "2026-05-08", "amount": "250000", "voucher": "1"})
    life.on(date(2027, 6, 1))
    path = ask(life, "extension", end="2028-06-30").path
    life.barred("handler", f"{path}/propose", "不经过", opinion="情况属实，同意。")
    life.barred("approver", f"{path}/approve", "不经过", approval_number="沙科变〔2027〕1号")
    life.barred("pi", f"{path}/confirm", "承担单位办理", revision="2")
    life.open("unit", path).done("确认办理，即日生效")
    record = life.record()
    assert (record.end, record.changes[0].self_decided) == (date(2028, 6, 30), True)


def accept_it(life: Life) -> str:
    """Let the unit accept its own project and hand its papers in; return the case's path."""
    life.on(date(2028, 6, 20))
    path = write_application(life, ["2"]).done("提交承担单位确认").path
    life.barred("handler", f"{path}/file", "要在“承担单位确认”之后办理", day="2028-06-20")
    life.open("unit", path).done("确认")
    assert life.stage() == "自行验收"
    life.barred("handler", f"{path}/take-up", "第三十二条")
    typed = {"technical": "通过", "financial": "通过", "conclusion": "通过", "opinion": "同意。"}
    life.barred("handler", f"{path}/propose", "第三十二条", **typed)
    life.barred("approver", f"{path}/conclude", "第三十二条")
    life.barred(
        "handler", f"{path}/own", "由承担单位办理", conclusion="通过", day="2028-06-20", opinion="同意"
    )
    page = life.open("unit", path)
    own = {"conclusion": "通过", "day": "2028-06-20", "opinion": "建成示范产线两条，同意通过。"}
    page.refused("登记", "验收资料", **own)
    page.done("登记", {"papers": [scan("自行验收意见.pdf")]}, **own)
    assert life.stage() == "自行验收"
    again = {**own, "conclusion": "未通过", "technical": "", "financial": ""}
    life.barred("unit", f"{path}/own", "请上传验收资料", **again)
    life.barred("unit", f"{path}/own", "已有结论", **again, papers=scan("再次验收.pdf"))
    life.barred("unit", f"{path}/file", "由经办办理", day="2028-06-20")
    return path


def led(life: Life) -> str:
    """Lead the project up to its own acceptance; return the case's path."""
    register(life, PLAN, date(2026, 3, 2))
    sign_it(life)
    run_it(life)
    return accept_it(life)


def test_a_unit_leads_its_own_project_to_the_bureaus_files(life: Life, tmp_path: Path) -> None:
    path = led(life)
    life.on(date(2028, 6, 25))
    life.open("handler", path).done("通知补交", note="请补交专家名单。")
    life.open("unit", path).done("补交验收资料", {"papers": [scan("专家名单.pdf")]})
    life.open("handler", path).done("予以备查", day="2028-06-25")
    assert life.stage() == "备查"
    life.barred("handler", f"{path}/file", "已办结", day="2028-06-25")
    life.is_whole()
    assert life.findings(date(2029, 6, 30), tmp_path) == []


def test_papers_of_a_unit_that_were_not_filed_are_exactly_what_is_found(life: Life, tmp_path: Path) -> None:
    led(life)
    assert life.findings(date(2028, 7, 1), tmp_path) == [("spb-32-filing", "")]
