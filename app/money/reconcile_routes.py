"""对账: whether every fen is accounted for, what does not tie, and all the times it was asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.longwork.pages import PATIENCE, start
from app.money import lists
from app.money.reconcile_work import RECONCILE
from app.money.totals import LABELS, source_totals
from app.permissions import current_actor, may
from finance.reconcile.difference import Difference
from finance.reconcile.keeping import Run, find_run, last_run, list_runs
from lifecycle.roles import Permission

bp = Blueprint("reconcile", __name__, url_prefix="/money/reconcile")


@bp.get("/")
@may(Permission.SEE_MONEY)
def index() -> ResponseReturnValue:
    """Show the latest reconciliation, and the earlier ones."""
    return _page(last_run(db.session(), current_actor()))


@bp.get("/<int:run_id>")
@may(Permission.SEE_MONEY)
def run(run_id: int) -> ResponseReturnValue:
    """Show one reconciliation as it was."""
    return _page(find_run(db.session(), current_actor(), run_id))


@bp.post("/")
@may(Permission.RECONCILE)
def press() -> ResponseReturnValue:
    """Reconcile everything as it stands, in the background; pressed twice, it is done once."""
    today = clock.today()
    return redirect(start(RECONCILE, f"截至 {today}", {"as_of": today.isoformat()}, patience=PATIENCE))


def _page(shown: Run | None) -> ResponseReturnValue:
    session, actor = db.session(), current_actor()
    return render_template(
        "money/reconcile.html",
        waiting=lists.counts(session, actor, clock.today()),
        run=shown,
        differences=_rows(shown.differences) if shown else [],
        remarks=_rows(shown.remarks) if shown else [],
        totals=list(source_totals(shown.totals, shown.as_of)) if shown else [],
        columns=[{"key": label, "label": label, "kind": "yuan", "unit": "元"} for label in LABELS],
        runs=list_runs(session, actor, lists.page_number(request.args), lists.per_page(request.args)),
        size=lists.per_page(request.args),
        may_run=actor.may(Permission.RECONCILE),
    )


def _rows(found: Sequence[Difference]) -> list[dict[str, Any]]:
    """Return differences as the table shows them."""
    return [
        {
            "where": one.where,
            "url": one.path,
            "source": one.source or "",
            "what": one.what,
            "left": one.left,
            "right": one.right,
            "gap": one.left.fen - one.right.fen,
            "cause": one.cause,
        }
        for one in found
    ]
