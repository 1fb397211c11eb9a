"""Clearing a project: begun, settled line by line, confirmed, sent back."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.acceptance.blueprint import bp
from app.acceptance.clearing_forms import disallow_form, ids_in, settle_form
from app.acceptance.clearing_page import done, load_page, show
from app.acceptance.forms import NoteForm, PressForm
from app.extensions import db
from app.filters import query
from app.permissions import current_actor, may
from finance.clearing.disallowing import allow, disallow
from finance.clearing.finding import find_clearing
from finance.clearing.settling import confirm_settlement, open_clearing, send_settlement_back, settle
from finance.clearing.shown import foreseen, spending_of_ids
from finance.surplus import begin_surplus
from lifecycle.refusals import Obstructed, SamePerson
from lifecycle.roles import Permission


@bp.get("/clearing/<int:clearing_id>")
@may(Permission.SEE_OVERSIGHT)
def clearing(clearing_id: int) -> ResponseReturnValue:
    """Show a clearing: its figures, the one thing to press, what came back."""
    return show(clearing_id)


@bp.post("/clearing/of/<project:number>")
@may(Permission.CLEAR_ACCOUNTS)
def begin_clearing(number: str) -> ResponseReturnValue:
    """Begin the clearing of a project whose failure came with a ledger."""
    clearing_id = open_clearing(db.session(), current_actor(), number, clock.today())
    return done(clearing_id, "已开始财务清算。")


@bp.post("/surplus/of/<project:number>")
@may(Permission.CLEAR_ACCOUNTS)
def begin_surplus_(number: str) -> ResponseReturnValue:
    """Begin to deal with what a project that passed has left."""
    clearing_id = begin_surplus(db.session(), current_actor(), number, clock.today())
    return done(clearing_id, "已开始结余处理。")


@bp.post("/clearing/<int:clearing_id>/spending")
@may(Permission.CLEAR_ACCOUNTS)
def disallow_(clearing_id: int) -> ResponseReturnValue:
    """Keep what was ticked of a page of spending."""
    session, actor = db.session(), current_actor()
    found = find_clearing(session, actor, clearing_id)
    form = disallow_form(spending_of_ids(session, found.clearing, ids_in(request.form.get("rows", ""))))
    if form.validate_on_submit():
        with form.taking_refusals():
            changed = disallow(session, actor, clearing_id, form.lines, clock.today())
            flash(f"已保存，改动 {changed} 笔。" if changed else "已保存，没有改动。")
            page = url_for("acceptance.clearing", clearing_id=clearing_id)
            return redirect(f"{page}{query(request.args.to_dict())}#rows")
    return show(clearing_id, "disallow", form)


@bp.get("/clearing/<int:clearing_id>/sums")
@may(Permission.CLEAR_ACCOUNTS)
def sums(clearing_id: int) -> ResponseReturnValue:
    """Show the sums by source as they would be with what is ticked just now; nothing is kept."""
    session = db.session()
    found = find_clearing(session, current_actor(), clearing_id)
    rows = spending_of_ids(session, found.clearing, ids_in(request.args.get("rows", "")))
    form = disallow_form(rows)
    form.process(request.args)
    typed = {id_: line.amount for id_, line in form.lines.items() if line is not None}
    figures = foreseen(session, found.clearing, rows, typed, clock.today())
    return render_template("acceptance/clearing_sums.html", figures=figures, returned={}, confirmed=False)


@bp.post("/clearing/<int:clearing_id>/lines/<int:disallowed_id>")
@may(Permission.CLEAR_ACCOUNTS)
def allow_(clearing_id: int, disallowed_id: int) -> ResponseReturnValue:
    """Take a line out of what is not allowed."""
    allow(db.session(), current_actor(), clearing_id, disallowed_id)
    return done(clearing_id, "已取消这一笔。")


@bp.post("/clearing/<int:clearing_id>/settle")
@may(Permission.CLEAR_ACCOUNTS)
def settle_(clearing_id: int) -> ResponseReturnValue:
    """Settle what must come back."""
    page = load_page(clearing_id)
    form = settle_form(page.found.clearing.kind, page.figures)
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed):
            settle(db.session(), current_actor(), clearing_id, form.settling, form.papers.data, clock.today())
            return done(clearing_id, "已核定，等待审批核准。")
    return show(clearing_id, "settle", form)


@bp.post("/clearing/<int:clearing_id>/confirm")
@may(Permission.CONCLUDE_ACCEPTANCE)
def confirm_clearing(clearing_id: int) -> ResponseReturnValue:
    """Confirm a settlement."""
    form = PressForm()
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed, SamePerson):
            confirm_settlement(db.session(), current_actor(), clearing_id, clock.today())
            return done(clearing_id, "已核准。")
    return show(clearing_id, "confirm", form)


@bp.post("/clearing/<int:clearing_id>/send-back")
@may(Permission.CONCLUDE_ACCEPTANCE)
def send_clearing_back(clearing_id: int) -> ResponseReturnValue:
    """Send a settlement back to finance."""
    form = NoteForm()
    if form.validate_on_submit():
        with form.taking_refusals(SamePerson):
            send_settlement_back(
                db.session(), current_actor(), clearing_id, form.note.data or "", clock.today()
            )
            return done(clearing_id, "已退回财务。")
    return show(clearing_id, "back", form)
