"""Issuing a large batch as long work: judged, frozen and printed, all of it or nothing."""

from __future__ import annotations

from functools import partial
from typing import Any

from app import clock
from app.longwork.kinds import Kind, Task, register
from app.money import ways
from finance.issuing import issue_batch
from finance.lookups import find_batch
from lifecycle.roles import Permission
from reports.sheet import disbursement_sheet

MOST_AT_ONCE = 200
"""Lines that are issued while whoever pressed waits; more take longer than one likes to."""


def _issue(task: Task) -> dict[str, Any]:
    """Issue the batch; one that is issued already, as by a press whose end nobody could note, stays so."""
    batch = find_batch(task.session, task.actor, task.parameters["batch"])
    batch_id, is_issued = batch.id, batch.issued_on is not None
    task.session.rollback()
    if not is_issued:
        lines = task.parameters["lines"]
        task.step(f"核对 {lines:,} 笔款项", 1, 2)(0, 0)
        render = partial(disbursement_sheet, progress=task.step(f"制作 {lines:,} 笔的拨付表", 2, 2))
        issue_batch(task.session, task.actor, batch_id, clock.today(), render)
    return {}


ISSUE = register(
    Kind(
        name="batch.issue",
        permission=Permission.MAKE_BATCH,
        noun="出表",
        title="出具拨付表",
        run=_issue,
        crumbs=ways.to_batch,
        word="已出表",
        leads_to=ways.batch_page,
    )
)


def asked_of(batch_id: int, name: str, lines: int) -> dict[str, Any]:
    """Return with what the issue of a batch is asked for."""
    return {"batch": batch_id, "name": name, "lines": lines}
