"""The routes of what payments rest on: who pays each source, and where a project's money goes to."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.money.forms import PayeeForm, PayersForm
from app.money.line_routes import bp
from app.permissions import current_actor, may, the_project
from app.steps import tab_url
from finance.payee import account_obstacles, set_account
from finance.payers import named_payers, payers, set_payers
from lifecycle.attachments import attachments_of
from lifecycle.refusals import Obstructed
from lifecycle.roles import Permission

__all__ = ["bp"]


@bp.route("/payers", methods=["GET", "POST"])
@may(Permission.SET_UP_SHEETS)
def set_up_payers() -> ResponseReturnValue:
    """Say who pays each fiscal source; batches that are there stay as they are."""
    session, actor = db.session(), current_actor()
    named = named_payers(session, actor.agency_id)
    form = PayersForm(data={source.name.lower(): name for source, name in named.items()})
    if form.validate_on_submit():
        with form.taking_refusals():
            set_payers(session, actor, form.names())
            flash("已保存拨款单位，以后编制的批次按此办理。")
            return redirect(url_for("money.set_up_payers"))
    page = render_template("money/payers.html", form=form, payers=payers(session, actor.agency_id))
    return page, 422 if form.errors else 200


@bp.route("/account/<project:number>", methods=["GET", "POST"])
@may(Permission.PROPOSE_PAYMENT)
def payee(number: str) -> ResponseReturnValue:
    """Put right where a project's public money goes to."""
    session, actor, project = db.session(), current_actor(), the_project(number)
    form = PayeeForm(data={"bank_name": project.bank_name, "bank_account": project.bank_account})
    if form.validate_on_submit() and form.files.data:
        with form.taking_refusals(Obstructed):
            typed = (form.bank_name.data, form.bank_account.data, form.reason.data, [form.files.data])
            set_account(session, actor, number, *typed, clock.today())
            flash("已更正收款账户。")
            return redirect(tab_url(number, "money"))
    page = render_template(
        "money/payee.html",
        project=project,
        form=form,
        obstacles=account_obstacles(session, project),
        files=attachments_of(session, project.id, "payee", project.id),
    )
    return page, 422 if form.errors else 200
