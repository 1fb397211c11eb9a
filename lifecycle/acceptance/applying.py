"""Applying for acceptance: drafted by the pi, confirmed by the unit, taken up or returned by the bureau."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from lifecycle.acceptance.cases import (
    SUBJECT,
    Found,
    bring_on,
    case_of,
    find_case,
    keep_acceptance,
    keep_record,
    move_stage,
    person,
    tell,
    text_of,
    waits_for,
)
from lifecycle.acceptance.checking import apply_check, on_their_way
from lifecycle.acceptance.content import (
    GOALS,
    Content,
    as_applied,
    content_of,
    content_to_plain,
    final_account,
)
from lifecycle.acceptance.states import basis_of, demand_step
from lifecycle.acceptance.way import StepKey, least_goals, way_of
from lifecycle.attachments import StoredFile, attach, attachments_of, drop, names_and_digests
from lifecycle.command import Work, command
from lifecycle.judging import MOST_TEXT, demand_reasons, keep_reason, newly_excused, to_keep
from lifecycle.models import AcceptanceCase, AcceptanceState, TurnKind
from lifecycle.refusals import IllegalTransition, InvalidInput, OutOfDate
from lifecycle.roles import Permission, Role
from lifecycle.stages import Stage
from lifecycle.turns import hand_on
from lifecycle.visibility import demand_acting_as, find_project

MOST_SUMMARY = 5000
"""Characters of the summary."""

MOST_VALUE = 200
"""Characters of what was reached of one indicator."""

_THEIRS = (Role.PI, Role.UNIT_MANAGER)


@dataclass(frozen=True, slots=True)
class Filled:
    """What was filled in on the application's form."""

    summary: str = ""
    early_reason: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    goals: Mapping[str, str] = field(default_factory=dict)
    """Goal ticked → how it was met."""
    evidence: Mapping[str, Sequence[StoredFile]] = field(default_factory=dict)
    """Indicator → files that come with this save."""
    report: Sequence[StoredFile] = ()
    more: Sequence[StoredFile] = ()
    removed: Collection[int] = ()
    """Attachments to be taken off."""


@command("acceptance.start", Permission.APPLY_ACCEPTANCE)
def start(work: Work, number: str, today: date) -> int:
    """Begin a project's application; return the case's id, that of the one there is where there is one.

    Raises ``NotFound``, ``NotTheirs`` and ``IllegalTransition`` for a project that is not under way.
    """
    project = find_project(work.session, work.actor, number)
    demand_acting_as(work.session, work.actor, project.id, *_THEIRS)
    there = case_of(work.session, project.id)
    if there is not None:
        work.record("打开验收申请", project_id=project.id, details={"case": there.id})
        return there.id
    if project.stage is not Stage.UNDER_WAY:
        raise IllegalTransition(project.stage, "申请验收")
    case = AcceptanceCase(
        project_id=project.id,
        state=AcceptanceState.DRAFT,
        content=content_to_plain(Content()),
        account={},
        drafted_by_id=person(work),
        drafted_on=today,
        own_fault=False,
        verdict=[],
    )
    work.session.add(case)
    work.session.flush()
    found = find_case(work.session, work.actor, case.id)
    hand_on(work, project.id, TurnKind.ACCEPTANCE, case.id, waits_for(found), today)
    tell(work, found, "开始填写验收申请")
    return case.id


@command("acceptance.save", Permission.APPLY_ACCEPTANCE)
def save(work: Work, case_id: int, revision: int, filled: Filled, today: date) -> int:
    """Save the application as far as it is; return its new revision.

    Raises ``NotFound``, ``NotTheirs``, ``IllegalTransition``, ``OutOfDate`` and ``InvalidInput``.
    """
    del today
    found = _theirs(work, case_id)
    if found.case.revision != revision:
        raise OutOfDate
    _demand_fit(found, filled)
    old = content_of(found.case.content)
    new = _with_files(work, found, filled, old)
    found.case.content = content_to_plain(new)
    found.case.revision += 1
    _take_off(work, found, new, filled.removed)
    changes = _changes(old, new)
    received = [*filled.report, *filled.more, *(one for files in filled.evidence.values() for one in files)]
    tell(work, found, "保存验收申请", changes=changes, files=names_and_digests(received))
    return found.case.revision


def _theirs(work: Work, case_id: int) -> Found:
    found = find_case(work.session, work.actor, case_id)
    demand_acting_as(work.session, work.actor, found.project.id, *_THEIRS)
    demand_step(found.case, found.record, StepKey.DRAFT)
    return found


def _demand_fit(found: Found, filled: Filled) -> None:
    errors = {}
    if len(filled.summary) > MOST_SUMMARY:
        errors["summary"] = f"实施总结最多 {MOST_SUMMARY} 个字。"
    if len(filled.early_reason) > MOST_TEXT:
        errors["early_reason"] = f"理由最多 {MOST_TEXT} 个字。"
    for place, one in enumerate(found.record.indicators):
        if len(filled.values.get(one.name, "")) > MOST_VALUE:
            errors[f"value-{place}"] = f"完成值最多 {MOST_VALUE} 个字。"
    if least_goals(found.record) is not None:
        for key, how in filled.goals.items():
            if key in GOALS and (not how.strip() or len(how) > MOST_TEXT):
                errors[f"how-{key}"] = f"请说明完成情况，不超过 {MOST_TEXT} 字。"
    if errors:
        raise InvalidInput(errors)


def _with_files(work: Work, found: Found, filled: Filled, old: Content) -> Content:
    removed = frozenset(filled.removed)

    def kept(ids: Sequence[int], files: Sequence[StoredFile], title: str) -> tuple[int, ...]:
        added = attach(work, found.project.id, SUBJECT, found.case.id, files, title) if files else []
        return tuple(dict.fromkeys([*(one for one in ids if one not in removed), *added]))

    known = {one.name for one in found.record.indicators}
    evidence = {
        name: kept(old.evidence.get(name, ()), filled.evidence.get(name, ()), f"佐证材料：{name}")
        for name in (one.name for one in found.record.indicators)
    }
    counts_goals = least_goals(found.record) is not None
    return replace(
        old,
        summary=filled.summary.strip(),
        early_reason=filled.early_reason.strip(),
        values={name: text.strip() for name, text in filled.values.items() if name in known},
        evidence={name: ids for name, ids in evidence.items() if ids},
        report=kept(old.report, filled.report, "验收总结报告"),
        more=kept(old.more, filled.more, "其他验收材料"),
        goals={key: filled.goals[key].strip() for key in GOALS if key in filled.goals}
        if counts_goals
        else {},
    )


def _take_off(work: Work, found: Found, content: Content, removed: Collection[int]) -> None:
    """Drop what is taken off, unless it shows something else too; another case's files are let be."""
    own = {one.id for one in attachments_of(work.session, found.project.id, SUBJECT, found.case.id)}
    for attachment_id in sorted(own.intersection(removed) - content.files):
        drop(work, attachment_id)


def _changes(old: Content, new: Content) -> list[dict[str, object]]:
    changes: list[dict[str, object]] = []
    if old.summary != new.summary:
        changes.append({"field": "实施总结", "old": _short(old.summary), "new": _short(new.summary)})
    for name in dict.fromkeys((*old.values, *new.values)):
        before, after = old.values.get(name, ""), new.values.get(name, "")
        if before != after:
            changes.append({"field": f"完成值·{name}", "old": before, "new": after})
    if set(old.goals) != set(new.goals):
        changes.append(
            {
                "field": "任务目标",
                "old": [GOALS[key] for key in old.goals],
                "new": [GOALS[key] for key in new.goals],
            }
        )
    return changes


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


@command("acceptance.submit", Permission.APPLY_ACCEPTANCE)
def file_application(work: Work, case_id: int, today: date) -> None:
    """Hand the application to the unit. Raises as ``save``; ``InvalidInput`` at an empty ``summary``."""
    found = _theirs(work, case_id)
    text_of("summary", content_of(found.case.content).summary, "请先填写实施总结并保存。", MOST_SUMMARY)
    found.case.filed_by_id, found.case.filed_on = person(work), today
    found.case.note = None
    bring_on(work, found, AcceptanceState.WITH_UNIT, today)
    tell(work, found, "提交验收申请，待承担单位确认")


@command("acceptance.send_back", Permission.CONFIRM_ACCEPTANCE)
def send_back(work: Work, case_id: int, note: str, today: date) -> None:
    """Give the application back to the pi, saying why.

    Raises ``NotFound``, ``NotTheirs``, ``IllegalTransition`` and ``InvalidInput`` (``note``).
    """
    found = find_case(work.session, work.actor, case_id)
    demand_acting_as(work.session, work.actor, found.project.id, Role.UNIT_MANAGER)
    demand_step(found.case, found.record, StepKey.CONFIRM)
    found.case.note = text_of("note", note, "请写明退回原因。")
    bring_on(work, found, AcceptanceState.RETURNED, today)
    tell(work, found, "承担单位退回验收申请", note=found.case.note)


@command("acceptance.confirm", Permission.CONFIRM_ACCEPTANCE)
def confirm(work: Work, case_id: int, today: date, reasons: Mapping[str, str] | None = None) -> None:
    """Confirm the application for the unit: from now on it counts, and the final account is frozen.

    Raises ``NotFound``, ``NotTheirs``, ``OutOfOrder``, ``IllegalTransition``, ``Obstructed``,
    ``VerdictRefused``, ``ReasonNeeded`` and ``InvalidInput`` (by rule id, for a reason).
    """
    found = find_case(work.session, work.actor, case_id)
    demand_acting_as(work.session, work.actor, found.project.id, Role.UNIT_MANAGER)
    demand_step(found.case, found.record, StepKey.CONFIRM)
    content = content_of(found.case.content)
    check = apply_check(found.record, content, on_their_way(work.session, found.project.id), today, reasons)
    check.demand()
    excused = newly_excused(found.record, check.verdict)
    demand_reasons({line.rule.id: line.reason or "" for line in excused})
    for line in excused:
        keep_reason(work, found.project.id, line, today)
    case = found.case
    case.confirmed_by_id, case.confirmed_on, case.note = person(work), today, None
    case.account = final_account(found.record, today)
    case.verdict = to_keep(check.verdict)
    before = {one.name: one.achieved_value for one in found.record.indicators}
    case.content = content_to_plain(replace(content, before=before, accepted_goals=None))
    move_stage(found, Stage.SELF_ACCEPTANCE if found.record.self_established else Stage.IN_ACCEPTANCE)
    applied = as_applied(found.record, content, today)
    found = keep_record(work, found, applied)
    to_unit = found.record.self_established
    bring_on(work, found, AcceptanceState.IN_REVIEW if to_unit else AcceptanceState.WITH_BUREAU, today)
    changes = [
        {"field": f"完成值·{one.name}", "old": before[one.name], "new": one.achieved_value}
        for one in applied.indicators
        if before[one.name] != one.achieved_value
    ]
    summary = "确认验收申请，开始自行验收" if to_unit else "确认验收申请，报区科技局"
    tell(work, found, summary, citation=basis_of(way_of(found.record)), changes=changes)


@command("acceptance.take_up", Permission.HANDLE_ACCEPTANCE)
def take_up(work: Work, case_id: int, today: date) -> None:
    """Take an application up; experts are named next.

    Raises ``NotFound``, ``OutOfOrder`` and ``IllegalTransition``.
    """
    found = find_case(work.session, work.actor, case_id)
    step = demand_step(found.case, found.record, StepKey.ACCEPT)
    found.case.accepted_by_id, found.case.accepted_on = person(work), today
    bring_on(work, found, AcceptanceState.IN_REVIEW, today)
    tell(work, found, "受理验收申请", citation=step.citation)


@command("acceptance.return", Permission.HANDLE_ACCEPTANCE)
def return_application(work: Work, case_id: int, note: str, today: date) -> None:
    """Return an application that cannot be taken up, saying why: the project goes on as before it.

    Raises ``NotFound``, ``OutOfOrder``, ``IllegalTransition`` and ``InvalidInput`` (``note``).
    """
    found = find_case(work.session, work.actor, case_id)
    demand_step(found.case, found.record, StepKey.ACCEPT)
    found.case.note = text_of("note", note, "请写明不予受理、退回补正的原因。")
    before = content_of(found.case.content).before
    indicators = tuple(
        replace(one, achieved_value=before.get(one.name, one.achieved_value))
        for one in found.record.indicators
    )
    move_stage(found, Stage.UNDER_WAY)
    found = keep_record(work, found, replace(found.record, indicators=indicators))
    found = keep_acceptance(work, found, applied_on=None)
    bring_on(work, found, AcceptanceState.RETURNED, today)
    tell(work, found, "退回验收申请，请补正后重新提交", note=found.case.note)
