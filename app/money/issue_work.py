"""Issuing a large batch as long work: judged, frozen and printed, all of it or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from flask import url_for

from app import clock
from app.longwork.kinds import Crumb, Kind, Parameters, Task, register
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
        task.tell(0, 0, f"第 1 步，共 2 步：核对 {lines:,} 笔款项")

        def tell(done: int, total: int) -> None:
            task.tell(done, total, f"第 2 步，共 2 步：制作 {lines:,} 笔的拨付表")

        render = partial(disbursement_sheet, progress=tell)
        issue_batch(task.session, task.actor, batch_id, clock.today(), render)
    return {}


def _batch_page(parameters: Parameters) -> str:
    return url_for("money.batch", batch_id=parameters["batch"])


def _crumbs(parameters: Parameters) -> Sequence[Crumb]:
    return (
        Crumb("经费", url_for("money.index")),
        Crumb("批次", url_for("money.batches")),
        Crumb(parameters["name"], _batch_page(parameters)),
    )


ISSUE = register(
    Kind(
        name="batch.issue",
        permission=Permission.MAKE_BATCH,
        noun="出表",
        title="出具拨付表",
        promise="出表要么全部完成，要么不作改动。",
        run=_issue,
        crumbs=_crumbs,
        word="已出表",
        leads_to=_batch_page,
    )
)


def asked_of(batch_id: int, name: str, lines: int) -> dict[str, Any]:
    """Return with what the issue of a batch is asked for."""
    return {"batch": batch_id, "name": name, "lines": lines}
