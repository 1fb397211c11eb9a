"""What is handed out of a clearing: the clearing sheet for Excel and for Word, the spending as shown."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

from flask import flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.acceptance.blueprint import bp
from app.acceptance.clearing_page import asked_of, load_page
from app.extensions import db
from app.menu import agency_name
from app.permissions import current_actor, may
from app.workbooks import XLSX
from finance.clearing.finding import find_clearing
from finance.clearing.shown import every_spending
from lifecycle.roles import Permission
from reports.clearing_list import write_clearing_spending
from reports.clearing_paper import clearing_paper
from reports.clearing_sheet import clearing_sheet
from reports.clearing_told import ClearingTold
from reports.papers.rendering import DOCX


@bp.get("/clearing/<int:clearing_id>/sheet.xlsx")
@may(Permission.SEE_OVERSIGHT)
def clearing_sheet_(clearing_id: int) -> ResponseReturnValue:
    """Hand out the clearing sheet as a workbook."""
    told = _told(clearing_id)
    if told is None:
        return _not_yet(clearing_id)
    return _file(clearing_sheet(told), XLSX, f"{told.kind}表-{told.number}.xlsx")


@bp.get("/clearing/<int:clearing_id>/paper.docx")
@may(Permission.SEE_OVERSIGHT)
def clearing_paper_(clearing_id: int) -> ResponseReturnValue:
    """Hand out the clearing sheet as a Word file."""
    told = _told(clearing_id)
    if told is None:
        return _not_yet(clearing_id)
    return _file(clearing_paper(told), DOCX, f"{told.kind}表-{told.number}.docx")


@bp.get("/clearing/<int:clearing_id>/spending.xlsx")
@may(Permission.CLEAR_ACCOUNTS)
def clearing_spending(clearing_id: int) -> ResponseReturnValue:
    """Hand out the spending that is asked for, with what is not allowed of it."""
    session, today = db.session(), clock.today()
    found = find_clearing(session, current_actor(), clearing_id)
    rows = every_spending(session, found.clearing, replace(asked_of(request.args), page=1), today)
    file = BytesIO()
    title = f"{found.project.number}《{found.project.title}》财政资金支出"
    write_clearing_spending(file, rows, title=title, today=today)
    return _file(file.getvalue(), XLSX, f"财政资金支出-{found.project.number}.xlsx")


def _told(clearing_id: int) -> ClearingTold | None:
    """Return what the papers tell; ``None``: not to this person yet."""
    page = load_page(clearing_id)
    clearing, project, acceptance = page.found
    if clearing.confirmed_on is None and not current_actor().sees_all_projects:
        return None
    return ClearingTold(
        agency=agency_name(),
        kind=clearing.kind.value,
        number=project.number,
        title=project.title,
        programme=project.programme,
        lead_unit=project.lead_unit,
        pi_name=project.pi_name,
        conclusion=acceptance.conclusion,
        concluded_on=acceptance.concluded_on,
        citation=clearing.citation,
        figures=page.figures,
        settled_by=page.names[0],
        settled_on=clearing.settled_on,
        confirmed_by=page.names[1],
        confirmed_on=clearing.confirmed_on,
        due_on=clearing.due_on,
        note=clearing.note or "" if clearing.settled_on else "",
        returned=page.money.returned,
        lines=page.lines,
        returns=page.returns,
    )


def _not_yet(clearing_id: int) -> ResponseReturnValue:
    flash("核准之后才有清算表。", "note")
    return redirect(url_for("acceptance.clearing", clearing_id=clearing_id))


def _file(content: bytes, kind: str, name: str) -> ResponseReturnValue:
    return send_file(BytesIO(content), kind, as_attachment=True, download_name=name)
