"""Whether what the clock says reaches people: letters that wait too long, duties nobody could be told of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from lifecycle.calendar import SHANGHAI
from lifecycle.outbox import Queue, overdue
from lifecycle.unheard import count_unheard

LATE = timedelta(hours=1)
"""A letter that has waited so long without being tried is no longer merely next in the queue."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What does not get through."""

    mail: Queue
    robots: Queue
    unheard: int
    """Open duties whose newest reminder reached nobody."""

    @property
    def is_whole(self) -> bool:
        """Whether everything gets through, as far as is known."""
        return not (self.mail.count or self.robots.count or self.unheard)


def reach(session: Session, agency_id: int | None, now: datetime) -> Reach:
    """Return what does not get through of an agency (``None``: of all), by two statements."""
    late = overdue(session, agency_id, now - LATE)
    unheard = count_unheard(session, agency_id, now.astimezone(SHANGHAI).date())
    return Reach(late.mail, late.robots, unheard)
