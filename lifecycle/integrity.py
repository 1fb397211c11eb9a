"""Entries of research integrity: put forward by a handler, recorded or rejected by an approver.

The acts are those that EA 19 names, and the unit's own fault in a failure or termination (SPB 33).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from lifecycle.aftermath import next_integrity_number
from lifecycle.at_once import tell
from lifecycle.attachments import StoredFile, attach, names_and_digests
from lifecycle.command import Work, command
from lifecycle.judging import LEAST_REASON, MOST_TEXT
from lifecycle.models import (
    Acceptance,
    IntegrityAct,
    IntegrityEntry,
    IntegrityState,
    Project,
    TurnKind,
)
from lifecycle.record import Conclusion, ProjectRecord
from lifecycle.records import load_record
from lifecycle.refusals import InvalidInput, NotFound, Obstructed, SamePerson
from lifecycle.roles import Actor, Permission, Role
from lifecycle.rulebook import rulebook
from lifecycle.rules.filings import AfterConclusion, ConclusionFiling
from lifecycle.rules.time_limits import IntegrityWithin
from lifecycle.stages import advance
from lifecycle.turns import DutyOf, Waits, hand_on
from lifecycle.visibility import find_project, visible, visible_as

INTEGRITY_TRANSITIONS: Mapping[IntegrityState, frozenset[IntegrityState]] = {
    IntegrityState.PROPOSED: frozenset({IntegrityState.RECORDED, IntegrityState.REJECTED}),
    IntegrityState.RECORDED: frozenset(),
    IntegrityState.REJECTED: frozenset(),
}

OWN_WISH = "本局工作要求 科研诚信"
"""Cited where no article of the programme names the act."""

_ACTS_ARTICLE: Mapping[str, str] = {"ea-2024": "第十九条"}
"""Document → the article that names the acts."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What is put forward: about whom, which act, what happened and when."""

    about: str
    act: IntegrityAct
    facts: str
    happened_on: date | None


def citation_for(programme_name: str, signed_on: date | None, act: IntegrityAct) -> str:
    """Return the article that names the act for the project's programme, else the bureau's own wish."""
    programme = rulebook().programme(programme_name, signed_on)
    if act is IntegrityAct.OWN_FAULT:
        for rule in programme.rules:
            if isinstance(rule.kind, ConclusionFiling) and rule.kind.step is AfterConclusion.INTEGRITY:
                return rule.citation
        return OWN_WISH
    article = _ACTS_ARTICLE.get(programme.document.key)
    return f"{programme.document.cited_as} {article}" if article else OWN_WISH


def answerable(record: ProjectRecord) -> list[str]:
    """Return whom an entry can be about: the unit, the pi, units that take part."""
    names = [record.lead_unit, record.pi_name, *(one.name for one in record.partners)]
    return list(dict.fromkeys(names))


def find_entry(session: Session, actor: Actor, entry_id: int) -> tuple[IntegrityEntry, Project]:
    """Return an entry with its project. Raises ``NotFound``."""
    query = select(IntegrityEntry, Project).join(Project, Project.id == IntegrityEntry.project_id)
    row = session.execute(query.where(IntegrityEntry.id == entry_id, shown_to(actor))).one_or_none()
    if row is None:
        raise NotFound("这条科研诚信记录")
    return row[0], row[1]


def shown_to(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that an entry (joined with its project) is the actor's to see.

    Outside the bureau only the project's own unit and pi, and only once it is recorded.
    """
    if actor.sees_all_projects:
        return visible(actor)
    own = or_(visible_as(actor, Role.PI), visible_as(actor, Role.UNIT_MANAGER))
    return and_(own, IntegrityEntry.state == IntegrityState.RECORDED)


@command("integrity.propose", Permission.RECORD_INTEGRITY)
def propose_entry(work: Work, number: str, charge: Charge, files: Sequence[StoredFile], today: date) -> int:
    """Put forward an entry about somebody of the project of that number; return its id.

    Raises ``NotFound``, ``InvalidInput`` (by field) and ``Obstructed``.
    """
    project = find_project(work.session, work.actor, number)
    record = load_record(work.session, project.id)
    _demand_complete(record, charge, today)
    _demand_fitting(work, project.id, record, charge)
    entry = IntegrityEntry(
        project_id=project.id,
        number=next_integrity_number(work, project.id),
        state=IntegrityState.PROPOSED,
        about=charge.about,
        act=charge.act,
        citation=citation_for(record.programme, record.signed_on, charge.act),
        facts=charge.facts.strip(),
        happened_on=charge.happened_on,
        proposed_by_id=work.actor.user_id,
        proposed_on=today,
    )
    work.session.add(entry)
    work.session.flush()
    attach(work, project.id, "integrity", entry.id, files)
    duty = DutyOf(IntegrityWithin) if charge.act is IntegrityAct.OWN_FAULT else None
    waits = [Waits(Role.APPROVER, f"审批科研诚信记录：{charge.about}", duty=duty)]
    hand_on(work, project.id, TurnKind.INTEGRITY, entry.id, waits, today)
    work.record(
        f"提出科研诚信记录：{charge.about}，{charge.act}",
        project_id=project.id,
        citation=entry.citation,
        details={"integrity": entry.id, "note": entry.facts, "new": {"files": names_and_digests(files)}},
    )
    return entry.id


def _demand_complete(record: ProjectRecord, charge: Charge, today: date) -> None:
    errors = {}
    if charge.about not in answerable(record):
        errors["about"] = "请选择本项目的承担单位、项目负责人或参与单位。"
    if not LEAST_REASON <= len(charge.facts.strip()) <= MOST_TEXT:
        errors["facts"] = f"请写明事实，{LEAST_REASON} 至 {MOST_TEXT} 字。"
    if charge.happened_on is not None and charge.happened_on > today:
        errors["happened_on"] = "发生日期不能晚于今天。"
    if errors:
        raise InvalidInput(errors)


def _demand_fitting(work: Work, project_id: int, record: ProjectRecord, charge: Charge) -> None:
    acceptance = record.acceptance
    failed = acceptance and acceptance.conclusion in {Conclusion.FAILED, Conclusion.TERMINATED}
    if charge.act is IntegrityAct.OWN_FAULT and not (acceptance and failed and acceptance.own_fault):
        raise Obstructed(["项目没有因主观原因终止或未通过验收的结论，不能以此提出记录。"])
    same = select(IntegrityEntry.id).where(
        IntegrityEntry.project_id == project_id,
        IntegrityEntry.about == charge.about,
        IntegrityEntry.act == charge.act,
        IntegrityEntry.state == IntegrityState.PROPOSED,
    )
    if work.session.scalar(same.limit(1)) is not None:
        raise Obstructed(["同一对象、同一行为已有一条在等待审批，请先办结那一条。"])


@command("integrity.record", Permission.APPROVE_INTEGRITY)
def record_entry(work: Work, entry_id: int, today: date) -> None:
    """Record an entry that somebody else put forward; one of own fault settles what SPB 33 asks.

    Raises ``NotFound``, ``IllegalTransition`` and ``SamePerson``.
    """
    entry, project = _decide(work, entry_id, IntegrityState.RECORDED, today)
    if entry.act is IntegrityAct.OWN_FAULT:
        _note_on_acceptance(work, entry.project_id, today)
    _tell_proposer(work, entry, project, f"科研诚信记录已记录：{entry.about}", today)
    work.record(
        f"记录科研诚信：{entry.about}，{entry.act}",
        project_id=entry.project_id,
        citation=entry.citation,
        details={"integrity": entry.id, "note": entry.facts},
    )


def _note_on_acceptance(work: Work, project_id: int, today: date) -> None:
    row = work.session.scalar(select(Acceptance).where(Acceptance.project_id == project_id))
    if row is not None and row.integrity_on is None:
        row.integrity_on = today
        work.touch(project_id)


@command("integrity.reject", Permission.APPROVE_INTEGRITY)
def reject_entry(work: Work, entry_id: int, note: str, today: date) -> None:
    """Reject an entry that somebody else put forward, saying why.

    Raises ``NotFound``, ``IllegalTransition``, ``SamePerson`` and ``InvalidInput`` (``note``).
    """
    if not LEAST_REASON <= len(note.strip()) <= MOST_TEXT:
        raise InvalidInput({"note": f"请写明不予记录的理由，{LEAST_REASON} 至 {MOST_TEXT} 字。"})
    entry, project = _decide(work, entry_id, IntegrityState.REJECTED, today)
    entry.note = note.strip()
    _tell_proposer(work, entry, project, f"科研诚信记录不予记录：{entry.about}", today)
    work.record(
        f"不予记录科研诚信：{entry.about}，{entry.act}",
        project_id=entry.project_id,
        citation=entry.citation,
        details={"integrity": entry.id, "note": entry.note},
    )


def _decide(work: Work, entry_id: int, then: IntegrityState, today: date) -> tuple[IntegrityEntry, Project]:
    entry, project = find_entry(work.session, work.actor, entry_id)
    entry.state = advance(INTEGRITY_TRANSITIONS, entry.state, then)
    if work.actor.user_id is None or work.actor.user_id == entry.proposed_by_id:
        raise SamePerson("这条记录由您本人提出，须由其他人审批（本局不相容岗位分离要求）。")
    entry.decided_by_id, entry.decided_on = work.actor.user_id, today
    hand_on(work, entry.project_id, TurnKind.INTEGRITY, entry.id, [], today)
    return entry, project


def _tell_proposer(work: Work, entry: IntegrityEntry, project: Project, title: str, today: date) -> None:
    if entry.proposed_by_id is not None:
        tell(work, entry.proposed_by_id, project, title, today, path=f"/oversight/integrity/{entry.id}")
