"""The calendar's pages, and the feed at a secret address."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.agenda.feed import calendar_of
from app.agenda.shown import OWNERS, chips_of, months_of, owner_url, read_asked, weeks_of
from app.extensions import db
from app.forms import Form
from app.jobs import site_address
from app.menu import agency_name
from app.permissions import current_actor, may, public
from app.workbench.rows import duty_rows
from app.workbooks import send_workbook
from lifecycle.accounts import load_person
from lifecycle.agenda import (
    MOST,
    agenda,
    day_counts,
    feed_duties,
    feed_made_at,
    feed_of,
    renew_feed,
    stop_feed,
)
from lifecycle.roles import ROLE_NAMES, Permission
from lifecycle.settings import settings_of
from reports.agenda_list import write_agenda_list

bp = Blueprint("agenda", __name__, url_prefix="/calendar")


@bp.get("/")
@may(Permission.SEE_OWN_DESK)
def index() -> ResponseReturnValue:
    """Show a year, a month or a list of what falls due."""
    session, actor, today = db.session(), current_actor(), clock.today()
    asked = read_asked(request.args, actor, today)
    days = settings_of(session, actor.agency_id).clockwork.days
    more: dict[str, object] = {"doubt": days.doubt(asked.year)}
    if asked.view == "year":
        counts = day_counts(session, actor, asked.filter, today)
        more |= {
            "months": months_of(asked.year, counts, today),
            "total": sum(one.count for one in counts.values()),
        }
    else:
        duties = agenda(session, actor, asked.filter, today)
        listed = duties if asked.view == "list" else []
        rows = [
            {
                **row,
                "who_url": owner_url(asked, one),
                "by": days.before_day_off(one.due) if one.due >= today else None,
            }
            for row, one in zip(duty_rows(listed, actor), listed, strict=True)
        ]
        states = [(one.state(today), one.done_on) for one in duties]
        weeks = weeks_of(asked, duties, days) if asked.view == "month" else []
        more |= {"weeks": weeks, "rows": rows, "states": states, "total": len(duties), "most": MOST}
    owners = [(role.value, ROLE_NAMES[role]) for role in OWNERS]
    return render_template(
        "agenda/index.html", asked=asked, chips=chips_of(asked), owners=owners, today=today, **more
    )


@bp.get("/list.xlsx")
@may(Permission.SEE_OWN_DESK)
def sheet() -> ResponseReturnValue:
    """Hand out the list that is asked for, all of it, as a workbook."""
    session, actor, today = db.session(), current_actor(), clock.today()
    asked, file = read_asked(request.args, actor, today), BytesIO()
    rows = agenda(session, actor, asked.filter, today, most=None)
    doubt = settings_of(session, actor.agency_id).clockwork.days.doubt(asked.year)
    words = f"{asked.words}；{doubt}" if doubt else asked.words
    write_agenda_list(file, rows, agency=agency_name(), asked=words, today=today)
    return send_workbook(file, f"到期事项-{asked.span[0]}至{asked.span[1]}.xlsx")


@bp.route("/feed", methods=["GET", "POST"])
@may(Permission.SEE_OWN_DESK)
def feed() -> ResponseReturnValue:
    """Show how one's own calendar can follow along; a new secret address is shown in the answer only."""
    session, actor = db.session(), current_actor()
    address = None
    if Form().validate_on_submit():
        if request.form.get("act") == "stop":
            stop_feed(session, actor)
            flash("日历订阅地址已停用。")
            return redirect(url_for("agenda.feed"))
        address = url_for("agenda.ics", secret=renew_feed(session, actor), _external=True)
    made_at = feed_made_at(session, actor)
    return render_template("agenda/feed.html", made_at=made_at, address=address)


@bp.get("/feed/<secret>.ics")
@public
def ics(secret: str) -> ResponseReturnValue:
    """Return the open duties of whoever the secret address belongs to; it asks for no sign-in."""
    session, now = db.session(), clock.now()
    found = feed_of(session, secret)
    person = load_person(session, found[0]) if found else None
    if found is None or person is None or found[1] not in person.agencies:
        abort(404)
    actor = person.actor_in(found[1])
    duties = feed_duties(session, actor, clock.today())
    days = settings_of(session, actor.agency_id).clockwork.days
    name = f"科管待办（{person.agencies[found[1]]}）"
    site = site_address() or request.url_root
    answer = Response(calendar_of(duties, name, days, site, now), mimetype="text/calendar")
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer
