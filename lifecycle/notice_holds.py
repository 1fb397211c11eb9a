"""Money that a rule itself keeps back, without an order, as a cause for 暂缓拨付通知."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from lifecycle.models import Project, Tranche, TrancheHold
from lifecycle.record import tranche_name
from lifecycle.rulebook import rulebook
from lifecycle.rules.process import NoOpenMeasure


class LawfulHold(NamedTuple):
    """A rule that keeps a tranche back."""

    rule: str
    tranche: str
    since: date
    words: str
    """What the rule found, with its figures."""


def lawful_holds(session: Session, project: Project, today: date) -> Iterator[LawfulHold]:
    """Yield what rules keep back in a project today; what supervision stopped speaks by its measure."""
    query = select(TrancheHold, Tranche).join(Tranche, Tranche.id == TrancheHold.tranche_id)
    query = query.where(TrancheHold.project_id == project.id, TrancheHold.until.is_(None))
    query = query.where(TrancheHold.since <= today).order_by(Tranche.position, TrancheHold.id)
    for hold, tranche in session.execute(query):
        rule = rulebook().find(hold.rule)
        if rule is None or not isinstance(rule.kind, NoOpenMeasure):
            yield LawfulHold(hold.rule, tranche_name(tranche.source, tranche.number), hold.since, hold.words)
