"""Settings of the agency that the clock goes by. Mounted by ``app.admin.routes``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date
from itertools import pairwise

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.admin.blueprint import bp
from app.admin.setting_forms import DaysOffForm, NoticesForm, limit_groups, limits_form, steps_form
from app.extensions import db
from app.forms import Form
from app.permissions import current_actor, may
from lifecycle.calendar import WorkingDays
from lifecycle.days_off import load_days_off, loaded_days
from lifecycle.models import CalendarDay
from lifecycle.notice_settings import notice_settings_of, set_notices
from lifecycle.notice_words import number_words
from lifecycle.paper_notices import next_running
from lifecycle.roles import Permission
from lifecycle.setting import set_limits, set_steps, time_limits
from lifecycle.settings import settings_of


@bp.route("/steps", methods=["GET", "POST"])
@may(Permission.MANAGE_SETTINGS)
def steps() -> ResponseReturnValue:
    """Show and set when duties are spoken of."""
    session, actor = db.session(), current_actor()
    form = steps_form(settings_of(session, actor.agency_id).clockwork)
    if form.validate_on_submit():
        with form.taking_refusals():
            set_steps(session, actor, form.steps, form.every.data or 0, form.escalation, clock.today())
            flash("提醒安排已保存，今后的提醒按新的安排发出；已经发出的不重发。")
            return redirect(url_for("admin.steps"))
    return _page("admin/steps.html", form)


@bp.route("/limits", methods=["GET", "POST"])
@may(Permission.MANAGE_SETTINGS)
def limits() -> ResponseReturnValue:
    """Show and set within how many days things are wanted."""
    session, actor = db.session(), current_actor()
    rules = time_limits(settings_of(session, actor.agency_id))
    form = limits_form(rules)
    if form.validate_on_submit():
        with form.taking_refusals():
            set_limits(session, actor, {rule.id: form[rule.id].data for rule in rules}, clock.today())
            flash("办理期限已保存，待办的期限随之重新计算。")
            return redirect(url_for("admin.limits"))
    return _page("admin/limits.html", form, groups=limit_groups(rules))


@bp.route("/notices", methods=["GET", "POST"])
@may(Permission.MANAGE_SETTINGS)
def notices() -> ResponseReturnValue:
    """Show and set the mark in the numbers of notices, and their days."""
    session, actor, today = db.session(), current_actor(), clock.today()
    known = notice_settings_of(session, actor.agency_id)
    form = NoticesForm(data=asdict(known))
    if form.validate_on_submit():
        with form.taking_refusals():
            set_notices(session, actor, form.settings, today)
            flash("文书设置已保存，用于以后出具的文书。")
            return redirect(url_for("admin.notices"))
    following = number_words(today.year, next_running(session, actor.agency_id, today.year), known.mark)
    return _page("admin/notices.html", form, next_number=following)


@bp.route("/days-off", methods=["GET", "POST"])
@may(Permission.MANAGE_SETTINGS)
def days_off() -> ResponseReturnValue:
    """Show what is known of the years' days off, and load a year's."""
    session, actor, today = db.session(), current_actor(), clock.today()
    year = request.args.get("year", today.year, type=int)
    loaded = loaded_days(session, actor.agency_id, year)
    form = DaysOffForm(data={"year": year, "lines": "\n".join(_lines(loaded))})
    if form.validate_on_submit():
        with form.taking_refusals():
            count = load_days_off(session, actor, form.year.data or 0, form.lines.data or "", today)
            flash(f"{form.year.data} 年放假安排已保存，共 {count} 天，提醒的日期随之调整。")
            return redirect(url_for("admin.days_off", year=form.year.data))
    days = settings_of(session, actor.agency_id).clockwork.days
    years = [(one, _known(days, one)) for one in range(today.year - 1, today.year + 4)]
    return _page("admin/days_off.html", form, years=years, year=year)


def _known(days: WorkingDays, year: int) -> str:
    if year in days.years:
        return "本局已载入"
    return "按周末推算" if days.is_estimated(year) else "已随软件提供"


def _lines(loaded: Sequence[CalendarDay]) -> Iterator[str]:
    """Yield what was loaded as lines, neighbouring days of one kind and name together."""
    run: list[CalendarDay] = []
    for one, following in pairwise([*loaded, None]):
        if one is None:
            return
        run.append(one)
        if following is None or not _goes_on(one, following):
            yield _line(run[0].day, run[-1])
            run = []


def _goes_on(one: CalendarDay, other: CalendarDay) -> bool:
    alike = one.working is other.working and one.name == other.name
    return alike and (other.day - one.day).days == 1


def _line(first: date, last: CalendarDay) -> str:
    span = first.isoformat() if first == last.day else f"{first} 至 {last.day}"
    return f"{span} {'上班' if last.working else '放假'} {last.name}".strip()


def _page(template: str, form: Form, **more: object) -> ResponseReturnValue:
    return render_template(template, form=form, **more), 422 if form.errors else 200
