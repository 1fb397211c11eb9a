"""The list of projects, its export, and the page of one project."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.acceptance.project_part import acceptance_of
from app.agreements.tab import agreement_of
from app.changes.tab import changes_of
from app.extensions import db
from app.filters import query
from app.longwork.exports import hand_out
from app.oversight.project_tab import oversight_of
from app.papers.listed import papers_of
from app.permissions import current_actor, is_htmx, may
from app.projects.addresses import ProjectNumber
from app.projects.asking import Asked, read_filter, read_page
from app.projects.exports import PROJECTS
from app.projects.filings import ReportsTab
from app.projects.page import ProjectPage, chosen_tab
from app.projects.rows import COLUMNS, rows
from app.projects.telling import told
from app.spending.shown import money_of
from lifecycle.listing import count_projects, list_projects
from lifecycle.overview import Overview, load_history, load_overview
from lifecycle.roles import Permission

bp = Blueprint("projects", __name__)
bp.record_once(lambda state: state.app.url_map.converters.update(project=ProjectNumber))

SIZE = "list_size"
"""Where the session keeps how many projects a person wants on a page."""


@bp.get("/projects/")
@may(Permission.SEE_PROJECTS)
def index() -> ResponseReturnValue:
    """Show the projects that are asked for; where htmx asks, the list alone."""
    asked = Asked(read_filter(request.args, session.get(SIZE)))
    if "size" in request.args:
        session[SIZE] = asked.filter.per_page
    today, actor = clock.today(), current_actor()
    found = list_projects(db.session(), actor, asked.filter, today)
    return render_template(
        "projects/list.html" if is_htmx() else "projects/index.html",
        asked=asked,
        found=found,
        columns=COLUMNS,
        rows=rows(found.rows, today),
        export_url=url_for("projects.export") + query(asked.args),
        import_url=url_for("ledger.index") if actor.may(Permission.IMPORT_LEDGER) else None,
        register_url=url_for("awards.new") if actor.may(Permission.REGISTER_PROJECT) else None,
    )


@bp.route("/exports/projects.xlsx", methods=["GET", "POST"])
@may(Permission.SEE_PROJECTS)
def export() -> ResponseReturnValue:
    """Hand out the list that is asked for, all of its pages, as a workbook."""
    asked, today = Asked(read_filter(request.args)), clock.today()
    count = count_projects(db.session(), current_actor(), asked.filter, today).count
    return hand_out(PROJECTS, f"项目列表-{today}.xlsx", {"asked": asked.args}, count)


@bp.get("/projects/<project:number>")
@may(Permission.SEE_PROJECTS)
def show(number: str) -> ResponseReturnValue:
    """Show one project: the strip on top, what must be done next, and the tab asked for."""
    today, actor = clock.today(), current_actor()
    overview = load_overview(db.session(), actor, number, today)
    tab = chosen_tab(overview, request.args.get("tab", ""))
    more = _MORE[tab](overview) if tab in _MORE else {}
    return render_template(f"projects/{tab}.html", shown=ProjectPage(overview, tab, actor, today), **more)


def _history(overview: Overview) -> dict[str, Any]:
    size, actor = 20, current_actor()
    outside = not actor.sees_all_projects
    history = load_history(db.session(), overview.project.id, read_page(request.args), size, outside=outside)
    may_take = actor.may(Permission.SEE_AUDIT)
    number = overview.record.number
    return {
        "history": history,
        "size": size,
        "told": told,
        "bundle_url": url_for("audit.bundle", number=number) if may_take else None,
    }


def _reports(overview: Overview) -> Mapping[str, Any]:
    return ReportsTab(overview).shown()


_MORE: Mapping[str, Callable[[Overview], Mapping[str, Any]]] = {
    "agreement": agreement_of,
    "changes": changes_of,
    "history": _history,
    "money": money_of,
    "reports": _reports,
    "oversight": lambda overview: {**oversight_of(overview), **acceptance_of(overview)},
    "papers": papers_of,
}
"""What a tab needs beyond the overview."""
