"""The routes of inspections: written down, decided, made known."""

from __future__ import annotations

from io import BytesIO

from flask import flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.menu import agency_name
from app.oversight import bp
from app.oversight.forms import ORGANISERS, InspectionForm, NoteForm, ShareForm, typed
from app.oversight.standing import InspectionPage, inspection_page
from app.permissions import current_actor, may
from lifecycle.models import Inspection, InspectionState, Project
from lifecycle.refusals import IllegalTransition, NotFound, Obstructed, SamePerson
from lifecycle.roles import Permission
from lifecycle.supervision import (
    agree,
    amend_inspection,
    find_inspection,
    record_inspection,
    send_back,
    share_result,
)
from reports.inspection_notice import notice_paper, ordered_lines
from reports.papers.rendering import DOCX


@bp.get("/inspections/new")
@may(Permission.INSPECT)
def new_inspection() -> ResponseReturnValue:
    """Show the form of an inspection."""
    return _form_page(InspectionForm(number=request.args.get("number", ""), inspected_on=clock.today()))


@bp.post("/inspections/new")
@may(Permission.INSPECT)
def record() -> ResponseReturnValue:
    """Record an inspection."""
    form = InspectionForm()
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed, IllegalTransition, NotFound):
            made = record_inspection(
                db.session(),
                current_actor(),
                form.number.data,
                form.draft,
                form.files.data,
                clock.today(),
            )
            return _done(made, "检查已登记。")
    return _form_page(form), 422


def _form_page(form: InspectionForm, row: Inspection | None = None) -> str:
    return render_template("oversight/inspection_form.html", form=form, row=row, organisers=ORGANISERS)


@bp.get("/inspections/<int:inspection_id>")
@may(Permission.SEE_OVERSIGHT)
def inspection(inspection_id: int) -> ResponseReturnValue:
    """Show an inspection, and the button of whoever's turn it is."""
    return _page(inspection_id)


def _page(
    inspection_id: int, note: NoteForm | None = None, share: ShareForm | None = None
) -> ResponseReturnValue:
    shown = render_template(
        "oversight/inspection.html",
        shown=inspection_page(db.session(), current_actor(), inspection_id),
        note_form=note or NoteForm(formdata=None),
        share_form=share or ShareForm(formdata=None),
    )
    return shown, 422 if note or share else 200


@bp.get("/inspections/<int:inspection_id>/amend")
@may(Permission.INSPECT)
def amending(inspection_id: int) -> ResponseReturnValue:
    """Show the form of an inspection that was sent back."""
    row, project = _to_amend(inspection_id)
    return _form_page(InspectionForm(**typed(row, project.number)), row)


def _to_amend(inspection_id: int) -> tuple[Inspection, Project]:
    """Return an inspection that was sent back; raises ``IllegalTransition`` for any other."""
    row, project = find_inspection(db.session(), current_actor(), inspection_id)
    if row.state is not InspectionState.RECORDED:
        raise IllegalTransition(row.state, InspectionState.PROPOSED)
    return row, project


@bp.post("/inspections/<int:inspection_id>/amend")
@may(Permission.INSPECT)
def amend(inspection_id: int) -> ResponseReturnValue:
    """Amend an inspection that was sent back, and put it forward again."""
    row, _ = _to_amend(inspection_id)
    form = InspectionForm()
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed, IllegalTransition):
            amend_inspection(
                db.session(),
                current_actor(),
                inspection_id,
                form.draft,
                form.files.data,
                clock.today(),
            )
            return _done(inspection_id, "已修改，重新提请审批。")
    return _form_page(form, row), 422


@bp.post("/inspections/<int:inspection_id>/agree")
@may(Permission.APPROVE_MEASURE)
def agree_to(inspection_id: int) -> ResponseReturnValue:
    """Agree to what is to be done; it takes effect at once."""
    form = NoteForm()
    if form.is_submitted():
        with form.taking_refusals(Obstructed, SamePerson):
            decided = agree(db.session(), current_actor(), inspection_id, clock.today())
            told = f"并已{'；'.join(decided.followed)}。" if decided.followed else ""
            return _done(inspection_id, f"已同意，处理即日生效。{told}")
    return _page(inspection_id, note=form)


@bp.post("/inspections/<int:inspection_id>/send-back")
@may(Permission.APPROVE_MEASURE)
def send_inspection_back(inspection_id: int) -> ResponseReturnValue:
    """Send an inspection back to be amended."""
    form = NoteForm()
    if form.validate_on_submit():
        with form.taking_refusals(SamePerson):
            send_back(db.session(), current_actor(), inspection_id, form.note.data, clock.today())
            return _done(inspection_id, "已退回经办人修改。")
    return _page(inspection_id, note=form)


@bp.post("/inspections/<int:inspection_id>/share")
@may(Permission.INSPECT)
def share(inspection_id: int) -> ResponseReturnValue:
    """Record to whom the result was made known."""
    form = ShareForm()
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed):
            share_result(db.session(), current_actor(), inspection_id, form.departments.data, clock.today())
            return _done(inspection_id, "已登记通报。")
    return _page(inspection_id, share=form)


@bp.get("/inspections/<int:inspection_id>/notice")
@may(Permission.SEE_OVERSIGHT)
def notice(inspection_id: int) -> ResponseReturnValue:
    """Show the result of an inspection as a paper for other departments, without anything internal."""
    shown = _decided(inspection_id)
    orders = ordered_lines(shown.row)
    return render_template("oversight/notice.html", shown=shown, orders=orders, printed_on=clock.today())


@bp.get("/inspections/<int:inspection_id>/notice.docx")
@may(Permission.SEE_OVERSIGHT)
def notice_file(inspection_id: int) -> ResponseReturnValue:
    """Hand out the same paper as a Word file."""
    shown = _decided(inspection_id)
    made = notice_paper(shown.row, shown.project, agency=agency_name(), today=clock.today())
    name = f"检查结果通报-{shown.project.number}-{shown.row.number}.docx".replace("/", "-")
    return send_file(BytesIO(made), DOCX, as_attachment=True, download_name=name)


def _decided(inspection_id: int) -> InspectionPage:
    shown = inspection_page(db.session(), current_actor(), inspection_id)
    if shown.row.state is not InspectionState.DECIDED:
        raise Obstructed(["处理意见尚未审批，办结后再出具检查结果通报。"])
    return shown


def _done(inspection_id: int, words: str) -> ResponseReturnValue:
    flash(words)
    return redirect(url_for("oversight.inspection", inspection_id=inspection_id))
