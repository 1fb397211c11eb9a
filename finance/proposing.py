"""Proposing a payment and deciding on it: the handler proposes, an approver approves or returns.

Nobody does two of propose, approve and pay on one tranche; that is the bureau's own separation of duties.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import delete, select

from finance.basis import payment_basis
from finance.checking import Candidate, candidates, check, check_proposed
from finance.holding import keep_holds
from finance.lookups import find_tranche, live_proposals, person
from finance.models import Proposal
from lifecycle.command import Work, command
from lifecycle.judging import (
    MOST_TEXT,
    demand_reasons,
    given_reasons,
    keep_reason,
    newly_excused,
    to_keep,
)
from lifecycle.models import ExceptionNote, Tranche
from lifecycle.money import yuan
from lifecycle.refusals import IllegalTransition, InvalidInput, NotFound, SamePerson
from lifecycle.roles import Permission
from lifecycle.stages import TRANCHE_TRANSITIONS, Ending, TrancheState, advance


@command("tranche.propose", Permission.PROPOSE_PAYMENT)
def propose(work: Work, tranche_id: int, today: date, reasons: Mapping[str, str]) -> int:
    """Propose to pay a tranche as planned; return the proposal's id.

    ``reasons`` maps rule ids to why to go on although a usual rule is not held; others are passed over.
    Raises ``IllegalTransition``, ``Obstructed``, ``VerdictRefused``, ``ReasonNeeded`` and ``InvalidInput``
    (by rule id, for a reason too short or too long).
    """
    tranche, _ = find_tranche(work.session, work.actor, tranche_id)
    now, then = tranche.state, advance(TRANCHE_TRANSITIONS, tranche.state, TrancheState.PROPOSED)
    [(_, candidate)] = candidates(work.session, [tranche])
    found = check(candidate, today, given_reasons(reasons))
    found.demand()
    excused = newly_excused(candidate.record, found.verdict)
    used = {line.rule.id: line.reason for line in excused if line.reason}
    demand_reasons(used)
    tranche.state = then
    proposal = Proposal(
        tranche_id=tranche.id,
        amount_fen=candidate.amount,
        proposed_by_id=person(work),
        proposed_on=today,
        reasons=used,
        verdict=to_keep(found.verdict),
    )
    work.session.add(proposal)
    work.session.flush()
    _record(work, tranche, candidate, "提出拨付", now, {"reasons": used, "on": today})
    return proposal.id


@command("tranche.approve", Permission.APPROVE_PAYMENT)
def approve(work: Work, tranche_id: int, today: date) -> None:
    """Approve what somebody else proposed; reasons given become 例外说明 of the project.

    Raises ``IllegalTransition``, ``SamePerson``, ``Obstructed``, ``VerdictRefused`` and ``ReasonNeeded`` (a
    usual rule came to be broken after the proposal: it must be returned).
    """
    tranche, _ = find_tranche(work.session, work.actor, tranche_id)
    now, then = tranche.state, advance(TRANCHE_TRANSITIONS, tranche.state, TrancheState.APPROVED)
    if now is not TrancheState.PROPOSED:  # the others come back to be approved by ways of their own
        raise IllegalTransition(now, then)
    proposal = _live(work, tranche)
    _demand_other(work, proposal, "审批")
    [(_, candidate)] = candidates(work.session, [tranche])
    found = check_proposed(candidate, proposal, today)
    found.demand()
    for line in newly_excused(candidate.record, found.verdict):
        keep_reason(work, tranche.project_id, line, today)
    tranche.state = then
    proposal.approved_by_id, proposal.approved_on = person(work), today
    _record(work, tranche, candidate, "批准拨付", now, {"reasons": proposal.reasons, "on": today})


@command("tranche.return", Permission.APPROVE_PAYMENT)
def return_(work: Work, tranche_id: int, today: date, note: str) -> None:
    """Send a proposal back to its handler, saying why, also when it is approved and in no batch yet.

    Raises ``IllegalTransition``, ``SamePerson`` and ``InvalidInput`` (``note``).
    """
    note = note.strip()
    if not note or len(note) > MOST_TEXT:
        raise InvalidInput({"note": f"请写明退回原因，不超过 {MOST_TEXT} 字。"})
    tranche, _ = find_tranche(work.session, work.actor, tranche_id)
    now = tranche.state
    proposal = _end(work, tranche, Ending.RETURNED, today, note)
    _demand_other(work, proposal, "退回")
    [(_, candidate)] = candidates(work.session, [tranche])
    _record(work, tranche, candidate, f"退回拨付申请（{note}）", now, {"note": note, "on": today})


@command("tranche.withdraw", Permission.PROPOSE_PAYMENT)
def withdraw(work: Work, tranche_id: int, today: date, note: str = "") -> None:
    """Take a proposal back as long as it is in no batch; any handler may. Raises ``IllegalTransition``."""
    note = note.strip()[:MOST_TEXT]
    tranche, _ = find_tranche(work.session, work.actor, tranche_id)
    now = tranche.state
    _end(work, tranche, Ending.WITHDRAWN, today, note)
    [(_, candidate)] = candidates(work.session, [tranche])
    _record(work, tranche, candidate, "撤回拨付申请", now, {"note": note, "on": today})


def _live(work: Work, tranche: Tranche) -> Proposal:
    proposal = live_proposals(work.session, [tranche.id]).get(tranche.id)
    if proposal is None:
        raise NotFound("这一期的拨付申请")
    return proposal


def _demand_other(work: Work, proposal: Proposal, act: str) -> None:
    if person(work) == proposal.proposed_by_id:
        raise SamePerson(f"这笔拨付由您本人提出，须由其他人{act}（本局不相容岗位分离要求）。")


def _end(work: Work, tranche: Tranche, ending: Ending, today: date, note: str) -> Proposal:
    then = advance(TRANCHE_TRANSITIONS, tranche.state, TrancheState.PLANNED)
    proposal = _live(work, tranche)
    if proposal.approved_on is not None:
        _drop_reasons(work, tranche.project_id, proposal)
    tranche.state = then
    proposal.ending, proposal.ended_on, proposal.note = ending, today, note or None
    proposal.ended_by_id = person(work)
    return proposal


def _drop_reasons(work: Work, project_id: int, proposal: Proposal) -> None:
    """Take back what the approval put on the record, unless another approved payment rests on it too."""
    others = (
        select(Proposal.id)
        .join(Tranche, Tranche.id == Proposal.tranche_id)
        .where(Tranche.project_id == project_id, Proposal.id != proposal.id)
        .where(Proposal.ending.is_(None), Proposal.approved_on.is_not(None))
    )
    if work.session.scalar(others.limit(1)) is not None:
        return
    for rule, reason in proposal.reasons.items():
        note = ExceptionNote
        same = (note.rule == rule, note.reason == reason, note.approved_on == proposal.approved_on)
        work.session.execute(delete(note).where(note.project_id == project_id, *same))
        work.touch(project_id)


def _record(
    work: Work, tranche: Tranche, candidate: Candidate, act: str, now: TrancheState, more: dict[str, Any]
) -> None:
    told = {key: value for key, value in more.items() if value not in ({}, "")}
    work.record(
        f"{act}：{tranche.source}第 {tranche.number} 期 {yuan(candidate.amount)} 元",
        project_id=tranche.project_id,
        citation=payment_basis(candidate.record),
        details={
            "tranche": tranche.id,
            "amount_fen": candidate.amount,
            "old": now,
            "new": tranche.state,
            **told,
        },
    )
    work.touch(tranche.project_id)
    keep_holds(work, [tranche.project_id], more["on"])
