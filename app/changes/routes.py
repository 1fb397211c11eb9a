"""Changes of what was agreed, step by step: the lists, what is written, and the page of each."""

from __future__ import annotations

from io import BytesIO

from flask import flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.agreements.forms import terms_in
from app.changes import asking
from app.changes.forms import OWN, ChangeForm, change_form
from app.changes.pages import change_page, offers_of, show_change, show_editor
from app.changes.step_routes import bp
from app.extensions import db
from app.filters import query
from app.menu import agency_name
from app.permissions import current_actor, may, the_project
from app.workbooks import send_workbook
from lifecycle.changes.checking import project_obstacles
from lifecycle.changes.drafting import Draft
from lifecycle.changes.drafting import carry_over as carry_change_over
from lifecycle.changes.drafting import draft as draft_change
from lifecycle.changes.drafting import save as save_change
from lifecycle.changes.listing import count_changes, every_change, list_changes
from lifecycle.changes.requests import demand_no_other
from lifecycle.changes.routing import decision_of, remarks_on
from lifecycle.changes.versions import terms_in_force
from lifecycle.record import ChangeKind
from lifecycle.refusals import NotFound, NotTheirs, Obstructed, OutOfDate
from lifecycle.roles import Permission, Role
from lifecycle.rulebook import rulebook
from lifecycle.terms import Terms
from lifecycle.visibility import demand_acting_as
from lifecycle.whole import load_wholes
from reports.change_list import write_change_list
from reports.papers.change import change_paper
from reports.papers.rendering import DOCX

__all__ = ["bp"]


@bp.get("/")
@may(Permission.SEE_CHANGES)
def index() -> ResponseReturnValue:
    """List the changes that are asked for."""
    session, actor = db.session(), current_actor()
    asked = asking.read_filter(request.args)
    rows, total = list_changes(session, actor, asked)
    return render_template(
        "changes/index.html",
        asked=asked,
        rows=rows,
        total=total,
        pages=max(1, -(-total // asked.per_page)),
        tabs=asking.tabs(count_changes(session, actor), asked, request.args),
        chips=list(asking.chips(asked, request.args)),
        kinds=[("", "全部"), *((kind.value, kind.value) for kind in ChangeKind)],
        programmes=[("", "全部"), *((name, name) for name in rulebook().programmes)],
        export_url=url_for("changes.export") + query(request.args),
    )


@bp.get("/export.xlsx")
@may(Permission.SEE_CHANGES)
def export() -> ResponseReturnValue:
    """Hand out the changes that are asked for as a workbook."""
    asked, today, file = asking.read_filter(request.args), clock.today(), BytesIO()
    rows = every_change(db.session(), current_actor(), asked)
    write_change_list(file, rows, agency=agency_name(), asked=asking.sentence(asked), today=today)
    return send_workbook(file, f"变更列表-{today}.xlsx")


@bp.get("/kinds/<project:number>")
@may(Permission.APPLY_CHANGE)
def kinds(number: str) -> ResponseReturnValue:
    """Show what can be changed of a project, and which way each kind of change goes."""
    project = the_project(number)
    (whole,) = load_wholes(db.session(), [project.id])
    record = whole.record
    obstacles = list(project_obstacles(record))
    return render_template(
        "changes/kinds.html", project=project, offered=offers_of(record), obstacles=obstacles
    )


@bp.route("/draft/<change_kind>/<project:number>", methods=["GET", "POST"])
@may(Permission.APPLY_CHANGE)
def draft(change_kind: str, number: str) -> ResponseReturnValue:
    """Begin a request for a change."""
    kind, project = _kind(change_kind), the_project(number)
    demand_acting_as(db.session(), current_actor(), project.id, Role.PI, Role.UNIT_MANAGER)
    (whole,) = load_wholes(db.session(), [project.id])
    record = whole.record
    obstacles = list(project_obstacles(record))
    if obstacles:
        raise Obstructed(obstacles)
    demand_no_other(db.session(), project.id, kind)
    decision, now = decision_of(record, kind), terms_in_force(db.session(), project.id, record)
    form = change_form(kind, decision, now if request.method == "GET" else None)
    if _is_saved(form):
        with form.taking_refusals(Obstructed, NotTheirs):
            wanted = _written(form, now)
            id_ = draft_change(db.session(), current_actor(), number, kind, wanted, clock.today())
            flash("变更申请已保存。请核对下面的内容，确认无误后提交。")
            return redirect(url_for("changes.show", change_id=id_))
    shown = show_editor(project, record, kind, form, decision, remarks_on(record, kind))
    return shown, 200 if request.method == "GET" else 422


@bp.get("/<int:change_id>")
@may(Permission.SEE_CHANGES)
def show(change_id: int) -> ResponseReturnValue:
    """Show a change: its steps, old and new, the checklist, and the button of whoever's turn it is."""
    return show_change(change_page(change_id))


@bp.route("/<int:change_id>/edit", methods=["GET", "POST"])
@may(Permission.APPLY_CHANGE)
def edit(change_id: int) -> ResponseReturnValue:
    """Write in a request that is a draft or was returned."""
    page = change_page(change_id)
    if request.method == "GET" and not page.may_edit:
        return redirect(url_for("changes.show", change_id=change_id))
    one, case = page.request, page.case
    values = {
        "reason": one.reason,
        "text": one.after or "",
        "way": OWN if one.self_decided else "bureau",
        "revision": str(one.revision),
    }
    form = change_form(one.kind, page.decision, case.wanted if request.method == "GET" else None, **values)
    if _is_saved(form):
        with form.taking_refusals(Obstructed, OutOfDate, NotTheirs):
            wanted, revision = _written(form, case.now), _revision(form.revision.data)
            save_change(db.session(), current_actor(), change_id, revision, wanted)
            flash("变更申请已保存。")
            return redirect(url_for("changes.show", change_id=change_id))
    shown = show_editor(page.project, case.record, one.kind, form, page.decision, page.remarks, page)
    return shown, 200 if request.method == "GET" else 422


@bp.get("/<int:change_id>/paper.docx")
@may(Permission.SEE_CHANGES)
def paper(change_id: int) -> ResponseReturnValue:
    """Hand out the form of a change as a Word file."""
    page = change_page(change_id)
    file = change_paper(page.case, page.differences, agency=agency_name())
    name = f"变更审批表-{page.project.number}-{page.request.number}.docx"
    return send_file(BytesIO(file), DOCX, as_attachment=True, download_name=name)


@bp.post("/<int:change_id>/carry-over")
@may(Permission.APPLY_CHANGE)
def carry_over(change_id: int) -> ResponseReturnValue:
    """Take what a request wants over to the version that came into force meanwhile."""
    carry_change_over(db.session(), current_actor(), change_id, clock.today())
    flash("已带到现行任务书，请核对后重新提交。")
    return redirect(url_for("changes.show", change_id=change_id))


def _is_saved(form: ChangeForm) -> bool:
    """Whether a form was sent to be saved and is sound; a press for more rows adds them."""
    if request.method != "POST" or form.more_of(request.form.get("more", "")):
        return False
    return bool(form.validate_on_submit())


def _written(form: ChangeForm, now: Terms) -> Draft:
    return Draft(
        terms=terms_in(form, now),
        reason=form.reason.data or "",
        text=(form.text.data or "") if "text" in form else "",
        self_decided="way" in form and form.way.data == OWN,
        files=form.files.data,
    )


def _revision(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0


def _kind(slug: str) -> ChangeKind:
    found = next((kind for kind in ChangeKind if kind.name.lower() == slug), None)
    if found is None:
        raise NotFound("这类变更")
    return found
