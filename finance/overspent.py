"""Spending over the budget, of all projects of an agency: of single uses, and of a source as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, func, null, select
from sqlalchemy.orm import Session

from lifecycle.models import BudgetLine, Project, Spending
from lifecycle.money import Fen
from lifecycle.record import BudgetUse, Source
from lifecycle.roles import Actor
from lifecycle.visibility import visible


@dataclass(frozen=True, slots=True)
class Overspent:
    """One use of one source of one project, or the whole source, on which more was spent than budgeted."""

    project_number: str
    project_title: str
    lead_unit: str
    source: Source
    use: BudgetUse | None
    """``None``: all uses of the source together."""
    budget: Fen
    spent: Fen

    @property
    def over(self) -> Fen:
        """By how much."""
        return self.spent - self.budget


def list_overspent(session: Session, actor: Actor, today: date) -> list[Overspent]:
    """Return everything over its budget, the most first. A project without any budget is not asked."""
    rows = [*session.execute(_of_uses(actor, today)), *session.execute(_of_sources(actor, today))]
    found = [
        Overspent(number, title, unit, source, use, int(budget), int(spent))
        for number, title, unit, source, use, budget, spent in rows
    ]
    return sorted(found, key=lambda one: (-one.over, one.project_number, one.source, one.use or ""))


def over_keys(today: date) -> Select[*tuple[Any, ...]]:
    """Return the statement of project, source and use of everything over its budget."""
    spent = _spent(today, Spending.use).subquery()
    query: Select[*tuple[Any, ...]] = select(spent.c.project_id, spent.c.source, spent.c.use)
    return _beside_its_budget(query.select_from(spent), spent)


def _spent(today: date, *more: Any) -> Select[*tuple[Any, ...]]:
    by = (Spending.project_id, Spending.source, *more)
    query: Select[*tuple[Any, ...]] = select(*by, func.sum(Spending.amount_fen).label("fen"))
    return query.where(Spending.spent_on <= today).group_by(*by)


def _beside_its_budget(query: Select[Any], spent: Any) -> Select[Any]:
    line = and_(
        BudgetLine.project_id == spent.c.project_id,
        BudgetLine.source == spent.c.source,
        BudgetLine.use == spent.c.use,
    )
    query = query.outerjoin(BudgetLine, line)
    return query.where(spent.c.fen > func.coalesce(BudgetLine.amount_fen, 0), _is_budgeted(spent))


def _is_budgeted(spent: Any) -> Any:
    return spent.c.project_id.in_(select(BudgetLine.project_id))


def _of_uses(actor: Actor, today: date) -> Any:
    spent = _spent(today, Spending.use).subquery()
    budget = func.coalesce(BudgetLine.amount_fen, 0)
    query = select(
        *(Project.number, Project.title, Project.lead_unit),
        *(spent.c.source, spent.c.use, budget, spent.c.fen),
    ).select_from(spent)
    query = query.join(Project, Project.id == spent.c.project_id)
    return _beside_its_budget(query, spent).where(visible(actor))


def _of_sources(actor: Actor, today: date) -> Any:
    spent = _spent(today).subquery()
    by = (BudgetLine.project_id, BudgetLine.source)
    budget = select(*by, func.sum(BudgetLine.amount_fen).label("fen")).group_by(*by).subquery()
    line = and_(budget.c.project_id == spent.c.project_id, budget.c.source == spent.c.source)
    given = func.coalesce(budget.c.fen, 0)
    return (
        select(
            *(Project.number, Project.title, Project.lead_unit),
            *(spent.c.source, null(), given, spent.c.fen),
        )
        .select_from(spent)
        .join(Project, Project.id == spent.c.project_id)
        .outerjoin(budget, line)
        .where(visible(actor), spent.c.fen > given, _is_budgeted(spent))
    )
