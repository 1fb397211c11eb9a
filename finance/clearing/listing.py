"""The list of clearings and of what has to come back: overdue first, also what only a ledger knows of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from finance.clearing.figures import ClearingState, state_of
from lifecycle.models import Acceptance, Clearing, ClearingKind, Payment, Project, Tranche
from lifecycle.money import Fen
from lifecycle.record import FISCAL, Conclusion
from lifecycle.roles import Actor
from lifecycle.stages import Stage
from lifecycle.visibility import visible

NOT_BEGUN, IN_LEDGER, OVERDUE = "待开始", "台账登记", "逾期"
"""A clearing that nobody has begun; a refund that only a ledger knows of; a refund that is late."""


@dataclass(frozen=True, slots=True)
class ClearingAsked:
    """What is asked of the list. Empty fields ask nothing."""

    text: str = ""
    programme: str = ""
    state: str = ""
    """A state, one of the words above, or ``open`` for everything that is not over."""
    page: int = 1
    per_page: int = 50


@dataclass(frozen=True, slots=True)
class ListedClearing:
    """One row of the list. Amounts are fen."""

    id: int | None
    """``None``: no clearing has begun in Keguan."""
    kind: ClearingKind | None
    opened_on: date | None
    settled_on: date | None
    confirmed_on: date | None
    done_on: date | None
    due_on: date | None
    number: str
    title: str
    programme: str
    lead_unit: str
    stage: Stage
    conclusion: Conclusion | None
    concluded_on: date | None
    to_return: Fen
    returned: Fen

    @property
    def owed(self) -> Fen:
        """What is still to come back."""
        return max(self.to_return - self.returned, 0)

    @property
    def words(self) -> str:
        """Where it stands."""
        if self.id is None:
            return IN_LEDGER if self.owed else NOT_BEGUN
        return state_of(self.settled_on, self.confirmed_on, self.done_on)

    def days_late(self, today: date) -> int:
        """Return by how many days what is owed is late; 0: it is not."""
        late = self.due_on is not None and self.done_on is None and self.due_on < today
        return (today - self.due_on).days if late and self.due_on else 0


@dataclass(frozen=True, slots=True)
class ClearingList:
    """One page of the list, and what all rows asked for come to."""

    rows: Sequence[ListedClearing]
    count: int
    to_return: Fen
    returned: Fen
    overdue: Fen
    number: int
    pages: int


def list_clearings(session: Session, actor: Actor, asked: ClearingAsked, today: date) -> ClearingList:
    """Return the page asked for, what is overdue first; a page beyond the last gives the last."""
    chosen = _chosen(actor, asked, today)
    owed = Acceptance.to_return_fen - Acceptance.returned_fen
    sums: Sequence[Any] = (
        Acceptance.to_return_fen,
        Acceptance.returned_fen,
        case((_late(today), owed), else_=0),
    )
    totals = select(func.count(), *(func.coalesce(func.sum(one), 0) for one in sums))
    count, to_return, returned, overdue = session.execute(_joined(totals).where(chosen)).one()
    pages = max(1, -(-count // asked.per_page))
    number = min(max(1, asked.page), pages)
    query = _rows(chosen, today).limit(asked.per_page).offset((number - 1) * asked.per_page)
    rows = [ListedClearing(*row) for row in session.execute(query)] if count else []
    return ClearingList(rows, count, int(to_return), int(returned), int(overdue), number, pages)


def every_clearing(
    session: Session, actor: Actor, asked: ClearingAsked, today: date
) -> Iterator[ListedClearing]:
    """Yield everything the filter asks for, for an export."""
    for row in session.execute(_rows(_chosen(actor, asked, today), today)):
        yield ListedClearing(*row)


def _joined(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    query = query.select_from(Project).join(Acceptance, Acceptance.project_id == Project.id)
    return query.outerjoin(Clearing, Clearing.project_id == Project.id)


def _rows(chosen: ColumnElement[bool], today: date) -> Select[*tuple[Any, ...]]:
    query: Select[*tuple[Any, ...]] = select(
        *(Clearing.id, Clearing.kind, Clearing.opened_on, Clearing.settled_on, Clearing.confirmed_on),
        *(Project.recovery_done, Project.recovery_due),
        *(Project.number, Project.title, Project.programme, Project.lead_unit, Project.stage),
        *(Acceptance.conclusion, Acceptance.concluded_on, Acceptance.to_return_fen, Acceptance.returned_fen),
    )
    done = Project.recovery_done.is_not(None)
    order = (
        case((_late(today), 0), (done, 2), else_=1),
        Project.recovery_due.is_(None),
        Project.recovery_due,
    )
    return _joined(query).where(chosen).order_by(*order, Acceptance.concluded_on, Project.id)


def _late(today: date) -> ColumnElement[bool]:
    return and_(Project.recovery_due < today, Project.recovery_done.is_(None))


_OWED = Acceptance.to_return_fen > Acceptance.returned_fen


def _states(today: date) -> Mapping[str, ColumnElement[bool]]:
    """Return the condition of each word by which the list can be narrowed."""
    public = select(Payment.id).join(Tranche, Tranche.id == Payment.tranche_id)
    paid = exists(public.where(Tranche.project_id == Project.id, Tranche.source.in_(FISCAL)))
    here, fallen = Clearing.id.is_not(None), Project.stage.in_((Stage.NOT_PASSED, Stage.TERMINATED))
    settled, confirmed = Clearing.settled_on.is_not(None), Clearing.confirmed_on.is_not(None)
    return {
        NOT_BEGUN: and_(~here, fallen, or_(paid, Acceptance.own_fault), ~_OWED),
        IN_LEDGER: and_(~here, ~Project.self_established, Acceptance.conclusion.is_not(None), _OWED),
        ClearingState.OPEN: and_(here, ~settled),
        ClearingState.SETTLED: and_(here, settled, ~confirmed),
        ClearingState.RETURNING: and_(here, confirmed, Project.recovery_done.is_(None)),
        ClearingState.DONE: and_(here, Project.recovery_done.is_not(None)),
        OVERDUE: and_(here, _late(today)),
    }


STATES = (OVERDUE, NOT_BEGUN, *ClearingState, IN_LEDGER)
"""The words by which the list can be narrowed."""


def _chosen(actor: Actor, asked: ClearingAsked, today: date) -> ColumnElement[bool]:
    states = _states(today)
    wanted: list[ColumnElement[bool]] = [visible(actor)]
    wanted += [Project.search_text.contains(word, autoescape=True) for word in asked.text.lower().split()]
    if asked.programme:
        wanted.append(Project.programme == asked.programme)
    if asked.state in states:
        wanted.append(states[asked.state])
    else:
        over = () if asked.state == "" else (ClearingState.DONE,)
        wanted.append(or_(*(one for word, one in states.items() if word not in over)))
    return and_(*wanted)
