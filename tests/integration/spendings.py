"""Who and what the tests of spending and of money that arrives are about."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.attachments import StoredFile
from lifecycle.models import Spending as SpendingRow
from lifecycle.record import (
    Acceptance,
    BudgetLine,
    BudgetUse,
    Conclusion,
    Source,
    Spending,
    Tranche,
)
from lifecycle.roles import Actor, Role
from tests.integration.paying import Bureau

TODAY = date(2026, 6, 30)
WAN = 1_000_000
NUMBER = "沙-1"
PAID = Tranche(1, Source.DISTRICT, 7 * WAN, date(2026, 2, 10), 7 * WAN, date(2026, 2, 9))
LATER = Tranche(2, Source.DISTRICT, 3 * WAN, date(2027, 2, 10), 0, None)
JOINT = Tranche(1, Source.JOINT, 5 * WAN, date(2026, 5, 1), 0, None)
OWN = Tranche(1, Source.OWN, 4 * WAN, date(2026, 5, 1), 0, None)
BUDGET = (
    BudgetLine(Source.DISTRICT, BudgetUse.EQUIPMENT, 6 * WAN),
    BudgetLine(Source.OWN, BudgetUse.LABOUR, 4 * WAN),
)
ROW = Spending(date(2026, 3, 1), Source.DISTRICT, BudgetUse.EQUIPMENT, 123_45, "记-1", "试剂")
CONCLUDED = date(2026, 6, 1)


def store(bureau: Bureau, **fields: Any) -> int:
    """Store a project with money of every kind, a budget, and a joint unit; return its id."""
    usual: dict[str, Any] = {
        "tranches": (PAID, LATER, JOINT, OWN),
        "budget": BUDGET,
        "joint": 5 * WAN,
        "own": 4 * WAN,
        "joint_unit": "沙坪坝区人民医院",
    }
    return bureau.project(NUMBER, **(usual | fields))


def concluded(conclusion: Conclusion, **more: Any) -> Acceptance:
    """Return an acceptance that has ended so."""
    blank = Acceptance(*[None] * 3, False, None, None, conclusion, CONCLUDED, False, *[None] * 4, 0, 0, None)
    return replace(blank, **more)


def pi(bureau: Bureau) -> Actor:
    """Return the project's pi."""
    return bureau.actor(Role.PI)


def unit(bureau: Bureau) -> Actor:
    """Return who answers for the lead unit."""
    return bureau.actor(Role.UNIT_MANAGER)


def other_pi(bureau: Bureau) -> Actor:
    """Return a pi who sees the project only as the joint unit's."""
    joint = bureau.actor(Role.JOINT_UNIT)
    return replace(joint, roles=frozenset({Role.PI, Role.JOINT_UNIT}), email="x@x.test")


def rows_of(session: Session, project_id: int) -> list[SpendingRow]:
    """Return the rows of a project's spending in their order."""
    session.rollback()
    query = select(SpendingRow).where(SpendingRow.project_id == project_id).order_by(SpendingRow.position)
    return list(session.scalars(query))


def a_file(name: str = "支出.xlsx", content: str = "a") -> StoredFile:
    """Return a file as the store would have kept it."""
    return StoredFile(
        content * 64, name, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", 9
    )
