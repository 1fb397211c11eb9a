"""The workbench: what is overdue, what is due, and what waits for whoever is signed in."""

from __future__ import annotations

from flask import Blueprint, render_template, request, session
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.permissions import current_actor, may
from app.projects.asking import read_page, read_size
from app.projects.routes import SIZE
from app.workbench.rows import desk_rows, first_step, turn_rows, waiting_groups
from finance.reconcile.keeping import open_differences
from finance.waiting import find_waiting
from lifecycle.desk import Urgency, heap, heap_sizes, open_desk
from lifecycle.jobs import last_beat, stands_still
from lifecycle.listing import any_project
from lifecycle.notice_list import count_unsigned
from lifecycle.reaching import reach
from lifecycle.roles import Permission
from lifecycle.turns import TurnCounts, count_turns, list_turns

bp = Blueprint("workbench", __name__)

FIRST = 6
"""Of each heap the workbench shows so many; the rest is one press away."""


@bp.get("/")
@may(Permission.SEE_OWN_DESK)
def index() -> ResponseReturnValue:
    """Show the most urgent of everything that concerns the person."""
    today, actor, data = clock.today(), current_actor(), db.session()
    desk = open_desk(data, actor, today, FIRST)
    waiting = find_waiting(data, actor, today, FIRST, desk.revision)
    turns = list_turns(data, actor, FIRST)
    turn_counts = count_turns(data, actor, today) if turns else TurnCounts(0, 0)
    differences = open_differences(data, actor)
    unsigned = count_unsigned(data, actor, today, desk.revision)
    empty = not (any(desk.sizes.values()) or waiting.count or turns or differences or unsigned)
    admins = actor.may(Permission.MANAGE_PEOPLE)  # whoever can do something about it
    return render_template(
        "workbench/index.html",
        sizes=desk.sizes,
        heaps={one: desk_rows(duties, actor, today) for one, duties in desk.heaps.items()},
        groups=waiting_groups(waiting, actor),
        waiting=waiting,
        differences=differences,
        unsigned=unsigned,
        still=admins and stands_still(last_beat(data), clock.now()),
        reach=reach(data, actor.agency_id, clock.now()) if admins else None,
        turns=turn_rows(turns),
        turn_counts=turn_counts,
        first_step=first_step(actor, any_project(data, actor)) if empty else None,
    )


@bp.get("/turns/")
@may(Permission.SEE_OWN_DESK)
def turns() -> ResponseReturnValue:
    """Show everything that waits for the person, page by page."""
    actor, data = current_actor(), db.session()
    size = read_size(request.args, session.get(SIZE))
    count = count_turns(data, actor, clock.today()).all
    pages = max(1, -(-count // size))
    page = min(read_page(request.args), pages)
    return render_template(
        "workbench/turns.html",
        rows=turn_rows(list_turns(data, actor, size, (page - 1) * size)),
        count=count,
        page_number=page,
        pages=pages,
        size=size,
    )


@bp.get("/duties/")
@may(Permission.SEE_OWN_DESK)
def duties() -> ResponseReturnValue:
    """Show one heap, page by page."""
    today, actor, data = clock.today(), current_actor(), db.session()
    wanted = request.args.get("heap")
    urgency = Urgency(wanted) if wanted in set(Urgency) else Urgency.OVERDUE
    size = read_size(request.args, session.get(SIZE))
    sizes = heap_sizes(data, actor, today)
    pages = max(1, -(-sizes[urgency] // size))
    page = min(read_page(request.args), pages)
    found = heap(data, actor, urgency, today, size, (page - 1) * size)
    return render_template(
        "workbench/duties.html",
        urgency=urgency,
        sizes=sizes,
        rows=desk_rows(found, actor, today),
        page_number=page,
        pages=pages,
        size=size,
    )
