"""What is asked of the terms of a task agreement: that they are sound, add up and suit what was paid."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from lifecycle.judging import Check, judge_act
from lifecycle.money import LIMIT, Fen, yuan
from lifecycle.record import ProjectRecord, Signatory, Source
from lifecycle.rulebook import rulebook
from lifecycle.rules.base import Act
from lifecycle.rules.parties import PartiesSigned
from lifecycle.stages import TrancheState
from lifecycle.terms import Terms, TrancheTerm, applied
from lifecycle.whole import TrancheAt

PARTY_ORDER = (Signatory.MUNICIPAL, Signatory.DISTRICT, Signatory.UNIT, Signatory.JOINT_UNIT)
"""The order in which parties stand on paper and in the record."""

EARLIEST, LATEST = date(1990, 1, 1), date(2100, 12, 31)


def parties_of(record: ProjectRecord) -> tuple[Signatory, ...]:
    """Return who signs the project's agreement, in the order of the paper.

    As the programme's rule says where it has one for this project; of a self-established project the unit
    alone (SPB 11); otherwise the bureau and the unit, and the joint unit where there is one.
    """
    for rule in rulebook().programme(record.programme, record.signed_on).rules:
        if isinstance(rule.kind, PartiesSigned) and rule.scope.covers(record):
            joint = (Signatory.JOINT_UNIT,) if rule.kind.joint_unit_too and record.joint_unit else ()
            return _ordered({*rule.kind.parties, *joint})
    if record.self_established:
        return (Signatory.UNIT,)
    joint = (Signatory.JOINT_UNIT,) if record.joint_unit else ()
    return (Signatory.DISTRICT, Signatory.UNIT, *joint)


def _ordered(parties: Iterable[Signatory]) -> tuple[Signatory, ...]:
    return tuple(sorted(parties, key=PARTY_ORDER.index))


def unsound(terms: Terms) -> dict[str, str]:
    """Return what no record can hold, by field of the terms; empty where all is well."""
    return dict(_unsound(terms))


def _unsound(terms: Terms) -> Iterator[tuple[str, str]]:
    for name, words in _NEEDED.items():
        if not getattr(terms, name).strip():
            yield name, f"请填写{words}。"
    if not EARLIEST <= terms.start <= LATEST:
        yield "start", "年份应在 1990 至 2100 之间。"
    if not EARLIEST <= terms.end <= LATEST:
        yield "end", "年份应在 1990 至 2100 之间。"
    elif terms.end < terms.start:
        yield "end", "实施结束不能早于实施开始。"
    for name in ("provincial", "district", "joint", "own"):
        if not 0 <= getattr(terms, name) < LIMIT:
            yield name, "金额不能为负数，且应小于 100 亿万元。"
    for name, keys in _UNIQUE.items():
        twice = [key for key, count in Counter(keys(terms)).items() if count > 1]
        if twice:
            yield name, f"{'、'.join(twice)} 有重复，请合并或改名。"


_NEEDED = {"title": "项目名称", "lead_unit": "承担单位", "pi_name": "项目负责人"}
_UNIQUE: Mapping[str, Callable[[Terms], list[str]]] = {
    "partners": lambda terms: [one.name for one in terms.partners],
    "indicators": lambda terms: [one.name for one in terms.indicators],
    "milestones": lambda terms: [f"第 {one.number} 项" for one in terms.milestones],
    "budget": lambda terms: [f"{one.source}{one.use}" for one in terms.budget],
}


@dataclass(frozen=True, slots=True)
class SourceSum:
    """What is agreed from one source, beside the sums of the budget and of the plan of tranches."""

    source: Source
    agreed: Fen
    budget: Fen
    planned: Fen

    @property
    def budget_short(self) -> Fen:
        """What the budget lacks of what is agreed; negative where it has more."""
        return self.agreed - self.budget

    @property
    def plan_short(self) -> Fen:
        """What the plan of tranches lacks of what is agreed; negative where it has more."""
        return self.agreed - self.planned


def source_sums(terms: Terms) -> list[SourceSum]:
    """Return the sums of every source that has any money, in the order of the paper."""
    budget: dict[Source, Fen] = defaultdict(int)
    planned: dict[Source, Fen] = defaultdict(int)
    for line in terms.budget:
        budget[line.source] += line.amount
    for one in terms.tranches:
        planned[one.source] += one.planned
    found = [SourceSum(source, terms.funds(source), budget[source], planned[source]) for source in Source]
    return [one for one in found if one.agreed or one.budget or one.planned]


def money_obstacles(terms: Terms) -> tuple[str, ...]:
    """Return what does not add up: budget and plan of tranches make up what is agreed, source by source."""
    return tuple(_money_obstacles(terms))


def _money_obstacles(terms: Terms) -> Iterator[str]:
    sums = source_sums(terms)
    for one in sums:
        if one.budget_short:
            yield (
                f"预算合计与资金来源不一致：{one.source}约定 {yuan(one.agreed)} 元，"
                f"预算合计 {yuan(one.budget)} 元，{_short(one.budget_short)}，请修改预算或资金来源。"
            )
    for one in sums:
        if one.plan_short:
            yield (
                f"拨款计划合计与资金来源不一致：{one.source}约定 {yuan(one.agreed)} 元，"
                f"各期合计 {yuan(one.planned)} 元，{_short(one.plan_short)}，请修改拨款计划或资金来源。"
            )
    if not sums:
        yield "还没有填写资金来源，请先填写各来源的金额。"


def _short(amount: Fen) -> str:
    return f"少 {yuan(amount)} 元" if amount > 0 else f"多 {yuan(-amount)} 元"


def terms_obstacles(tranches: Iterable[TrancheAt], terms: Terms) -> tuple[str, ...]:
    """Return in which respects new terms would undo a tranche that is in process or paid.

    ``tranches`` are the project's as they stand (``WholeProject.tranches``).
    """
    return tuple(_terms_obstacles(list(tranches), terms))


def _in_parts(tranches: Iterable[TrancheAt], terms: Terms) -> set[tuple[Source, int]]:
    """Return the tranches agreed as one of which parts have arrived, where the terms still cover those."""
    agreed = Counter((one.source, one.number) for one in terms.tranches)
    known: dict[tuple[Source, int], list[TrancheAt]] = defaultdict(list)
    for one in tranches:
        known[one.tranche.source, one.tranche.number].append(one)
    found = set()
    for term in terms.tranches:
        key = term.source, term.number
        settled = [one.tranche for one in known[key] if one.state is not TrancheState.PLANNED]
        covered = sum(one.planned for one in settled) <= term.planned
        same_day = all(one.planned_on == term.planned_on for one in settled)
        if agreed[key] == 1 and len(known[key]) > 1 and covered and same_day:
            found.add(key)
    return found


def _terms_obstacles(tranches: Iterable[TrancheAt], terms: Terms) -> Iterator[str]:
    wanted: dict[tuple[Source, int], list[TrancheTerm]] = defaultdict(list)
    for one in terms.tranches:
        wanted[one.source, one.number].append(one)
    in_parts = _in_parts(tranches, terms)
    for known in tranches:
        old, rows = known.tranche, wanted[known.tranche.source, known.tranche.number]
        if (old.source, old.number) in in_parts:
            continue
        new = rows.pop(0) if rows else None
        if known.state is TrancheState.PLANNED:
            continue
        name = f"{old.source}第 {old.number} 期（{known.state}）"
        if new is None and (old.planned or old.planned_on):
            yield f"{name}已在办理或已拨付，不能从拨款计划中去掉。"
        elif new is not None and (new.planned, new.planned_on) != (old.planned, old.planned_on):
            day = old.planned_on.isoformat() if old.planned_on else "未定"
            yield f"{name}已在办理或已拨付，金额和日期应保持 {yuan(old.planned)} 元、{day}。"


def signed_record(record: ProjectRecord, terms: Terms, day: date) -> ProjectRecord:
    """Return the record as it would be, were these terms signed by all parties on ``day``.

    Where an agreement is in force already, its day and an end agreed before are kept.
    """
    made = applied(record, terms)
    if record.signed_on is not None:
        moved = terms.end != record.end and record.original_end is None
        return replace(made, original_end=record.end if moved else record.original_end)
    return replace(made, signed_on=day, signatories=parties_of(made))


def signing_check(
    record: ProjectRecord,
    tranches: Iterable[TrancheAt],
    terms: Terms,
    day: date,
    reasons: Mapping[str, str] | None = None,
) -> Check:
    """Return everything for and against signing these terms on ``day``."""
    obstacles = (*unsound(terms).values(), *money_obstacles(terms), *terms_obstacles(tranches, terms))
    return Check(judge_act(signed_record(record, terms, day), Act.SIGN, day, reasons), obstacles)
