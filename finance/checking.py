"""What is asked before money goes on: the rules, of the record as it would then be, and the process.

Money on its way counts as paid today, so that two proposals together can never exceed what one alone may not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.orm import Session

from finance.lookups import find_tranche, live_proposals
from finance.models import Proposal
from finance.states import IN_PROCESS, PAYABLE_NO_MORE
from lifecycle.judging import Check, judge_act
from lifecycle.models import Tranche
from lifecycle.money import Fen, yuan
from lifecycle.record import FISCAL, ProjectRecord, Source
from lifecycle.roles import Actor
from lifecycle.rulebook import rulebook
from lifecycle.rules.base import Act, Rule
from lifecycle.rules.tranches import SinglePayment
from lifecycle.rules.verdict import Verdict
from lifecycle.stages import TrancheState, stage_of
from lifecycle.whole import load_wholes


@dataclass(frozen=True, slots=True)
class Candidate:
    """A tranche that is to be paid, within the record of its project."""

    record: ProjectRecord
    place: int
    """Which of the record's tranches it is."""
    states: Sequence[TrancheState]
    """Where each of the record's tranches stands."""

    @property
    def amount(self) -> Fen:
        """What is to be paid: what is planned."""
        return self.record.tranches[self.place].planned

    @property
    def subjects(self) -> frozenset[str]:
        """What a finding on this payment can be about: the project, the 期次, the source."""
        tranche = self.record.tranches[self.place]
        return frozenset({"", str(tranche.number), tranche.source.value})


def would_be(record: ProjectRecord, paying: Collection[int], day: date) -> ProjectRecord:
    """Return the record as it would be, were the tranches at those places paid as planned on ``day``."""
    tranches = tuple(
        replace(tranche, paid=tranche.planned, paid_on=day) if place in paying else tranche
        for place, tranche in enumerate(record.tranches)
    )
    return replace(record, tranches=tranches)


def verdict_on(candidate: Candidate, day: date, reasons: Mapping[str, str]) -> Verdict:
    """Return what the rules say of paying on ``day``; ``reasons`` are written for usual rules, by rule id."""
    on_way = {place for place, state in enumerate(candidate.states) if state in IN_PROCESS}
    record = would_be(candidate.record, on_way | {candidate.place}, day)
    return judge_act(record, Act.PAY, day, reasons, candidate.subjects)


def obstacles_to(candidate: Candidate) -> Iterator[str]:
    """Yield what is no article but stands in the way of paying."""
    tranche, stage = candidate.record.tranches[candidate.place], stage_of(candidate.record)
    if tranche.source not in FISCAL:
        yield f"{tranche.source}资金由出资方自行拨付，不由本局办理。"
    if tranche.planned <= 0:
        yield "本期计划金额为零，请先在台账中补正计划金额。"
    if tranche.paid > 0:
        yield "台账已登记本期实拨金额，不能重复拨付。"
    if stage in PAYABLE_NO_MORE:
        yield f"项目处于“{stage}”阶段，应先办理财务清算，不再拨付。"
    earlier = earlier_unpaid(candidate)
    if earlier:
        numbers = "、".join(str(number) for number in earlier)
        yield f"{tranche.source}第 {numbers} 期尚未办理拨付，请按期次顺序办理。"


def earlier_unpaid(candidate: Candidate) -> list[int]:
    """Return the numbers of earlier tranches of the source with which nobody has begun."""
    this = candidate.record.tranches[candidate.place]
    return sorted(
        {
            other.number
            for other, state in zip(candidate.record.tranches, candidate.states, strict=True)
            if other.source is this.source
            and other.number < this.number
            and other.planned > 0
            and state is TrancheState.PLANNED
        }
    )


def apart(
    candidate: Candidate, together: Collection[int], same_body: Callable[[Source], bool]
) -> Iterator[str]:
    """Yield what keeps public money that must be paid once in full from going out without the other source's.

    ``together`` are the places of the project's tranches that go out at once, ``same_body`` says whether the
    same body pays another source too. Then both go together, unless the other is paid already; where another
    body pays, it must at least be approved (EA 15).
    """
    rule = _once_in_full(candidate.record)
    this = candidate.record.tranches[candidate.place]
    if rule is None or this.source not in FISCAL:
        return
    for place, (other, state) in enumerate(zip(candidate.record.tranches, candidate.states, strict=True)):
        if other.source not in FISCAL or other.source is this.source or other.planned <= 0:
            continue
        if place in together or state is TrancheState.PAID or other.paid > 0:
            continue
        name = f"{other.source}第 {other.number} 期（{state}）"
        if same_body(other.source):
            yield f"{name}由同一单位拨付，两级财政资金应一次性全额拨付，请编入同一批次出表（{rule.citation}）"
        elif state in {TrancheState.PLANNED, TrancheState.PROPOSED}:
            yield f"{name}尚未批准，两级财政资金应一次性全额拨付，请待其批准后出表（{rule.citation}）"


def _once_in_full(record: ProjectRecord) -> Rule | None:
    """Return the rule by which the project's public money is paid once in full."""
    rules = rulebook().programme(record.programme, record.signed_on).rules
    found = (rule for rule in rules if isinstance(rule.kind, SinglePayment) and rule.scope.covers(record))
    return next(found, None)


def candidates(session: Session, tranches: Iterable[Tranche]) -> Iterator[tuple[Tranche, Candidate]]:
    """Yield those tranches with what must be known to judge them, project by project."""
    wanted: dict[int, list[Tranche]] = defaultdict(list)
    for tranche in tranches:
        wanted[tranche.project_id].append(tranche)
    session.flush()
    for project in load_wholes(session, wanted):
        ids = [one.id for one in project.tranches]
        states = [one.state for one in project.tranches]
        for tranche in wanted[project.id]:
            yield tranche, Candidate(project.record, ids.index(tranche.id), states)


def check(candidate: Candidate, day: date, reasons: Mapping[str, str]) -> Check:
    """Return everything for and against paying on ``day``."""
    return Check(verdict_on(candidate, day, reasons), tuple(obstacles_to(candidate)))


def check_proposed(candidate: Candidate, proposal: Proposal, day: date) -> Check:
    """Return everything for and against going on with a proposal: its amount must still be the plan's."""
    found = check(candidate, day, proposal.reasons)
    if candidate.amount == proposal.amount_fen:
        return found
    change = f"{yuan(proposal.amount_fen)} 元，现计划金额为 {yuan(candidate.amount)} 元"
    moved = f"提出拨付时的金额为 {change}，请退回后按现计划重新提出。"
    return replace(found, obstacles=(*found.obstacles, moved))


def examine(session: Session, actor: Actor, tranche_id: int, today: date) -> tuple[Candidate, Check]:
    """Return what a page shows before its button, today; once proposed, with the reasons given.

    Raises ``NotFound``.
    """
    tranche, _ = find_tranche(session, actor, tranche_id)
    [(_, candidate)] = candidates(session, [tranche])
    proposal = live_proposals(session, [tranche.id]).get(tranche.id)
    if proposal is None:
        return candidate, check(candidate, today, {})
    return candidate, check_proposed(candidate, proposal, today)


def payment_check(session: Session, actor: Actor, tranche_id: int, today: date) -> Check:
    """Return the check alone. Raises ``NotFound``."""
    return examine(session, actor, tranche_id, today)[1]


def payment_verdict(session: Session, actor: Actor, tranche_id: int, today: date) -> Verdict:
    """Return the checklist alone. Raises ``NotFound``."""
    return payment_check(session, actor, tranche_id, today).verdict
