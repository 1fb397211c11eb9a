"""How the pages of changes are put together."""

from __future__ import annotations

from typing import Any, NamedTuple

from flask import render_template

from app import clock
from app.changes.forms import (
    ApproveForm,
    ChangeForm,
    ConferenceForm,
    FilingForm,
    NoteForm,
    SendForm,
    WithdrawForm,
    confirm_form,
    propose_form,
)
from app.changes.shown import ChangePage
from app.extensions import db
from app.forms import Form
from app.permissions import current_actor
from lifecycle.changes.routing import Decider, Decision, Remark, RouteStep, decision_of, remarks_on, route_of
from lifecycle.models import Project
from lifecycle.record import ChangeKind, ProjectRecord


def change_page(change_id: int) -> ChangePage:
    """Return the page of a change for the current actor. Raises ``NotFound``."""
    return ChangePage(db.session(), current_actor(), change_id, clock.today())


def show_change(page: ChangePage, refused: tuple[str, Form] | None = None) -> str:
    """Return the page of a change; ``refused`` is a form that was, by the act it belongs to."""
    forms: dict[str, Form] = {
        "note": NoteForm(formdata=None),
        "withdraw": WithdrawForm(formdata=None),
    }
    if page.act:
        forms[page.act] = _fresh(page)
    acts = {page.act, page.going_back, page.refusing, "withdraw"}
    if refused is not None and refused[0] in acts:
        forms[refused[0]] = refused[1]
    stray = refused[1] if refused is not None and refused[0] not in acts else None
    return render_template("changes/change.html", shown=page, forms=forms, stray=stray)


def _fresh(page: ChangePage) -> Form:
    lines = page.check.verdict.needs_reason if page.check and page.asks_reasons else ()
    revision = {"formdata": None, "data": {"revision": str(page.request.revision)}}
    ways: dict[str, Any] = {
        "send": lambda: SendForm(**revision),
        "confirm": lambda: confirm_form(lines, **revision),
        "consent": lambda: Form(formdata=None),
        "propose": lambda: propose_form(lines, formdata=None),
        "conference": lambda: ConferenceForm(formdata=None),
        "approve": lambda: ApproveForm(formdata=None),
        "file": lambda: FilingForm(formdata=None),
        "file_own": lambda: FilingForm(formdata=None),
    }
    form: Form = ways[page.act]()
    return form


def ways_of(
    record: ProjectRecord, kind: ChangeKind, decision: Decision
) -> list[tuple[str, tuple[RouteStep, ...]]]:
    """Return the ways that a change of a kind may go, each with its heading."""
    found: list[tuple[str, tuple[RouteStep, ...]]] = []
    if decision.decider is not Decider.BUREAU:
        found.append((decision.decider.value, route_of(record, kind, self_decided=True)))
    if decision.decider is not Decider.UNIT:
        found.append((Decider.BUREAU.value, route_of(record, kind, self_decided=False)))
    return found


class Offer(NamedTuple):
    """Kinds of change that go the same way."""

    kinds: list[ChangeKind]
    decision: Decision
    ways: list[tuple[str, tuple[RouteStep, ...]]]
    remarks: list[Remark]


def offers_of(record: ProjectRecord) -> list[Offer]:
    """Return what can be changed of a project: kinds that go the same way together."""
    offers: list[Offer] = []
    for kind in ChangeKind:
        decision = decision_of(record, kind)
        one = Offer([kind], decision, ways_of(record, kind, decision), remarks_on(record, kind))
        alike = next((offer for offer in offers if offer[1:] == one[1:]), None)
        if alike is None:
            offers.append(one)
        else:
            alike.kinds.append(kind)
    return offers


def show_editor(
    project: Project,
    record: ProjectRecord,
    kind: ChangeKind,
    form: ChangeForm,
    decision: Decision,
    remarks: list[Remark],
    page: ChangePage | None = None,
) -> str:
    """Return the page on which a request is written; ``page`` is that of one that is there already."""
    return render_template(
        "changes/edit.html",
        project=project,
        record=record,
        kind=kind,
        form=form,
        decision=decision,
        remarks=remarks,
        ways=ways_of(record, kind, decision),
        shown=page,
    )
