"""Spending that is not allowed, line by line: ticked, with how much of it and why, and kept as a draft.

Lines may be changed until the clearing is settled; they stay as they were when it is sent back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import aliased

from finance.clearing.figures import ClearingState, too_much
from finance.clearing.finding import FoundClearing, find_open, money_of_clearing, tell
from finance.models import DisallowedLine
from lifecycle.command import Work, command
from lifecycle.judging import MOST_TEXT
from lifecycle.models import Spending
from lifecycle.money import Fen, yuan
from lifecycle.record import FISCAL
from lifecycle.refusals import InvalidInput, NotFound
from lifecycle.roles import Permission


@dataclass(frozen=True, slots=True)
class Disallowed:
    """What is not allowed of a row of spending, and why. ``amount`` ``None``: the whole row."""

    amount: Fen | None = None
    reason: str = ""


@command("clearing.disallow", Permission.CLEAR_ACCOUNTS)
def disallow(work: Work, clearing_id: int, lines: Mapping[int, Disallowed | None], today: date) -> int:
    """Keep what is not allowed of rows of spending, by their ids (``None``: allowed after all).

    Rows not named stay as they are. Returns how many lines changed. Raises ``NotFound``,
    ``IllegalTransition`` and ``InvalidInput`` (``amount-ID``, ``reason-ID``, ``lines`` for a source's sum).
    """
    found = find_open(work, clearing_id, ClearingState.OPEN, "登记不予认可的支出")
    rows = _rows(work, found, lines, today)
    errors = dict(_faults(rows, lines))
    if errors:
        raise InvalidInput(errors)
    changed = list(_keep(work, found, rows, lines))
    work.session.flush()
    wrong = list(too_much(money_of_clearing(work.session, found.clearing, today).figures({})))
    if wrong:
        raise InvalidInput({"lines": "".join(wrong)})
    words = f"登记不予认可的支出：改动 {len(changed)} 笔" if changed else "核对支出，没有改动"
    tell(work, found, words, changes=changed)
    return len(changed)


def _rows(
    work: Work, found: FoundClearing, lines: Mapping[int, Disallowed | None], today: date
) -> dict[int, Spending]:
    """Return those rows of spending; all of them are public money of the project, spent by ``today``."""
    query = select(Spending).where(
        Spending.id.in_(lines),
        Spending.project_id == found.project.id,
        Spending.source.in_(FISCAL),
        Spending.spent_on <= today,
    )
    rows = {row.id: row for row in work.session.scalars(query)}
    if set(rows) != set(lines):
        raise NotFound("其中一笔支出")
    return rows


def _faults(
    rows: Mapping[int, Spending], lines: Mapping[int, Disallowed | None]
) -> Iterator[tuple[str, str]]:
    for id_, line in lines.items():
        if line is None:
            continue
        row = rows[id_]
        amount = row.amount_fen if line.amount is None else line.amount
        if row.amount_fen <= 0:
            yield f"amount-{id_}", "冲销的记录不能列为不予认可。"
        elif not 0 < amount <= row.amount_fen:
            yield f"amount-{id_}", f"金额应大于 0，不超过这一笔的 {yuan(row.amount_fen)} 元。"
        if not line.reason.strip():
            yield f"reason-{id_}", "请写明不予认可的原因。"
        elif len(line.reason) > MOST_TEXT:
            yield f"reason-{id_}", f"最多 {MOST_TEXT} 个字。"


def _keep(
    work: Work, found: FoundClearing, rows: Mapping[int, Spending], lines: Mapping[int, Disallowed | None]
) -> Iterator[dict[str, Any]]:
    """Bring the kept lines to what is wanted; yield what changed, for the history."""
    line = DisallowedLine
    there = select(line).where(line.clearing_id == found.clearing.id, line.spending_id.in_(lines))
    known = {one.spending_id: one for one in work.session.scalars(there)}
    for id_, wanted in lines.items():
        row, old = rows[id_], known.get(id_)
        amount = 0 if wanted is None else row.amount_fen if wanted.amount is None else wanted.amount
        reason = "" if wanted is None else wanted.reason.strip()
        before = (old.amount_fen, old.reason) if old else (0, "")
        if before == (amount, reason):
            continue
        yield _told(row, before, (amount, reason))
        if old is not None and wanted is None:
            work.session.execute(delete(line).where(line.id == old.id))
        elif old is not None:
            old.amount_fen, old.reason = amount, reason
        else:
            work.session.add(
                line(
                    clearing_id=found.clearing.id,
                    spending_id=id_,
                    source=row.source,
                    amount_fen=amount,
                    reason=reason,
                )
            )


def _told(row: Spending, old: tuple[Fen, str], new: tuple[Fen, str]) -> dict[str, Any]:
    what = f"{row.spent_on} {row.use}（凭证 {row.voucher or '未登记'}）不予认可"
    return {"field": what, "old": _words(*old), "new": _words(*new)}


def _words(amount: Fen, reason: str) -> str | None:
    return f"{yuan(amount)} 元：{reason}" if amount else None


@command("clearing.allow", Permission.CLEAR_ACCOUNTS)
def allow(work: Work, clearing_id: int, line_id: int) -> None:
    """Take one line out of what is not allowed, whether or not it has a row of spending.

    Raises ``NotFound`` and ``IllegalTransition``.
    """
    found = find_open(work, clearing_id, ClearingState.OPEN, "登记不予认可的支出")
    line = work.session.get(DisallowedLine, line_id)
    if line is None or line.clearing_id != clearing_id:
        raise NotFound("这一笔不予认可的支出")
    work.session.delete(line)
    told = {"field": f"{line.source}·不予认可", "old": _words(line.amount_fen, line.reason), "new": None}
    tell(work, found, f"取消一笔不予认可的支出 {yuan(line.amount_fen)} 元", changes=[told])


def reversed_lines(work: Work, found: FoundClearing) -> list[str]:
    """Say which disallowed rows of spending have been reversed: nothing is left in them to disallow."""
    reversal = aliased(Spending)
    query = (
        select(Spending.spent_on, Spending.amount_fen, Spending.voucher)
        .join(DisallowedLine, DisallowedLine.spending_id == Spending.id)
        .join(reversal, reversal.reversal_of_id == Spending.id)
        .where(DisallowedLine.clearing_id == found.clearing.id)
        .order_by(Spending.spent_on, Spending.id)
    )
    return [
        f"不予认可的支出 {on} {yuan(amount)} 元（凭证 {voucher or '未登记'}）已经冲销，请取消这一笔"
        for on, amount, voucher in work.session.execute(query)
    ]
