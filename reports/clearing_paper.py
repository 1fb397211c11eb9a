"""The clearing sheet (清算表) as a Word file."""

from __future__ import annotations

from typing import Any

from reports.clearing_told import ClearingTold
from reports.papers.rendering import render


def clearing_paper(told: ClearingTold) -> bytes:
    """Return the paper of a clearing or of a surplus."""
    figures = told.figures
    names = ("agency", "number", "title", "programme", "lead_unit", "pi_name", "citation", "note")
    facts: dict[str, Any] = {name: getattr(told, name) for name in names}
    days = (
        "conclusion",
        "concluded_on",
        "due_on",
        "settled_by",
        "settled_on",
        "confirmed_by",
        "confirmed_on",
    )
    facts |= {name: getattr(told, name) for name in days}
    sums = ("paid", "spent", "left", "kept", "disallowed", "to_return")
    facts |= {name: getattr(figures, name) for name in sums}
    return render(
        "clearing",
        {
            **facts,
            "mark": told.mark,
            "heading": told.heading,
            "returned": told.back,
            "owed": figures.to_return - told.back,
            "sources": [_source(told, place) for place in range(len(figures.sources))],
            "lines": [
                {
                    "source": one.source,
                    "on": one.on,
                    "use": one.use,
                    "voucher": one.voucher,
                    "amount": one.amount,
                    "reason": one.reason,
                }
                for one in told.lines
            ],
            "returns": [
                {
                    "source": one.source,
                    "on": one.on,
                    "voucher": one.voucher,
                    "amount": one.amount,
                    "note": one.note,
                }
                for one in told.returns
            ],
        },
    )


def _source(told: ClearingTold, place: int) -> dict[str, Any]:
    one = told.figures.sources[place]
    returned = told.returned.get(one.source, 0)
    return {
        "source": one.source,
        "paid": one.paid,
        "spent": one.spent,
        "left": one.left,
        "disallowed": one.disallowed,
        "to_return": one.to_return,
        "returned": returned,
        "owed": one.to_return - returned,
    }
