"""What the workbench's tables show, worked out for whoever looks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from flask import url_for

from app.notices.links import duty_url
from app.steps import Step, batch_step, duty_step, tranche_step
from finance.states import BatchState
from finance.waiting import Waiting, WaitingBatch, WaitingTranche
from lifecycle.addresses import turn_path
from lifecycle.agenda import AgendaDuty
from lifecycle.desk import DeskDuty
from lifecycle.roles import Actor, Permission
from lifecycle.rulebook import cited, rulebook
from lifecycle.stages import TrancheState
from lifecycle.turns import WaitingTurn

GROUPS = {
    TrancheState.PLANNED: ("待提出拨付", "计划日期", "30 天内应拨、还没有提出的款项"),
    TrancheState.PROPOSED: ("待审批", "提出日期", "同事已提出、等您审批的款项"),
    TrancheState.APPROVED: ("待编入批次", "批准日期", "已批准、等待拨付的款项"),
}
"""State of a tranche → the heading of what waits there, what its day is, and what it is."""

_MONEY_TABS = {
    TrancheState.PLANNED: "propose",
    TrancheState.PROPOSED: "approve",
    TrancheState.APPROVED: "batch",
}
"""State of a tranche → the tab of the money page that lists all of them."""


def duty_rows(duties: Iterable[DeskDuty | AgendaDuty], actor: Actor) -> list[dict[str, Any]]:
    """Return duties as the duty macro wants them."""
    return [_duty_row(duty, actor) for duty in duties]


def desk_rows(duties: Iterable[DeskDuty], actor: Actor, today: date) -> list[dict[str, Any]]:
    """Return open duties as the duty macro wants them, with where a notice of each is drawn up."""
    return [
        {
            **_duty_row(one, actor),
            "notice_url": duty_url(actor, one.number, one.owner, one.rule, one.subject, one.due, today),
        }
        for one in duties
    ]


def _duty_row(duty: DeskDuty | AgendaDuty, actor: Actor) -> dict[str, Any]:
    rule = rulebook().find(duty.rule)
    whose = duty.also if duty.also in actor.roles else duty.owner
    step = duty_step(rule, actor, duty.number, duty.path, duty.user_id, whose)
    return {
        "project_title": duty.title,
        "project_number": duty.number,
        "project_url": url_for("projects.show", number=duty.number),
        "message": duty.message,
        "who": duty.who,
        "unit": duty.whose_unit,
        "due": duty.due,
        "citation": cited(duty.rule, duty.asked_by),
        "rule_id": duty.rule if rule else "",
        "next_label": step.label,
        "next_url": step.url,
    }


def turn_rows(turns: Iterable[WaitingTurn]) -> list[dict[str, Any]]:
    """Return what waits at a step of its way, as the workbench's table shows it."""
    return [
        {
            "title": turn.project_title,
            "number": turn.project_number,
            "unit": turn.lead_unit,
            "words": turn.words,
            "since": turn.since,
            "due": turn.due,
            "url": turn_path(turn.kind, turn.ref_id),
        }
        for turn in turns
    ]


def waiting_groups(waiting: Waiting, actor: Actor) -> Iterator[dict[str, Any]]:
    """Yield what waits for the actor, kind by kind, without the kinds of which nothing does."""
    for state, (title, day, note) in GROUPS.items():
        if waiting.counts.get(state):
            yield {
                "title": title,
                "day": day,
                "note": note,
                "count": waiting.counts[state],
                "rows": [_tranche_row(one, actor) for one in waiting.tranches[state]],
                "all_url": url_for("money.index", tab=_MONEY_TABS[state]),
            }
    if waiting.batches:
        yield {
            "title": "未办结的拨付批次",
            "day": "日期",
            "note": "待出拨付表，或已出表待登记到账",
            "count": len(waiting.batches),
            "rows": [_batch_row(one) for one in waiting.batches],
            "all_url": url_for("money.batches"),
        }


def _tranche_row(one: WaitingTranche, actor: Actor) -> dict[str, Any]:
    return {
        "title": one.project_title,
        "url": url_for("projects.show", number=one.project_number),
        "sub": one.project_number,
        "what": f"{one.source}第 {one.number} 期",
        "who": f"{one.by} 提出" if one.by else one.lead_unit,
        "amount": one.amount,
        "day": one.since,
        "due": one.due,
        "step": tranche_step(one.state, actor, one.id),
    }


def _batch_row(one: WaitingBatch) -> dict[str, Any]:
    step = batch_step(one.state is BatchState.ISSUED, one.id)
    return {
        "title": f"拨付批次 {one.number}",
        "url": step.url,
        "sub": one.state.value,
        "what": f"{one.payer} {one.lines} 笔",
        "who": "",
        "amount": one.total,
        "day": one.since,
        "due": None,
        "step": step,
    }


def first_step(actor: Actor, has_projects: bool) -> tuple[str, Step | None]:
    """Return what an empty desk says, and what to do next."""
    if actor.may(Permission.IMPORT_LEDGER) and not has_projects:
        return (
            "还没有项目。导入本单位的项目台账后，逾期、到期和等您办理的事项会自动列在这里。",
            Step("导入台账", url_for("ledger.index")),
        )
    if actor.may(Permission.SEE_PROJECTS):
        return "没有逾期、即将到期或等您办理的事项。", Step("查看项目", url_for("projects.index"))
    if actor.may(Permission.MANAGE_PEOPLE):
        return "没有等您办理的事项。可以为同事开设账号、分配角色。", Step("人员管理", url_for("admin.people"))
    return "目前没有等您办理的事项。", Step("查看制度库", url_for("rulebook.index"))
