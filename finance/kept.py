"""A verdict as a proposal keeps it: what was asked on that day, for whoever looks into it later."""

from __future__ import annotations

from typing import Any

from finance.models import Proposal
from lifecycle.rulebook import rulebook
from lifecycle.rules.verdict import Line, Mark, Verdict


def to_keep(verdict: Verdict) -> list[dict[str, Any]]:
    """Return a verdict in plain values."""
    return [
        {
            "rule": line.rule.id,
            "citation": line.rule.citation,
            "strength": line.rule.strength.value,
            "subject": line.subject,
            "mark": line.mark.value,
            "text": line.text,
            "reason": line.reason,
        }
        for line in verdict.lines
    ]


def verdict_kept(proposal: Proposal) -> Verdict:
    """Return the verdict a proposal was made on; a rule that no regulation has any more is left out."""
    book = rulebook()
    found = ((book.find(one["rule"]), one) for one in proposal.verdict)
    return Verdict(
        tuple(
            Line(rule, one["subject"], Mark(one["mark"]), one["text"], one["reason"])
            for rule, one in found
            if rule is not None
        )
    )
