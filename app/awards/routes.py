"""Registering a project once it has been awarded."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from app import clock
from app.awards.forms import AwardForm
from app.extensions import db
from app.permissions import current_actor, may
from app.steps import tab_url
from lifecycle.awards import register
from lifecycle.roles import Permission

bp = Blueprint("awards", __name__, url_prefix="/awards")


@bp.get("/new")
@may(Permission.REGISTER_PROJECT)
def new() -> ResponseReturnValue:
    """Ask what the award says of a project."""
    return render_template("awards/new.html", form=AwardForm(formdata=None))


@bp.post("/new")
@may(Permission.REGISTER_PROJECT)
def create() -> ResponseReturnValue:
    """Register the project."""
    form = AwardForm()
    if form.validate_on_submit():
        with form.taking_refusals():
            award = form.award
            register(db.session(), current_actor(), award, clock.today())
            flash("项目已登记，下一步起草任务书。")
            return redirect(tab_url(award.number, "agreement"))
    return render_template("awards/new.html", form=form), 422
