"""Clearing a project that failed or was terminated: settle, confirm, record what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app import clock
from app.acceptance.blueprint import bp
from app.acceptance.clearing_forms import ReturnedForm, settle_form
from app.acceptance.forms import NoteForm, PressForm
from app.extensions import db
from app.forms import Form
from app.permissions import current_actor, may
from finance.clearing import (
    SUBJECT,
    FoundClearing,
    confirm_settlement,
    find_row,
    open_clearing,
    record_return,
    send_settlement_back,
    settle,
)
from finance.settlement import ClearingState, figures_of, settlement_of, state_of
from lifecycle.attachments import attachments_of
from lifecycle.models import AuditEntry
from lifecycle.overview import load_overview
from lifecycle.refusals import Obstructed, SamePerson
from lifecycle.roles import Permission

_ACTS = {
    ClearingState.OPEN: ("settle", Permission.CLEAR_ACCOUNTS),
    ClearingState.SETTLED: ("confirm", Permission.CONCLUDE_ACCEPTANCE),
    ClearingState.RETURNING: ("returned", Permission.CLEAR_ACCOUNTS),
}
"""State → what is done next, and who does it."""


@dataclass(frozen=True, slots=True)
class _Page:
    """What the page of a clearing shows for whoever looks."""

    found: FoundClearing
    state: ClearingState
    act: str
    """What this person can do now; empty where it is another's turn."""


def _page_of(clearing_id: int) -> _Page:
    session, actor = db.session(), current_actor()
    clearing, project = find_row(session, actor, clearing_id)
    # The overview is kept until something changes: a record is a dozen statements.
    record = load_overview(session, actor, project.number, clock.today()).record
    found = FoundClearing(clearing, project, record)
    state = state_of(found.clearing)
    act, permission = _ACTS.get(state, ("", Permission.CLEAR_ACCOUNTS))
    return _Page(found, state, act if current_actor().may(permission) else "")


def _show(clearing_id: int, key: str = "", form: Form | None = None) -> ResponseReturnValue:
    page = _page_of(clearing_id)
    found, today = page.found, clock.today()
    figures = figures_of(found.record, today)
    forms: dict[str, Form] = {
        "settle": settle_form(figures, formdata=None),
        "confirm": PressForm(formdata=None),
        "returned": ReturnedForm(formdata=None),
        "back": NoteForm(formdata=None),
    }
    if form is not None:
        forms[key] = form
    shown = render_template(
        "acceptance/clearing.html",
        it=page,
        figures=figures,
        settlement=settlement_of(found.clearing.figures),
        forms=forms,
        files=attachments_of(db.session(), found.project.id, SUBJECT, clearing_id),
        trail=_trail(found),
    )
    return shown, 422 if form is not None else 200


def _trail(found: FoundClearing) -> Any:
    of_clearing = AuditEntry.action.startswith("clearing.")
    query = select(AuditEntry).where(AuditEntry.project_id == found.project.id, of_clearing)
    return db.session().scalars(query.order_by(AuditEntry.serial.desc()).limit(50)).all()


def _done(clearing_id: int, words: str) -> ResponseReturnValue:
    flash(words)
    return redirect(url_for("acceptance.clearing", clearing_id=clearing_id))


@bp.get("/clearing/<int:clearing_id>")
@may(Permission.SEE_OVERSIGHT)
def clearing(clearing_id: int) -> ResponseReturnValue:
    """Show a clearing: its figures, the one thing to press, what came back."""
    return _show(clearing_id)


@bp.post("/clearing/of/<project:number>")
@may(Permission.CLEAR_ACCOUNTS)
def begin_clearing(number: str) -> ResponseReturnValue:
    """Begin the clearing of a project whose failure came with a ledger."""
    clearing_id = open_clearing(db.session(), current_actor(), number, clock.today())
    return _done(clearing_id, "已开始财务清算。")


@bp.post("/clearing/<int:clearing_id>/settle")
@may(Permission.CLEAR_ACCOUNTS)
def settle_(clearing_id: int) -> ResponseReturnValue:
    """Settle what must come back."""
    figures = figures_of(_page_of(clearing_id).found.record, clock.today())
    form = settle_form(figures)
    if form.validate_on_submit():
        with form.taking_refusals():
            settling = form.settling(figures)
            settle(db.session(), current_actor(), clearing_id, settling, form.papers.data, clock.today())
            return _done(clearing_id, "已核定，等待审批核准。")
    return _show(clearing_id, "settle", form)


@bp.post("/clearing/<int:clearing_id>/confirm")
@may(Permission.CONCLUDE_ACCEPTANCE)
def confirm_clearing(clearing_id: int) -> ResponseReturnValue:
    """Confirm a settlement."""
    form = PressForm()
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed, SamePerson):
            confirm_settlement(db.session(), current_actor(), clearing_id, clock.today())
            return _done(clearing_id, "已核准，项目已清算。")
    return _show(clearing_id, "confirm", form)


@bp.post("/clearing/<int:clearing_id>/send-back")
@may(Permission.CONCLUDE_ACCEPTANCE)
def send_clearing_back(clearing_id: int) -> ResponseReturnValue:
    """Send a settlement back to finance."""
    form = NoteForm()
    if form.validate_on_submit():
        with form.taking_refusals(SamePerson):
            note = form.note.data or ""
            send_settlement_back(db.session(), current_actor(), clearing_id, note, clock.today())
            return _done(clearing_id, "已退回财务重新核定。")
    return _show(clearing_id, "back", form)


@bp.post("/clearing/<int:clearing_id>/returned")
@may(Permission.CLEAR_ACCOUNTS)
def returned(clearing_id: int) -> ResponseReturnValue:
    """Record a part of what came back."""
    form = ReturnedForm()
    if form.validate_on_submit():
        with form.taking_refusals():
            said = (form.amount.data, form.on.data, form.voucher.data or "")
            record_return(db.session(), current_actor(), clearing_id, *said, clock.today())
            return _done(clearing_id, "已登记退款。")
    return _show(clearing_id, "returned", form)
