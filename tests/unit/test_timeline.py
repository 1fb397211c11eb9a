"""The drawing of a project's timeline."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.timeline import LANES, WIDTH, Mark, Point, lay_out, text_width

START, END, TODAY = date(2024, 6, 1), date(2027, 5, 31), date(2026, 6, 30)

POINTS = st.lists(
    st.builds(
        Point,
        day=st.dates(START - timedelta(days=90), END + timedelta(days=365)),
        label=st.text("里程碑报告 0123.", min_size=1, max_size=16),
        kind=st.sampled_from(list(LANES)),
        done=st.booleans(),
    ),
    max_size=25,
)


def _span(mark: Mark) -> tuple[int, int]:
    width = text_width(mark.point.label)
    return (mark.text_x - width, mark.x) if mark.anchor == "end" else (mark.x, mark.text_x + width)


@given(points=POINTS)
def test_no_label_covers_another_and_nothing_leaves_the_drawing(points: list[Point]) -> None:
    drawing = lay_out(points, START, END, TODAY)
    marks = [mark for lane in drawing.lanes for mark in lane.marks]
    assert len(marks) == len(points)
    for mark in marks:
        left, right = _span(mark)
        assert left >= 0
        assert right <= WIDTH
        assert mark.y < drawing.height
    for one in marks:
        for other in marks:
            if one is not other and one.y == other.y:
                assert _span(one)[1] < _span(other)[0] or _span(other)[1] < _span(one)[0]


def test_a_point_in_the_past_is_late_unless_it_is_done() -> None:
    points = [
        Point(date(2026, 1, 31), "2025 年度报告", "report", False),
        Point(date(2025, 1, 20), "2024 年度报告", "report", True),
        Point(date(2026, 6, 30), "今天到期", "report", False),
    ]
    [lane] = lay_out(points, START, END, TODAY).lanes
    assert [mark.state for mark in lane.marks] == ["done", "late", "open"]


def test_today_is_drawn_only_where_it_falls_within_the_drawing() -> None:
    assert lay_out([], START, END, TODAY).today_x is not None
    assert lay_out([], START, END, date(2031, 1, 1)).today_x is None
    assert [year for _, year in lay_out([], START, END, TODAY).years] == [2025, 2026, 2027]
