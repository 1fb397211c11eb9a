"""The routes of one upload: how far its work is, what was found, taking it in, beginning again."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Blueprint, abort, current_app, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.ledger import found
from app.ledger.asking import Asked
from app.ledger.background import background
from app.ledger.folder import Folder
from app.ledger.forms import UploadForm
from app.ledger.shown import ShownUpload, look
from app.ledger.uploads import begin, find_upload
from app.ledger.work import Job
from app.permissions import current_actor, is_htmx, may
from app.projects.asking import read_page
from app.projects.routes import XLSX
from lifecycle.models import UploadStep
from lifecycle.roles import Permission
from reports.finding_sheet import write_errors, write_findings

bp = Blueprint("ledger", __name__, url_prefix="/ledger")

ERRORS_A_PAGE = 200


def folder() -> Folder:
    """Return the folder of uploads."""
    return Folder(Path(current_app.instance_path) / "uploads")


def work_on(key: str) -> None:
    """Let the step an upload is in be done in the background."""
    files = folder()
    background.add(files.progress(key), Job(db.engine, files, current_actor(), key))


def download(file: BytesIO, name: str) -> ResponseReturnValue:
    """Hand out a workbook written to ``file``."""
    file.seek(0)
    return send_file(file, XLSX, as_attachment=True, download_name=name)


@bp.get("/uploads/<key>")
@may(Permission.IMPORT_LEDGER)
def show(key: str) -> ResponseReturnValue:
    """Show where an upload stands; where htmx asks, the progress alone."""
    upload = _own(key)
    if is_htmx():
        if upload.progress is None:
            return "", 204, {"HX-Redirect": url_for("ledger.show", key=key)}
        return render_template("ledger/progress.html", upload=upload)
    more = _MORE[upload.page](upload) if upload.page in _MORE else {}
    return render_template(f"ledger/{upload.page}.html", upload=upload, **more)


def _checked(upload: ShownUpload) -> dict[str, Any]:
    asked = Asked(request.args, upload.as_of)
    page = found.page_of_findings(folder().rows(upload.key), asked.filter, upload.findings)
    return {"asked": asked, "found": page}


def _refused(upload: ShownUpload) -> dict[str, Any]:
    count, number = upload.result["errors"], read_page(request.args)
    return {
        "errors": found.page_of_errors(folder().rows(upload.key), count, number, ERRORS_A_PAGE),
        "size": ERRORS_A_PAGE,
        "form": UploadForm(formdata=None),
    }


_MORE: dict[str, Callable[[ShownUpload], dict[str, Any]]] = {"checked": _checked, "refused": _refused}
"""What a page needs beyond the upload."""


@bp.get("/uploads/<key>/list.xlsx")
@may(Permission.IMPORT_LEDGER)
def rows_sheet(key: str) -> ResponseReturnValue:
    """Hand out everything that was found in an upload as a workbook."""
    upload = _own(key)
    rows, file = folder().rows(key), BytesIO()
    if upload.page == "refused":
        write_errors(file, found.read_errors(rows), file_name=upload.file_name)
        return download(file, f"需要改正的单元格-{clock.today()}.xlsx")
    if upload.page != "checked":
        abort(404)
    asked = Asked(request.args, upload.as_of)
    findings = found.read_findings(rows, asked.filter)
    whose = f"“{upload.file_name}”"
    write_findings(file, findings, whose=whose, asked=asked.sentence, as_of=upload.as_of)
    return download(file, f"台账问题清单-{upload.as_of}.xlsx")


@bp.post("/uploads/<key>/import")
@may(Permission.IMPORT_LEDGER)
def take_in(key: str) -> ResponseReturnValue:
    """Take a checked ledger in; pressed again, show how far that is."""
    upload = _own(key)
    if upload.may_be_imported and begin(db.session(), upload, UploadStep.IMPORT, clock.now()):
        work_on(key)
    return redirect(url_for("ledger.show", key=key))


@bp.post("/uploads/<key>/again")
@may(Permission.IMPORT_LEDGER)
def again(key: str) -> ResponseReturnValue:
    """Begin again with a step that was interrupted or failed; nothing of it had been kept."""
    upload = _own(key)
    if upload.may_restart and begin(db.session(), upload, upload.step, clock.now()):
        work_on(key)
    return redirect(url_for("ledger.show", key=key))


def _own(key: str) -> ShownUpload:
    session, actor = db.session(), current_actor()
    (upload,) = look(session, lambda: [find_upload(session, actor, key)], folder())
    return upload
