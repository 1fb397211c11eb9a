"""Reports: what is owed, filed, confirmed and accepted."""

from __future__ import annotations

from io import BytesIO

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app import clock
from app.extensions import db
from app.filings.asking import Asked
from app.filings.decision_routes import bp
from app.filings.forms import demand_title, report_form
from app.filings.steps import step_of
from app.filters import query
from app.jobs import site_address
from app.permissions import current_actor, is_htmx, may, the_project
from app.projects.routes import SIZE
from app.row_ids import row_id
from app.workbooks import send_workbook
from lifecycle.filing_list import count_rest, every_filing, filing_years, list_filings
from lifecycle.filing_reminders import remind_rest
from lifecycle.models import ReportKind
from lifecycle.refusals import InvalidInput, Obstructed, OutOfDate
from lifecycle.report_shown import load_report
from lifecycle.report_writing import file_report, save_report, start_report
from lifecycle.roles import Permission
from reports.filing_sheet import write_filing_list

__all__ = ["bp"]


@bp.get("/")
@may(Permission.SEE_REPORTS)
def index() -> ResponseReturnValue:
    """List who has reported and who has not; where htmx asks, the list alone."""
    asked = _asked()
    today, actor = clock.today(), current_actor()
    found = list_filings(db.session(), actor, asked.filter, today)
    may_remind = actor.may(Permission.SEND_REMINDERS)
    return render_template(
        "filings/list.html" if is_htmx() else "filings/index.html",
        asked=asked,
        found=found,
        years=asked.years(filing_years(db.session(), actor, today)),
        pairs=[(row, step_of(row, actor)) for row in found.rows],
        rest=count_rest(db.session(), actor, asked.filter, today) if may_remind else None,
        export_url=url_for("filings.export") + query(asked.args),
        remind_url=url_for("filings.remind") + query(asked.args),
    )


def _asked() -> Asked:
    kept = session.get(SIZE)
    args = {"size": str(kept)} if isinstance(kept, int) else {}
    asked = Asked(args | request.args.to_dict())
    if "size" in request.args:
        session[SIZE] = asked.filter.per_page
    return asked


@bp.get("/export.xlsx")
@may(Permission.SEE_REPORTS)
def export() -> ResponseReturnValue:
    """Hand out the list that is asked for, all of its pages, as a workbook."""
    asked, today, file = Asked(request.args), clock.today(), BytesIO()
    filings = every_filing(db.session(), current_actor(), asked.filter, today)
    agency = current_user.person.agencies[current_user.agency_id]
    write_filing_list(file, filings, agency=agency, asked=asked.sentence, today=today)
    return send_workbook(file, f"报告提交情况-{today}.xlsx")


@bp.post("/remind")
@may(Permission.SEND_REMINDERS)
def remind() -> ResponseReturnValue:
    """Remind everybody of what the list shows who has not reported."""
    asked = Asked(request.args)
    done = remind_rest(db.session(), current_actor(), asked.filter, clock.today(), site_address())
    letters = f"，另有 {done.letters} 封邮件待寄" if done.letters else ""
    flash(f"已提醒 {done.units} 个单位（{done.filings} 份报告）{letters}。")
    return redirect(url_for("filings.index") + query(asked.args))


@bp.post("/start/<project:number>")
@may(Permission.FILE_REPORT)
def start(number: str) -> ResponseReturnValue:
    """Begin a report, or go on with the one begun."""
    the_project(number)
    kind, subject = request.form.get("kind", ""), request.form.get("subject", type=row_id)
    if kind not in set(ReportKind):
        raise InvalidInput({"kind": "请选择要填写的报告。"})
    report_id = start_report(db.session(), current_actor(), number, ReportKind(kind), subject, clock.today())
    return redirect(url_for("filings.edit", report_id=report_id))


@bp.route("/<int:report_id>/edit", methods=["GET", "POST"])
@may(Permission.FILE_REPORT)
def edit(report_id: int) -> ResponseReturnValue:
    """Write a report: keep it as a draft, or file it."""
    shown = load_report(db.session(), current_actor(), report_id, clock.today())
    form = report_form(shown)
    filing = request.form.get("step") != "save"
    demand_title(form, filing=filing)
    if form.validate_on_submit():
        with form.taking_refusals(OutOfDate, Obstructed):
            act = file_report if filing else save_report
            written = form.written(one.indicator for one in shown.content.indicators)
            act(db.session(), current_actor(), report_id, form.revision_number, written, clock.today())
            flash(f"已提交{shown.kind}，等待承担单位确认。" if filing else "已保存草稿。")
            to = "filings.show" if filing else "filings.edit"
            return redirect(url_for(to, report_id=report_id))
    status = 422 if form.is_submitted() else 200
    if status == 422:
        db.session.rollback()
        shown = load_report(db.session(), current_actor(), report_id, clock.today())
        form.revision.data = str(shown.revision)
    return render_template("filings/edit.html", shown=shown, form=form), status
