"""The routes of one uploaded ledger: how far its work is, what was found, taking it in."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.ledger import found
from app.ledger.asking import Asked
from app.ledger.forms import UploadForm
from app.ledger.shown import ShownUpload
from app.ledger.work import CHECK, IMPORT
from app.longwork.pages import download, folder, go_on, own, unfinished
from app.longwork.wrong_cells import A_PAGE, page_of_errors, read_errors
from app.permissions import may
from app.projects.asking import read_page
from lifecycle.roles import Permission
from reports.finding_sheet import write_errors, write_findings

bp = Blueprint("ledger", __name__, url_prefix="/ledger")


@bp.get("/uploads/<key>")
@may(Permission.IMPORT_LEDGER)
def show(key: str) -> ResponseReturnValue:
    """Show where an upload stands; where htmx asks, the progress alone."""
    work = own(key, CHECK, IMPORT)
    if (answer := unfinished(work)) is not None:
        return answer
    upload = ShownUpload(work)
    more = _MORE[upload.page](upload) if upload.page in _MORE else {}
    return render_template(f"ledger/{upload.page}.html", upload=upload, **more)


def _checked(upload: ShownUpload) -> dict[str, Any]:
    asked = Asked(request.args, upload.as_of)
    page = found.page_of_findings(folder().rows(upload.key), asked.filter, upload.findings)
    return {"asked": asked, "found": page}


def _refused(upload: ShownUpload) -> dict[str, Any]:
    count, number = upload.result["errors"], read_page(request.args)
    return {
        "errors": page_of_errors(folder().rows(upload.key), count, number),
        "size": A_PAGE,
        "form": UploadForm(formdata=None),
    }


_MORE: dict[str, Callable[[ShownUpload], dict[str, Any]]] = {"checked": _checked, "refused": _refused}
"""What a page needs beyond the upload."""


@bp.get("/uploads/<key>/list.xlsx")
@may(Permission.IMPORT_LEDGER)
def rows_sheet(key: str) -> ResponseReturnValue:
    """Hand out everything that was found in an upload as a workbook."""
    work = own(key, CHECK, IMPORT)
    upload, rows, file = ShownUpload(work), folder().rows(key), BytesIO()
    if upload.page == "refused":
        write_errors(file, read_errors(rows), file_name=upload.file_name)
        return download(file, f"需要改正的单元格-{clock.today()}.xlsx")
    if not upload.may_be_imported:
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
    work = own(key, CHECK, IMPORT)
    if ShownUpload(work).may_be_imported:
        go_on(work, IMPORT)
    return redirect(url_for("ledger.show", key=key))
