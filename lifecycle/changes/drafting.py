"""Drafting a request for a change: by the pi or the unit, on the terms in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from lifecycle.attachments import attach, names_and_digests
from lifecycle.changes.checking import (
    EDITABLE,
    Case,
    not_its_own,
    project_obstacles,
)
from lifecycle.changes.requests import demand_no_other, find_request, load_case, next_number
from lifecycle.changes.routing import OWN_REQUIREMENT, Decider, decision_of
from lifecycle.changes.terms import carried_over, demand_only_its_own
from lifecycle.changes.versions import current_version
from lifecycle.changes.wording import act_told, differences_told, summary
from lifecycle.command import Work, command
from lifecycle.filekinds import StoredFile
from lifecycle.judging import MOST_TEXT
from lifecycle.models import ChangeRequest, ChangeState
from lifecycle.record import ChangeKind, ProjectRecord
from lifecycle.records import load_record
from lifecycle.refusals import IllegalTransition, InvalidInput, Obstructed, OutOfDate
from lifecycle.roles import Permission, Role
from lifecycle.terms import Terms, from_plain, to_plain
from lifecycle.visibility import demand_acting_as, find_project


@dataclass(frozen=True, slots=True)
class Draft:
    """What is written in a request. ``text`` is the content of a change that touches no terms."""

    terms: Terms
    reason: str
    text: str = ""
    self_decided: bool = False
    files: Sequence[StoredFile] = ()


@command("change.draft", Permission.APPLY_CHANGE)
def draft(work: Work, number: str, kind: ChangeKind, wanted: Draft, today: date) -> int:
    """Begin a request for a change of the project of that number; return the request's id.

    Raises ``NotFound``, ``NotTheirs``, ``Obstructed`` (the project's stage, another request of this kind, not
    the unit's own to decide) and ``InvalidInput``.
    """
    project = find_project(work.session, work.actor, number)
    demand_acting_as(work.session, work.actor, project.id, Role.PI, Role.UNIT_MANAGER)
    record = load_record(work.session, project.id)
    obstacles = list(project_obstacles(record))
    if obstacles:
        raise Obstructed(obstacles)
    demand_no_other(work.session, project.id, kind)
    version = current_version(work, project.id, today)
    request = ChangeRequest(
        project_id=project.id,
        number=next_number(work.session, project.id),
        kind=kind,
        state=ChangeState.DRAFT,
        self_decided=_self_decided(record, kind, wanted.self_decided),
        reason="",
        terms=version.terms,
        base_version_id=version.id,
        reasons={},
        verdict=[],
        drafted_by_id=work.actor.user_id,
        drafted_on=today,
    )
    work.session.add(request)
    work.session.flush()
    case = load_case(work.session, request)
    _write(work, case, wanted)
    _record(work, case, "起草", wanted.files)
    return request.id


@command("change.save", Permission.APPLY_CHANGE)
def save(work: Work, request_id: int, revision: int, wanted: Draft) -> None:
    """Save what is written in a request that is a draft or was returned.

    Raises ``NotFound``, ``NotTheirs``, ``IllegalTransition``, ``OutOfDate``, ``Obstructed`` and
    ``InvalidInput``.
    """
    case = _editable(work, request_id)
    request = case.request
    if request.revision != revision:
        raise OutOfDate
    if case.is_stale:
        raise Obstructed(["起草之后任务书已有新的版本生效，请先把修改内容带到新版本。"])
    request.self_decided = _self_decided(case.record, request.kind, wanted.self_decided)
    _write(work, case, wanted)
    request.revision += 1
    _record(work, case, "修改", wanted.files)


@command("change.carry_over", Permission.APPLY_CHANGE)
def carry_over(work: Work, request_id: int, today: date) -> None:
    """Take what a request wants over to the version that came into force after it was drafted.

    Raises ``NotFound``, ``NotTheirs`` and ``IllegalTransition``.
    """
    case = _editable(work, request_id)
    request = case.request
    version = current_version(work, request.project_id, today)
    now = from_plain(Terms, version.terms)
    new = carried_over(request.kind, case.wanted, now)
    request.terms, request.base_version_id = to_plain(new), version.id
    request.revision += 1
    _summarise(request, now, new, request.after or "")
    _record(work, load_case(work.session, request), f"以任务书第 {version.number} 版为基础重新起草", ())


def _self_decided(record: ProjectRecord, kind: ChangeKind, wish: bool) -> bool:
    """Return whether the unit decides: as it wishes where the rules leave it the choice."""
    decider = decision_of(record, kind).decider
    if wish and decider is Decider.BUREAU:
        raise Obstructed([not_its_own(record, kind)])
    return wish if decider is Decider.EITHER else decider is Decider.UNIT


def _editable(work: Work, request_id: int) -> Case:
    request, project = find_request(work.session, work.actor, request_id)
    demand_acting_as(work.session, work.actor, project.id, Role.PI, Role.UNIT_MANAGER)
    if request.state not in EDITABLE:
        raise IllegalTransition(request.state, ChangeState.DRAFT)
    return load_case(work.session, request)


def _write(work: Work, case: Case, wanted: Draft) -> None:
    request = case.request
    reason, text = wanted.reason.strip(), wanted.text.strip()
    too_long = f"最多 {MOST_TEXT} 字。"
    errors = {name: too_long for name, one in (("reason", reason), ("text", text)) if len(one) > MOST_TEXT}
    if errors:
        raise InvalidInput(errors)
    demand_only_its_own(request.kind, case.now, wanted.terms)
    request.reason, request.terms = reason, to_plain(wanted.terms)
    _summarise(request, case.now, wanted.terms, text)
    if wanted.files:
        attach(work, request.project_id, "change", request.id, wanted.files)


def _summarise(request: ChangeRequest, now: Terms, new: Terms, text: str) -> None:
    if request.kind is ChangeKind.OTHER:
        request.before, request.after = None, text or None
    else:
        before, after = summary(now, new)
        request.before, request.after = before or None, after or None


def _record(work: Work, case: Case, act: str, files: Sequence[StoredFile]) -> None:
    details: dict[str, Any] = {"request": case.request.id, "changes": differences_told(case.now, case.wanted)}
    if files:
        details["files"] = names_and_digests(files)
    work.record(
        act_told(case.request, act),
        project_id=case.request.project_id,
        citation=decision_of(case.record, case.request.kind).citation or OWN_REQUIREMENT,
        details=details,
    )
