"""What opens by itself once a project has been concluded.

After a failure or a termination: clearing (SPB 33, EA 17; otherwise the bureau wants it wherever public money
was paid), proposals of research integrity (SPB 33), and the end of whatever was on its way for a project that
goes on no more. After a pass: what is done with public money that is left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select, update

from lifecycle import models
from lifecycle.command import Work
from lifecycle.models import (
    Clearing,
    ClearingKind,
    InspectionState,
    IntegrityAct,
    IntegrityEntry,
    IntegrityState,
    MeasureState,
    Outcome,
    Project,
    Turn,
    TurnKind,
)
from lifecycle.models.turn import ENDS_WITH_PROJECT
from lifecycle.record import FISCAL, Acceptance, Conclusion, ProjectRecord
from lifecycle.records import load_record
from lifecycle.roles import Role
from lifecycle.rulebook import rulebook
from lifecycle.rules.base import Rule
from lifecycle.rules.filings import AfterConclusion, ConclusionFiling
from lifecycle.rules.time_limits import ClearingWithin, IntegrityWithin
from lifecycle.stages import STAGE_TRANSITIONS, Stage, advance, stage_of
from lifecycle.sums import money_of
from lifecycle.turns import DutyOf, Waits, hand_on

OWN_WISH = "本局工作要求 财务清算"
"""Cited where no article asks for clearing, but public money was paid."""

OWN_SURPLUS = "本局工作要求 结余处理"
"""Cited for what a project that passed has left: no article speaks of it."""

_FAILURES = frozenset({Conclusion.FAILED, Conclusion.TERMINATED})

_LIVE = (IntegrityState.PROPOSED, IntegrityState.RECORDED)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a conclusion opened: ``words`` tell it, as a page or a history may."""

    clearing_id: int | None = None
    integrity_ids: tuple[int, ...] = ()
    words: tuple[str, ...] = ()


def follow_conclusion(work: Work, project_id: int, today: date) -> Opened:
    """Open what follows a project's conclusion, and end what was on its way; pressed again it does nothing.

    Called within the command that concluded, after the conclusion stands in the record.
    """
    work.session.flush()
    record = load_record(work.session, project_id)
    acceptance = record.acceptance
    if acceptance is None or acceptance.conclusion is None:
        return Opened()
    _end_inspections(work, project_id, today, acceptance.conclusion)
    if acceptance.conclusion not in _FAILURES:
        surplus = open_surplus(work, project_id, record, today) if _is_left(record, today) else None
        return Opened(surplus.id, words=(f"办理结余处理（{OWN_SURPLUS}）",)) if surplus else Opened()
    _end_what_was_on_its_way(work, project_id, today)
    clearing = _open_clearing(work, project_id, record, today)
    entries = list(_propose_integrity(work, project_id, record, acceptance, today))
    work.touch(project_id)
    told = [f"开展财务清算（{clearing.citation}）"] if clearing else []
    told += [f"提出科研诚信记录：{one.about}（{one.citation}）" for one in entries]
    return Opened(clearing.id if clearing else None, tuple(one.id for one in entries), tuple(told))


def asked_after(record: ProjectRecord, step: AfterConclusion) -> Rule | None:
    """Return the rule that asks a step of this record's conclusion, where one does."""
    acceptance = record.acceptance
    if acceptance is None or acceptance.conclusion is None:
        return None
    for rule in rulebook().programme(record.programme, record.signed_on).rules:
        kind = rule.kind
        of_step = isinstance(kind, ConclusionFiling) and kind.step is step
        if of_step and rule.scope.covers(record) and kind.asks(record):
            return rule
    return None


def clearing_asked_by(record: ProjectRecord) -> str | None:
    """Return what asks for clearing after this record's conclusion: the duty to clear, and nothing else."""
    duties = rulebook().duties(record)
    found = next((one for one in duties if isinstance(one.rule.kind, ClearingWithin)), None)
    return None if found is None else found.asked_by or OWN_WISH


def _end_inspections(work: Work, project_id: int, today: date, conclusion: Conclusion) -> None:
    """Close inspections on which nobody can decide any more; after a pass money may still be held."""
    one = models.Inspection
    waiting = select(one).where(one.project_id == project_id, one.state != InspectionState.DECIDED)
    for row in work.session.scalars(waiting).all():
        if conclusion is Conclusion.PASSED and row.outcome is Outcome.HOLD and row.due is None:
            continue
        row.state, row.decided_on = InspectionState.DECIDED, today
        row.note = f"项目已作出“{conclusion}”的结论，不再另行处理"
        hand_on(work, project_id, TurnKind.INSPECTION, row.id, [], today)


def _end_what_was_on_its_way(work: Work, project_id: int, today: date) -> None:
    over = (Turn.project_id == project_id, Turn.kind.in_(ENDS_WITH_PROJECT), Turn.done_on.is_(None))
    work.session.execute(update(Turn).where(*over).values(done_on=today))
    measure = models.Measure
    still = (measure.project_id == project_id, measure.settled_on.is_(None))
    for one in work.session.scalars(select(measure).where(*still)):
        one.settled_on, one.state = today, MeasureState.SETTLED
        one.note = "项目未通过验收或已终止，不再执行"


def _open_clearing(work: Work, project_id: int, record: ProjectRecord, today: date) -> Clearing | None:
    # A self-established project has no public money and ends with its own acceptance (SPB 11).
    stage = stage_of(record)
    if stage not in {Stage.NOT_PASSED, Stage.TERMINATED}:
        return None
    citation = clearing_asked_by(record)
    if citation is None:
        return None
    advance(STAGE_TRANSITIONS, stage, Stage.CLEARING)
    work.session.get_one(Project, project_id).clearing_opened_on = today
    return _opened(work, project_id, ClearingKind.CLEARING, citation, today)


def open_surplus(work: Work, project_id: int, record: ProjectRecord, today: date) -> Clearing | None:
    """Open what is done with the public money of a project that passed; ``None``: there is nothing to do."""
    paid = any(one.is_payment and one.source in FISCAL for one in record.tranches)
    if stage_of(record) is not Stage.CLOSED or not paid:
        return None
    query = select(Clearing.id).where(Clearing.project_id == project_id)
    if work.session.scalar(query) is not None:
        return None
    return _opened(work, project_id, ClearingKind.SURPLUS, OWN_SURPLUS, today)


def _is_left(record: ProjectRecord, today: date) -> bool:
    sources = money_of(record, today).sources
    return any(sums.left > 0 for source, sums in sources.items() if source in FISCAL)


def _opened(work: Work, project_id: int, kind: ClearingKind, citation: str, today: date) -> Clearing:
    clearing = Clearing(project_id=project_id, kind=kind, opened_on=today, citation=citation, figures={})
    work.session.add(clearing)
    work.session.flush()
    waits = [Waits(Role.FINANCE, f"办理{kind}（{citation}）", duty=DutyOf(ClearingWithin))]
    hand_on(work, project_id, TurnKind.CLEARING, clearing.id, waits, today)
    return clearing


def _propose_integrity(
    work: Work, project_id: int, record: ProjectRecord, acceptance: Acceptance, today: date
) -> Iterator[IntegrityEntry]:
    """Propose an entry about the unit and one about the pi: nobody's own, so any approver may decide."""
    rule = asked_after(record, AfterConclusion.INTEGRITY)
    if rule is None or not acceptance.own_fault:
        return
    entry = IntegrityEntry
    same = (entry.project_id == project_id, entry.act == IntegrityAct.OWN_FAULT, entry.state.in_(_LIVE))
    known = set(work.session.scalars(select(entry.about).where(*same)))
    for about in dict.fromkeys((record.lead_unit, record.pi_name)):
        if about not in known:
            yield _propose_one(work, project_id, about, rule.citation, acceptance, today)


def _propose_one(
    work: Work, project_id: int, about: str, citation: str, acceptance: Acceptance, today: date
) -> IntegrityEntry:
    entry = IntegrityEntry(
        project_id=project_id,
        number=next_integrity_number(work, project_id),
        state=IntegrityState.PROPOSED,
        about=about,
        act=IntegrityAct.OWN_FAULT,
        citation=citation,
        facts=f"项目结论为{acceptance.conclusion}（{acceptance.concluded_on}），经认定属承担单位自身的主观原因。",
        happened_on=acceptance.concluded_on,
        proposed_by_id=None,
        proposed_on=today,
    )
    work.session.add(entry)
    work.session.flush()
    waits = [Waits(Role.APPROVER, f"审批科研诚信记录：{about}", duty=DutyOf(IntegrityWithin))]
    hand_on(work, project_id, TurnKind.INTEGRITY, entry.id, waits, today)
    return entry


def next_integrity_number(work: Work, project_id: int) -> int:
    """Return the number of the project's next entry of research integrity."""
    query = select(func.coalesce(func.max(IntegrityEntry.number), 0)).where(
        IntegrityEntry.project_id == project_id
    )
    return (work.session.scalar(query) or 0) + 1
