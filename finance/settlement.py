"""What a clearing comes to, worked out from the record: paid, spent, disallowed, left, to be returned.

Pure. Of public money everything comes back that was left or not rightly spent (SPB 33, EA 17).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from lifecycle.models import Clearing
from lifecycle.money import Fen
from lifecycle.record import FISCAL, ProjectRecord, Source
from lifecycle.sums import money_of


class ClearingState(StrEnum):
    """Where a clearing stands."""

    OPEN = "待清算"
    SETTLED = "待核准"
    RETURNING = "待退款"
    DONE = "已办结"


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """One fiscal source of a project in its clearing, in fen."""

    source: Source
    paid: Fen
    spent: Fen
    disallowed: Fen = 0
    reason: str = ""
    """Why something is disallowed."""

    @property
    def left(self) -> Fen:
        """What was paid and not spent; more spent than paid leaves nothing."""
        return max(self.paid - self.spent, 0)

    @property
    def most(self) -> Fen:
        """What can be disallowed at most: what was spent of what was paid."""
        return max(min(self.spent, self.paid), 0)

    @property
    def to_return(self) -> Fen:
        """What must come back."""
        return self.left + self.disallowed


@dataclass(frozen=True, slots=True)
class Returned:
    """One part of what came back."""

    amount: Fen
    on: date
    voucher: str
    by: str
    """Who recorded it."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """A clearing's figures and what happened to them."""

    sources: tuple[SourceFigures, ...] = ()
    due: date | None = None
    settled_by: str = ""
    confirmed_by: str = ""
    confirmed_by_id: int | None = None
    confirmed_on: date | None = None
    returns: tuple[Returned, ...] = ()

    @property
    def to_return(self) -> Fen:
        """What must come back of all sources."""
        return sum(one.to_return for one in self.sources)

    @property
    def returned(self) -> Fen:
        """What has come back."""
        return sum(one.amount for one in self.returns)

    @property
    def outstanding(self) -> Fen:
        """What is still to come back."""
        return self.to_return - self.returned


def figures_of(record: ProjectRecord, today: date) -> tuple[SourceFigures, ...]:
    """Return what was paid and spent of each fiscal source by ``today``; those without any are left out."""
    sums = money_of(record, today).sources
    return tuple(
        SourceFigures(source, sums[source].paid, sums[source].spent)
        for source in Source
        if source in FISCAL and source in sums and (sums[source].paid or sums[source].spent)
    )


def still_true(settled: Iterable[SourceFigures], now: Iterable[SourceFigures]) -> bool:
    """Whether the record still says of payments and spending what the settlement rests on."""
    return [(one.source, one.paid, one.spent) for one in settled] == [
        (one.source, one.paid, one.spent) for one in now
    ]


def state_of(clearing: Clearing) -> ClearingState:
    """Return where a clearing stands."""
    if clearing.settled_on is None:
        return ClearingState.OPEN
    settlement = settlement_of(clearing.figures)
    if settlement.confirmed_on is None:
        return ClearingState.SETTLED
    return ClearingState.RETURNING if settlement.outstanding > 0 else ClearingState.DONE


def settlement_of(plain: Mapping[str, Any]) -> Settlement:
    """Return the settlement that was kept; of a clearing that has just begun, an empty one."""
    return Settlement(
        sources=tuple(_source_of(one) for one in plain.get("sources", ())),
        due=_day(plain.get("due")),
        settled_by=plain.get("settled_by", ""),
        confirmed_by=plain.get("confirmed_by", ""),
        confirmed_by_id=plain.get("confirmed_by_id"),
        confirmed_on=_day(plain.get("confirmed_on")),
        returns=tuple(_return_of(one) for one in plain.get("returns", ())),
    )


def settlement_to_plain(settlement: Settlement) -> dict[str, Any]:
    """Return a settlement as JSON keeps it."""
    return {
        "sources": [_source_to_plain(one) for one in settlement.sources],
        "due": _iso(settlement.due),
        "settled_by": settlement.settled_by,
        "confirmed_by": settlement.confirmed_by,
        "confirmed_by_id": settlement.confirmed_by_id,
        "confirmed_on": _iso(settlement.confirmed_on),
        "returns": _returns_to_plain(settlement.returns),
    }


def _source_to_plain(one: SourceFigures) -> dict[str, Any]:
    return {
        "source": one.source.value,
        "paid": one.paid,
        "spent": one.spent,
        "disallowed": one.disallowed,
        "reason": one.reason,
        "left": one.left,
        "to_return": one.to_return,
    }


def _source_of(plain: Mapping[str, Any]) -> SourceFigures:
    return SourceFigures(
        Source(plain["source"]), plain["paid"], plain["spent"], plain["disallowed"], plain["reason"]
    )


def _returns_to_plain(returns: Sequence[Returned]) -> list[dict[str, Any]]:
    return [
        {"amount": one.amount, "on": one.on.isoformat(), "voucher": one.voucher, "by": one.by}
        for one in returns
    ]


def _return_of(plain: Mapping[str, Any]) -> Returned:
    return Returned(plain["amount"], date.fromisoformat(plain["on"]), plain["voucher"], plain["by"])


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
