"""Where things stand on a project's timeline: pure geometry, drawn by ``templates/macros/timeline.html``.

Units are those of the drawing's view box. Everything of one kind shares a lane; a label that would run into
its neighbour's moves down a row, so that the lane grows instead of becoming unreadable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH = 1100
LEFT = 84
RIGHT = 24
HEAD = 46
LANE_PAD = 12
ROW = 20
FONT = 12
GAP = 10

LANES = {
    "tranche": "拨付",
    "milestone": "里程碑",
    "report": "报告",
    "change": "变更",
    "inspection": "监督",
    "acceptance": "验收",
}
"""Kinds of point, in the order in which their lanes stand."""


@dataclass(frozen=True, slots=True)
class Point:
    """Something on the timeline; ``day`` is when it is due or happened, ``kind`` a key of ``LANES``."""

    day: date
    label: str
    kind: str
    done: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """A point with its place; ``state`` is done, late or open, ``anchor`` the side its label stands on."""

    point: Point
    x: int
    y: int
    state: str
    text_x: int
    anchor: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One kind of point with its marks."""

    title: str
    y: int
    bottom: int
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything the macro draws."""

    width: int
    height: int
    start_x: int
    end_x: int
    today_x: int | None
    years: tuple[tuple[int, int], ...]
    """Where each 1 January stands, and its year."""
    lanes: tuple[Lane, ...]


def text_width(text: str) -> int:
    """Return about how wide ``text`` is: Chinese characters are square, others little more than half that."""
    return sum(FONT if ord(char) > 0x2E7F else 7 for char in text)


def lay_out(points: Sequence[Point], start: date, end: date, today: date) -> Drawing:
    """Return the drawing of ``points`` around the period from ``start`` to ``end``."""
    days = [start, end, *(point.day for point in points)]
    first, last = min(days) - timedelta(days=20), max(days) + timedelta(days=20)
    span = max((last - first).days, 1)

    def x_of(day: date) -> int:
        return LEFT + (WIDTH - LEFT - RIGHT) * (day - first).days // span

    lanes: list[Lane] = []
    top = HEAD
    for kind, title in LANES.items():
        own = sorted((point for point in points if point.kind == kind), key=lambda point: point.day)
        if own:
            marks = _place([(point, x_of(point.day)) for point in own], top + LANE_PAD + ROW // 2, today)
            bottom = max(mark.y for mark in marks) + ROW // 2 + LANE_PAD
            lanes.append(Lane(title, marks[0].y, bottom, marks))
            top = bottom
    return Drawing(
        width=WIDTH,
        height=top + 4,
        start_x=x_of(start),
        end_x=x_of(end),
        today_x=x_of(today) if first <= today <= last else None,
        years=tuple(
            (x_of(date(year, 1, 1)), year)
            for year in range(first.year, last.year + 1)
            if first <= date(year, 1, 1) <= last
        ),
        lanes=tuple(lanes),
    )


def _place(points: Sequence[tuple[Point, int]], top: int, today: date) -> tuple[Mark, ...]:
    free_from: list[int] = []
    marks: list[Mark] = []
    for point, x in points:
        width = text_width(point.label)
        flip = x + 10 + width > WIDTH - 4
        left, right = (x - 10 - width, x + 8) if flip else (x - 8, x + 10 + width)
        row = next((index for index, free in enumerate(free_from) if left >= free), len(free_from))
        free_from[row : row + 1] = [right + GAP]
        marks.append(
            Mark(
                point=point,
                x=x,
                y=top + row * ROW,
                state="done" if point.done else "late" if point.day < today else "open",
                text_x=x - 10 if flip else x + 10,
                anchor="end" if flip else "start",
            )
        )
    return tuple(marks)
