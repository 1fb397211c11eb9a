"""Finding the versions of a task agreement, and how their states go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from lifecycle.agreement_terms import PARTY_ORDER, parties_of
from lifecycle.models import AgreementState, AgreementVersion, Project, Signature
from lifecycle.record import ProjectRecord, Signatory
from lifecycle.refusals import NotFound
from lifecycle.roles import Actor, Role
from lifecycle.terms import Terms, applied, from_plain
from lifecycle.visibility import visible

AGREEMENT_TRANSITIONS: Mapping[AgreementState, frozenset[AgreementState]] = {
    AgreementState.DRAFT: frozenset({AgreementState.AWAITING}),
    AgreementState.AWAITING: frozenset({AgreementState.DRAFT, AgreementState.IN_FORCE}),
    AgreementState.IN_FORCE: frozenset({AgreementState.SUPERSEDED}),
    AgreementState.SUPERSEDED: frozenset(),
}

SIGNERS: Mapping[Signatory, tuple[Role, ...]] = {
    Signatory.MUNICIPAL: (Role.HANDLER,),
    Signatory.DISTRICT: (Role.HANDLER,),
    Signatory.UNIT: (Role.HANDLER, Role.UNIT_MANAGER),
    Signatory.JOINT_UNIT: (Role.HANDLER, Role.JOINT_UNIT),
}
"""Party → in which roles her signature may be recorded; the last one is whose turn it is."""


def find_version(session: Session, actor: Actor, version_id: int) -> tuple[AgreementVersion, Project]:
    """Return a version with its project. Raises ``NotFound`` where the actor may not see the project."""
    query = (
        select(AgreementVersion, Project)
        .join(Project, Project.id == AgreementVersion.project_id)
        .where(visible(actor), AgreementVersion.id == version_id)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound("这一版任务书")
    return row.AgreementVersion, row.Project


def versions_of(session: Session, project_id: int) -> Sequence[AgreementVersion]:
    """Return every version of a project's agreement, the newest first, with their signatures."""
    query = (
        select(AgreementVersion)
        .where(AgreementVersion.project_id == project_id)
        .options(selectinload(AgreementVersion.signatures))
        .order_by(AgreementVersion.number.desc())
    )
    return session.scalars(query).all()


def version_in_force(session: Session, project_id: int) -> AgreementVersion | None:
    """Return the version in force, where there is one."""
    return session.scalar(
        select(AgreementVersion).where(
            AgreementVersion.project_id == project_id, AgreementVersion.state == AgreementState.IN_FORCE
        )
    )


def next_number(session: Session, project_id: int) -> int:
    """Return the number of a project's next version."""
    last = select(func.max(AgreementVersion.number)).where(AgreementVersion.project_id == project_id)
    return (session.scalar(last) or 0) + 1


def terms_in_version(version: AgreementVersion) -> Terms:
    """Return what a version lays down."""
    return from_plain(Terms, version.terms)


def parties_to(record: ProjectRecord, terms: Terms) -> tuple[Signatory, ...]:
    """Return who signs these terms for the project of that record."""
    return parties_of(applied(record, terms))


def missing_parties(parties: Sequence[Signatory], signatures: Sequence[Signature]) -> tuple[Signatory, ...]:
    """Return who has not signed yet, in the order of the paper."""
    signed = {one.party for one in signatures}
    return tuple(party for party in sorted(parties, key=PARTY_ORDER.index) if party not in signed)
