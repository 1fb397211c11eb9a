"""How a version of a task agreement comes into force, and what the project's record then says."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date

from sqlalchemy import Column, select
from sqlalchemy.orm import Session

from lifecycle.agreement_terms import PARTY_ORDER, signed_record, terms_obstacles
from lifecycle.agreement_versions import (
    AGREEMENT_TRANSITIONS,
    next_number,
    terms_in_version,
    version_in_force,
)
from lifecycle.columns import PAYMENT, TRANCHE
from lifecycle.command import Work
from lifecycle.lasting import tranche_key, tranche_rows
from lifecycle.matching import match
from lifecycle.models import AgreementState, AgreementVersion, Project
from lifecycle.models.base import Base
from lifecycle.record import ProjectRecord, Signatory, Tranche
from lifecycle.refusals import Obstructed
from lifecycle.stages import STAGE_TRANSITIONS, Stage, advance
from lifecycle.storing import Known, change_projects
from lifecycle.terms import Terms, terms_of, to_plain
from lifecycle.unit_books import pass_on_books
from lifecycle.whole import load_wholes


def add_version(
    work: Work, project_id: int, terms: Terms, today: date, *, change_number: int | None = None
) -> AgreementVersion:
    """Add a version that is ready to come into force, as a change makes it."""
    version = AgreementVersion(
        project_id=project_id,
        number=next_number(work.session, project_id),
        state=AgreementState.AWAITING,
        terms=to_plain(terms),
        drafted_by_id=work.actor.user_id,
        drafted_on=today,
        finalised_by_id=work.actor.user_id,
        finalised_on=today,
        reasons={},
        verdict=[],
        change_number=change_number,
    )
    work.session.add(version)
    work.session.flush()
    return version


def baseline_version(work: Work, project_id: int, today: date) -> AgreementVersion:
    """Return the version in force; for a project that came signed with a ledger it is made of its record.

    Raises ``Obstructed`` where nothing is signed.
    """
    found = version_in_force(work.session, project_id)
    if found is not None:
        return found
    (project,) = load_wholes(work.session, [project_id])
    record = project.record
    if record.signed_on is None:
        raise Obstructed(["任务书尚未签订，请先签订任务书。"])
    version = AgreementVersion(
        project_id=project_id,
        number=next_number(work.session, project_id),
        state=AgreementState.IN_FORCE,
        terms=to_plain(terms_of(record)),
        drafted_on=today,
        reasons={},
        verdict=[],
        in_force_on=record.signed_on,
    )
    work.session.add(version)
    work.session.flush()
    return version


def put_in_force(work: Work, project_id: int, version: AgreementVersion, today: date) -> None:
    """Put a version that awaits it into force: the one before is superseded, the record says what it says.

    The first version is in force on the day of its last signature, a later one ``today``. Raises
    ``Obstructed`` where a tranche in process or paid would be undone, and ``IllegalTransition``.
    """
    session = work.session
    session.flush()
    (project,) = load_wholes(session, [project_id])
    terms = terms_in_version(version)
    obstacles = terms_obstacles(project.tranches, terms)
    if obstacles:
        raise Obstructed(obstacles)
    is_first = project.record.signed_on is None
    day = max((one.signed_on for one in version.signatures), default=today) if is_first else today
    new = signed_record(project.record, terms, day)
    if is_first:
        advance(STAGE_TRANSITIONS, project.stage, Stage.UNDER_WAY)
        new = replace(new, signatories=_signatories(version))
    _supersede(session, project_id, day)
    version.state = advance(AGREEMENT_TRANSITIONS, version.state, AgreementState.IN_FORCE)
    version.in_force_on = day
    new = replace(new, tranches=(*new.tranches, *_kept(session, project_id, new)))
    session.flush()
    change_projects(session, [Known(project_id, project.record, new)])
    session.expire(session.get_one(Project, project_id))
    work.touch(project_id)
    pass_on_books(work)


def _signatories(version: AgreementVersion) -> tuple[Signatory, ...]:
    return tuple(sorted((one.party for one in version.signatures), key=PARTY_ORDER.index))


def _supersede(session: Session, project_id: int, day: date) -> None:
    old = version_in_force(session, project_id)
    if old is not None:
        old.state = advance(AGREEMENT_TRANSITIONS, old.state, AgreementState.SUPERSEDED)
        old.superseded_on = day
        session.flush()  # only one may be in force at a time, also while this goes on


def _kept(session: Session, project_id: int, new: ProjectRecord) -> Iterator[Tranche]:
    """Yield the tranches that are planned no more but whose row must stay: a past proposal points to it."""
    rows = tranche_rows(session, [project_id]).get(project_id, [])
    found = match([row.tranche for row in rows], new.tranches, tranche_key)
    left_out = {row.id: row.tranche for row, place in zip(rows, found, strict=True) if place is None}
    for id_ in sorted(_pointed_at(session, left_out)):
        yield replace(left_out[id_], planned=0, planned_on=None)


def _pointed_at(session: Session, ids: Collection[int]) -> set[int]:
    """Return those of the tranches to which a row of any table points, payments apart."""
    found: set[int] = set()
    for column in _pointers():
        found.update(session.scalars(select(column).where(column.in_(ids))))
    return found


def _pointers() -> list[Column[int]]:
    return [
        key.parent
        for table in Base.metadata.tables.values()
        if table is not PAYMENT
        for key in table.foreign_keys
        if key.column is TRANCHE.c.id
    ]
