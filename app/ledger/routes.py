"""The ledger: where it is uploaded, what stands of it today, and what can be downloaded."""

from __future__ import annotations

from io import BytesIO

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.filters import query
from app.ledger.asking import Asked
from app.ledger.forms import UploadForm
from app.ledger.shown import look
from app.ledger.upload_routes import bp, download, folder, work_on
from app.ledger.uploads import add_upload, clear_old, past_imports, uploads_of
from app.menu import agency_name
from app.permissions import current_actor, may
from lifecycle.roles import Permission
from reports.finding_list import FindingFilter, every_finding, list_findings
from reports.finding_sheet import write_findings
from reports.findings import count_projects
from reports.ledger.exporting import export_ledger
from reports.ledger.template import write_template

__all__ = ["bp"]

MOST_IMPORTS = 10
"""Past imports shown."""


@bp.get("/")
@may(Permission.SEE_LEDGER)
def index() -> ResponseReturnValue:
    """Show the way from the empty ledger to the findings, and what was uploaded and taken in lately."""
    return _index(UploadForm(formdata=None))


def _index(form: UploadForm) -> ResponseReturnValue:
    session, actor, today = db.session(), current_actor(), clock.today()
    may_import = actor.may(Permission.IMPORT_LEDGER)
    mine = look(session, lambda: uploads_of(session, actor), folder()) if may_import else ()
    shown = render_template(
        "ledger/index.html",
        form=form if may_import else None,
        uploads=mine,
        imports=past_imports(session, actor, MOST_IMPORTS),
        projects=count_projects(session, actor.agency_id),
        counts=list_findings(session, actor, FindingFilter(per_page=1), today).counts,
    )
    return shown, 422 if form.errors else 200


@bp.post("/")
@may(Permission.IMPORT_LEDGER)
def upload() -> ResponseReturnValue:
    """Keep an uploaded ledger and have it checked."""
    form = UploadForm()
    if not form.validate_on_submit():
        return _index(form)
    now, files = clock.now(), folder()
    files.clear(clear_old(db.session(), now))
    digest = files.keep(form.file.data.stream)
    key = add_upload(db.session(), current_actor(), form.file_name, digest, form.as_of.data, now)
    work_on(key)
    return redirect(url_for("ledger.show", key=key))


@bp.get("/template.xlsx")
@may(Permission.SEE_LEDGER)
def template() -> ResponseReturnValue:
    """Hand out the empty ledger."""
    file = BytesIO()
    write_template(file)
    return download(file, "空白台账.xlsx")


@bp.get("/export.xlsx")
@may(Permission.SEE_LEDGER)
def export() -> ResponseReturnValue:
    """Hand out the agency's projects as a ledger."""
    path = folder().draft()
    try:
        export_ledger(db.session(), current_actor().agency_id, path)
        file = BytesIO(path.read_bytes())
    finally:
        path.unlink(missing_ok=True)
    return download(file, f"{agency_name()}台账-{clock.today()}.xlsx")


@bp.get("/findings")
@may(Permission.SEE_LEDGER)
def findings() -> ResponseReturnValue:
    """List the findings that stand on a day."""
    asked = Asked(request.args, clock.today())
    return render_template(
        "ledger/findings.html",
        asked=asked,
        found=list_findings(db.session(), current_actor(), asked.filter, asked.as_of),
        projects=count_projects(db.session(), current_actor().agency_id),
        export_url=url_for("ledger.findings_sheet") + query(asked.args),
    )


@bp.get("/findings.xlsx")
@may(Permission.SEE_LEDGER)
def findings_sheet() -> ResponseReturnValue:
    """Hand out the findings asked for, all of their pages, as a workbook."""
    asked = Asked(request.args, clock.today())
    rows = every_finding(db.session(), current_actor(), asked.filter, asked.as_of)
    file = BytesIO()
    write_findings(file, rows, whose=agency_name(), asked=asked.sentence, as_of=asked.as_of)
    return download(file, f"问题清单-{asked.as_of}.xlsx")
