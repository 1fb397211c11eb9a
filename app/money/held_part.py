"""What holds the tranches of one project, in plain words for whoever sees its page.

Worked out from the record that the page has read already: it asks the database nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app.money.lifting import Lift, lift_of
from finance.checking import Candidate
from finance.held import holds_on
from finance.holds import ShownHold
from lifecycle.overview import Overview
from lifecycle.roles import Actor


@dataclass(frozen=True, slots=True)
class HeldHere:
    """One hold on a tranche of the project, with who can cure it."""

    hold: ShownHold
    lift: Lift | None


def held_here(overview: Overview, actor: Actor, today: date) -> Mapping[int, Sequence[HeldHere]]:
    """Return what is on the project's tranches today, by tranche."""
    record, tranches = overview.record, overview.project.tranches
    states = [one.state for one in tranches]
    found: dict[int, list[HeldHere]] = {}
    for place, one in enumerate(tranches):
        for hold in holds_on(Candidate(record, place, states), today):
            shown = ShownHold(hold.rule, hold.citation, hold.words, hold.since, None, None)
            lift = lift_of(shown.rule.kind, record, actor, today) if shown.rule else None
            found.setdefault(one.id, []).append(HeldHere(shown, lift))
    return found
