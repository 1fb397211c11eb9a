"""The route that hands out the audit bundle of a project."""

from __future__ import annotations

from tempfile import TemporaryFile

from flask import Blueprint, send_file
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.files import store
from app.permissions import current_actor, may
from lifecycle.roles import Permission
from lifecycle.visibility import find_project
from reports.bundle.making import write_bundle
from reports.bundle.names import safe
from reports.bundle.papers import stored_papers

bp = Blueprint("audit", __name__, url_prefix="/audit")


@bp.get("/bundles/<project:number>")
@may(Permission.SEE_AUDIT)
def bundle(number: str) -> ResponseReturnValue:
    """Hand out a project's history, papers, sheets and rules, which can be checked without Keguan."""
    find_project(db.session(), current_actor(), number)
    now = clock.now()
    file = TemporaryFile()  # noqa: SIM115 the answer closes it
    write_bundle(db.session(), current_actor(), file, now, [number], stored_papers(store()))
    file.seek(0)
    name = safe(f"审计资料-{number}-{clock.today()}") + ".zip"
    return send_file(file, "application/zip", as_attachment=True, download_name=name)
