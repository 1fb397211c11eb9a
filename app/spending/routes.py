"""Spending of a project, and money that its parties pay or receive themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.permissions import current_actor, may
from app.spending import account_routes, list_routes, statement_routes
from app.spending.book_routes import bp
from app.spending.entering import Entered, to_enter
from app.spending.forms import MOST_FORM_ROWS, ROWS, SpendingForm, spending_form
from app.spending.shown import sources_of
from app.steps import tab_url
from finance.spending import enter_spending
from finance.spent import all_over_budget, over_after
from lifecycle.money import yuan
from lifecycle.refusals import Obstructed
from lifecycle.roles import Permission
from lifecycle.sums import money_of
from lifecycle.visibility import find_project
from lifecycle.whole import record_of

__all__ = ["account_routes", "bp", "list_routes", "statement_routes"]


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
    if "check" in request.form:
        return _form_page(entered, form), 422
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed):
            rows, files, again = form.spending, form.files.data, form.again.data
            enter_spending(
                db.session(), current_actor(), number, rows, clock.today(), files=files, again=again
            )
            return _done(number, f"已登记 {len(rows)} 笔支出。")
    return _form_page(entered, form), 422


@bp.post("/check/<project:number>")
@may(Permission.ENTER_SPENDING)
def check(number: str) -> ResponseReturnValue:
    """Show what the budget would be after the rows that are being typed; nothing is entered."""
    entered, count = to_enter(number), _count(request.form.get("count", ""))
    ahead = _ahead(entered, spending_form(sources_of(entered.record), count))
    return render_template("spending/ahead.html", **ahead)


def _ahead(entered: Entered, form: SpendingForm) -> dict[str, Any]:
    """Return the budget as it would be with the sound rows of the form, and what goes over it."""
    record, today, rows = entered.record, clock.today(), form.sound()
    places, new = list(rows), list(rows.values())
    after = replace(record, spending=(*record.spending, *new))
    return {
        "ahead": money_of(after, today),
        "typed": len(new),
        "warned": [(places[at] + 1, one) for at, one in over_after(record, new, today)],
    }


def _count(text: str) -> int:
    return min(int(text), MOST_FORM_ROWS) if text.isascii() and text.isdigit() and len(text) < 4 else ROWS


def _form_page(entered: Entered, form: SpendingForm) -> str:
    return render_template(
        "spending/new.html",
        project=entered.project,
        form=form,
        may_add=form.size < MOST_FORM_ROWS,
        **_ahead(entered, form),
    )


def _done(number: str, words: str) -> ResponseReturnValue:
    """Go to the money tab, saying what was done and what is over the budget now."""
    record = record_of(db.session(), find_project(db.session(), current_actor(), number).id)
    over = all_over_budget(record, clock.today())
    told = "，".join(f"{one.what}超预算 {yuan(one.over)} 元" for one in over)
    flash(words + (f"请注意：{told}。" if over else ""))
    return redirect(tab_url(number, "money"))
