"""The list of clearings and recovery, and following up a refund that came with a ledger."""

from __future__ import annotations

from io import BytesIO

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app import clock
from app.acceptance.asking import CLEARINGS, programmes
from app.acceptance.blueprint import bp
from app.acceptance.clearing_forms import TakeOverForm, take_over_form
from app.acceptance.clearing_page import done
from app.extensions import db
from app.menu import agency_name
from app.oversight.routes import list_tabs
from app.permissions import current_actor, may
from app.workbooks import send_workbook
from finance.clearing.listing import every_clearing, list_clearings
from finance.clearing.taking_over import in_ledger, take_over_recovery
from lifecycle.models import Acceptance, Clearing
from lifecycle.record import FISCAL, Source
from lifecycle.records import load_record
from lifecycle.refusals import Obstructed
from lifecycle.roles import Permission
from lifecycle.sums import money_of
from lifecycle.visibility import find_project
from reports.clearing_list import write_clearing_list


@bp.get("/clearings")
@may(Permission.SEE_OVERSIGHT)
def clearings() -> ResponseReturnValue:
    """List what is being cleared and what has to come back."""
    asked, today = CLEARINGS.read(request.args), clock.today()
    return render_template(
        "acceptance/clearings.html",
        asked=asked,
        found=list_clearings(db.session(), current_actor(), asked, today),
        list_tabs=list_tabs("clearings"),
        chips=list(CLEARINGS.chips(asked, request.args)),
        states=CLEARINGS.states,
        programmes=programmes(),
        clears=current_actor().may(Permission.CLEAR_ACCOUNTS),
    )


@bp.get("/clearings/export.xlsx")
@may(Permission.SEE_OVERSIGHT)
def export_clearings() -> ResponseReturnValue:
    """Hand out the list that is asked for, all of its pages, as a workbook."""
    asked, today, file = CLEARINGS.read(request.args), clock.today(), BytesIO()
    rows = every_clearing(db.session(), current_actor(), asked, today)
    write_clearing_list(file, rows, agency=agency_name(), asked=CLEARINGS.sentence(asked), today=today)
    return send_workbook(file, f"清算与追缴-{today}.xlsx")


@bp.get("/recovery/<project:number>")
@may(Permission.CLEAR_ACCOUNTS)
def recovery(number: str) -> ResponseReturnValue:
    """Show a refund that came with a ledger, and the form by which it is followed up."""
    return _recovery_page(number)


@bp.post("/recovery/<project:number>")
@may(Permission.CLEAR_ACCOUNTS)
def take_over_recovery_(number: str) -> ResponseReturnValue:
    """Follow a refund up."""
    form = take_over_form(_sources(number))
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed):
            clearing_id = take_over_recovery(
                *(db.session(), current_actor(), number, form.owed),
                *(form.due.data, form.reason.data, clock.today()),
            )
            return done(clearing_id, "已接续办理，按期限提醒和催办。")
    return _recovery_page(number, form)


def _sources(number: str) -> list[Source]:
    """Return the public sources of which something was paid to the project."""
    session = db.session()
    project = find_project(session, current_actor(), number)
    sums = money_of(load_record(session, project.id), clock.today()).sources
    return [one for one in Source if one in FISCAL and one in sums and sums[one].paid]


def _recovery_page(number: str, form: TakeOverForm | None = None) -> ResponseReturnValue:
    session = db.session()
    project = find_project(session, current_actor(), number)
    acceptance = session.scalar(select(Acceptance).where(Acceptance.project_id == project.id))
    clearing = session.scalar(select(Clearing).where(Clearing.project_id == project.id))
    shown = render_template(
        "acceptance/recovery.html",
        project=project,
        acceptance=acceptance,
        is_open=in_ledger(acceptance, clearing, project),
        clearing=clearing,
        form=form or take_over_form(_sources(number), acceptance),
    )
    return shown, 422 if form is not None else 200
