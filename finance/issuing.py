"""Issuing a batch: checked once more as a whole, frozen, and printed as the sheet finance sends out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import cache

from sqlalchemy.orm import Session

from finance.batching import demand_draft, demand_others, missing_account
from finance.checking import Candidate, apart, candidates, check_proposed
from finance.disbursement import LARGEST, Disbursement, DisbursementLine
from finance.history import Told, record_each
from finance.layouts import layout_for
from finance.lining import in_transit, line_of, restate_line
from finance.lookups import find_batch, live_proposals, person
from finance.models import Batch, BatchLine, Proposal
from finance.payers import payers
from finance.refusals import LinesRefused, RefusedLine
from finance.states import BATCH_TRANSITIONS, BatchState
from lifecycle.command import Work, command
from lifecycle.models import Agency, Tranche
from lifecycle.money import yuan
from lifecycle.record import Source
from lifecycle.refusals import Obstructed
from lifecycle.roles import Actor, Permission
from lifecycle.stages import TRANCHE_TRANSITIONS, TrancheState, advance

Render = Callable[[Disbursement], bytes]
"""Prints a disbursement in its layout: ``reports.sheet.disbursement_sheet``, which this floor cannot see."""


@command("batch.issue", Permission.MAKE_BATCH)
def issue_batch(work: Work, batch_id: int, today: date, render: Render) -> str:
    """Freeze a draft and print its sheet; nothing of it changes afterwards. Return the checksum.

    Every line is brought up to its project and judged as of ``today``. Raises ``IllegalTransition``,
    ``SamePerson``, ``Obstructed`` (no lines, sums too large for a spreadsheet) and ``LinesRefused``.
    """
    batch = find_batch(work.session, work.actor, batch_id, with_lines=True)
    demand_draft(batch)
    _demand_lines(batch)
    proposals = live_proposals(work.session, [line.tranche_id for line in batch.lines])
    demand_others(work, proposals.values())
    _bring_up(work, batch, proposals, today)
    layout = layout_for(work.session, work.actor.agency_id, batch.payer)
    disbursement = disbursement_of(batch, _agency_name(work), today, layout.workbook if layout else None)
    for line in batch.lines:
        line.tranche.state = advance(TRANCHE_TRANSITIONS, line.tranche.state, TrancheState.ISSUED)
    batch.state = advance(BATCH_TRANSITIONS, batch.state, BatchState.ISSUED)
    batch.issued_on, batch.issued_by_id = today, person(work)
    batch.layout_id = layout.id if layout else None
    batch.checksum, batch.sheet = disbursement.checksum, render(disbursement)
    _record(work, batch, disbursement)
    return batch.checksum


def refused_lines(session: Session, actor: Actor, batch_id: int, today: date) -> list[RefusedLine]:
    """Return the lines of a draft that could not go out today, with all that stands against each.

    What ``issue_batch`` would say, asked before; nothing is changed. Raises ``NotFound``.
    """
    batch = find_batch(session, actor, batch_id, with_lines=True)
    proposals = live_proposals(session, [line.tranche_id for line in batch.lines])
    found = list(candidates(session, [line.tranche for line in batch.lines]))
    split = _split(session, batch, found)
    refused: list[RefusedLine] = []
    for tranche, candidate in found:
        proposal = proposals[tranche.id]
        as_it_stands = line_of(tranche, candidate, proposal, defaultdict(int))
        against = (*_against(as_it_stands, candidate, proposal, today), *split[tranche.id])
        if against:
            refused.append(RefusedLine(tranche.id, candidate.record.number, against))
    return refused


def disbursement_of(batch: Batch, agency: str, issued_on: date, layout: bytes | None = None) -> Disbursement:
    """Return what the batch's sheet says, and the office's layout for it."""
    lines = tuple(
        DisbursementLine(
            line.project_number,
            line.project_title,
            line.source,
            line.payee,
            line.bank_name,
            line.bank_account,
            line.granted_fen,
            line.paid_before_fen,
            line.amount_fen,
            line.basis,
        )
        for line in batch.lines
    )
    return Disbursement(agency, batch.number, batch.payer, issued_on, lines, layout)


def _agency_name(work: Work) -> str:
    agency = work.session.get_one(Agency, work.actor.agency_id)
    return agency.name


def _demand_lines(batch: Batch) -> None:
    if not batch.lines:
        raise Obstructed(["批次中没有款项，不能出表；请作废本批次后重新编制。"])


def _bring_up(work: Work, batch: Batch, proposals: dict[int, Proposal], today: date) -> None:
    """Bring every line up to its project and demand that nothing stands against any of them."""
    asked = list(candidates(work.session, [line.tranche for line in batch.lines]))
    found, split = {tranche.id: one for tranche, one in asked}, _split(work.session, batch, asked)
    transit = in_transit(work.session, [line.project_id for line in batch.lines])
    refused: list[RefusedLine] = []
    for line in batch.lines:
        candidate = found[line.tranche_id]
        restate_line(line, candidate, transit)
        proposal = proposals[line.tranche_id]
        against = (*_against(line, candidate, proposal, today), *split[line.tranche_id])
        if against:
            refused.append(RefusedLine(line.tranche_id, line.project_number, against))
    if refused:
        raise LinesRefused(refused)
    sums = (
        sum(line.granted_fen for line in batch.lines),
        sum(line.paid_before_fen for line in batch.lines),
        sum(line.amount_fen for line in batch.lines),
    )
    if max(sums) >= LARGEST:
        raise Obstructed(["合计金额超出电子表格能准确表示的范围，请分批办理。"])


def _split(
    session: Session, batch: Batch, found: Iterable[tuple[Tranche, Candidate]]
) -> dict[int, tuple[str, ...]]:
    """Return, by tranche, what of its project would have to go out with it and does not."""
    found = list(found)
    known = cache(lambda: payers(session, batch.agency_id))
    together: dict[int, set[int]] = defaultdict(set)
    for tranche, candidate in found:
        together[tranche.project_id].add(candidate.place)

    def split(tranche: Tranche, candidate: Candidate) -> tuple[str, ...]:
        def same_body(other: Source) -> bool:
            return known()[other] in {batch.payer, known().get(tranche.source)}

        return tuple(apart(candidate, together[tranche.project_id], same_body))

    return {tranche.id: split(tranche, candidate) for tranche, candidate in found}


def _against(line: BatchLine, candidate: Candidate, proposal: Proposal, today: date) -> Iterator[str]:
    yield from missing_account(line)
    found = check_proposed(candidate, proposal, today)
    yield from found.obstacles
    for rule_line in (*found.verdict.refusals, *found.verdict.needs_reason):
        yield f"{rule_line.text}（{rule_line.rule.citation}）"


def _record(work: Work, batch: Batch, disbursement: Disbursement) -> None:
    count, total = len(disbursement.lines), disbursement.total
    work.record(
        f"拨付批次 {batch.number} 出表：共 {count} 笔 {yuan(total)} 元",
        details={
            "batch": batch.id,
            "old": BatchState.DRAFT,
            "new": BatchState.ISSUED,
            "lines": count,
            "total_fen": total,
            "checksum": disbursement.checksum,
        },
    )
    change = {"old": TrancheState.BATCHED, "new": TrancheState.ISSUED}
    told = f"拨付批次 {batch.number} 出表"
    record_each(work, (Told(line, f"{told}：{yuan(line.amount_fen)} 元", change) for line in batch.lines))
