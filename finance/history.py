"""The history of acts on many projects at once: one entry for the act, and one in each project's history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from finance.models import BatchLine
from lifecycle.command import Work
from lifecycle.models import AuditEntry


class Told(NamedTuple):
    """What a project's history says of one line."""

    line: BatchLine
    summary: str
    details: Mapping[str, str]


def record_each(work: Work, told: Iterable[Told]) -> None:
    """Add entries of the same act to the histories of the lines' projects, citing each line's basis."""
    entry = work.entry
    work.more.extend(
        AuditEntry(
            agency_id=entry.agency_id,
            user_id=entry.user_id,
            actor_name=entry.actor_name,
            at=entry.at,
            action=entry.action,
            project_id=line.project_id,
            project_number=line.project_number,
            summary=summary,
            citation=line.basis,
            details={"tranche": line.tranche_id, "amount_fen": line.amount_fen, **details},
        )
        for line, summary, details in told
    )
