"""The findings of a day out of the database: what the commands have kept, looked up, not judged again."""

from __future__ import annotations

from datetime import date
from functools import cache
from operator import itemgetter

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from lifecycle.columns import PROJECT
from lifecycle.models import KeptFinding
from lifecycle.rulebook import rulebook
from reports.ledger.check import FindingRow


def count_projects(session: Session, agency_id: int) -> int:
    """Return how many projects the agency has."""
    return session.scalar(select(func.count()).where(PROJECT.c.agency_id == agency_id)) or 0


def kept_findings(session: Session, agency_id: int, as_of: date) -> list[FindingRow]:
    """Return the agency's findings that stand on ``as_of``, as a check of its ledger gives them."""
    kept = KeptFinding
    reason = case((kept.reason_since <= as_of, kept.reason))
    query = (
        select(PROJECT.c.number, kept.rule, kept.subject, kept.message, reason)
        .join(PROJECT, PROJECT.c.id == kept.project_id)
        .where(kept.agency_id == agency_id, kept.since <= as_of)
        .where(or_(kept.until.is_(None), kept.until > as_of))
    )
    cite = cache(_citation)
    found = session.execute(query).all()
    rows: list[FindingRow] = []
    # Sorted here because databases differ in how they order text; on one day no two are alike in all three.
    for project, rule, subject, message, told in sorted(found, key=itemgetter(0, 1, 2)):
        strength, document, article = cite(rule)
        rows.append(
            {
                "project": project,
                "rule": rule,
                "subject": subject,
                "strength": strength,
                "document": document,
                "article": article,
                "message": message,
                "reason": told,
            }
        )
    return rows


def _citation(rule_id: str) -> tuple[str, str, str]:
    rule = rulebook().rule(rule_id)
    return rule.strength.value, rule.document.cited_as, rule.article
