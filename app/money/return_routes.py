"""The routes of returned sheets: uploading what came back, looking at it, booking it in one press."""

from __future__ import annotations

from io import BytesIO

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.money import lists, return_work
from app.money.batch_routes import bp
from app.money.return_cells import at_cells
from app.money.return_forms import BookReturnForm, ReturnedForm
from app.permissions import current_actor, may
from app.workbooks import send_workbook
from finance.lookups import find_batch
from finance.returned_lines import BARRED, Heap, NotTheSheet
from finance.returning import book_returned, drop_returned, find_returned
from finance.returns import HeapPage, ShownReturn, list_returns, show_returned
from lifecycle.refusals import Obstructed, SamePerson
from lifecycle.roles import Permission
from reports.ledger.errors import NotAWorkbook
from reports.returned.taking import take_returned

_ATTENTION = (*BARRED, Heap.PAID, Heap.FAILED, Heap.OPEN, Heap.MISSING, Heap.SETTLED)
"""The order in which a heap is opened by itself: first what needs somebody."""


@bp.get("/batches/<int:batch_id>/returns")
@may(Permission.SEE_MONEY)
def returns(batch_id: int) -> ResponseReturnValue:
    """Show what came back of a batch, and where to upload what comes next."""
    return _returns_page(batch_id, ReturnedForm(formdata=None))


@bp.post("/batches/<int:batch_id>/returns")
@may(Permission.BOOK_PAYMENT)
def take(batch_id: int) -> ResponseReturnValue:
    """Read a workbook that came back; nothing is booked yet."""
    form = ReturnedForm()
    if form.validate_on_submit():
        if len(form.content) > return_work.MOST_AT_ONCE:
            find_batch(db.session(), current_actor(), batch_id)
            return redirect(return_work.begin(batch_id, form.file_name, form.content))
        with form.taking_refusals(NotAWorkbook, NotTheSheet, Obstructed):
            given = (batch_id, form.file_name, form.content, clock.today())
            returned_id = take_returned(db.session(), current_actor(), *given)
            return redirect(url_for("money.returned", returned_id=returned_id))
    return _returns_page(batch_id, form)


@bp.get("/returned/<int:returned_id>")
@may(Permission.SEE_MONEY)
def returned(returned_id: int) -> ResponseReturnValue:
    """Show what was read of a returned sheet, heap by heap, before anything is booked."""
    return _returned_page(returned_id, BookReturnForm(formdata=None))


@bp.get("/returned/<int:returned_id>/workbook.xlsx")
@may(Permission.SEE_MONEY)
def returned_workbook(returned_id: int) -> ResponseReturnValue:
    """Hand out a returned sheet as it came, byte for byte."""
    found = find_returned(db.session(), current_actor(), returned_id, with_workbook=True)
    return send_workbook(BytesIO(found.workbook), found.file_name)


@bp.post("/returned/<int:returned_id>/book")
@may(Permission.BOOK_PAYMENT)
def book_return(returned_id: int) -> ResponseReturnValue:
    """Book everything that a returned sheet says, all or nothing; a large one in the background."""
    session, actor, form = db.session(), current_actor(), BookReturnForm()
    if form.validate_on_submit():
        leave_out = bool(form.leave_out.data)
        shown = show_returned(session, actor, returned_id)
        if return_work.is_large(shown) and (leave_out or not shown.barred):
            return redirect(return_work.begin_booking(shown, leave_out))
        with form.taking_refusals(Obstructed, SamePerson), at_cells(session, actor, returned_id):
            booked = book_returned(session, actor, returned_id, leave_out, clock.today())
            flash(f"已按回执登记 {booked} 笔，项目台账和期限已随之更新。")
            return redirect(url_for("money.returned", returned_id=returned_id))
    return _returned_page(returned_id, form)


@bp.post("/returned/<int:returned_id>/drop")
@may(Permission.BOOK_PAYMENT)
def drop(returned_id: int) -> ResponseReturnValue:
    """Give a returned sheet up without booking it."""
    drop_returned(db.session(), current_actor(), returned_id)
    flash("已放弃这份回执，没有登记任何款项。")
    batch_id = find_returned(db.session(), current_actor(), returned_id).batch_id
    return redirect(url_for("money.returns", batch_id=batch_id))


def _returns_page(batch_id: int, form: ReturnedForm) -> ResponseReturnValue:
    actor = current_actor()
    batch, rows = list_returns(db.session(), actor, batch_id)
    may_book = actor.may(Permission.BOOK_PAYMENT)
    page = render_template("money/returns.html", batch=batch, rows=rows, form=form, may_book=may_book)
    return page, 422 if form.errors else 200


def _returned_page(returned_id: int, form: BookReturnForm) -> ResponseReturnValue:
    actor = current_actor()
    shown = show_returned(db.session(), actor, returned_id)
    page = render_template(
        "money/returned.html",
        shown=shown,
        heap=_heap_asked(shown),
        form=form,
        may_book=actor.may(Permission.BOOK_PAYMENT),
        about=_ABOUT,
    )
    return page, 422 if form.errors else 200


def _heap_asked(shown: ShownReturn) -> HeapPage | None:
    """Return a page of the heap asked for, else of the first that needs somebody."""
    there = {one.heap for one in shown.heaps}
    wanted = request.args.get("heap", "")
    asked = Heap(wanted) if wanted in set(Heap) else None
    heap = asked if asked in there else next((one for one in _ATTENTION if one in there), None)
    return shown.page_of(heap, lists.page_number(request.args)) if heap else None


_ABOUT = {
    Heap.PAID: "将登记为已拨付",
    Heap.FAILED: "将登记为未拨出，款项退回“待入批次”",
    Heap.OPEN: "没有填办理结果，保持待登记",
    Heap.FAULTY: "办理结果、日期、凭证号或原因填写有误，不登记",
    Heap.ALTERED: "与出表时的内容不一致，不登记",
    Heap.TWICE: "同一笔出现在几行，不登记",
    Heap.UNKNOWN: "不是本批次的款项，不登记",
    Heap.MISSING: "回执中没有这一笔，保持待登记",
    Heap.SETTLED: "已经登记过，不再重复登记",
}
