"""The steps of a change: each a press by whoever's turn it is, and the ways back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.changes.forms import (
    ApproveForm,
    ConferenceForm,
    FilingForm,
    NoteForm,
    SendForm,
    WithdrawForm,
    confirm_form,
    propose_form,
    reasons_in,
)
from app.changes.pages import change_page, show_change
from app.extensions import db
from app.forms import Form
from app.permissions import current_actor, may
from lifecycle.changes import applying, deciding
from lifecycle.refusals import NotTheirs, Obstructed, OutOfDate, SamePerson, VerdictRefused
from lifecycle.roles import Permission

bp = Blueprint("changes", __name__, url_prefix="/changes")

Command = Callable[..., Any]


@bp.post("/<int:change_id>/send")
@may(Permission.APPLY_CHANGE)
def send(change_id: int) -> ResponseReturnValue:
    """Send a draft to the unit."""
    form = SendForm()
    return _press(change_id, "send", form, applying.send, "已提交承担单位确认。", lambda: (_revision(form),))


@bp.post("/<int:change_id>/confirm")
@may(Permission.CONFIRM_CHANGE)
def confirm(change_id: int) -> ResponseReturnValue:
    """Confirm a request for the unit, or settle it where it is the unit's own to decide."""
    page = change_page(change_id)
    lines = page.check.verdict.needs_reason if page.check and page.asks_reasons else ()
    form = confirm_form(lines)

    def act(session: Any, actor: Any, id_: int, revision: int, today: Any) -> None:
        applying.confirm(session, actor, id_, revision, today, reasons_in(form))

    return _press(change_id, "confirm", form, act, "已确认。", lambda: (_revision(form),))


@bp.post("/<int:change_id>/consent")
@may(Permission.CONSENT_CHANGE)
def consent(change_id: int) -> ResponseReturnValue:
    """Consent for the joint unit."""
    return _press(change_id, "consent", Form(), applying.consent, "已同意，变更已报科技局审查。")


@bp.post("/<int:change_id>/propose")
@may(Permission.HANDLE_CHANGE)
def propose(change_id: int) -> ResponseReturnValue:
    """Examine a request and propose that it be approved."""
    page = change_page(change_id)
    form = propose_form(page.check.verdict.needs_reason if page.check and page.asks_reasons else ())
    done = "审查意见已提交。"
    given = lambda: (form.opinion.data, reasons_in(form))  # noqa: E731 read only once the form is sound
    return _press(change_id, "propose", form, deciding.propose, done, given)


@bp.post("/<int:change_id>/conference")
@may(Permission.HANDLE_CHANGE)
def conference(change_id: int) -> ResponseReturnValue:
    """Record what the joint conference decided."""
    form = ConferenceForm()
    return _press(
        change_id,
        "conference",
        form,
        deciding.record_conference,
        "已登记联席会议审定，等待批准。",
        lambda: (form.held_on.data, form.note.data or "", form.minutes.data),
    )


@bp.post("/<int:change_id>/approve")
@may(Permission.APPROVE_CHANGE)
def approve(change_id: int) -> ResponseReturnValue:
    """Approve a change."""
    form, done = ApproveForm(), "变更已批准，新版任务书即日生效。"
    return _press(change_id, "approve", form, deciding.approve, done, lambda: (form.approval_number.data,))


@bp.post("/<int:change_id>/file")
@may(Permission.HANDLE_CHANGE)
def file(change_id: int) -> ResponseReturnValue:
    """Record the filing of what the bureau approved."""
    form = FilingForm()
    return _press(
        change_id, "file", form, deciding.record_filing, "已登记平台备案。", lambda: (form.filed_on.data,)
    )


@bp.post("/<int:change_id>/file-own")
@may(Permission.CONFIRM_CHANGE)
def file_own(change_id: int) -> ResponseReturnValue:
    """Record the filing of what the unit settled itself."""
    form, act = FilingForm(), deciding.record_own_filing
    return _press(change_id, "file_own", form, act, "已登记平台备案。", lambda: (form.filed_on.data,))


@bp.post("/<int:change_id>/send-back")
@may(Permission.CONFIRM_CHANGE)
def send_back(change_id: int) -> ResponseReturnValue:
    """Send a request back to its drafter instead of confirming it."""
    return _back(change_id, "send_back", applying.send_back, "已退回申请人。")


@bp.post("/<int:change_id>/decline")
@may(Permission.CONSENT_CHANGE)
def decline(change_id: int) -> ResponseReturnValue:
    """Do not consent."""
    return _back(change_id, "decline", applying.decline, "已退回申请人。")


@bp.post("/<int:change_id>/return")
@may(Permission.HANDLE_CHANGE)
def return_(change_id: int) -> ResponseReturnValue:
    """Return a request to its drafter."""
    return _back(change_id, "return", deciding.return_, "已退回申请人修改。")


@bp.post("/<int:change_id>/reject")
@may(Permission.HANDLE_CHANGE)
def reject(change_id: int) -> ResponseReturnValue:
    """Decide at the examination that a change is not made."""
    return _back(change_id, "reject", deciding.reject, "已作出不予批准的决定。")


@bp.post("/<int:change_id>/refuse")
@may(Permission.APPROVE_CHANGE)
def refuse(change_id: int) -> ResponseReturnValue:
    """Do not approve what was proposed."""
    return _back(change_id, "refuse", deciding.refuse, "已作出不予批准的决定。")


@bp.post("/<int:change_id>/withdraw")
@may(Permission.APPLY_CHANGE)
def withdraw(change_id: int) -> ResponseReturnValue:
    """Take a request back."""
    form, done = WithdrawForm(), "变更申请已撤回。"
    return _press(change_id, "withdraw", form, applying.withdraw, done, lambda: (form.note.data or "",))


def _back(change_id: int, name: str, command: Command, words: str) -> ResponseReturnValue:
    form = NoteForm()
    return _press(change_id, name, form, command, words, lambda: (form.note.data,))


def _press(
    change_id: int,
    name: str,
    form: Form,
    command: Command,
    words: str,
    given: Callable[[], tuple[Any, ...]] = tuple,
) -> ResponseReturnValue:
    """Run a command with what the form gives, today last; a refusal shows the page again."""
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed, VerdictRefused, SamePerson, NotTheirs, OutOfDate):
            command(db.session(), current_actor(), change_id, *given(), clock.today())
            flash(words)
            return redirect(url_for("changes.show", change_id=change_id))
    db.session.rollback()
    return show_change(change_page(change_id), (name, form)), 422


def _revision(form: SendForm) -> int:
    """Return the revision a form was drawn with; whatever is no number is none."""
    text = form.revision.data
    return int(text) if text and text.isascii() and text.isdigit() else 0
