"""Money that waits, by age: which rules hold it, since when, who can cure it; the same as a workbook."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from io import BytesIO

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app import clock
from app.extensions import db
from app.filters import query
from app.money import lists
from app.money.batch_routes import bp
from app.money.lifting import Lift, lift_of
from app.permissions import current_actor, may
from app.workbooks import send_workbook
from finance.holds import BUCKETS, HeldFilter, HeldTranche, every_held, list_held, rules_on
from lifecycle.record import Source
from lifecycle.roles import Actor, Permission
from lifecycle.rulebook import rulebook
from lifecycle.rules.base import Rule
from reports.held_list import HeldLine, write_held_list

__all__ = ["bp"]

MOST_NAME = 18
"""Characters of a rule's summary in a filter."""


@bp.get("/held")
@may(Permission.SEE_MONEY)
def held() -> ResponseReturnValue:
    """List the money that waits, with counts and sums by age."""
    session, actor, today = db.session(), current_actor(), clock.today()
    asked = _asked()
    found = list_held(session, actor, asked, today)
    return render_template(
        "money/held.html",
        waiting=lists.counts(session, actor, today),
        asked=asked,
        found=found,
        cures={row.id: _cures(row, actor, today) for row in found.rows},
        chips=list(_chips(asked)),
        rules=[("", "全部"), *((rule.id, _short(rule)) for rule in rules_on(session, actor))],
        programmes=lists.options(rulebook().programmes),
        sources=lists.options(lists.SOURCES),
        export_url=url_for("money.held_book") + query(request.args),
    )


@bp.get("/held.xlsx")
@may(Permission.SEE_MONEY)
def held_book() -> ResponseReturnValue:
    """Hand out the list that is asked for, all of its pages, as a workbook."""
    actor, today, asked = current_actor(), clock.today(), _asked()
    told = "，".join(f"{chip['label']}：{chip['value']}" for chip in _chips(asked)) or "全部暂缓款项"
    file = BytesIO()
    write_held_list(
        file,
        (
            HeldLine(row, tuple(f"由{one.who}办理：{one.what}" for one in _cures(row, actor, today)))
            for row in every_held(db.session(), actor, asked, today)
        ),
        agency=current_user.person.agencies[current_user.agency_id],
        asked=told,
        today=today,
    )
    return send_workbook(file, f"暂缓款项-{today}.xlsx")


def _short(rule: Rule) -> str:
    """Return a rule as the option of a filter names it."""
    words = rule.summary if len(rule.summary) <= MOST_NAME else f"{rule.summary[: MOST_NAME - 1]}…"
    return f"{rule.article} {words}"


def _asked() -> HeldFilter:
    args = request.args
    common = lists.asked_of(lists.BATCHES, args)
    source, rule, bucket = args.get("source", ""), args.get("rule", ""), args.get("age", "")
    return HeldFilter(
        text=common.text,
        rule=rule if rulebook().find(rule) else "",
        programme=common.programme,
        source=Source(source) if source in lists.SOURCES else None,
        bucket=bucket if bucket in {one.key for one in BUCKETS} else "",
        page=common.page,
        per_page=common.per_page,
    )


def _chips(asked: HeldFilter) -> Iterator[dict[str, str]]:
    """Yield what the list is filtered by, each with the address of the list without it."""
    rule = rulebook().find(asked.rule)
    bucket = next((one for one in BUCKETS if one.key == asked.bucket), None)
    told = (
        ("q", "关键词", asked.text),
        ("rule", "依据", rule.citation if rule else ""),
        ("source", "资金来源", asked.source),
        ("programme", "计划类别", asked.programme),
        ("age", "已暂缓", bucket.label if bucket else ""),
    )
    for name, label, value in told:
        if value:
            url = query(request.args, **{name: None, "page": None})
            yield {"label": label, "value": str(value), "url": url}


def _cures(row: HeldTranche, actor: Actor, today: date) -> list[Lift]:
    """Return who can cure what holds a tranche, and how."""
    kinds = [one.rule.kind for one in row.holds if one.rule is not None]
    found = (lift_of(kind, row.record, actor, today) for kind in kinds if row.record is not None)
    return [one for one in found if one is not None]
