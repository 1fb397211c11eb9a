"""Which rules hold a tranche of public money, since when, and what lifted a hold. Pure.

A tranche that has come due and that a rule refuses to pay is *held* by that rule; what supervision stops is
held whatever its date. Days are those on which it came about, as far as the record tells, not those on which
somebody looked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from finance.checking import Candidate, verdict_on
from finance.states import HOLDABLE, PAYABLE_NO_MORE
from lifecycle.money import Fen, percent
from lifecycle.record import FISCAL, MeasureKind, ProjectRecord, Tranche
from lifecycle.rulebook import rulebook
from lifecycle.rules.base import Rule
from lifecycle.rules.duties import PaymentDeadline
from lifecycle.rules.process import NoOpenMeasure, ReportsIn, Standing
from lifecycle.rules.reading import amount, payments
from lifecycle.rules.tranches import SpendGate
from lifecycle.rules.verdict import Verdict
from lifecycle.stages import TrancheState, stage_of


@dataclass(frozen=True, slots=True)
class Hold:
    """One rule that holds a tranche."""

    rule: str
    since: date
    words: str
    """What the rule found, with its figures."""
    citation: str


@dataclass(frozen=True, slots=True)
class Release:
    """What lifted a hold, and the first day without it."""

    on: date
    words: str


def due_on(record: ProjectRecord, tranche: Tranche, today: date) -> date | None:
    """Return the day on which a tranche is to be paid; ``None``: nobody has said.

    It is the planned day or, of a first tranche while nothing is paid, the day set by the law, whichever is
    earlier. Before the agreement is signed nothing is due.
    """
    if record.signed_on is None or record.signed_on > today:
        return None
    days = [tranche.planned_on] if tranche.planned_on else []
    if tranche.number == 1:
        days += _deadlines(record, today)
    return min(days, default=None)


def _deadlines(record: ProjectRecord, today: date) -> Iterator[date]:
    for rule in rulebook().programme(record.programme, record.signed_on).rules:
        if isinstance(rule.kind, PaymentDeadline) and rule.scope.covers(record):
            for owed in rule.kind.owed(record):
                if owed.done_on is None or owed.done_on > today:
                    yield owed.due


def is_holdable(candidate: Candidate) -> bool:
    """Whether a tranche can be held: public money that is not paid, on no issued sheet, and still payable."""
    tranche = candidate.record.tranches[candidate.place]
    waits = candidate.states[candidate.place] in HOLDABLE and tranche.planned > 0
    return waits and tranche.source in FISCAL and stage_of(candidate.record) not in PAYABLE_NO_MORE


def holds_on(candidate: Candidate, today: date) -> list[Hold]:
    """Return the rules that hold a tranche at the end of ``today``."""
    record = candidate.record
    due = due_on(record, record.tranches[candidate.place], today)
    is_due = due is not None and due <= today
    stopped = any(one.kind is MeasureKind.HOLD and one.open_on(today) for one in record.measures)
    if not is_holdable(candidate) or not (is_due or stopped):
        return []
    texts: dict[str, list[str]] = defaultdict(list)
    rules: dict[str, Rule] = {}
    for line in verdict_on(candidate, today, {}).refusals:
        if is_due or isinstance(line.rule.kind, NoOpenMeasure):
            texts[line.rule.id].append(line.text)
            rules[line.rule.id] = line.rule
    return [
        Hold(id_, _since(rules[id_], candidate, due, today), "；".join(told), rules[id_].citation)
        for id_, told in texts.items()
    ]


def _since(rule: Rule, candidate: Candidate, due: date | None, today: date) -> date:
    """Return since when a rule has refused what it refuses today, at the earliest from the day it was due."""
    first = due or today
    if isinstance(rule.kind, NoOpenMeasure):
        return _run_of(rule.kind, candidate.record, today)
    if isinstance(rule.kind, Standing):
        return max(first, _run_of(rule.kind, candidate.record, today))
    if isinstance(rule.kind, SpendGate):
        number = candidate.record.tranches[candidate.place].number
        return max(first, _short_since(rule.kind, candidate.record, number, today))
    return first


def _run_of(kind: Standing, record: ProjectRecord, today: date) -> date:
    """Return the first of the days without a break on which the rule is not held, up to today."""
    runs = sorted(kind.breaches(record), key=lambda one: one.since)
    start: date | None = None
    ended: date | None = None
    for run in (one for one in runs if one.since <= today):
        if start is None or ended != run.since:
            start = run.since
        ended = run.until
    return start or today


def _short_since(kind: SpendGate, record: ProjectRecord, number: int, today: date) -> date:
    """Return the day since which too little is spent of what was paid before tranche ``number``."""
    moved: dict[date, list[Fen]] = defaultdict(lambda: [0, 0])
    for paid_on, tranche in payments(record):
        if tranche.number < number:
            moved[paid_on][1] += tranche.paid
    for row in record.spending:
        if row.source in FISCAL:
            moved[row.on][0] += row.amount
    spent, before, start = 0, 0, None
    for day in sorted(day for day in moved if day <= today):
        spent, before = spent + moved[day][0], before + moved[day][1]
        short = spent * 100 < kind.percent * before
        start = (start or day) if short else None
    return start or today


def release_of(rule_id: str, candidate: Candidate, today: date, lifted_by: Mapping[int, str]) -> Release:
    """Return what lifted a hold that is on no more; ``lifted_by`` names who lifted measures, by number."""
    record, place = candidate.record, candidate.place
    tranche, state, stage = record.tranches[place], candidate.states[place], stage_of(record)
    if state is TrancheState.PAID:
        day = min(tranche.paid_on or today, today)
        return Release(day, f"已于 {day} 拨付 {amount(tranche.paid)}")
    if state is TrancheState.ISSUED:
        return Release(today, "已出具拨付表，款项办理中")
    if stage in PAYABLE_NO_MORE:
        return Release(min(record.concluded_on or today, today), f"项目{stage}，不再拨付")
    if tranche.planned <= 0:
        return Release(today, "本期计划金额调整为零")
    verdict = verdict_on(candidate, today, {})
    if any(line.rule.id == rule_id for line in verdict.refusals):
        planned = f"计划日期调整为 {tranche.planned_on}" if tranche.planned_on else "计划日期已取消"
        return Release(today, f"{planned}，尚未到期")
    return _satisfied(rule_id, candidate, verdict, today, lifted_by)


def _satisfied(
    rule_id: str, candidate: Candidate, verdict: Verdict, today: date, lifted_by: Mapping[int, str]
) -> Release:
    rule, record = rulebook().find(rule_id), candidate.record
    if rule is not None and isinstance(rule.kind, NoOpenMeasure):
        return _lifted(rule.kind, record, today, lifted_by)
    if rule is not None and isinstance(rule.kind, ReportsIn):
        return _handed_in(rule.kind, record, today)
    if rule is not None and isinstance(rule.kind, SpendGate):
        number = record.tranches[candidate.place].number
        before = sum(one.paid for on, one in payments(record) if one.number < number and on <= today)
        spent = sum(one.amount for one in record.spending if one.source in FISCAL and one.on <= today)
        if before:
            figures = f"已支出 {amount(spent)}，前期已拨 {amount(before)}"
            return Release(today, f"支出率达到 {percent(spent, before)}（{figures}）")
    told = [line.text for line in verdict.lines if line.rule.id == rule_id]
    return Release(today, "；".join(told) or "这条规定不再适用")


def _lifted(kind: NoOpenMeasure, record: ProjectRecord, today: date, lifted_by: Mapping[int, str]) -> Release:
    done = [
        (one.settled_on, one)
        for one in record.measures
        if one.kind in kind.measures and one.settled_on is not None and one.settled_on <= today
    ]
    if not done:
        return Release(today, "没有执行中的暂缓拨付")
    day, last = max(done, key=lambda pair: (pair[0], pair[1].number))
    by = f"由 {lifted_by[last.number]} " if last.number in lifted_by else ""
    return Release(day, f"{last.kind}于 {day} {by}解除")


def _handed_in(kind: ReportsIn, record: ProjectRecord, today: date) -> Release:
    late = [
        (one.done_on, one.message)
        for one in kind.owed(record)
        if one.done_on is not None and one.due < one.done_on <= today
    ]
    if not late:
        return Release(today, "到期的报告均已提交")
    day = max(done_on for done_on, _ in late)
    told = "、".join(message for done_on, message in late if done_on == day)
    return Release(day, f"{told}，已于 {day} 完成")
