"""The page 时钟 and the list of runs."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.jobs import JOBS
from app.permissions import current_actor, may
from app.running.shown import running, state_of
from app.running.told import show_told, write_told
from lifecycle.bounces import clear_bounced
from lifecycle.jobs import count_runs, list_runs
from lifecycle.proof import send_again
from lifecycle.roles import Permission

bp = Blueprint("running", __name__, url_prefix="/clock")

SIZE = 50


@bp.get("/")
@may(Permission.SEE_CLOCK)
def index() -> ResponseReturnValue:
    """Show whether the clock runs, each job's last and next run, and what was not delivered."""
    actor = current_actor()
    shown = running(db.session(), actor, clock.now())
    manages = actor.may(Permission.MANAGE_PEOPLE)
    return render_template("running/index.html", shown=shown, manages=manages)


@bp.get("/runs")
@may(Permission.SEE_CLOCK)
def runs() -> ResponseReturnValue:
    """List what ran when and how it ended, the latest first."""
    failed = request.args.get("failed") == "1"
    now = clock.now()
    count = count_runs(db.session(), now, troubled=failed)
    pages = max(1, -(-count // SIZE))
    number = min(max(1, request.args.get("page", 1, type=int)), pages)
    rows = list_runs(db.session(), SIZE, (number - 1) * SIZE, now, troubled=failed)
    titles = {job.key: job.title for job in JOBS}
    return render_template(
        "running/runs.html",
        rows=rows,
        titles=titles,
        state=partial(state_of, now=now),
        count=count,
        number=number,
        pages=pages,
        size=SIZE,
        failed=failed,
    )


@bp.post("/letters/<int:letter_id>/again")
@may(Permission.MANAGE_PEOPLE)
def again(letter_id: int) -> ResponseReturnValue:
    """Put a failed letter back into the queue."""
    address = send_again(db.session(), current_actor(), letter_id)
    flash(f"已重新排队，几分钟内再次发送给{address}。")
    return redirect(url_for("running.index", _anchor="undelivered"))


@bp.post("/bounced/<int:bounced_id>/clear")
@may(Permission.MANAGE_PEOPLE)
def clear(bounced_id: int) -> ResponseReturnValue:
    """Send to an address again that was refused."""
    address = clear_bounced(db.session(), current_actor(), bounced_id)
    flash(f"以后的邮件照常发送给 {address}；之前没有送达的，请在“没有送达的消息”中重新发送。")
    return redirect(url_for("running.index", _anchor="bounced"))


@bp.get("/told")
@may(Permission.SEE_CLOCK)
def told() -> ResponseReturnValue:
    """List who was told of what, when, by which way, and whether it got through."""
    return show_told(own=False)


@bp.get("/told.xlsx")
@may(Permission.SEE_CLOCK)
def told_sheet() -> ResponseReturnValue:
    """Hand out that list, all pages of it."""
    return write_told(own=False)
