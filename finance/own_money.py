"""自筹和联合资金: what the parties agreed to pay themselves, what of it has arrived, and what is late.

The parts in which a tranche arrives are rows of it (see ``finance.receipts``); here they are together again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, func, or_, select
from sqlalchemy.orm import Session

from lifecycle.models import KeptDuty, Payment, Project, Tranche
from lifecycle.money import Fen
from lifecycle.record import FISCAL, Source
from lifecycle.roles import Actor
from lifecycle.rulebook import rulebook
from lifecycle.rules.duties import PlannedPayment
from lifecycle.stages import TrancheState
from lifecycle.visibility import visible

OWN = tuple(source for source in Source if source not in FISCAL)
"""The sources that parties pay themselves."""


class Arrival(StrEnum):
    """How much of a tranche is there."""

    LATE = "逾期未到位"
    MISSING = "未到位"
    ARRIVED = "已到位"


@dataclass(frozen=True, slots=True)
class AskedOwn:
    """What is asked of the list. Empty fields ask nothing; ``MISSING`` has the late ones too."""

    text: str = ""
    source: Source | None = None
    state: Arrival | None = None
    page: int = 1
    per_page: int = 50


@dataclass(frozen=True, slots=True)
class OwnTranche:
    """One tranche of one party, its parts together. Sums are fen."""

    tranche_id: int
    """The part that is still open, else the last one that arrived."""
    project_number: str
    project_title: str
    lead_unit: str
    joint_unit: str | None
    source: Source
    number: int
    planned: Fen
    arrived: Fen
    planned_on: date | None
    arrived_on: date | None
    """When the latest part arrived."""
    citation: str
    """The article that wants it; empty where only the agreement does."""
    days_late: int
    """0 where nothing is missing or the day has not gone by."""

    @property
    def missing(self) -> Fen:
        """What has not arrived."""
        return self.planned - self.arrived

    @property
    def payer(self) -> str:
        """Who pays."""
        return (self.joint_unit or "联合实施单位") if self.source is Source.JOINT else self.lead_unit


@dataclass(frozen=True, slots=True)
class OwnPage:
    """A page of the list, with count and sums of everything that is filtered."""

    rows: Sequence[OwnTranche]
    count: int
    planned: Fen
    arrived: Fen
    number: int
    pages: int

    @property
    def missing(self) -> Fen:
        """What has not arrived of it."""
        return self.planned - self.arrived


def list_own(session: Session, actor: Actor, asked: AskedOwn, today: date, *, whole: bool = False) -> OwnPage:
    """Return a page of own and joint money, or all of it, by two statements.

    What is missing stands first, the earliest planned day on top. Agreements that are not signed yet are not
    in: nothing is owed by them.
    """
    together = _together(actor, asked, today).subquery()
    sums = select(func.count(), func.sum(together.c.planned), func.sum(together.c.arrived))
    count, planned, arrived = session.execute(sums).one()
    pages = max(1, -(-count // asked.per_page))
    number = min(max(1, asked.page), pages)
    query = _listed(together)
    if not whole:
        query = query.limit(asked.per_page).offset((number - 1) * asked.per_page)
    rows = [_row(row, today) for row in session.execute(query)]
    return OwnPage(rows, count, int(planned or 0), int(arrived or 0), number, pages)


def _together(actor: Actor, asked: AskedOwn, today: date) -> Select[*tuple[Any, ...]]:
    """Return the statement that puts the parts of every tranche together."""
    is_open = Tranche.state == TrancheState.PLANNED
    paid = func.coalesce(Payment.amount_fen, 0)
    planned_on = func.min(case((is_open, Tranche.planned_on)))
    planned, arrived = func.sum(Tranche.planned_fen), func.sum(case((is_open, 0), else_=paid))
    return (
        select(
            Tranche.project_id.label("project_id"),
            Tranche.source.label("source"),
            Tranche.number.label("number"),
            planned.label("planned"),
            arrived.label("arrived"),
            func.coalesce(planned_on, func.max(Tranche.planned_on)).label("planned_on"),
            func.max(case((is_open, None), else_=Payment.paid_on)).label("arrived_on"),
            func.coalesce(func.min(case((is_open, Tranche.id))), func.max(Tranche.id)).label("tranche_id"),
        )
        .join(Project, Project.id == Tranche.project_id)
        .outerjoin(Payment, Payment.tranche_id == Tranche.id)
        .where(_chosen(actor, asked, today))
        .group_by(Tranche.project_id, Tranche.source, Tranche.number)
        .having(*_in_state(asked.state, planned, arrived, planned_on, today))
    )


def _chosen(actor: Actor, asked: AskedOwn, today: date) -> ColumnElement[bool]:
    sources = OWN if asked.source is None else [one for one in OWN if one is asked.source]
    conditions = [visible(actor), Tranche.source.in_(sources), Project.signed_on <= today]
    conditions += [Project.search_text.contains(word, autoescape=True) for word in asked.text.lower().split()]
    return and_(*conditions)


def _in_state(
    state: Arrival | None, planned: Any, arrived: Any, planned_on: Any, today: date
) -> list[ColumnElement[bool]]:
    if state is None:
        return []
    if state is Arrival.ARRIVED:
        return [arrived >= planned]
    return [arrived < planned] + ([planned_on < today] if state is Arrival.LATE else [])


def _listed(together: Any) -> Select[*tuple[Any, ...]]:
    duty = (
        select(func.min(KeptDuty.rule))
        .where(
            KeptDuty.project_id == together.c.project_id,
            KeptDuty.subject == cast(together.c.number, String),
            or_(*(and_(KeptDuty.rule == id_, together.c.source == source) for id_, source in _rules())),
        )
        .correlate(together)
        .scalar_subquery()
    )
    return (
        select(
            together.c.tranche_id,
            *(Project.number, Project.title, Project.lead_unit, Project.joint_unit),
            *(together.c.source, together.c.number, together.c.planned, together.c.arrived),
            *(together.c.planned_on, together.c.arrived_on, duty.label("rule")),
        )
        .join(Project, Project.id == together.c.project_id)
        .order_by(
            together.c.arrived >= together.c.planned,
            *(together.c.planned_on.nulls_last(), Project.number),
            *(together.c.source, together.c.number),
        )
    )


def _rules() -> list[tuple[str, Source]]:
    """Return the rules that want a party's own money, each with its source."""
    book = rulebook()
    found = (rule for name in book.programmes for rule in book.programme(name).rules)
    return [(rule.id, rule.kind.source) for rule in found if isinstance(rule.kind, PlannedPayment)]


def _row(row: Any, today: date) -> OwnTranche:
    planned, arrived, planned_on, arrived_on, rule = row[7:]
    found = rulebook().find(rule) if rule else None
    is_late = arrived < planned and planned_on is not None and planned_on < today
    days_late = (today - planned_on).days if is_late else 0
    citation = found.citation if found else ""
    sums = (int(planned), int(arrived))
    known: tuple[Any, ...] = (*row[:7], *sums, planned_on, arrived_on, citation, days_late)
    return OwnTranche(*known)
