"""What is printed of acceptance, for Word."""

from __future__ import annotations

from io import BytesIO

from flask import flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.acceptance.blueprint import bp
from app.acceptance.standing import standing_of
from app.extensions import db
from app.menu import agency_name
from app.permissions import current_actor, may
from lifecycle.acceptance.cases import SUBJECT, find_case
from lifecycle.acceptance.listing import awaiting_conference
from lifecycle.acceptance.own import PAPERS
from lifecycle.acceptance.reviewing import panel_of_case
from lifecycle.attachments import attachments_of
from lifecycle.record import Conclusion
from lifecycle.roles import Permission
from lifecycle.rulebook import rulebook
from lifecycle.rules.acceptance import AcceptanceAuthority
from reports.acceptance_papers import certificate_paper, conference_paper, opinion_paper, receipt_paper
from reports.papers.rendering import DOCX


@bp.get("/<int:case_id>/opinion.docx")
@may(Permission.SEE_OVERSIGHT)
def opinion_form(case_id: int) -> ResponseReturnValue:
    """Hand out the opinion form, once an expert was heard; to the project's people, once it is decided."""
    found = find_case(db.session(), current_actor(), case_id)
    if standing_of(db.session(), current_actor(), case_id, clock.today()).kept_within:
        return _not_yet(case_id, "作出验收结论之后可以下载验收意见书。")
    panel = panel_of_case(db.session(), found)
    if panel is None or not panel.submitted:
        return _not_yet(case_id, "还没有专家提交意见，暂不能打印验收意见书。")
    paper = opinion_paper(found, panel, agency=agency_name())
    return _word(paper, f"验收意见书-{found.project.number}")


@bp.get("/<int:case_id>/certificate.docx")
@may(Permission.SEE_OVERSIGHT)
def certificate(case_id: int) -> ResponseReturnValue:
    """Hand out the certificate of a project that has passed."""
    found = find_case(db.session(), current_actor(), case_id)
    acceptance = found.record.acceptance
    passed = acceptance is not None and acceptance.conclusion is Conclusion.PASSED
    if not passed or not found.case.certificate_number:
        return _not_yet(case_id, "结论为通过之后才有验收证书。")
    return _word(certificate_paper(found, agency=agency_name()), f"验收证书-{found.project.number}")


@bp.get("/<int:case_id>/receipt.docx")
@may(Permission.SEE_OVERSIGHT)
def receipt(case_id: int) -> ResponseReturnValue:
    """Hand out the receipt for a self-established project's papers."""
    found = find_case(db.session(), current_actor(), case_id)
    acceptance = found.record.acceptance
    if acceptance is None or acceptance.filed_on is None:
        return _not_yet(case_id, "收到验收资料、办理备查之后才有备查回执。")
    files = attachments_of(db.session(), found.project.id, SUBJECT, case_id)
    papers = [one.name for one in files if one.title == PAPERS]
    return _word(receipt_paper(found, papers, agency=agency_name()), f"备查回执-{found.project.number}")


@bp.get("/conference")
@may(Permission.HANDLE_ACCEPTANCE)
def conference_list() -> ResponseReturnValue:
    """Show what waits for the joint conference, to be chosen."""
    cases, changes = awaiting_conference(db.session(), current_actor())
    return render_template("acceptance/conference.html", cases=cases, changes=changes)


@bp.get("/conference.docx")
@may(Permission.HANDLE_ACCEPTANCE)
def conference_print() -> ResponseReturnValue:
    """Hand out the list of what was chosen."""
    wanted = set(request.args.getlist("case")), set(request.args.getlist("change"))
    cases, changes = awaiting_conference(db.session(), current_actor())
    cases = [one for one in cases if str(one.id) in wanted[0]]
    changes = [one for one in changes if str(one.id) in wanted[1]]
    if not cases and not changes:
        flash("请先勾选要提请审议的事项。", "note")
        return redirect(url_for("acceptance.conference_list"))
    today = clock.today()
    paper = conference_paper(cases, changes, agency=agency_name(), today=today, basis=_basis())
    return _word(paper, f"联席会议审议清单-{today}")


def _basis() -> str:
    """Return the articles by which the joint conference deliberates, of every programme that has one."""
    rules = (rule for name in rulebook().programmes for rule in rulebook().programme(name).rules)
    cited = (rule.citation for rule in rules if isinstance(rule.kind, AcceptanceAuthority))
    return "、".join(dict.fromkeys(cited))


def _not_yet(case_id: int, words: str) -> ResponseReturnValue:
    flash(words, "note")
    return redirect(url_for("acceptance.show", case_id=case_id))


def _word(paper: bytes, name: str) -> ResponseReturnValue:
    return send_file(BytesIO(paper), DOCX, as_attachment=True, download_name=f"{name}.docx")
