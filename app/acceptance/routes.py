"""Acceptance and what follows from its conclusion: the list, the application, the page of one case."""

from __future__ import annotations

from io import BytesIO

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.acceptance import (
    clearing_list,
    clearing_papers,
    clearing_returns,
    clearing_routes,
    paper_routes,
    step_routes,
)
from app.acceptance.asking import CASES, programmes
from app.acceptance.blueprint import bp
from app.acceptance.editing import edit_form
from app.acceptance.pages import case_page
from app.extensions import db
from app.menu import agency_name
from app.oversight.routes import list_tabs
from app.permissions import current_actor, may
from app.workbooks import send_workbook
from lifecycle.acceptance.applying import save, start
from lifecycle.acceptance.listing import every_case, list_cases
from lifecycle.acceptance.taking_over import take_over
from lifecycle.refusals import OutOfDate
from lifecycle.roles import Permission
from reports.acceptance_list import write_acceptance_list

__all__ = [
    "bp",
    "clearing_list",
    "clearing_papers",
    "clearing_returns",
    "clearing_routes",
    "paper_routes",
    "step_routes",
]


@bp.get("/")
@may(Permission.SEE_OVERSIGHT)
def index() -> ResponseReturnValue:
    """List the acceptances that are asked for."""
    asked = CASES.read(request.args)
    return render_template(
        "acceptance/index.html",
        asked=asked,
        found=list_cases(db.session(), current_actor(), asked),
        list_tabs=list_tabs("acceptance"),
        chips=list(CASES.chips(asked, request.args)),
        states=CASES.states,
        may_handle=current_actor().may(Permission.HANDLE_ACCEPTANCE),
        programmes=programmes(),
    )


@bp.get("/export.xlsx")
@may(Permission.SEE_OVERSIGHT)
def export() -> ResponseReturnValue:
    """Hand out the list that is asked for, all of its pages, as a workbook."""
    asked, today = CASES.read(request.args), clock.today()
    file = BytesIO()
    cases = every_case(db.session(), current_actor(), asked)
    write_acceptance_list(file, cases, agency=agency_name(), asked=CASES.sentence(asked), today=today)
    return send_workbook(file, f"项目验收-{today}.xlsx")


@bp.post("/of/<project:number>")
@may(Permission.APPLY_ACCEPTANCE)
def begin(number: str) -> ResponseReturnValue:
    """Begin a project's application, or go on with the one there is."""
    case_id = start(db.session(), current_actor(), number, clock.today())
    return redirect(url_for("acceptance.edit", case_id=case_id))


@bp.post("/taken-over/<project:number>")
@may(Permission.HANDLE_ACCEPTANCE)
def carry_on(number: str) -> ResponseReturnValue:
    """Lead on an acceptance whose application came with a ledger."""
    case_id = take_over(db.session(), current_actor(), number, clock.today())
    flash("已接续办理，请核对申请后受理，或退回补正。")
    return redirect(url_for("acceptance.show", case_id=case_id))


@bp.get("/<int:case_id>")
@may(Permission.SEE_OVERSIGHT)
def show(case_id: int) -> ResponseReturnValue:
    """Show one acceptance: its way, what is asked, the one thing to press, what has been said so far."""
    return case_page(case_id)


@bp.get("/<int:case_id>/edit")
@may(Permission.APPLY_ACCEPTANCE)
def edit(case_id: int) -> ResponseReturnValue:
    """Show the application to be filled in."""
    form, found, kept = edit_form(case_id, fresh=True)
    return render_template("acceptance/edit.html", form=form, found=found, **kept)


@bp.post("/<int:case_id>/edit")
@may(Permission.APPLY_ACCEPTANCE)
def keep(case_id: int) -> ResponseReturnValue:
    """Save the application."""
    form, found, kept = edit_form(case_id)
    if form.validate_on_submit():
        with form.taking_refusals(OutOfDate):
            filled = form.filled(found.record, kept["files"])
            save(db.session(), current_actor(), case_id, _revision(form.revision.data), filled, clock.today())
            flash("已保存。核对无误后，提交承担单位确认。")
            return redirect(url_for("acceptance.show", case_id=case_id))
    return render_template("acceptance/edit.html", form=form, found=found, **kept), 422


def _revision(typed: object) -> int:
    text = str(typed)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
