"""Who may sit on a panel, and what the rules say of her having a part in the project (SPB 7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.command import Work
from lifecycle.judging import judge_act
from lifecycle.models import AgreementState, AgreementVersion, Membership, User
from lifecycle.record import NamedExpert, ProjectRecord
from lifecycle.records import load_record
from lifecycle.refusals import VerdictRefused
from lifecycle.roles import Role
from lifecycle.rules.base import Act
from lifecycle.rules.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be named: an active account with the role of an expert, and the units she is of."""

    user_id: int
    name: str
    email: str | None
    units: frozenset[str]

    @property
    def as_named(self) -> NamedExpert:
        """The same person as the rules ask about her."""
        return NamedExpert(self.name, self.email, self.units)


def candidates(session: Session, agency_id: int) -> dict[int, Candidate]:
    """Return the agency's experts by account, in the order of their names.

    Every unit that she is of in the agency counts, in whatever role.
    """
    query = (
        select(User.id, User.name, User.email, Membership.role, Membership.unit)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.agency_id == agency_id, User.is_active)
        .order_by(User.name, User.id)
    )
    people: dict[int, tuple[str, str | None]] = {}
    units: dict[int, set[str]] = {}
    experts: set[int] = set()
    for user_id, name, email, role, unit in session.execute(query):
        people[user_id] = name, email
        units.setdefault(user_id, set()).update({unit} - {""})
        if role is Role.EXPERT:
            experts.add(user_id)
    return {id_: Candidate(id_, *people[id_], frozenset(units[id_])) for id_ in people if id_ in experts}


def impartial(
    session: Session, project_id: int, record: ProjectRecord, experts: Iterable[Candidate], today: date
) -> Verdict:
    """Return how the rules about experts stand, were these named (SPB 7, or the bureau's own requirement)."""
    would_be = replace(
        record,
        members=people_agreed(session, project_id),
        experts=tuple(one.as_named for one in experts),
    )
    return judge_act(would_be, Act.REVIEW, today)


def people_agreed(session: Session, project_id: int) -> tuple[str, ...]:
    """Return the names of the project's people, as the agreement in force lists them."""
    terms = session.scalar(
        select(AgreementVersion.terms).where(
            AgreementVersion.project_id == project_id, AgreementVersion.state == AgreementState.IN_FORCE
        )
    )
    return tuple(one["name"] for one in (terms or {}).get("members", ()))


def demand_impartial(work: Work, project_id: int, experts: Iterable[Candidate], today: date) -> str:
    """Demand that none of them has a part in the project; return the article. Raises ``VerdictRefused``."""
    record = load_record(work.session, project_id)
    verdict = impartial(work.session, project_id, record, experts, today)
    if verdict.refused:
        raise VerdictRefused(verdict)
    return next((line.rule.citation for line in verdict.lines), "")
