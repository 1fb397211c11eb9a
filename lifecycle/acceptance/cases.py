"""Finding a case, bringing it on, and saying for whom it waits: what every command of acceptance needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.acceptance.content import no_acceptance
from lifecycle.acceptance.states import CASE_TRANSITIONS
from lifecycle.acceptance.way import StepKey, filings_after
from lifecycle.command import Work
from lifecycle.judging import MOST_TEXT
from lifecycle.models import AcceptanceCase, AcceptanceState, Project, TurnKind
from lifecycle.record import Acceptance, ProjectRecord
from lifecycle.records import load_record
from lifecycle.refusals import InvalidInput, NotFound, SamePerson
from lifecycle.roles import Actor, Role
from lifecycle.rules.base import DutyKind
from lifecycle.rules.time_limits import (
    AcceptanceApplication,
    ConclusionToPlatform,
    ConclusionWithin,
    FilingWithin,
)
from lifecycle.stages import STAGE_TRANSITIONS, Stage, advance
from lifecycle.storing import Known, change_projects
from lifecycle.turns import DutyOf, Waits, hand_on
from lifecycle.visibility import visible

SUBJECT = "acceptance"
"""What files of a case belong to."""

_WHAT = "这项验收"


class Found(NamedTuple):
    """A case, its project's row and its record."""

    case: AcceptanceCase
    project: Project
    record: ProjectRecord


def find_case(session: Session, actor: Actor, case_id: int) -> Found:
    """Return a case of a project that the actor may see. Raises ``NotFound``."""
    case, project = find_row(session, actor, case_id)
    return Found(case, project, load_record(session, project.id))


def find_row(session: Session, actor: Actor, case_id: int) -> tuple[AcceptanceCase, Project]:
    """Return a case and its project's row, for whoever has the record already. Raises ``NotFound``."""
    query = select(AcceptanceCase, Project).join(Project, Project.id == AcceptanceCase.project_id)
    row = session.execute(query.where(AcceptanceCase.id == case_id, visible(actor))).one_or_none()
    if row is None:
        raise NotFound(_WHAT)
    return row[0], row[1]


def case_of(session: Session, project_id: int) -> AcceptanceCase | None:
    """Return the project's case, where there is one."""
    return session.scalar(select(AcceptanceCase).where(AcceptanceCase.project_id == project_id))


def person(work: Work) -> int:
    """Return who acts: an acceptance is led by people, never by the system. Raises ``SamePerson``."""
    if work.actor.user_id is None:
        raise SamePerson("验收须由具体人员办理，系统不能代办。")
    return work.actor.user_id


def bring_on(
    work: Work, found: Found, then: AcceptanceState, today: date, waits: Iterable[Waits] | None = None
) -> None:
    """Bring a case to its next state and say for whom it waits. Raises ``IllegalTransition``."""
    found.case.state = advance(CASE_TRANSITIONS, found.case.state, then)
    work.session.flush()
    said = waits_for(found) if waits is None else waits
    hand_on(work, found.project.id, TurnKind.ACCEPTANCE, found.case.id, said, today)


def waits_for(found: Found) -> Iterator[Waits]:
    """Yield for whom a case waits in its state; while experts are at work, their panel says so itself."""
    state, record = found.case.state, found.record
    words = dict(_WORDS)
    if record.self_established:
        words[AcceptanceState.IN_REVIEW] = (Role.UNIT_MANAGER, "自行组织验收并登记结论")
    if state is AcceptanceState.TO_FILE:
        yield from waits_to_file(record)
    elif state in words:
        duty = ConclusionWithin if state in _CONCLUDING else AcceptanceApplication
        yield Waits(*words[state], duty=DutyOf(duty))


_CONCLUDING = frozenset(
    {
        *(AcceptanceState.WITH_BUREAU, AcceptanceState.IN_REVIEW, AcceptanceState.WITH_CONFERENCE),
        *(AcceptanceState.WITH_GOVERNMENT, AcceptanceState.WITH_APPROVER),
    }
)
"""The states in which the conclusion is owed; before, it is the application."""

_WORDS = {
    AcceptanceState.DRAFT: (Role.PI, "填写并提交验收申请"),
    AcceptanceState.RETURNED: (Role.PI, "修改验收申请后重新提交"),
    AcceptanceState.WITH_UNIT: (Role.UNIT_MANAGER, "确认并报出验收申请"),
    AcceptanceState.WITH_BUREAU: (Role.HANDLER, "受理验收申请"),
    AcceptanceState.IN_REVIEW: (Role.HANDLER, "组织验收评议，提出验收结论"),
    AcceptanceState.WITH_CONFERENCE: (Role.HANDLER, "报部门联席会议审议，登记审议结果"),
    AcceptanceState.WITH_GOVERNMENT: (Role.HANDLER, "报区政府审定，登记审定结果"),
    AcceptanceState.WITH_APPROVER: (Role.APPROVER, "作出验收结论"),
}


def waits_to_file(record: ProjectRecord, *but: StepKey) -> Iterator[Waits]:
    """Yield what a conclusion asks to be filed and has not been, each for itself, but some."""
    for key in still_to_file(record):
        if key not in but:
            words, duty = _TO_FILE[key]
            yield Waits(Role.HANDLER, words, duty=DutyOf(duty))


_TO_FILE: Mapping[StepKey, tuple[str, type[DutyKind]]] = {
    StepKey.PLATFORM: ("提交平台备案并登记日期", ConclusionToPlatform),
    StepKey.FILING: ("核收验收资料，办理备查", FilingWithin),
}


def still_to_file(record: ProjectRecord) -> list[StepKey]:
    """Return what a conclusion asks to be filed and has not been."""
    acceptance = record.acceptance
    if acceptance is None or acceptance.conclusion is None:
        return []
    done = {StepKey.PLATFORM: acceptance.platform_filed_on, StepKey.FILING: acceptance.filed_on}
    return [key for key in filings_after(record, acceptance.conclusion) if done[key] is None]


def keep_acceptance(work: Work, found: Found, **values: Any) -> Found:
    """Write values of the record's 验收; return the case with the record as it is now."""
    old = found.record.acceptance
    new: Acceptance = replace(old or no_acceptance(), **values)
    kept = None if new == no_acceptance() else new
    return keep_record(work, found, replace(found.record, acceptance=kept))


def keep_record(work: Work, found: Found, record: ProjectRecord) -> Found:
    """Write what changed of a project's record; return the case with the record as it is now."""
    work.session.flush()
    change_projects(work.session, [Known(found.project.id, found.record, record)])
    work.session.expire_all()
    work.touch(found.project.id)
    return found._replace(record=record)


def move_stage(found: Found, then: Stage) -> None:
    """Bring the project to another stage. Raises ``IllegalTransition``."""
    found.project.stage = advance(STAGE_TRANSITIONS, found.project.stage, then)


def tell(work: Work, found: Found, summary: str, *, citation: str | None = None, **details: Any) -> None:
    """Write the history's entry of an act; ``changes`` among the details are old and new values."""
    work.record(
        summary,
        project_id=found.project.id,
        citation=citation or None,
        details={"case": found.case.id, **{key: value for key, value in details.items() if value}},
    )


def text_of(field: str, text: str, empty: str, most: int = MOST_TEXT) -> str:
    """Return a text that must say something. Raises ``InvalidInput`` at ``field``."""
    text = text.strip()
    if not text:
        raise InvalidInput({field: empty})
    if len(text) > most:
        raise InvalidInput({field: f"最多 {most} 个字。"})
    return text


def day_within(field: str, day: date | None, least: date | None, most: date, what: str) -> date:
    """Return a day that lies between two others. Raises ``InvalidInput`` at ``field``."""
    if day is None:
        raise InvalidInput({field: f"请填写{what}的日期。"})
    if day > most:
        raise InvalidInput({field: f"{what}的日期不能晚于今天。"})
    if least is not None and day < least:
        raise InvalidInput({field: f"{what}的日期不能早于 {least}。"})
    return day
