"""What finance looks at: the plan of a year, what moved, both added up, and the lines behind every sum."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.filters import query
from app.menu import agency_name
from app.money import asked, figures, lists
from app.money.batch_routes import bp
from app.permissions import current_actor, may
from app.workbooks import send_workbook
from finance.views.asking import PART_NAMES, Part, When, Which
from finance.views.moved import BOOK_NAMES, Book, every_movement, moved_page
from finance.views.planned import every_plan_line, plan_page, plan_total
from finance.views.plans import MONTHS, year_plan
from lifecycle.roles import Permission
from reports.money_lists import write_moved, write_plan, write_plan_lines

__all__ = ["bp"]

FIRST_LATE = 8
"""Late payments shown above the plan; the rest is one press away."""


@bp.get("/plan")
@may(Permission.SEE_MONEY)
def plan() -> ResponseReturnValue:
    """Show the plan of a year by month and source, and above it what is late and what is due soon."""
    session, actor, today = db.session(), current_actor(), clock.today()
    which = _of_plan()
    shown = year_plan(session, actor, which, today)
    late = replace(which, year=None, part=Part.OWED, when=When.LATE)
    soon = replace(late, when=When.SOON)
    return render_template(
        "money/plan.html",
        waiting=lists.counts(session, actor, today),
        plan=shown,
        groups=figures.plan_groups(shown, which),
        months=MONTHS,
        which=which,
        chips=asked.chips(which, request.args, "year"),
        programmes=asked.programmes(),
        sources=asked.sources(),
        late=plan_page(session, actor, late, today, 1, FIRST_LATE),
        late_url=figures.lines_url(late),
        late_parts=list(figures.late_parts(shown, late)),
        soon=plan_total(session, actor, soon, today),
        soon_url=figures.lines_url(soon),
        undated_url=figures.lines_url(which, year=None, month=None, undated=True),
        export_url=url_for("money.plan_sheet") + query(request.args),
    )


@bp.get("/plan.xlsx")
@may(Permission.SEE_MONEY)
def plan_sheet() -> ResponseReturnValue:
    """Hand out the plan of a year as it is shown."""
    which, today = _of_plan(), clock.today()
    shown = year_plan(db.session(), current_actor(), which, today)
    file = BytesIO()
    groups = [
        (group.title, [(row.label, [one.fen for one in row.figures]) for row in group.rows])
        for group in figures.plan_groups(shown, which)
    ]
    said = asked.sentence(which, "year")
    write_plan(file, groups, agency=agency_name(), year=shown.year, asked=said, today=today)
    return send_workbook(file, f"{shown.year}年度拨付计划-{today}.xlsx")


def _of_plan() -> Which:
    """Return what is asked of the plan of a year: which year and which projects, nothing of the lines."""
    which = _of_books()
    year = which.year or clock.today().year
    return replace(which, year=year, month=None, undated=False, sourceless=False)


@bp.get("/lines")
@may(Permission.SEE_MONEY)
def lines() -> ResponseReturnValue:
    """List the tranches behind a sum of the plan."""
    session, actor, today = db.session(), current_actor(), clock.today()
    which, size = asked.which_of(request.args), lists.per_page(request.args)
    return render_template(
        "money/lines.html",
        waiting=lists.counts(session, actor, today),
        which=which,
        part_name=PART_NAMES[which.part],
        found=plan_page(session, actor, which, today, lists.page_number(request.args), size),
        size=size,
        chips=asked.chips(which, request.args),
        export_url=url_for("money.lines_sheet") + query(request.args, page=None, size=None),
    )


@bp.get("/lines.xlsx")
@may(Permission.SEE_MONEY)
def lines_sheet() -> ResponseReturnValue:
    """Hand out those tranches, all pages of them."""
    which, today, file = asked.which_of(request.args), clock.today(), BytesIO()
    rows = every_plan_line(db.session(), current_actor(), which, today)
    name = PART_NAMES[which.part]
    write_plan_lines(file, rows, agency=agency_name(), part=name, asked=asked.sentence(which), today=today)
    return send_workbook(file, f"拨付计划明细-{name}-{today}.xlsx")


@bp.get("/moved")
@may(Permission.SEE_MONEY)
def moved() -> ResponseReturnValue:
    """List payments, reversals or returns."""
    session, actor, today = db.session(), current_actor(), clock.today()
    which, book, size = _of_books(), _book(), lists.per_page(request.args)
    return render_template(
        "money/moved.html",
        waiting=lists.counts(session, actor, today),
        which=which,
        book=book,
        books=BOOK_NAMES,
        book_urls={one: figures.moved_url(one, which) for one in Book},
        found=moved_page(session, actor, book, which, today, lists.page_number(request.args), size),
        size=size,
        chips=asked.chips(which, request.args),
        programmes=asked.programmes(),
        sources=asked.sources(),
        years=asked.years(today),
        export_url=url_for("money.moved_sheet") + query(request.args, page=None, size=None),
    )


@bp.get("/moved.xlsx")
@may(Permission.SEE_MONEY)
def moved_sheet() -> ResponseReturnValue:
    """Hand out those payments, reversals or returns, all pages of them."""
    which, book, today, file = _of_books(), _book(), clock.today(), BytesIO()
    rows = every_movement(db.session(), current_actor(), book, which, today)
    write_moved(file, rows, book, agency=agency_name(), asked=asked.sentence(which), today=today)
    return send_workbook(file, f"{BOOK_NAMES[book]}明细-{today}.xlsx")


def _book() -> Book:
    wanted = request.args.get("book", "")
    return Book(wanted) if wanted in set(Book) else Book.PAID


def _of_books() -> Which:
    """Return what is asked of what moved: nothing of the parts of a plan."""
    return replace(asked.which_of(request.args), part=Part.PLANNED, when=None)
