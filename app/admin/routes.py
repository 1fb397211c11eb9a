"""Settings: the people of the agency and its name."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app import clock
from app.admin import robot_routes, setting_routes
from app.admin.blueprint import bp
from app.admin.forms import DUTIES, WITH_UNITS, AgencyForm, NewPersonForm, PersonForm, values_of
from app.extensions import db
from app.inbox.choice_form import choice_form
from app.permissions import current_actor, may
from lifecycle import members
from lifecycle import people as commands
from lifecycle.bounces import bounced
from lifecycle.choosing import choose_for, offered
from lifecycle.deputies import stood_for
from lifecycle.roles import Permission

__all__ = ["bp", "robot_routes", "setting_routes"]


@bp.get("/people")
@may(Permission.MANAGE_PEOPLE)
def people() -> ResponseReturnValue:
    """List the people of the agency."""
    text = request.args.get("name", "").strip()
    page, size = (request.args.get(key, usual, type=int) for key, usual in (("page", 1), ("size", 50)))
    size = size if size in members.PER_PAGE else 50
    found = members.list_members(db.session(), current_actor(), text, page, size)
    return render_template("admin/people.html", found=found, text=text, size=size)


@bp.route("/people/add", methods=["GET", "POST"])
@may(Permission.MANAGE_PEOPLE)
def add() -> ResponseReturnValue:
    """Add somebody, with an account where there is none; a new password is shown in the answer only."""
    form = NewPersonForm()
    if form.validate_on_submit():
        with form.taking_refusals():
            added = commands.add_person(
                db.session(),
                current_actor(),
                username=form.username.data,
                name=form.name.data,
                email=form.email.data,
                posts=list(form.posts()),
            )
            return _told_once(added.user_id, added.password)
    return _form("admin/add.html", form)


@bp.route("/people/<int:user_id>", methods=["GET", "POST"])
@may(Permission.MANAGE_PEOPLE)
def person(user_id: int) -> ResponseReturnValue:
    """Show and change a person."""
    member = members.find_member(db.session(), current_actor(), user_id)
    form = PersonForm(data=values_of(member))
    if form.validate_on_submit():
        with form.taking_refusals():
            commands.edit_person(
                db.session(),
                current_actor(),
                user_id,
                name=form.name.data,
                email=form.email.data,
                posts=list(form.posts()),
            )
            flash(f"已保存 {form.name.data} 的信息。")
            return redirect(url_for("admin.people"))
    refused = bounced(db.session(), current_actor().agency_id, member.email)
    own = user_id == current_user.person.id
    deputised = stood_for(db.session(), current_actor().agency_id, user_id, clock.today())
    more = {"member": member, "own": own, "bounced": refused, "stood_for": deputised}
    return _form("admin/person.html", form, **more)


@bp.route("/people/<int:user_id>/choices", methods=["GET", "POST"])
@may(Permission.MANAGE_PEOPLE)
def choices(user_id: int) -> ResponseReturnValue:
    """Show and change how a person is told of duties, for instance while she is away."""
    session, actor, today = db.session(), current_actor(), clock.today()
    offer = offered(session, actor, user_id, today)
    form = choice_form(offer)
    if form.validate_on_submit():
        with form.taking_refusals():
            choose_for(session, actor, user_id, form.choices(offer), today)
            flash(f"已保存 {offer.member.name} 的提醒方式。")
            return redirect(url_for("admin.person", user_id=user_id))
    page = render_template("admin/choices.html", form=form, offer=offer)
    return page, 422 if form.errors else 200


@bp.post("/people/<int:user_id>/reset-password")
@may(Permission.MANAGE_PEOPLE)
def reset_password(user_id: int) -> ResponseReturnValue:
    """Give a person a new password, shown in the answer only."""
    password = commands.reset_password(db.session(), current_actor(), user_id)
    return _told_once(user_id, password)


@bp.post("/people/<int:user_id>/deactivate")
@may(Permission.MANAGE_PEOPLE)
def deactivate(user_id: int) -> ResponseReturnValue:
    """Let a person in no more."""
    commands.deactivate(db.session(), current_actor(), user_id)
    flash("已停用，此人在各处的登录已全部退出。")
    return redirect(url_for("admin.people"))


@bp.post("/people/<int:user_id>/reactivate")
@may(Permission.MANAGE_PEOPLE)
def reactivate(user_id: int) -> ResponseReturnValue:
    """Let a deactivated person in again."""
    commands.reactivate(db.session(), current_actor(), user_id)
    flash("已恢复，此人可以用原来的密码登录。")
    return redirect(url_for("admin.person", user_id=user_id))


@bp.route("/agency", methods=["GET", "POST"])
@may(Permission.MANAGE_SETTINGS)
def agency() -> ResponseReturnValue:
    """Show and change the agency's own settings."""
    actor = current_actor()
    shown = {"name": current_user.person.agencies[actor.agency_id]}
    form = AgencyForm(shown, data=shown)
    if form.validate_on_submit():
        with form.taking_refusals():
            commands.rename_agency(db.session(), actor, form.name.data, opened=form.seen)
            flash("单位名称已修改。")
            return redirect(url_for("admin.agency"))
    return _form("admin/agency.html", form)


def _form(template: str, form: PersonForm | AgencyForm, **more: object) -> ResponseReturnValue:
    shown = render_template(template, form=form, duties=DUTIES, with_units=WITH_UNITS, **more)
    return shown, 422 if form.errors else 200


def _told_once(user_id: int, password: str | None) -> ResponseReturnValue:
    member = members.find_member(db.session(), current_actor(), user_id)
    return render_template("admin/password.html", member=member, password=password)
