"""What is asked before an application is confirmed, a conclusion proposed and a conclusion made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lifecycle.acceptance.content import Content, as_applied, content_of, no_acceptance
from lifecycle.acceptance.way import OWN_PRACTICE
from lifecycle.judging import LEAST_REASON, Check, judge_act
from lifecycle.models import AcceptanceCase, ChangeRequest, ChangeState, Report, ReportState, Tranche
from lifecycle.record import Acceptance, Conclusion, ProjectRecord, Review
from lifecycle.rules.acceptance import AcceptanceAuthority
from lifecycle.rules.base import Act
from lifecycle.rules.reading import listed
from lifecycle.rules.verdict import Verdict
from lifecycle.stages import Stage, TrancheState, stage_of

EARLY = timedelta(days=90)
"""So long before its end a project may apply without saying why. The bureau's own requirement."""

_CHANGES_OVER = frozenset(
    {ChangeState.DONE, ChangeState.REJECTED, ChangeState.WITHDRAWN, ChangeState.DRAFT, ChangeState.RETURNED}
)
_REPORTS_OPEN = frozenset({ReportState.FILED, ReportState.CONFIRMED})
_MONEY_MOVING = frozenset(
    {TrancheState.PROPOSED, TrancheState.APPROVED, TrancheState.BATCHED, TrancheState.ISSUED}
)


@dataclass(frozen=True, slots=True)
class OnTheirWay:
    """How much of a project is still being dealt with elsewhere."""

    changes: int = 0
    reports: int = 0
    tranches: int = 0


def on_their_way(session: Session, project_id: int) -> OnTheirWay:
    """Return what of the project is in process elsewhere, by one query."""
    change, report, tranche = (
        select(func.count())
        .select_from(ChangeRequest)
        .where(ChangeRequest.project_id == project_id, ChangeRequest.state.not_in(_CHANGES_OVER)),
        select(func.count())
        .select_from(Report)
        .where(Report.project_id == project_id, Report.state.in_(_REPORTS_OPEN)),
        select(func.count())
        .select_from(Tranche)
        .where(Tranche.project_id == project_id, Tranche.state.in_(_MONEY_MOVING)),
    )
    query = select(change.scalar_subquery(), report.scalar_subquery(), tranche.scalar_subquery())
    return OnTheirWay(*session.execute(query).one())


def apply_check(
    record: ProjectRecord,
    content: Content,
    others: OnTheirWay,
    today: date,
    reasons: Mapping[str, str] | None = None,
) -> Check:
    """Return what stands for and against an application, were it confirmed today."""
    verdict = judge_act(as_applied(record, content, today), Act.APPLY, today, reasons)
    return Check(verdict, tuple(_against_applying(record, content, others, today)))


def _against_applying(
    record: ProjectRecord, content: Content, others: OnTheirWay, today: date
) -> Iterator[str]:
    if stage_of(record) is not Stage.UNDER_WAY:
        yield f"项目现为“{stage_of(record)}”，只有“实施中”的项目可以申请验收"
    if today < record.end - EARLY and len(content.early_reason.strip()) < LEAST_REASON:
        yield (
            f"实施期到 {record.end} 结束，提前 {EARLY.days} 天以上申请验收的，"
            f"请写明理由（不少于 {LEAST_REASON} 字，{OWN_PRACTICE}）"
        )
    if not content.summary.strip():
        yield "还没有填写实施总结"
    if not content.report:
        yield "还没有上传验收总结报告"
    if record.self_established:
        empty = [one.name for one in record.indicators if not content.values.get(one.name, "").strip()]
        if empty:
            yield f"未填完成值的考核指标：{listed(empty)}"
    bare = [one.name for one in record.indicators if not content.evidence.get(one.name)]
    if bare:
        yield f"没有佐证材料的考核指标：{listed(bare)}"
    yield from _still_open(others)


def _still_open(others: OnTheirWay) -> Iterator[str]:
    if others.changes:
        yield f"有 {others.changes} 项变更正在办理，请等办结后再申请"
    if others.reports:
        yield f"有 {others.reports} 份报告还在确认或审核，请等接收后再申请"
    if others.tranches:
        yield f"有 {others.tranches} 笔拨付正在办理，请等拨付或撤回后再申请"


@dataclass(frozen=True, slots=True)
class Proposed:
    """What the handler puts forward on the experts' opinions."""

    technical: Review
    financial: Review
    conclusion: Conclusion
    own_fault: bool = False
    opinion: str = ""
    explanation: str = ""
    """Why the conclusion is another than the majority's."""
    goals: tuple[str, ...] = ()
    """The goals that are acknowledged, of those claimed."""


def propose_check(
    record: ProjectRecord,
    proposed: Proposed,
    *,
    joint_took_part: bool,
    goals_met: int | None,
    obstacles: Sequence[str],
    today: date,
) -> Check:
    """Return what stands against proposing a conclusion, were the later authorities to agree today."""
    acceptance = replace(
        record.acceptance or no_acceptance(),
        technical=proposed.technical,
        financial=proposed.financial,
        joint_unit_took_part=joint_took_part,
        conference_on=today,
        government_on=today,
        conclusion=proposed.conclusion,
        concluded_on=today,
        own_fault=proposed.own_fault,
        goals_met=goals_met,
    )
    verdict = judge_act(replace(record, acceptance=acceptance), Act.CONCLUDE, today)
    # The conference and the government have not been asked: that they will be is not for this moment.
    lines = tuple(one for one in verdict.lines if not isinstance(one.rule.kind, AcceptanceAuthority))
    against = (*obstacles, *_unmerged(acceptance, verdict))
    return Check(Verdict(lines), against)


def as_concluded(case: AcceptanceCase, record: ProjectRecord, today: date) -> Acceptance:
    """Return the record's 验收 as it would be once the proposed conclusion was made today."""
    content = content_of(case.content)
    return replace(
        record.acceptance or no_acceptance(),
        technical=case.technical,
        financial=case.financial,
        conclusion=case.proposed,
        concluded_on=today,
        own_fault=case.own_fault,
        goals_met=content.goals_met if content.goals or content.accepted_goals is not None else None,
    )


def conclude_check(case: AcceptanceCase, record: ProjectRecord, today: date) -> Check:
    """Return what stands for and against making the proposed conclusion today."""
    acceptance = as_concluded(case, record, today)
    verdict = judge_act(replace(record, acceptance=acceptance), Act.CONCLUDE, today)
    return Check(verdict, tuple(_unmerged(acceptance, verdict)))


def _unmerged(acceptance: Acceptance, verdict: Verdict) -> Iterator[str]:
    """Yield why a project cannot pass, where no article of its programme says so (本局工作要求)."""
    both = (acceptance.technical, acceptance.financial)
    if acceptance.conclusion is Conclusion.PASSED and Review.FAILED in both and not verdict.refused:
        yield f"技术验收或财务验收不通过的，结论不能为通过（{OWN_PRACTICE}）"
