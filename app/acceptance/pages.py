"""The page of one acceptance, with the forms of whatever this person can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.acceptance.forms import (
    AuthorityForm,
    DayForm,
    JointForm,
    NoteForm,
    OwnForm,
    PanelForm,
    PapersForm,
    PressForm,
    ProposalForm,
    ReplaceForm,
    panel_form,
    proposal_form,
    replace_form,
)
from app.acceptance.standing import Standing, standing_of
from app.extensions import db
from app.forms import Form
from app.money.forms import reasons_form
from app.permissions import current_actor
from lifecycle.experts import candidates, impartial
from lifecycle.models import MemberState, PanelState
from lifecycle.record import Review
from lifecycle.roles import Permission

RETURNS: Mapping[str, str] = {
    "confirm": "acceptance.send_back_",
    "take-up": "acceptance.return_",
    "conclude": "acceptance.reconsider_",
    "filing": "acceptance.ask_papers_",
}
"""What can be done → the route by which the thing goes back instead."""


def case_page(case_id: int, key: str = "", form: Form | None = None) -> ResponseReturnValue:
    """Show a case; ``form`` is one that was refused, ``key`` what it stands under."""
    session, actor = db.session(), current_actor()
    standing = standing_of(session, actor, case_id, clock.today())
    forms = {standing.act: _form_of(standing)} if standing.act else {}
    if standing.act in RETURNS:
        forms["return"] = NoteForm(formdata=None)
    replaceable = _replaceable(standing)
    if replaceable:
        forms["replace"] = replace_form(_people(), formdata=None)
    stray = form if key not in forms else None
    if form is not None:
        forms[key] = form
    shown = render_template(
        "acceptance/case.html",
        standing=standing,
        forms=forms,
        refused=key if form is not None else "",
        stray=stray,
        return_to=RETURNS.get(standing.act),
        replaceable=replaceable,
        partial=_partial(standing) if standing.act == "panel" else {},
    )
    return shown, 422 if form is not None else 200


def done(case_id: int, words: str) -> ResponseReturnValue:
    """Say what was done and show the case."""
    flash(words)
    return redirect(url_for("acceptance.show", case_id=case_id))


def _form_of(standing: Standing) -> Form:
    made: Mapping[str, Callable[[], Form]] = {
        "confirm": lambda: reasons_form(standing.check.verdict.needs_reason if standing.check else ()),
        "panel": lambda: panel_form(_people(), formdata=None),
        "join": lambda: JointForm(formdata=None),
        "propose": lambda: the_proposal_form(standing, formdata=None, data=_foreseen(standing)),
        "conference": lambda: AuthorityForm(formdata=None),
        "government": lambda: AuthorityForm(formdata=None),
        "platform": lambda: DayForm(formdata=None),
        "filing": lambda: DayForm(formdata=None),
        "own": lambda: OwnForm(formdata=None),
        "papers": lambda: PapersForm(formdata=None),
    }
    return made[standing.act]() if standing.act in made else PressForm(formdata=None)


def the_proposal_form(standing: Standing, **more: Any) -> ProposalForm:
    """Return the form of a proposal with the goals that were claimed, where the programme counts them."""
    claimed = standing.content.goals if standing.least_goals is not None else ()
    return proposal_form(claimed, **more)


def the_panel_form() -> PanelForm:
    """Return the form of a panel with the agency's experts."""
    return panel_form(_people())


def the_replace_form() -> ReplaceForm:
    """Return the form by which an expert is replaced."""
    return replace_form(_people())


def people() -> list[Any]:
    """Return the agency's experts."""
    return _people()


def _people() -> list[Any]:
    return list(candidates(db.session(), current_actor().agency_id).values())


def _foreseen(standing: Standing) -> dict[str, str]:
    """Return what the majority of the experts comes to, as the proposal's beginning."""
    if standing.panel is None or standing.panel.majority is None:
        return {}
    passed = standing.panel.majority is Review.PASSED
    return {"conclusion": "通过" if passed else "未通过"}


def _replaceable(standing: Standing) -> list[Any]:
    """Return the experts who may still be replaced, for whoever forms panels."""
    panel = standing.panel
    if panel is None or panel.state is not PanelState.AT_WORK or standing.is_over:
        return []
    if not current_actor().may(Permission.FORM_PANEL):
        return []
    return [one for one in panel.members if one.state in {MemberState.INVITED, MemberState.RECUSED}]


def _partial(standing: Standing) -> dict[str, str]:
    """Return why some experts cannot be named, by name (SPB 7)."""
    found = standing.found
    verdict = impartial(db.session(), found.project.id, found.record, _people(), clock.today())
    return {line.subject: f"{line.text}（{line.rule.citation}）" for line in verdict.refusals}
