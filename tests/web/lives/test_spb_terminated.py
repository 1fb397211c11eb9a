"""A key project that an inspection ends while it is under way."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from sqlalchemy import select

from lifecycle.models import Clearing, IntegrityEntry
from lifecycle.record import Source
from tests.web.lives.changing import ask
from tests.web.lives.living import Life
from tests.web.lives.money_in import spend
from tests.web.lives.papers import scan
from tests.web.lives.paying import pay, tranche_path
from tests.web.lives.steps import agree, register
from tests.web.lives.test_spb_key import DISTRICT, PARTIES, PLAN

FOUND = {
    "kind": "绩效评估",
    "organiser": "区财政局",
    "recognised": "y",
    "inspected_on": "2026-08-20",
    "inspectors": "孙三",
    "summary": "现场查看，示范线停建，团队已解散。",
    "findings": "示范线停建，团队已解散",
    "outcome": "终止实施",
    "own_fault": "y",
}


def under_way(life: Life) -> None:
    """Lead the project until its first money is partly spent and a change is on its way."""
    register(life, PLAN, date(2026, 3, 2))
    life.on(date(2026, 3, 5))
    agree(life, PLAN, PARTIES, date(2026, 3, 5))
    life.on(date(2026, 3, 20))
    pay(life, tranche_path(life, Source.DISTRICT, 1), date(2026, 3, 20))
    life.on(date(2026, 8, 1))
    spend(life, {**DISTRICT, "on": "2026-07-01", "amount": "12000", "voucher": "记-1"})


def terminate(life: Life) -> None:
    """Take over another department's finding and end the project on it."""
    life.on(date(2026, 9, 1))
    change = ask(life, "extension", end="2028-06-30").path
    new = life.open("handler", f"/oversight/inspections/new?number={life.number}")
    new.refused("登记并提请处理", "检查结果互认", **FOUND)
    made = new.done("登记并提请处理", {"files": [scan("绩效评估报告.pdf")]}, **FOUND)
    life.barred("handler", f"{made.path}/agree", "由审批办理")
    life.barred("auditor", f"{made.path}/agree", "由审批办理")
    assert life.stage() == "实施中"
    life.open("approver", made.path).done("同意终止实施")
    assert life.stage() == "清算中"
    life.barred("approver", f"{made.path}/agree", "已处理")
    second = tranche_path(life, Source.DISTRICT, 2)
    life.barred("handler", f"{second}/propose", "阶段，应先办理财务清算，不再拨付")
    life.barred("unit", f"{change}/confirm", "项目处于“清算中”阶段，不再办理变更", revision="2")


def test_a_project_is_terminated_by_an_inspection_while_under_way(life: Life, tmp_path: Path) -> None:
    under_way(life)
    terminate(life)
    owed = [("spb-33-clearing", ""), ("spb-33-integrity", "")]
    assert life.findings(date(2026, 9, 1), tmp_path) == owed
    for one in life.all(select(IntegrityEntry.id)):
        life.open("approver", f"/oversight/integrity/{one}").done("记入科研诚信")
    path = f"/acceptance/clearing/{life.id_of(Clearing)}"
    life.open("finance", path).done("核定", due="2026-10-01")
    life.open("approver", path).done("核准：应退 38,000.00 元")
    assert life.stage() == "已清算"
    life.on(date(2026, 9, 30))
    life.open("finance", path).done("登记退款", amount="38000", on="2026-09-30", voucher="退-1")
    life.is_whole()
    assert life.findings(date(2027, 6, 1), tmp_path) == []
