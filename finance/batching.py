"""Making a batch of approved tranches of one paying body, as long as it is a draft."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from sqlalchemy import func, select

from finance.checking import candidates
from finance.history import Told, record_each
from finance.lining import in_transit, line_of
from finance.lookups import find_batch, find_line, live_proposals, person
from finance.models import Batch, BatchLine, Proposal
from finance.payers import payers
from finance.refusals import LinesRefused, RefusedLine
from finance.states import BATCH_TRANSITIONS, BatchState
from lifecycle.command import Work, command
from lifecycle.models import Project, Tranche
from lifecycle.money import yuan
from lifecycle.refusals import IllegalTransition, NotFound, Obstructed, SamePerson
from lifecycle.roles import Permission
from lifecycle.stages import TRANCHE_TRANSITIONS, TrancheState, advance

MOST_LINES = 10_000
"""Lines of one batch: more than any bureau pays in a year, and still quick to check as a whole."""


@command("batch.make", Permission.MAKE_BATCH)
def make_batch(work: Work, tranche_ids: Iterable[int], today: date) -> int:
    """Put approved tranches that one body pays into a new batch, in the order given; return its id.

    Raises ``NotFound``, ``IllegalTransition``, ``SamePerson``, ``Obstructed`` (nothing chosen, too many, of
    several paying bodies) and ``LinesRefused`` (bank or account missing, …): all or nothing.
    """
    batch = assemble(work, tranche_ids, today)
    count, total = len(batch.lines), sum(line.amount_fen for line in batch.lines)
    work.record(
        f"编制拨付批次 {batch.number}（{batch.payer}拨付）：共 {count} 笔 {yuan(total)} 元",
        details={"batch": batch.id, "lines": count, "total_fen": total},
    )
    return batch.id


@command("batch.remove_line", Permission.MAKE_BATCH)
def remove_line(work: Work, line_id: int) -> None:
    """Take a line out of a draft; its tranche waits again as approved. Raises ``IllegalTransition``."""
    line = find_line(work.session, work.actor, line_id)
    demand_draft(line.batch)
    _release(line)
    work.session.delete(line)
    work.record(
        f"移出拨付批次 {line.batch.number}：{line.tranche.source}第 {line.tranche.number} 期 "
        f"{yuan(line.amount_fen)} 元",
        project_id=line.project_id,
        details={"batch": line.batch_id, "tranche": line.tranche_id, "amount_fen": line.amount_fen},
    )


@command("batch.discard", Permission.MAKE_BATCH)
def discard_batch(work: Work, batch_id: int, today: date) -> None:
    """Give up a draft: its tranches wait again as approved, its number is not used again.

    It takes no other's place any more: a void batch may be made anew once more. Raises ``IllegalTransition``.
    """
    batch = find_batch(work.session, work.actor, batch_id, with_lines=True)
    demand_draft(batch)
    lines = list(batch.lines)
    for line in lines:
        _release(line)
    batch.lines.clear()
    now, batch.state = batch.state, advance(BATCH_TRANSITIONS, batch.state, BatchState.DISCARDED)
    batch.ended_by_id, batch.ended_on, batch.replaces_id = person(work), today, None
    work.record(
        f"作废编制中的拨付批次 {batch.number}（共 {len(lines)} 笔）",
        details={"batch": batch.id, "old": now, "new": batch.state, "lines": len(lines)},
    )


def assemble(work: Work, tranche_ids: Iterable[int], today: date, replaces: Batch | None = None) -> Batch:
    """Make the draft, for a command: all that ``make_batch`` does but its own entry; see there."""
    ids = list(dict.fromkeys(tranche_ids))
    tranches = _chosen(work, ids)
    for tranche in tranches:
        advance(TRANCHE_TRANSITIONS, tranche.state, TrancheState.BATCHED)
    proposals = live_proposals(work.session, ids)
    demand_others(work, proposals.values())
    batch = Batch(
        agency_id=work.actor.agency_id, payer=_payer(work, tranches), state=BatchState.DRAFT, made_on=today
    )
    batch.year, batch.running = today.year, _next_number(work, today.year)
    batch.made_by_id, batch.replaces_id = person(work), replaces.id if replaces else None
    found = {tranche.id: candidate for tranche, candidate in candidates(work.session, tranches)}
    transit = in_transit(work.session, [tranche.project_id for tranche in tranches])
    lines = [line_of(tranche, found[tranche.id], proposals[tranche.id], transit) for tranche in tranches]
    _demand_accounts(lines)
    for position, (tranche, line) in enumerate(zip(tranches, lines, strict=True)):
        line.position, tranche.state = position, TrancheState.BATCHED
    batch.lines = lines
    work.session.add(batch)
    work.session.flush()
    told = f"编入拨付批次 {batch.number}"
    change = {"old": TrancheState.APPROVED, "new": TrancheState.BATCHED}
    record_each(work, (Told(line, f"{told}：{yuan(line.amount_fen)} 元", change) for line in lines))
    return batch


def demand_draft(batch: Batch) -> None:
    """Raise ``IllegalTransition`` unless the batch is a draft."""
    if batch.state is not BatchState.DRAFT:
        raise IllegalTransition(f"{batch.state}（批次 {batch.number}）", BatchState.DRAFT)


def demand_others(work: Work, proposals: Iterable[Proposal]) -> None:
    """Raise ``SamePerson`` where the actor proposed or approved any of those payments."""
    me = person(work)
    mine = [one.tranche_id for one in proposals if me in (one.proposed_by_id, one.approved_by_id)]
    if not mine:
        return
    query = select(Project.number).join(Tranche, Tranche.project_id == Project.id)
    numbers = work.session.scalars(
        query.where(Tranche.id.in_(mine)).distinct().order_by(Project.number).limit(5)
    )
    raise SamePerson(
        f"其中 {len(mine)} 笔由您本人提出或批准（{'、'.join(numbers)}），须由其他人办理拨付"
        "（本局不相容岗位分离要求）。"
    )


def missing_account(line: BatchLine) -> Iterator[str]:
    """Yield what is missing of where the money goes to, with what to do."""
    if not line.bank_name:
        yield "未登记开户行，请经办人办理“更正收款账户”"
    if not line.bank_account:
        yield "未登记银行账号，请经办人办理“更正收款账户”"


def _chosen(work: Work, ids: Sequence[int]) -> list[Tranche]:
    """Return the chosen tranches in the order chosen."""
    if not ids:
        raise Obstructed(["请至少选择一笔已批准的拨付。"])
    if len(ids) > MOST_LINES:
        raise Obstructed([f"一个批次最多 {MOST_LINES:,} 笔，本次选择了 {len(ids):,} 笔，请分批办理。"])
    query = select(Tranche).join(Project, Project.id == Tranche.project_id)
    query = query.where(Tranche.id.in_(ids), Project.agency_id == work.actor.agency_id)
    found = {tranche.id: tranche for tranche in work.session.scalars(query)}
    if len(found) < len(ids):
        raise NotFound("所选的部分款项")
    return [found[id_] for id_ in ids]


def _payer(work: Work, tranches: Sequence[Tranche]) -> str:
    """Return the one body that pays all of those tranches."""
    known = payers(work.session, work.actor.agency_id)
    wanted = {known.get(tranche.source, "") for tranche in tranches}
    if len(wanted) > 1 or "" in wanted:
        raise Obstructed(["同一批次只能包含同一拨款单位的财政资金，请分拨款单位编制。"])
    return wanted.pop()


def _next_number(work: Work, year: int) -> int:
    """Return the next running number; commands of an agency run one after another, so nobody else has it."""
    query = select(func.max(Batch.running)).where(Batch.agency_id == work.actor.agency_id, Batch.year == year)
    return (work.session.scalar(query) or 0) + 1


def _demand_accounts(lines: Iterable[BatchLine]) -> None:
    refused = [
        RefusedLine(line.tranche_id, line.project_number, missing)
        for line in lines
        if (missing := tuple(missing_account(line)))
    ]
    if refused:
        raise LinesRefused(refused)


def _release(line: BatchLine) -> None:
    line.tranche.state = advance(TRANCHE_TRANSITIONS, line.tranche.state, TrancheState.APPROVED)
