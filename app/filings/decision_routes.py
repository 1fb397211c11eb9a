"""The page of one report and every step after it was filed: confirmed, accepted, returned, reviewed."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.filings.forms import (
    ConcludeForm,
    ExpertsForm,
    GovernmentForm,
    NoteForm,
    OpinionForm,
    ReplaceForm,
    ReturnForm,
    replace_form,
)
from app.filings.page import report_page
from app.forms import Form
from app.permissions import current_actor, may
from finance.stage_account import draw_for_report
from lifecycle import filings
from lifecycle.panels import candidates, joint_opinion, replace_member
from lifecycle.roles import Permission
from lifecycle.stage_review import conclude_review, name_experts, panel_of_report, report_of_seat

bp = Blueprint("filings", __name__, url_prefix="/reports")


@bp.get("/<int:report_id>")
@may(Permission.SEE_REPORTS)
def show(report_id: int) -> ResponseReturnValue:
    """Show a report, and the buttons of whoever's turn it is."""
    return report_page(report_id)


def _done(report_id: int, words: str) -> ResponseReturnValue:
    flash(words)
    return redirect(url_for("filings.show", report_id=report_id))


@bp.post("/<int:report_id>/confirm")
@may(Permission.CONFIRM_REPORT)
def confirm(report_id: int) -> ResponseReturnValue:
    """Hand a report to the bureau in the unit's name."""
    form = Form()
    if form.validate_on_submit():
        with form.taking_refusals():
            today = clock.today()
            filings.confirm_report(db.session(), current_actor(), report_id, today, draw_for_report)
            return _done(report_id, "已确认并报区科技局。")
    return report_page(report_id, {"confirm": form})


@bp.post("/<int:report_id>/send-back")
@may(Permission.CONFIRM_REPORT)
def send_back(report_id: int) -> ResponseReturnValue:
    """Give a report back to the pi before the bureau has it."""
    form = NoteForm()
    if form.validate_on_submit():
        with form.taking_refusals():
            note = form.note.data or ""
            filings.send_back(db.session(), current_actor(), report_id, note, clock.today())
            return _done(report_id, "已退回项目负责人修改。")
    return report_page(report_id, {"send_back": form})


@bp.post("/<int:report_id>/accept")
@may(Permission.DECIDE_REPORT)
def accept(report_id: int) -> ResponseReturnValue:
    """Accept a report."""
    form = Form()
    if form.validate_on_submit():
        with form.taking_refusals():
            filings.accept_report(db.session(), current_actor(), report_id, clock.today())
            return _done(report_id, "已接收。")
    return report_page(report_id, {"accept": form})


@bp.post("/<int:report_id>/return")
@may(Permission.DECIDE_REPORT)
def return_(report_id: int) -> ResponseReturnValue:
    """Return a report to the pi, with what is to be put right."""
    form = ReturnForm()
    if form.validate_on_submit():
        with form.taking_refusals():
            cleared = form.how.data == "not_submitted"
            note = form.note.data or ""
            filings.return_report(db.session(), current_actor(), report_id, note, cleared, clock.today())
            return _done(report_id, "已退回，视为未提交。" if cleared else "已退回补正。")
    return report_page(report_id, {"return": form})


@bp.post("/<int:report_id>/government")
@may(Permission.DECIDE_REPORT)
def government(report_id: int) -> ResponseReturnValue:
    """Note that a report went on to the district government."""
    form = GovernmentForm()
    if form.validate_on_submit():
        with form.taking_refusals():
            on, note, files = form.on.data, form.note.data or "", form.files.data
            filings.note_government(db.session(), current_actor(), report_id, on, note, files, clock.today())
            return _done(report_id, "已登记报区政府日期。")
    return report_page(report_id, {"government": form})


@bp.post("/<int:report_id>/experts")
@may(Permission.FORM_PANEL)
def experts(report_id: int) -> ResponseReturnValue:
    """Name the experts who review a stage."""
    form = ExpertsForm()
    if form.validate_on_submit():
        with form.taking_refusals():
            members, due = form.members, form.due_day
            name_experts(db.session(), current_actor(), report_id, members, due, clock.today())
            return _done(report_id, "已指定专家，评议任务已发到各位专家的待办。")
    return report_page(report_id, {"experts": form})


@bp.post("/places/<int:place_id>/replace")
@may(Permission.FORM_PANEL)
def replace(place_id: int) -> ResponseReturnValue:
    """Replace an expert who has given no opinion, or do without her."""
    report_id = report_of_seat(db.session(), current_actor(), place_id)
    form: ReplaceForm = replace_form(list(candidates(db.session(), current_actor().agency_id).values()))
    if form.validate_on_submit():
        with form.taking_refusals():
            note = form.note.data or ""
            replace_member(db.session(), current_actor(), place_id, form.named, note, clock.today())
            return _done(report_id, "已更换专家。")
    return report_page(report_id, {f"replace-{place_id}": form})


@bp.post("/<int:report_id>/joint")
@may(Permission.JOIN_REVIEW)
def joint(report_id: int) -> ResponseReturnValue:
    """Give the joint unit's opinion."""
    form = OpinionForm()
    panel_id = panel_of_report(db.session(), current_actor(), report_id)
    if form.validate_on_submit():
        with form.taking_refusals():
            text = form.joint_opinion.data or ""
            joint_opinion(db.session(), current_actor(), panel_id, text, clock.today())
            return _done(report_id, "已提交联合实施单位意见。")
    return report_page(report_id, {"joint": form})


@bp.post("/<int:report_id>/conclude")
@may(Permission.FORM_PANEL)
def conclude(report_id: int) -> ResponseReturnValue:
    """Conclude the review of a stage."""
    form = ConcludeForm()
    if form.validate_on_submit():
        with form.taking_refusals():
            text, reason = form.conclusion.data or "", form.reason.data or ""
            actor = current_actor()
            conclude_review(db.session(), actor, report_id, form.chosen, text, reason, clock.today())
            return _done(report_id, "已形成阶段考核结论。")
    return report_page(report_id, {"conclude": form})
