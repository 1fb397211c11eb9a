"""The findings of a day as a list for people: out of the database, or of a ledger not taken in yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from lifecycle.listing import USUAL_SIZE, standing_findings
from lifecycle.models import KeptFinding, Project
from lifecycle.record import ProjectRecord
from lifecycle.roles import Actor
from lifecycle.rulebook import rulebook
from lifecycle.rules.base import ALWAYS, Rule, Strength
from lifecycle.visibility import visible


@dataclass(frozen=True, slots=True)
class ListedFinding:
    """One finding with the project it speaks of."""

    project: str
    title: str
    programme: str
    rule_id: str
    subject: str
    strength: Strength
    message: str
    reason: str | None
    since: date | None
    """``None`` where it does not depend on the day."""

    @property
    def rule(self) -> Rule | None:
        """The rule, where the regulations still have it."""
        return rulebook().find(self.rule_id)

    @property
    def words(self) -> str:
        """What a search looks through."""
        return f"{self.project} {self.title} {self.message}".lower()


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """What is asked of the list. Empty fields ask nothing."""

    text: str = ""
    programme: str = ""
    strength: Strength | None = None
    rule: str = ""
    page: int = 1
    per_page: int = USUAL_SIZE

    @property
    def asks(self) -> bool:
        """Whether anything is asked at all."""
        return bool(self.text.strip() or self.programme or self.strength or self.rule)

    def takes(self, finding: ListedFinding) -> bool:
        """Whether a finding is among what is asked for."""
        return (
            (self.strength is None or finding.strength is self.strength)
            and (not self.rule or finding.rule_id == self.rule)
            and (not self.programme or finding.programme == self.programme)
            and all(word in finding.words for word in self.text.lower().split())
        )


@dataclass(frozen=True, slots=True)
class FindingCounts:
    """How many findings there are of each strength."""

    must: int = 0
    usual: int = 0

    @property
    def all(self) -> int:
        """How many there are in all."""
        return self.must + self.usual


@dataclass(frozen=True, slots=True)
class FindingPage:
    """One page of the list; the counts are of everything asked for."""

    rows: Sequence[ListedFinding]
    counts: FindingCounts
    number: int
    pages: int


def findings_of(records: Iterable[ProjectRecord], as_of: date) -> Iterator[ListedFinding]:
    """Yield the findings that stand on ``as_of``, project by project, by rule and subject."""
    book = rulebook()
    for record in records:
        for one in book.findings(record, as_of):
            yield ListedFinding(
                record.number,
                record.title,
                record.programme,
                one.rule.id,
                one.subject,
                one.rule.strength,
                one.message,
                one.reason_on(as_of),
                _since(one.since),
            )


def list_findings(session: Session, actor: Actor, asked: FindingFilter, as_of: date) -> FindingPage:
    """Return the page asked for of the agency's findings on ``as_of``; one beyond the last gives the last."""
    must = func.sum(case((KeptFinding.strength == Strength.MUST, 1), else_=0))
    query = select(func.coalesce(must, 0), func.count()).join_from(KeptFinding, Project)
    row = session.execute(query.where(_chosen(actor, asked, as_of))).one()
    counts = FindingCounts(int(row[0]), int(row[1]) - int(row[0]))
    pages, number = pages_of(counts.all, asked)
    first = _rows(actor, asked, as_of).limit(asked.per_page).offset((number - 1) * asked.per_page)
    rows = [_listed(row, as_of) for row in session.execute(first)] if counts.all else []
    return FindingPage(rows, counts, number, pages)


def every_finding(
    session: Session, actor: Actor, asked: FindingFilter, as_of: date
) -> Iterator[ListedFinding]:
    """Yield everything asked for, in its order, for an export."""
    for row in session.execute(_rows(actor, asked, as_of)):
        yield _listed(row, as_of)


def count_findings(findings: Sequence[ListedFinding]) -> FindingCounts:
    """Count findings by their strength."""
    must = sum(one.strength is Strength.MUST for one in findings)
    return FindingCounts(must, len(findings) - must)


def pages_of(count: int, asked: FindingFilter) -> tuple[int, int]:
    """Return how many pages there are and the number of the one asked for."""
    pages = max(1, -(-count // asked.per_page))
    return pages, min(max(1, asked.page), pages)


def _rows(actor: Actor, asked: FindingFilter, as_of: date) -> Select[*tuple[Any, ...]]:
    kept = KeptFinding
    query: Select[*tuple[Any, ...]] = select(
        *(Project.number, Project.title, Project.programme),
        *(kept.rule, kept.subject, kept.strength, kept.message),
        *(kept.reason, kept.reason_since, kept.since),
    )
    order = (Project.number, Project.id, kept.rule, kept.subject)
    return query.join_from(kept, Project).where(_chosen(actor, asked, as_of)).order_by(*order)


def _listed(row: Row[*tuple[Any, ...]], as_of: date) -> ListedFinding:
    number, title, programme, rule, subject, strength, message, reason, reason_since, since = row
    if reason_since is None or reason_since > as_of:
        reason = None
    return ListedFinding(number, title, programme, rule, subject, strength, message, reason, _since(since))


def _since(day: date) -> date | None:
    return None if day == ALWAYS else day


def _chosen(actor: Actor, asked: FindingFilter, as_of: date) -> ColumnElement[bool]:
    kept = KeptFinding
    conditions = [visible(actor), kept.agency_id == actor.agency_id, standing_findings(as_of)]
    for word in asked.text.lower().split():
        in_message = func.lower(kept.message).contains(word, autoescape=True)
        conditions.append(or_(Project.search_text.contains(word, autoescape=True), in_message))
    if asked.programme:
        conditions.append(Project.programme == asked.programme)
    if asked.strength is not None:
        conditions.append(kept.strength == asked.strength)
    if asked.rule:
        conditions.append(kept.rule == asked.rule)
    return and_(*conditions)
