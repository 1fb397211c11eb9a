"""The inbox page: newest first, and what has been read."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.inbox.choice_form import choice_form
from app.permissions import current_actor, may
from app.row_ids import row_id
from app.running.told import show_told, write_told
from app.steps import Step, duty_step
from lifecycle import inbox
from lifecycle.addresses import project_path
from lifecycle.choosing import choose, offered
from lifecycle.roles import Actor, Permission
from lifecycle.rulebook import rulebook

bp = Blueprint("inbox", __name__, url_prefix="/inbox")


@bp.get("/")
@may(Permission.SEE_OWN_DESK)
def index() -> ResponseReturnValue:
    """Show a page of messages."""
    size = request.args.get("size", inbox.PER_PAGE[0], type=int)
    size = size if size in inbox.PER_PAGE else inbox.PER_PAGE[0]
    page, shown = request.args.get("page", 1, type=int), _shown(request.args.get("show", ""))
    actor = current_actor()
    found = inbox.open_inbox(db.session(), actor, clock.today(), shown, page, size)
    steps = {one.id: _step(one, actor) for one in found.messages}
    return render_template(
        "inbox/index.html", found=found, steps=steps, shown=shown, size=size, sizes=inbox.PER_PAGE
    )


def _shown(asked: str) -> inbox.Shown:
    return inbox.Shown(asked) if asked in set(inbox.Shown) else inbox.Shown.ALL


def _step(message: inbox.Message, actor: Actor) -> Step | None:
    """Return where to act on what a message speaks of, or to look at it where nothing is owed any more."""
    label = "去办理" if message.standing in (None, inbox.Standing.OWED) else "查看"
    if message.own_path is not None:
        return Step(label, message.own_path)
    if message.project is None:
        return None
    if message.rule is None:
        return Step(label, project_path(message.project))
    return Step(label, duty_step(rulebook().find(message.rule), actor, message.project).url)


@bp.post("/<int:message_id>/act")
@may(Permission.SEE_OWN_DESK)
def act(message_id: int) -> ResponseReturnValue:
    """Mark a message as read and go where to act on it."""
    session, actor = db.session(), current_actor()
    message = inbox.find_message(session, actor, message_id, clock.today())
    step = _step(message, actor)
    if not message.is_read:
        inbox.mark_read(session, actor, message_id)
    return redirect(step.url if step else url_for("inbox.index"))


@bp.post("/<int:message_id>/read")
@may(Permission.SEE_OWN_DESK)
def read(message_id: int) -> ResponseReturnValue:
    """Mark one message as read and stay on the page."""
    inbox.mark_read(db.session(), current_actor(), message_id)
    page, size = (request.form.get(name, type=int) for name in ("page", "size"))
    return redirect(url_for("inbox.index", page=page, size=size, show=request.form.get("show")))


@bp.post("/read")
@may(Permission.SEE_OWN_DESK)
def read_all() -> ResponseReturnValue:
    """Mark as read every message there was when the page was shown."""
    inbox.mark_all_read(db.session(), current_actor(), request.form.get("newest", 0, type=row_id))
    flash("已全部标为已读。")
    return redirect(url_for("inbox.index"))


@bp.route("/choices", methods=["GET", "POST"])
@may(Permission.SEE_OWN_DESK)
def choices() -> ResponseReturnValue:
    """Show and change how the person is told of duties."""
    session, actor, today = db.session(), current_actor(), clock.today()
    offer = offered(session, actor, actor.user_id, today)
    form = choice_form(offer)
    if form.validate_on_submit():
        with form.taking_refusals():
            choose(session, actor, form.choices(offer), today)
            flash("提醒方式已保存。")
            return redirect(url_for("inbox.choices"))
    page = render_template("inbox/choices.html", form=form, offer=offer)
    return page, 422 if form.errors else 200


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
