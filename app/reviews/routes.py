"""What experts are asked for, and their opinions."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.forms import Form
from app.permissions import current_actor, may
from app.reviews.forms import OpinionForm, RecuseForm, opinion_form
from lifecycle.review_shown import list_reviews, load_review
from lifecycle.reviews import recuse as stand_aside
from lifecycle.reviews import submit as hand_in
from lifecycle.roles import Permission

bp = Blueprint("reviews", __name__, url_prefix="/reviews")


@bp.get("/")
@may(Permission.SEE_REVIEWS)
def index() -> ResponseReturnValue:
    """List what the expert is and was asked for."""
    return render_template("reviews/index.html", rows=list_reviews(db.session(), current_actor()))


@bp.get("/<int:member_id>")
@may(Permission.SEE_REVIEWS)
def show(member_id: int) -> ResponseReturnValue:
    """Show what is to be reviewed, and the form of the opinion while it is wanted."""
    return _page(member_id)


@bp.post("/<int:member_id>/submit")
@may(Permission.GIVE_OPINION)
def submit(member_id: int) -> ResponseReturnValue:
    """Hand in an opinion."""
    shown = load_review(db.session(), current_actor(), member_id, clock.today())
    form = opinion_form(shown.aspects)
    if form.validate_on_submit():
        with form.taking_refusals():
            hand_in(
                db.session(),
                current_actor(),
                member_id,
                clock.today(),
                bool(form.no_conflict.data),
                form.scores(shown.aspects),
                form.chosen,
                (form.opinion.data or "").replace("\r\n", "\n"),
                form.files.data,
            )
            flash("已提交评议意见，感谢您的工作。")
            return redirect(url_for("reviews.show", member_id=member_id))
    return _page(member_id, form)


@bp.post("/<int:member_id>/recuse")
@may(Permission.GIVE_OPINION)
def recuse(member_id: int) -> ResponseReturnValue:
    """Stand aside."""
    form = RecuseForm()
    if form.validate_on_submit():
        with form.taking_refusals():
            stand_aside(db.session(), current_actor(), member_id, clock.today(), form.note.data or "")
            flash("已登记回避，科技局将另请专家。")
            return redirect(url_for("reviews.show", member_id=member_id))
    return _page(member_id, form)


def _page(member_id: int, refused: Form | None = None) -> ResponseReturnValue:
    shown = load_review(db.session(), current_actor(), member_id, clock.today())
    page = render_template(
        "reviews/review.html",
        shown=shown,
        form=refused if isinstance(refused, OpinionForm) else opinion_form(shown.aspects, fresh=True),
        recuse_form=refused if isinstance(refused, RecuseForm) else RecuseForm(formdata=None),
    )
    return page, 422 if refused else 200
