"""The routes of layouts: how the office lets its disbursement sheets look."""

from __future__ import annotations

from io import BytesIO

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.menu import agency_name
from app.money.batch_routes import bp
from app.money.layout_forms import LayoutForm
from app.permissions import current_actor, may
from app.workbooks import send_workbook
from finance.layouts import (
    find_layout,
    keep_layout,
    list_layouts,
    use_layout,
    use_standard,
)
from finance.payers import payers
from lifecycle.roles import Permission
from reports.sheet import disbursement_sheet
from reports.sheet.layout import read_layout, told_columns
from reports.sheet.marks import LINE_MARKS, WHOLE_MARKS
from reports.sheet.parts import LayoutRefused, Wrong
from reports.sheet.preview import made_up
from reports.sheet.standard import standard_layout


@bp.get("/layouts")
@may(Permission.SET_UP_SHEETS)
def layouts() -> ResponseReturnValue:
    """Show in which layout each paying body's sheets are printed, and every earlier one."""
    return _layouts_page(LayoutForm(formdata=None))


@bp.post("/layouts")
@may(Permission.SET_UP_SHEETS)
def keep() -> ResponseReturnValue:
    """Read an uploaded layout; say per cell what is wrong, or keep it for a look at it."""
    form = LayoutForm()
    form.offer(_payers())
    wrong: tuple[Wrong, ...] = ()
    if form.validate_on_submit():
        wrong = _wrong_with(form.content)
        if not wrong:
            with form.taking_refusals():
                typed = (form.payer.data or None, form.name.data, form.content)
                layout_id = keep_layout(db.session(), current_actor(), *typed, clock.today())
                flash("版式已读入，还没有启用。请先下载试填的样张核对，再启用。")
                return redirect(url_for("money.layout", layout_id=layout_id))
    return _layouts_page(form, wrong)


@bp.get("/layouts/standard.xlsx")
@may(Permission.SET_UP_SHEETS)
def standard_sheet() -> ResponseReturnValue:
    """Hand out the standard layout, to begin one's own from."""
    return _workbook(standard_layout(with_source=True), "标准拨付表版式.xlsx")


@bp.post("/layouts/standard")
@may(Permission.SET_UP_SHEETS)
def use_no_layout() -> ResponseReturnValue:
    """Go back to the standard layout, for all or for one paying body."""
    use_standard(db.session(), current_actor(), request.form.get("payer") or None)
    flash("已停用，以后出表不再使用这个版式；已出的表不受影响。")
    return redirect(url_for("money.layouts"))


@bp.get("/layouts/<int:layout_id>")
@may(Permission.SET_UP_SHEETS)
def layout(layout_id: int) -> ResponseReturnValue:
    """Show one layout: what was recognised in it, and the button that puts it in use."""
    found = find_layout(db.session(), current_actor(), layout_id, with_workbook=True)
    read = read_layout(found.workbook)
    columns = told_columns(read)
    return render_template("money/layout.html", layout=found, read=read, columns=columns)


@bp.get("/layouts/<int:layout_id>/workbook.xlsx")
@may(Permission.SET_UP_SHEETS)
def layout_workbook(layout_id: int) -> ResponseReturnValue:
    """Hand out a layout as it was uploaded."""
    found = find_layout(db.session(), current_actor(), layout_id, with_workbook=True)
    return _workbook(found.workbook, f"拨付表版式-{found.name}.xlsx")


@bp.get("/layouts/<int:layout_id>/preview.xlsx")
@may(Permission.SET_UP_SHEETS)
def layout_preview(layout_id: int) -> ResponseReturnValue:
    """Hand out a sheet of made-up payments in a layout."""
    found = find_layout(db.session(), current_actor(), layout_id, with_workbook=True)
    told = made_up(agency_name(), found.payer or agency_name(), clock.today(), found.workbook)
    return _workbook(disbursement_sheet(told), f"拨付表样张-{found.name}.xlsx")


@bp.post("/layouts/<int:layout_id>/use")
@may(Permission.SET_UP_SHEETS)
def put_in_use(layout_id: int) -> ResponseReturnValue:
    """Print from now on in this layout."""
    use_layout(db.session(), current_actor(), layout_id)
    flash("版式已启用，以后出表按这个版式；已出的表不受影响。")
    return redirect(url_for("money.layouts"))


def _payers() -> list[str]:
    """Return the paying bodies, each once."""
    return list(dict.fromkeys(payers(db.session(), current_actor().agency_id).values()))


def _wrong_with(workbook: bytes) -> tuple[Wrong, ...]:
    """Return what is wrong with a workbook as a layout."""
    try:
        read_layout(workbook)
    except LayoutRefused as refusal:
        return refusal.wrong
    return ()


def _layouts_page(form: LayoutForm, wrong: tuple[Wrong, ...] = ()) -> ResponseReturnValue:
    names = _payers()
    form.offer(names)
    found = list_layouts(db.session(), current_actor())
    used = {one.payer: one for one in found if one.in_use}
    page = render_template(
        "money/layouts.html",
        form=form,
        wrong=wrong,
        rows=found,
        used=used,
        payers=names,
        line_marks=LINE_MARKS,
        whole_marks=WHOLE_MARKS,
    )
    return page, 422 if form.errors or wrong else 200


def _workbook(content: bytes, name: str) -> ResponseReturnValue:
    return send_workbook(BytesIO(content), name)
