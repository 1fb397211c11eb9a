"""What the pages and papers of a clearing show: spending to be looked through, lines not allowed, returns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from finance.clearing.figures import Figures
from finance.clearing.finding import money_of_clearing
from finance.models import ClearingReturn, DisallowedLine
from lifecycle.models import Clearing, Spending, User
from lifecycle.money import Fen
from lifecycle.record import FISCAL, BudgetUse, Source


@dataclass(frozen=True, slots=True)
class SpendingAsked:
    """What is asked of a project's spending. Empty fields ask nothing."""

    text: str = ""
    source: str = ""
    use: str = ""
    disallowed_only: bool = False
    page: int = 1
    per_page: int = 50


@dataclass(frozen=True, slots=True)
class PublicSpending:
    """A row of spending of public money, with what is not allowed of it."""

    id: int
    on: date
    source: Source
    use: BudgetUse
    amount: Fen
    voucher: str | None
    note: str | None
    reversed_by: int | None
    disallowed: Fen | None
    reason: str | None

    @property
    def may_be_disallowed(self) -> bool:
        """Whether there is anything in it to disallow."""
        return self.amount > 0 and self.reversed_by is None


@dataclass(frozen=True, slots=True)
class SpendingPage:
    """One page of a project's spending of public money."""

    rows: Sequence[PublicSpending]
    count: int
    amount: Fen
    """Of all rows that are asked for."""
    number: int
    pages: int


def public_spending(session: Session, clearing: Clearing, asked: SpendingAsked, today: date) -> SpendingPage:
    """Return the page asked for, the largest source's latest first; a page beyond the last gives the last."""
    chosen = _chosen(clearing, asked, today)
    totals = select(func.count(), func.coalesce(func.sum(Spending.amount_fen), 0)).select_from(Spending)
    count, amount = session.execute(_with_line(totals, clearing).where(chosen)).one()
    pages = max(1, -(-count // asked.per_page))
    number = min(max(1, asked.page), pages)
    query = _rows(clearing).where(chosen).limit(asked.per_page).offset((number - 1) * asked.per_page)
    rows = [PublicSpending(*row) for row in session.execute(query)] if count else []
    return SpendingPage(rows, count, int(amount), number, pages)


def every_spending(
    session: Session, clearing: Clearing, asked: SpendingAsked, today: date
) -> Iterator[PublicSpending]:
    """Yield everything the filter asks for, for an export."""
    for row in session.execute(_rows(clearing).where(_chosen(clearing, asked, today))):
        yield PublicSpending(*row)


def spending_of_ids(session: Session, clearing: Clearing, ids: Collection[int]) -> list[PublicSpending]:
    """Return those rows of the clearing's project, as a page of it shows them."""
    of_hers = and_(Spending.project_id == clearing.project_id, Spending.id.in_(ids))
    return [PublicSpending(*row) for row in session.execute(_rows(clearing).where(of_hers))]


def foreseen(
    session: Session,
    clearing: Clearing,
    rows: Iterable[PublicSpending],
    typed: Mapping[int, Fen | None],
    today: date,
) -> Figures:
    """Return the figures as they would be were those rows disallowed as ``typed`` (``None``: whole)."""
    money = money_of_clearing(session, clearing, today)
    disallowed = dict(money.disallowed)
    for row in rows:
        amount = typed.get(row.id, 0)
        change = (row.amount if amount is None else amount) - (row.disallowed or 0)
        disallowed[row.source] = disallowed.get(row.source, 0) + change
    return replace(money, disallowed=disallowed).figures({})


def _rows(clearing: Clearing) -> Select[*tuple[Any, ...]]:
    one, line, reversal = Spending, DisallowedLine, aliased(Spending)
    query: Select[*tuple[Any, ...]] = select(
        *(one.id, one.spent_on, one.source, one.use, one.amount_fen, one.voucher, one.note),
        *(reversal.id, line.amount_fen, line.reason),
    )
    query = _with_line(query, clearing).outerjoin(reversal, reversal.reversal_of_id == one.id)
    return query.order_by(one.spent_on.desc(), one.id.desc())


def _with_line(query: Any, clearing: Clearing) -> Any:
    line = DisallowedLine
    return query.outerjoin(line, and_(line.spending_id == Spending.id, line.clearing_id == clearing.id))


def _chosen(clearing: Clearing, asked: SpendingAsked, today: date) -> ColumnElement[bool]:
    one = Spending
    wanted = [one.project_id == clearing.project_id, one.spent_on <= today, one.source.in_(FISCAL)]
    for word in asked.text.split():
        found = (column.contains(word, autoescape=True) for column in (one.voucher, one.note))
        wanted.append(or_(*found))
    if asked.source in set(FISCAL):
        wanted.append(one.source == Source(asked.source))
    if asked.use in set(BudgetUse):
        wanted.append(one.use == BudgetUse(asked.use))
    if asked.disallowed_only:
        wanted.append(DisallowedLine.id.is_not(None))
    return and_(*wanted)


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line that is not allowed; where it came without a row of spending, the facts of that are none."""

    id: int
    source: Source
    amount: Fen
    reason: str
    on: date | None
    use: BudgetUse | None
    voucher: str | None
    whole: Fen | None
    """The whole row's amount."""


def lines_of(session: Session, clearing_id: int) -> list[ShownLine]:
    """Return everything that is not allowed, by source and day."""
    line, row = DisallowedLine, Spending
    query = (
        select(
            *(line.id, line.source, line.amount_fen, line.reason),
            *(row.spent_on, row.use, row.voucher, row.amount_fen),
        )
        .outerjoin(row, row.id == line.spending_id)
        .where(line.clearing_id == clearing_id)
    )
    found = [ShownLine(*values) for values in session.execute(query)]
    order = list(Source)
    return sorted(found, key=lambda one: (order.index(one.source), one.on or date.min, one.id))


@dataclass(frozen=True, slots=True)
class ShownReturn:
    """A part that came back, or, below zero, one that was taken back."""

    id: int
    on: date
    source: Source
    amount: Fen
    voucher: str
    note: str | None
    reversal_of: int | None
    reversed_by: int | None
    recorded_by: str | None
    recorded_at: datetime

    @property
    def may_be_reversed(self) -> bool:
        """Whether it stands as it was recorded."""
        return self.reversal_of is None and self.reversed_by is None


def returns_of(session: Session, clearing_id: int) -> list[ShownReturn]:
    """Return what came back, in the order recorded."""
    return [
        ShownReturn(*row) for row in session.execute(_returns().where(_RETURN.clearing_id == clearing_id))
    ]


def find_return(session: Session, return_id: int) -> tuple[int, ShownReturn] | None:
    """Return one part with the id of its clearing."""
    query = _returns().add_columns(_RETURN.clearing_id).where(_RETURN.id == return_id)
    row = session.execute(query).one_or_none()
    return None if row is None else (row[-1], ShownReturn(*row[:-1]))


_RETURN = ClearingReturn


def _returns() -> Select[*tuple[Any, ...]]:
    one, reversal = _RETURN, aliased(ClearingReturn)
    query: Select[*tuple[Any, ...]] = select(
        *(one.id, one.returned_on, one.source, one.amount_fen, one.voucher, one.note),
        *(one.reversal_of_id, reversal.id, User.name, one.recorded_at),
    )
    query = query.outerjoin(reversal, reversal.reversal_of_id == one.id)
    return query.outerjoin(User, User.id == one.recorded_by_id).order_by(one.id)


def names_of(session: Session, clearing: Clearing) -> tuple[str, str]:
    """Return who settled and who confirmed a clearing; blank where nobody has, or her account is gone."""
    ids = (clearing.settled_by_id, clearing.confirmed_by_id)
    known = {id_ for id_ in ids if id_ is not None}
    query = select(User.id, User.name).where(User.id.in_(known))
    names = {row.id: row.name for row in session.execute(query)} if known else {}
    settled, confirmed = (names.get(id_, "") for id_ in ids)
    return settled, confirmed
