"""What comes back of a confirmed clearing: in parts, by source, with vouchers; taken back by reversal.

The clearing and the record (应退金额, 已退金额) agree after every act.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from finance.clearing.figures import ClearingState, sums_by_source
from finance.clearing.finding import (
    MOST_VOUCHER,
    SUBJECT,
    FoundClearing,
    find_clearing,
    find_open,
    tell,
)
from finance.clearing.settling import owe
from finance.lookups import person
from finance.models import ClearingReturn
from finance.vouchers import first_use
from lifecycle.attachments import StoredFile, attach, names_and_digests
from lifecycle.command import Work, command
from lifecycle.judging import MOST_TEXT
from lifecycle.money import Fen, yuan
from lifecycle.record import Source
from lifecycle.refusals import InvalidInput, NotFound, Obstructed
from lifecycle.roles import Permission


@dataclass(frozen=True, slots=True)
class Part:
    """A part of one source that came back, as it is filled in."""

    source: Source | None
    amount: Fen | None
    on: date | None
    voucher: str
    note: str = ""


@command("clearing.record_return", Permission.CLEAR_ACCOUNTS)
def record_return(work: Work, clearing_id: int, part: Part, papers: Sequence[StoredFile], today: date) -> int:
    """Record a part of what came back, never more than is owed of its source; return its id.

    Raises ``NotFound``, ``IllegalTransition`` and ``InvalidInput`` (``source``, ``amount``, ``on``,
    ``voucher``, ``note``).
    """
    found = find_open(work, clearing_id, ClearingState.RETURNING, "登记退款")
    errors = dict(_faults(work, found, part, today))
    if errors or part.source is None or part.amount is None or part.on is None:
        raise InvalidInput(errors)
    row = ClearingReturn(
        clearing_id=clearing_id,
        source=part.source,
        amount_fen=part.amount,
        returned_on=part.on,
        voucher=part.voucher.strip(),
        note=part.note.strip() or None,
        recorded_by_id=person(work),
        recorded_at=work.entry.at,
    )
    work.session.add(row)
    work.session.flush()
    if papers:
        attach(work, found.project.id, SUBJECT, clearing_id, papers, f"退款凭证 {row.voucher}")
    what = f"登记退款 {yuan(row.amount_fen)} 元（{row.source}，{row.returned_on}，凭证 {row.voucher}）"
    _follow(work, found, row, what, today, files=names_and_digests(papers))
    return row.id


def _faults(work: Work, found: FoundClearing, part: Part, today: date) -> Iterator[tuple[str, str]]:
    if part.source is None or not found.settled.of(part.source).to_return:
        yield "source", "请选择有应退金额的资金来源。"
    else:
        yield from _amount_faults(_owed(work, found, part.source), part)
    if part.on is None or part.on > today:
        yield "on", "请填写退回日期，不能晚于今天。"
    if not part.voucher.strip() or len(part.voucher) > MOST_VOUCHER:
        yield "voucher", f"请填写凭证号，不超过 {MOST_VOUCHER} 字。"
    elif where := first_use(work, part.voucher.strip()):
        yield "voucher", f"凭证号“{part.voucher.strip()}”已用于{where}，请核对是否重复登记。"
    if len(part.note) > MOST_TEXT:
        yield "note", f"最多 {MOST_TEXT} 个字。"


def _amount_faults(owed: Fen, part: Part) -> Iterator[tuple[str, str]]:
    if part.amount is None or part.amount <= 0:
        yield "amount", "请填写退回的金额。"
    elif part.amount > owed:
        yield "amount", f"{part.source}还应退 {yuan(owed)} 元，退回金额不能超过。"


def _owed(work: Work, found: FoundClearing, source: Source) -> Fen:
    """Return what is still to come back of one source."""
    one = ClearingReturn
    query = select(func.coalesce(func.sum(one.amount_fen), 0)).where(
        one.clearing_id == found.clearing.id, one.source == source
    )
    return found.settled.of(source).to_return - int(work.session.scalar(query) or 0)


@command("clearing.reverse_return", Permission.CLEAR_ACCOUNTS)
def reverse_return(work: Work, return_id: int, reason: str, today: date) -> int:
    """Take back a return that was recorded wrongly: what it was of is owed again. Returns the clearing's id.

    Raises ``NotFound``, ``InvalidInput`` (``reason``) and ``Obstructed`` where it was taken back already.
    """
    old = work.session.get(ClearingReturn, return_id)
    if old is None:
        raise NotFound("这笔退款")
    found = find_clearing(work.session, work.actor, old.clearing_id)
    _demand_whole(work, old)
    if not reason.strip() or len(reason) > MOST_TEXT:
        raise InvalidInput({"reason": f"请写明冲销原因，不超过 {MOST_TEXT} 字。"})
    row = ClearingReturn(
        clearing_id=old.clearing_id,
        source=old.source,
        amount_fen=-old.amount_fen,
        returned_on=max(today, old.returned_on),
        voucher=old.voucher,
        note=reason.strip(),
        reversal_of_id=old.id,
        recorded_by_id=person(work),
        recorded_at=work.entry.at,
    )
    work.session.add(row)
    work.session.flush()
    what = f"冲销退款 {yuan(old.amount_fen)} 元（{old.source}，{old.returned_on}，凭证 {old.voucher}）"
    _follow(work, found, row, what, today, note=reason.strip())
    return found.clearing.id


def _demand_whole(work: Work, old: ClearingReturn) -> None:
    query = select(ClearingReturn.id).where(ClearingReturn.reversal_of_id == old.id)
    if old.reversal_of_id is not None:
        raise Obstructed(["这一笔本身就是冲销，不能再冲销；需要恢复的，请重新登记退款"])
    if work.session.scalar(query) is not None:
        raise Obstructed(["这笔退款已经冲销过"])


def _follow(
    work: Work, found: FoundClearing, row: ClearingReturn, what: str, today: date, **details: object
) -> None:
    """Bring the record and the duty to what has come back by now, and tell it."""
    one = ClearingReturn
    parts = work.session.execute(
        select(one.source, one.amount_fen, one.returned_on).where(one.clearing_id == found.clearing.id)
    ).all()
    returned = sum(sums_by_source((source, amount) for source, amount, _ in parts).values())
    outstanding = found.settled.to_return - returned
    old, found.acceptance.returned_fen = found.acceptance.returned_fen, returned
    owe(work, found, outstanding, today, max((on for _, amount, on in parts if amount > 0), default=None))
    changes = [{"field": "已退金额", "old": f"{yuan(old)} 元", "new": f"{yuan(returned)} 元"}]
    told = f"{what}，还差 {yuan(outstanding)} 元"
    tell(work, found, told, changes=changes, returns=[row.as_detail()], **details)


@command("clearing.set_due", Permission.CLEAR_ACCOUNTS)
def set_due(work: Work, clearing_id: int, due: date | None, reason: str, today: date) -> None:
    """Set another day by which what is owed comes back, saying why.

    Raises ``NotFound``, ``IllegalTransition`` and ``InvalidInput`` (``due``, ``reason``).
    """
    found = find_open(work, clearing_id, ClearingState.RETURNING, "调整退回期限")
    old = found.clearing.due_on
    errors = dict(_due_faults(old, due, reason, today))
    if errors:
        raise InvalidInput(errors)
    found.clearing.due_on = due
    owe(work, found, found.acceptance.to_return_fen - found.acceptance.returned_fen, today)
    told = [{"field": "退回期限", "old": old and old.isoformat(), "new": due and due.isoformat()}]
    tell(work, found, f"退回期限定为 {due}", changes=told, note=reason.strip())


def _due_faults(old: date | None, due: date | None, reason: str, today: date) -> Iterator[tuple[str, str]]:
    if due is None or due < today:
        yield "due", "请填写退回期限，不能早于今天。"
    elif due == old:
        yield "due", "与原来的期限相同，没有改动。"
    if not reason.strip() or len(reason) > MOST_TEXT:
        yield "reason", f"请写明理由，不超过 {MOST_TEXT} 字。"
