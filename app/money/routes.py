"""Public money on its way: lists, one tranche with its steps, batches with theirs."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.forms import Form
from app.money import held_routes, layout_routes, lists, return_routes, sum_routes
from app.money.forms import ReturnForm, WithdrawForm, reasons_form, reasons_in
from app.money.setup_routes import bp
from app.money.standing import standing_of
from app.permissions import current_actor, may
from finance.due import list_tranches
from finance.holds import refusals_of
from finance.proposing import approve as approve_payment
from finance.proposing import propose as propose_payment
from finance.proposing import return_ as return_payment
from finance.proposing import withdraw as withdraw_payment
from lifecycle.refusals import Obstructed, SamePerson, VerdictRefused
from lifecycle.roles import Permission
from lifecycle.rulebook import rulebook

__all__ = ["bp", "held_routes", "layout_routes", "return_routes", "sum_routes"]


@bp.get("/")
@may(Permission.SEE_MONEY)
def index() -> ResponseReturnValue:
    """List the money that waits at a step; without one asked for, at the step that is this person's."""
    session, actor, today = db.session(), current_actor(), clock.today()
    waiting = lists.counts(session, actor, today)
    tab = lists.tab_of(request.args.get("tab", ""), actor, waiting)
    if tab.state is None:
        return redirect(url_for("money.batches"))
    asked = lists.asked_of(tab, request.args)
    found = list_tranches(session, actor, asked, today)
    return render_template(
        "money/index.html",
        tab=tab,
        waiting=waiting,
        asked=asked,
        when=request.args.get("when", "coming"),
        found=found,
        refused=refusals_of(session, {row.id: row.project_id for row in found.rows}, today),
        chips=list(lists.chips(asked, request.args)),
        programmes=lists.options(rulebook().programmes),
        sources=lists.options(lists.SOURCES),
        whens=lists.WHEN,
        me=actor.user_id,
        own_step=actor.may(tab.permission),
    )


@bp.get("/tranches/<int:tranche_id>")
@may(Permission.SEE_MONEY)
def tranche(tranche_id: int) -> ResponseReturnValue:
    """Show where a tranche stands, the checklist before its next step, and the button of whoever takes it."""
    return _tranche_page(tranche_id)


@bp.post("/tranches/<int:tranche_id>/propose")
@may(Permission.PROPOSE_PAYMENT)
def propose(tranche_id: int) -> ResponseReturnValue:
    """Propose to pay a tranche, with a reason for every usual rule that is not held."""
    standing = standing_of(db.session(), current_actor(), tranche_id, clock.today())
    form = reasons_form(standing.check.verdict.needs_reason if standing.check else ())
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed, VerdictRefused):
            propose_payment(db.session(), current_actor(), tranche_id, clock.today(), reasons_in(form))
            return _done(tranche_id, "已提出拨付，等待审批。")
    return _tranche_page(tranche_id, form)


@bp.post("/tranches/<int:tranche_id>/approve")
@may(Permission.APPROVE_PAYMENT)
def approve(tranche_id: int) -> ResponseReturnValue:
    """Approve what somebody else proposed."""
    form = Form()
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed, VerdictRefused, SamePerson):
            approve_payment(db.session(), current_actor(), tranche_id, clock.today())
            return _done(tranche_id, "已同意拨付，等待财务编入拨付批次。")
    return _tranche_page(tranche_id, form)


@bp.post("/tranches/<int:tranche_id>/return")
@may(Permission.APPROVE_PAYMENT)
def return_(tranche_id: int) -> ResponseReturnValue:
    """Send a proposal back to its handler, saying why."""
    form = ReturnForm()
    if form.validate_on_submit():
        with form.taking_refusals(SamePerson):
            return_payment(db.session(), current_actor(), tranche_id, clock.today(), form.note.data)
            return _done(tranche_id, "已退回经办人。")
    return _tranche_page(tranche_id, form)


@bp.post("/tranches/<int:tranche_id>/withdraw")
@may(Permission.PROPOSE_PAYMENT)
def withdraw(tranche_id: int) -> ResponseReturnValue:
    """Take a proposal back."""
    form = WithdrawForm()
    withdraw_payment(db.session(), current_actor(), tranche_id, clock.today(), form.note.data or "")
    return _done(tranche_id, "已撤回拨付申请，可以修改后重新提出。")


def _done(tranche_id: int, words: str) -> ResponseReturnValue:
    flash(words)
    return redirect(url_for("money.tranche", tranche_id=tranche_id))


def _tranche_page(tranche_id: int, form: Form | None = None) -> ResponseReturnValue:
    """Show the page of a tranche; ``form`` is one that was refused, with what was typed."""
    standing = standing_of(db.session(), current_actor(), tranche_id, clock.today())
    reasons = standing.check.verdict.needs_reason if standing.check else ()
    going_back = isinstance(form, ReturnForm)
    shown = render_template(
        "money/tranche.html",
        standing=standing,
        form=reasons_form(reasons) if form is None or going_back else form,
        return_form=form if going_back else ReturnForm(formdata=None),
        withdraw_form=WithdrawForm(formdata=None),
    )
    return shown, 422 if form is not None else 200
