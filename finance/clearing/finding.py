"""A clearing as the database has it: found, its money added up, and what every act on it has in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Select, func, literal, select, union_all
from sqlalchemy.orm import Session

from finance.clearing.figures import ClearingState, Figures, Sums, figures_of, from_plain, state_of
from finance.lookups import person
from finance.models import ClearingReturn, DisallowedLine
from lifecycle.command import Work
from lifecycle.models import Acceptance, Clearing, Payment, Project, Spending, Tranche, TurnKind
from lifecycle.record import Source
from lifecycle.refusals import IllegalTransition, NotFound, SamePerson
from lifecycle.roles import Actor
from lifecycle.turns import Waits, hand_on
from lifecycle.visibility import visible

SUBJECT = "clearing"
"""What files of a clearing belong to."""

MOST_VOUCHER = 100
"""Characters of a voucher's number."""


class FoundClearing(NamedTuple):
    """A clearing with its project and what stands of it in 验收."""

    clearing: Clearing
    project: Project
    acceptance: Acceptance

    @property
    def state(self) -> ClearingState:
        """Where it stands."""
        return state_of(self.clearing.settled_on, self.clearing.confirmed_on, self.project.recovery_done)

    @property
    def settled(self) -> Figures:
        """The figures frozen at settlement; none before."""
        return from_plain(self.clearing.figures)


def find_clearing(session: Session, actor: Actor, clearing_id: int) -> FoundClearing:
    """Return the clearing of a project that the actor may see. Raises ``NotFound``."""
    query = (
        select(Clearing, Project, Acceptance)
        .join(Project, Project.id == Clearing.project_id)
        .join(Acceptance, Acceptance.project_id == Project.id)
    )
    row = session.execute(query.where(Clearing.id == clearing_id, visible(actor))).one_or_none()
    if row is None:
        raise NotFound("这项财务清算")
    return FoundClearing(*row)


def find_open(work: Work, clearing_id: int, wanted: ClearingState, act: str) -> FoundClearing:
    """Return a clearing that stands where an act wants it. Raises ``NotFound`` and ``IllegalTransition``."""
    found = find_clearing(work.session, work.actor, clearing_id)
    if found.state is not wanted:
        raise IllegalTransition(found.state, act)
    return found


def demand_other(work: Work, found: FoundClearing, act: str) -> None:
    """Demand that whoever acts has not settled it herself. Raises ``SamePerson``."""
    if person(work) == found.clearing.settled_by_id:
        kind = found.clearing.kind
        raise SamePerson(f"这项{kind}由您本人核定，须由其他人{act}（本局不相容岗位分离要求）。")


@dataclass(frozen=True, slots=True)
class MoneyOf:
    """A clearing's money by source as the tables have it on a day, in fen."""

    paid: Sums = field(default_factory=dict)
    spent: Sums = field(default_factory=dict)
    disallowed: Sums = field(default_factory=dict)
    returned: Sums = field(default_factory=dict)

    def figures(self, kept: Sums) -> Figures:
        """Return the figures with what is ``kept`` of each source."""
        return figures_of(self.paid, self.spent, self.disallowed, kept)


def money_of_clearing(session: Session, clearing: Clearing, today: date) -> MoneyOf:
    """Add up what was paid, spent, disallowed and returned by ``today``, by one statement.

    Not from the record: a project may have many thousand rows of spending.
    """
    project_id = clearing.project_id
    paid = _sums("paid", Tranche.source, Payment.amount_fen)
    paid = paid.join(Payment, Payment.tranche_id == Tranche.id)
    spent = _sums("spent", Spending.source, Spending.amount_fen)
    disallowed = _sums("disallowed", DisallowedLine.source, DisallowedLine.amount_fen)
    returned = _sums("returned", ClearingReturn.source, ClearingReturn.amount_fen)
    query = union_all(
        paid.where(Tranche.project_id == project_id, Payment.paid_on <= today),
        spent.where(Spending.project_id == project_id, Spending.spent_on <= today),
        disallowed.where(DisallowedLine.clearing_id == clearing.id),
        returned.where(ClearingReturn.clearing_id == clearing.id),
    )
    found: dict[str, dict[Source, int]] = {}
    for word, source, amount in session.execute(query):
        found.setdefault(word, {})[Source(source)] = int(amount)
    return MoneyOf(**found)


def _sums(word: str, source: Any, amount: Any) -> Select[*tuple[Any, ...]]:
    return select(literal(word), source, func.sum(amount)).group_by(source)


def hand_over(work: Work, found: FoundClearing, waits: Sequence[Waits], today: date) -> None:
    """Say for whom the clearing waits from now on."""
    work.session.flush()
    hand_on(work, found.project.id, TurnKind.CLEARING, found.clearing.id, waits, today)


def tell(work: Work, found: FoundClearing, summary: str, **details: object) -> None:
    """Say what happened, for the history; details without a value are left out."""
    work.record(
        summary,
        project_id=found.project.id,
        citation=found.clearing.citation,
        details={"clearing": found.clearing.id, **{key: value for key, value in details.items() if value}},
    )
