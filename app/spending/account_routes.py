"""Stage accounts: drawn up, confirmed in the unit's name, accepted or returned by the bureau, handed out."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.forms import Form
from app.permissions import current_actor, may
from app.spending.account_standing import Standing, standing_of
from app.spending.forms import BackForm, BankForm, DrawForm
from app.spending.receipt_routes import bp
from app.workbooks import send_workbook
from finance.spent import ENTERERS
from finance.stage_account import (
    Bank,
    accept_account,
    confirm_account,
    draw_account,
    figures_now,
    return_account,
    send_back,
    words_of,
)
from lifecycle.models import Project
from lifecycle.refusals import IllegalTransition, Obstructed
from lifecycle.roles import Permission
from lifecycle.visibility import demand_acting_as, find_project
from lifecycle.whole import record_of
from reports.account_statement import account_book


@bp.get("/accounts/of/<project:number>")
@may(Permission.ENTER_SPENDING)
def draw(number: str) -> ResponseReturnValue:
    """Show the form by which an account is drawn up."""
    project = _to_draw(number)
    return _draw_page(project, DrawForm(formdata=None, as_of=clock.today()))


@bp.post("/accounts/of/<project:number>")
@may(Permission.ENTER_SPENDING)
def draw_up(number: str) -> ResponseReturnValue:
    """Draw an account up as of the day given; it then waits for the unit's finance person."""
    project, form = _to_draw(number), DrawForm()
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed):
            today, files = clock.today(), form.files.data
            made = draw_account(
                db.session(), current_actor(), number, form.as_of.data, form.bank, today, files
            )
            flash("已编制，等待单位财务确认。")
            return redirect(url_for("spending.stage_account", account_id=made))
    return _draw_page(project, form), 422


def _to_draw(number: str) -> Project:
    session, actor = db.session(), current_actor()
    project = find_project(session, actor, number)
    demand_acting_as(session, actor, project.id, *ENTERERS)
    return project


def _draw_page(project: Project, form: DrawForm) -> str:
    record, as_of = record_of(db.session(), project.id), form.as_of.data or clock.today()
    figures = figures_now(db.session(), project.id, record, as_of)
    return render_template(
        "spending/draw.html", project=project, form=form, figures=figures, figures_of=as_of
    )


@bp.get("/accounts/<int:account_id>")
@may(Permission.SEE_PROJECTS)
def stage_account(account_id: int) -> ResponseReturnValue:
    """Show an account, its figures then and now, and the button of whoever's turn it is."""
    return _page(standing_of(account_id), None)


@bp.post("/accounts/<int:account_id>/confirm")
@may(Permission.CONFIRM_ACCOUNT)
def confirm_stage_account(account_id: int) -> ResponseReturnValue:
    """Confirm an account in the unit's name and hand it to the bureau."""
    form = BankForm()

    def act() -> None:
        files, seen, today = form.files.data, form.seen.data or "", clock.today()
        confirm_account(db.session(), current_actor(), account_id, form.bank, seen, today, files)

    return _done_or_again(account_id, form, act, "已确认，报区科技局财务接收。")


@bp.post("/accounts/<int:account_id>/send-back")
@may(Permission.CONFIRM_ACCOUNT)
def send_stage_account_back(account_id: int) -> ResponseReturnValue:
    """Give an account back to whoever drew it up."""
    form = BackForm()

    def act() -> None:
        send_back(db.session(), current_actor(), account_id, form.note.data, clock.today())

    return _done_or_again(account_id, form, act, "已退回编制人。")


@bp.post("/accounts/<int:account_id>/accept")
@may(Permission.ACCEPT_ACCOUNT)
def accept_stage_account(account_id: int) -> ResponseReturnValue:
    """Accept an account as the unit confirmed it."""
    form = Form()

    def act() -> None:
        accept_account(db.session(), current_actor(), account_id, clock.today())

    return _done_or_again(account_id, form, act, "已接收。")


@bp.post("/accounts/<int:account_id>/return")
@may(Permission.ACCEPT_ACCOUNT)
def return_stage_account(account_id: int) -> ResponseReturnValue:
    """Return an account to the unit, saying why."""
    form = BackForm()

    def act() -> None:
        return_account(db.session(), current_actor(), account_id, form.note.data, clock.today())

    return _done_or_again(account_id, form, act, "已退回承担单位。")


def _done_or_again(account_id: int, form: Form, act: Callable[[], None], words: str) -> ResponseReturnValue:
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed, IllegalTransition):
            act()
            flash(words)
            return redirect(url_for("spending.stage_account", account_id=account_id))
    return _page(standing_of(account_id), form), 422


def _page(standing: Standing, form: Form | None) -> str:
    account = standing.account
    bank = Bank(account.bank_balance_fen, account.difference_note or "")
    confirm = BankForm(formdata=None, balance=bank.balance, note=bank.note)
    if isinstance(form, BankForm):
        confirm = form
    confirm.seen.data = standing.figures.digest
    back = form if isinstance(form, BackForm) else BackForm(formdata=None)
    plain = form is not None and not isinstance(form, (BankForm, BackForm))
    return render_template(
        "spending/stage_account.html",
        it=standing,
        account=account,
        confirm_form=confirm,
        back_form=back,
        refused=form.form_errors if form is not None and plain else [],
    )


@bp.get("/accounts/<int:account_id>/print")
@may(Permission.SEE_PROJECTS)
def print_stage_account(account_id: int) -> ResponseReturnValue:
    """Show an account for paper."""
    it = standing_of(account_id)
    return render_template("spending/account_print.html", it=it, account=it.account, printed_on=clock.today())


@bp.get("/accounts/<int:account_id>/account.xlsx")
@may(Permission.SEE_PROJECTS)
def export_stage_account(account_id: int) -> ResponseReturnValue:
    """Hand out an account as a workbook."""
    it = standing_of(account_id)
    account, project = it.account, it.project
    note = f"{project.number} {project.lead_unit}；{words_of(account)}；{account.state}"
    bank, reason = account.bank_balance_fen, account.difference_note or ""
    content = account_book(it.figures, bank, reason, title=project.title, note=note)
    name = f"阶段账目-{project.number}-{account.as_of}.xlsx"
    return send_workbook(BytesIO(content), name)
