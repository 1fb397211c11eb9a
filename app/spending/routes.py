"""Spending of a project, and money that its parties pay or receive themselves."""

from __future__ import annotations

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.permissions import current_actor, may
from app.projects.asking import read_page
from app.spending.book_routes import bp
from app.spending.entering import Entered, to_enter
from app.spending.forms import MOST_FORM_ROWS, ROWS, SpendingForm, spending_form
from app.spending.shown import sources_of
from app.steps import tab_url
from finance.overspent import list_overspent
from finance.spending import enter_spending
from finance.spent import over_budget, over_budget_words
from lifecycle.refusals import Obstructed
from lifecycle.roles import Permission
from lifecycle.sums import money_of
from lifecycle.visibility import find_project
from lifecycle.whole import record_of

__all__ = ["bp"]

OVERSPENT_ON_A_PAGE = 50


@bp.get("/new/<project:number>")
@may(Permission.ENTER_SPENDING)
def new(number: str) -> ResponseReturnValue:
    """Show the form by which spending is entered row by row."""
    entered = to_enter(number)
    return _form_page(entered, spending_form(sources_of(entered.record), ROWS, blank=True))


@bp.post("/new/<project:number>")
@may(Permission.ENTER_SPENDING)
def enter(number: str) -> ResponseReturnValue:
    """Enter the rows that were filled in, all or none; or, where it was asked for, offer more rows."""
    entered, count = to_enter(number), _count(request.form.get("count", ""))
    if "more" in request.form:
        more = spending_form(sources_of(entered.record), min(count + ROWS, MOST_FORM_ROWS))
        return _form_page(entered, more), 422
    form = spending_form(sources_of(entered.record), count)
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed):
            rows, files, again = form.spending, form.files.data, form.again.data
            enter_spending(
                db.session(), current_actor(), number, rows, clock.today(), files=files, again=again
            )
            return _done(number, f"已登记 {len(rows)} 笔支出。")
    return _form_page(entered, form), 422


def _count(text: str) -> int:
    return min(int(text), MOST_FORM_ROWS) if text.isascii() and text.isdigit() and len(text) < 4 else ROWS


def _form_page(entered: Entered, form: SpendingForm) -> str:
    return render_template(
        "spending/new.html",
        project=entered.project,
        form=form,
        money=money_of(entered.record, clock.today()),
        may_add=form.size < MOST_FORM_ROWS,
    )


def _done(number: str, words: str) -> ResponseReturnValue:
    """Go to the money tab, saying what was done and what is over the budget now."""
    record = record_of(db.session(), find_project(db.session(), current_actor(), number).id)
    over = over_budget(record, clock.today())
    flash(words + (f"请注意：{over_budget_words(over)}。" if over else ""))
    return redirect(tab_url(number, "money"))


@bp.get("/over-budget")
@may(Permission.SEE_MONEY)
def overspent() -> ResponseReturnValue:
    """List everything on which more was spent than budgeted, the most first."""
    found = list_overspent(db.session(), current_actor(), clock.today())
    pages = max(1, -(-len(found) // OVERSPENT_ON_A_PAGE))
    page = min(max(1, read_page(request.args)), pages)
    rows = found[(page - 1) * OVERSPENT_ON_A_PAGE : page * OVERSPENT_ON_A_PAGE]
    return render_template(
        "spending/overspent.html",
        rows=rows,
        count=len(found),
        page_number=page,
        pages=pages,
        size=OVERSPENT_ON_A_PAGE,
    )
