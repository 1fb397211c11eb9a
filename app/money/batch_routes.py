"""The routes of batches: making one, its draft, its sheet, booking what was paid."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.forms import Form
from app.money import lists
from app.money.choosing import choice
from app.money.drafting import batch_view
from app.money.forms import BookLineForm, booking_form
from app.permissions import current_actor, may
from finance.batches import issued_sheet, list_batches
from finance.batching import discard_batch, make_batch
from finance.batching import remove_line as remove_from_batch
from finance.booking import book_batch, book_payment
from finance.issuing import issue_batch
from finance.lookups import find_line
from finance.refusals import LinesRefused
from finance.states import BatchState
from lifecycle.refusals import Obstructed, SamePerson
from lifecycle.roles import Permission
from lifecycle.stages import TrancheState
from reports.sheet import disbursement_sheet

bp = Blueprint("money", __name__, url_prefix="/money")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


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
    """Choose approved tranches of one source; ``recount`` only adds up what is chosen."""
    session, actor, today = db.session(), current_actor(), clock.today()
    ids = request.form.getlist("tranche", type=int) if request.method == "POST" else None
    shown = choice(session, actor, today, request.values.get("source", ""), ids)
    form = Form()
    if ids is not None and "recount" not in request.form:
        with form.taking_refusals(Obstructed, LinesRefused, SamePerson):
            batch_id = make_batch(session, actor, ids, today)
            flash("批次已编制。核对无误后出表。")
            return redirect(url_for("money.batch", batch_id=batch_id))
    page = render_template("money/new_batch.html", choice=shown, form=form)
    return page, 422 if form.form_errors else 200


@bp.get("/batches/<int:batch_id>")
@may(Permission.SEE_MONEY)
def batch(batch_id: int) -> ResponseReturnValue:
    """Show a batch with its lines and the next step."""
    return _batch_page(batch_id)


@bp.post("/lines/<int:line_id>/remove")
@may(Permission.MAKE_BATCH)
def remove_line(line_id: int) -> ResponseReturnValue:
    """Take a line out of a draft."""
    batch_id = find_line(db.session(), current_actor(), line_id).batch_id
    remove_from_batch(db.session(), current_actor(), line_id)
    flash("已移出批次，款项回到“待入批次”。")
    return redirect(url_for("money.batch", batch_id=batch_id))


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
    """Freeze a draft and print its sheet."""
    form = Form()
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed, LinesRefused, SamePerson):
            issue_batch(db.session(), current_actor(), batch_id, clock.today(), disbursement_sheet)
            flash("已出表，可以下载拨付表送银行或财政部门；拨付后回到本页登记。")
            return redirect(url_for("money.batch", batch_id=batch_id))
    return _batch_page(batch_id, form)


@bp.get("/batches/<int:batch_id>/sheet")
@may(Permission.SEE_MONEY)
def sheet(batch_id: int) -> ResponseReturnValue:
    """Hand out the sheet of an issued batch, the same bytes for ever."""
    name, content = issued_sheet(db.session(), current_actor(), batch_id)
    return send_file(BytesIO(content), XLSX, as_attachment=True, download_name=name)


@bp.post("/batches/<int:batch_id>/book")
@may(Permission.BOOK_PAYMENT)
def book(batch_id: int) -> ResponseReturnValue:
    """Book every line of an issued batch that is not booked yet."""
    session, actor, today = db.session(), current_actor(), clock.today()
    lines = batch_view(session, actor, batch_id, today, lists.page_number(request.args)).open_lines
    form = booking_form(lines)
    if form.validate_on_submit():
        with form.taking_refusals(SamePerson):
            booked = book_batch(session, actor, batch_id, form.common, form.each(lines), today)
            flash(f"已登记 {booked} 笔拨付，项目台账和期限已随之更新。")
            return redirect(url_for("money.batch", batch_id=batch_id))
    return _batch_page(batch_id, form)


@bp.route("/lines/<int:line_id>/book", methods=["GET", "POST"])
@may(Permission.BOOK_PAYMENT)
def book_line(line_id: int) -> ResponseReturnValue:
    """Book one line alone, where the others of its batch are not paid yet."""
    line = find_line(db.session(), current_actor(), line_id)
    back = url_for("money.batch", batch_id=line.batch_id)
    if request.method == "GET" and line.tranche.state is not TrancheState.ISSUED:
        return redirect(back)
    form = BookLineForm()
    if form.validate_on_submit():
        with form.taking_refusals(SamePerson):
            typed = (form.voucher.data, form.paid_on.data)
            book_payment(db.session(), current_actor(), line_id, *typed, clock.today())
            flash("已登记 1 笔拨付，项目台账和期限已随之更新。")
            return redirect(back)
    return render_template("money/line.html", line=line, form=form, back=back), 422 if form.errors else 200


def _batch_page(batch_id: int, form: Form | None = None) -> ResponseReturnValue:
    """Show the page of a batch; ``form`` is one that was refused, with what was typed."""
    view = batch_view(db.session(), current_actor(), batch_id, clock.today(), lists.page_number(request.args))
    empty = booking_form(view.open_lines) if view.is_issued else Form()
    page = render_template("money/batch.html", view=view, form=form or empty)
    return page, 422 if form is not None else 200
