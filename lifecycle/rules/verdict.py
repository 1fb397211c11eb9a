"""The verdict on an act: every rule asked before a button is pressed, held or not, with its figures."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lifecycle.rules.base import Rule, Strength


class Mark(StrEnum):
    """How a rule stands."""

    NOT_HELD = "not_held"
    UNKNOWN = "unknown"
    REASON_GIVEN = "reason_given"
    HELD = "held"


_WORST_FIRST = {mark: place for place, mark in enumerate(Mark)}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a checklist."""

    rule: Rule
    subject: str
    mark: Mark
    text: str
    """What was asked and found, with the figures."""
    reason: str | None = None
    """The written reason for going on, where the mark is REASON_GIVEN."""

    @property
    def rank(self) -> tuple[int, bool, str, str]:
        """The place in a checklist: worst first, must before usual."""
        return _WORST_FIRST[self.mark], self.rule.strength is Strength.USUAL, self.rule.id, self.subject


@dataclass(frozen=True, slots=True)
class Verdict:
    """All lines of a checklist, worst first."""

    lines: tuple[Line, ...]

    def _not_held(self, strength: Strength) -> tuple[Line, ...]:
        return tuple(
            line for line in self.lines if line.mark is Mark.NOT_HELD and line.rule.strength is strength
        )

    @property
    def refusals(self) -> tuple[Line, ...]:
        """The lines for which the act is refused."""
        return self._not_held(Strength.MUST)

    @property
    def refused(self) -> bool:
        """Whether a rule that must be held is not."""
        return bool(self.refusals)

    @property
    def needs_reason(self) -> tuple[Line, ...]:
        """The usual rules not held, for which a written reason would let staff go on."""
        return self._not_held(Strength.USUAL)
