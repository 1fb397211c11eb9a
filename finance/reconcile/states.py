"""Tranche states against what they stand for: payments, lines of batches, proposals. Nothing paid twice."""

from __future__ import annotations

from collections.abc import Iterator

from finance.reconcile.books import Books, LineRow, TrancheRow
from finance.reconcile.difference import BEHIND_BACK, Difference, Sum
from finance.states import IN_PROCESS, BatchState, LineResult
from lifecycle.money import Fen
from lifecycle.record import FISCAL
from lifecycle.stages import TrancheState

_BATCH_OF = {TrancheState.BATCHED: BatchState.DRAFT, TrancheState.ISSUED: BatchState.ISSUED}
"""State of a tranche on its way → the state of the batch that it must then be in."""


def states_tie(books: Books) -> Iterator[Difference]:
    """Yield where a tranche's state and its payment, its line or its proposal say different things."""
    for rows in books.tranches.values():
        for tranche in rows:
            yield from _payment(books, tranche)
            if tranche.source in FISCAL:
                lines = [one for one in books.lines.get(tranche.id, ()) if one.stands]
                yield from _on_its_way(books, tranche, lines)
                yield from _paid_by(books, tranche, lines)
                yield from _proposed(books, tranche, lines)
            yield from _reversed(books, tranche)


def _payment(books: Books, tranche: TrancheRow) -> Iterator[Difference]:
    """Yield that a paid tranche has no payment of its plan, or another one has."""
    paid, booked = tranche.state is TrancheState.PAID, tranche.paid or 0
    expected = tranche.planned if paid else 0
    if tranche.of_ledger and paid and booked:
        yield from books.differ(
            tranche.project_id,
            tranche.source,
            f"{tranche.name}：台账的计划与实拨",
            Sum("计划", max(tranche.planned, booked)),
            Sum("实拨", booked),
            "台账登记的实拨少于计划，余额仍作为未拨；有误的请在台账中更正",
            remark=True,
        )
        expected = booked
    yield from books.differ(
        tranche.project_id,
        tranche.source,
        f"{tranche.name}：状态（{tranche.state}）与拨付登记",
        Sum("按状态应已拨付", expected),
        Sum("拨付登记", booked),
        f"期次状态、计划金额或拨付登记被改动；{BEHIND_BACK}",
    )


def _on_its_way(books: Books, tranche: TrancheRow, lines: list[LineRow]) -> Iterator[Difference]:
    """Yield that there is not exactly the one open line that the state asks for."""
    wanted = _BATCH_OF.get(tranche.state)
    fitting = [one for one in lines if one.result is None and one.batch_state is wanted]
    stray = [one for one in lines if one.result is None and one.batch_state is not wanted]
    numbers = "、".join(sorted({one.batch for one in lines})) or "无"
    yield from books.differ(
        tranche.project_id,
        tranche.source,
        f"{tranche.name}：状态（{tranche.state}）与批次中的款项",
        Sum("按状态应在批次中", tranche.planned if wanted else 0),
        Sum("批次中未登记结果的款项", _total(fitting) + _total(stray)),
        f"期次与批次（{numbers}）不一致；{BEHIND_BACK}",
    )
    if stray and not fitting and wanted:
        yield from books.differ(
            tranche.project_id,
            tranche.source,
            f"{tranche.name}：状态（{tranche.state}）与批次状态（{stray[0].batch_state}）",
            Sum("按状态应在批次中", tranche.planned),
            Sum(f"状态为“{wanted}”的批次中的款项", 0),
            f"批次 {numbers} 的状态被改动；{BEHIND_BACK}",
        )


def _paid_by(books: Books, tranche: TrancheRow, lines: list[LineRow]) -> Iterator[Difference]:
    """Yield that a payment and the line it went by differ, or that there is more than one."""
    paid = [one for one in lines if one.result is LineResult.PAID]
    if tranche.of_ledger and not paid:
        return
    yield from books.differ(
        tranche.project_id,
        tranche.source,
        f"{tranche.name}：拨付登记与批次行",
        Sum("拨付登记", tranche.paid or 0),
        Sum("批次中已拨付的款项", _total(paid)),
        "同一期重复拨付，或登记的金额被改动" if len(paid) > 1 else f"登记或批次行被改动；{BEHIND_BACK}",
    )
    for line in paid:
        if line.source is not tranche.source or tranche.paid_on not in {None, line.result_on}:
            yield from books.differ(
                tranche.project_id,
                tranche.source,
                f"{tranche.name}：拨付登记与批次 {line.batch} 的资金来源、日期",
                Sum(f"批次行（{line.source}，{line.result_on}）", line.amount),
                Sum(f"相同来源和日期的拨付（{tranche.source}，{tranche.paid_on}）", 0),
                f"资金来源或拨付日期被改动；{BEHIND_BACK}",
            )


def _proposed(books: Books, tranche: TrancheRow, lines: list[LineRow]) -> Iterator[Difference]:
    """Yield that there is not exactly the one proposal, of the plan, that the state asks for."""
    live = books.proposals.get(tranche.id, ())
    wanted = tranche.state in IN_PROCESS or any(one.result is LineResult.PAID for one in lines)
    yield from books.differ(
        tranche.project_id,
        tranche.source,
        f"{tranche.name}：状态（{tranche.state}）与拨付申请",
        Sum("按状态应有的申请", tranche.planned if wanted else 0),
        Sum("有效的拨付申请", sum(one.amount for one in live)),
        f"申请、计划金额或期次状态被改动；{BEHIND_BACK}",
    )
    approved = wanted and tranche.state is not TrancheState.PROPOSED
    yield from books.differ(
        tranche.project_id,
        tranche.source,
        f"{tranche.name}：状态（{tranche.state}）与审批",
        Sum("按状态应已批准", tranche.planned if approved else 0),
        Sum("已批准的申请", sum(one.amount for one in live if one.approved_by_id is not None)),
        f"审批情况被改动；{BEHIND_BACK}",
    )


def _reversed(books: Books, tranche: TrancheRow) -> Iterator[Difference]:
    """Yield that the payments taken back and the lines that say so differ."""
    lines = [one for one in books.lines.get(tranche.id, ()) if one.result is LineResult.REVERSED]
    rows = books.reversals.get(tranche.id, ())
    yield from books.differ(
        tranche.project_id,
        tranche.source,
        f"{tranche.name}：冲正登记与批次行",
        Sum("冲正登记", sum(one.amount for one in rows)),
        Sum("批次中已冲正的款项", _total(lines)),
        f"冲正登记或批次行被改动；{BEHIND_BACK}",
    )


def _total(lines: list[LineRow]) -> Fen:
    return sum(one.amount for one in lines)
