"""Taking spending back, recording and confirming what arrives, and stating the separate account."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.forms import Form
from app.permissions import current_actor, may
from app.spending.forms import AccountForm, ConfirmForm, ReceiptForm, ReverseForm, UndoForm
from app.steps import tab_url
from finance.accounts import STATERS, state_account, statement_of
from finance.receipts import WHO, confirm_receipt, find_receipt, record_receipt, undo_receipt
from finance.spending import demand_reversing, find_spending, reverse_spending
from finance.spent import shown_spending
from lifecycle.attachments import attachments_of
from lifecycle.models import Project, User
from lifecycle.money import Fen
from lifecycle.record import FISCAL
from lifecycle.refusals import IllegalTransition, Obstructed
from lifecycle.roles import Permission
from lifecycle.stages import TrancheState
from lifecycle.visibility import acting_as, demand_acting_as, find_project
from lifecycle.whole import record_of

bp = Blueprint("spending", __name__, url_prefix="/spending")


@bp.get("/<int:spending_id>/reverse")
@may(Permission.ENTER_SPENDING)
def reversal(spending_id: int) -> ResponseReturnValue:
    """Show a row of spending and the form that takes it back."""
    return _reversal_page(spending_id, ReverseForm())


@bp.post("/<int:spending_id>/reverse")
@may(Permission.ENTER_SPENDING)
def reverse(spending_id: int) -> ResponseReturnValue:
    """Take a row of spending back."""
    form, session, actor = ReverseForm(), db.session(), current_actor()
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed):
            reverse_spending(session, actor, spending_id, form.reason.data, clock.today())
            row = find_spending(session, actor, spending_id)
            flash("已冲销。更正后的支出请重新登记。")
            return redirect(tab_url(session.get_one(Project, row.project_id).number, "money"))
    return _reversal_page(spending_id, form), 422


def _reversal_page(spending_id: int, form: ReverseForm) -> str:
    session, actor = db.session(), current_actor()
    row = find_spending(session, actor, spending_id)
    demand_reversing(session, actor, row.project_id, record_of(session, row.project_id))
    project, shown = session.get_one(Project, row.project_id), shown_spending(session, spending_id)
    return render_template("spending/reverse.html", project=project, row=shown, form=form)


@bp.get("/receipts/<int:tranche_id>")
@may(Permission.RECORD_RECEIPT)
def receipt(tranche_id: int) -> ResponseReturnValue:
    """Show what has arrived of a tranche, and the form of whoever may say so."""
    return _receipt_page(tranche_id)


@bp.post("/receipts/<int:tranche_id>/record")
@may(Permission.RECORD_RECEIPT)
def record(tranche_id: int) -> ResponseReturnValue:
    """Record that the party's own money has arrived."""
    form = ReceiptForm()

    def act() -> None:
        amount: Fen = form.amount.data or 0
        on, voucher, files = form.on.data, form.voucher.data, form.files.data
        record_receipt(db.session(), current_actor(), tranche_id, amount, on, voucher, clock.today(), files)

    return _done_or_again(tranche_id, form, act, "已登记到账。")


@bp.post("/receipts/<int:tranche_id>/confirm")
@may(Permission.RECORD_RECEIPT)
def confirm(tranche_id: int) -> ResponseReturnValue:
    """Confirm that public money has arrived."""
    form = ConfirmForm()

    def act() -> None:
        confirm_receipt(db.session(), current_actor(), tranche_id, form.on.data, clock.today())

    return _done_or_again(tranche_id, form, act, "已确认到账。")


@bp.post("/receipts/<int:tranche_id>/undo")
@may(Permission.UNDO_RECEIPT)
def undo(tranche_id: int) -> ResponseReturnValue:
    """Take back what was recorded by mistake."""
    form = UndoForm()

    def act() -> None:
        undo_receipt(db.session(), current_actor(), tranche_id, form.reason.data, clock.today())

    return _done_or_again(tranche_id, form, act, "已撤销。")


def _done_or_again(tranche_id: int, form: Form, act: Callable[[], None], words: str) -> ResponseReturnValue:
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed, IllegalTransition):
            act()
            flash(words)
            found = find_receipt(db.session(), current_actor(), tranche_id)
            return redirect(tab_url(found.project.number, "money"))
    return _receipt_page(tranche_id, form), 422


def _receipt_page(tranche_id: int, form: Form | None = None) -> str:
    session, actor = db.session(), current_actor()
    found = find_receipt(session, actor, tranche_id)
    tranche, payment, record = found.tranche, found.payment, found.record
    hers = acting_as(session, actor, tranche.project_id, *WHO[tranche.source])
    running = record.signed_on is not None and record.concluded_on is None
    paid, public = tranche.state is TrancheState.PAID, tranche.source in FISCAL
    arrived = (payment is not None and payment.received_on is not None) if public else paid
    wanted: type[Form] | None = None
    if hers and running and not arrived and (paid if public else tranche.state is TrancheState.PLANNED):
        wanted = ConfirmForm if public else ReceiptForm
    undoes = running and arrived and actor.may(Permission.UNDO_RECEIPT)
    undo_form = form if isinstance(form, UndoForm) else UndoForm(formdata=None)
    booked_by = payment.received_by_id if payment and public else payment and payment.booked_by_id
    return render_template(
        "spending/receipt.html",
        found=found,
        public=public,
        arrived=arrived,
        booked_by=session.get(User, booked_by) if booked_by else None,
        files=attachments_of(session, tranche.project_id, "receipt", tranche.id),
        form=form if wanted and isinstance(form, wanted) else wanted(formdata=None) if wanted else None,
        undo_form=undo_form if undoes else None,
        refused=form.form_errors if form is not None and wanted is None and not undoes else [],
    )


@bp.get("/account/<project:number>")
@may(Permission.RECORD_RECEIPT)
def account(number: str) -> ResponseReturnValue:
    """Show what was stated of a project's separate account, and the form to state it."""
    return _account_page(number, None)


@bp.post("/account/<project:number>")
@may(Permission.RECORD_RECEIPT)
def state(number: str) -> ResponseReturnValue:
    """State whether the project's money is kept in an account of its own."""
    form = AccountForm()
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed):
            kept, words = form.kept.data == "yes", form.account.data or ""
            state_account(db.session(), current_actor(), number, kept, words, clock.today(), form.files.data)
            flash("已登记专账管理情况。")
            return redirect(tab_url(number, "money"))
    return _account_page(number, form), 422


def _account_page(number: str, form: AccountForm | None) -> str:
    session, actor = db.session(), current_actor()
    project = find_project(session, actor, number)
    demand_acting_as(session, actor, project.id, *STATERS)
    statement = statement_of(session, project.id)
    if form is None:
        words = {True: "yes", False: "no", None: None}[project.separate_account]
        form = AccountForm(formdata=None, kept=words, account=statement.account if statement else "")
    files = attachments_of(session, project.id, "account", project.id)
    return render_template(
        "spending/account.html", project=project, statement=statement, form=form, files=files
    )
