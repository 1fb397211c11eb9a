"""The findings of a day out of the database: what the commands have kept, looked up, not judged again."""

from __future__ import annotations

from datetime import date
from functools import cache

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from lifecycle.columns import PROJECT
from lifecycle.models import KeptFinding
from lifecycle.rulebook import rulebook
from reports.ledger.check import FindingRow, in_order


def count_projects(session: Session, agency_id: int) -> int:
    """Return how many projects the agency has."""
    return session.scalar(select(func.count()).where(PROJECT.c.agency_id == agency_id)) or 0


def kept_findings(session: Session, agency_id: int, as_of: date) -> list[FindingRow]:
    """Return the agency's findings that stand on ``as_of``, as a check of its ledger gives them."""
    kept = KeptFinding
    query = (
        select(
            *(PROJECT.c.number, kept.rule, kept.subject, kept.message),
            *(kept.reason, kept.reason_since),
        )
        .join(PROJECT, PROJECT.c.id == kept.project_id)
        .where(
            kept.agency_id == agency_id, kept.since <= as_of, or_(kept.until.is_(None), kept.until > as_of)
        )
    )
    cited = cache(rulebook().rule)
    return in_order(
        {
            "project": project,
            "rule": rule,
            "subject": subject,
            "strength": cited(rule).strength.value,
            "document": cited(rule).document.cited_as,
            "article": cited(rule).article,
            "message": message,
            "reason": reason if reason_since is not None and reason_since <= as_of else None,
        }
        for project, rule, subject, message, reason, reason_since in session.execute(query)
    )
