"""A project's life as points on its timeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.timeline import Point
from lifecycle.money import wan
from lifecycle.overview import KnownDuty, Overview
from lifecycle.record import MeasureKind, ProjectRecord, Source
from lifecycle.rules.duties import AnnualReports

_SHORT = {
    Source.PROVINCIAL: "省市级",
    Source.DISTRICT: "区县级",
    Source.JOINT: "联合单位",
    Source.OWN: "自筹",
}


def story(overview: Overview) -> list[Point]:
    """Return what stands on the timeline: tranches, milestones, reports, changes, measures, acceptance."""
    record = overview.record
    return [
        *_tranches(record),
        *_milestones(record),
        *_reports(overview.duties),
        *_changes(record),
        *_measures(record),
        *_acceptance(record),
    ]


def _tranches(record: ProjectRecord) -> Iterator[Point]:
    for one in record.tranches:
        day = one.paid_on or one.planned_on
        if day is not None and one.source is not Source.OWN:
            amount = wan(one.paid if one.is_payment else one.planned)
            label = f"{_SHORT[one.source]}第 {one.number} 期 {amount} 万元"
            yield Point(day, label, "tranche", one.is_payment)


def _milestones(record: ProjectRecord) -> Iterator[Point]:
    for one in record.milestones:
        done = one.reported_on is not None
        yield Point(one.planned_on, f"里程碑 {one.number}", "milestone", done)


def _reports(duties: Sequence[KnownDuty]) -> Iterator[Point]:
    for duty in duties:
        if duty.rule is not None and isinstance(duty.rule.kind, AnnualReports):
            day = duty.done_on or duty.due
            yield Point(day, f"{duty.subject} 年度报告", "report", duty.done_on is not None)


def _changes(record: ProjectRecord) -> Iterator[Point]:
    for one in record.changes:
        day = one.approved_on or one.applied_on
        if day is not None:
            yield Point(day, f"{one.kind}变更", "change", one.approved_on is not None or one.self_decided)


def _measures(record: ProjectRecord) -> Iterator[Point]:
    """Yield what inspections ordered: a rectification when it is owed or done, a hold when it began."""
    for one in record.measures:
        if one.kind is MeasureKind.HOLD:
            yield Point(one.ordered_on, one.kind, "inspection", True)
        else:
            day = one.settled_on or one.due or one.ordered_on
            yield Point(day, one.kind, "inspection", one.settled_on is not None)


def _acceptance(record: ProjectRecord) -> Iterator[Point]:
    acceptance = record.acceptance
    if acceptance is None:
        return
    if acceptance.applied_on is not None:
        yield Point(acceptance.applied_on, "申请验收", "acceptance", True)
    if acceptance.concluded_on is not None:
        yield Point(acceptance.concluded_on, f"结论：{acceptance.conclusion}", "acceptance", True)
