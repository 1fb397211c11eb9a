"""What the page of one project shows: its record, its money, what stands of it, what it owes, its history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlalchemy import Select, and_, bindparam, func, select
from sqlalchemy.orm import Session

from lifecycle.desk import AHEAD, who_owes
from lifecycle.keeping import Kept
from lifecycle.listing import standing_findings
from lifecycle.models import Agency, AuditEntry, KeptDuty, KeptFinding, Project
from lifecycle.record import ProjectRecord
from lifecycle.refusals import NotFound
from lifecycle.roles import Actor, Role
from lifecycle.rulebook import Programme, rulebook
from lifecycle.rules.base import Rule, Strength
from lifecycle.sums import Money, money_of
from lifecycle.turn_duties import OUTSIDE, decision_rules, turn_rules
from lifecycle.turns import ProjectTurn, project_turns
from lifecycle.visibility import visible
from lifecycle.whole import WholeProject, load_wholes


@dataclass(frozen=True, slots=True)
class StandingFinding:
    """A finding that stands today; ``rule`` is ``None`` where the regulations no longer have it."""

    rule: Rule | None
    subject: str
    strength: Strength
    since: date
    message: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class KnownDuty:
    """A duty of the project, settled or not."""

    rule: Rule | None
    subject: str
    due: date
    done_on: date | None
    closed_on: date | None
    owner: Role
    who: str
    message: str
    user_id: int | None = None
    path: str | None = None
    is_turn: bool = False
    """Whether it is something that waits, which is listed as that too."""
    is_inside: bool = False
    """Whether it goes on within the bureau, or is an expert's."""
    asked_by: str | None = None
    speaks_of: str | None = None
    """What waits and of which it speaks (``Duty.speaks_of``)."""
    also: Role | None = None
    """The role that is told as well."""

    @property
    def citation(self) -> str:
        """What it rests on."""
        return self.rule.cited(self.asked_by) if self.rule else ""

    def may_be_known_to(self, actor: Actor) -> bool:
        """Whether it is the actor's to know of: what goes on within the bureau stays there."""
        hers = actor.user_id == self.user_id if self.user_id is not None else self.owner in actor.roles
        return not self.is_inside or actor.sees_all_projects or hers

    def is_open(self, day: date) -> bool:
        """Whether it is still owed on ``day``."""
        settled = [one for one in (self.done_on, self.closed_on) if one is not None]
        return not settled or min(settled) > day

    def is_urgent(self, day: date) -> bool:
        """Whether it belongs on a desk on ``day``: owed, and overdue or due soon."""
        return self.is_open(day) and self.due <= day + AHEAD


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything a project's page shows but its history."""

    project: WholeProject
    programme: Programme
    money: Money
    findings: Sequence[StandingFinding]
    duties: Sequence[KnownDuty]
    turns: Sequence[ProjectTurn]

    @property
    def record(self) -> ProjectRecord:
        """The project's record."""
        return self.project.record

    @property
    def held_rules(self) -> list[Rule]:
        """The rules that judge this project and of which no finding stands."""
        broken = {finding.rule.id for finding in self.findings if finding.rule}
        return [
            rule
            for rule in self.programme.rules
            if rule.judges and rule.id not in broken and rule.scope.covers(self.record)
        ]


_overviews: Kept[tuple[object, ...], Overview] = Kept()


def load_overview(session: Session, actor: Actor, number: str, today: date) -> Overview:
    """Return what the page of a project shows; kept until a command changes something in the agency.

    Raises ``NotFound`` where the actor may not see the project.
    """
    row = session.connection().execute(_seen_by(actor), {"number": number}).one_or_none()
    if row is None:
        raise NotFound(f"编号为“{number}”的项目")
    key = (str(session.get_bind().engine.url), row.id, today)
    return _overviews.get(key, row.revision, lambda: _load(session, row.id, today))


@lru_cache(maxsize=512)
def _seen_by(actor: Actor) -> Select[int, int]:
    """Return the statement that finds a project where the actor may see it, put together once for each."""
    query = select(Project.id, Agency.revision).join(Agency, Agency.id == Project.agency_id)
    return query.where(visible(actor), Project.number == bindparam("number"))


def _load(session: Session, project_id: int, today: date) -> Overview:
    (project,) = load_wholes(session, [project_id])
    record = project.record
    programme = rulebook().programme(record.programme, record.signed_on)
    rules = {rule.id: rule for rule in programme.rules}
    return Overview(
        project=project,
        programme=programme,
        money=money_of(record, today),
        findings=_findings(session, project.id, rules, today),
        duties=_duties(session, project, rules, today),
        turns=project_turns(session, project.id),
    )


def _findings(
    session: Session, project_id: int, rules: dict[str, Rule], today: date
) -> list[StandingFinding]:
    query = select(KeptFinding).where(KeptFinding.project_id == project_id, standing_findings(today))
    found = [
        StandingFinding(
            rule=rules.get(row.rule),
            subject=row.subject,
            strength=row.strength,
            since=row.since,
            message=row.message,
            reason=row.reason if row.reason_since is not None and row.reason_since <= today else None,
        )
        for row in session.scalars(query)
    ]
    order = list(rules)
    return sorted(
        found,
        key=lambda one: (
            one.strength is Strength.USUAL,
            one.reason is not None,
            order.index(one.rule.id) if one.rule else len(order),
            one.subject,
        ),
    )


def _duties(session: Session, project: WholeProject, rules: dict[str, Rule], today: date) -> list[KnownDuty]:
    record = project.record
    query = select(KeptDuty).where(KeptDuty.project_id == project.id, KeptDuty.since <= today)
    return [
        KnownDuty(
            rule=rules.get(row.rule),
            subject=row.subject,
            due=row.due,
            done_on=row.done_on,
            closed_on=row.closed_on,
            owner=row.owner,
            who=who_owes(row.owner, record.lead_unit, record.pi_name, record.joint_unit),
            message=row.message,
            user_id=row.user_id,
            path=row.path,
            asked_by=row.asked_by,
            is_turn=row.rule in turn_rules(),
            is_inside=row.rule in turn_rules() | decision_rules() and row.owner not in OUTSIDE,
            speaks_of=row.speaks_of,
            also=row.also,
        )
        for row in session.scalars(query.order_by(KeptDuty.due, KeptDuty.id))
    ]


@dataclass(frozen=True, slots=True)
class History:
    """One page of what was done to a project, the newest first."""

    entries: Sequence[AuditEntry]
    count: int
    number: int
    pages: int


WITHIN_THE_BUREAU = (
    *("inspection.record", "inspection.amend", "inspection.send_back", "inspection.escalate"),
    *("acceptance.name_panel", "acceptance.propose", "acceptance.reconsider"),
    *("acceptance.conference", "acceptance.government"),
    *("panel.replace_member", "review.submit", "review.recuse"),
    *("clearing.disallow", "clearing.allow"),
    *("notice.draw", "notice.void"),
)
"""Acts on what is not decided yet: no business of the project's people. Nor is any on integrity."""


def load_history(
    session: Session, project_id: int, page: int, per_page: int, *, outside: bool = False
) -> History:
    """Return a page of a project's history; a page beyond the last gives the last.

    ``outside`` leaves out what stays within the bureau.
    """
    of_project = AuditEntry.project_id == project_id
    if outside:
        within = AuditEntry.action.in_(WITHIN_THE_BUREAU) | AuditEntry.action.startswith("integrity.")
        of_project = and_(of_project, ~within)
    count = session.scalar(select(func.count()).select_from(AuditEntry).where(of_project)) or 0
    pages = max(1, -(-count // per_page))
    number = min(max(1, page), pages)
    query = select(AuditEntry).where(of_project).order_by(AuditEntry.serial.desc())
    entries = session.scalars(query.limit(per_page).offset((number - 1) * per_page)).all()
    return History(entries, count, number, pages)
