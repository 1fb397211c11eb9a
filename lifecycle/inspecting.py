"""What is asked of an inspection before it is put forward: that it is complete, and fits the project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from lifecycle.models import InspectionKind, Outcome
from lifecycle.record import Conclusion, MeasureKind, ProjectRecord
from lifecycle.refusals import InvalidInput, Obstructed
from lifecycle.rulebook import rulebook
from lifecycle.rules.process import NoOpenMeasure, Rectification
from lifecycle.stages import STAGE_TRANSITIONS, Stage, advance, stage_of

MOST_SUMMARY = 2000
"""Characters of a summary."""

MOST_NAMES = 200
"""Characters of names: an organiser, inspectors, departments."""

MOST_FINDING = 500
MOST_FINDINGS = 30


@dataclass(frozen=True, slots=True)
class Draft:
    """An inspection as a handler writes it down."""

    kind: InspectionKind
    organiser: str
    recognised: bool
    inspected_on: date
    inspectors: str
    summary: str
    findings: tuple[str, ...]
    outcome: Outcome
    due: date | None
    """By when things are to be put right; with *hold*, that is ordered besides."""
    own_fault: bool
    """Of a termination: whether it is the unit's own fault (SPB 33)."""


def orders(outcome: Outcome, due: date | None) -> tuple[MeasureKind, ...]:
    """Return the measures that an outcome orders."""
    if outcome is Outcome.RECTIFY:
        return (MeasureKind.RECTIFICATION,)
    if outcome is Outcome.HOLD:
        return (MeasureKind.RECTIFICATION, MeasureKind.HOLD) if due else (MeasureKind.HOLD,)
    return ()


def outcome_words(outcome: Outcome, due: date | None) -> str:
    """Return what an inspection wants done: it may order that money waits and that things be put right."""
    if outcome is Outcome.HOLD and due is not None:
        return f"{Outcome.RECTIFY}并{Outcome.HOLD}"
    return outcome.value


def oversight_basis(programme_name: str, signed_on: date | None) -> str:
    """Return document and article on which a project is inspected, as its history and papers cite it."""
    programme = rulebook().programme(programme_name, signed_on)
    for rule in programme.rules:
        if isinstance(rule.kind, NoOpenMeasure | Rectification):
            return rule.citation
    return programme.document.cited_as


def demand_complete(draft: Draft, today: date, *, has_paper: bool) -> None:
    """Demand that an inspection says what it must. Raises ``InvalidInput`` by field."""
    errors = {**_texts(draft), **_findings(draft), **_days(draft, today)}
    if draft.recognised and not has_paper:
        errors["files"] = "采用其他部门检查结果的，请附该部门的检查材料（检查结果互认）。"
    if draft.own_fault and draft.outcome is not Outcome.TERMINATE:
        errors["own_fault"] = "只有终止实施才需要认定是否属于主观原因。"
    if errors:
        raise InvalidInput(errors)


def _texts(draft: Draft) -> Mapping[str, str]:
    asked = (
        ("organiser", draft.organiser, MOST_NAMES, "组织检查的部门或单位"),
        ("inspectors", draft.inspectors, MOST_NAMES, "检查人员"),
        ("summary", draft.summary, MOST_SUMMARY, "检查情况"),
    )
    return {
        name: f"请填写{words}，不超过 {most} 字。"
        for name, value, most, words in asked
        if not value.strip() or len(value) > most
    }


def _findings(draft: Draft) -> Mapping[str, str]:
    if draft.outcome is Outcome.NOTHING and draft.findings:
        return {"findings": "列有问题的，处理意见不能是“未发现问题”。"}
    if draft.outcome is not Outcome.NOTHING and not draft.findings:
        return {"findings": "请逐条写明发现的问题，一行一条。"}
    if len(draft.findings) > MOST_FINDINGS or any(len(text) > MOST_FINDING for text in draft.findings):
        return {"findings": f"问题最多 {MOST_FINDINGS} 条，每条不超过 {MOST_FINDING} 字。"}
    return {}


def _days(draft: Draft, today: date) -> Mapping[str, str]:
    errors = {}
    if draft.inspected_on > today:
        errors["inspected_on"] = "检查日期不能晚于今天。"
    if draft.outcome is Outcome.RECTIFY and draft.due is None:
        errors["due"] = "请填写整改期限。"
    elif draft.due is not None and draft.outcome in {Outcome.NOTHING, Outcome.TERMINATE}:
        errors["due"] = f"{draft.outcome}的，不填整改期限。"
    elif draft.due is not None and draft.due <= today:
        errors["due"] = "整改期限应晚于今天。"
    return errors


def demand_fitting(record: ProjectRecord, outcome: Outcome, due: date | None) -> None:
    """Demand that the project can still be treated so. Raises ``Obstructed`` and ``IllegalTransition``."""
    kinds, stage = orders(outcome, due), stage_of(record)
    against = []
    if MeasureKind.RECTIFICATION in kinds and record.concluded_on is not None:
        against.append(f"项目已作出结论（{stage}），不再要求限期整改。")
    if MeasureKind.HOLD in kinds:
        against += _against_hold(record)
    if outcome is Outcome.TERMINATE and record.self_established:
        against.append("自主设置项目由设置主体自行管理、自主结题，不由本局终止。")
    if against:
        raise Obstructed(against)
    if outcome is Outcome.TERMINATE:
        advance(STAGE_TRANSITIONS, stage, Stage.TERMINATED)


def _against_hold(record: ProjectRecord) -> list[str]:
    if record.fiscal == 0:
        return ["项目没有财政资金，无款可暂缓拨付。"]
    acceptance = record.acceptance
    if acceptance and acceptance.conclusion in {Conclusion.FAILED, Conclusion.TERMINATED}:
        return ["项目未通过验收或已终止，已不再拨付，应办理财务清算。"]
    return []
