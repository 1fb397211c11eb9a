"""The list of clearings and recovery, and following up a refund that came with a ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BytesIO

from flask import render_template, request, send_file
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app import clock
from app.acceptance.blueprint import bp
from app.acceptance.clearing_forms import TakeOverForm, take_over_form
from app.acceptance.clearing_page import done
from app.extensions import db
from app.filters import query
from app.menu import agency_name
from app.oversight.routes import list_tabs
from app.permissions import current_actor, may
from app.projects.asking import Chip, read_page, read_size, read_text
from finance.clearing.listing import STATES, ClearingAsked, every_clearing, list_clearings
from finance.clearing.taking_over import in_ledger, take_over_recovery
from lifecycle.models import Acceptance, Clearing
from lifecycle.record import FISCAL, Source
from lifecycle.records import load_record
from lifecycle.refusals import Obstructed
from lifecycle.roles import Permission
from lifecycle.rulebook import rulebook
from lifecycle.sums import money_of
from lifecycle.visibility import find_project
from reports.clearing_list import write_clearing_list

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN = [("open", "未办结"), ("", "全部"), *((one, str(one)) for one in STATES)]
_WORDS = {str(value): words for value, words in SHOWN}


def _asked(args: Mapping[str, str]) -> ClearingAsked:
    state, programme = args.get("state", "open"), args.get("programme", "")
    return ClearingAsked(
        text=read_text(args),
        programme=programme if programme in rulebook().programmes else "",
        state=state if state in _WORDS else "open",
        page=read_page(args),
        per_page=read_size(args),
    )


def _chips(asked: ClearingAsked, args: Mapping[str, str]) -> Iterator[Chip]:
    plain = dict(args)
    if asked.text:
        yield Chip("搜索", asked.text, query(plain, q=None, page=None))
    if asked.programme:
        yield Chip("计划类别", asked.programme, query(plain, programme=None, page=None))
    if asked.state != "open":
        yield Chip("办理情况", _WORDS[asked.state], query(plain, state=None, page=None))


@bp.get("/clearings")
@may(Permission.SEE_OVERSIGHT)
def clearings() -> ResponseReturnValue:
    """List what is being cleared and what has to come back."""
    asked, today = _asked(request.args), clock.today()
    return render_template(
        "acceptance/clearings.html",
        asked=asked,
        found=list_clearings(db.session(), current_actor(), asked, today),
        list_tabs=list_tabs("clearings"),
        chips=list(_chips(asked, request.args)),
        states=SHOWN,
        programmes=[("", "全部"), *((name, name) for name in rulebook().programmes)],
        clears=current_actor().may(Permission.CLEAR_ACCOUNTS),
    )


@bp.get("/clearings/export.xlsx")
@may(Permission.SEE_OVERSIGHT)
def export_clearings() -> ResponseReturnValue:
    """Hand out the list that is asked for, all of its pages, as a workbook."""
    asked, today, file = _asked(request.args), clock.today(), BytesIO()
    told = [f"办理情况：{_WORDS[asked.state]}"]
    told += [f"计划类别：{asked.programme}"] if asked.programme else []
    told += [f"搜索：{asked.text}"] if asked.text else []
    rows = every_clearing(db.session(), current_actor(), asked, today)
    write_clearing_list(file, rows, agency=agency_name(), asked="；".join(told), today=today)
    file.seek(0)
    return send_file(file, XLSX, as_attachment=True, download_name=f"清算与追缴-{today}.xlsx")


@bp.get("/recovery/<project:number>")
@may(Permission.CLEAR_ACCOUNTS)
def recovery(number: str) -> ResponseReturnValue:
    """Show a refund that came with a ledger, and the form by which it is followed up."""
    return _recovery_page(number)


@bp.post("/recovery/<project:number>")
@may(Permission.CLEAR_ACCOUNTS)
def take_over_recovery_(number: str) -> ResponseReturnValue:
    """Follow a refund up."""
    form = take_over_form(_sources(number))
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed):
            clearing_id = take_over_recovery(
                *(db.session(), current_actor(), number, form.owed),
                *(form.due.data, form.reason.data, clock.today()),
            )
            return done(clearing_id, "已接续办理，按期限提醒和催办。")
    return _recovery_page(number, form)


def _sources(number: str) -> list[Source]:
    """Return the public sources of which something was paid to the project."""
    session = db.session()
    project = find_project(session, current_actor(), number)
    sums = money_of(load_record(session, project.id), clock.today()).sources
    return [one for one in Source if one in FISCAL and one in sums and sums[one].paid]


def _recovery_page(number: str, form: TakeOverForm | None = None) -> ResponseReturnValue:
    session = db.session()
    project = find_project(session, current_actor(), number)
    acceptance = session.scalar(select(Acceptance).where(Acceptance.project_id == project.id))
    clearing = session.scalar(select(Clearing).where(Clearing.project_id == project.id))
    shown = render_template(
        "acceptance/recovery.html",
        project=project,
        acceptance=acceptance,
        is_open=in_ledger(acceptance, clearing, project),
        clearing=clearing,
        form=form or take_over_form(_sources(number), acceptance),
    )
    return shown, 422 if form is not None else 200
