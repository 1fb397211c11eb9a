"""The routes of what was ordered: answered, verified, given more time, lifted, taken further."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.forms import Form
from app.oversight import bp
from app.oversight.forms import AnswerForm, EscalateForm, ExtendForm, LiftForm, NoteForm
from app.oversight.standing import measure_page
from app.permissions import current_actor, may
from lifecycle import measures
from lifecycle.escalation import escalate
from lifecycle.models import Outcome
from lifecycle.refusals import IllegalTransition, Obstructed, SamePerson
from lifecycle.roles import Permission

_FORMS = {
    "answer_form": AnswerForm,
    "note_form": NoteForm,
    "extend_form": ExtendForm,
    "lift_form": LiftForm,
    "escalate_form": EscalateForm,
}


@bp.get("/measures/<int:measure_id>")
@may(Permission.SEE_OVERSIGHT)
def measure(measure_id: int) -> ResponseReturnValue:
    """Show a measure, and the button of whoever's turn it is."""
    return _page(measure_id)


def _page(measure_id: int, refused: Form | None = None) -> ResponseReturnValue:
    """Show the page of a measure; ``refused`` is a form that was refused, with what was typed."""
    forms = {name: refused if type(refused) is kind else kind(formdata=None) for name, kind in _FORMS.items()}
    shown = measure_page(db.session(), current_actor(), measure_id, clock.today())
    page = render_template("oversight/measure.html", shown=shown, **forms)
    return page, 422 if refused else 200


@bp.post("/measures/<int:measure_id>/answer")
@may(Permission.RECTIFY)
def answer(measure_id: int) -> ResponseReturnValue:
    """Say what was done to put things right."""
    form = AnswerForm()
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed):
            measures.answer(
                db.session(),
                current_actor(),
                measure_id,
                form.text.data,
                form.files.data,
                clock.today(),
            )
            return _done(measure_id, "整改情况已提交，等待区科技局核验。")
    return _page(measure_id, form)


@bp.post("/measures/<int:measure_id>/verify")
@may(Permission.INSPECT)
def verify(measure_id: int) -> ResponseReturnValue:
    """Find a rectification done."""
    form = NoteForm()
    if form.is_submitted():
        with form.taking_refusals(Obstructed, SamePerson):
            measures.verify(db.session(), current_actor(), measure_id, clock.today())
            return _done(measure_id, "核验通过，整改办结。")
    return _page(measure_id, form)


@bp.post("/measures/<int:measure_id>/send-back")
@may(Permission.INSPECT)
def send_answer_back(measure_id: int) -> ResponseReturnValue:
    """Find a rectification not done yet."""
    form = NoteForm()
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed, SamePerson):
            measures.send_back(db.session(), current_actor(), measure_id, form.note.data, clock.today())
            return _done(measure_id, "已退回承担单位补充整改。")
    return _page(measure_id, form)


@bp.post("/measures/<int:measure_id>/extend")
@may(Permission.APPROVE_MEASURE)
def extend(measure_id: int) -> ResponseReturnValue:
    """Give more time for a rectification."""
    form = ExtendForm()
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed):
            measures.extend(
                db.session(),
                current_actor(),
                measure_id,
                form.due.data,
                form.reason.data,
                clock.today(),
            )
            return _done(measure_id, "已延长整改期限。")
    return _page(measure_id, form)


@bp.post("/measures/<int:measure_id>/propose-lifting")
@may(Permission.INSPECT)
def propose_lifting(measure_id: int) -> ResponseReturnValue:
    """Put forward that a hold be lifted."""
    form = LiftForm()
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed):
            measures.propose_lifting(
                db.session(),
                current_actor(),
                measure_id,
                form.reason.data,
                form.files.data,
                clock.today(),
            )
            return _done(measure_id, "已提请解除，等待审批。")
    return _page(measure_id, form)


@bp.post("/measures/<int:measure_id>/lift")
@may(Permission.APPROVE_MEASURE)
def lift(measure_id: int) -> ResponseReturnValue:
    """Lift a hold."""
    form = NoteForm()
    if form.is_submitted():
        with form.taking_refusals(Obstructed, SamePerson):
            measures.lift(db.session(), current_actor(), measure_id, clock.today())
            return _done(measure_id, "已解除暂缓拨付，后续经费可以按计划办理。")
    return _page(measure_id, form)


@bp.post("/measures/<int:measure_id>/keep")
@may(Permission.APPROVE_MEASURE)
def keep(measure_id: int) -> ResponseReturnValue:
    """Leave a hold in force."""
    form = NoteForm()
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed, SamePerson):
            measures.keep(db.session(), current_actor(), measure_id, form.note.data, clock.today())
            return _done(measure_id, "不予解除，继续暂缓拨付。")
    return _page(measure_id, form)


@bp.post("/measures/<int:measure_id>/escalate")
@may(Permission.INSPECT)
def take_further(measure_id: int) -> ResponseReturnValue:
    """Put forward that money waits, or that the project ends, since a rectification is overdue."""
    form = EscalateForm()
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed, IllegalTransition):
            made = escalate(
                db.session(),
                current_actor(),
                measure_id,
                Outcome(form.outcome.data),
                clock.today(),
                own_fault=form.own_fault.data,
            )
            flash(f"已提请{form.outcome.data}，等待审批。")
            return redirect(url_for("oversight.inspection", inspection_id=made))
    return _page(measure_id, form)


def _done(measure_id: int, words: str) -> ResponseReturnValue:
    flash(words)
    return redirect(url_for("oversight.measure", measure_id=measure_id))
