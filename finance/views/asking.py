"""What is asked of a view of finance: one set of filters, so that a sum and its lines ask the very same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from lifecycle.models import Project
from lifecycle.record import Source


class Part(StrEnum):
    """A part of the plan. ``planned`` is the whole: those up to ``cancelled`` add up to it, less ``over``."""

    PLANNED = "planned"
    PAID = "paid"
    ON_WAY = "on_way"
    WAITING = "waiting"
    HELD = "held"
    CANCELLED = "cancelled"
    OVER = "over"
    OWED = "owed"
    """Not paid and not cancelled: on its way, waiting and held together."""
    OPEN = "open"
    """The same without what is held."""


PART_NAMES = {
    Part.PLANNED: "计划",
    Part.PAID: "已拨付",
    Part.ON_WAY: "办理中",
    Part.WAITING: "未办理",
    Part.HELD: "暂缓拨付",
    Part.CANCELLED: "不再拨付",
    Part.OVER: "超计划拨付",
    Part.OWED: "未拨付",
    Part.OPEN: "未拨付（不含暂缓）",
}

NO_SOURCE = UNDATED = "none"
"""What an address says for money whose source, or whose day, nobody wrote down."""

DATED = "dated"
"""What an address says for money of any day, but of one."""


class When(StrEnum):
    """How a tranche stands to the day by which it is to be paid."""

    LATE = "late"
    NOT_LATE = "not_late"
    SOON = "soon"
    """Within 30 days, today included."""


WHEN_NAMES = {When.LATE: "已逾期", When.NOT_LATE: "未逾期", When.SOON: "30 天内到期"}


@dataclass(frozen=True, slots=True)
class Which:
    """Which money. Empty fields ask nothing; ``year`` and ``month`` are of the plan or of the movement."""

    year: int | None = None
    month: int | None = None
    undated: bool = False
    """Only what has no day; year and month are then not asked."""
    dated: bool = False
    """Only what has a day, whichever; year and month are then not asked."""
    until: date | None = None
    """Everything up to a day and what has none; year and month are then not asked."""
    source: Source | None = None
    sourceless: bool = False
    """Only what came back without anybody saying of which source."""
    programme: str = ""
    unit: str = ""
    text: str = ""
    part: Part = Part.PLANNED
    when: When | None = None
    """Of the plan."""

    def of_part(self, part: Part) -> Which:
        """Return the same money, another part of it."""
        return replace(self, part=part)


def of_projects(which: Which) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions on projects; whose they are is for the caller to say."""
    for word in which.text.lower().split():
        yield Project.search_text.contains(word, autoescape=True)
    if which.programme:
        yield Project.programme == which.programme
    if which.unit:
        yield Project.lead_unit == which.unit


def within(which: Which, day: Any) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions on the day of the money."""
    if which.undated:
        yield day.is_(None)
    elif which.dated:
        yield day.is_not(None)
    elif which.until is not None:
        yield or_(day.is_(None), day <= which.until)
    elif which.year is not None:
        first, after = _span(which.year, which.month)
        yield and_(day >= first, day < after)


def _span(year: int, month: int | None) -> tuple[date, date]:
    """Return the first day of a month, or of a year, and the first after it."""
    if month is None:
        return date(year, 1, 1), date(year + 1, 1, 1)
    return date(year, month, 1), date(year + month // 12, month % 12 + 1, 1)


def plain(key: object) -> Any:
    """Return a key of a sum: PostgreSQL gives the year of a day as a decimal."""
    return int(key) if isinstance(key, Decimal) else key
