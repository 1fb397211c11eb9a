"""The page of one clearing, with the forms of whatever this person can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app import clock
from app.acceptance.clearing_forms import disallow_form, returned_form, settle_form
from app.acceptance.forms import NoteForm, PressForm
from app.extensions import db
from app.forms import Form
from app.permissions import current_actor
from app.projects.asking import read_page, read_size, read_text
from finance.clearing.figures import ClearingState, Figures
from finance.clearing.finding import SUBJECT, FoundClearing, MoneyOf, find_clearing, money_of_clearing
from finance.clearing.shown import (
    ShownLine,
    ShownReturn,
    SpendingAsked,
    SpendingPage,
    lines_of,
    names_of,
    public_spending,
    returns_of,
)
from lifecycle.attachments import attachments_of
from lifecycle.models import AuditEntry
from lifecycle.money import Fen
from lifecycle.overview import WITHIN_THE_BUREAU
from lifecycle.record import FISCAL, BudgetUse, Source
from lifecycle.roles import Permission

_ACTS: Mapping[ClearingState, tuple[str, Permission]] = {
    ClearingState.OPEN: ("settle", Permission.CLEAR_ACCOUNTS),
    ClearingState.SETTLED: ("confirm", Permission.CONCLUDE_ACCEPTANCE),
    ClearingState.RETURNING: ("returned", Permission.CLEAR_ACCOUNTS),
}
"""State → what is done next, and who does it."""

SOURCES = [("", "全部"), *((one.value, one.value) for one in Source if one in FISCAL)]
USES = [("", "全部"), *((one.value, one.value) for one in BudgetUse)]
SHOWN = [("", "全部"), ("disallowed", "只看不予认可")]
"""What the spending can be narrowed to."""


@dataclass(frozen=True, slots=True)
class ClearingPage:
    """What the page of a clearing shows for whoever looks."""

    found: FoundClearing
    act: str
    """What this person can do now; empty where it is another's turn."""
    money: MoneyOf
    figures: Figures
    lines: list[ShownLine]
    returns: list[ShownReturn]
    names: tuple[str, str]
    """Who settled and who confirmed."""
    spending: SpendingPage | None
    """The spending to be looked through, for whoever settles."""

    @property
    def owed(self) -> dict[Source, Fen]:
        """What is still to come back, by source."""
        returned = self.money.returned
        return {one.source: one.to_return - returned.get(one.source, 0) for one in self.figures.sources}

    @property
    def returned(self) -> Fen:
        """What has come back."""
        return sum(self.money.returned.values())

    @property
    def is_confirmed(self) -> bool:
        """Whether what must come back is settled for good."""
        return self.found.clearing.confirmed_on is not None

    @property
    def others(self) -> list[tuple[Source, Fen, Fen]]:
        """Money that is not public, for information: its source, what came, what was spent."""
        money = self.money
        sources = [one for one in Source if one not in FISCAL and (one in money.paid or one in money.spent)]
        return [(one, money.paid.get(one, 0), money.spent.get(one, 0)) for one in sources]


def asked_of(args: Mapping[str, str]) -> SpendingAsked:
    """Return what a query string asks of the spending; what cannot be understood asks nothing."""
    return SpendingAsked(
        text=read_text(args),
        source=args.get("source", ""),
        use=args.get("use", ""),
        disallowed_only=args.get("shown") == "disallowed",
        page=read_page(args),
        per_page=read_size(args),
    )


def load_page(clearing_id: int) -> ClearingPage:
    """Return what the page shows. Raises ``NotFound``."""
    session, actor, today = db.session(), current_actor(), clock.today()
    found = find_clearing(session, actor, clearing_id)
    act, permission = _ACTS.get(found.state, ("", Permission.CLEAR_ACCOUNTS))
    act = act if actor.may(permission) else ""
    money = money_of_clearing(session, found.clearing, today)
    # What is not confirmed yet stays within the bureau.
    told = actor.sees_all_projects or found.clearing.confirmed_on is not None
    settles = act == "settle"
    return ClearingPage(
        found,
        act,
        money,
        _figures(found, money, told=told),
        lines_of(session, clearing_id) if told and money.disallowed else [],
        returns_of(session, clearing_id) if found.clearing.confirmed_on else [],
        names_of(session, found.clearing),
        public_spending(session, found.clearing, asked_of(request.args), today) if settles else None,
    )


def _figures(found: FoundClearing, money: MoneyOf, *, told: bool) -> Figures:
    if not told:
        return MoneyOf(money.paid, money.spent).figures({})
    return found.settled if found.clearing.settled_on else money.figures({})


def show(clearing_id: int, key: str = "", form: Form | None = None) -> ResponseReturnValue:
    """Show a clearing; ``form`` is one that was refused, ``key`` what it stands under."""
    page = load_page(clearing_id)
    found, kind = page.found, page.found.clearing.kind
    forms: dict[str, Form] = {
        "settle": settle_form(kind, page.figures, formdata=None),
        "confirm": PressForm(formdata=None),
        "returned": returned_form(page.owed, formdata=None),
        "back": NoteForm(formdata=None),
    }
    if page.spending:
        forms["disallow"] = disallow_form(page.spending.rows, fresh=True)
    if form is not None:
        forms[key] = form
    shown = render_template(
        "acceptance/clearing.html",
        it=page,
        forms=forms,
        stray=form if key == "disallow" and page.spending is None else None,
        asked=asked_of(request.args),
        choices=(SOURCES, USES, SHOWN),
        reverses=current_actor().may(Permission.CLEAR_ACCOUNTS),
        bureau=current_actor().sees_all_projects,
        files=attachments_of(db.session(), found.project.id, SUBJECT, clearing_id),
        trail=_trail(found),
    )
    return shown, 422 if form is not None else 200


def _trail(found: FoundClearing) -> Any:
    acts = AuditEntry.action.startswith("clearing.") | AuditEntry.action.startswith("surplus.")
    query = select(AuditEntry).where(AuditEntry.project_id == found.project.id, acts)
    if not current_actor().sees_all_projects:
        query = query.where(AuditEntry.action.not_in(WITHIN_THE_BUREAU))
    return db.session().scalars(query.order_by(AuditEntry.serial.desc()).limit(50)).all()


def done(clearing_id: int, words: str) -> ResponseReturnValue:
    """Say what was done and show the clearing."""
    flash(words)
    return redirect(url_for("acceptance.clearing", clearing_id=clearing_id))
