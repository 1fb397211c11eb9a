"""Signing in and out, one's own password, and the agency worked in."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app import clock
from app.auth import sessions
from app.auth.forms import PasswordForm, SignInForm
from app.extensions import db
from app.permissions import public, signed_in
from app.row_ids import row_id
from lifecycle import accounts
from lifecycle.refusals import SignInRefused

bp = Blueprint("auth", __name__)


@bp.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> ResponseReturnValue:
    """Ask for user name and password."""
    if current_user.is_authenticated:
        return redirect(way_on())
    form = SignInForm()
    if form.validate_on_submit():
        with form.taking_refusals(SignInRefused):
            person = accounts.sign_in(db.session(), form.username.data, form.password.data, clock.now())
            sessions.begin(person)
            return redirect(way_on())
    return render_template("auth/sign_in.html", form=form), 422 if form.errors else 200


@bp.post("/sign-out")
@signed_in
def sign_out() -> ResponseReturnValue:
    """Sign out of this browser."""
    sessions.end()
    flash("已退出登录。")
    return redirect(url_for("auth.sign_in"))


@bp.route("/password", methods=["GET", "POST"])
@signed_in
def password() -> ResponseReturnValue:
    """Change one's own password; a first one must be changed before anything else."""
    first = current_user.person.must_change_password
    form = PasswordForm()
    if form.validate_on_submit():
        with form.taking_refusals(SignInRefused):
            person = accounts.change_password(
                db.session(), current_user.person, form.current.data, form.new.data, clock.now()
            )
            sessions.go_on_as(person)
            flash("密码已修改，在其他电脑上的登录已全部退出。")
            return redirect(url_for("workbench.index"))
    return render_template("auth/password.html", form=form, first=first), 422 if form.errors else 200


@bp.get("/agencies")
@signed_in
def agencies() -> ResponseReturnValue:
    """Ask in which of her agencies a person wants to work."""
    return render_template("auth/agencies.html", agencies=current_user.person.agencies)


@bp.post("/agencies")
@signed_in
def switch() -> ResponseReturnValue:
    """Work in another agency."""
    agency_id = request.form.get("agency", type=row_id)
    if agency_id is None or agency_id not in current_user.person.posts:
        abort(404)
    sessions.work_in(agency_id)
    return redirect(way_on())


def way_on() -> str:
    """Return where to go after signing in: the page asked for, if it is one of ours."""
    wanted = request.args.get("next", "")
    return wanted if is_own_address(wanted) else url_for("workbench.index")


def is_own_address(address: str) -> bool:
    """Whether an address is a path on this site: browsers read \\ as / and skip control characters."""
    if not address.startswith("/") or address[1:2] in {"/", "\\"}:
        return False
    if any(ord(char) < 32 or char == "\\" for char in address):
        return False
    parts = urlsplit(address)
    return not parts.scheme and not parts.netloc
