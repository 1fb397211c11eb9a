"""The lists of supervision: inspections, what they ordered, entries of integrity; and their exports."""

from __future__ import annotations

from io import BytesIO

from flask import current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.menu import agency_name
from app.oversight import bp, entry_routes, inspection_routes, measure_routes
from app.oversight.lists import TABS, asked_of, chips
from app.oversight.standing import state_word
from app.permissions import current_actor, may
from app.workbooks import send_workbook
from lifecycle.roles import Permission
from lifecycle.supervised import Asked, list_entries, list_inspections, list_measures, open_heaps
from reports.oversight_lists import write_entries, write_inspections, write_measures

__all__ = ["bp", "entry_routes", "inspection_routes", "measure_routes"]


@bp.get("/")
@may(Permission.SEE_OVERSIGHT)
def index() -> ResponseReturnValue:
    """List inspections."""
    asked = asked_of(request.args)
    return _list("inspections", asked, list_inspections(db.session(), current_actor(), asked))


@bp.get("/measures")
@may(Permission.SEE_OVERSIGHT)
def measures() -> ResponseReturnValue:
    """List what was ordered, rectifications that are overdue on top."""
    asked = asked_of(request.args)
    found = list_measures(db.session(), current_actor(), asked, clock.today())
    return _list("measures", asked, found)


@bp.get("/integrity")
@may(Permission.SEE_OVERSIGHT)
def integrity() -> ResponseReturnValue:
    """List entries of research integrity."""
    asked = asked_of(request.args)
    return _list("integrity", asked, list_entries(db.session(), current_actor(), asked))


def _list(key: str, asked: Asked, found: object) -> ResponseReturnValue:
    actor, tab = current_actor(), TABS[key]
    return render_template(
        f"oversight/{key}.html",
        tab=tab,
        asked=asked,
        found=found,
        chips=list(chips(tab, asked, request.args)),
        list_tabs=list_tabs(key),
        state_word=state_word,
        inspects=actor.may(Permission.INSPECT),
    )


def list_tabs(active: str) -> list[dict[str, object]]:
    """Return the lists as tabs, with how many wait in each; acceptance is a part of its own."""
    counts = open_heaps(db.session(), current_actor(), clock.today())
    endpoints = ("oversight.index", "oversight.measures", "oversight.integrity")
    tabs: list[dict[str, object]] = [
        {"label": tab.label, "url": url_for(endpoint), "active": tab.key == active, "count": count}
        for tab, endpoint, count in zip(TABS.values(), endpoints, counts, strict=True)
    ]
    if "acceptance.index" in current_app.view_functions:
        own = active == "acceptance"
        tabs.append({"label": "验收", "url": url_for("acceptance.index"), "active": own, "count": 0})
        own = active == "clearings"
        tabs.append(
            {"label": "清算与追缴", "url": url_for("acceptance.clearings"), "active": own, "count": 0}
        )
    if "notices.index" in current_app.view_functions:
        own = active == "notices"
        tabs.append({"label": "文书", "url": url_for("notices.index"), "active": own, "count": 0})
    return tabs


@bp.get("/exports/inspections.xlsx")
@may(Permission.SEE_OVERSIGHT)
def export_inspections() -> ResponseReturnValue:
    """Hand out the inspections asked for as a workbook."""
    found = list_inspections(db.session(), current_actor(), asked_of(request.args), whole=True)
    file = BytesIO()
    write_inspections(file, found.rows, agency=agency_name(), today=clock.today())
    return _workbook(file, "检查")


@bp.get("/exports/measures.xlsx")
@may(Permission.SEE_OVERSIGHT)
def export_measures() -> ResponseReturnValue:
    """Hand out the measures asked for as a workbook."""
    today = clock.today()
    found = list_measures(db.session(), current_actor(), asked_of(request.args), today, whole=True)
    file = BytesIO()
    write_measures(file, found.rows, agency=agency_name(), today=today)
    return _workbook(file, "整改和暂缓")


@bp.get("/exports/integrity.xlsx")
@may(Permission.SEE_OVERSIGHT)
def export_integrity() -> ResponseReturnValue:
    """Hand out the entries of integrity asked for as a workbook."""
    found = list_entries(db.session(), current_actor(), asked_of(request.args), whole=True)
    file = BytesIO()
    write_entries(file, found.rows, agency=agency_name(), today=clock.today())
    return _workbook(file, "科研诚信")


def _workbook(file: BytesIO, name: str) -> ResponseReturnValue:
    return send_workbook(file, f"{name}-{clock.today()}.xlsx")
