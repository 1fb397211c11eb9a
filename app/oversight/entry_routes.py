"""The routes of entries of research integrity: put forward, recorded, rejected."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app import clock
from app.extensions import db
from app.oversight import bp
from app.oversight.forms import ChargeForm, NoteForm
from app.oversight.standing import entry_page
from app.permissions import current_actor, may, the_project
from lifecycle.integrity import citation_for, propose_entry, record_entry, reject_entry
from lifecycle.models import IntegrityAct, Partner, Project
from lifecycle.refusals import Obstructed, SamePerson
from lifecycle.roles import Permission


@bp.get("/integrity/of/<project:number>")
@may(Permission.RECORD_INTEGRITY)
def new_entry(number: str) -> ResponseReturnValue:
    """Show the form of an entry about somebody of a project."""
    project = the_project(number)
    return _form_page(project, _form(project))


@bp.post("/integrity/of/<project:number>")
@may(Permission.RECORD_INTEGRITY)
def propose(number: str) -> ResponseReturnValue:
    """Put an entry forward."""
    project = the_project(number)
    form = _form(project)
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed):
            made = propose_entry(
                db.session(), current_actor(), number, form.charge, form.files.data, clock.today()
            )
            return _done(made, "已提出，等待审批。")
    return _form_page(the_project(number), form), 422


def _form(project: Project) -> ChargeForm:
    partners = db.session.scalars(select(Partner.name).where(Partner.project_id == project.id))
    names = dict.fromkeys((project.lead_unit, project.pi_name, *partners))
    form = ChargeForm()
    form.about.choices = list(names)
    return form


def _form_page(project: Project, form: ChargeForm) -> str:
    citations = {act: citation_for(project.programme, project.signed_on, act) for act in IntegrityAct}
    return render_template(
        "oversight/entry_form.html", form=form, project=project, citations=sorted(set(citations.values()))
    )


@bp.get("/integrity/<int:entry_id>")
@may(Permission.SEE_OVERSIGHT)
def entry(entry_id: int) -> ResponseReturnValue:
    """Show an entry, and the button of whoever's turn it is."""
    return _page(entry_id)


def _page(entry_id: int, note: NoteForm | None = None) -> ResponseReturnValue:
    shown = render_template(
        "oversight/entry.html",
        shown=entry_page(db.session(), current_actor(), entry_id),
        note_form=note or NoteForm(formdata=None),
    )
    return shown, 422 if note else 200


@bp.post("/integrity/<int:entry_id>/record")
@may(Permission.APPROVE_INTEGRITY)
def record_it(entry_id: int) -> ResponseReturnValue:
    """Record an entry."""
    form = NoteForm()
    if form.is_submitted():
        with form.taking_refusals(SamePerson):
            record_entry(db.session(), current_actor(), entry_id, clock.today())
            return _done(entry_id, "已记录。")
    return _page(entry_id, form)


@bp.post("/integrity/<int:entry_id>/reject")
@may(Permission.APPROVE_INTEGRITY)
def reject(entry_id: int) -> ResponseReturnValue:
    """Reject an entry."""
    form = NoteForm()
    if form.validate_on_submit():
        with form.taking_refusals(SamePerson):
            reject_entry(db.session(), current_actor(), entry_id, form.note.data, clock.today())
            return _done(entry_id, "不予记录。")
    return _page(entry_id, form)


def _done(entry_id: int, words: str) -> ResponseReturnValue:
    flash(words)
    return redirect(url_for("oversight.entry", entry_id=entry_id))
