"""我的任务: the long work of whoever is signed in, running and finished, and the files that came of it."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue

from app.extensions import db
from app.longwork.kinds import REASONS
from app.longwork.pages import folder, own, restart, unfinished
from app.longwork.rows import works_of
from app.longwork.shown import look
from app.permissions import current_actor, may
from app.workbooks import XLSX
from lifecycle.models import WorkState
from lifecycle.refusals import NotPermitted
from lifecycle.roles import Permission

bp = Blueprint("longwork", __name__, url_prefix="/tasks")

FILE = "file"
"""In a result: the name of the file that was made."""


@bp.get("/")
@may(Permission.SEE_OWN_DESK)
def index() -> ResponseReturnValue:
    """List the person's long work, the latest first."""
    session, actor = db.session(), current_actor()
    return render_template(
        "longwork/index.html", works=look(session, lambda: works_of(session, actor), folder())
    )


@bp.get("/<work_key>")
@may(Permission.SEE_OWN_DESK)
def show(work_key: str) -> ResponseReturnValue:
    """Show where a piece of work stands, or lead to where what came of it is seen."""
    work = own(work_key)
    if work.url != url_for("longwork.show", work_key=work_key):
        return redirect(work.url)
    if (answer := unfinished(work)) is not None:
        return answer
    if work.state is WorkState.REFUSED:
        return render_template("longwork/refused.html", work=work, reasons=work.result[REASONS])
    if work.kind.leads_to is not None:
        return redirect(work.kind.leads_to(work.parameters, work.result))
    return render_template("longwork/done.html", work=work)


@bp.post("/<work_key>/again")
@may(Permission.SEE_OWN_DESK)
def again(work_key: str) -> ResponseReturnValue:
    """Begin again with a piece of work that was interrupted or failed."""
    work = own(work_key)
    restart(work)
    return redirect(work.restarts_as.page(work.key))


@bp.get("/<work_key>/file")
@may(Permission.SEE_OWN_DESK)
def file(work_key: str) -> ResponseReturnValue:
    """Hand out the file that a piece of work made."""
    work = own(work_key)
    if not current_actor().may(work.kind.permission):
        raise NotPermitted(work.kind.permission)
    path = folder().result(work.key)
    if not work.is_done or FILE not in work.result or not path.exists():
        abort(404)
    return send_file(path, XLSX, as_attachment=True, download_name=work.result[FILE])
