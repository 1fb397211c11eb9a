"""What a reconciliation adds up by source, each sum with the address of the lines that it is of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from flask import url_for

from app.money.figures import Figure, lines_url, moved_url
from app.money.lists import SOURCES
from finance.reconcile.running import Totals
from finance.views.asking import Part, Which
from finance.views.moved import Book
from lifecycle.record import Source


@dataclass(frozen=True, slots=True)
class SourceTotals:
    """The sums of one source, in the order of the table. What others leave, the balance, has no lines."""

    source: Source
    figures: list[Figure]
    on_way: Figure
    disallowed: Figure
    """What the sums of what is open, and of spending, have in them or left out."""


LABELS = ("计划", "已拨", "暂缓", "未拨", "取消", "到账", "支出", "结余", "退回")
"""The columns."""


def source_totals(totals: Mapping[Source, Totals], as_of: date) -> Iterator[SourceTotals]:
    """Yield the sums of a reconciliation by source."""
    for source, sums in totals.items():
        public = source in SOURCES
        urls = _public(source) if public else _own(source)
        urls["支出"] = url_for("spending.index", source=source, until=as_of.isoformat())
        of_plan = (sums.planned, sums.paid, sums.held, sums.open, sums.cancelled)
        amounts = (*of_plan, sums.received, sums.spent, sums.balance, sums.returned)
        yield SourceTotals(
            source,
            [Figure(fen, urls.get(label, ""), label) for label, fen in zip(LABELS, amounts, strict=True)],
            Figure(sums.on_way, lines_url(Which(source=source, part=Part.ON_WAY)) if public else ""),
            Figure(sums.disallowed, url_for("acceptance.clearings", state="")),
        )


def _public(source: Source) -> dict[str, str]:
    parts = {
        "计划": Part.PLANNED,
        "已拨": Part.PAID,
        "暂缓": Part.HELD,
        "未拨": Part.OPEN,
        "取消": Part.CANCELLED,
        "到账": Part.PAID,
    }
    urls = {label: lines_url(Which(source=source, part=part)) for label, part in parts.items()}
    return urls | {"退回": moved_url(Book.RETURNED, Which(source=source, dated=True))}


def _own(source: Source) -> dict[str, str]:
    every = url_for("spending.own", source=source)
    return {
        "计划": every,
        "已拨": every,
        "到账": every,
        "未拨": url_for("spending.own", source=source, state="未到位"),
    }
