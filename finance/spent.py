"""What is known of a project's spending: who may enter it, what is wrong with a row, what is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from lifecycle.models import Attachment, User
from lifecycle.models import Spending as SpendingRow
from lifecycle.money import LIMIT, Fen, wan
from lifecycle.record import BudgetUse, ProjectRecord, Source, Spending
from lifecycle.roles import Role
from lifecycle.stages import Stage, stage_of
from lifecycle.sums import UseSums, money_of

FIRST_DAY = date(2015, 1, 1)
"""Nothing that Keguan looks after was spent earlier."""

MOST_ROWS = 20_000
"""Rows that one act may enter."""

MOST_VOUCHER = 100
MOST_NOTE = 500
MOST_REASON = 500
"""Characters."""

ENTERERS = (Role.PI, Role.UNIT_MANAGER, Role.UNIT_FINANCE)
_BEING_CLEARED = frozenset({Stage.NOT_PASSED, Stage.TERMINATED, Stage.CLEARING})
Key = tuple[date, Source, BudgetUse, int, str | None]


def key_of(row: Spending) -> Key:
    """Return by what a row is taken to be there already."""
    return row.on, row.source, row.use, row.amount, row.voucher


def who_enters(record: ProjectRecord) -> tuple[Role, ...]:
    """Return who may enter spending now: the unit while the project runs, finance while it is cleared."""
    if record.signed_on is None:
        return ()
    if record.concluded_on is None:
        return ENTERERS
    return (Role.FINANCE,) if stage_of(record) in _BEING_CLEARED else ()


def who_reverses(record: ProjectRecord) -> tuple[Role, ...]:
    """Return who may reverse spending now; nobody once the accounts are cleared."""
    settled = stage_of(record) is Stage.CLEARED or record.recovery_from is not None
    if record.signed_on is None or settled:
        return ()
    return ENTERERS if record.concluded_on is None else (Role.FINANCE,)


def faults(row: Spending, today: date) -> dict[str, str]:
    """Return what is wrong with a row, by field of the row; empty where it can be entered."""
    found: dict[str, str] = {}
    if row.on > today:
        found["on"] = "日期不能晚于今天。"
    elif row.on < FIRST_DAY:
        found["on"] = f"日期不能早于 {FIRST_DAY.year} 年。"
    if row.amount < 0:
        found["amount"] = "金额不能为负数；登记有误的，请在支出明细中找到那一笔办理冲销。"
    elif row.amount == 0:
        found["amount"] = "金额应大于 0。"
    elif row.amount >= LIMIT:
        found["amount"] = "金额应小于 100 亿万元。"
    if not row.voucher:
        found["voucher"] = "请填写凭证号。"
    elif len(row.voucher) > MOST_VOUCHER:
        found["voucher"] = f"凭证号最多 {MOST_VOUCHER} 个字。"
    if row.note and len(row.note) > MOST_NOTE:
        found["note"] = f"备注最多 {MOST_NOTE} 个字。"
    return found


def twins(session: Session, project_id: int, rows: Sequence[Spending]) -> list[bool]:
    """Return for each row whether one alike is there already, or stands before it among them.

    Alike: same day, source, use, amount and voucher. Rows that have been reversed are passed by.
    """
    reversal = aliased(SpendingRow)
    one = SpendingRow
    query = (
        select(one.spent_on, one.source, one.use, one.amount_fen, one.voucher)
        .outerjoin(reversal, reversal.reversal_of_id == one.id)
        .where(one.project_id == project_id, reversal.id.is_(None))
    )
    seen: set[Any] = {tuple(row) for row in session.execute(query)}
    found = []
    for row in rows:
        found.append(key_of(row) in seen)
        seen.add(key_of(row))
    return found


def over_budget(record: ProjectRecord, today: date) -> list[UseSums]:
    """Return the uses, by source, on which more was spent than budgeted; none where nobody has budgeted."""
    if not record.budget:
        return []
    return [one for one in money_of(record, today).uses if one.spent > one.budget]


def over_budget_words(over: Iterable[UseSums]) -> str:
    """Return what is over the budget, as a line of text."""
    told = (f"{one.source}·{one.use}超预算 {wan(one.spent - one.budget)} 万元" for one in over)
    return "，".join(told)


class OverBudget(NamedTuple):
    """What is spent beyond its budget: one use of a source, or the source as a whole. Sums are fen."""

    source: Source
    use: BudgetUse | None
    """``None``: all uses of the source together."""
    budget: Fen
    spent: Fen

    @property
    def over(self) -> Fen:
        """By how much."""
        return self.spent - self.budget

    @property
    def what(self) -> str:
        """What it is, in words."""
        return f"{self.source}·{self.use}" if self.use else f"{self.source}合计"


def all_over_budget(record: ProjectRecord, today: date) -> list[OverBudget]:
    """Return every use, and every source as a whole, on which more was spent than budgeted."""
    if not record.budget:
        return []
    uses = money_of(record, today).uses
    single = [OverBudget(one.source, one.use, one.budget, one.spent) for one in uses]
    whole = [
        OverBudget(
            source,
            None,
            sum(one.budget for one in uses if one.source is source),
            sum(one.spent for one in uses if one.source is source),
        )
        for source in Source
    ]
    return [one for one in (*single, *whole) if one.over > 0]


def over_after(
    record: ProjectRecord, rows: Sequence[Spending], today: date
) -> Iterator[tuple[int, OverBudget]]:
    """Yield the place of each new row after which its use, or its source, is over the budget, and what is.

    The rows count in their order, as they would be entered.
    """
    if not record.budget:
        return
    uses = {(one.source, one.use): one for one in money_of(record, today).uses}
    spent = {key: one.spent for key, one in uses.items()}
    for place, row in enumerate(rows):
        key = row.source, row.use
        spent[key] = spent.get(key, 0) + row.amount
        budget = uses[key].budget if key in uses else 0
        whole = OverBudget(
            row.source,
            None,
            sum(one.budget for (source, _), one in uses.items() if source is row.source),
            sum(fen for (source, _), fen in spent.items() if source is row.source),
        )
        for one in (OverBudget(row.source, row.use, budget, spent[key]), whole):
            if one.over > 0:
                yield place, one


def file_taken_in(session: Session, project_id: int, sha256: str) -> bool:
    """Whether a workbook of this content has been taken in for the project already."""
    query = select(Attachment.id).where(
        Attachment.project_id == project_id,
        Attachment.subject_kind == "spending",
        Attachment.sha256 == sha256,
    )
    return session.scalar(query.limit(1)) is not None


@dataclass(frozen=True, slots=True)
class ShownSpending:
    """A row of spending as it is listed. ``reversed_by`` is the id of the row that takes it back."""

    id: int
    on: date
    source: Source
    use: BudgetUse
    amount: Fen
    voucher: str | None
    note: str | None
    reversal_of: int | None
    reversed_by: int | None
    entered_by: str | None
    entered_at: datetime | None
    """``None`` where it came with a ledger."""

    @property
    def may_be_reversed(self) -> bool:
        """Whether it is still as it was entered."""
        return self.amount > 0 and self.reversal_of is None and self.reversed_by is None


def list_spending(session: Session, project_id: int, page: int, size: int) -> list[ShownSpending]:
    """Return a page of a project's spending, the latest day first, by one statement."""
    one = SpendingRow
    query = _shown().where(one.project_id == project_id).order_by(one.spent_on.desc(), one.id.desc())
    rows = session.execute(query.limit(size).offset((page - 1) * size))
    return [ShownSpending(*row) for row in rows]


def shown_spending(session: Session, spending_id: int) -> ShownSpending | None:
    """Return one row as it is listed."""
    row = session.execute(_shown().where(SpendingRow.id == spending_id)).one_or_none()
    return None if row is None else ShownSpending(*row)


def _shown() -> Any:
    one, reversal = SpendingRow, aliased(SpendingRow)
    columns = (one.id, one.spent_on, one.source, one.use, one.amount_fen, one.voucher, one.note)
    query = select(*columns, one.reversal_of_id, reversal.id, User.name, one.entered_at)
    query = query.outerjoin(reversal, reversal.reversal_of_id == one.id)
    return query.outerjoin(User, User.id == one.entered_by_id)
