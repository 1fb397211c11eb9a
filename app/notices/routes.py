"""Notices: the list, one being drawn up, one as it was drawn, its sending, its receipt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from io import BytesIO

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.extensions import db
from app.forms import Form
from app.jobs import site_address
from app.menu import agency_name
from app.notices.acting import act_of
from app.notices.forms import DraftForm, PressForm, ReceivedForm, SentForm, VoidForm, cause_of
from app.notices.links import draw_url
from app.oversight.lists import Tab, asked_of, chips
from app.oversight.routes import list_tabs
from app.permissions import current_actor, may
from app.workbooks import send_workbook
from lifecycle.attachments import attachments_of
from lifecycle.listing import revision_of
from lifecycle.models import NoticeKind, PaperNotice, Project
from lifecycle.notice_causes import Cause, draft, offers
from lifecycle.notice_delivery import deliver, sign, unreachable
from lifecycle.notice_list import NoticeState, count_unsigned, list_notices, state_of
from lifecycle.notice_settings import notice_settings_of
from lifecycle.notice_telling import addressees_of, roles_addressed
from lifecycle.notice_words import KEGUAN, named_notice, number_words
from lifecycle.paper_notices import Delivery, draw, find_notice, record_received, record_sent, void
from lifecycle.refusals import Obstructed
from lifecycle.roles import Permission
from lifecycle.tellings import Sought, every_telling
from lifecycle.visibility import acting_as
from reports.notice_list import write_notices
from reports.notice_paper import notice_paper
from reports.papers.rendering import DOCX

bp = Blueprint("notices", __name__, url_prefix="/notices")


_TAB = Tab(
    "notices",
    "文书",
    "文书",
    [("", "全部"), *((one.value, one.value) for one in NoticeKind)],
    [("", "全部"), *((one.value, one.value) for one in NoticeState)],
)


@bp.get("/")
@may(Permission.SEE_OVERSIGHT)
def index() -> ResponseReturnValue:
    """List notices, those not signed for in time on top."""
    asked, today = asked_of(request.args), clock.today()
    session, actor = db.session(), current_actor()
    return render_template(
        "notices/index.html",
        tab=_TAB,
        asked=asked,
        found=list_notices(session, actor, asked, today),
        chips=list(chips(_TAB, asked, request.args)),
        list_tabs=list_tabs("notices"),
        unsigned=count_unsigned(session, actor, today, revision_of(session, actor)),
    )


@bp.get("/exports/notices.xlsx")
@may(Permission.SEE_OVERSIGHT)
def export() -> ResponseReturnValue:
    """Hand out the notices asked for as a workbook."""
    today = clock.today()
    found = list_notices(db.session(), current_actor(), asked_of(request.args), today, whole=True)
    file = BytesIO()
    write_notices(file, found.rows, agency=agency_name(), today=today)
    return send_workbook(file, f"文书-{today}.xlsx")


@bp.get("/new/<project:number>")
@may(Permission.SEND_REMINDERS)
def new(number: str) -> ResponseReturnValue:
    """Show the notice that would be drawn up; without a cause, those that can be."""
    cause = _cause(request.args)
    return _offers(number) if cause is None else _draft(number, cause)


def _cause(given: Mapping[str, str]) -> Cause | None:
    return cause_of(*(given.get(name) for name in ("kind", "rule", "subject", "due", "measure")))


def _offers(number: str) -> ResponseReturnValue:
    project, offered = offers(db.session(), current_actor(), number, clock.today())
    rows = [{"one": one, "url": draw_url(number, one.cause)} for one in offered]
    page = render_template("notices/offers.html", project=project, rows=rows)
    return page, 200 if request.method == "GET" else 422


def _draft(number: str, cause: Cause, refused: DraftForm | None = None) -> ResponseReturnValue:
    drafted = draft(db.session(), current_actor(), number, cause, clock.today())
    text = drafted.text
    typed = {
        "kind": cause.kind.value,
        "rule": cause.rule,
        "subject": cause.subject,
        "due": cause.due.isoformat() if cause.due else None,
        "measure": cause.measure,
        "facts": text.written.facts,
        "asked": text.written.asked,
        "by": text.written.by,
    }
    form = refused or DraftForm(formdata=None, data=typed)
    page = render_template("notices/new.html", drafted=drafted, text=text, form=form)
    return page, 422 if refused else 200


@bp.post("/new/<project:number>")
@may(Permission.SEND_REMINDERS)
def draw_up(number: str) -> ResponseReturnValue:
    """Draw up a notice and give it its number."""
    form, cause = DraftForm(), _cause(request.form)
    if cause is None:
        return _offers(number)
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed):
            made = draw(db.session(), current_actor(), number, cause, form.written, clock.today())
            return _done(made, "已出具，请下载文稿用印后送出。")
    return _draft(number, cause, form)


@bp.get("/<int:notice_id>")
@may(Permission.SEE_OVERSIGHT)
def notice(notice_id: int) -> ResponseReturnValue:
    """Show a notice as it was drawn up, and where it stands."""
    return _page(notice_id)


def _page(notice_id: int, refused: Form | None = None) -> ResponseReturnValue:
    session, actor, today = db.session(), current_actor(), clock.today()
    row, project = find_notice(session, actor, notice_id)
    forms = {
        "press_form": PressForm,
        "sent_form": SentForm,
        "received_form": ReceivedForm,
        "void_form": VoidForm,
    }
    shown = {
        name: refused if type(refused) is kind else kind(formdata=None, data={"on": today})
        for name, kind in forms.items()
    }
    handles = actor.may(Permission.SEND_REMINDERS) and row.void_on is None
    page = render_template(
        "notices/notice.html",
        row=row,
        project=project,
        state=state_of(row, settings := notice_settings_of(session, row.agency_id), today),
        sign_by=row.sent_on + settings.receipt_within if row.sent_on else None,
        files=attachments_of(session, project.id, "notice", row.id),
        number=number_words(row.year, row.running, row.mark),
        by=date.fromisoformat(row.content["by"]) if row.content["by"] else None,
        named=named_notice(row),
        handles=handles,
        delivery=_delivery(row, project) if handles and row.sent_on is None else None,
        by_keguan=row.sent_by == KEGUAN,
        told=list(every_telling(session, actor, Sought(notice=row.id))) if actor.sees_all_projects else [],
        signs=_signs(row, project),
        act=act_of(session, actor, row, project, today),
        **shown,
    )
    return page, 422 if refused else 200


def _delivery(row: PaperNotice, project: Project) -> dict[str, object]:
    """Return whom a notice would reach through Keguan, or why it cannot go that way."""
    found = addressees_of(db.session(), row, project, clock.today())
    return {"people": found.people, "obstacle": unreachable(row, project, found)}


def _signs(row: PaperNotice, project: Project) -> bool:
    """Whether it is for the person who looks to sign for the notice, and she still can."""
    open_still = row.sent_on is not None and row.received_on is None and row.void_on is None
    roles = roles_addressed(row, project) if open_still else ()
    actor = current_actor()
    return actor.may(Permission.SIGN_FOR_NOTICE) and acting_as(db.session(), actor, project.id, *roles)


@bp.get("/<int:notice_id>/notice.docx")
@may(Permission.SEE_OVERSIGHT)
def paper(notice_id: int) -> ResponseReturnValue:
    """Hand out a notice as a Word file."""
    row, _ = find_notice(db.session(), current_actor(), notice_id)
    made = notice_paper(row.content, void=row.void_on is not None)
    name = f"{named_notice(row)}.docx"
    return send_file(BytesIO(made), DOCX, as_attachment=True, download_name=name)


@bp.post("/<int:notice_id>/deliver")
@may(Permission.SEND_REMINDERS)
def deliver_(notice_id: int) -> ResponseReturnValue:
    """Send a notice through Keguan to the unit it is made out to."""
    form = PressForm()
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed):
            letters = deliver(db.session(), current_actor(), notice_id, site_address(), clock.today())
            mailed = f"，另有邮件 {letters} 封待发" if letters else ""
            return _done(notice_id, f"已通过科管送达{mailed}，等待对方签收。")
    return _page(notice_id, form)


@bp.post("/<int:notice_id>/sign")
@may(Permission.SIGN_FOR_NOTICE)
def sign_(notice_id: int) -> ResponseReturnValue:
    """Sign for a notice."""
    form = PressForm()
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed):
            sign(db.session(), current_actor(), notice_id, clock.today())
            return _done(notice_id, "已签收。")
    return _page(notice_id, form)


@bp.post("/<int:notice_id>/sent")
@may(Permission.SEND_REMINDERS)
def sent(notice_id: int) -> ResponseReturnValue:
    """Record that a notice was sent."""
    form = SentForm()
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed):
            how, today = Delivery(form.how.data), clock.today()
            record_sent(db.session(), current_actor(), notice_id, form.on.data, how, today)
            return _done(notice_id, "已登记送出，收到回执后请登记收到。")
    return _page(notice_id, form)


@bp.post("/<int:notice_id>/received")
@may(Permission.SEND_REMINDERS)
def received(notice_id: int) -> ResponseReturnValue:
    """Record that a notice was received."""
    form = ReceivedForm()
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed):
            by, scan, today = form.by.data, form.scan.data, clock.today()
            record_received(db.session(), current_actor(), notice_id, form.on.data, by, scan, today)
            return _done(notice_id, "已登记收到。")
    return _page(notice_id, form)


@bp.post("/<int:notice_id>/void")
@may(Permission.SEND_REMINDERS)
def make_void(notice_id: int) -> ResponseReturnValue:
    """Make a notice void; its number stays used."""
    form = VoidForm()
    if form.validate_on_submit():
        with form.taking_refusals(Obstructed):
            void(db.session(), current_actor(), notice_id, form.reason.data, clock.today(), site_address())
            return _done(notice_id, "已作废，文号保留。")
    return _page(notice_id, form)


def _done(notice_id: int, words: str) -> ResponseReturnValue:
    flash(words)
    return redirect(url_for("notices.notice", notice_id=notice_id))
