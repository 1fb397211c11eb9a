"""How tests ask the rulebook: does this rule stand against this record on this day?"""

from __future__ import annotations

from datetime import date

from lifecycle.record import ProjectRecord
from lifecycle.rulebook import rulebook

LATER = date(2099, 1, 1)
"""A day on which everything in a test's record has happened and every deadline has passed."""


def stands(record: ProjectRecord, rule: str, subject: str = "", *, on: date = LATER) -> bool:
    """Return whether the finding stands on a day."""
    return (rule, subject) in {(one.rule.id, one.subject) for one in rulebook().findings(record, on)}


def subjects(record: ProjectRecord, rule: str, *, on: date = LATER) -> list[str]:
    """Return the subjects of a rule's findings on a day."""
    return [one.subject for one in rulebook().findings(record, on) if one.rule.id == rule]
