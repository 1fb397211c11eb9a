"""The separate-account statement of a project, and the figures behind its spend rates."""

from __future__ import annotations

from io import BytesIO
from typing import NamedTuple

from flask import render_template, request
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.money.lists import page_number
from app.permissions import may, the_project
from app.spending.asking import day_of
from app.spending.receipt_routes import bp
from app.workbooks import send_workbook
from finance.accounts import statement_of
from finance.entries import entries_of
from finance.rates import gate_rule, gates_of, steps_to
from finance.statement import Statement, statement
from lifecycle.models import Project
from lifecycle.record import Source
from lifecycle.roles import Permission
from lifecycle.whole import record_of
from reports.account_statement import statement_book

LINES_ON_A_PAGE = 200


class Stated(NamedTuple):
    """A statement as it was asked for."""

    project: Project
    statement: Statement
    source: Source | None
    sources: tuple[Source, ...]
    """All sources of which the project has had any money."""


def _stated(number: str) -> Stated:
    """Return the statement of the days asked for; without any: from the first movement until today."""
    project, today = the_project(number), clock.today()
    entries = entries_of(db.session(), project.id)
    word = request.args.get("source", "")
    source = Source(word) if word in set(Source) else None
    until = day_of(request.args, "until") or today
    first = min((one.on for one in entries), default=project.start_on)
    since = min(day_of(request.args, "since") or min(first, until), until)
    known = {one.source for one in entries}
    sources = tuple(one for one in Source if one in known)
    return Stated(project, statement(entries, since, until, source), source, sources)


@bp.get("/statement/<project:number>")
@may(Permission.SEE_PROJECTS)
def statement_page(number: str) -> ResponseReturnValue:
    """Show every movement of a project's money in the days asked for, with what was left after it."""
    found = _stated(number)
    count = len(found.statement.lines)
    pages = max(1, -(-count // LINES_ON_A_PAGE))
    page = min(max(1, page_number(request.args)), pages)
    return render_template(
        "spending/statement.html",
        found=found,
        shown=found.statement,
        lines=found.statement.lines[(page - 1) * LINES_ON_A_PAGE : page * LINES_ON_A_PAGE],
        count=count,
        page_number=page,
        pages=pages,
        size=LINES_ON_A_PAGE,
        account=statement_of(db.session(), found.project.id),
    )


@bp.get("/statement-print/<project:number>")
@may(Permission.SEE_PROJECTS)
def statement_print(number: str) -> ResponseReturnValue:
    """Show the same for paper, all of it."""
    found = _stated(number)
    return render_template(
        "spending/statement_print.html",
        found=found,
        shown=found.statement,
        printed_on=clock.today(),
        account=statement_of(db.session(), found.project.id),
    )


@bp.get("/statement-export/<project:number>")
@may(Permission.SEE_PROJECTS)
def statement_export(number: str) -> ResponseReturnValue:
    """Hand out the same as a workbook."""
    found = _stated(number)
    project, shown = found.project, found.statement
    note = f"{project.number} {project.lead_unit}；{shown.since} 至 {shown.until}；"
    note += found.source or "全部来源"
    content = statement_book(shown, title=project.title, note=note)
    name = f"专账明细-{project.number}-{shown.until}.xlsx"
    return send_workbook(BytesIO(content), name)


@bp.get("/rates/<project:number>")
@may(Permission.SEE_PROJECTS)
def rates(number: str) -> ResponseReturnValue:
    """Show which payments and which spending make the spend rate before a later tranche."""
    project = the_project(number)
    record = record_of(db.session(), project.id)
    gates = list(gates_of(record, clock.today()))
    asked = page_number({"page": request.args.get("tranche", "")})
    gate = next((one for one in gates if one.number == asked), gates[0] if gates else None)
    steps = list(steps_to(record, gate)) if gate else []
    pages = max(1, -(-len(steps) // LINES_ON_A_PAGE))
    page = min(max(1, page_number(request.args)), pages)
    return render_template(
        "spending/rates.html",
        project=project,
        rule=gate_rule(record),
        gates=gates,
        gate=gate,
        count=len(steps),
        steps=steps[(page - 1) * LINES_ON_A_PAGE : page * LINES_ON_A_PAGE],
        page_number=page,
        pages=pages,
        size=LINES_ON_A_PAGE,
    )
