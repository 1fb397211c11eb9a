"""batch = its lines = its sheet: sums, the checksum worked out anew, the workbook's cells, the history."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload, undefer

from finance.issuing import disbursement_of
from finance.models import Batch
from finance.reconcile.difference import BEHIND_BACK, Difference, Sum
from finance.states import BatchState, LineResult
from lifecycle.models import Agency, AuditEntry
from lifecycle.money import Fen

AT_A_TIME = 10
"""Batches in memory at a time: each may have ten thousand lines and a workbook."""


class SheetLine(NamedTuple):
    """One payment as the cells of a workbook have it; the amount is fen."""

    project_number: str
    amount: Fen


@dataclass(frozen=True, slots=True)
class ReadSheet:
    """What was read from the cells of an issued workbook."""

    checksum: str
    lines: Sequence[SheetLine]


ReadBack = Callable[[bytes], ReadSheet]
"""Reads an issued workbook: ``reports.read_back.read_sheet``, which this floor cannot see.

Raises ``ValueError``, with words, for what is no sheet.
"""

_FINAL = frozenset({BatchState.BOOKED, BatchState.DISCARDED})


def batches_tie(session: Session, agency_id: int, read_back: ReadBack) -> Iterator[Difference | None]:
    """Yield what does not tie of each batch of an agency, and ``None`` for each that was looked at."""
    agency = session.get_one(Agency, agency_id).name
    told = _issues(session, agency_id)
    ids = session.scalars(select(Batch.id).where(Batch.agency_id == agency_id).order_by(Batch.id)).all()
    for start in range(0, len(ids), AT_A_TIME):
        query = select(Batch).where(Batch.id.in_(ids[start : start + AT_A_TIME])).order_by(Batch.id)
        query = query.options(selectinload(Batch.lines), undefer(Batch.sheet))
        for batch in session.scalars(query):
            yield from _results(batch)
            if batch.issued_on is not None:
                yield from _issued(batch, batch.issued_on, agency, told.get(batch.id, {}), read_back)
            yield None
        session.expunge_all()


def _issues(session: Session, agency_id: int) -> dict[int, Mapping[str, Any]]:
    """Return what the history says of each issue: lines, total and checksum."""
    query = select(AuditEntry.details).where(
        AuditEntry.chain == agency_id, AuditEntry.action == "batch.issue"
    )
    found = session.scalars(query.where(AuditEntry.project_id.is_(None)))
    return {details["batch"]: details for details in found if "checksum" in details}


def _results(batch: Batch) -> Iterator[Difference]:
    """Yield that the state of a batch and what came of its lines say different things."""
    still = sum(line.amount_fen for line in batch.lines if line.result is None)
    total = sum(line.amount_fen for line in batch.lines)
    if batch.state is BatchState.DRAFT:
        yield from _differ(batch, "批次状态（编制中）与各笔结果", _open(still), Sum("各笔合计", total))
    if batch.state in _FINAL:
        yield from _differ(batch, f"批次状态（{batch.state}）与各笔结果", _open(still), Sum("按状态应为", 0))
    if batch.state is BatchState.ISSUED and not still:
        yield from _differ(batch, "批次状态（已出表）与各笔结果", _open(still), Sum("按状态尚有", total))
    if batch.state is BatchState.DISCARDED:
        paid = sum(line.amount_fen for line in batch.lines if line.result is LineResult.PAID)
        yield from _differ(batch, "作废批次中已拨付的款项", Sum("已拨付", paid), Sum("按状态应为", 0))


def _open(still: Fen) -> Sum:
    return Sum("尚无结果的款项", still)


def _issued(
    batch: Batch, issued_on: date, agency: str, told: Mapping[str, Any], read_back: ReadBack
) -> Iterator[Difference]:
    total = Sum("批次各笔合计", sum(line.amount_fen for line in batch.lines))
    yield from _differ(
        batch, "批次各笔与出表时的办理记录", total, Sum("办理记录", int(told.get("total_fen", 0)))
    )
    checksum = disbursement_of(batch, agency, issued_on).checksum
    for where, other in (("批次登记", batch.checksum), ("办理记录", told.get("checksum"))):
        if checksum != other:
            yield _broken(batch, f"各笔内容与出表时的校验码（{where}）", total, Sum("校验码相符的款项", 0))
    yield from _sheet(batch, total, read_back)


def _sheet(batch: Batch, total: Sum, read_back: ReadBack) -> Iterator[Difference]:
    """Yield where the stored workbook says something else than the lines."""
    try:
        sheet = read_back(batch.sheet or b"")
    except ValueError as error:
        yield _broken(batch, "批次各笔与拨付表", total, Sum(f"拨付表（无法读取：{error}）", 0))
        return
    yield from _differ(
        batch, "批次各笔合计与拨付表", total, Sum("拨付表各行合计", sum(line.amount for line in sheet.lines))
    )
    lines = [SheetLine(line.project_number, line.amount_fen) for line in batch.lines]
    alike = sum(line.amount for line, cell in zip(lines, sheet.lines, strict=False) if line == cell)
    yield from _differ(batch, "批次各笔与拨付表逐行", total, Sum("逐行相符的款项", alike))
    if sheet.checksum != batch.checksum:
        yield _broken(batch, "批次登记的校验码与拨付表所印", total, Sum("校验码相符的款项", 0))


def _differ(batch: Batch, what: str, left: Sum, right: Sum) -> Iterator[Difference]:
    if left.fen != right.fen:
        yield _broken(batch, what, left, right)


def _broken(batch: Batch, what: str, left: Sum, right: Sum) -> Difference:
    cause = f"出表后批次、批次行或拨付表被改动；{BEHIND_BACK}"
    return Difference(what, left, right, cause, batch=batch.number, batch_id=batch.id)
