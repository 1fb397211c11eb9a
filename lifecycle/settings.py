"""What an agency has set for itself: the steps of the clock, days off, its own requirements' parameters.

What is not set is as Keguan has it. Settings are read once for a transaction; ``fingerprint`` tells whether
what is kept of duties was worked out by the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.calendar import WorkingDays, calendar_digest
from lifecycle.models import AgencySetting, CalendarDay
from lifecycle.reminding import USUAL, Clockwork
from lifecycle.roles import Role
from lifecycle.rulebook import Rulebook, rulebook_digest, rulebook_of

STEPS = "steps"
"""Key of the steps: ``{"before": [30, …, 0], "every": 7, "escalation": {"unit_manager": 7, …}}``."""

LOCAL = "local"
"""Key of the parameters of the agency's own requirements: rule → parameter → number."""

YEARS = "years"
"""Key of the years of which the agency has loaded the whole notice about days off."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an agency has set that findings, duties and reminders depend on."""

    clockwork: Clockwork = USUAL
    local: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def rulebook(self) -> Rulebook:
        """The rulebook with the agency's own requirements as it has set them."""
        return rulebook_of(self.local)

    @property
    def fingerprint(self) -> str:
        """What tells these settings, the rule files, the steps and the known days off from any others."""
        clockwork = self.clockwork
        told = [
            rulebook_digest(),
            json.dumps(self.local, sort_keys=True),
            *(steps_to_plain(clockwork), clockwork.digest),
            *(calendar_digest(), sorted(clockwork.days.complete)),
            sorted((day.isoformat(), working) for day, working in clockwork.days.loaded.items()),
        ]
        return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def settings_of(session: Session, agency_id: int) -> Settings:
    """Return what the agency has set, by two statements."""
    query = select(AgencySetting.key, AgencySetting.value).where(AgencySetting.agency_id == agency_id)
    known: dict[str, Any] = {row.key: row.value for row in session.execute(query)}
    loaded = select(CalendarDay.day, CalendarDay.working).where(CalendarDay.agency_id == agency_id)
    days: dict[date, bool] = {row.day: row.working for row in session.execute(loaded)}
    if not known and not days:
        return UNSET
    steps = steps_of(known[STEPS]) if STEPS in known else USUAL
    calendar = WorkingDays(days, frozenset(known.get(YEARS, ()))) if days else USUAL.days
    clockwork = Clockwork(steps.before, steps.every, steps.escalation, calendar)
    return Settings(clockwork, known.get(LOCAL, {}))


def steps_to_plain(clockwork: Clockwork) -> dict[str, Any]:
    """Return the steps as JSON keeps them."""
    escalation = {role.value: days for role, days in clockwork.escalation.items()}
    return {"before": list(clockwork.before), "every": clockwork.every, "escalation": escalation}


def steps_of(plain: Mapping[str, Any]) -> Clockwork:
    """Return the steps that were kept."""
    escalation = MappingProxyType({Role(role): days for role, days in plain["escalation"].items()})
    return Clockwork(tuple(plain["before"]), plain["every"], escalation)


UNSET = Settings()
"""What holds where nothing is set."""
