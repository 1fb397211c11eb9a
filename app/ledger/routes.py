"""The ledger: where it is uploaded, what stands of it today, and what can be downloaded."""

from __future__ import annotations

from io import BytesIO

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.filters import query
from app.ledger import exports
from app.ledger.asking import Asked
from app.ledger.forms import UploadForm
from app.ledger.shown import ShownUpload, past_imports
from app.ledger.upload_routes import bp
from app.ledger.work import CHECK, IMPORT
from app.longwork.exports import hand_out
from app.longwork.pages import download, folder, start
from app.longwork.rows import works_of
from app.longwork.shown import look
from app.menu import agency_name
from app.permissions import current_actor, may
from lifecycle.roles import Permission
from reports.finding_list import FindingFilter, list_findings
from reports.findings import count_projects
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
    mine = look(session, lambda: works_of(session, actor, CHECK, IMPORT), folder()) if may_import else ()
    shown = render_template(
        "ledger/index.html",
        form=form if may_import else None,
        uploads=[ShownUpload(work) for work in mine],
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
    digest = folder().keep(form.file.data.stream)
    parameters = {"as_of": form.as_of.data.isoformat()}
    return redirect(start(CHECK, form.file_name, parameters, digest=digest))


@bp.get("/template.xlsx")
@may(Permission.SEE_LEDGER)
def template() -> ResponseReturnValue:
    """Hand out the empty ledger."""
    file = BytesIO()
    write_template(file)
    return download(file, "空白台账.xlsx")


@bp.route("/export.xlsx", methods=["GET", "POST"])
@may(Permission.SEE_LEDGER)
def export() -> ResponseReturnValue:
    """Hand out the agency's projects as a ledger."""
    count = count_projects(db.session(), current_actor().agency_id)
    return hand_out(exports.LEDGER, f"{agency_name()}台账-{clock.today()}.xlsx", {}, count)


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


@bp.route("/findings.xlsx", methods=["GET", "POST"])
@may(Permission.SEE_LEDGER)
def findings_sheet() -> ResponseReturnValue:
    """Hand out the findings asked for, all of their pages, as a workbook."""
    asked = Asked(request.args, clock.today())
    count = list_findings(db.session(), current_actor(), asked.filter, asked.as_of).counts.all
    parameters = {"asked": asked.args | {"as_of": asked.as_of.isoformat()}}
    return hand_out(exports.FINDINGS, f"问题清单-{asked.as_of}.xlsx", parameters, count)
