"""What the money tab of a project's page shows beyond the overview, and what may be pressed there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request, url_for

from app import clock
from app.extensions import db
from app.money.held_part import held_here
from app.permissions import current_actor
from app.projects.asking import read_page
from app.steps import Step
from finance.accounts import STATERS
from finance.rates import gate_rule, gates_of
from finance.receipts import WHO, arrivals
from finance.spent import ENTERERS, all_over_budget, list_spending, who_enters, who_reverses
from finance.stage_accounts import books_of
from lifecycle.attachments import ShownFile, attachments_of
from lifecycle.models import Payment
from lifecycle.money import Fen
from lifecycle.overview import Overview
from lifecycle.record import FISCAL, ProjectRecord, Source
from lifecycle.roles import Actor, Permission, Role
from lifecycle.stages import TrancheState
from lifecycle.whole import TrancheAt

SIZE = 50
"""Rows of spending on a page."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The page of a project's spending that is shown, and what all of it comes to."""

    rows: Sequence[Any]
    count: int
    total: Fen
    page: int
    pages: int


def money_of(overview: Overview) -> Mapping[str, Any]:
    """Return what the tab needs: arrivals, spending, rates, the account, and who may do what."""
    session, actor, today = db.session(), current_actor(), clock.today()
    project_id, record = overview.project.id, overview.record
    may = _held_roles(actor, record)
    paid = arrivals(session, project_id)
    stated, accounts = books_of(session, project_id)
    return {
        "arrivals": paid,
        "held": held_here(overview, actor, today),
        "steps": {one.id: _step(one, paid.get(one.id), record, may) for one in overview.project.tranches},
        "spending": _listed(project_id, record),
        "gates": list(gates_of(record, today)),
        "gate_rule": gate_rule(record),
        "over": all_over_budget(record, today),
        "statement": stated,
        "files": _files(attachments_of(session, project_id)),
        "stage_accounts": accounts,
        "may_draw": not may.isdisjoint(ENTERERS) and record.signed_on is not None,
        "may_enter": not may.isdisjoint(who_enters(record)) and actor.may(Permission.ENTER_SPENDING),
        "may_reverse": not may.isdisjoint(who_reverses(record)) and actor.may(Permission.ENTER_SPENDING),
        "may_correct": actor.may(Permission.PROPOSE_PAYMENT),
        "may_state": not may.isdisjoint(STATERS) and record.concluded_on is None,
    }


def _held_roles(actor: Actor, record: ProjectRecord) -> frozenset[Role]:
    """Return the roles in which the actor, who sees the project, can do something about its money."""
    units = dict.fromkeys((Role.UNIT_MANAGER, Role.UNIT_FINANCE), record.lead_unit)
    parties = {*units.items(), (Role.JOINT_UNIT, record.joint_unit)}
    held = {Role.FINANCE, Role.HANDLER} | {role for role, unit in parties if (role, unit) in actor.units}
    if actor.email and actor.email.lower() == (record.pi_email or "").lower():
        held.add(Role.PI)
    return frozenset(held & actor.roles)


def _listed(project_id: int, record: ProjectRecord) -> Listed:
    count = len(record.spending)
    pages = max(1, -(-count // SIZE))
    page = min(max(1, read_page(request.args)), pages)
    rows = list_spending(db.session(), project_id, page, SIZE) if count else []
    return Listed(rows, count, sum(row.amount for row in record.spending), page, pages)


def _step(one: TrancheAt, payment: Payment | None, record: ProjectRecord, may: Iterable[Role]) -> Step | None:
    """Return what somebody may do about the arrival of a tranche's money."""
    source = one.tranche.source
    if record.signed_on is None or record.concluded_on is not None or set(may).isdisjoint(WHO[source]):
        return None
    url = url_for("spending.receipt", tranche_id=one.id)
    if source not in FISCAL:
        return Step("登记到账" if one.state is TrancheState.PLANNED else "查看到账", url)
    if payment is None or payment.paid_on is None or one.state is not TrancheState.PAID:
        return None
    return Step("确认到账" if payment.received_on is None else "查看到账", url)


def _files(files: Iterable[ShownFile]) -> Mapping[tuple[str, int], list[ShownFile]]:
    found: dict[tuple[str, int], list[ShownFile]] = {}
    for file in files:
        found.setdefault((file.kind, file.subject_id), []).append(file)
    return found


def sources_of(record: ProjectRecord) -> list[Source]:
    """Return the sources from which the project has money, or a budget; all where nothing is known."""
    known = {
        Source.PROVINCIAL: record.provincial,
        Source.DISTRICT: record.district,
        Source.JOINT: record.joint,
        Source.OWN: record.own,
    }
    named = {one.source for one in record.tranches} | {one.source for one in record.budget}
    return [source for source in Source if known[source] or source in named] or list(Source)
