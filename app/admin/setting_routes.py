"""Settings of the agency that the clock goes by. Mounted by ``app.admin.routes``."""

from __future__ import annotations

from dataclasses import asdict

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.admin.blueprint import bp
from app.admin.setting_forms import NoticesForm, days_off_form, limit_groups, limits_form, steps_form
from app.extensions import db
from app.forms import Form, SettingForm
from app.permissions import current_actor, may
from lifecycle import days_off as commands
from lifecycle.calendar import WorkingDays
from lifecycle.days_off import load_days_off, loadable_years, year_off
from lifecycle.notice_settings import notice_settings_of, set_notices
from lifecycle.notice_words import number_words
from lifecycle.paper_notices import next_running
from lifecycle.refusals import NotFound
from lifecycle.roles import Permission
from lifecycle.setting import articles_asking, set_limits, set_steps, time_limits
from lifecycle.settings import settings_of


@bp.route("/steps", methods=["GET", "POST"])
@may(Permission.MANAGE_SETTINGS)
def steps() -> ResponseReturnValue:
    """Show and set when duties are spoken of."""
    session, actor = db.session(), current_actor()
    form = steps_form(settings_of(session, actor.agency_id).clockwork)
    if form.validate_on_submit():
        with form.taking_refusals():
            today, every = clock.today(), form.every.data or 0
            set_steps(session, actor, form.steps, every, form.escalation, today, opened=form.seen)
            flash("提醒安排已保存，今后的提醒按新的安排发出；已经发出的不重发。")
            return redirect(url_for("admin.steps"))
    return _page("admin/steps.html", form)


@bp.route("/limits", methods=["GET", "POST"])
@may(Permission.MANAGE_SETTINGS)
def limits() -> ResponseReturnValue:
    """Show and set within how many days things are wanted."""
    session, actor = db.session(), current_actor()
    settings = settings_of(session, actor.agency_id)
    rules = time_limits(settings)
    form = limits_form(rules, articles_asking(settings))
    if form.validate_on_submit():
        with form.taking_refusals():
            days = {rule.id: form[rule.id].data for rule in rules}
            set_limits(session, actor, days, clock.today(), opened=form.seen)
            flash("办理期限已保存，待办的期限随之重新计算。")
            return redirect(url_for("admin.limits"))
    return _page("admin/limits.html", form, groups=limit_groups(rules))


@bp.route("/notices", methods=["GET", "POST"])
@may(Permission.MANAGE_SETTINGS)
def notices() -> ResponseReturnValue:
    """Show and set the mark in the numbers of notices, and their days."""
    session, actor, today = db.session(), current_actor(), clock.today()
    known = notice_settings_of(session, actor.agency_id)
    form = NoticesForm(asdict(known), data=asdict(known))
    if form.validate_on_submit():
        with form.taking_refusals():
            set_notices(session, actor, form.settings, today, opened=form.seen)
            flash("文书设置已保存，用于以后出具的文书。")
            return redirect(url_for("admin.notices"))
    following = number_words(today.year, next_running(session, actor.agency_id, today.year), known.mark)
    return _page("admin/notices.html", form, next_number=following)


@bp.route("/days-off", methods=["GET", "POST"])
@may(Permission.MANAGE_SETTINGS)
def days_off() -> ResponseReturnValue:
    """Show what is known of the years' days off, and load a year's."""
    session, actor, today = db.session(), current_actor(), clock.today()
    year = _year()
    known = year_off(session, actor.agency_id, year)
    form = days_off_form(known)
    if form.validate_on_submit():
        with form.taking_refusals():
            text, whole = form.lines.data or "", form.complete.data
            count = load_days_off(session, actor, year, text, today, complete=whole, opened=form.seen)
            flash(f"{year} 年放假安排已保存，共 {count} 天，提醒的日期随之调整。")
            return redirect(url_for("admin.days_off", year=year))
    days = settings_of(session, actor.agency_id).clockwork.days
    years = [(one, _stands(days, one), days.is_estimated(one)) for one in loadable_years(today)]
    return _page("admin/days_off.html", form, years=years, known=known)


@bp.post("/days-off/clear")
@may(Permission.MANAGE_SETTINGS)
def clear_days_off() -> ResponseReturnValue:
    """Take back what was loaded of a year."""
    year, form = _year(), SettingForm({})
    commands.clear_days_off(db.session(), current_actor(), year, clock.today(), opened=form.seen)
    flash(f"{year} 年录入的放假安排已清除，提醒的日期随之调整。")
    return redirect(url_for("admin.days_off", year=year))


def _year() -> int:
    """Return the year that is asked for: this one where none is. Raises ``NotFound``."""
    today = clock.today()
    year = request.args.get("year", today.year, type=int)
    if year not in loadable_years(today):
        raise NotFound("这一年的放假安排")
    return year


def _stands(days: WorkingDays, year: int) -> str:
    if year in days.complete:
        return "本局已全部录入"
    own = "，本局另有录入" if year in days.years else ""
    return f"{'尚未公布，按推算' if days.is_estimated(year) else '已随软件提供'}{own}"


def _page(template: str, form: Form, **more: object) -> ResponseReturnValue:
    return render_template(template, form=form, **more), 422 if form.errors else 200
