"""The routes of a workbook of spending: sent, looked at cell by cell, entered."""

from __future__ import annotations

from datetime import date
from io import BytesIO

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import clock
from app.longwork.pages import PATIENCE, download, folder, go_on, own, start, unfinished
from app.longwork.shown import ShownWork
from app.longwork.wrong_cells import A_PAGE, page_of_errors, read_errors, read_lines
from app.permissions import may, the_project
from app.projects.asking import read_page
from app.spending.book_work import ENTER, LOOK, MOST_SHOWN, asked_of
from app.spending.entering import to_enter
from app.spending.forms import TakeInForm, UploadForm
from app.spending.receipt_routes import bp
from app.workbooks import send_workbook
from lifecycle.models import WorkState
from lifecycle.roles import Permission
from reports.finding_sheet import write_errors
from reports.spending_book import spending_template

__all__ = ["bp"]

MEANT = "请先确认：这些支出不是重复登记的，请勾选后再导入。"


@bp.get("/template.xlsx")
@may(Permission.ENTER_SPENDING)
def template() -> ResponseReturnValue:
    """Hand out the empty workbook of spending."""
    file = BytesIO(spending_template())
    return send_workbook(file, "支出明细模板.xlsx")


@bp.get("/import/<project:number>")
@may(Permission.ENTER_SPENDING)
def upload(number: str) -> ResponseReturnValue:
    """Ask for a workbook."""
    return render_template("spending/upload.html", project=to_enter(number).project, form=UploadForm())


@bp.post("/import/<project:number>")
@may(Permission.ENTER_SPENDING)
def receive(number: str) -> ResponseReturnValue:
    """Receive a workbook and have it looked at."""
    entered, form = to_enter(number), UploadForm()
    file = form.file.data
    if form.validate_on_submit() and file is not None:
        asked = asked_of(entered.project.number, file)
        return redirect(start(LOOK, file.name, asked, digest=file.sha256, patience=PATIENCE))
    return render_template("spending/upload.html", project=entered.project, form=form), 422


@bp.get("/books/<book_key>")
@may(Permission.ENTER_SPENDING)
def book(book_key: str) -> ResponseReturnValue:
    """Show where a workbook stands: how far it is, what it says, what is wrong with it, or that it is in."""
    work = own(book_key, LOOK, ENTER)
    answer = unfinished(work)
    return _page(work, TakeInForm()) if answer is None else answer


@bp.get("/books/<book_key>/errors.xlsx")
@may(Permission.ENTER_SPENDING)
def book_errors(book_key: str) -> ResponseReturnValue:
    """Hand out every wrong cell of a workbook as a list."""
    work, file = own(book_key, LOOK, ENTER), BytesIO()
    errors = read_errors(folder().rows(book_key)) if work.state is WorkState.REFUSED else ()
    write_errors(file, errors, file_name=work.name)
    return download(file, f"需要改正的单元格-{clock.today()}.xlsx")


@bp.post("/books/<book_key>/enter")
@may(Permission.ENTER_SPENDING)
def take_in(book_key: str) -> ResponseReturnValue:
    """Enter a workbook that was looked at: all of its rows, or none; pressed again, show how far that is."""
    work, form = own(book_key, LOOK, ENTER), TakeInForm()
    if work.kind is LOOK and work.is_done:
        if _must_be_meant(work) and not form.again.data:
            form.again.errors = [MEANT]
            return _page(work, form), 422
        asked = {**work.parameters, "again": bool(form.again.data)}
        go_on(work, ENTER, asked, patience=PATIENCE)
    return redirect(work.url)


def _must_be_meant(work: ShownWork) -> bool:
    return bool(work.result["twins"] or work.result["taken"])


def _page(work: ShownWork, form: TakeInForm) -> str:
    project = the_project(work.parameters["number"])
    rows = folder().rows(work.key)
    if work.state is WorkState.REFUSED:
        errors = page_of_errors(rows, work.result["errors"], read_page(request.args))
        return render_template(
            "spending/refused.html", project=project, work=work, errors=errors, size=A_PAGE, form=UploadForm()
        )
    if work.kind is ENTER:
        return render_template("spending/imported.html", project=project, work=work)
    shown = [(row, twin, date.fromisoformat(on), *more) for row, twin, on, *more in read_lines(rows)]
    must = _must_be_meant(work)
    return render_template(
        "spending/preview.html",
        project=project,
        work=work,
        form=form,
        rows=shown,
        must_be_meant=must,
        most=MOST_SHOWN,
    )
