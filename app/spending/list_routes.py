"""Spending, own and joint money and what is over the budget, across the projects that somebody may see."""

from __future__ import annotations

from io import BytesIO

from flask import render_template, request
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.menu import agency_name
from app.permissions import current_actor, may
from app.projects.asking import read_page
from app.spending import asking
from app.spending.receipt_routes import bp
from app.workbooks import send_workbook
from finance.overspent import list_overspent
from finance.own_money import OWN, list_own
from finance.receipts import WHO
from finance.spending_list import every_spending, list_all_spending
from finance.stage_accounts import count_accounts, list_accounts
from lifecycle.roles import Permission
from reports.book_lists import write_accounts, write_overspent, write_own, write_spending

OVERSPENT_ON_A_PAGE = 50

SPENDING_ASKED = ("text", "source", "use", "since", "until", "standing")
OWN_ASKED = ("text", "source", "state")
ACCOUNTS_ASKED = ("text", "state")


def _list(template: str, endpoint: str, **more: object) -> str:
    actor = current_actor()
    return render_template(
        f"spending/{template}.html",
        list_tabs=asking.tabs_of(actor, endpoint),
        bureau=actor.may(Permission.SEE_MONEY),
        **more,
    )


def _workbook(file: BytesIO, name: str) -> ResponseReturnValue:
    return send_workbook(file, f"{name}-{clock.today()}.xlsx")


@bp.get("/")
@may(Permission.SEE_PROJECTS)
def index() -> ResponseReturnValue:
    """List the spending of all projects."""
    asked = asking.spending_asked(request.args)
    return _list(
        "index",
        "spending.index",
        asked=asked,
        found=list_all_spending(db.session(), current_actor(), asked, clock.today()),
        chips=list(asking.chips(asked, request.args, SPENDING_ASKED)),
        choices=asking.SPENDING_CHOICES,
    )


@bp.get("/exports/spending.xlsx")
@may(Permission.SEE_PROJECTS)
def export_spending() -> ResponseReturnValue:
    """Hand out the spending that is asked for as a workbook."""
    asked, today, file = asking.spending_asked(request.args), clock.today(), BytesIO()
    rows = every_spending(db.session(), current_actor(), asked, today)
    said = asking.said(asked, SPENDING_ASKED)
    write_spending(file, rows, agency=agency_name(), said=said, today=today)
    return _workbook(file, "支出明细")


@bp.get("/own")
@may(Permission.SEE_PROJECTS)
def own() -> ResponseReturnValue:
    """List what the parties pay themselves, what has arrived and what is late."""
    asked = asking.own_asked(request.args)
    return _list(
        "own",
        "spending.own",
        asked=asked,
        found=list_own(db.session(), current_actor(), asked, clock.today()),
        chips=list(asking.chips(asked, request.args, OWN_ASKED)),
        choices=asking.OWN_CHOICES,
        may_look=current_actor().may(Permission.RECORD_RECEIPT),
        mine={source for source in OWN if not current_actor().roles.isdisjoint(WHO[source])},
    )


@bp.get("/exports/own.xlsx")
@may(Permission.SEE_PROJECTS)
def export_own() -> ResponseReturnValue:
    """Hand out the own and joint money that is asked for as a workbook."""
    asked, today, file = asking.own_asked(request.args), clock.today(), BytesIO()
    found = list_own(db.session(), current_actor(), asked, today, whole=True)
    write_own(file, found.rows, agency=agency_name(), said=asking.said(asked, OWN_ASKED), today=today)
    return _workbook(file, "自筹和联合资金")


@bp.get("/accounts")
@may(Permission.SEE_PROJECTS)
def accounts() -> ResponseReturnValue:
    """List the stage accounts, those that wait for whoever looks first."""
    session, actor, asked = db.session(), current_actor(), asking.accounts_asked(request.args)
    return _list(
        "accounts",
        "spending.accounts",
        asked=asked,
        found=list_accounts(session, actor, asked),
        counts=count_accounts(session, actor),
        chips=list(asking.chips(asked, request.args, ACCOUNTS_ASKED)),
        choices=asking.ACCOUNT_CHOICES,
    )


@bp.get("/exports/accounts.xlsx")
@may(Permission.SEE_PROJECTS)
def export_accounts() -> ResponseReturnValue:
    """Hand out the stage accounts that are asked for as a workbook."""
    asked, today, file = asking.accounts_asked(request.args), clock.today(), BytesIO()
    found = list_accounts(db.session(), current_actor(), asked, whole=True)
    said = asking.said(asked, ACCOUNTS_ASKED)
    write_accounts(file, found.rows, agency=agency_name(), said=said, today=today)
    return _workbook(file, "阶段账目")


@bp.get("/over-budget")
@may(Permission.SEE_MONEY)
def overspent() -> ResponseReturnValue:
    """List everything on which more was spent than budgeted, the most first."""
    found = list_overspent(db.session(), current_actor(), clock.today())
    pages = max(1, -(-len(found) // OVERSPENT_ON_A_PAGE))
    page = min(max(1, read_page(request.args)), pages)
    rows = found[(page - 1) * OVERSPENT_ON_A_PAGE : page * OVERSPENT_ON_A_PAGE]
    return _list(
        "overspent",
        "spending.overspent",
        rows=rows,
        count=len(found),
        page_number=page,
        pages=pages,
        size=OVERSPENT_ON_A_PAGE,
    )


@bp.get("/exports/over-budget.xlsx")
@may(Permission.SEE_MONEY)
def export_overspent() -> ResponseReturnValue:
    """Hand out everything over its budget as a workbook."""
    today, file = clock.today(), BytesIO()
    write_overspent(
        file, list_overspent(db.session(), current_actor(), today), agency=agency_name(), today=today
    )
    return _workbook(file, "超预算支出")
