"""Leading a clearing by the commands people use."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from finance.clearing.disallowing import Disallowed, disallow
from finance.clearing.figures import ClearingState
from finance.clearing.finding import FoundClearing, find_clearing
from finance.clearing.returning import Part, record_return
from finance.clearing.settling import Settling, confirm_settlement, settle
from lifecycle.models import Clearing, Spending
from lifecycle.record import Source
from lifecycle.roles import Role
from tests.integration.accepting import DAY, FAILS, Accepting
from tests.integration.paying import WAN

DUE = DAY + timedelta(days=60)
MISUSED = "购置与项目无关的设备"


def begun(it: Accepting, way: str = "key", **more: Any) -> int:
    """Return the clearing of a project that failed."""
    it.concluded(way, proposal=FAILS, **more)
    return the_clearing(it).id


def the_clearing(it: Accepting) -> Clearing:
    """Return the one clearing there is, as it stands."""
    it.bureau.session.rollback()
    found = it.bureau.session.scalars(select(Clearing)).one()
    it.bureau.session.refresh(found)
    return found


def standing(it: Accepting) -> FoundClearing:
    """Return the clearing with what its page rests on."""
    return find_clearing(it.bureau.session, it.actor(Role.FINANCE), the_clearing(it).id)


def state(it: Accepting) -> ClearingState:
    """Return where the clearing stands."""
    return standing(it).state


def rows(it: Accepting) -> list[int]:
    """Return the ids of the project's spending, in the order entered."""
    it.bureau.session.rollback()
    found = list(it.bureau.session.scalars(select(Spending.id).order_by(Spending.position)))
    it.bureau.session.rollback()
    return found


def misuse(it: Accepting, clearing_id: int, amount: int | None = WAN) -> None:
    """Disallow a part of the first row of spending."""
    lines = {rows(it)[0]: Disallowed(amount, MISUSED)}
    disallow(it.bureau.session, it.actor(Role.FINANCE), clearing_id, lines, DAY)


def settled(it: Accepting, way: str = "key", **more: Any) -> int:
    """Return a clearing that finance has settled: of 10 万元 2 are left and 1 is disallowed."""
    clearing_id = begun(it, way, **more)
    misuse(it, clearing_id)
    settle(it.bureau.session, it.actor(Role.FINANCE), clearing_id, Settling(DUE), [], DAY)
    return clearing_id


def confirmed(it: Accepting, way: str = "key", **more: Any) -> int:
    """Return a clearing that has been confirmed: 3 万元 have to come back."""
    clearing_id = settled(it, way, **more)
    confirm_settlement(it.bureau.session, it.actor(Role.APPROVER), clearing_id, DAY)
    return clearing_id


def part(amount: int, voucher: str, source: Source = Source.DISTRICT, on: date = DAY) -> Part:
    """Return a part that came back."""
    return Part(source, amount, on, voucher)


def come_back(it: Accepting, clearing_id: int, amount: int, voucher: str, today: date = DAY) -> int:
    """Record a part that came back on ``today``; return its id."""
    finance = it.actor(Role.FINANCE)
    return record_return(it.bureau.session, finance, clearing_id, part(amount, voucher, on=today), [], today)
