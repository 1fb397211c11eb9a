"""Returned sheets (回执): kept byte for byte, shown as read, and booked in one press, all or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from finance.booking import LineOutcome, settle_lines
from finance.disbursement import LineCode, line_code
from finance.lookups import find_batch, person
from finance.models import Batch, ReturnedSheet
from finance.returned_lines import BARRED, BOOKABLE, Heap, IssuedSheet, ReadSheet
from finance.states import BatchState, ReturnedState
from lifecycle.command import Work, command
from lifecycle.money import yuan
from lifecycle.refusals import IllegalTransition, InvalidInput, NotFound, Obstructed
from lifecycle.roles import Actor, Permission
from lifecycle.stages import advance

RETURNED_TRANSITIONS: Mapping[ReturnedState, frozenset[ReturnedState]] = {
    ReturnedState.READ: frozenset({ReturnedState.BOOKED, ReturnedState.DROPPED}),
    ReturnedState.BOOKED: frozenset(),
    ReturnedState.DROPPED: frozenset(),
}


def sheet_to_match(session: Session, actor: Actor, batch_id: int) -> IssuedSheet:
    """Return the sheet that what came back is held against.

    Raises ``NotFound`` and ``IllegalTransition`` (not issued, booked already, void).
    """
    batch = find_batch(session, actor, batch_id, with_lines=True, with_sheet=True)
    if batch.state is not BatchState.ISSUED or batch.issued_on is None:
        raise IllegalTransition(f"{batch.state}（批次 {batch.number}）", BatchState.BOOKED)
    lines = len(batch.lines)
    return IssuedSheet(batch.number, batch.checksum or "", batch.issued_on, lines, batch.sheet or b"")


def whose(session: Session, actor: Actor, text: str) -> str:
    """Return in words of which of the agency's batches a checksum, or a code of line, is."""
    known = select(Batch).where(Batch.agency_id == actor.agency_id, Batch.checksum.is_not(None))
    code = LineCode.read(text)
    if code is None:
        batch = session.scalar(known.where(Batch.checksum == text))
        return f"批次 {batch.number} " if batch else "其他单位或无法识别的拨付表"
    year, _, running = code.batch_number.partition("-")
    batch = session.scalar(known.where(Batch.year == int(year), Batch.running == int(running[:9])))
    if batch is None or line_code(batch.number, batch.checksum or "", code.sequence) != text:
        return "无法识别的拨付表"
    return f"批次 {batch.number} 第 {code.sequence} 笔"


@command("return.keep", Permission.BOOK_PAYMENT)
def keep_returned(
    work: Work, batch_id: int, file_name: str, workbook: bytes, read: ReadSheet, today: date
) -> int:
    """Keep a sheet that came back, with what was read of it; nothing is booked yet. Return its id.

    Raises ``IllegalTransition`` (the batch awaits nothing) and ``Obstructed`` (the same file twice).
    """
    batch = find_batch(work.session, work.actor, batch_id)
    if batch.state is not BatchState.ISSUED:
        raise IllegalTransition(f"{batch.state}（批次 {batch.number}）", BatchState.BOOKED)
    digest = sha256(workbook).hexdigest()
    _demand_new(work, batch, digest)
    kept = ReturnedSheet(batch_id=batch.id, file_name=file_name, sha256=digest, workbook=workbook)
    kept.state, kept.found = ReturnedState.READ, read.to_plain()
    kept.read_by_id, kept.read_on = person(work), today
    work.session.add(kept)
    work.session.flush()
    work.record(
        f"上传拨付批次 {batch.number} 的回执“{file_name}”",
        details={"batch": batch.id, "returned": kept.id, "sha256": digest},
    )
    return kept.id


def _demand_new(work: Work, batch: Batch, digest: str) -> None:
    same = (ReturnedSheet.batch_id == batch.id, ReturnedSheet.sha256 == digest)
    query = select(ReturnedSheet).where(*same, ReturnedSheet.state != ReturnedState.DROPPED)
    found = work.session.scalar(query.limit(1))
    if found is not None:
        words = (
            f"同一份文件已于 {found.read_on} 上传（{found.state}），不必再传；补办的请另存后上传新的回执。"
        )
        raise Obstructed([words])


@command("return.book", Permission.BOOK_PAYMENT)
def book_returned(work: Work, returned_id: int, leave_out: bool, today: date) -> int:
    """Book everything that a returned sheet says of lines not booked yet; return how many lines.

    Lines that are altered, unknown, doubled or filled in wrongly are never booked: ``leave_out`` says that
    they are to stay open. Raises ``IllegalTransition`` (booked or dropped already), ``Obstructed`` (nothing
    to book), ``InvalidInput`` (``leave_out``, and what ``settle_lines`` says of lines) and ``SamePerson``.
    """
    returned = find_returned(work.session, work.actor, returned_id)
    then = advance(RETURNED_TRANSITIONS, returned.state, ReturnedState.BOOKED)
    batch = find_batch(work.session, work.actor, returned.batch_id, with_lines=True)
    read = ReadSheet.from_plain(returned.found)
    barred = [line for line in read.lines if line.heap in BARRED]
    if barred and not leave_out:
        words = f"有 {len(barred)} 行不能登记，请核对下表；确认暂不登记这些行的，请先勾选。"
        raise InvalidInput({"leave_out": words})
    outcomes = dict(_outcomes(batch, read))
    if not outcomes:
        raise Obstructed(["这份回执中没有可以登记的款项。"])
    settled = [place for place, line in enumerate(batch.lines, 1) if line.result is not None]
    settle_lines(work, batch, outcomes, today)
    returned.state, returned.booked_by_id, returned.booked_on = then, person(work), today
    returned.found = {**returned.found, "settled": settled}
    _record_booked(work, returned, batch, outcomes)
    return len(outcomes)


def _outcomes(batch: Batch, read: ReadSheet) -> Iterator[tuple[int, LineOutcome]]:
    """Yield what is to be booked of the batch's lines, by id."""
    for line in read.lines:
        if line.heap in BOOKABLE and line.sequence is not None:
            kept = batch.lines[line.sequence - 1]
            if kept.result is None:
                yield kept.id, LineOutcome(line.heap is Heap.PAID, line.on, line.voucher, line.reason)


def _record_booked(
    work: Work, returned: ReturnedSheet, batch: Batch, outcomes: Mapping[int, LineOutcome]
) -> None:
    amounts = {line.id: line.amount_fen for line in batch.lines}
    paid = [id_ for id_, outcome in outcomes.items() if outcome.paid]
    total, failed = sum(amounts[id_] for id_ in paid), len(outcomes) - len(paid)
    work.record(
        f"按回执“{returned.file_name}”登记拨付批次 {batch.number}：已拨付 {len(paid)} 笔 {yuan(total)} 元，"
        f"未拨出 {failed} 笔",
        details={
            "batch": batch.id,
            "returned": returned.id,
            "old": ReturnedState.READ,
            "new": ReturnedState.BOOKED,
            "lines": len(paid),
            "failed": failed,
            "total_fen": total,
        },
    )


@command("return.drop", Permission.BOOK_PAYMENT)
def drop_returned(work: Work, returned_id: int) -> None:
    """Give a returned sheet up without booking it; it is kept. Raises ``IllegalTransition``."""
    returned = find_returned(work.session, work.actor, returned_id)
    now, returned.state = (
        returned.state,
        advance(RETURNED_TRANSITIONS, returned.state, ReturnedState.DROPPED),
    )
    work.record(
        f"放弃回执“{returned.file_name}”，未登记",
        details={"batch": returned.batch_id, "returned": returned.id, "old": now, "new": returned.state},
    )


def find_returned(
    session: Session, actor: Actor, returned_id: int, *, with_workbook: bool = False
) -> ReturnedSheet:
    """Return a returned sheet of the actor's agency. Raises ``NotFound``."""
    query = select(ReturnedSheet).join(Batch, Batch.id == ReturnedSheet.batch_id)
    query = query.where(ReturnedSheet.id == returned_id, Batch.agency_id == actor.agency_id)
    found = session.scalar(query.options(undefer(ReturnedSheet.workbook)) if with_workbook else query)
    if found is None:
        raise NotFound("这份回执")
    return found
