"""The task agreement: its draft, its checklist, its versions and signatures."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app import clock
from app.agreements.forms import TermsForm, terms_in
from app.agreements.page import VersionPage, version_page
from app.agreements.shown import agreement_page, check_part, compare_page, stale_page
from app.agreements.signing_forms import ReopenForm, finalise_form, reasons_in, sign_form
from app.extensions import db
from app.permissions import current_actor, is_htmx, may
from lifecycle import agreements
from lifecycle.refusals import NotTheirs, Obstructed, OutOfDate, VerdictRefused
from lifecycle.roles import Permission
from reports.papers.agreement import agreement_paper
from reports.papers.rendering import DOCX

bp = Blueprint("agreements", __name__, url_prefix="/agreements")


@bp.post("/of/<project:number>")
@may(Permission.DRAFT_AGREEMENT)
def draft(number: str) -> ResponseReturnValue:
    """Begin the agreement of a project."""
    version_id = agreements.draft(db.session(), current_actor(), number, clock.today())
    flash("已按立项登记的内容起草任务书，请逐项填写。")
    return redirect(url_for("agreements.show", version_id=version_id))


@bp.get("/<int:version_id>")
@may(Permission.SEE_PROJECTS)
def show(version_id: int) -> ResponseReturnValue:
    """Show a version: to be edited, signed or read, as it stands and whoever looks."""
    return agreement_page(_page(version_id))


@bp.post("/<int:version_id>/save")
@may(Permission.DRAFT_AGREEMENT)
def save(version_id: int) -> ResponseReturnValue:
    """Save a draft."""
    page, form, revision = _page(version_id), TermsForm(), _revision(request.form.get("revision"))
    terms = terms_in(form, page.terms) if form.validate_on_submit() else None
    if terms is not None:
        with form.taking_refusals(OutOfDate, Obstructed, NotTheirs):
            agreements.save(db.session(), current_actor(), version_id, revision, terms)
            flash("草稿已保存，核对结果见页面下方。")
            return redirect(url_for("agreements.show", version_id=version_id, _anchor="check"))
    return stale_page(_page(version_id), form, terms, revision), 422


@bp.post("/<int:version_id>/check")
@may(Permission.DRAFT_AGREEMENT)
def check(version_id: int) -> ResponseReturnValue:
    """Say how what is typed stands against the rules, or add rows; nothing is saved."""
    page, form = _page(version_id), TermsForm()
    form.more_of(request.form.get("more", ""))
    fine = "more" not in request.form and form.validate()
    terms = terms_in(form, page.terms) if fine else None
    if is_htmx():
        return check_part(page, terms, form)
    revision = _revision(request.form.get("revision"))
    return agreement_page(page, terms_form=form, typed=terms, revision=revision), 422


@bp.post("/<int:version_id>/finalise")
@may(Permission.FINALISE_AGREEMENT)
def finalise(version_id: int) -> ResponseReturnValue:
    """Put the draft before the parties, with a reason for every usual rule that is not held."""
    page = _page(version_id)
    form = finalise_form(page.check.verdict.needs_reason, page.version.revision)
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed, VerdictRefused, OutOfDate):
            revision = _revision(request.form.get("revision"))
            agreements.finalise(
                db.session(), current_actor(), version_id, revision, clock.today(), reasons_in(form)
            )
            flash("任务书已定稿，可以下载打印，交各方签署。")
            return redirect(url_for("agreements.show", version_id=version_id))
    return agreement_page(_page(version_id), final_form=form), 422


@bp.post("/<int:version_id>/reopen")
@may(Permission.FINALISE_AGREEMENT)
def reopen(version_id: int) -> ResponseReturnValue:
    """Take a version back from the parties to be edited."""
    form = ReopenForm()
    if form.validate_on_submit():
        with form.taking_refusals():
            agreements.reopen(db.session(), current_actor(), version_id, clock.today(), form.note.data or "")
            flash("已退回修改，此前登记的签署不再有效。")
            return redirect(url_for("agreements.show", version_id=version_id))
    return agreement_page(_page(version_id), back_form=form), 422


@bp.post("/<int:version_id>/sign")
@may(Permission.RECORD_SIGNATURE)
def sign(version_id: int) -> ResponseReturnValue:
    """Record that a party has signed; with the last one the version is in force."""
    page = _page(version_id)
    form = sign_form(page.parties)
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed, VerdictRefused, NotTheirs):
            signing = form.signing
            done = agreements.sign(db.session(), current_actor(), version_id, signing, clock.today())
            flash("各方均已签署，任务书已生效。" if done else f"已登记{signing.party}签署。")
            return redirect(url_for("agreements.show", version_id=version_id))
    return agreement_page(_page(version_id), signature_form=form), 422


@bp.get("/<int:version_id>/paper.docx")
@may(Permission.SEE_PROJECTS)
def paper(version_id: int) -> ResponseReturnValue:
    """Hand out a version as a Word file; one that binds nobody yet says that it is a draft."""
    page = _page(version_id)
    file = agreement_paper(
        page.whole.record,
        page.terms,
        page.parties,
        agency=current_user.person.agencies[current_user.agency_id],
        version=page.version.number,
        mark="草案" if page.is_draft else "",
    )
    number = page.project.number.replace("/", "-")
    name = f"任务书-{number}-第{page.version.number}版{'（草案）' if page.is_draft else ''}.docx"
    return send_file(BytesIO(file), DOCX, as_attachment=True, download_name=name)


@bp.get("/<int:version_id>/compare/<int:other_id>")
@may(Permission.SEE_PROJECTS)
def compare(version_id: int, other_id: int) -> ResponseReturnValue:
    """Show two versions side by side with what differs marked; it can be printed."""
    page = _page(version_id)
    older, newer = sorted((page, page.beside(other_id)), key=lambda one: one.version.number)
    return compare_page(older, newer)


def _page(version_id: int) -> VersionPage:
    return version_page(db.session(), current_actor(), version_id, clock.today())


def _revision(text: str | None) -> int:
    """Return the revision a form was drawn with; whatever is no number is none."""
    return int(text) if text and text.isascii() and text.isdigit() else 0
