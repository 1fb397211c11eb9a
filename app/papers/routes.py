"""The routes of a project's files: handed out, added, taken away."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, send_file
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.files import store
from app.papers.forms import PapersForm
from app.papers.listed import papers_of
from app.permissions import current_actor, may
from app.projects.page import ProjectPage
from app.steps import tab_url
from lifecycle.attachments import find_attachment
from lifecycle.files import FileLost
from lifecycle.overview import load_overview
from lifecycle.papers import add_files, remove_file
from lifecycle.roles import Permission

bp = Blueprint("papers", __name__, url_prefix="/attachments")


@bp.get("/<int:attachment_id>")
@bp.get("/<int:attachment_id>/<path:name>")
@may(Permission.SEE_PAPERS)
def download(attachment_id: int, name: str = "") -> ResponseReturnValue:
    """Hand out a file, always to be saved and never shown within the site; the name kept is the name given.

    The one in the address is there for whoever reads the link.
    """
    del name
    file = find_attachment(db.session(), current_actor(), attachment_id)
    files = store()
    files.verify(file.sha256)
    answer: Response = send_file(
        files.path(file.sha256),
        file.media_type,
        as_attachment=True,
        download_name=file.name,
        etag=file.sha256,
    )
    answer.cache_control.private = True
    return answer


@bp.app_errorhandler(FileLost)
def _lost(lost: FileLost) -> ResponseReturnValue:
    current_app.logger.error("%s: %s", request.path, type(lost).__name__)
    return render_template("papers/lost.html", message=lost.message), 404


@bp.post("/of/<project:number>")
@may(Permission.ADD_PAPERS)
def add(number: str) -> ResponseReturnValue:
    """Add files to a project's own papers."""
    form = PapersForm()
    overview = load_overview(db.session(), current_actor(), number, clock.today())
    if form.validate_on_submit():
        with form.taking_refusals():
            ids = add_files(db.session(), current_actor(), number, form.files.data, form.title.data or "")
            flash(f"已上传 {len(set(ids))} 个文件。")
            return redirect(tab_url(number, "papers"))
    shown = ProjectPage(overview, "papers", current_actor(), clock.today())
    return render_template("projects/papers.html", shown=shown, **papers_of(overview, form)), 422


@bp.post("/<int:attachment_id>/remove")
@may(Permission.ADD_PAPERS)
def remove(attachment_id: int) -> ResponseReturnValue:
    """Take a file off a project's own papers."""
    file, number = remove_file(db.session(), current_actor(), attachment_id)
    flash(f"已移除“{file.name}”。")
    return redirect(tab_url(number, "papers"))
