"""The routes of batches: making one, its draft, its sheet, booking what was paid, making it void."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.forms import Form
from app.longwork.pages import start
from app.money import issue_work, lists
from app.money.choosing import choice
from app.money.drafting import BatchView, batch_view
from app.money.forms import VoidForm, booking_form
from app.permissions import current_actor, may
from app.row_ids import row_id
from app.workbooks import send_workbook
from finance.batches import issued_sheet, list_batches
from finance.batching import discard_batch, make_batch
from finance.booking import book_batch
from finance.issuing import issue_batch
from finance.lookups import size_of
from finance.refusals import LinesRefused
from finance.states import BatchState
from finance.voiding import reissue, void_batch
from lifecycle.refusals import Obstructed, SamePerson
from lifecycle.roles import Permission
from reports.sheet import disbursement_sheet

bp = Blueprint("money", __name__, url_prefix="/money")


@bp.get("/batches")
@may(Permission.SEE_MONEY)
def batches() -> ResponseReturnValue:
    """List the batches, the newest first."""
    session, actor = db.session(), current_actor()
    wanted = request.args.get("state", "")
    states = {BatchState(wanted)} if wanted in set(BatchState) else set(BatchState)
    size = lists.per_page(request.args)
    number = lists.page_number(request.args)
    return render_template(
        "money/batches.html",
        waiting=lists.counts(session, actor, clock.today()),
        found=list_batches(session, actor, states=frozenset(states), page=number, per_page=size),
        state=wanted,
        states=lists.options(BatchState),
        size=size,
        may_make=actor.may(Permission.MAKE_BATCH),
        may_set_up=actor.may(Permission.SET_UP_SHEETS),
    )


@bp.route("/batches/new", methods=["GET", "POST"])
@may(Permission.MAKE_BATCH)
def new_batch() -> ResponseReturnValue:
    """Choose approved tranches that one body pays; ``recount`` only adds up what is chosen."""
    session, actor, today = db.session(), current_actor(), clock.today()
    ids = request.form.getlist("tranche", type=row_id) if request.method == "POST" else None
    wanted, source = request.values.get("payer", ""), request.values.get("source", "")
    shown = choice(session, actor, today, wanted, ids, source)
    form = Form()
    if ids is not None and "recount" not in request.form:
        with form.taking_refusals(Obstructed, LinesRefused, SamePerson):
            batch_id = make_batch(session, actor, ids, today)
            flash("批次已编制。核对无误后出表。")
            return redirect(url_for("money.batch", batch_id=batch_id))
    page = render_template(
        "money/new_batch.html",
        choice=shown,
        form=form,
        may_set_up=actor.may(Permission.SET_UP_SHEETS),
        may_correct=actor.may(Permission.PROPOSE_PAYMENT),
    )
    return page, 422 if form.form_errors else 200


@bp.get("/batches/<int:batch_id>")
@may(Permission.SEE_MONEY)
def batch(batch_id: int) -> ResponseReturnValue:
    """Show a batch with its lines and the next step."""
    return _batch_page(batch_id)


@bp.post("/batches/<int:batch_id>/discard")
@may(Permission.MAKE_BATCH)
def discard(batch_id: int) -> ResponseReturnValue:
    """Give up a draft."""
    discard_batch(db.session(), current_actor(), batch_id, clock.today())
    flash("批次已作废，款项回到“待入批次”。")
    return redirect(url_for("money.batch", batch_id=batch_id))


@bp.post("/batches/<int:batch_id>/issue")
@may(Permission.MAKE_BATCH)
def issue(batch_id: int) -> ResponseReturnValue:
    """Freeze a draft and print its sheet; a large one in the background."""
    form = Form()
    if form.validate_on_submit():
        name, lines = size_of(db.session(), current_actor(), batch_id)
        if lines > issue_work.MOST_AT_ONCE:
            asked = issue_work.asked_of(batch_id, name, lines)
            return redirect(start(issue_work.ISSUE, f"拨付批次 {name}", asked))
        with form.taking_refusals(Obstructed, LinesRefused, SamePerson):
            issue_batch(db.session(), current_actor(), batch_id, clock.today(), disbursement_sheet)
            flash("已出表，可以下载拨付表送银行或财政部门；拨付后回到本页登记。")
            return redirect(url_for("money.batch", batch_id=batch_id))
    return _batch_page(batch_id, form)


@bp.post("/batches/<int:batch_id>/void")
@may(Permission.MAKE_BATCH)
def void(batch_id: int) -> ResponseReturnValue:
    """Make an issued sheet void of which nothing is paid."""
    form = VoidForm()
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed, SamePerson):
            void_batch(db.session(), current_actor(), batch_id, form.reason.data, clock.today())
            flash("批次已作废，款项回到“待入批次”。请告知银行或财政部门不再按原拨付表办理。")
            return redirect(url_for("money.batch", batch_id=batch_id))
    return _batch_page(batch_id, void_form=form)


@bp.post("/batches/<int:batch_id>/reissue")
@may(Permission.MAKE_BATCH)
def make_anew(batch_id: int) -> ResponseReturnValue:
    """Make a draft of what a void batch held, to take its place."""
    form = Form()
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed, LinesRefused, SamePerson):
            made = reissue(db.session(), current_actor(), batch_id, clock.today())
            flash("已重新编制。核对无误后出表。")
            return redirect(url_for("money.batch", batch_id=made))
    return _batch_page(batch_id, form)


@bp.get("/batches/<int:batch_id>/sheet")
@may(Permission.SEE_MONEY)
def sheet(batch_id: int) -> ResponseReturnValue:
    """Hand out the sheet of an issued batch, the same bytes for ever."""
    name, content = issued_sheet(db.session(), current_actor(), batch_id)
    return send_workbook(BytesIO(content), name)


@bp.post("/batches/<int:batch_id>/book")
@may(Permission.BOOK_PAYMENT)
def book(batch_id: int) -> ResponseReturnValue:
    """Book every line of an issued batch that is not booked yet."""
    session, actor, today = db.session(), current_actor(), clock.today()
    lines = _view(batch_id).open_lines
    form = booking_form(lines)
    if form.validate_on_submit():
        with form.taking_refusals(SamePerson):
            booked = book_batch(session, actor, batch_id, form.common, form.each(lines), today)
            flash(f"已登记 {booked} 笔拨付，项目台账和期限已随之更新。")
            return redirect(url_for("money.batch", batch_id=batch_id))
    return _batch_page(batch_id, form)


def _view(batch_id: int) -> BatchView:
    number, came_to = lists.page_number(request.args), request.args.get("result", "")
    return batch_view(db.session(), current_actor(), batch_id, clock.today(), number, came_to)


def _batch_page(
    batch_id: int, form: Form | None = None, void_form: VoidForm | None = None
) -> ResponseReturnValue:
    """Show the page of a batch; a form is one that was refused, with what was typed."""
    view = _view(batch_id)
    empty = booking_form(view.open_lines, blank=void_form is not None) if view.is_issued else Form()
    page = render_template(
        "money/batch.html", view=view, form=form or empty, void_form=void_form or VoidForm(formdata=None)
    )
    return page, 422 if form is not None or void_form is not None else 200
