"""Where one tranche stands: what is asked before its next step, and what this person may press now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.money.lifting import Grounds, Lift, grounds, steps_asked
from app.permissions import roles_with
from finance.checking import examine
from finance.curing import Condition
from finance.holds import ShownHold, holds_of_tranche
from finance.lookups import find_tranche, live_proposals
from finance.payee import Correction, recent_corrections
from finance.trail import tranche_trail
from finance.tranches import ProjectTranche, project_tranches
from lifecycle.judging import Check, verdict_kept
from lifecycle.models import AuditEntry, Project
from lifecycle.roles import Actor, Permission
from lifecycle.rules.verdict import Verdict
from lifecycle.stages import TrancheState

NEXT = {
    TrancheState.PLANNED: ("提出拨付", Permission.PROPOSE_PAYMENT),
    TrancheState.PROPOSED: ("同意拨付", Permission.APPROVE_PAYMENT),
    TrancheState.APPROVED: ("编入拨付批次", Permission.MAKE_BATCH),
    TrancheState.BATCHED: ("出具拨付表", Permission.MAKE_BATCH),
    TrancheState.ISSUED: ("登记拨付", Permission.BOOK_PAYMENT),
}
"""State → the next step, and who takes it."""

ASKED = frozenset({TrancheState.PLANNED, TrancheState.PROPOSED, TrancheState.APPROVED})
"""States in which the rules are asked again; afterwards the batch stands for all its lines."""

REVOCABLE = frozenset({TrancheState.PROPOSED, TrancheState.APPROVED})
"""States in which a proposal may still be returned or withdrawn."""

_SEPARATE = "（本局不相容岗位分离要求）"


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything the page of a tranche shows."""

    tranche: ProjectTranche
    project: Project
    siblings: Sequence[ProjectTranche]
    """All tranches of the project."""
    trail: Sequence[AuditEntry]
    check: Check | None
    kept: Verdict | None
    """The checklist as it was when the payment was proposed, where the rules are not asked again."""
    obstacles: Sequence[str]
    """What is no article but stands in the way, of anybody or of this person."""
    grounds: Mapping[str, Grounds]
    """What each line of the checklist rests on and who cures it, by rule id."""
    steps_asked: Sequence[tuple[Condition, Lift | None]]
    """The office's own conditions, held or not."""
    holds: Sequence[ShownHold]
    """What holds it, or once did."""
    is_own_step: bool
    """Whether this person's roles take the next step."""
    correction: Correction | None
    """That the project's account was changed of late, as long as this is not paid."""
    may_correct: bool
    """Whether this person's roles put the account right."""
    may_return: bool
    may_withdraw: bool

    @property
    def act(self) -> str:
        """The next step, as a sentence says it; empty when all is done."""
        return NEXT[self.tranche.state][0] if self.tranche.state in NEXT else ""

    @property
    def waits_for(self) -> str:
        """The roles that take the next step."""
        return "、".join(roles_with(NEXT[self.tranche.state][1])) if self.tranche.state in NEXT else ""

    @property
    def held(self) -> Sequence[ShownHold]:
        """What holds it now."""
        return [one for one in self.holds if one.until is None]

    @property
    def going_back(self) -> AuditEntry | None:
        """The entry by which it went back, after which nothing has been done yet.

        Returned or withdrawn, or approved as before because it was not paid, its sheet made void, or its
        payment taken back.
        """
        last = next((one for one in self.trail if not one.action.startswith("hold.")), None)
        if last is None or last.action in {"tranche.return", "tranche.withdraw"}:
            return last
        out = {TrancheState.ISSUED, TrancheState.PAID}
        gone_out = last.details.get("old") in out and last.details.get("new") == TrancheState.APPROVED
        return last if gone_out else None


def standing_of(session: Session, actor: Actor, tranche_id: int, today: date) -> Standing:
    """Return where a tranche stands for this person, today. Raises ``NotFound``."""
    row, project = find_tranche(session, actor, tranche_id)
    siblings = project_tranches(session, actor, project.id)
    tranche = next(one for one in siblings if one.id == tranche_id)
    candidate, check = None, None
    if tranche.state in ASKED:
        candidate, check = examine(session, actor, tranche_id, today)
    unpaid = [project.id] if tranche.state is not TrancheState.PAID else []
    me, revocable = actor.user_id, tranche.state in REVOCABLE
    return Standing(
        tranche=tranche,
        project=project,
        siblings=siblings,
        trail=tranche_trail(session, row),
        check=check,
        kept=None if check else _kept(session, tranche_id),
        obstacles=_obstacles(tranche, check, actor),
        grounds=grounds(check.verdict, candidate, actor, today) if candidate and check else {},
        steps_asked=steps_asked(candidate, actor) if candidate else (),
        holds=holds_of_tranche(session, tranche_id),
        is_own_step=tranche.state in NEXT and actor.may(NEXT[tranche.state][1]),
        correction=recent_corrections(session, unpaid, today).get(project.id) if unpaid else None,
        may_correct=actor.may(Permission.PROPOSE_PAYMENT),
        may_return=revocable and actor.may(Permission.APPROVE_PAYMENT) and tranche.proposed_by_id != me,
        may_withdraw=revocable and actor.may(Permission.PROPOSE_PAYMENT),
    )


def _kept(session: Session, tranche_id: int) -> Verdict | None:
    proposal = live_proposals(session, [tranche_id]).get(tranche_id)
    return verdict_kept(proposal.verdict) if proposal else None


def _obstacles(tranche: ProjectTranche, check: Check | None, actor: Actor) -> Sequence[str]:
    found = list(check.obstacles) if check else []
    if check and tranche.state is not TrancheState.PLANNED and check.verdict.needs_reason:
        found.append("提出拨付之后又有一般性规定不符合，请退回经办人，补写理由后重新提出。")
    if tranche.state in NEXT and actor.may(NEXT[tranche.state][1]):
        found += _own_part(tranche, actor)
    return found


def _own_part(tranche: ProjectTranche, actor: Actor) -> Iterator[str]:
    """Yield why this person, whose step it would be, may not take it herself."""
    state, me = tranche.state, actor.user_id
    if state is TrancheState.PROPOSED and tranche.proposed_by_id == me:
        yield f"这笔拨付由您本人提出，须由其他人审批{_SEPARATE}。"
    if state is TrancheState.APPROVED and me in {tranche.proposed_by_id, tranche.approved_by_id}:
        yield f"这笔拨付由您本人提出或批准，须由其他人编入批次{_SEPARATE}。"
