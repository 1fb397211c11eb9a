"""What a record knows of what waits for somebody, which no ledger does: turns, and money on its way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from lifecycle.money import Fen
from lifecycle.roles import Role


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits, or waited, for a role or one person."""

    id: int
    role: Role
    user_id: int | None
    words: str
    since: date
    due: date | None
    """The day that was named for it; ``None``: as many days as the agency gives."""
    done_on: date | None
    ends_with_project: bool
    """Whether it is nobody's to do any more once the project has its conclusion."""
    path: str
    """The page on which it goes on."""
    also: Role | None = None
    """The role that may do it just as well: either of them does it once."""
    duty: str | None = None
    """The duty that speaks of this very work while it is owed (``duty_key``)."""


def duty_key(kind: str, subject: str) -> str:
    """Return how what waits names the duty that speaks of it: by the kind of its rule, and its subject."""
    return f"{kind}/{subject}"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A payment of public money that was booked in Keguan, and when the unit said that it had arrived."""

    tranche_id: int
    what: str
    """Source and number of the tranche."""
    paid: Fen
    paid_on: date
    received_on: date | None
    path: str
    """The page on which its arrival is confirmed."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal to pay a tranche, whatever became of it, and when it was decided or taken back."""

    id: int
    what: str
    """The tranche's name."""
    amount: Fen
    proposed_on: date
    proposed_by_id: int
    decided_on: date | None
    path: str
    """The page on which it is decided."""


@dataclass(frozen=True, slots=True)
class Held:
    """A rule that keeps, or kept, a tranche of public money back, and the first day without it."""

    what: str
    """The tranche's name."""
    until: date | None
    """``None`` while it holds."""
    words: str = ""
    """What the rule found, with its figures."""
    citation: str = ""
    waits: bool = True
    """Whether it waits for others, and is nothing for the bureau to put right."""
