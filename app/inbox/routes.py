"""The inbox page: newest first, and what has been read."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField

from app.extensions import db
from app.forms import Form
from app.permissions import current_actor, may
from app.running.told import show_told, write_told
from lifecycle import inbox
from lifecycle.roles import Permission
from lifecycle.setting import choose_mail, wants_mail

bp = Blueprint("inbox", __name__, url_prefix="/inbox")


class MailForm(Form):
    """By which way a person wants to be told before a deadline."""

    by_mail = BooleanField("到期前的提醒也发到我的邮箱")


@bp.get("/")
@may(Permission.SEE_OWN_DESK)
def index() -> ResponseReturnValue:
    """Show a page of messages."""
    size = request.args.get("size", inbox.PER_PAGE[0], type=int)
    size = size if size in inbox.PER_PAGE else inbox.PER_PAGE[0]
    page = request.args.get("page", 1, type=int)
    found = inbox.open_inbox(db.session(), current_actor(), page, size)
    return render_template("inbox/index.html", found=found, size=size, sizes=inbox.PER_PAGE)


@bp.post("/<int:message_id>/read")
@may(Permission.SEE_OWN_DESK)
def read(message_id: int) -> ResponseReturnValue:
    """Mark one message as read and stay on the page."""
    inbox.mark_read(db.session(), current_actor(), message_id)
    page, size = (request.form.get(name, type=int) for name in ("page", "size"))
    return redirect(url_for("inbox.index", page=page, size=size))


@bp.post("/read")
@may(Permission.SEE_OWN_DESK)
def read_all() -> ResponseReturnValue:
    """Mark as read every message there was when the page was shown."""
    inbox.mark_all_read(db.session(), current_actor(), request.form.get("newest", 0, type=int))
    flash("已全部标为已读。")
    return redirect(url_for("inbox.index"))


@bp.route("/choices", methods=["GET", "POST"])
@may(Permission.SEE_OWN_DESK)
def choices() -> ResponseReturnValue:
    """Show and change by which ways the person is told."""
    session, actor = db.session(), current_actor()
    form = MailForm(data={"by_mail": wants_mail(session, actor.user_id, actor.agency_id)})
    if form.validate_on_submit():
        choose_mail(session, actor, form.by_mail.data)
        flash("提醒方式已保存。")
        return redirect(url_for("inbox.choices"))
    return render_template("inbox/choices.html", form=form, email=actor.email)


@bp.get("/told")
@may(Permission.SEE_OWN_DESK)
def told() -> ResponseReturnValue:
    """List everything the person was told, by every way, and whether it got through."""
    return show_told(own=True)


@bp.get("/told.xlsx")
@may(Permission.SEE_OWN_DESK)
def told_sheet() -> ResponseReturnValue:
    """Hand out that list, all pages of it."""
    return write_told(own=True)
