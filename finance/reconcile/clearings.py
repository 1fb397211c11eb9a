"""What a confirmed clearing says, against the rows it rests on: paid, spent, not allowed, back by now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from finance.models import ClearingReturn, DisallowedLine
from finance.reconcile.books import Books
from finance.reconcile.difference import BEHIND_BACK, Difference, Sum
from lifecycle.models import Acceptance, Clearing, ClearingKind, Spending
from lifecycle.money import Fen
from lifecycle.record import Source

_CHANGED = f"核准之后拨付、支出或退款被改动；{BEHIND_BACK}"
_LATER = "核准结余之后支出又有冲销，请核对是否需要补退"


class Settled(NamedTuple):
    """A confirmed clearing. Amounts are fen."""

    id: int
    project_id: int
    kind: ClearingKind
    confirmed_on: date
    figures: Mapping[str, Any]
    to_return: Fen
    returned: Fen


@dataclass(frozen=True, slots=True)
class Rows:
    """What the rows of some clearings add up to, by clearing or project, and source. Amounts are fen."""

    disallowed: Mapping[tuple[int, Source], Fen]
    returned: Mapping[tuple[int, Source], Fen]
    spent: Mapping[tuple[int, Source], Fen]


def clearings_tie(session: Session, books: Books) -> Iterator[Difference]:
    """Yield where a confirmed clearing and what it rests on differ."""
    settled = _settled(session, books)
    if not settled:
        return
    rows = _rows(session, settled)
    for one in settled:
        for figures in one.figures["sources"]:
            yield from _source(books, one, Source(figures["source"]), figures, rows)
        yield from _whole(books, one, rows)


def _settled(session: Session, books: Books) -> list[Settled]:
    query = (
        select(
            *(Clearing.id, Clearing.project_id, Clearing.kind, Clearing.confirmed_on, Clearing.figures),
            *(Acceptance.to_return_fen, Acceptance.returned_fen),
        )
        .join(Acceptance, Acceptance.project_id == Clearing.project_id)
        .where(Clearing.project_id.in_(books.projects), Clearing.confirmed_on.is_not(None))
    )
    return [Settled(*row) for row in session.execute(query)]


def _rows(session: Session, settled: list[Settled]) -> Rows:
    line, part = DisallowedLine, ClearingReturn
    ids = [one.id for one in settled]
    disallowed = select(line.clearing_id, line.source, func.sum(line.amount_fen))
    returned = select(part.clearing_id, part.source, func.sum(part.amount_fen))
    spent = (
        select(Spending.project_id, Spending.source, func.sum(Spending.amount_fen))
        .join(Clearing, Clearing.project_id == Spending.project_id)
        .where(Clearing.id.in_(ids), Spending.spent_on <= Clearing.confirmed_on)
    )
    return Rows(
        _sums(session, disallowed.where(line.clearing_id.in_(ids)).group_by(line.clearing_id, line.source)),
        _sums(session, returned.where(part.clearing_id.in_(ids)).group_by(part.clearing_id, part.source)),
        _sums(session, spent.group_by(Spending.project_id, Spending.source)),
    )


def _sums(session: Session, query: Any) -> dict[tuple[int, Source], Fen]:
    found: dict[tuple[int, Source], Fen] = defaultdict(int)
    for id_, source, fen in session.execute(query):
        found[id_, source] += int(fen)
    return found


def _source(
    books: Books, one: Settled, source: Source, figures: Mapping[str, Fen], rows: Rows
) -> Iterator[Difference]:
    paid = sum(
        tranche.paid or 0
        for tranche in books.tranches.get(one.project_id, ())
        if tranche.source is source and tranche.paid_on is not None and tranche.paid_on <= one.confirmed_on
    )
    compared = {
        "拨付": (figures["paid"], paid),
        "支出": (figures["spent"], rows.spent.get((one.project_id, source), 0)),
        "不予认可": (figures["disallowed"], rows.disallowed.get((one.id, source), 0)),
    }
    later = one.kind is ClearingKind.SURPLUS
    for what, (settled, now) in compared.items():
        yield from books.differ(
            one.project_id,
            source,
            f"{one.kind}核准的{what}与现有登记",
            Sum("核准", settled),
            Sum("现有登记", now),
            _LATER if later else _CHANGED,
            remark=later and what == "支出",
        )
    back = rows.returned.get((one.id, source), 0)
    if back < 0 or back > figures["to_return"]:
        yield from books.differ(
            one.project_id,
            source,
            "退款与应退",
            Sum("已退", back),
            Sum("应退", figures["to_return"]),
            "退款登记多于应退，或冲销多于退款，请核对退款凭证",
        )


def _whole(books: Books, one: Settled, rows: Rows) -> Iterator[Difference]:
    sources = one.figures["sources"]
    owed = sum(
        max(figures["paid"] - max(figures["spent"], 0), 0) - figures.get("kept", 0) + figures["disallowed"]
        for figures in sources
    )
    compared = {
        "应退": (one.to_return, owed),
        "已退": (one.returned, sum(fen for (id_, _), fen in rows.returned.items() if id_ == one.id)),
    }
    for what, (told, worked_out) in compared.items():
        yield from books.differ(
            one.project_id,
            None,
            f"验收结论中的{what}金额与{one.kind}",
            Sum("验收结论", told),
            Sum(f"{one.kind}各来源合计", worked_out),
            _CHANGED,
        )
