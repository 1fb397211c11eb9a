"""立即对账 as long work: reads everything, locks nobody out, and keeps what it found."""

from __future__ import annotations

from typing import Any

from app import clock
from app.longwork.kinds import Kind, Task, register
from app.money import ways
from finance.reconcile.keeping import keep
from finance.reconcile.running import reconcile
from lifecycle.roles import Permission
from reports.read_back import read_sheet


def _reconcile(task: Task) -> dict[str, Any]:
    today, steps = clock.today(), (task.step("核对项目", 1, 2), task.step("核对批次和拨付表", 2, 2))
    found = reconcile(task.session, task.actor.agency_id, today, today, read_sheet, *steps)
    return {"run": keep(task.session, task.actor, found)}


RECONCILE = register(
    Kind(
        name="books.reconcile",
        permission=Permission.RECONCILE,
        noun="对账",
        title="立即对账",
        promise="对账只核对，不改动任何款项；结果保存在历次对账中。",
        run=_reconcile,
        crumbs=ways.to_reconciliations,
        leads_to=ways.reconciliation_page,
    )
)
