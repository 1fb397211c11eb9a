"""How days read, wherever they are written: on pages, in messages and on paper."""

from __future__ import annotations

from datetime import date

_WEEKDAYS = "一二三四五六日"


def day_with_weekday(day: date) -> str:
    """Return ``2026-01-31（周六）``."""
    return f"{day:%Y-%m-%d}（周{_WEEKDAYS[day.weekday()]}）"


def days_left(due: date, today: date) -> str:
    """Return how far off ``due`` is: ``还有 12 天``, ``今天`` or ``逾期 3 天``."""
    left = (due - today).days
    if left == 0:
        return "今天"
    return f"还有 {left} 天" if left > 0 else f"逾期 {-left} 天"
