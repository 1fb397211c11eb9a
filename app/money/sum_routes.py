"""The plan and what moved, added up for finance: the summary on a page, and the workbook of a year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from io import BytesIO

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.filters import query
from app.longwork.exports import hand_out
from app.menu import agency_name
from app.money import asked, figures, lists, year_work
from app.money.view_routes import bp
from app.permissions import current_actor, may
from app.workbooks import send_workbook
from finance.views.asking import PART_NAMES, Part, Which
from finance.views.moved import Book, moved_by
from finance.views.summing import By, summary, total_of
from finance.views.years import count_lines
from lifecycle.roles import Permission
from reports.money_lists import write_summary

__all__ = ["bp"]

BY_NAMES = {By.PROGRAMME: "计划类别", By.UNIT: "承担单位", By.SOURCE: "资金来源", By.YEAR: "年度"}
"""What can be added up by; the first is the usual one."""


@bp.get("/summary")
@may(Permission.SEE_MONEY)
def summed() -> ResponseReturnValue:
    """Show the plan and what moved by programme, unit, source or year."""
    session, actor, today = db.session(), current_actor(), clock.today()
    which, by, size = _asked(), _by(), lists.per_page(request.args)
    parts, rows, total = _rows(which, by)
    pages = max(1, -(-len(rows) // size))
    number = min(max(1, lists.page_number(request.args)), pages)
    undated = replace(which, year=None, undated=True)
    lost = moved_by(session, actor, Book.RETURNED, undated, today, ())[()] if which.year else 0
    return render_template(
        "money/summary.html",
        waiting=lists.counts(session, actor, today),
        which=which,
        by=by,
        bys=BY_NAMES,
        crossed=_crossed(),
        parts_named=[PART_NAMES[part] for part in parts],
        rows=[*rows[(number - 1) * size : number * size], total] if rows else [],
        count=len(rows),
        number=number,
        pages=pages,
        size=size,
        undated=lost,
        undated_url=figures.moved_url(Book.RETURNED, undated),
        chips=asked.chips(which, request.args),
        programmes=asked.programmes(),
        sources=asked.sources(),
        years=asked.years(today),
        export_url=url_for("money.summary_sheet") + query(request.args, page=None, size=None),
    )


@bp.get("/summary.xlsx")
@may(Permission.SEE_MONEY)
def summary_sheet() -> ResponseReturnValue:
    """Hand out the summary as it is shown, all pages of it."""
    which, by, today, file = _asked(), _by(), clock.today(), BytesIO()
    parts, rows, total = _rows(which, by)
    write_summary(
        file,
        [_plain(row) for row in (*rows, total)],
        heads=(BY_NAMES[by], [PART_NAMES[part] for part in parts]),
        crossed=_crossed(),
        agency=agency_name(),
        asked=asked.sentence(which),
        today=today,
    )
    return send_workbook(file, f"拨付汇总-按{BY_NAMES[by]}-{today}.xlsx")


def _asked() -> Which:
    return replace(asked.which_of(request.args), month=None, part=Part.PLANNED, when=None)


def _by() -> By:
    wanted = request.args.get("by", "")
    return By(wanted) if wanted in set(By) else By.PROGRAMME


def _crossed() -> bool:
    return "crossed" in request.args and _by() is not By.SOURCE


def _rows(which: Which, by: By) -> tuple[Sequence[Part], list[figures.ShownSum], figures.ShownSum]:
    """Return the columns of the plan, all rows of the summary in their order, and their total."""
    found = summary(db.session(), current_actor(), which, by, clock.today(), crossed=_crossed())
    parts = figures.sum_parts(found)
    rows = [figures.shown_sum(row, which, by, parts) for row in figures.in_order(found, by)]
    return parts, rows, figures.shown_sum(total_of(found), which, by, parts, total=True)


def _plain(row: figures.ShownSum) -> tuple[str, str, list[int]]:
    return row.name, row.source, [*(one.fen for one in (*row.plan, *row.moved)), row.net]


@bp.get("/year-end")
@may(Permission.SEE_MONEY)
def year_ended() -> ResponseReturnValue:
    """Show what moved in a year, and offer the workbook of it."""
    session, actor, today = db.session(), current_actor(), clock.today()
    which = Which(year=_year())
    _, rows, total = _rows(which, By.SOURCE)
    undated = Which(undated=True)
    return render_template(
        "money/year_end.html",
        waiting=lists.counts(session, actor, today),
        year=_year(),
        years=asked.years(today)[1:],
        as_of=min(today, date(_year(), 12, 31)),
        rows=[*rows, total] if rows else [],
        undated=moved_by(session, actor, Book.RETURNED, undated, today, ())[()],
        undated_url=figures.moved_url(Book.RETURNED, undated),
    )


@bp.route("/year-end.xlsx", methods=["GET", "POST"])
@may(Permission.SEE_MONEY)
def year_end_sheet() -> ResponseReturnValue:
    """Hand out the workbook of a year, whose sums are formulas over its own lines; a large one later."""
    year, today = _year(), clock.today()
    as_of, count = min(today, date(year, 12, 31)), count_lines(db.session(), current_actor(), year, today)
    name = f"{year}年度财政资金拨付汇总-{as_of}.xlsx"
    return hand_out(year_work.YEAR_END, name, {"year": year}, count)


def _year() -> int:
    return asked.which_of(request.args).year or clock.today().year
