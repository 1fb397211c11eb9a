"""Making an issued sheet void before anything of it was paid, and issuing another in its place.

The sheet and its checksum stay readable for ever; the new batch names the void one.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from finance.batching import assemble, demand_others
from finance.history import Told, record_each
from finance.lookups import find_batch, live_proposals, person
from finance.models import Batch, BatchLine
from finance.states import BATCH_TRANSITIONS, BatchState, LineResult
from lifecycle.command import Work, command
from lifecycle.judging import MOST_TEXT
from lifecycle.money import yuan
from lifecycle.refusals import IllegalTransition, InvalidInput, Obstructed
from lifecycle.roles import Permission
from lifecycle.stages import TRANCHE_TRANSITIONS, TrancheState, advance


@command("batch.void", Permission.MAKE_BATCH)
def void_batch(work: Work, batch_id: int, reason: str, today: date) -> None:
    """Make an issued batch void of which nothing is paid: its open tranches are approved as before.

    Raises ``InvalidInput`` (``reason``), ``IllegalTransition``, ``Obstructed`` where a line is booked as paid
    and ``SamePerson``.
    """
    reason = reason.strip()
    batch = find_batch(work.session, work.actor, batch_id, with_lines=True)
    if batch.state is not BatchState.ISSUED:
        raise IllegalTransition(f"{batch.state}（批次 {batch.number}）", BatchState.DISCARDED)
    if not reason or len(reason) > MOST_TEXT:
        raise InvalidInput({"reason": f"请写明作废原因，不超过 {MOST_TEXT} 字。"})
    _demand_unpaid(batch)
    lines = [line for line in batch.lines if line.result is None]
    demand_others(work, live_proposals(work.session, [line.tranche_id for line in lines]).values())
    for line in lines:
        line.tranche.state = advance(TRANCHE_TRANSITIONS, line.tranche.state, TrancheState.APPROVED)
        line.result, line.result_on, line.result_note = LineResult.VOIDED, today, reason
        line.result_by_id = person(work)
    now, batch.state = batch.state, advance(BATCH_TRANSITIONS, batch.state, BatchState.DISCARDED)
    batch.ended_by_id, batch.ended_on, batch.ended_note = person(work), today, reason
    _record(work, batch, lines, now)


@command("batch.reissue", Permission.MAKE_BATCH)
def reissue(work: Work, batch_id: int, today: date) -> int:
    """Make a draft of what a void batch held and is approved still, to take its place; return its id.

    Raises ``IllegalTransition``, ``Obstructed`` (nothing is left of it, another takes its place already, or
    its sources have different paying bodies by now) and what ``make_batch`` raises of its lines.
    """
    void = find_batch(work.session, work.actor, batch_id, with_lines=True)
    if void.state is not BatchState.DISCARDED or void.issued_on is None:
        raise IllegalTransition(f"{void.state}（批次 {void.number}）", BatchState.DRAFT)
    _demand_place(work, void)
    left = [line for line in void.lines if line.tranche.state is TrancheState.APPROVED]
    if not left:
        raise Obstructed(["作废批次中的款项都已另行办理，没有可以重新编制的款项。"])
    batch = assemble(work, [line.tranche_id for line in left], today, replaces=void)
    total = sum(line.amount_fen for line in batch.lines)
    work.record(
        f"重新编制拨付批次 {batch.number}，代替已作废的 {void.number}：共 {len(left)} 笔 {yuan(total)} 元",
        details={"batch": batch.id, "replaces": void.id, "lines": len(left), "total_fen": total},
    )
    return batch.id


def _demand_unpaid(batch: Batch) -> None:
    paid = [line for line in batch.lines if line.result is LineResult.PAID]
    if paid:
        raise Obstructed(
            [f"批次中已有 {len(paid)} 笔登记为已拨付，不能整批作废；其余未拨出的，请逐笔登记未拨出。"]
        )


def _demand_place(work: Work, void: Batch) -> None:
    other = work.session.scalar(select(Batch).where(Batch.replaces_id == void.id))
    if other is not None:
        raise Obstructed([f"已由批次 {other.number} 代替，不需要再次编制。"])


def _record(work: Work, batch: Batch, lines: list[BatchLine], now: BatchState) -> None:
    total = sum(line.amount_fen for line in lines)
    work.record(
        f"作废已出表的拨付批次 {batch.number}（{len(lines)} 笔 {yuan(total)} 元），原因：{batch.ended_note}",
        details={
            "batch": batch.id,
            "old": now,
            "new": batch.state,
            "lines": len(lines),
            "total_fen": total,
            "checksum": batch.checksum,
            "reason": batch.ended_note,
        },
    )
    change = {"old": TrancheState.ISSUED, "new": TrancheState.APPROVED}
    told = f"拨付批次 {batch.number} 作废"
    record_each(
        work,
        (
            Told(line, f"{told}：{yuan(line.amount_fen)} 元，原因：{batch.ended_note}", change)
            for line in lines
        ),
    )
