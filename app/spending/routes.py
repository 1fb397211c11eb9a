"""Spending of a project, and money that its parties pay or receive themselves."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import Any, NamedTuple

from flask import flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.files import store
from app.permissions import current_actor, may
from app.projects.asking import read_page
from app.spending.forms import (
    MOST_FORM_ROWS,
    ROWS,
    SpendingForm,
    TakeInForm,
    UploadForm,
    spending_form,
)
from app.spending.receipt_routes import bp
from app.spending.shown import sources_of
from app.steps import tab_url
from finance.overspent import list_overspent
from finance.spending import demand_entering, enter_spending, import_spending
from finance.spent import file_taken_in, over_budget, over_budget_words, twins
from lifecycle.attachments import StoredFile
from lifecycle.models import Project
from lifecycle.record import ProjectRecord
from lifecycle.refusals import Obstructed
from lifecycle.roles import Permission
from lifecycle.sums import money_of
from lifecycle.visibility import find_project
from lifecycle.whole import record_of
from reports.spending_book import SpendingBook, read_spending, spending_template

__all__ = ["bp"]

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_PREVIEWED = 200
"""Rows of a workbook that its preview shows."""

OVERSPENT_ON_A_PAGE = 50


class Entered(NamedTuple):
    """The project whose spending is entered, as it is now."""

    project: Project
    record: ProjectRecord


def _to_enter(number: str) -> Entered:
    """Return a project of which the actor may enter spending now; raises what stands against it."""
    session, actor = db.session(), current_actor()
    project = find_project(session, actor, number)
    record = record_of(session, project.id)
    demand_entering(session, actor, project.id, record)
    return Entered(project, record)


@bp.get("/new/<project:number>")
@may(Permission.ENTER_SPENDING)
def new(number: str) -> ResponseReturnValue:
    """Show the form by which spending is entered row by row."""
    entered = _to_enter(number)
    return _form_page(entered, spending_form(sources_of(entered.record), ROWS, blank=True))


@bp.post("/new/<project:number>")
@may(Permission.ENTER_SPENDING)
def enter(number: str) -> ResponseReturnValue:
    """Enter the rows that were filled in, all or none; or, where it was asked for, offer more rows."""
    entered, count = _to_enter(number), _count(request.form.get("count", ""))
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


@bp.get("/template.xlsx")
@may(Permission.ENTER_SPENDING)
def template() -> ResponseReturnValue:
    """Hand out the empty workbook of spending."""
    return send_file(
        BytesIO(spending_template()), XLSX, as_attachment=True, download_name="支出明细模板.xlsx"
    )


@bp.get("/import/<project:number>")
@may(Permission.ENTER_SPENDING)
def upload(number: str) -> ResponseReturnValue:
    """Ask for a workbook; where one was received, show what it says before anything is saved."""
    entered = _to_enter(number)
    if not request.args.get("file"):
        return render_template("spending/upload.html", project=entered.project, form=UploadForm())
    form = TakeInForm(request.args)
    if form.file.data is None:
        flash("这个文件已经过期，请重新选择。")
        return redirect(url_for("spending.upload", number=number))
    return _preview(entered, form, form.file.data)


@bp.post("/import/<project:number>")
@may(Permission.ENTER_SPENDING)
def receive(number: str) -> ResponseReturnValue:
    """Receive a workbook and go on to its preview."""
    entered, form = _to_enter(number), UploadForm()
    if form.validate_on_submit():
        (note, _file), *_ = form.file.notes
        return redirect(url_for("spending.upload", number=number, file=note))
    return render_template("spending/upload.html", project=entered.project, form=form), 422


@bp.post("/take-in/<project:number>")
@may(Permission.ENTER_SPENDING)
def take_in(number: str) -> ResponseReturnValue:
    """Take in a workbook that was looked at: all of its rows, or none."""
    entered, form = _to_enter(number), TakeInForm()
    if not form.validate_on_submit() or form.file.data is None:
        return render_template("spending/upload.html", project=entered.project, form=form), 422
    file, today = form.file.data, clock.today()
    book = _read(file, number)
    if book.is_sound:
        with form.taking_refusals(Obstructed):
            actor, again = current_actor(), bool(form.again.data)
            import_spending(db.session(), actor, number, book.rows, file, today, again=again)
            return _done(number, f"已从“{file.name}”导入 {len(book.rows)} 笔支出。")
    return _preview(entered, form, file), 422


def _read(file: StoredFile, number: str) -> SpendingBook:
    return read_spending(store().path(file.sha256), number, clock.today())


def _preview(entered: Entered, form: TakeInForm, file: StoredFile) -> str:
    session, project = db.session(), entered.project
    book = _read(file, project.number)
    there = twins(session, project.id, book.rows)
    as_it_would_be = replace(entered.record, spending=(*entered.record.spending, *book.rows))
    shown: list[dict[str, Any]] = [
        {"row": row, "spending": one, "there": twin}
        for row, one, twin in zip(book.numbers, book.rows, there, strict=True)
    ]
    return render_template(
        "spending/preview.html",
        project=project,
        form=form,
        file=file,
        book=book,
        # Rows that are there already first: they are what somebody has to look at.
        rows=sorted(shown, key=lambda one: not one["there"])[:MOST_PREVIEWED],
        twins=sum(there),
        total=sum(one.amount for one in book.rows),
        taken=file_taken_in(session, project.id, file.sha256),
        over=over_budget(as_it_would_be, clock.today()) if book.is_sound else [],
        most=MOST_PREVIEWED,
    )


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
