"""The page 时钟 and the list of runs."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.jobs import JOBS
from app.permissions import current_actor, may
from app.running.shown import running
from lifecycle.jobs import count_runs, list_runs
from lifecycle.roles import Permission

bp = Blueprint("running", __name__, url_prefix="/clock")

SIZE = 50


@bp.get("/")
@may(Permission.SEE_CLOCK)
def index() -> ResponseReturnValue:
    """Show whether the clock runs, each job's last and next run, and what was not delivered."""
    shown = running(db.session(), current_actor(), clock.now())
    return render_template("running/index.html", shown=shown)


@bp.get("/runs")
@may(Permission.SEE_CLOCK)
def runs() -> ResponseReturnValue:
    """List what ran when and how it ended, the latest first."""
    failed = request.args.get("failed") == "1"
    count = count_runs(db.session(), failed=failed)
    pages = max(1, -(-count // SIZE))
    number = min(max(1, request.args.get("page", 1, type=int)), pages)
    rows = list_runs(db.session(), SIZE, (number - 1) * SIZE, failed=failed)
    titles = {job.key: job.title for job in JOBS}
    return render_template(
        "running/runs.html",
        rows=rows,
        titles=titles,
        count=count,
        number=number,
        pages=pages,
        size=SIZE,
        failed=failed,
    )
