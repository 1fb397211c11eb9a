"""Spending over the budget, of all projects of an agency: what the bureau looks at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from lifecycle.models import BudgetLine, Project, Spending
from lifecycle.money import Fen
from lifecycle.record import BudgetUse, Source
from lifecycle.roles import Actor
from lifecycle.visibility import visible


@dataclass(frozen=True, slots=True)
class Overspent:
    """One use of one source of one project on which more was spent than budgeted."""

    project_number: str
    project_title: str
    lead_unit: str
    source: Source
    use: BudgetUse
    budget: Fen
    spent: Fen

    @property
    def over(self) -> Fen:
        """By how much."""
        return self.spent - self.budget


def list_overspent(session: Session, actor: Actor, today: date) -> list[Overspent]:
    """Return everything over its budget, the most first. A project without any budget is not asked."""
    spent = (
        select(Spending.project_id, Spending.source, Spending.use, func.sum(Spending.amount_fen).label("fen"))
        .where(Spending.spent_on <= today)
        .group_by(Spending.project_id, Spending.source, Spending.use)
        .subquery()
    )
    line = and_(
        BudgetLine.project_id == spent.c.project_id,
        BudgetLine.source == spent.c.source,
        BudgetLine.use == spent.c.use,
    )
    budget = func.coalesce(BudgetLine.amount_fen, 0)
    budgeted = select(BudgetLine.project_id)
    query = (
        select(
            *(Project.number, Project.title, Project.lead_unit),
            *(spent.c.source, spent.c.use, budget, spent.c.fen),
        )
        .join(Project, Project.id == spent.c.project_id)
        .outerjoin(BudgetLine, line)
        .where(visible(actor), spent.c.fen > budget, Project.id.in_(budgeted))
        .order_by((spent.c.fen - budget).desc(), Project.number)
    )
    return [
        Overspent(number, title, unit, source, use, int(given), int(fen))
        for number, title, unit, source, use, given, fen in session.execute(query)
    ]
