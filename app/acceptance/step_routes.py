"""The steps of an acceptance, each a press of whoever's turn it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask.typing import ResponseReturnValue

from app import clock
from app.acceptance.blueprint import bp
from app.acceptance.forms import (
    AuthorityForm,
    DayForm,
    JointForm,
    NoteForm,
    OwnForm,
    PapersForm,
    PressForm,
)
from app.acceptance.pages import (
    case_page,
    done,
    people,
    the_panel_form,
    the_proposal_form,
    the_replace_form,
)
from app.acceptance.standing import standing_of
from app.extensions import db
from app.forms import Form
from app.money.forms import reasons_form, reasons_in
from app.permissions import current_actor, may
from lifecycle.acceptance.applying import (
    confirm,
    file_application,
    return_application,
    send_back,
    take_up,
)
from lifecycle.acceptance.cases import find_case
from lifecycle.acceptance.deciding import (
    conclude,
    reconsider,
    record_conference,
    record_government,
    record_platform_filing,
)
from lifecycle.acceptance.own import ask_papers, conclude_oneself, confirm_filing, hand_papers
from lifecycle.acceptance.reviewing import name_panel, panel_of_case, propose
from lifecycle.acceptance.states import OutOfOrder
from lifecycle.models import MemberField
from lifecycle.panels import Named, joint_opinion, replace_member
from lifecycle.refusals import NotFound, Obstructed, SamePerson, VerdictRefused
from lifecycle.roles import Permission

_STANDS_AGAINST = (Obstructed, VerdictRefused, OutOfOrder)


@bp.post("/<int:case_id>/submit")
@may(Permission.APPLY_ACCEPTANCE)
def submit(case_id: int) -> ResponseReturnValue:
    """Hand the application to the unit."""
    form = PressForm()
    if form.validate_on_submit():
        with form.taking_refusals(*_STANDS_AGAINST):
            file_application(db.session(), current_actor(), case_id, clock.today())
            return done(case_id, "已提交，等待承担单位确认。")
    return case_page(case_id, "draft", form)


@bp.post("/<int:case_id>/confirm")
@may(Permission.CONFIRM_ACCEPTANCE)
def confirm_(case_id: int) -> ResponseReturnValue:
    """Confirm the application for the unit, with a reason for every usual rule that is not held."""
    standing = standing_of(db.session(), current_actor(), case_id, clock.today())
    form = reasons_form(standing.check.verdict.needs_reason if standing.check else ())
    if form.validate_on_submit():
        with form.taking_refusals(*_STANDS_AGAINST):
            confirm(db.session(), current_actor(), case_id, clock.today(), reasons_in(form))
            own = standing.found.record.self_established
            return done(case_id, "已确认，可以组织自行验收。" if own else "已确认，等待区科技局受理。")
    return case_page(case_id, "confirm", form)


@bp.post("/<int:case_id>/send-back")
@may(Permission.CONFIRM_ACCEPTANCE)
def send_back_(case_id: int) -> ResponseReturnValue:
    """Give the application back to the pi."""
    return _going_back(case_id, send_back, "已退回项目负责人修改。")


@bp.post("/<int:case_id>/take-up")
@may(Permission.HANDLE_ACCEPTANCE)
def take_up_(case_id: int) -> ResponseReturnValue:
    """Take an application up."""
    form = PressForm()
    if form.validate_on_submit():
        with form.taking_refusals(*_STANDS_AGAINST):
            take_up(db.session(), current_actor(), case_id, clock.today())
            return done(case_id, "已受理，请组建验收专家组。")
    return case_page(case_id, "take-up", form)


@bp.post("/<int:case_id>/return")
@may(Permission.HANDLE_ACCEPTANCE)
def return_(case_id: int) -> ResponseReturnValue:
    """Return an application to be completed."""
    return _going_back(case_id, return_application, "已退回补正，项目恢复为“实施中”。")


def _going_back(case_id: int, act: Callable[..., Any], words: str) -> ResponseReturnValue:
    form = NoteForm()
    if form.validate_on_submit():
        with form.taking_refusals(*_STANDS_AGAINST):
            act(db.session(), current_actor(), case_id, form.note.data or "", clock.today())
            return done(case_id, words)
    return case_page(case_id, "return", form)


@bp.post("/<int:case_id>/panel")
@may(Permission.FORM_PANEL)
def panel(case_id: int) -> ResponseReturnValue:
    """Name the experts."""
    form = the_panel_form()
    if form.validate_on_submit():
        with form.taking_refusals(*_STANDS_AGAINST):
            members = form.named(people())
            name_panel(db.session(), current_actor(), case_id, members, form.due.data, clock.today())
            return done(case_id, "已组建专家组，专家会在待办中看到。")
    return case_page(case_id, "panel", form)


@bp.post("/<int:case_id>/experts/<int:seat_id>/replace")
@may(Permission.FORM_PANEL)
def replace(case_id: int, seat_id: int) -> ResponseReturnValue:
    """Replace an expert who has given no opinion."""
    form = the_replace_form()
    if form.validate_on_submit():
        with form.taking_refusals(*_STANDS_AGAINST):
            chosen = form.user_id.data
            named = Named(int(chosen), MemberField(form["field"].data)) if chosen else None
            replace_member(db.session(), current_actor(), seat_id, named, form.note.data, clock.today())
            return done(case_id, "已更换专家。")
    return case_page(case_id, "replace", form)


@bp.post("/<int:case_id>/join")
@may(Permission.JOIN_REVIEW)
def join(case_id: int) -> ResponseReturnValue:
    """Say what the joint unit thinks."""
    found = find_case(db.session(), current_actor(), case_id)
    form = JointForm()
    if form.validate_on_submit():
        with form.taking_refusals(*_STANDS_AGAINST):
            panel = panel_of_case(db.session(), found)
            if panel is None:
                raise NotFound("这项验收的专家组")
            joint_opinion(
                db.session(), current_actor(), panel.id, form.joint_opinion.data or "", clock.today()
            )
            return done(case_id, "已提交联合实施单位意见。")
    return case_page(case_id, "join", form)


@bp.post("/<int:case_id>/propose")
@may(Permission.HANDLE_ACCEPTANCE)
def propose_(case_id: int) -> ResponseReturnValue:
    """Put a conclusion forward."""
    standing = standing_of(db.session(), current_actor(), case_id, clock.today())
    form = the_proposal_form(standing)
    if form.validate_on_submit():
        with form.taking_refusals(*_STANDS_AGAINST):
            propose(db.session(), current_actor(), case_id, form.proposed, clock.today())
            return done(case_id, "已提出验收结论。")
    return case_page(case_id, "propose", form)


@bp.post("/<int:case_id>/conference")
@may(Permission.HANDLE_ACCEPTANCE)
def conference(case_id: int) -> ResponseReturnValue:
    """Record what the joint conference said."""
    return _authority(case_id, "conference", record_conference, "已登记联席会议审议结果。")


@bp.post("/<int:case_id>/government")
@may(Permission.HANDLE_ACCEPTANCE)
def government(case_id: int) -> ResponseReturnValue:
    """Record what the district government said."""
    return _authority(case_id, "government", record_government, "已登记区政府审定结果。")


def _authority(case_id: int, key: str, act: Callable[..., Any], words: str) -> ResponseReturnValue:
    form = AuthorityForm()
    if form.validate_on_submit():
        with form.taking_refusals(*_STANDS_AGAINST):
            agreed = form.agreed.data == "yes"
            said = (form.day.data, form.note.data or "", form.files.data)
            act(db.session(), current_actor(), case_id, *said, clock.today(), agreed=agreed)
            return done(case_id, words)
    return case_page(case_id, key, form)


@bp.post("/<int:case_id>/conclude")
@may(Permission.CONCLUDE_ACCEPTANCE)
def conclude_(case_id: int) -> ResponseReturnValue:
    """Make the conclusion that was put forward."""
    form = PressForm()
    if form.validate_on_submit():
        with form.taking_refusals(*_STANDS_AGAINST, SamePerson):
            conclusion = conclude(db.session(), current_actor(), case_id, clock.today())
            return done(case_id, f"已作出验收结论：{conclusion}。")
    return case_page(case_id, "conclude", form)


@bp.post("/<int:case_id>/reconsider")
@may(Permission.CONCLUDE_ACCEPTANCE)
def reconsider_(case_id: int) -> ResponseReturnValue:
    """Send a proposed conclusion back."""
    return _going_back(case_id, reconsider, "已退回经办人，重新提出结论。")


@bp.post("/<int:case_id>/platform")
@may(Permission.HANDLE_ACCEPTANCE)
def platform(case_id: int) -> ResponseReturnValue:
    """Record the filing on the municipal platform."""
    return _filed(case_id, "platform", record_platform_filing, "已登记平台备案。")


@bp.post("/<int:case_id>/file")
@may(Permission.HANDLE_ACCEPTANCE)
def file(case_id: int) -> ResponseReturnValue:
    """Confirm that a unit's papers are in."""
    return _filed(case_id, "filing", confirm_filing, "已收到验收资料，予以备查。")


def _filed(case_id: int, key: str, act: Callable[..., Any], words: str) -> ResponseReturnValue:
    form = DayForm()
    if form.validate_on_submit():
        with form.taking_refusals(*_STANDS_AGAINST):
            act(db.session(), current_actor(), case_id, form.day.data, clock.today())
            return done(case_id, words)
    return case_page(case_id, key, form)


@bp.post("/<int:case_id>/own")
@may(Permission.ACCEPT_ONESELF)
def own(case_id: int) -> ResponseReturnValue:
    """Record what the unit's own acceptance came to."""
    form = OwnForm()
    if form.validate_on_submit():
        with form.taking_refusals(*_STANDS_AGAINST):
            conclude_oneself(
                db.session(), current_actor(), case_id, form.own, form.papers.data, clock.today()
            )
            return done(case_id, "已登记自行验收结论，资料已交区科技局备查。")
    return case_page(case_id, "own", form)


@bp.post("/<int:case_id>/ask-papers")
@may(Permission.HANDLE_ACCEPTANCE)
def ask_papers_(case_id: int) -> ResponseReturnValue:
    """Ask the unit for what is missing."""
    return _going_back(case_id, ask_papers, "已通知承担单位补交。")


@bp.post("/<int:case_id>/papers")
@may(Permission.ACCEPT_ONESELF)
def papers(case_id: int) -> ResponseReturnValue:
    """Hand in more papers."""
    form: Form = PapersForm()
    if form.validate_on_submit():
        with form.taking_refusals(*_STANDS_AGAINST):
            hand_papers(db.session(), current_actor(), case_id, form["papers"].data, clock.today())
            return done(case_id, "已补交验收资料。")
    return case_page(case_id, "papers", form)
