"""How an uploaded ledger reads on a page: its figures, and which template shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.ledger.work import CHECK, IMPORT, as_of
from app.longwork.shown import ShownWork
from lifecycle.models import AuditEntry, WorkState
from lifecycle.roles import Actor
from lifecycle.rulebook import rulebook
from lifecycle.rules.base import Rule
from reports.finding_list import FindingCounts


class ShownUpload:
    """One uploaded ledger, as its work stands."""

    def __init__(self, work: ShownWork) -> None:
        self.work = work
        self.key = work.key
        self.file_name = work.name
        self.result: dict[str, Any] = work.result
        self.as_of: date = as_of(work.parameters)

    @property
    def may_be_imported(self) -> bool:
        """Whether it has been checked and waits to be taken in."""
        return self.work.kind is CHECK and self.work.is_done

    @property
    def page(self) -> str:
        """The template that shows what came of it."""
        if self.work.state is WorkState.REFUSED:
            return "refused"
        return "imported" if self.work.kind is IMPORT else "checked"

    @property
    def findings(self) -> FindingCounts:
        """How many findings there are, once it has been checked."""
        return FindingCounts(self.result["must"], self.result["usual"])

    @property
    def rules(self) -> Iterator[tuple[Rule, int]]:
        """The rules that are not held, with how often, the most frequent first."""
        for rule_id, count in self.result["rules"]:
            rule = rulebook().find(rule_id)
            if rule is not None:
                yield rule, count


def past_imports(session: Session, actor: Actor, most: int) -> Sequence[AuditEntry]:
    """Return the agency's latest imports out of the history, the latest first."""
    entry = AuditEntry
    query = select(entry).where(entry.agency_id == actor.agency_id, entry.action == "ledger.import")
    return session.scalars(query.order_by(entry.id.desc()).limit(most)).all()
