"""Acceptance applied for, confirmed, taken up, reviewed by experts, decided and filed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import partial

from sqlalchemy import select

from lifecycle.acceptance import applying, deciding
from lifecycle.acceptance.checking import OnTheirWay, on_their_way
from lifecycle.acceptance.own import OwnConclusion, conclude_oneself, confirm_filing
from lifecycle.acceptance.reviewing import name_panel, propose
from lifecycle.models import (
    AcceptanceCase,
    AcceptanceState,
    MemberState,
    Panel,
    PanelMember,
    PanelSubject,
)
from lifecycle.panels import joint_opinion
from lifecycle.record import Conclusion, Review
from lifecycle.reviews import submit
from lifecycle.roles import Role
from tests.integration.accepting import FAILS, PASSES, SCORES
from tests.integration.pressing.place import EXCUSE, PAPER, WHY, Place, Press, Presses, choose

NEXT = {
    AcceptanceState.DRAFT: ("file",),
    AcceptanceState.RETURNED: ("file",),
    AcceptanceState.WITH_UNIT: ("confirm", "confirm", "confirm", "confirm", "confirm", "send back"),
    AcceptanceState.WITH_BUREAU: ("take up", "take up", "take up", "return"),
    AcceptanceState.IN_REVIEW: (),
    AcceptanceState.WITH_CONFERENCE: ("conference",),
    AcceptanceState.WITH_GOVERNMENT: ("government",),
    AcceptanceState.WITH_APPROVER: ("conclude", "conclude", "conclude", "reconsider"),
    AcceptanceState.TO_FILE: ("file the conclusion",),
    AcceptanceState.DONE: (),
}


def presses(place: Place, day: date, *, wild: bool) -> list[Press]:
    """Return what may be pressed of a project's acceptance."""
    found = place.rows(AcceptanceCase)
    if not found:
        begin = [("start", partial(_start, place, day))]
        if place.record.concluded_on is not None:  # it was terminated
            return []
        return begin if day > place.record.end - timedelta(200 if wild else 60) else []
    case = found[0]
    every = {**_apply(place, case, day), **_decide(place, case, day)}
    names = NEXT[case.state]
    if case.state is AcceptanceState.WITH_UNIT and _is_held_up(place):
        names = ("send back",) if place.shuffle.random() < 0.03 else ()
    if wild or case.state is AcceptanceState.IN_REVIEW:
        review = _review(place, case, day)
        every, names = {**every, **review}, tuple(review)
    return choose(every, names, wild=wild)


def _is_held_up(place: Place) -> bool:
    """Whether something else of the project must come to its end before the unit can confirm."""
    others = on_their_way(place.session, place.id)
    place.session.rollback()
    return others != OnTheirWay() or any(one.settled_on is None for one in place.record.measures)


def _start(place: Place, day: date) -> None:
    applying.start(place.session, place.actor(Role.PI), place.number, day)
    place.applies = True


def _apply(place: Place, case: AcceptanceCase, day: date) -> Presses:
    one, unit, handler = place.session, place.actor(Role.UNIT_MANAGER), place.bureau.handler
    return {
        "file": lambda: _file(place, case, day),
        "confirm": lambda: applying.confirm(one, unit, case.id, day, place.excuses),
        "send back": lambda: applying.send_back(one, unit, case.id, WHY, day),
        "take up": lambda: applying.take_up(one, handler, case.id, day),
        "return": lambda: applying.return_application(one, handler, case.id, WHY, day),
    }


def _file(place: Place, case: AcceptanceCase, day: date) -> None:
    pi, filled = place.actor(Role.PI), place.experts.filled(case.id, early_reason=EXCUSE)
    applying.save(place.session, pi, case.id, case.revision, filled, day)
    applying.file_application(place.session, pi, case.id, day)


def _review(place: Place, case: AcceptanceCase, day: date) -> Presses:
    """Return what is next of a review: experts named, each of them heard, the joint unit heard, summed up."""
    one, handler = place.session, place.bureau.handler
    if place.record.self_established:
        return {"conclude oneself": lambda: _conclude_oneself(place, case, day)}
    panel = next(iter(place.rows(Panel, Panel.subject_kind == PanelSubject.ACCEPTANCE)), None)
    if panel is None:
        due = place.shuffle.choice((None, day + timedelta(12)))
        return {"name experts": lambda: name_panel(one, handler, case.id, place.experts.members, due, day)}
    member = _unheard(place, panel)
    if member is not None:
        return {"give an opinion": lambda: _opine(place, member, day)}
    if place.record.joint_unit and panel.joint_on is None:
        joint = place.actor(Role.JOINT_UNIT)
        return {"joint opinion": lambda: joint_opinion(one, joint, panel.id, "同意通过验收。", day)}
    proposal = place.shuffle.choice((PASSES, PASSES, PASSES, FAILS))
    proposal = replace(proposal, explanation=EXCUSE)
    return {"propose": lambda: propose(one, handler, case.id, proposal, day)}


def _unheard(place: Place, panel: Panel) -> PanelMember | None:
    query = select(PanelMember).where(PanelMember.panel_id == panel.id)
    waiting = place.session.scalars(query.where(PanelMember.state == MemberState.INVITED)).all()
    place.session.expunge_all()
    place.session.rollback()
    return place.shuffle.choice(waiting) if waiting else None


def _opine(place: Place, member: PanelMember, day: date) -> None:
    expert = next(one for one in place.experts.experts if one.id == member.user_id)
    verdict = place.shuffle.choice((Review.PASSED, Review.PASSED, Review.FAILED))
    submit(place.session, expert.actor, member.id, day, True, SCORES, verdict, "指标完成情况属实。")


def _conclude_oneself(place: Place, case: AcceptanceCase, day: date) -> None:
    own = OwnConclusion(Conclusion.PASSED, place.when(day), "同意通过。", Review.PASSED, Review.PASSED)
    conclude_oneself(place.session, place.actor(Role.UNIT_MANAGER), case.id, own, PAPER, day)


def _decide(place: Place, case: AcceptanceCase, day: date) -> Presses:
    one, handler, approver, on = place.session, place.bureau.handler, place.bureau.approver, place.when(day)
    agreed = place.shuffle.random() < 0.8
    to_file = confirm_filing if place.record.self_established else deciding.record_platform_filing
    return {
        "conference": lambda: deciding.record_conference(
            one, handler, case.id, on, "纪要〔2026〕3号", PAPER, day, agreed=agreed
        ),
        "government": lambda: deciding.record_government(
            one, handler, case.id, on, "批复〔2026〕8号", PAPER, day, agreed=agreed
        ),
        "reconsider": lambda: deciding.reconsider(one, approver, case.id, WHY, day),
        "conclude": lambda: deciding.conclude(one, approver, case.id, day),
        "file the conclusion": lambda: to_file(one, handler, case.id, on, day),
    }


def taken_on_by(place: Place) -> Role | None:
    """Return who goes on with what the pi, the handler or, having handed in its papers, the unit owes."""
    case = next(iter(place.rows(AcceptanceCase)), None)
    whose = {AcceptanceState.WITH_UNIT: Role.UNIT_MANAGER, AcceptanceState.WITH_APPROVER: Role.APPROVER}
    if place.record.self_established:
        whose[AcceptanceState.TO_FILE] = Role.HANDLER
    return whose.get(case.state) if case else None
