"""One project that people work on, and what every area of their work needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.filekinds import PDF, StoredFile
from lifecycle.record import ProjectRecord
from lifecycle.roles import Actor, Role
from lifecycle.rulebook import rulebook
from tests.integration.accepting import Accepting
from tests.integration.paying import Bureau

Press = tuple[str, Callable[[], Any]]
"""What somebody may press, by its name."""

Presses = Mapping[str, Callable[[], Any]]

PAPER = (StoredFile("a" * 64, "材料.pdf", PDF.media_type, 9),)
EXCUSE = "市场行情变化，经集体研究，确需如此办理。"
WHY = "情况已经核实，请按要求办理。"
T = TypeVar("T")


@dataclass
class Place:
    """A project, its people and its record as it was last looked at."""

    bureau: Bureau
    experts: Accepting
    shuffle: Random
    number: str
    id: int
    record: ProjectRecord
    applies: bool = False
    """Whether its application for acceptance was begun."""
    concluded: date | None = None
    """The day on which its conclusion was entered."""
    entered: date = date.min
    """The day that was last entered with something."""

    @property
    def session(self) -> Session:
        """The session in which everything is pressed."""
        return self.bureau.session

    def actor(self, role: Role) -> Actor:
        """Return who holds a role."""
        return self.bureau.actor(role)

    def rows(self, kind: type[T], *where: Any) -> Sequence[T]:
        """Return rows as they stand, detached from any transaction."""
        query = select(kind).where(kind.project_id == self.id, *where)  # type: ignore[attr-defined]
        found = self.session.scalars(query.order_by(kind.id)).all()  # type: ignore[attr-defined]
        self.session.expunge_all()
        self.session.rollback()
        return found

    def when(self, day: date) -> date:
        """Return the day on which something happened that is entered on ``day``: often an earlier one."""
        self.entered = day - timedelta(self.shuffle.choice((0, 0, 1, 3, 9)))
        return self.entered

    @property
    def excuses(self) -> Mapping[str, str]:
        """A reason for every usual rule of the project's programme."""
        rules = rulebook().programme(self.record.programme, self.record.signed_on).rules
        return dict.fromkeys((rule.id for rule in rules), EXCUSE)

    def is_ending(self, day: date) -> bool:
        """Whether nobody begins anything any more that would hold up its acceptance."""
        return self.applies or self.record.concluded_on is not None or day > self.record.end


def choose(every: Presses, names: Sequence[str], *, wild: bool) -> list[Press]:
    """Return those of the presses that fit as things stand, or every one."""
    return [(name, every[name]) for name in (every if wild else names)]
