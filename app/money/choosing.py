"""Choosing what goes into a batch: approved tranches that one body pays, which of them can go, their sum."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from finance.due import TrancheFilter, UnpaidTranche, count_tranches, list_tranches
from finance.payee import Correction, recent_corrections
from finance.payers import payers
from lifecycle.money import Fen
from lifecycle.record import Source
from lifecycle.roles import Actor
from lifecycle.stages import TrancheState

MOST_SHOWN = 500
"""Tranches to choose from at once, the earliest due first; the rest come in the next batch."""

_APPROVED = frozenset({TrancheState.APPROVED})


class Subtotal(NamedTuple):
    """What is chosen of one source."""

    source: Source
    rows: int
    total: Fen


@dataclass(frozen=True, slots=True)
class Choice:
    """What can be chosen for a batch of one paying body, and what is chosen now."""

    payer: str
    sources: Sequence[Source]
    """What that body pays."""
    rows: Sequence[UnpaidTranche]
    waiting: int
    """How many wait in all."""
    against: Mapping[int, str]
    """Tranche id → why it cannot be chosen, with what to do."""
    without_account: frozenset[int]
    """Tranches whose project has no bank or no account: a handler can put that right."""
    corrections: Mapping[int, Correction]
    """Project id → that its account was changed of late."""
    chosen: frozenset[int]
    payers: Mapping[str, int]
    """How many wait of each paying body."""

    @property
    def total(self) -> Fen:
        """The sum of what is chosen."""
        return sum(one.total for one in self.subtotals)

    @property
    def subtotals(self) -> list[Subtotal]:
        """What is chosen of each source, where the body pays several."""
        rows = [row for row in self.rows if row.id in self.chosen]
        own = {source: [row.planned for row in rows if row.source is source] for source in self.sources}
        return [Subtotal(source, len(amounts), sum(amounts)) for source, amounts in own.items()]


def choice(
    session: Session,
    actor: Actor,
    today: date,
    wanted: str,
    chosen: Collection[int] | None,
    source: str = "",
) -> Choice:
    """Return what can be chosen of what ``wanted`` pays, or whoever pays ``source``.

    Without either: of the body for which the most waits. ``chosen`` are ids of tranches; ``None`` stands for
    all that can go. What cannot go is never chosen.
    """
    known = payers(session, actor.agency_id)
    pays: dict[str, list[Source]] = {}
    for one, name in known.items():
        pays.setdefault(name, []).append(one)
    waiting = {
        name: count_tranches(session, actor, _asked(sources), today)[0] for name, sources in pays.items()
    }
    payer = wanted if wanted in pays else next((known[one] for one in known if one == source), "")
    payer = payer or max(pays, key=lambda name: waiting[name])
    found = list_tranches(session, actor, _asked(pays[payer]), today)
    against = {row.id: reason for row in found.rows if (reason := _against(row, actor))}
    free = {row.id for row in found.rows} - set(against)
    kept = free if chosen is None else free & set(chosen)
    return Choice(
        payer=payer,
        sources=pays[payer],
        rows=found.rows,
        waiting=found.count,
        against=against,
        without_account=frozenset(row.id for row in found.rows if _missing(row)),
        corrections=recent_corrections(session, (row.project_id for row in found.rows), today),
        chosen=frozenset(kept),
        payers=waiting,
    )


def _asked(sources: Collection[Source]) -> TrancheFilter:
    return TrancheFilter(states=_APPROVED, sources=frozenset(sources), per_page=MOST_SHOWN)


def _against(row: UnpaidTranche, actor: Actor) -> str:
    if actor.user_id in {row.proposed_by_id, row.approved_by_id}:
        return "由您本人提出或批准，须由其他人编制批次"
    missing = _missing(row)
    return f"未登记{'、'.join(missing)}，请经办人补录后再编入" if missing else ""


def _missing(row: UnpaidTranche) -> list[str]:
    named = (("开户行", row.bank_name), ("银行账号", row.bank_account))
    return [word for word, value in named if not value]
