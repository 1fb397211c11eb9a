"""What comes back of a clearing: recorded, taken back, and by when it is owed."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from app import clock
from app.acceptance.blueprint import bp
from app.acceptance.clearing_forms import DueForm, ReverseReturnForm, returned_form
from app.acceptance.clearing_page import done, load_page, show
from app.extensions import db
from app.permissions import current_actor, may
from finance.clearing.finding import find_clearing
from finance.clearing.returning import record_return, reverse_return, set_due
from finance.clearing.shown import find_return
from lifecycle.refusals import IllegalTransition, NotFound, Obstructed
from lifecycle.roles import Permission


@bp.post("/clearing/<int:clearing_id>/returned")
@may(Permission.CLEAR_ACCOUNTS)
def returned(clearing_id: int) -> ResponseReturnValue:
    """Record a part of what came back."""
    form = returned_form(load_page(clearing_id).owed)
    if form.validate_on_submit():
        with form.taking_refusals(IllegalTransition):
            papers = form.papers.data
            record_return(db.session(), current_actor(), clearing_id, form.part, papers, clock.today())
            return done(clearing_id, "已登记退款。")
    return show(clearing_id, "returned", form)


@bp.get("/clearing/returns/<int:return_id>")
@may(Permission.CLEAR_ACCOUNTS)
def return_reversal(return_id: int) -> ResponseReturnValue:
    """Show a return and the form that takes it back."""
    return _reversal_page(return_id, ReverseReturnForm(formdata=None))


@bp.post("/clearing/returns/<int:return_id>")
@may(Permission.CLEAR_ACCOUNTS)
def reverse_return_(return_id: int) -> ResponseReturnValue:
    """Take a return back."""
    form = ReverseReturnForm()
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed):
            reason = form.reason.data
            clearing_id = reverse_return(db.session(), current_actor(), return_id, reason, clock.today())
            return done(clearing_id, "已冲销这笔退款，相应金额重新计入应退。")
    return _reversal_page(return_id, form), 422


def _reversal_page(return_id: int, form: ReverseReturnForm) -> str:
    session = db.session()
    known = find_return(session, return_id)
    if known is None:
        raise NotFound("这笔退款")
    found = find_clearing(session, current_actor(), known[0])
    return render_template("acceptance/clearing_return.html", found=found, row=known[1], form=form)


@bp.get("/clearing/<int:clearing_id>/due")
@may(Permission.CLEAR_ACCOUNTS)
def due(clearing_id: int) -> ResponseReturnValue:
    """Show by when what is owed comes back, and the form that sets another day."""
    return _due_page(clearing_id, None)


@bp.post("/clearing/<int:clearing_id>/due")
@may(Permission.CLEAR_ACCOUNTS)
def set_due_(clearing_id: int) -> ResponseReturnValue:
    """Set another day."""
    form = DueForm()
    if form.validate_on_submit():
        with form.taking_refusals(IllegalTransition):
            set_due(
                db.session(), current_actor(), clearing_id, form.due.data, form.reason.data, clock.today()
            )
            return done(clearing_id, "已调整退回期限。")
    return _due_page(clearing_id, form), 422


def _due_page(clearing_id: int, form: DueForm | None) -> str:
    found = find_clearing(db.session(), current_actor(), clearing_id)
    form = form or DueForm(formdata=None, due=found.clearing.due_on)
    return render_template("acceptance/clearing_due.html", found=found, form=form)
