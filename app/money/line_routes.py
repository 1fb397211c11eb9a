"""The routes of one line of a batch: out of a draft, paid, not paid, and taken back."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.forms import Form
from app.money.batch_routes import bp
from app.money.forms import BookLineForm, FailForm, ReversalForm
from app.permissions import current_actor, may
from finance.batching import remove_line as remove_from_batch
from finance.booking import book_payment, fail_line
from finance.lookups import find_line
from finance.models import BatchLine
from finance.reversing import reverse_payment, reversible
from finance.states import BatchState, LineResult
from lifecycle.refusals import Obstructed, SamePerson
from lifecycle.roles import Permission

__all__ = ["bp"]


@bp.post("/lines/<int:line_id>/remove")
@may(Permission.MAKE_BATCH)
def remove_line(line_id: int) -> ResponseReturnValue:
    """Take a line out of a draft."""
    back = _back(find_line(db.session(), current_actor(), line_id))
    remove_from_batch(db.session(), current_actor(), line_id)
    flash("已移出批次，款项回到“待入批次”。")
    return redirect(back)


@bp.route("/lines/<int:line_id>/book", methods=["GET", "POST"])
@may(Permission.BOOK_PAYMENT)
def book_line(line_id: int) -> ResponseReturnValue:
    """Book one line alone, where the others of its batch are not paid yet."""
    line, form = find_line(db.session(), current_actor(), line_id), BookLineForm()
    if form.validate_on_submit():
        with form.taking_refusals(SamePerson):
            typed = (form.voucher.data, form.paid_on.data)
            book_payment(db.session(), current_actor(), line_id, *typed, clock.today())
            flash("已登记 1 笔拨付，项目台账和期限已随之更新。")
            return redirect(_back(line))
    return _line_page(line, form, "登记拨付")


@bp.route("/lines/<int:line_id>/fail", methods=["GET", "POST"])
@may(Permission.BOOK_PAYMENT)
def fail(line_id: int) -> ResponseReturnValue:
    """Book that one line was not paid."""
    line, form = find_line(db.session(), current_actor(), line_id), FailForm()
    if form.validate_on_submit():
        with form.taking_refusals(SamePerson):
            typed = (form.reason.data, form.paid_on.data)
            fail_line(db.session(), current_actor(), line_id, *typed, clock.today())
            flash("已登记未拨出，款项回到“待入批次”，可以编入下一批次。")
            return redirect(_back(line))
    return _line_page(line, form, "登记未拨出")


@bp.route("/lines/<int:line_id>/reverse", methods=["GET", "POST"])
@may(Permission.BOOK_PAYMENT)
def reverse(line_id: int) -> ResponseReturnValue:
    """Take the payment of one line back; what stands against it is shown before the button."""
    session, actor, form = db.session(), current_actor(), ReversalForm()
    line = find_line(session, actor, line_id)
    back = _back(line)
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed, SamePerson):
            typed = (form.reason.data, form.voucher.data, form.on.data)
            reverse_payment(session, actor, line_id, *typed, clock.today())
            flash("已冲正，款项回到“待入批次”。")
            return redirect(back)
    elif line.result is not LineResult.PAID:
        return redirect(back)
    found = reversible(session, actor, line_id)
    page = render_template("money/reversal.html", found=found, line=found.line, form=form, back=back)
    return page, 422 if form.errors else 200


def _back(line: BatchLine) -> str:
    return url_for("money.batch", batch_id=line.batch_id)


def _line_page(line: BatchLine, form: Form, act: str) -> ResponseReturnValue:
    """Show the page of a line of which nobody knows yet what came."""
    if not form.is_submitted() and (line.result is not None or line.batch.state is not BatchState.ISSUED):
        return redirect(_back(line))
    page = render_template("money/line.html", line=line, form=form, act=act, back=_back(line))
    return page, 422 if form.errors else 200
