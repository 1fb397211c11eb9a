"""Holds as pages show them: of one tranche, and all money of an agency that waits, by age."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, select
from sqlalchemy.orm import Session

from finance.checking import Candidate, verdict_on
from finance.models import TrancheHold
from finance.states import HOLDABLE, PAYABLE_NO_MORE
from lifecycle.models import Project, Tranche
from lifecycle.money import Fen
from lifecycle.record import FISCAL, ProjectRecord, Source
from lifecycle.records import CHUNK
from lifecycle.roles import Actor
from lifecycle.rulebook import rulebook
from lifecycle.rules.base import Rule
from lifecycle.rules.verdict import Line
from lifecycle.visibility import visible
from lifecycle.whole import load_wholes


@dataclass(frozen=True, slots=True)
class ShownHold:
    """One hold, on or lifted."""

    rule_id: str
    citation: str
    words: str
    since: date
    until: date | None
    released: str | None

    @property
    def rule(self) -> Rule | None:
        """The rule, where the regulations still have it."""
        return rulebook().find(self.rule_id)

    def days(self, today: date) -> int:
        """Return for how many days it has been on, or was."""
        return max(0, ((self.until or today) - self.since).days)


@dataclass(frozen=True, slots=True)
class Bucket:
    """An age of money that waits: from so many days to so many (``None``: any more)."""

    key: str
    label: str
    least: int
    most: int | None


BUCKETS = (
    Bucket("30", "30 天以内", 0, 30),
    Bucket("90", "31 至 90 天", 31, 90),
    Bucket("180", "91 至 180 天", 91, 180),
    Bucket("more", "180 天以上", 181, None),
)


@dataclass(frozen=True, slots=True)
class HeldFilter:
    """What is asked of the list. Empty fields ask nothing."""

    text: str = ""
    rule: str = ""
    programme: str = ""
    source: Source | None = None
    bucket: str = ""
    page: int = 1
    per_page: int = 50


@dataclass(frozen=True, slots=True)
class HeldTranche:
    """One tranche that waits. ``fen`` is what is held of it."""

    id: int
    project_id: int
    project_number: str
    project_title: str
    programme: str
    lead_unit: str
    number: int
    source: Source
    fen: Fen
    planned_on: date | None
    since: date
    """Since when it has waited without a break on at least one of the rules that hold it now."""
    holds: tuple[ShownHold, ...] = ()
    record: ProjectRecord | None = None

    def days(self, today: date) -> int:
        """Return for how many days it has waited."""
        return max(0, (today - self.since).days)


@dataclass(frozen=True, slots=True)
class HeldPage:
    """One page, with count and sum of everything asked for, and those of each age whichever is asked for."""

    rows: Sequence[HeldTranche]
    count: int
    total: Fen
    number: int
    pages: int
    ages: Sequence[tuple[Bucket, int, Fen]]


def holds_of_tranche(session: Session, tranche_id: int) -> list[ShownHold]:
    """Return every hold a tranche has had: those that are on first, then the latest."""
    found = _shown(session, TrancheHold.tranche_id == tranche_id).get(tranche_id, [])
    return sorted(found, key=lambda one: (one.until is not None, -one.since.toordinal(), one.rule_id))


def holds_on_tranches(session: Session, tranche_ids: Collection[int]) -> Mapping[int, list[ShownHold]]:
    """Return what is on those tranches, by tranche: for the lines of a list."""
    if not tranche_ids:
        return {}
    return _shown(session, TrancheHold.tranche_id.in_(tranche_ids), TrancheHold.until.is_(None))


def _shown(session: Session, *where: ColumnElement[bool]) -> dict[int, list[ShownHold]]:
    one = TrancheHold
    query = select(one.tranche_id, one.rule, one.citation, one.words, one.since, one.until, one.released)
    found: dict[int, list[ShownHold]] = defaultdict(list)
    for row in session.execute(query.where(*where).order_by(one.since, one.id)):
        found[row[0]].append(ShownHold(*row[1:]))
    return found


def refusals_of(session: Session, tranches: Mapping[int, int], today: date) -> dict[int, Sequence[Line]]:
    """Return the rules that refuse those tranches today, due or not, by tranche: one line of a list each.

    ``tranches`` are project ids by tranche. Two statements for a page of them.
    """
    found: dict[int, Sequence[Line]] = {}
    for project in load_wholes(session, set(tranches.values())):
        states = [one.state for one in project.tranches]
        for place, one in enumerate(project.tranches):
            if one.id in tranches:
                found[one.id] = verdict_on(Candidate(project.record, place, states), today, {}).refusals
    return found


def list_held(session: Session, actor: Actor, asked: HeldFilter, today: date) -> HeldPage:
    """Return a page of the money that waits, the longest first; a page beyond the last gives the last."""
    ages = list(_ages(session, actor, asked, today))
    wanted = [one for one in ages if asked.bucket in {"", one[0].key}]
    count, total = sum(one[1] for one in wanted), sum(one[2] for one in wanted)
    pages = max(1, -(-count // asked.per_page))
    number = min(max(1, asked.page), pages)
    first = (number - 1) * asked.per_page
    query = _rows(actor, asked, today).limit(asked.per_page).offset(first)
    rows = list(_filled(session, session.execute(query))) if count else []
    return HeldPage(rows, count, total, number, pages, ages)


def every_held(session: Session, actor: Actor, asked: HeldFilter, today: date) -> Iterator[HeldTranche]:
    """Yield everything asked for, in its order, for an export."""
    return _filled(session, session.execute(_rows(actor, asked, today)).all())


def count_held(session: Session, actor: Actor) -> int:
    """Return how many tranches wait."""
    query = select(func.count(func.distinct(Tranche.id))).select_from(Tranche)
    query = query.join(Project, Project.id == Tranche.project_id)
    query = query.join(TrancheHold, TrancheHold.tranche_id == Tranche.id)
    return session.scalar(query.where(_waits(actor), TrancheHold.until.is_(None))) or 0


def rules_on(session: Session, actor: Actor) -> list[Rule]:
    """Return the rules that hold anything in the actor's agency now."""
    query = select(TrancheHold.rule).where(TrancheHold.agency_id == actor.agency_id)
    ids = session.scalars(query.where(TrancheHold.until.is_(None)).distinct().order_by(TrancheHold.rule))
    return [rule for id_ in ids if (rule := rulebook().find(id_)) is not None]


def _waits(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that a tranche is the actor's to see and can still be held."""
    return and_(
        visible(actor),
        Tranche.source.in_(FISCAL),
        Tranche.state.in_(HOLDABLE),
        Project.stage.not_in(PAYABLE_NO_MORE),
    )


def _since() -> Any:
    on = select(TrancheHold.tranche_id, func.min(TrancheHold.since).label("since"))
    return on.where(TrancheHold.until.is_(None)).group_by(TrancheHold.tranche_id).subquery("waiting")


def _chosen(actor: Actor, asked: HeldFilter) -> ColumnElement[bool]:
    conditions = [_waits(actor)]
    conditions += [Project.search_text.contains(word, autoescape=True) for word in asked.text.lower().split()]
    if asked.source is not None:
        conditions.append(Tranche.source == asked.source)
    if asked.programme:
        conditions.append(Project.programme == asked.programme)
    if asked.rule:
        by_rule = select(TrancheHold.id).where(
            TrancheHold.tranche_id == Tranche.id,
            TrancheHold.rule == asked.rule,
            TrancheHold.until.is_(None),
        )
        conditions.append(by_rule.correlate(Tranche).exists())
    return and_(*conditions)


def _ages(
    session: Session, actor: Actor, asked: HeldFilter, today: date
) -> Iterator[tuple[Bucket, int, Fen]]:
    waiting = _since()
    ends = [
        (waiting.c.since >= today - timedelta(days=one.most), literal(one.key))
        for one in BUCKETS
        if one.most is not None
    ]
    age = case(*ends, else_=literal(BUCKETS[-1].key)).label("age")
    query = (
        select(age, func.count(), func.sum(Tranche.planned_fen))
        .join_from(Tranche, Project, Project.id == Tranche.project_id)
        .join(waiting, waiting.c.tranche_id == Tranche.id)
        .where(_chosen(actor, asked))
    )
    found = {row[0]: (row[1], int(row[2])) for row in session.execute(query.group_by("age"))}
    for one in BUCKETS:
        yield (one, *found.get(one.key, (0, 0)))


def _rows(actor: Actor, asked: HeldFilter, today: date) -> Select[*tuple[Any, ...]]:
    waiting = _since()
    query: Select[*tuple[Any, ...]] = select(
        *(Tranche.id, Project.id, Project.number, Project.title, Project.programme, Project.lead_unit),
        *(Tranche.number, Tranche.source, Tranche.planned_fen, Tranche.planned_on, waiting.c.since),
    )
    query = query.join_from(Tranche, Project, Project.id == Tranche.project_id)
    query = query.join(waiting, waiting.c.tranche_id == Tranche.id).where(_chosen(actor, asked))
    bucket = next((one for one in BUCKETS if one.key == asked.bucket), None)
    if bucket is not None:
        if bucket.least:
            query = query.where(waiting.c.since <= today - timedelta(days=bucket.least))
        if bucket.most is not None:
            query = query.where(waiting.c.since >= today - timedelta(days=bucket.most))
    return query.order_by(waiting.c.since, Project.number, Tranche.position, Tranche.id)


def _filled(session: Session, rows: Iterable[Any]) -> Iterator[HeldTranche]:
    """Yield the rows with what holds them and the records of their projects."""
    listed = [HeldTranche(*row) for row in rows]
    for start in range(0, len(listed), CHUNK):
        chunk = listed[start : start + CHUNK]
        holds = holds_on_tranches(session, [one.id for one in chunk])
        records = {one.id: one.record for one in load_wholes(session, {one.project_id for one in chunk})}
        for one in chunk:
            yield replace(one, holds=tuple(holds.get(one.id, ())), record=records[one.project_id])
