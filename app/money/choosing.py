"""Choosing what goes into a batch: approved tranches of one source, which of them can go, and their sum."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.money.lists import SOURCES
from finance.due import TrancheFilter, UnpaidTranche, count_tranches, list_tranches
from lifecycle.money import Fen
from lifecycle.record import Source
from lifecycle.roles import Actor
from lifecycle.stages import TrancheState

MOST_SHOWN = 500
"""Tranches to choose from at once, the earliest due first; the rest come in the next batch."""

_APPROVED = frozenset({TrancheState.APPROVED})


@dataclass(frozen=True, slots=True)
class Choice:
    """What can be chosen for a batch of one source, and what is chosen now."""

    source: Source
    rows: Sequence[UnpaidTranche]
    waiting: int
    """How many wait in all."""
    against: Mapping[int, str]
    """Tranche id → why it cannot be chosen, with what to do."""
    chosen: frozenset[int]
    sources: Mapping[Source, int]
    """How many wait of each source."""

    @property
    def total(self) -> Fen:
        """The sum of what is chosen."""
        return sum(row.planned for row in self.rows if row.id in self.chosen)


def choice(
    session: Session, actor: Actor, today: date, wanted: str, chosen: Collection[int] | None
) -> Choice:
    """Return what can be chosen; without ``wanted`` of a source of which something waits.

    ``chosen`` are ids of tranches; ``None`` stands for all that can go. What cannot go is never chosen.
    """
    sources = {source: count_tranches(session, actor, _asked(source), today)[0] for source in SOURCES}
    source = Source(wanted) if wanted in SOURCES else max(SOURCES, key=lambda one: sources[one])
    found = list_tranches(session, actor, _asked(source), today)
    against = {row.id: reason for row in found.rows if (reason := _against(row, actor))}
    free = {row.id for row in found.rows} - set(against)
    kept = free if chosen is None else free & set(chosen)
    return Choice(source, found.rows, found.count, against, frozenset(kept), sources)


def _asked(source: Source) -> TrancheFilter:
    return TrancheFilter(states=_APPROVED, source=source, per_page=MOST_SHOWN)


def _against(row: UnpaidTranche, actor: Actor) -> str:
    if actor.user_id in {row.proposed_by_id, row.approved_by_id}:
        return "由您本人提出或批准，须由其他人编制批次"
    missing = [
        word for word, value in (("开户行", row.bank_name), ("银行账号", row.bank_account)) if not value
    ]
    return f"未登记{'、'.join(missing)}，请经办人先在项目台账中补录" if missing else ""
